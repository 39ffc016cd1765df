/*
** args.h - values of several kinds in one list, for functions that take as many as there are: what a value is says its C type.
**
**   db_ask(cx, db, SQL_runs_between, from, until, dataset->name)              store/bind.h
**   jw_put(w, "run", run->uuid, "rows", run->rows, "seconds", arg_real(s, 3)) base/json.h
**
** A text (NULL is null), a struct str, a whole number, a bool, or what one of the functions below makes; a comparison is a
** number in C, so it needs arg_bool. A compound literal needs brackets around it. Nothing is copied. All values are there before
** the first is used, and which comes first nobody knows: so no two of them may use one buffer. At most thirty-two in a list.
*/
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include "base/str.h"

struct arg {
  enum {
    ARG_NULL,
    ARG_INT,
    ARG_TEXT,
    ARG_BLOB,
    ARG_BOOL,
    ARG_TIME,
    ARG_JSON,
    ARG_DECIMAL,
    ARG_NUMBER,
    ARG_REAL
  } kind;
  short scale, min; /* digits after the point, see decimal.h */
  union {
    const void *p;
    double real;
  };
  int64_t n; /* the number, or the length */
};

struct arg arg_int(int64_t v);
struct arg arg_bool(bool v);
struct arg arg_blob(const void *p, size_t n);
struct arg arg_str(struct str v);
struct arg arg_text(const char *z);
struct arg arg_same(struct arg v);

/* For JSON alone; what each is written as says json.h. */
struct arg arg_time(int64_t us);
struct arg arg_time_known(int64_t us);
struct arg arg_json(struct str v);
struct arg arg_decimal(int64_t v, int scale, int min);
struct arg arg_number(int64_t v, int scale, int min);
struct arg arg_real(double v, int decimals);

/* clang-format off */
#define ARG(x) _Generic((x), char *: arg_text, const char *: arg_text, void *: arg_text, bool: arg_bool, \
  struct str: arg_str, struct arg: arg_same, double: arg_str /* is refused: how many digits? */, default: arg_int)(x)

/* ARGS(a, b): how many they are, and the list of them. */
#define ARGS(...) ARGS_OF(ARGS_MANY, __VA_ARGS__), (const struct arg[]){ ARGS_OF(ARGS_EACH, __VA_ARGS__)(__VA_ARGS__) }
#define ARGS_MANY(n) n
#define ARGS_EACH(n) ARGS_##n
#define ARGS_1(x) ARG(x)
#define ARGS_2(x, ...) ARG(x), ARGS_1(__VA_ARGS__)
#define ARGS_3(x, ...) ARG(x), ARGS_2(__VA_ARGS__)
#define ARGS_4(x, ...) ARG(x), ARGS_3(__VA_ARGS__)
#define ARGS_5(x, ...) ARG(x), ARGS_4(__VA_ARGS__)
#define ARGS_6(x, ...) ARG(x), ARGS_5(__VA_ARGS__)
#define ARGS_7(x, ...) ARG(x), ARGS_6(__VA_ARGS__)
#define ARGS_8(x, ...) ARG(x), ARGS_7(__VA_ARGS__)
#define ARGS_9(x, ...) ARG(x), ARGS_8(__VA_ARGS__)
#define ARGS_10(x, ...) ARG(x), ARGS_9(__VA_ARGS__)
#define ARGS_11(x, ...) ARG(x), ARGS_10(__VA_ARGS__)
#define ARGS_12(x, ...) ARG(x), ARGS_11(__VA_ARGS__)
#define ARGS_13(x, ...) ARG(x), ARGS_12(__VA_ARGS__)
#define ARGS_14(x, ...) ARG(x), ARGS_13(__VA_ARGS__)
#define ARGS_15(x, ...) ARG(x), ARGS_14(__VA_ARGS__)
#define ARGS_16(x, ...) ARG(x), ARGS_15(__VA_ARGS__)
#define ARGS_17(x, ...) ARG(x), ARGS_16(__VA_ARGS__)
#define ARGS_18(x, ...) ARG(x), ARGS_17(__VA_ARGS__)
#define ARGS_19(x, ...) ARG(x), ARGS_18(__VA_ARGS__)
#define ARGS_20(x, ...) ARG(x), ARGS_19(__VA_ARGS__)
#define ARGS_21(x, ...) ARG(x), ARGS_20(__VA_ARGS__)
#define ARGS_22(x, ...) ARG(x), ARGS_21(__VA_ARGS__)
#define ARGS_23(x, ...) ARG(x), ARGS_22(__VA_ARGS__)
#define ARGS_24(x, ...) ARG(x), ARGS_23(__VA_ARGS__)
#define ARGS_25(x, ...) ARG(x), ARGS_24(__VA_ARGS__)
#define ARGS_26(x, ...) ARG(x), ARGS_25(__VA_ARGS__)
#define ARGS_27(x, ...) ARG(x), ARGS_26(__VA_ARGS__)
#define ARGS_28(x, ...) ARG(x), ARGS_27(__VA_ARGS__)
#define ARGS_29(x, ...) ARG(x), ARGS_28(__VA_ARGS__)
#define ARGS_30(x, ...) ARG(x), ARGS_29(__VA_ARGS__)
#define ARGS_31(x, ...) ARG(x), ARGS_30(__VA_ARGS__)
#define ARGS_32(x, ...) ARG(x), ARGS_31(__VA_ARGS__)
#define ARGS_OF(of, ...) ARGS_NTH(__VA_ARGS__, of(32), of(31), of(30), of(29), of(28), of(27), of(26), of(25), of(24), \
  of(23), of(22), of(21), of(20), of(19), of(18), of(17), of(16), of(15), of(14), of(13), of(12), of(11), of(10), of(9), \
  of(8), of(7), of(6), of(5), of(4), of(3), of(2), of(1), 0)
#define ARGS_NTH(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, _21, _22, \
  _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, n, ...) n
/* clang-format on */

#endif

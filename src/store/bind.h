/*
** bind.h - a statement with its values in one breath: the first stands for ?1, the next for ?2.
**
**   struct stmt *s = db_ask(cx, db, SQL_runs_between, from, until, dataset->name);
**   return db_act(cx, db, SQL_run_rename, run->id, name);
**
** What a value is says its C type: a text (NULL binds NULL), a struct str (p NULL binds NULL), BLOB(p, n), or a number; a bool
** is 0 or 1. A compound literal needs brackets around it. Texts and blobs are not copied, as in store.h. A statement that is
** NULL stays NULL, and cx says why. At most twenty; none at all: db_stmt.
*/
#ifndef STORE_BIND_H
#define STORE_BIND_H

/* Comes with store/store.h. */
#include "store/store.h"

struct blob {
  const void *p;
  size_t n;
};
#define BLOB(p, n) ((struct blob){ (p), (n) })

struct bound {
  enum { BOUND_INT, BOUND_TEXT, BOUND_BLOB } kind;
  const void *p;
  int64_t n; /* the number, or the length */
};

struct bound bound_as_int(int64_t v);
struct bound bound_as_text(const char *z);
struct bound bound_as_str(struct str v);
struct bound bound_as_blob(struct blob v);
struct stmt *stmt_bind_all(struct stmt *s, int count, const struct bound *values);

/* What the first row says, after which the statement ends: its first column as a number (`otherwise` when there is no row),
** and whether there is one. */
int64_t stmt_number(struct ctx *cx, struct stmt *s, int64_t otherwise);
bool stmt_exists(struct ctx *cx, struct stmt *s);

/* clang-format off */
#define BOUND(x) _Generic((x), char *: bound_as_text, const char *: bound_as_text, void *: bound_as_text, \
  struct str: bound_as_str, struct blob: bound_as_blob, default: bound_as_int)(x)

/* BOUND of each, and how many they are. */
#define BOUND_1(x) BOUND(x)
#define BOUND_2(x, ...) BOUND(x), BOUND_1(__VA_ARGS__)
#define BOUND_3(x, ...) BOUND(x), BOUND_2(__VA_ARGS__)
#define BOUND_4(x, ...) BOUND(x), BOUND_3(__VA_ARGS__)
#define BOUND_5(x, ...) BOUND(x), BOUND_4(__VA_ARGS__)
#define BOUND_6(x, ...) BOUND(x), BOUND_5(__VA_ARGS__)
#define BOUND_7(x, ...) BOUND(x), BOUND_6(__VA_ARGS__)
#define BOUND_8(x, ...) BOUND(x), BOUND_7(__VA_ARGS__)
#define BOUND_9(x, ...) BOUND(x), BOUND_8(__VA_ARGS__)
#define BOUND_10(x, ...) BOUND(x), BOUND_9(__VA_ARGS__)
#define BOUND_11(x, ...) BOUND(x), BOUND_10(__VA_ARGS__)
#define BOUND_12(x, ...) BOUND(x), BOUND_11(__VA_ARGS__)
#define BOUND_13(x, ...) BOUND(x), BOUND_12(__VA_ARGS__)
#define BOUND_14(x, ...) BOUND(x), BOUND_13(__VA_ARGS__)
#define BOUND_15(x, ...) BOUND(x), BOUND_14(__VA_ARGS__)
#define BOUND_16(x, ...) BOUND(x), BOUND_15(__VA_ARGS__)
#define BOUND_17(x, ...) BOUND(x), BOUND_16(__VA_ARGS__)
#define BOUND_18(x, ...) BOUND(x), BOUND_17(__VA_ARGS__)
#define BOUND_19(x, ...) BOUND(x), BOUND_18(__VA_ARGS__)
#define BOUND_20(x, ...) BOUND(x), BOUND_19(__VA_ARGS__)
#define BOUND_NTH(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, n, ...) n
#define BOUND_OF(of, ...) BOUND_NTH(__VA_ARGS__, of(20), of(19), of(18), of(17), of(16), of(15), of(14), of(13), of(12), of(11), of(10), of(9), of(8), of(7), of(6), of(5), of(4), of(3), of(2), of(1), 0)
#define BOUND_MANY(n) n
#define BOUND_EACH(n) BOUND_##n

#define stmt_bind(s, ...) stmt_bind_all((s), BOUND_OF(BOUND_MANY, __VA_ARGS__), \
  (const struct bound[]){ BOUND_OF(BOUND_EACH, __VA_ARGS__)(__VA_ARGS__) })
#define db_ask(cx, db, id, ...) stmt_bind(db_stmt((cx), (db), (id)), __VA_ARGS__)
#define db_act(cx, db, id, ...) stmt_run((cx), db_ask((cx), (db), (id), __VA_ARGS__))
/* clang-format on */

#endif

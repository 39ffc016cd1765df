#include "base/args.h"

static struct arg of(int kind, const void *p, int64_t n) {
  return (struct arg){ .kind = kind, .p = p, .n = n };
}

struct arg arg_int(int64_t v) {
  return of(ARG_INT, NULL, v);
}
struct arg arg_bool(bool v) {
  return of(ARG_BOOL, NULL, v);
}
struct arg arg_blob(const void *p, size_t n) {
  return of(ARG_BLOB, p, (int64_t)n);
}
struct arg arg_str(struct str v) {
  return of(ARG_TEXT, v.p, (int64_t)v.n);
}
struct arg arg_text(const char *z) {
  return z ? arg_str(str_of(z)) : of(ARG_NULL, NULL, 0);
}
struct arg arg_same(struct arg v) {
  return v;
}

struct arg arg_time(int64_t us) {
  return of(ARG_TIME, NULL, us);
}
struct arg arg_time_known(int64_t us) {
  return us ? arg_time(us) : arg_text(NULL);
}
struct arg arg_json(struct str v) {
  return of(ARG_JSON, v.p, (int64_t)v.n);
}

struct arg arg_decimal(int64_t v, int scale, int min) {
  return (struct arg){ .kind = ARG_DECIMAL, .scale = (short)scale, .min = (short)min, .n = v };
}
struct arg arg_number(int64_t v, int scale, int min) {
  return (struct arg){ .kind = ARG_NUMBER, .scale = (short)scale, .min = (short)min, .n = v };
}
struct arg arg_real(double v, int decimals) {
  return (struct arg){ .kind = ARG_REAL, .scale = (short)decimals, .real = v };
}

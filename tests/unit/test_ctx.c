#include "base/ctx.h"

#include "unit.h"

static char order[8];
static void note(void *arg) { order[strlen(order)] = *(char *)arg; }

UNIT(ctx_releases, "what was deferred is released newest first when the unit of work ends") {
  struct ctx cx;
  ctx_begin(&cx, "test");
  ctx_defer(&cx, note, "a");
  ctx_defer(&cx, note, "b");
  ctx_defer(&cx, note, "c");
  ctx_end(&cx);
  CHECK_STR(order, "cba");
}

UNIT(ctx_memory, "memory is zeroed, aligned, and of any size") {
  struct ctx cx;
  ctx_begin(&cx, "test");
  for (size_t n = 0; n < 100000; n = n * 2 + 1) {
    char *p = ctx_alloc(&cx, n);
    CHECK((uintptr_t)p % 16 == 0);
    for (size_t i = 0; i < n; i++)
      if (!CHECK(p[i] == 0)) break;
    memset(p, 'x', n);
  }
  CHECK_STR(ctx_strdup(&cx, STR("abc")), "abc");
  CHECK_STR(ctx_strdup(&cx, (struct str){ 0 }), "");
  CHECK_STR(ctx_printf(&cx, "%d-%s", 7, "x"), "7-x");
  ctx_end(&cx);
}

UNIT(ctx_failure, "the first failure is kept, and readable after the end") {
  struct ctx cx, other;
  ctx_begin(&cx, "test");
  CHECK_INT(fail(&cx, E_LIMIT, "size", "%d is too large", 9), E_LIMIT);
  CHECK_INT(fail(&cx, E_FAIL, NULL, "later"), E_LIMIT);
  ctx_end(&cx);
  CHECK_STR(cx.message, "9 is too large");
  CHECK_STR(cx.field, "size");
  ctx_begin(&other, "test");
  CHECK_INT(fail_from(&other, &cx), E_LIMIT);
  CHECK_STR(other.message, "9 is too large");
  ctx_forgive(&other);
  CHECK_INT(other.code, OK);
  CHECK_STR(other.message, "");
  ctx_end(&other);
  CHECK_STR(err_name(OK), "ok");
  CHECK_STR(err_name(E_FAIL), "fail");
}

/* What clang's analyzer cannot see because it looks at one file at a time: a
** failure is never OK. Included before every file that clang-tidy checks. */
#include "base/ctx.h"
#define fail(cx, code, ...) ((void)fail(cx, code, __VA_ARGS__), (code))
#define fail_from(cx, other) ((void)fail_from(cx, other), E_FAIL)

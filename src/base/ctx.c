#include "base/ctx.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"

enum { BLOCK_MIN = 4096, BLOCK_MAX = 262144 };

struct arena_block {
  struct arena_block *next;
  size_t used, size;
  _Alignas(16) char bytes[];
};

/* A thread keeps the first block of its last unit of work for the next: one of this size malloc would have to look for.
** Not where a sanitizer is to see who reads it still. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SPARE_BLOCKS = 0 };
#else
enum { SPARE_BLOCKS = 1 };
#endif
static _Thread_local struct arena_block *spare;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What ends after this with the thread may have units of work, too. */
static void free_spare(void *at) {
  struct arena_block **b = at;
  free(*b);
  *b = NULL;
}
static void make_key(void) { pthread_key_create(&at_exit, free_spare); }

static void keep(struct arena_block *b) {
  spare = b;
  pthread_once(&once, make_key);
  if (!pthread_getspecific(at_exit)) pthread_setspecific(at_exit, &spare);
}

struct release {
  struct release *next;
  void (*fn)(void *);
  void *arg;
};

static void *or_abort(void *p) {
  if (p) return p;
  fputs("outpost: out of memory\n", stderr);
  abort();
}

void *xmalloc(size_t n) { return or_abort(malloc(n ? n : 1)); }
void *xcalloc(size_t count, size_t size) { return or_abort(calloc(count ? count : 1, size)); }
void *xrealloc(void *p, size_t n) { return or_abort(realloc(p, n ? n : 1)); }

/* How much room a list needs that has `count` elements and none left; 0: it has. */
static size_t room_wanted(size_t count) {
  enum { FIRST = 16 };
  if (count & (count - 1) || (count && count < FIRST)) return 0;
  return count ? count * 2 : FIRST;
}

void *ctx_more(struct ctx *cx, void *list, size_t count, size_t size) {
  size_t room = room_wanted(count);
  if (!room) return list;
  void *more = ctx_alloc(cx, room * size);
  if (count) memcpy(more, list, count * size);
  return more;
}

void *xmore(void *list, size_t count, size_t size) {
  size_t room = room_wanted(count);
  return room ? xrealloc(list, room * size) : list;
}

void ctx_begin(struct ctx *cx, const char *actor) {
  *cx = (struct ctx){ .now = time_now(), .may = UINT64_MAX };
  uuid7(cx->id, cx->now);
  str_copy(cx->actor, sizeof cx->actor, str_of(actor));
}

void ctx_end(struct ctx *cx) {
  while (cx->releases) {
    struct release *r = cx->releases;
    cx->releases = r->next;
    r->fn(r->arg);
  }
  while (cx->blocks) {
    struct arena_block *b = cx->blocks;
    cx->blocks = b->next;
    if (SPARE_BLOCKS && b->size == BLOCK_MIN && !spare)
      keep(b);
    else
      free(b);
  }
}

void *ctx_alloc(struct ctx *cx, size_t n) {
  struct arena_block *b = cx->blocks;
  n = (n + 15) & ~(size_t)15;
  if (!b || b->size - b->used < n) {
    size_t size = b ? b->size * 2 : BLOCK_MIN; /* a small unit stays small, a large one asks seldom */
    if (size > BLOCK_MAX) size = BLOCK_MAX;
    if (size < n) size = n;
    if (size == BLOCK_MIN && spare)
      b = spare, spare = NULL;
    else
      b = xmalloc(sizeof *b + size);
    *b = (struct arena_block){ .next = cx->blocks, .size = size };
    cx->blocks = b;
  }
  void *p = b->bytes + b->used;
  b->used += n;
  memset(p, 0, n);
  return p;
}

char *ctx_strdup(struct ctx *cx, struct str s) {
  char *z = ctx_alloc(cx, s.n + 1);
  if (s.n) memcpy(z, s.p, s.n);
  return z;
}

char *ctx_take(struct ctx *cx, struct buf *b) {
  char *text = ctx_strdup(cx, buf_view(b));
  buf_clear(b);
  return text;
}

/* Most texts fit into what is left of the block: they are written where they stay. */
char *ctx_printf(struct ctx *cx, const char *fmt, ...) {
  va_list ap, again;
  struct arena_block *b = cx->blocks;
  size_t room = b ? b->size - b->used : 0;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(room ? b->bytes + b->used : NULL, room, fmt, ap);
  va_end(ap);
  bool fits = (size_t)n < room;
  char *z = fits ? b->bytes + b->used : ctx_alloc(cx, (size_t)n + 1);
  if (fits)
    b->used += ((size_t)n + 16) & ~(size_t)15;
  else
    vsnprintf(z, (size_t)n + 1, fmt, again);
  va_end(again);
  return z;
}

void ctx_defer(struct ctx *cx, void (*fn)(void *), void *arg) {
  struct release *r = ctx_alloc(cx, sizeof *r);
  *r = (struct release){ cx->releases, fn, arg };
  cx->releases = r;
}

int fail(struct ctx *cx, enum err code, const char *field, const char *fmt, ...) {
  if (cx->code) return cx->code;
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(cx->message, sizeof cx->message, fmt, ap);
  va_end(ap);
  str_copy(cx->field, sizeof cx->field, str_of(field ? field : ""));
  return cx->code = code;
}

static int push_flaw(struct ctx *cx, struct flaw **list, enum err code, const char *field,
                     const char *message) {
  int n = 0;
  for (; *list; list = &(*list)->next) n++;
  if (n == FLAWS_MOST) return n;
  *list = ctx_alloc(cx, sizeof **list);
  **list = (struct flaw){ code, ctx_strdup(cx, str_of(field)), ctx_strdup(cx, str_of(message)), NULL };
  return n + 1;
}

static void clear(struct ctx *cx) {
  cx->code = OK;
  cx->field[0] = cx->message[0] = 0;
}

bool fail_aside(struct ctx *cx) {
  if (!cx->code) return true;
  if (cx->code != E_INVALID && cx->code != E_LIMIT) return false;
  int n = push_flaw(cx, &cx->aside, cx->code, cx->field, cx->message);
  clear(cx);
  return n < FLAWS_MOST;
}

/* A failure that came in between is of another kind, and stands alone. */
int fail_together(struct ctx *cx) {
  struct flaw *all = cx->aside;
  cx->aside = NULL;
  if (cx->code || !all) return cx->code;
  cx->flaws = all;
  return fail(cx, all->code, all->field, "%s", all->message);
}

int fail_from(struct ctx *cx, const struct ctx *other) {
  if (!cx->code)
    for (const struct flaw *f = other->flaws; f; f = f->next)
      push_flaw(cx, &cx->flaws, f->code, f->field, f->message);
  return fail(cx, other->code, other->field, "%s", other->message);
}

int ctx_end_inside(struct ctx *cx, struct ctx *inner) {
  if (inner->code) fail_from(cx, inner);
  ctx_end(inner);
  return cx->code;
}

void ctx_forgive(struct ctx *cx) {
  clear(cx);
  cx->flaws = cx->aside = NULL;
}

const char *err_name(enum err code) {
  static const char *const names[] = { "ok",     "invalid", "not_found", "conflict",
                                       "denied", "limit",   "busy",      "fail" };
  return names[code];
}

/*
** ctx.h - the unit of work: one request, one job attempt, one command.
**
** It owns an arena and a stack of deferred releases, so that functions may
** return early and need no clean-up labels: whatever was opened in a unit of
** work is closed when it ends, newest first.
**
** Errors: the function that has the facts calls fail() once; everybody above
** passes the code on and logs nothing. The first failure is kept. The three
** ends (HTTP reply, job result, process exit) turn the code into a status.
** Who looks at something with many places, such as a form, puts what is wrong at
** one of them aside and goes on, so that people learn of all of it at once.
**
** A ctx belongs to one thread.
*/
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include <stdarg.h>

#include "base/buf.h"

enum err {
  OK = 0,
  E_INVALID,   /* the input is wrong: it says which field and what would be right */
  E_NOT_FOUND, /* no such thing */
  E_CONFLICT,  /* somebody else was first, or a rule of the state forbids it */
  E_DENIED,    /* not allowed */
  E_LIMIT,     /* too large, too many, too deep */
  E_BUSY,      /* try again later: locked, full, not ready */
  E_FAIL,      /* the world is sick: disk, network, file format */
};

/* One thing of several that are wrong at once, in the order in which they were found. */
enum { FLAWS_MOST = 32 };
struct flaw {
  enum err code;
  const char *field, *message;
  struct flaw *next;
};

struct arena_block;
struct release;

struct ctx {
  int64_t now;        /* UTC microseconds at the beginning of the unit */
  char id[37];        /* UUIDv7 of the unit of work */
  char actor[64];     /* who acts: a user, a job, "cli" */
  uint64_t may;       /* his permissions (model/permission.h); the program itself has them all */
  enum err code;      /* of the first failure; OK while all is well */
  char field[64];     /* what it was about, may be empty */
  char message[512];  /* a sentence for people */
  struct flaw *flaws; /* all that is wrong, the first failure included; NULL: nobody looked for more */
  struct flaw *aside; /* what was put aside until now */
  struct arena_block *blocks;
  struct release *releases;
};

void ctx_begin(struct ctx *cx, const char *actor);
void ctx_end(struct ctx *cx); /* releases everything; code and message stay readable */

/* Memory that lives until ctx_end. Never returns NULL: without memory the
** process aborts, and a restart is safe. */
void *ctx_alloc(struct ctx *cx, size_t n); /* zeroed */
char *ctx_strdup(struct ctx *cx, struct str s);
char *ctx_take(struct ctx *cx, struct buf *b); /* a copy of its text; the buf is cleared */
char *ctx_printf(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Calls fn(arg) at ctx_end, newest first. */
void ctx_defer(struct ctx *cx, void (*fn)(void *), void *arg);

/* Records the first failure and returns its code. */
int fail(struct ctx *cx, enum err code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The failure, if it is one of the input, is put aside; false: it is another one, or there are enough, and whoever asks returns. */
bool fail_aside(struct ctx *cx);
/* The first that was put aside becomes the failure, and all of them its `flaws`. Returns the code; OK: nothing was. */
int fail_together(struct ctx *cx);

/* Takes the failure of another unit of work over into this one. */
int fail_from(struct ctx *cx, const struct ctx *other);
/* Ends a unit of work that was begun inside of this one, which takes its failure over, if it has one. Returns the code of this one. */
int ctx_end_inside(struct ctx *cx, struct ctx *inner);

/* Forgets a failure that the caller has dealt with. */
void ctx_forgive(struct ctx *cx);

const char *err_name(enum err code); /* "invalid", "not_found", ... */

/* malloc that aborts instead of returning NULL. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);

/* A list of `count` elements, with room for one more; it may have moved. Its room is a power of two, so it has to begin with NULL
** and to grow by one of these alone, one after the other. ctx_more's lives as long as the unit of work. */
void *ctx_more(struct ctx *cx, void *list, size_t count, size_t size);
void *xmore(void *list, size_t count, size_t size);

#endif

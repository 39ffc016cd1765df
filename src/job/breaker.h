/*
** breaker.h - circuit breakers: work that keeps failing is not let through for a while, so that who asks is
** told at once and what is sick is left alone (M. Nygard, "Release It!").
**
**   closed      all goes through
**   open        after BREAKER_FAILURES failures of the system, one after the other: nothing goes through
**   half-open   after BREAKER_SECONDS one goes through, as a trial: it closes the breaker or opens it again
**
** Only failures of the system count (E_FAIL, E_BUSY): a file that is wrong says nothing about the service. The
** state stands in the tenant's file (circuit_breaker), so it outlives the process and all processes see it.
*/
#ifndef JOB_BREAKER_H
#define JOB_BREAKER_H

#include "base/json.h"
#include "store/store.h"

enum { BREAKER_FAILURES = 3, BREAKER_SECONDS = 60 };

struct breaker {
  const char *state;   /* closed, open or half-open, as of now */
  int64_t failures;    /* one after the other */
  int64_t opened;      /* how often it did */
  int64_t retry_after; /* seconds until a trial is let through; 0: now */
  const char *cause;   /* of the last failure, or NULL */
};

/* One that never failed is closed. */
int breaker_look(struct ctx *cx, struct db *db, const char *name, struct breaker *out);

/* Inside tenant_write. May this go through? E_BUSY says why not; *out (may be NULL) says until when. */
int breaker_enter(struct ctx *cx, struct db *db, const char *name, struct breaker *out);
/* How it ended; why may be NULL. */
int breaker_ended(struct ctx *cx, struct db *db, const char *name, enum err code, const char *why);

/* {state, failures, opened, retry_after, cause} */
void breaker_write(struct jw *w, const char *key, const struct breaker *b);
/* [{name, ...}], those that ever failed or were tried. */
int breaker_list(struct ctx *cx, struct db *db, struct jw *w, const char *key);

#endif

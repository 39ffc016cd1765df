/*
** again.h - what follows from orders: predictions, segments and recommendations are worked out again, ten
** seconds after the first of several changes, by the job `field_again`; where that takes long, it rests twenty times as
** long in between. The sums of the dashboard need no job: they are kept by triggers.
*/
#ifndef FIELD_AGAIN_H
#define FIELD_AGAIN_H

#include "job/job.h"

enum { AGAIN_SECONDS = 10, AGAIN_SOON = 2 };

/* Inside tenant_write: orders the job for so many seconds later, unless it waits already. */
int again_order(struct ctx *cx, struct db *db, int seconds);
/* All of it at once: orders are settled, and the three are worked out again. */
int again_all(struct ctx *cx, struct tenant *t);

/* Kinds, hooks, proofs and what is rebuilt. For main.c. */
void orders_register(void);

#endif

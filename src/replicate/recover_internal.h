/* recover_internal.h - what recover.c (records) and recover_runs.c (runs and movements) share. */
#ifndef REPLICATE_RECOVER_INTERNAL_H
#define REPLICATE_RECOVER_INTERNAL_H

#include "replicate/recover.h"

/* $1 to $5 */
#define LOST_VALUES(l) (l)->organization, (l)->origins, (l)->origin, (l)->from, (l)->to
void unit_of_lost(struct ctx *cx, const struct lost *l); /* begins a unit of work named hq:... */
/* What could not be brought back; the first is told. */
void note_left(struct ctx *cx, struct recovered *out, int64_t *count, const char *what, const char *why);

int recover_runs(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                 struct recovered *out);
int recover_moves(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                  struct recovered *out);

#endif

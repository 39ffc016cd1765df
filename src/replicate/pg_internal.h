/*
** pg_internal.h - what pg.c and pg_error.c share. The two are the only ones that see libpq.
*/
#ifndef REPLICATE_PG_INTERNAL_H
#define REPLICATE_PG_INTERNAL_H

#include <postgresql/libpq-fe.h>

#include "replicate/pg.h"

struct pg {
  PGconn *conn; /* NULL: closed */
  char state[PG_STATE_SIZE];
  bool broken, copying;
  bool told;    /* a statement is under way whose answer nobody has taken yet */
  int patience; /* seconds */
  int64_t bytes, statements;
};

/* The failure of a statement (r) or of the connection (r NULL): sets state and broken. */
int pg_fail(struct ctx *cx, struct pg *p, const PGresult *r);
/* The failure to connect. */
int pg_fail_open(struct ctx *cx, struct pg *p);

#endif

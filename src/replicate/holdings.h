/*
** holdings.h - which tables of a tenant's file headquarters has, and why it has not the others: the master copy.
**
** Records of entities follow their declaration (`sync`), rows of datasets go up as versions, and what stream.h registers goes up as it is.
** Every other table stands here with the reason why it stays; one that does not is found by a unit test.
*/
#ifndef REPLICATE_HOLDINGS_H
#define REPLICATE_HOLDINGS_H

#include "base/json.h"

enum holding {
  HELD_ROWS,    /* row by row, under the same name */
  HELD_RECORDS, /* of an entity: under the same name, with stamps */
  HELD_WITHIN,  /* as columns or rows of another table; `why` says of which */
  HELD_DERIVED, /* follows from what is held; `why` says how */
  HELD_HERE     /* stays on the device; `why` says why */
};

/* False: nobody decided. *why: a sentence; NULL for the first two. */
bool holding_of(const char *table, enum holding *out, const char **why);

/* An array of {"table", "how", "why"}: all that is not held row by row. how: within, derived, here. */
void holdings_json(struct jw *w, const char *key);

#endif

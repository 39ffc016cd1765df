/*
** apply_cells.h - a record as the log has it, as cells of its table at headquarters. Private to apply_records.c.
*/
#ifndef REPLICATE_APPLY_CELLS_H
#define REPLICATE_APPLY_CELLS_H

#include "model/entity.h"
#include "replicate/apply_records.h"

struct cell_column {
  const char *name;
  bool moment;  /* microseconds in the log */
  bool json;    /* as it is written */
  bool unknown; /* headquarters has no such column: it goes to `extra` */
};

/* Of an entity, in the order of the log. */
struct cell_columns {
  struct cell_column *list;
  int count, unknown; /* unknown: how many of them */
};
void cell_columns_of(struct ctx *cx, const struct applier *a, const struct entity *e,
                     struct cell_columns *out);

/* The cells of one record, each with a tab behind it; last comes `extra` when a column is unknown. */
int record_cells(struct ctx *cx, const struct cell_columns *c, struct str record, struct buf *out);

#endif

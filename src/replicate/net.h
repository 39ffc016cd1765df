/*
** net.h - what the entries of a batch come to for each record of an entity: its net change. Private to apply.c.
*/
#ifndef REPLICATE_NET_H
#define REPLICATE_NET_H

#include "model/entity.h"
#include "replicate/batch.h"

/* For an entity, lines of COPY text, their names without net_: key, first_seq (its `before`), last_seq (its `after`), stamp (the latest),
** marks {"": [stamp, origin], "field": [stamp, origin]} for the column sync_stamps, "" when it was made here; NULL: the
** record was made in one go; fresh: it was made here, so there is no `before`; alone: the
** only one of its record. A record has more than one when something of it came from headquarters in between: then each has its own `before`, and they go by outpost.merge_row in their order.
** Entities come in the order of their tables, so that edges that share records lock them in one order. */
#define NET_COLUMNS "net_key,net_first_seq,net_last_seq,net_stamp,net_marks,net_fresh,net_alone"
struct net_entity {
  const struct entity *entity;
  int64_t rows, fresh; /* fresh: how many of them, of those that are alone */
  int64_t alone;
  struct buf copy;
  size_t *afters; /* of each row, where in the section the `after` of its last entry begins */
};

struct net {
  struct net_entity *entities;
  int count;
  bool decided; /* somebody decided about a conflict: see apply.c */
};

/* Of the section of the log. Freed with the unit of work. E_INVALID when it cannot be read. */
int net_make(struct ctx *cx, const struct up_section *log, int64_t origin, struct net *out);

/* The `after` that begins there, as the log has it; it lives in the section or in `plain`. */
bool net_after(const struct up_section *log, size_t at, struct buf *plain, struct str *after);

/* The value of a member of an object of the log, as it is written; "null" when there is none. It is looked for from *at (1 at
** the beginning), which moves behind it. */
struct str log_value(struct str object, size_t *at, struct str name);

#endif

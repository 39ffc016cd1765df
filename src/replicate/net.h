/*
** net.h - what the entries of a batch come to for each record of an entity: its net change. Private to apply.c.
*/
#ifndef REPLICATE_NET_H
#define REPLICATE_NET_H

#include "model/entity.h"
#include "replicate/batch.h"

/* For an entity, lines of COPY text: key, first_seq (its `before`), last_seq (its `after`), stamp (the latest),
** stamps {"": stamp, "field": stamp} for outpost.merge_row, marks {"": [stamp, origin], "field": [stamp, origin]} for
** the column sync_stamps; NULL: the record was made in one go. A record has more than one when something of it came from
** headquarters in between: then each has its own `before`, and they go by outpost.merge_row in their order. */
#define NET_COLUMNS "key,first_seq,last_seq,stamp,stamps,marks"
struct net_entity {
  const struct entity *entity;
  int64_t rows;
  struct buf copy;
};

struct net {
  struct net_entity *entities;
  int count;
};

/* Of the section of the log. Freed with the unit of work. E_INVALID when it cannot be read. */
int net_make(struct ctx *cx, const struct up_section *log, int64_t origin, struct net *out);

#endif

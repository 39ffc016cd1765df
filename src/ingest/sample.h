/*
** sample.h - the first rejected rows of an import, for whoever waits for it: a dry
** run stores nothing that could be looked up afterwards.
**
** [{record, line, category, raw (decoded), faults: [{control, version, field, value, reason}]}]
*/
#ifndef INGEST_SAMPLE_H
#define INGEST_SAMPLE_H

#include "base/json.h"
#include "ingest/load.h"

enum { SAMPLE_ROWS = 50 };

struct sample {
  int rows;
  struct buf json;
  struct jw w;
};

void sample_begin(struct ctx *cx, struct sample *s); /* freed with the unit of work */
/* A batch that the loader has seen. */
void sample_add(struct sample *s, const struct judge_setup *setup, const struct load_batch *b);
const char *sample_end(struct ctx *cx, struct sample *s);

#endif

/*
** outcome.h - what came out of an import, for whoever waits for it: a dry run stores
** nothing that could be looked up afterwards.
**
** sample    [{record, line, category, raw (decoded), faults: [{control, version, field,
**           value, reason}]}] of the first rejected rows
** controls  [{control, stage, failed}] of all rules
** figures   {orders, and the sum of each total field} of the clean rows
*/
#ifndef INGEST_OUTCOME_H
#define INGEST_OUTCOME_H

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

/* failed: by rule, as the judge counted; load: what the loader found besides. */
const char *outcome_controls(struct ctx *cx, const struct rules *rules, const int64_t *failed,
                             const struct load_result *load);

/* sums: by field, of the rows that no rule refused; duplicates: of those of them that
** were refused for their key. */
const char *outcome_figures(struct ctx *cx, const struct dataset *d, int64_t clean, const int64_t *sums,
                            const int64_t *duplicates);

#endif

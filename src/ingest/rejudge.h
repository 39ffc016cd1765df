/*
** rejudge.h - what would have become of history if other rules had judged it.
**
** The runs that count are judged again from their kept bytes, in their order, each
** read as it was read and on the day it came in; only the rules differ. Nothing is
** written and no writer is waited for. The outcome is the one that importing the same
** files into an empty tenant under the changed rules would have: keys are given up by
** rows that are rejected now and taken by rows that are released. The unique key
** itself stays as each run had it.
*/
#ifndef INGEST_REJUDGE_H
#define INGEST_REJUDGE_H

#include "ingest/proposal.h"

enum { REJUDGE_SAMPLE = 50 };

struct rejudge_request {
  const struct dataset *dataset;
  const char *run;    /* this run alone, as if it were replaced now; NULL: all that count */
  struct jv *changes; /* see proposal.h; NULL: the present rules */
};

struct rejudge_row { /* an example */
  const char *run;   /* uuid */
  int64_t record, line;
  const char *raw, *faults; /* as clean UTF-8; JSON: what rejects it now, or what rejected it before */
};

struct rejudge_run {
  const char *uuid, *source;
  int64_t rows, rejected, released; /* data records; newly rejected and newly released ones */
};

struct rejudge_figures {
  int64_t orders, sums[DATASET_TOTALS]; /* at the fields' scales */
};

struct rejudge_result {
  const struct dataset *dataset;
  struct rules *rules;
  struct rejudge_run *runs;
  size_t run_count;
  int64_t rows, rejected, released;
  int64_t by_rule[RULES_MAX]; /* newly rejected rows by each rule that rejects them */
  struct map *by_control;     /* newly released rows by each control that had rejected them */
  struct rejudge_row rejected_rows[REJUDGE_SAMPLE], released_rows[REJUDGE_SAMPLE];
  struct rejudge_figures before, after; /* what counts: all runs of the dataset together */
  double seconds;
};

/* E_INVALID: changes that the door refuses, or another unique key. E_NOT_FOUND: the run. */
int rejudge_try(struct ctx *cx, struct tenant *t, const struct rejudge_request *r,
                struct rejudge_result *out);

/* {"runs": [...], "rows": n, "newly_rejected": {...}, "newly_released": {...}, "figures": ..., "seconds": s} */
void rejudge_json(struct jw *w, const char *key, const struct rejudge_result *r);

#endif

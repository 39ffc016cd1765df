/*
** flow.h - a file on its way through three threads:
**
**   reader   cuts records, adds up the SHA-256      (a thread)
**   judge    parses and judges rows                 (a thread)
**   taker    stores or compares them                (the caller)
**
** Batches of about FLOW_BATCH bytes go round in a ring of few slots, so that
** memory does not depend on the size of the file. Order is kept. The first
** failure anywhere stops all three, and flow_run returns it.
*/
#ifndef INGEST_FLOW_H
#define INGEST_FLOW_H

#include "ingest/load.h"

/* A set of records, by their numbers. */
struct record_set {
  uint64_t *words;
  uint64_t count; /* words */
};
static inline bool record_in(const struct record_set *s, uint64_t record) {
  return record >> 6 < s->count && s->words[record >> 6] >> (record & 63) & 1;
}

struct flow_setup {
  const struct input *input;
  const struct judge_setup *judge;
  int (*take)(struct ctx *cx, void *arg, const struct load_batch *b);
  void *arg;
  uint32_t records; /* of a batch, at most; 0: as many as its bytes hold */
  /* Kept bytes that were judged before: records that are not in `anew` are asked only
  ** what judge->asked names (judge_known), counted when they are not in `rejected`
  ** either. Neither SHA-256 nor index and CRC are made. Else both are NULL. */
  const struct record_set *anew, *rejected;
};

struct flow_result {
  char sha256[65];
  uint64_t bytes;
  int64_t records;                 /* data records, counted from the bytes before any was judged */
  int64_t failed[RULES_MAX];       /* rows by rule, uniqueness not included */
  int64_t failed_known[RULES_MAX]; /* see judge_failed_known */
  int64_t sums[LIMIT_FIELDS];      /* see judge_sums */
  int64_t rounded;                 /* see judge_rounded */
  double reading, judging;         /* seconds of work of the two threads, waiting not counted */
};

int flow_run(struct ctx *cx, const struct flow_setup *setup, struct flow_result *out);

#endif

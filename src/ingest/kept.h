/*
** kept.h - the original bytes of a run, read back from the tenant's file.
*/
#ifndef INGEST_KEPT_H
#define INGEST_KEPT_H

#include "format/format.h"
#include "ingest/judge.h"
#include "ingest/mapping.h"
#include "store/store.h"

struct kept_run {
  int64_t id;
  const char *uuid, *dataset_name, *source, *state, *sha256;
  const struct dataset *dataset; /* NULL when this program does not know it */
  int64_t bytes, read, clean, rejected, clean_crc, reject_crc, total_crc;
  struct str key_min, key_max;    /* of its clean rows */
  const char *rules;              /* JSON of its rules, see rules_from */
  const char *settings, *started; /* started: ISO 8601 */
  int64_t started_at;             /* the same, UTC microseconds */
};

/* By uuid, a unique prefix of one, or "latest". E_NOT_FOUND. */
int kept_find(struct ctx *cx, struct db *db, const char *run, struct kept_run *out);
int kept_by_id(struct ctx *cx, struct db *db, int64_t id, struct kept_run *out);
/* All runs that are done, oldest first. */
int kept_list(struct ctx *cx, struct db *db, struct kept_run **list, size_t *count);

/* The bytes as an input. db is used by whoever reads it, and by nobody else meanwhile. */
int kept_open(struct ctx *cx, struct db *db, const struct kept_run *run, const struct input **in);

/* The same profile and mapping as when it was imported. */
int kept_profile(struct ctx *cx, const struct input *in, const struct kept_run *run, struct profile **profile,
                 struct mapping *mapping);

/* All that judging needs, as it was: profile, mapping, rules. */
int kept_setup(struct ctx *cx, const struct input *in, const struct kept_run *run, struct judge_setup *out);

/* One record's bytes (record as in the tables). */
struct kept_record {
  int64_t line, offset, length;
  struct str bytes; /* lives as long as the unit of work */
};
int kept_record(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out);

#endif

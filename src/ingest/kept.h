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
  const char *actor, *kind;       /* kind: file, correction, edit or rejudge */
  int64_t rank;                   /* its place in the stacks of versions (versions.h) */
  bool update;                    /* its rows took the place of older ones with the same key */
  bool undone;                    /* it does not count at present */
  int64_t updated, unchanged;     /* of the clean rows, see load.h */
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

/* The same from the head of the file alone (profile_head): good for headings, mapping and single
** records, at once for a file of any size. Columns that are no fields have no formats. */
int kept_headings(struct ctx *cx, struct db *db, const struct kept_run *run, struct profile **profile,
                  struct mapping *mapping);

/* All that judging needs, as it was: profile, mapping, rules. */
int kept_setup(struct ctx *cx, const struct input *in, const struct kept_run *run, struct judge_setup *out);

/* ---- one record ---- */

struct kept_record {
  int64_t record, line, lines, offset, length;
  bool data;        /* a record; else heading, preamble, footer, blank line */
  bool intact;      /* the chunk that it lies in has the checksum that it came in with; only where
                    ** that was asked for */
  struct str bytes; /* p NULL where they were not asked for; they live as long as the unit of work */
};

/* By its number (as in the tables), by a line or by an offset of the file that it covers. E_NOT_FOUND. */
enum kept_by { KEPT_BY_RECORD, KEPT_BY_LINE, KEPT_BY_OFFSET };
int kept_record(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out);
int kept_record_by(struct ctx *cx, struct db *db, int64_t run, enum kept_by by, int64_t n,
                   struct kept_record *out);
/* Where it lies, without its bytes, and with them but no look at the checksum: cheap enough for a list. */
int kept_place(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out);
int kept_bytes(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out);
/* The next record that is data, from `record` on: where it lies. E_NOT_FOUND: there is none. */
int kept_next(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out);
/* Data records in the index of all chunks: how many were read. */
int kept_count(struct ctx *cx, struct db *db, int64_t run, int64_t *out);

/* Judges single records of a run again, by its own settings and rules, from their
** original bytes. Only the head of the file is looked at besides, so that one record of
** a large file takes a few milliseconds. Of one thread, until the unit of work ends. */
struct kept_judge;
int kept_judge_new(struct ctx *cx, struct db *db, const struct kept_run *run, struct kept_judge **out);
const struct judge_setup *kept_judge_setup(const struct kept_judge *k);
/* at: with its bytes, a data record. Uniqueness is not judged. out's values belong to k, until the next row. */
int kept_judge_row(struct ctx *cx, struct kept_judge *k, const struct kept_record *at, struct judged *out);

#endif

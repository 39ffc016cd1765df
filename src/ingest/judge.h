/*
** judge.h - one record -> typed values and faults. The validation of an import,
** of a dry run and of a correction is this one function.
**
** A judge belongs to one thread and touches no database: uniqueness, which
** depends on what came before, is decided by the loader (load.h) with the key
** that the judge composes.
**
** All faults of a row are reported, in the order of the rules; the first one
** gives the row its category and stage.
*/
#ifndef INGEST_JUDGE_H
#define INGEST_JUDGE_H

#include "format/format.h"
#include "ingest/mapping.h"
#include "ingest/rules.h"

struct value {
  struct str text; /* as it came, trimmed; of a text or code field what is stored */
  int64_t
      number; /* VALUE_NONE of an empty one that may be; a date's days, a decimal's units; of a code field its number in this judge,
                   ** from 1, or 0 when there are too many to number */
};

#define VALUE_NONE INT64_MIN

struct judged {
  uint64_t record, line, offset;
  uint32_t length;
  int first_fault;      /* index of the rule; -1: no fault so far */
  struct str faults;    /* JSON array; empty when good */
  uint64_t hash;        /* of the key */
  struct str key;       /* the unique key; empty when a part of it is */
  struct value *values; /* of each field */
  int64_t exception;    /* the exception that this row corrects, or 0; -1: its number cannot be read */
  uint32_t crc;         /* of the stored row, see row_crc */
};

struct judge;

struct judge_setup {
  const struct dataset *dataset;
  const struct profile *profile;
  const struct mapping *mapping;
  const struct rules *rules;
  int32_t today;     /* days since 1970, UTC */
  const bool *asked; /* by rule: what judge_known asks; NULL where it is not called */
};

int judge_new(struct ctx *cx, const struct judge_setup *setup,
              struct judge **out); /* until the unit of work ends */

/* Judges a row that the parser read (kind DATA or BROKEN). j's record, line,
** offset, length and values are set by the caller. Texts that the parser holds
** are copied into `keep`, those that lie in [raw, raw_end) are not. */
void judge_row(struct judge *judge, const struct row *row, struct str raw, struct ctx *keep,
               struct judged *j);

/* Judges a row that passed every rule of which setup->asked is false (uniqueness
** aside), and reads no more of it than that takes: only first_fault, exception and the
** hash of its key are set and, when it fails, the values of fields that are totalled.
** judge_row tells the rest. */
void judge_known(struct judge *judge, const struct row *row, struct str raw, bool count, struct ctx *keep,
                 struct judged *j);

/* Rows that failed each rule in judge_known, of those that were to be counted. */
const int64_t *judge_failed_known(const struct judge *judge);

/* Adds a fault that the loader found (uniqueness). */
void judge_add_fault(const struct judge_setup *setup, int rule, struct str value, const char *reason,
                     struct ctx *keep, struct judged *j);

/* Rows that failed each rule, counted by this judge. */
const int64_t *judge_failed(const struct judge *judge);

/* Sum over the good rows of each field that is totalled: the raw side of the
** self-audit, added up here and nowhere else. */
const int64_t *judge_sums(const struct judge *judge);

/* Good rows with a number that had more decimals than its field keeps. */
int64_t judge_rounded(const struct judge *judge);

#endif

/*
** checks.h - the self-audit of a run: five checks, each of two figures that were
** come by in different ways.
**
**   source_vs_clean       records counted in the bytes = clean rows + exceptions
**                         as the tables have them
**   analytics_vs_raw      totals of the analytics = sums over the good records as
**                         they were read, less those whose key was taken
**   exception_count       exceptions by category = rows of the table, row by row
**   audit_completeness    the log has every step of the run, with its count, and
**                         its hash chain holds since the run began
**   dashboard_consistency what the page shows by group = SQL over the clean rows
**
** They run at the end of every import, on what was committed, and again whenever
** `verify` asks; then the raw side is read from the kept bytes anew.
*/
#ifndef INGEST_CHECKS_H
#define INGEST_CHECKS_H

#include "ingest/flow.h"

enum { CHECK_COUNT = 5 };

struct check {
  const char *name;
  bool ok;
  const char *expected, *actual; /* texts of the two figures */
  const char *text;              /* a sentence */
};

struct check_subject {
  const struct dataset *dataset;
  int64_t run;
  const char *run_uuid;
  int64_t records;                /* of the bytes */
  int64_t raw_sums[LIMIT_FIELDS]; /* of the good records, uniqueness not regarded */
  int64_t duplicate_sums[LIMIT_FIELDS];
  struct str key_min, key_max; /* clean rows of the run lie between */
  struct tenant *tenant;       /* not NULL: db reads what is committed, and a second reader may */
  struct str key_mid;          /* help, from this key on */
  bool chain_holds;            /* all of the log was looked at, so that it need not be once a run */
};

int checks_run(struct ctx *cx, struct db *db, const struct check_subject *s,
               struct check out[static CHECK_COUNT]);
/* Stores them, and notes it in the log, as a transaction. */
int checks_commit(struct ctx *cx, struct db *db, int64_t run, const char *run_uuid,
                  const struct check checks[static CHECK_COUNT]);
bool checks_all_ok(const struct check checks[static CHECK_COUNT]);

/* Sums of CRC-32 over the run's clean rows (row_crc; also those that others took the
** place of), its exceptions, its totals, from what the tables hold. */
int checks_digest(struct ctx *cx, struct db *db, const struct check_subject *s, int64_t *clean,
                  int64_t *rejects, int64_t *totals);

/* The same over what describes the run: its row, its controls and categories. */
int checks_digest_run(struct ctx *cx, struct db *db, int64_t run, int64_t *crc);
/* ... over the exceptions that it settled. */
int checks_digest_settled(struct ctx *cx, struct db *db, int64_t run, int64_t *crc);
/* ... and over its stored checks. */
int checks_digest_audit(struct ctx *cx, struct db *db, int64_t run, int64_t *crc);

/* What the digest of a clean row covers, for SELECT <columns> FROM <its table> x <joins>: key, record and the fields;
** codes by their text, so that a changed term is noticed, too. */
void checks_row_columns(struct ctx *cx, const struct dataset *d, const char **columns, const char **joins);

/* Are the sums of what counts now (current_table) those of the rows that are there? */
int checks_current(struct ctx *cx, struct db *db, const struct dataset *d, bool *same);

#endif

/*
** pit_internal.h - one way back in time. Private to the folder.
*/
#ifndef ARCHIVE_PIT_INTERNAL_H
#define ARCHIVE_PIT_INTERNAL_H

#include "archive/internal.h"
#include "archive/pit.h"

struct pit {
  int64_t at, seq; /* the time, and the last entry that stays */
  int64_t ledger;  /* the last row of the ledger of stock that stays */
  struct pit_result *out;
};

/* A statement with ?1 the time, ?2 the entry, ?3 the ledger's row, as far as it has them. */
int pit_run(struct ctx *cx, struct db *db, const struct pit *p, const char *sql);
bool pit_has_table(struct ctx *cx, struct db *db, const char *table);

/* Every table by its rule, in the order of the list. before: while the log is whole. */
int pit_cut_tables(struct ctx *cx, struct db *db, const struct pit *p, bool before);
int pit_check_tables(struct ctx *cx, struct db *db); /* E_FAIL names one that has no rule */

/* Topics end where the log says they ended. */
int pit_cut_events(struct ctx *cx, struct db *db, const struct pit *p);

/* Rows that were archived since are in their table again. Triggers are on. */
int pit_bring_back(struct ctx *cx, struct db *db, const struct pit *p);

#endif

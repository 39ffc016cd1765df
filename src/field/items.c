/*
** items.c - invoice lines by store and product. A line stands for the row that it was made from as long as
** that row is the one that counts; so it is enough to remove lines whose row does not count any more and to
** make those that are missing.
*/
#include "field/dashboard.h"
#include "field/field.h"
#include "field/invoices.h"
#include "field/populate.h"

/* The sums of the dashboard are kept by triggers; for many lines it is quicker to add them up once. */
enum { MANY = 1000 };

static int write_lines(struct ctx *cx, struct db *db, enum sql_id id, bool many) {
  return many ? db_run_untriggered(cx, db, id) : stmt_run(cx, db_stmt(cx, db, id));
}

int items_write(struct ctx *cx, struct db *db, int64_t *removed, int64_t *added) {
  int64_t gone = db_int(cx, db, SQL_field_items_count_gone, 0);
  int64_t missing = db_int(cx, db, SQL_field_items_count_missing, 0) + gone;
  bool many = gone > MANY || missing > MANY;
  *removed = *added = 0;
  if (cx->code || (gone && write_lines(cx, db, SQL_field_items_gone, many))) return cx->code;
  if (gone) *removed = db_changes(db);
  if (write_lines(cx, db, SQL_field_items_add, many)) return cx->code;
  *added = db_changes(db);
  return many ? sums_renew(cx, db, NULL) : OK;
}

int items_rebuild(struct ctx *cx, struct db *db, int64_t *corrected) {
  int64_t removed, added;
  if (items_write(cx, db, &removed, &added)) return cx->code;
  *corrected += removed + added;
  return OK;
}

int items_verify(struct ctx *cx, struct db *db, field_found_fn *found, void *arg) {
  struct stmt *s = db_stmt(cx, db, SQL_field_items_check);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t rows = col_int(s, 0), lines = col_int(s, 3);
  bool ok =
      rows == lines && col_int(s, 1) == col_int(s, 4) && col_int(s, 2) == col_int(s, 5) && !col_int(s, 6);
  stmt_done(s);
  int64_t wanted = 0, done = 0;
  s = db_ask(cx, db, SQL_follow_up_get, invoices_dataset.name);
  while (stmt_row(cx, s)) wanted = col_int(s, 0), done = col_int(s, 1);
  bool waits = wanted > done;
  found(arg, "invoice_items", ok || waits,
        waits ? "what follows from the invoices is still to be computed; `outpost jobs work` does it"
        : ok  ? ctx_printf(cx, "%lld invoice rows and their lines have the same sums", (long long)rows)
              : ctx_printf(cx, "%lld invoice rows and %lld lines differ, in number or in sums",
                           (long long)rows, (long long)lines));
  return cx->code;
}

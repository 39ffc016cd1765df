/*
** items.c - invoice lines by store and product. A line stands for the row that it was made from as long as
** that row is the one that counts; so it is enough to remove lines whose row does not count any more and to
** make those that are missing.
*/
#include "base/decimal.h"
#include "field/dashboard.h"
#include "field/field.h"
#include "field/invoices.h"
#include "field/populate.h"

#include <stdlib.h>

/* The records by the terms that name them. */
struct names {
  char (*id)[37];
  size_t terms;
};

static void release(void *arg) { free(((struct names *)arg)->id); }

static int read_names(struct ctx *cx, struct db *db, enum sql_id sql, struct names *n) {
  n->terms = (size_t)db_int(cx, db, SQL_field_term_most, 0);
  n->id = xcalloc(n->terms + 1, sizeof *n->id);
  ctx_defer(cx, release, n);
  struct stmt *s = db_stmt(cx, db, sql);
  while (stmt_row(cx, s)) {
    size_t term = (size_t)col_int(s, 0);
    if (!col_null(s, 0) && term <= n->terms) str_copy(n->id[term], sizeof n->id[term], col_str(s, 1));
  }
  return cx->code;
}

static const char *name_of(const struct names *n, int64_t term) {
  return term > 0 && (size_t)term <= n->terms ? n->id[term] : "";
}

enum { ID, KEY, RUN, INVOICE, DAY, CUSTOMER, ITEM, QUANTITY, FREE, RATE, TOTAL };

struct line {
  bool free;
  int64_t quantity, price, total;
};

static int add(struct ctx *cx, struct db *db, const struct stmt *q, const char *store, const char *product,
               const struct line *l) {
  struct stmt *s = db_stmt(cx, db, SQL_field_item_add);
  stmt_int(s, 1, col_int(q, ID) * 2 + l->free);
  stmt_str(s, 2, col_str(q, KEY));
  stmt_int(s, 3, col_int(q, RUN));
  stmt_str(s, 4, col_str(q, INVOICE));
  stmt_int(s, 5, col_int(q, DAY));
  stmt_text(s, 6, store);
  stmt_text(s, 7, product);
  stmt_int(s, 8, l->free);
  stmt_int(s, 9, l->quantity);
  stmt_int(s, 10, l->price);
  stmt_int(s, 11, l->total);
  return stmt_run(cx, s);
}

/* The rate where there is one, else what a unit came to. */
static int64_t price_of(const struct stmt *q) {
  int64_t quantity = col_int(q, QUANTITY), total = col_int(q, TOTAL), scaled;
  if (!col_null(q, RATE)) return col_int(q, RATE);
  if (quantity == 0 || __builtin_mul_overflow(total, dec_pow10[INVOICE_SCALE], &scaled)) return 0;
  return dec_div(scaled, quantity);
}

static int add_lines(struct ctx *cx, struct db *db, const struct stmt *q, const char *store,
                     const char *product) {
  struct line sold = { false, col_int(q, QUANTITY), price_of(q), col_int(q, TOTAL) };
  struct line free = { true, col_int(q, FREE), 0, 0 };
  if (add(cx, db, q, store, product, &sold)) return cx->code;
  return free.quantity > 0 ? add(cx, db, q, store, product, &free) : OK;
}

/* The sums of the dashboard are kept by triggers; for many lines it is quicker to add them up once. */
enum { MANY = 1000 };

static int remove_lines(struct ctx *cx, struct db *db, bool *held, int64_t *removed) {
  int64_t gone = db_int(cx, db, SQL_field_items_count_gone, 0);
  *removed = 0;
  if (cx->code || gone == 0) return cx->code;
  *held = gone > MANY;
  if (*held && stmt_run(cx, db_stmt(cx, db, SQL_sums_hold))) return cx->code;
  if (stmt_run(cx, db_stmt(cx, db, SQL_field_items_gone))) return cx->code;
  *removed = db_changes(db);
  return OK;
}

int items_write(struct ctx *cx, struct db *db, int64_t *removed, int64_t *added) {
  struct names *stores = ctx_alloc(cx, sizeof *stores), *products = ctx_alloc(cx, sizeof *products);
  int64_t ignored = 0;
  bool held = false;
  if (remove_lines(cx, db, &held, removed)) return cx->code;
  *added = 0;
  if (read_names(cx, db, SQL_field_store_ids, stores) || read_names(cx, db, SQL_field_product_ids, products))
    return cx->code;
  struct stmt *q = db_stmt(cx, db, SQL_field_items_missing);
  while (stmt_row(cx, q)) {
    const char *store = name_of(stores, col_int(q, CUSTOMER)), *product = name_of(products, col_int(q, ITEM));
    if (!*store || !*product) continue; /* refused by the door: sync_log says why */
    if (!held && *added == MANY) held = !stmt_run(cx, db_stmt(cx, db, SQL_sums_hold));
    if (cx->code || add_lines(cx, db, q, store, product)) return cx->code;
    ++*added;
  }
  return cx->code || !held ? (int)cx->code : sums_renew(cx, db, &ignored);
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
  s = db_stmt(cx, db, SQL_follow_up_get);
  stmt_text(s, 1, invoices_dataset.name);
  while (stmt_row(cx, s)) wanted = col_int(s, 0), done = col_int(s, 1);
  bool waits = wanted > done;
  found(arg, "invoice_items", ok || waits,
        waits ? "what follows from the invoices is still to be computed; `outpost jobs work` does it"
        : ok  ? ctx_printf(cx, "%lld invoice rows and their lines have the same sums", (long long)rows)
              : ctx_printf(cx, "%lld invoice rows and %lld lines differ, in number or in sums",
                           (long long)rows, (long long)lines));
  return cx->code;
}

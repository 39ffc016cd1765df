#include "base/time.h"
#include "field/history.h"
#include "field/order_internal.h"

/* ---- lines that are there already ---- */

/* Columns: product, quantity, unit price. */
static int copy_lines(struct ctx *cx, struct db *db, enum sql_id query, const char *of,
                      struct order_lines *out) {
  struct copied {
    const char *product;
    int64_t quantity, unit_price;
  } *all = ctx_alloc(cx, ORDER_LINES * sizeof *all);
  size_t n = 0;
  struct stmt *s = db_stmt(cx, db, query);
  stmt_text(s, 1, of);
  while (stmt_row(cx, s) && n < ORDER_LINES)
    all[n++] = (struct copied){ col_dup(cx, s, 0), col_int(s, 1), col_int(s, 2) };
  for (size_t i = 0; i < n && !cx->code; i++)
    lines_add(cx, db, out, all[i].product, all[i].quantity, all[i].unit_price);
  return cx->code;
}

/* ---- from a prediction ---- */

struct predicted {
  const char *id, *store, *date;
};

static int predicted_read(struct ctx *cx, struct db *db, const char *id, struct predicted *out) {
  struct stmt *s = db_stmt(cx, db, SQL_order_prediction);
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_INVALID, "prediction_id", "there is no prediction %.80s", id);
  const char *status = col_dup(cx, s, 2);
  *out = (struct predicted){ id, col_dup(cx, s, 0), col_dup(cx, s, 1) };
  stmt_done(s);
  if (!strcmp(status, "pending")) return OK;
  return fail(cx, E_CONFLICT, "prediction_id", "the prediction is %s already", status);
}

int prediction_open(struct ctx *cx, struct db *db, const char *id, const char *store, bool *out) {
  struct stmt *s = db_stmt(cx, db, SQL_order_prediction);
  stmt_text(s, 1, id);
  *out = stmt_row(cx, s) && str_eq(col_str(s, 0), str_of(store)) && str_eq(col_str(s, 2), STR("pending"));
  stmt_done(s);
  return cx->code;
}

int prediction_approve(struct ctx *cx, struct db *db, const char *id) {
  struct form f;
  jw_text(form_begin(&f, id), "status", "approved");
  return form_save(cx, db, "predicted_order", &f, NULL);
}

static const char *today(struct ctx *cx) {
  char iso[DATE_SIZE];
  return ctx_strdup(cx, str_of(date_iso(iso, (int32_t)(cx->now / DAY_US))));
}

static int from_prediction(struct ctx *cx, struct db *db, const struct predicted *p, struct order_draft *d,
                           const struct order_by *by) {
  d->source = "prediction";
  d->source_id = p->id;
  if (!d->order_date) d->order_date = today(cx);
  if (!d->requested_date) d->requested_date = strcmp(p->date, d->order_date) > 0 ? p->date : d->order_date;
  if (store_find(cx, db, p->store, "prediction_id", &d->store, &d->store_name) ||
      copy_lines(cx, db, SQL_order_predicted_lines, p->id, &d->lines))
    return cx->code;
  if (!d->lines.count)
    return fail(cx, E_CONFLICT, "prediction_id", "the prediction says nothing of products that are sold");
  return draft_save(cx, db, d, by) ? (int)cx->code : prediction_approve(cx, db, p->id);
}

/* ---- from an earlier order or invoice ---- */

static int from_earlier(struct ctx *cx, struct db *db, const char *earlier, const char *source,
                        struct order_draft *d, const struct order_by *by) {
  struct stmt *s = db_stmt(cx, db, SQL_order_earlier);
  stmt_text(s, 1, order_invoice_number(cx, earlier));
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_INVALID, "template_order_id", "there is no order or invoice %.80s", earlier);
  bool invoice = col_int(s, 0) != 0;
  const char *of = col_dup(cx, s, 1), *store = col_dup(cx, s, 2);
  stmt_done(s);
  d->source = source;
  d->source_id = of;
  if (!d->store && store_find(cx, db, store, "template_order_id", &d->store, &d->store_name)) return cx->code;
  if (copy_lines(cx, db, invoice ? SQL_order_invoice_lines : SQL_order_order_lines, of, &d->lines))
    return cx->code;
  if (!d->lines.count)
    return fail(cx, E_CONFLICT, "template_order_id", "none of its products is sold any more");
  return draft_save(cx, db, d, by);
}

/* ---- for a store ---- */

static const char *text_from(struct ctx *cx, struct db *db, enum sql_id query, const char *of) {
  struct stmt *s = db_stmt(cx, db, query);
  stmt_text(s, 1, of);
  if (!stmt_row(cx, s)) return NULL;
  const char *text = col_dup(cx, s, 0);
  stmt_done(s);
  return text;
}

static int for_store(struct ctx *cx, struct db *db, const char *store, struct order_draft *d,
                     const struct order_by *by) {
  struct predicted p;
  if (store_find(cx, db, store, "store_id", &d->store, &d->store_name)) return cx->code;
  const char *prediction = text_from(cx, db, SQL_order_prediction_of_store, d->store);
  if (prediction)
    return predicted_read(cx, db, prediction, &p) ? (int)cx->code : from_prediction(cx, db, &p, d, by);
  const char *last = text_from(cx, db, SQL_order_last_of_store, d->store);
  if (cx->code) return cx->code;
  if (!last)
    return fail(cx, E_CONFLICT, "store_id",
                "nothing is known of what this store orders: it has no prediction and no earlier order");
  return from_earlier(cx, db, last, "store", d, by);
}

int order_generate(struct ctx *cx, struct db *db, const struct jv *body, const struct order_by *by,
                   struct order_draft **out) {
  struct order_draft *d = *out = ctx_alloc(cx, sizeof *d);
  struct predicted p;
  const char *prediction, *earlier, *store;
  draft_read(cx, body, NULL, d);
  if (fail_together(cx) || text_of(cx, body, "prediction_id", &prediction) ||
      text_of(cx, body, "template_order_id", &earlier) || text_of(cx, body, "store_id", &store))
    return cx->code;
  if (prediction)
    return predicted_read(cx, db, prediction, &p) ? (int)cx->code : from_prediction(cx, db, &p, d, by);
  if (earlier && store && store_find(cx, db, store, "store_id", &d->store, &d->store_name)) return cx->code;
  if (earlier) return from_earlier(cx, db, earlier, "template", d, by);
  if (store) return for_store(cx, db, store, d, by);
  return fail(cx, E_INVALID, "prediction_id",
              "say what the order is made from: prediction_id, template_order_id or store_id");
}

/* ---- without asking ---- */

/* What cannot be made now (the credit limit, a store that is blocked) stays a prediction, for people to decide. */
int order_approve_wanted(struct ctx *cx, struct db *db) {
  struct wanted {
    struct predicted p;
    struct wanted *next;
  } *all = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_order_wanted);
  while (stmt_row(cx, s)) {
    struct wanted *one = ctx_alloc(cx, sizeof *one);
    one->p = (struct predicted){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2) };
    one->next = all;
    all = one;
  }
  for (; all && !cx->code; all = all->next) {
    struct order_draft d = { .status = "approved" };
    from_prediction(cx, db, &all->p, &d, &(struct order_by){ 0 });
    if (cx->code == E_CONFLICT) ctx_forgive(cx);
  }
  return cx->code;
}

#include "inventory/reorder.h"

#include <math.h>

#include "base/crash.h"
#include "base/ids.h"
#include "event/event.h"
#include "inventory/stock.h"
#include "record/form.h"
#include "store/column.h"

/* ---- events ---- */

struct reorder_event {
  const char *type, *proposal, *sku, *place, *supplier, *reason;
  int64_t quantity;
  const struct plan_pair *pair; /* NULL: not about how the stock stands */
};

static int emit(struct ctx *cx, struct db *db, const struct reorder_event *e) {
  char id[37];
  struct buf json;
  struct jw w;
  bool order = str_starts(str_of(e->type), STR("PURCHASE_ORDER"));
  uuid7(id, cx->now);
  jw_begin(&w, &json, EVENT_BYTES);
  jw_put(&w, "eventId", id, "eventType", e->type, "sku", e->sku, "warehouseId", e->place, "quantity",
         stock_number(e->quantity), "timestamp", arg_time(cx->now), "proposalId", e->proposal);
  if (order) jw_text(&w, "purchaseOrderId", e->proposal);
  if (e->supplier) jw_text(&w, "supplierId", e->supplier);
  if (e->pair)
    jw_put(&w, "reorderPoint", stock_number(e->pair->reorder_point), "available",
           stock_number(e->pair->available));
  if (e->reason) jw_text(&w, "reason", e->reason);
  jw_close(&w, '}');
  int rc = event_emit(cx, db, REORDER_TOPIC, buf_view(&json));
  buf_clear(&json);
  return rc;
}

/* ---- why ---- */

static const char *number(struct ctx *cx, double v) {
  return ctx_printf(cx, "%.*f", v < 10 && v != floor(v) ? 2 : 0, v);
}

static const char *why_now(struct ctx *cx, const struct plan_pair *p) {
  const struct plan_terms *t = &p->terms;
  const char *incoming =
      p->incoming > 0 ? ctx_printf(cx, " and %s on the way", stock_text(cx, p->incoming)) : "";
  const char *point =
      t->reorder_point >= 0
          ? "as somebody set it"
          : ctx_printf(cx, "%s a day over %s days by %s, to a service level of %g %%",
                       number(cx, p->demand.mean), number(cx, t->lead_days), t->lead_from, t->service * 100);
  const char *now =
      ctx_printf(cx, "because %s available%s is not more than the reorder point %s (%s)",
                 stock_text(cx, p->available), incoming, stock_text(cx, p->reorder_point), point);
  if (p->risk_method == RISK_NONE) return now;
  return ctx_printf(cx, "%s; the chance of running out before an order arrives is %.0f %%", now,
                    p->risk * 100);
}

static const char *why_so_much(struct ctx *cx, const struct plan_pair *p, const struct order_advice *a) {
  const struct plan_terms *t = &p->terms;
  const char *bare = stock_text(cx, a->bare), *how;
  if (a->method == ORDER_FIXED)
    how = ctx_printf(cx, "%s is the order quantity that is set", bare);
  else if (a->method == ORDER_EOQ)
    how =
        ctx_printf(cx, "%s is the economic order quantity for %s a year, %s an order and %s a unit and year",
                   bare, number(cx, p->demand.mean * 365), stock_text(cx, t->order_cost),
                   number(cx, (double)t->holding_rate / DEMAND_ONE * (double)p->unit_cost / DEMAND_ONE));
  else
    how = ctx_printf(cx, "%s brings it up to %s", bare, stock_text(cx, a->order_up_to));
  if (a->quantity == a->bare) return how;
  if (t->pack > 0)
    return ctx_printf(cx, "%s; %s in packs of %s", how, stock_text(cx, a->quantity), stock_text(cx, t->pack));
  return ctx_printf(cx, "%s; %s is the least that can be ordered", how, stock_text(cx, a->quantity));
}

/* ---- proposals ---- */

struct open_one {
  const char *id, *state; /* id NULL: there is none */
  int64_t quantity;
};

static int find_open(struct ctx *cx, struct db *db, const struct plan_pair *p, struct open_one *out) {
  struct stmt *s = db_stmt(cx, db, SQL_reorder_open);
  *out = (struct open_one){ 0 };
  stmt_bind(s, p->sku, p->place);
  if (!stmt_row(cx, s)) return cx->code;
  *out = (struct open_one){ col_dup(cx, s, 0), col_dup(cx, s, 2), col_int(s, 1) };
  stmt_done(s);
  return OK;
}

/* Somebody said no while the stock stood as it does. */
static bool was_dismissed(struct ctx *cx, struct db *db, const struct plan_pair *p) {
  return stmt_exists(
      cx, db_ask(cx, db, SQL_reorder_dismissed, p->sku, p->place, p->since, stock_state_names[p->state]));
}

static void put_detail(struct jw *w, const struct plan_pair *p, const struct order_advice *a) {
  jw_record(w, "detail", "demand_a_day", arg_real(p->demand.mean, 4), "deviation",
            arg_real(sqrt(p->demand.variance), 4), "days_looked_at", p->demand.days, "lead_days",
            arg_real(p->lead.days, 2), "lead_deviation", arg_real(p->lead.deviation, 2), "service_level",
            arg_real(p->terms.service, 4), "risk_method", risk_method_names[p->risk_method], "on_hand",
            arg_decimal(p->on_hand, STOCK_SCALE, 0), "before_packs", arg_decimal(a->bare, STOCK_SCALE, 0),
            "order_up_to", arg_decimal(a->order_up_to, STOCK_SCALE, 0));
}

static int save(struct ctx *cx, struct db *db, const struct plan_pair *p, const struct order_advice *a,
                const char *reason, const char **id) {
  struct form f;
  struct jw *w = form_begin(&f, *id);
  if (!*id) jw_text(w, "sku", p->sku);
  if (!*id) jw_text(w, "warehouse", p->place);
  jw_decimal(w, "quantity", a->quantity, STOCK_SCALE, 0);
  if (p->unit_cost > 0) jw_decimal(w, "unit_cost", p->unit_cost, STOCK_SCALE, 0);
  if (p->supplier) jw_text(w, "supplier", p->supplier);
  jw_put(w, "method", order_method_names[a->method], "state", stock_state_names[p->state], "available",
         arg_decimal(p->available, STOCK_SCALE, 0), "incoming", arg_decimal(p->incoming, STOCK_SCALE, 0),
         "reorder_point", arg_decimal(p->reorder_point, STOCK_SCALE, 0), "risk",
         ctx_printf(cx, "%.4f", p->risk), "reason", reason);
  put_detail(w, p, a);
  return form_save(cx, db, "reorder_proposal", &f, id);
}

static int set_status(struct ctx *cx, struct db *db, const char *id, const char *status, bool decided,
                      const char *note) {
  struct form f;
  struct jw *w = form_begin(&f, id);
  jw_text(w, "status", status);
  if (decided) jw_time(w, "decided_at", cx->now);
  if (note) jw_text(w, "note", note);
  return form_save(cx, db, "reorder_proposal", &f, NULL);
}

/* Orders that what came in covers. */
static int note_received(struct ctx *cx, struct db *db, const struct plan_pair *p,
                         struct reorder_counts *counts) {
  for (int i = 0; i < p->filled_count; i++) {
    struct reorder_event e = { .type = "PURCHASE_ORDER_RECEIVED",
                               .proposal = p->filled[i].id,
                               .sku = p->sku,
                               .place = p->place,
                               .quantity = p->filled[i].quantity };
    if (set_status(cx, db, p->filled[i].id, "received", false, NULL) || emit(cx, db, &e)) return cx->code;
    counts->received++;
  }
  return OK;
}

int reorder_consider(struct ctx *cx, struct db *db, const struct plan_pair *p,
                     struct reorder_counts *counts) {
  struct order_advice a;
  struct open_one open;
  plan_pair_order(p, &a);
  if (note_received(cx, db, p, counts) || find_open(cx, db, p, &open)) return cx->code;
  if (a.quantity == 0) {
    counts->withdrawn += open.id != NULL;
    return open.id ? set_status(cx, db, open.id, "dismissed", false, "not needed any more") : OK;
  }
  bool same = open.id && open.quantity == a.quantity && open.state &&
              !strcmp(open.state, stock_state_names[p->state]);
  if (same || (!open.id && was_dismissed(cx, db, p)) || cx->code) return cx->code;
  const char *id = open.id;
  const char *reason = ctx_printf(cx, "%s %s: %s. %s.", stock_text(cx, a.quantity), p->sku, why_now(cx, p),
                                  why_so_much(cx, p, &a));
  if (save(cx, db, p, &a, reason, &id)) return cx->code;
  crash_point("reorder");
  struct reorder_event e = { .type = "REORDER_TRIGGERED",
                             .proposal = id,
                             .sku = p->sku,
                             .place = p->place,
                             .supplier = p->supplier,
                             .reason = reason,
                             .quantity = a.quantity,
                             .pair = p };
  if (open.id)
    counts->changed++;
  else
    counts->proposed++;
  if (!open.id && emit(cx, db, &e)) return cx->code;
  e.type = "REORDER_RECOMMENDED";
  return open.id && open.quantity == a.quantity ? OK : emit(cx, db, &e);
}

/* ---- what people decide ---- */

static int decide(struct ctx *cx, struct db *db, const char *id, const char *status, const char *note,
                  struct reorder_event *e) {
  struct stmt *s = db_ask(cx, db, SQL_reorder_one, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no proposal %.80s", id);
  const char *was = col_dup(cx, s, 2);
  *e = (struct reorder_event){ .proposal = id,
                               .sku = col_dup(cx, s, 0),
                               .place = col_dup(cx, s, 1),
                               .supplier = col_dup(cx, s, 4),
                               .reason = col_dup(cx, s, 5),
                               .quantity = col_int(s, 3) };
  stmt_done(s);
  if (strcmp(was, "proposed") != 0) return fail(cx, E_CONFLICT, "id", "the proposal is %s already", was);
  return set_status(cx, db, id, status, true, note);
}

int reorder_accept(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct reorder_event e;
  if (decide(cx, db, id, "accepted", note, &e)) return cx->code;
  e.type = "PURCHASE_ORDER_CREATED";
  return emit(cx, db, &e);
}

int reorder_dismiss(struct ctx *cx, struct db *db, const char *id, const char *note) {
  struct reorder_event e;
  return decide(cx, db, id, "dismissed", note, &e);
}

/* ---- lists ---- */

int reorder_list(struct ctx *cx, struct db *db, const char *status, int64_t limit, struct jw *w,
                 const char *key) {
  static const char *const known[] = { "proposed", "accepted", "dismissed", "ordered", "received", "all" };
  bool is_known = !status;
  for (size_t i = 0; status && i < sizeof known / sizeof *known; i++) is_known |= !strcmp(status, known[i]);
  if (!is_known)
    return fail(cx, E_INVALID, "state",
                "a state is proposed, accepted, dismissed, ordered, received or all, not '%.40s'", status);
  struct stmt *s = db_ask(cx, db, SQL_reorder_list, status ? status : "proposed", limit);
  return columns_list(
      cx, s, w, key,
      "id: text?, sku: text?, name: text?, warehouse: text?, status: text?, quantity: number4?, "
      "unit_cost: number4?, supplier: text?, method: text?, state: text?, available: number4?, "
      "incoming: number4?, reorder_point: number4?, risk: number4?, reason: text?, detail: any, "
      "created_at: instant?, updated_at: instant?, decided_at: instant?, note: text?, "
      "reference: text?");
}

int reorder_totals(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_reorder_counts);
  jw_object(w, key);
  while (stmt_row(cx, s)) jw_int(w, ctx_strdup(cx, col_str(s, 0)), col_int(s, 1));
  jw_close(w, '}');
  return cx->code;
}

/* ---- the records' own rules ---- */

static int check_rule(struct ctx *cx, struct db *db, const char *id) {
  int64_t twins = stmt_number(cx, db_ask(cx, db, SQL_plan_rule_twins, id), 0);
  if (cx->code || !twins) return cx->code;
  return fail(cx, E_CONFLICT, "sku",
              "there is a rule for this item, warehouse and category already: change that one");
}

/* Accepting publishes a purchase order, which a bare change of the record would not. */
static int check_proposal(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_reorder_undecided, id);
  bool bad = stmt_row(cx, s);
  if (bad) stmt_done(s);
  if (!bad || cx->code) return cx->code;
  return fail(
      cx, E_INVALID, "status",
      "a proposal is accepted by `outpost stock reorder accept %s`, so that its purchase order is published",
      id);
}

const struct entity_hooks reorder_rule_hooks = { .check_row = check_rule };
const struct entity_hooks reorder_proposal_hooks = { .check_row = check_proposal };

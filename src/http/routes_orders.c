/* routes_orders.c - orders that are made here, and invoices beside them. */
#include "auth/identity.h"
#include "base/limits.h"
#include "base/time.h"
#include "field/order.h"
#include "http/routes.h"

enum { ORDERS = 50, ORDERS_MOST = 1000, RECENT = 10 };

/* ---- lists ---- */

static int list(struct request *rq, struct order_query *q, bool paged) {
  const char *next;
  int64_t total = 0;
  bool csv;
  struct buf rows;
  struct jw aside, *w = &rq->json;
  if (csv_asked(rq, &csv)) return rq->cx->code;
  if (csv) jw_begin(w = &aside, &rows, LIMIT_REPLY_BYTES);
  order_list(rq->cx, rq->db, q, w, "data", &total, &next);
  if (!paged) next = NULL;
  link_next(rq, "cursor", next);
  if (csv) {
    jw_close(w, '}');
    return rows_csv(rq, &rows, "orders", ORDER_MEMBERS);
  }
  jw_put(w, "total", total, "next", next);
  return rq->cx->code;
}

static int day_asked(struct request *rq, const char *name, const char **out) {
  int64_t at;
  int rc = query_text(rq, name, out);
  if (rc || !*out || (strlen(*out) == 10 && time_parse_iso(str_of(*out), &at))) return rc;
  return fail(rq->cx, E_INVALID, name, "%s is a day, such as 2024-02-29", name);
}

static int query_asked(struct request *rq, struct order_query *q) {
  int rc = store_in_query(rq, &q->store);
  if (!rc) rc = query_text(rq, "q", &q->search);
  if (!rc) rc = day_asked(rq, "from", &q->from);
  if (!rc) rc = day_asked(rq, "to", &q->to);
  if (!rc) rc = query_text(rq, "cursor", &q->cursor);
  return rc ? rc : query_int(rq, "limit", 1, ORDERS_MOST, ORDERS, &q->limit);
}

static int orders_list(struct request *rq) {
  struct order_query q = { 0 };
  int rc = query_asked(rq, &q);
  if (!rc) rc = query_choice(rq, "status", &q.status);
  if (!rc) rc = query_choice(rq, "source", &q.source);
  return rc ? rc : list(rq, &q, true);
}

static int orders_pending(struct request *rq) {
  struct order_query q = { .status = "pending", .made_here = true };
  int rc = query_asked(rq, &q);
  return rc ? rc : list(rq, &q, true);
}

static int orders_recent(struct request *rq) {
  return list(rq, &(struct order_query){ .limit = RECENT }, false);
}

/* Its tag leads with the version, which If-Match takes. An invoice has none: nobody changes it here. */
static int show_with_tag(struct request *rq, struct ctx *cx, struct db *db, const char *name) {
  char id[37];
  int64_t version;
  if (order_show(cx, db, name, &rq->json, "data")) return cx->code;
  if (!order_find(cx, db, name, id) && !order_version(cx, db, id, &version))
    rq->etag = tag_with_version(rq, "order", id, version);
  else if (cx->code == E_NOT_FOUND)
    ctx_forgive(cx);
  return cx->code;
}

static int order_show_one(struct request *rq) { return show_with_tag(rq, rq->cx, rq->db, rq->param[0]); }

/* ---- writing ---- */

struct order_task {
  struct request *rq;
  struct jv *body;           /* may be NULL */
  struct order_asked *asked; /* CREATE: what the body asks for */
  struct order_draft *made;
  enum { CREATE, GENERATE, REPLACE, CHANGE, APPROVE, CANCEL, REMOVE } act;
  struct order_by by;
};

static int act(struct ctx *cx, struct db *db, struct order_task *t, const char *id) {
  switch (t->act) {
  case CREATE:
  case GENERATE: break; /* see make */
  case REPLACE: return order_change(cx, db, id, t->body, true, &t->by);
  case CHANGE: return order_change(cx, db, id, t->body, false, &t->by);
  case APPROVE: return order_approve(cx, db, id, t->body, &t->by);
  case CANCEL: return order_cancel(cx, db, id, t->body);
  case REMOVE: break;
  }
  return order_delete(cx, db, id);
}

static void show_made(struct order_task *t) {
  struct request *rq = t->rq;
  rq->status = 201;
  rq->location = ctx_printf(rq->cx, "/api/orders/%s", order_made_id(t->made));
  order_show_made(rq->cx, t->made, &rq->json, "data");
  rq->etag = tag_with_version(rq, "order", order_made_id(t->made), 1);
}

/* A reply that is kept is written in the transaction; any other when the others have their turn. */
static int make(struct ctx *cx, struct db *db, struct order_task *t) {
  if (t->act == CREATE ? order_create(cx, db, t->asked, &t->by, &t->made)
                       : order_generate(cx, db, t->body, &t->by, &t->made))
    return cx->code;
  if (t->rq->once) show_made(t);
  return OK;
}

/* The order as it is after the change is read in the transaction that made it. */
static int run(struct ctx *cx, struct db *db, void *arg) {
  struct order_task *t = arg;
  struct request *rq = t->rq;
  char id[37];
  int64_t version;
  if (t->act == CREATE || t->act == GENERATE) return make(cx, db, t);
  if (order_find(cx, db, rq->param[0], id) || order_version(cx, db, id, &version) ||
      match_version(rq, cx, "order", id, version))
    return cx->code;
  if (act(cx, db, t, id)) return cx->code;
  if (t->act == REMOVE) {
    jw_record(&rq->json, "data", "id", id, "deleted", arg_bool(true));
    return OK;
  }
  return show_with_tag(rq, cx, db, id);
}

/* Who may let an order go beyond the credit limit. */
static bool may_override(const struct request *rq) {
  const struct identity *who = rq->who;
  return who && (who->open || !strcmp(who->role, "admin") || !strcmp(who->role, "planner"));
}

static int start(struct request *rq, struct order_task *t) {
  t->rq = rq;
  t->by = (struct order_by){ .may_override = may_override(rq) };
  int rc = OK;
  if (t->act < APPROVE) rc = body_json(rq, &t->body);
  if (t->act == APPROVE) rc = body_members_if_any(rq, "note, override", &t->body);
  if (t->act == CANCEL) rc = body_members_if_any(rq, "note", &t->body);
  if (!rc && t->act == CREATE) rc = order_ask(rq->cx, t->body, &t->asked);
  if (!rc) rc = write_once(rq, run, t);
  if (!rc && t->made && !rq->once) show_made(t);
  return rc;
}

static int order_post(struct request *rq) { return start(rq, &(struct order_task){ .act = CREATE }); }
static int order_generate_post(struct request *rq) {
  return start(rq, &(struct order_task){ .act = GENERATE });
}
static int order_put(struct request *rq) { return start(rq, &(struct order_task){ .act = REPLACE }); }
static int order_patch(struct request *rq) { return start(rq, &(struct order_task){ .act = CHANGE }); }
static int order_approve_post(struct request *rq) {
  return start(rq, &(struct order_task){ .act = APPROVE });
}
static int order_cancel_post(struct request *rq) { return start(rq, &(struct order_task){ .act = CANCEL }); }
static int order_remove(struct request *rq) { return start(rq, &(struct order_task){ .act = REMOVE }); }
static int order_bring_back(struct request *rq) {
  return record_do(rq, RECORD_RESTORE, entity_find("order"), rq->param[0], order_show);
}

/* ---- the addresses ---- */

const struct route orders_routes[] = {
  { "GET", "/api/orders", orders_list, "sales.read",
    "Orders made here and invoices, the newest business day first, as JSON or as CSV (Accept: text/csv).",
    .reply = "[#order_row]; total: int, next: text?",
    .query = "store, status: draft|pending|approved|invoiced|cancelled, source: "
             "invoice|manual|prediction|template|store|scan|quick|offline, q, from: day, to: day, limit: "
             "int, cursor, format: json|csv",
    .cached = true },
  { "POST", "/api/orders", order_post, "sales.write",
    "Makes an order: {store_id, items: [{product_id | sku | barcode | name | code, quantity, unit_price}], "
    "order_date, requested_date, due_date, status, notes, source, device, override, prediction_id}: that "
    "prediction, if nobody has decided on it, is approved with the order.",
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, prediction_id: id, ...}",
    .reply = "201 #order", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/orders/recent", orders_recent, "sales.read", "The ten newest by business day.",
    .reply = "[#order_row]; total: int, next: text?", .query = "format: json|csv", .cached = true },
  { "GET", "/api/orders/pending", orders_pending, "sales.read", "Orders that nobody has approved yet.",
    .reply = "[#order_row]; total: int, next: text?",
    .query = "store, q, from: day, to: day, limit: int, cursor, format: json|csv", .cached = true },
  { "POST", "/api/orders/generate", order_generate_post, "sales.write",
    "Makes an order from a prediction, an earlier order or invoice, or what is known of a store: "
    "{prediction_id | template_order_id | store_id, status, order_date, requested_date, notes, device, "
    "override}.",
    .body = "{prediction_id: id, template_order_id: id, store_id: id, status, order_date: day, "
            "requested_date: day, notes, device, override: bool, ...}",
    .reply = "201 #order", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/orders/{id}", order_show_one, "sales.read",
    "An order or invoice with its lines; {id} may be its number.", .reply = "#order", .reads = true },
  { "PUT", "/api/orders/{id}", order_put, "sales.write",
    "Changes an order as a whole: what the body does not name is emptied, lines are replaced. 409 when it is "
    "invoiced or cancelled.",
    .reply = "#order",
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, ...}",
    .body_max = LIMIT_BODY_BYTES },
  { "PATCH", "/api/orders/{id}", order_patch, "sales.write", "Changes what the body names.",
    .reply = "#order",
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, ...}",
    .body_max = LIMIT_BODY_BYTES },
  { "DELETE", "/api/orders/{id}", order_remove, "sales.write",
    "Deletes an order with its lines; it can be restored. 409 when it is invoiced.",
    .reply = "{id, deleted: bool}" },
  { "POST", "/api/orders/{id}/restore", order_bring_back, "sales.write", "Brings a deleted order back.",
    .reply = "#order" },
  { "POST", "/api/orders/{id}/approve", order_approve_post, "sales.write",
    "Approves it: {note, override}. 409 beyond the store's credit limit.", .reply = "#order",
    .body = "{note, override: bool}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/orders/{id}/cancel", order_cancel_post, "sales.write", "Cancels it: {note}.",
    .reply = "#order", .body = "{note}", .body_max = LIMIT_BODY_BYTES },
  { 0 },
};

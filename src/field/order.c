#include "field/order.h"

#include "base/decimal.h"
#include "base/time.h"
#include "field/again.h"
#include "field/amount.h"
#include "field/counted.h"
#include "field/history.h"
#include "field/order_internal.h"
#include "field/setting.h"

enum { NUMBER_DIGITS = 7, NUMBER_BLOCK = 10000000, PREFIX_MOST = 8 };

/* ---- what is given ---- */

bool name_listed(const char *list, struct str name) {
  for (const char *p = list + strspn(list, ", "); *p; p += strcspn(p, ", "), p += strspn(p, ", "))
    if (str_eq((struct str){ p, strcspn(p, ", ") }, name)) return true;
  return false;
}

int text_of(struct ctx *cx, const struct jv *body, const char *name, const char **out) {
  const struct jv *v = jv_get(body, name);
  *out = NULL;
  if (jv_kind(v) == JV_NULL) return OK;
  if (jv_kind(v) != JV_STRING) return fail(cx, E_INVALID, name, "%s has to be a text", name);
  if (jv_text(v).n) *out = ctx_strdup(cx, jv_text(v));
  return OK;
}

static int day_of(struct ctx *cx, const struct jv *body, const char *name, const char **out) {
  int64_t at;
  if (text_of(cx, body, name, out) || !*out) return cx->code;
  if (strlen(*out) == 10 && time_parse_iso(str_of(*out), &at)) return OK;
  return fail(cx, E_INVALID, name, "%s is a day, such as 2024-02-29", name);
}

static int flag_of(struct ctx *cx, const struct jv *body, const char *name, bool *out) {
  const struct jv *v = jv_get(body, name);
  *out = jv_kind(v) == JV_BOOL && str_eq(jv_text(v), STR("true"));
  return jv_kind(v) == JV_NULL || jv_kind(v) == JV_BOOL
             ? OK
             : fail(cx, E_INVALID, name, "%s is true or false", name);
}

int store_find(struct ctx *cx, struct db *db, const char *name, const char *field, const char **id,
               const char **called) {
  const struct known_row *row = name ? stmt_known(cx, db_stmt(cx, db, SQL_order_store), str_of(name)) : NULL;
  if (!row)
    return cx->code ? (int)cx->code
           : name   ? fail(cx, E_INVALID, field, "there is no store %.80s", name)
                  : fail(cx, E_INVALID, field, "%s is needed: the id of a store, or its customer_id", field);
  *id = row->cell[0].text.p;
  if (called) *called = row->cell[2].text.p;
  return str_eq(row->cell[1].text, STR("blocked"))
             ? fail(cx, E_CONFLICT, field, "%.200s is blocked: it is not sold to", row->cell[2].text.p)
             : OK;
}

static int check_device(struct ctx *cx, const char *device) {
  size_t n = device ? strlen(device) : 0;
  if (n <= PREFIX_MOST && (!device || strspn(device, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n)) return OK;
  return fail(cx, E_INVALID, "device",
              "device is what numbers begin with: up to %d capital letters and digits", PREFIX_MOST);
}

/* The way that people set; an order that is invoiced or cancelled is at its end. */
static const char *const way[] = { "draft", "pending", "approved" };
enum { WAY = sizeof way / sizeof *way };

static int place_of(const char *status) {
  int i = 0;
  while (i < WAY && strcmp(way[i], status) != 0) i++;
  return i;
}

/* now: what the order is; NULL: it is to be made. What may follow is said, whatever is wrong. */
static int check_status(struct ctx *cx, const char *now, const char *wanted) {
  static const char *const next[] = { "stays draft, or becomes pending or approved",
                                      "stays pending, or becomes approved", "stays approved" };
  int to = wanted ? place_of(wanted) : WAY, from = now ? place_of(now) : 0;
  if (!wanted || (to < WAY && to >= from)) return OK;
  if (!now)
    return fail(cx, E_INVALID, "status", "an order is made as draft, pending or approved, not '%.40s'",
                wanted);
  return fail(cx, to < WAY ? E_CONFLICT : E_INVALID, "status",
              "the order is %s: it %s, or is cancelled (POST /api/orders/{id}/cancel), and does not become "
              "'%.40s'",
              now, next[from], wanted);
}

void draft_read(struct ctx *cx, const struct jv *body, const char *now, struct order_draft *d) {
  const struct {
    const char *name;
    int (*read)(struct ctx *, const struct jv *, const char *, const char **);
    const char **out;
  } members[] = { { "order_date", day_of, &d->order_date }, { "requested_date", day_of, &d->requested_date },
                  { "due_date", day_of, &d->due_date },     { "status", text_of, &d->status },
                  { "notes", text_of, &d->notes },          { "device", text_of, &d->device } };
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    members[i].read(cx, body, members[i].name, members[i].out);
    fail_aside(cx);
  }
  flag_of(cx, body, "override", &d->override);
  fail_aside(cx);
  check_device(cx, d->device);
  fail_aside(cx);
  check_status(cx, now, d->status);
  fail_aside(cx);
}

/* ---- terms ---- */

static const char *later(struct ctx *cx, const char *day, int64_t days) {
  int64_t at = 0;
  char iso[DATE_SIZE];
  time_parse_iso(str_of(day), &at);
  return ctx_strdup(cx, str_of(date_iso(iso, (int32_t)(at / DAY_US + days))));
}

struct terms {
  int64_t days;
  bool limited;
  int64_t limit, open; /* 1/100 */
};

/* open: what is pending and approved of the store, without this order. */
static int terms_read(struct ctx *cx, struct db *db, const char *store, const char *but, struct terms *out) {
  const struct known_row *row = stmt_known(cx, db_stmt(cx, db, SQL_order_terms), str_of(store));
  *out = (struct terms){ .days = ORDER_TERMS_DAYS };
  if (!row) return cx->code;
  out->days = row->cell[0].number;
  out->limited = row->cell[1].text.p != NULL;
  out->limit = row->cell[1].number;
  if (!out->limited) return OK;
  struct stmt *s = db_stmt(cx, db, SQL_order_open_amount);
  stmt_text(s, 1, store);
  stmt_text(s, 2, but);
  if (!stmt_row(cx, s)) return cx->code;
  out->open = col_int(s, 0);
  stmt_done(s);
  return OK;
}

static const char *money(struct ctx *cx, int64_t v) {
  struct buf text;
  buf_init(&text, 64);
  dec_print(&text, v, MONEY_SCALE, MONEY_SCALE);
  const char *out = ctx_strdup(cx, buf_view(&text));
  buf_clear(&text);
  return out;
}

/* *over: it goes beyond the limit, and somebody who may has said that this is all right. */
static int check_limit(struct ctx *cx, const struct terms *t, int64_t total, bool override,
                       const struct order_by *by, bool *over) {
  *over = t->limited && t->open + total > t->limit;
  if (!*over || (override && by->may_override)) return OK;
  if (override)
    return fail(cx, E_DENIED, "override",
                "only an admin or a planner lets an order go beyond the credit limit");
  return fail(cx, E_CONFLICT, "total_amount",
              "the credit limit of this store is %s; %s are open already, and this order is %s",
              money(cx, t->limit), money(cx, t->open), money(cx, total));
}

/* ---- numbers ---- */

/* What an order's number begins with, "SO-". */
static int prefix_read(struct ctx *cx, struct db *db, const char *device, const char **out) {
  struct field_setting setting;
  if (!device && field_setting_read(cx, db, &setting)) return cx->code;
  *out = ctx_printf(cx, "%s-", device ? device : setting.prefix);
  return OK;
}

static int next_number(struct ctx *cx, struct db *db, const char *prefix, const char **out) {
  int64_t last = 0, block = 0; /* 0: no letter, 1: A */
  const struct known_row *row = stmt_known(cx, db_stmt(cx, db, SQL_order_last_number), str_of(prefix));
  if (row && row->cell[0].text.n) {
    const char *was = row->cell[0].text.p + strlen(prefix);
    if (*was >= 'A') block = *was++ - 'A' + 1;
    str_to_int((struct str){ was, NUMBER_DIGITS }, &last); /* "SO-0000007 (2)", too */
  }
  if (++last == NUMBER_BLOCK) last = 0, block++;
  if (block > 'Z' - 'A' + 1)
    return fail(cx, E_CONFLICT, "number",
                "all numbers of %s are given: order with another `device`, or set another order_prefix",
                prefix);
  *out = ctx_printf(cx, "%s%.1s%0*lld", prefix, block ? (char[]){ (char)('A' + block - 1) } : "",
                    NUMBER_DIGITS, (long long)last);
  return cx->code;
}

/* The next order need not look for it. */
static void number_given(struct ctx *cx, struct db *db, const char *prefix, const char *number) {
  stmt_learn(cx, db_stmt(cx, db, SQL_order_last_number), str_of(prefix), str_of(number));
}

/* ---- the door ---- */

/* Set while an order and its lines are saved: they fit when both are. */
static _Thread_local bool lines_follow;

/* ... and this: the order counts, so its lines do. */
static _Thread_local bool lines_count;

static int save_whole(struct ctx *cx, struct db *db, struct form *f, const char **id) {
  lines_follow = true;
  int rc = form_save(cx, db, "order", f, id);
  lines_follow = false;
  return rc;
}

struct sums {
  int64_t total, stated, count, stated_count, order_changed;
  bool deleted, lines_deleted;
  const char *order;
};

/* query: by the id of an order, or of a line. */
static int sums_read(struct ctx *cx, struct db *db, enum sql_id query, const char *id, struct sums *out) {
  struct stmt *s = db_stmt(cx, db, query);
  *out = (struct sums){ .deleted = true };
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return cx->code;
  *out = (struct sums){ col_int(s, 1), col_int(s, 2),      col_int(s, 3),      col_int(s, 4),
                        col_int(s, 5), col_int(s, 6) != 0, col_int(s, 7) != 0, col_dup(cx, s, 0) };
  stmt_done(s);
  return OK;
}

static int check_order(struct ctx *cx, struct db *db, const char *id) {
  struct sums s;
  if (lines_follow || sums_read(cx, db, SQL_order_sums, id, &s) || s.deleted) return cx->code;
  if (s.total == s.stated && s.count == s.stated_count) return OK;
  if (!s.count && s.lines_deleted) return OK; /* it is being restored: they follow */
  return fail(cx, E_CONFLICT, "total_amount",
              "total_amount is the sum of the order's lines, %s, and item_count their number, %lld",
              money(cx, s.total), (long long)s.count);
}

static bool counts(const char *status) { return !strcmp(status, "pending") || !strcmp(status, "approved"); }

static int save_lines(struct ctx *cx, struct db *db, const char *order, const char *status,
                      struct order_lines *lines, bool fresh) {
  lines_follow = true;
  lines_count = counts(status);
  int rc = lines_save(cx, db, order, lines, fresh);
  lines_follow = false;
  return rc;
}

static int line_added(struct ctx *cx, struct db *db, const struct draft *d) {
  bool counted = lines_follow ? lines_count : counted_is(cx, db, draft_text(d, "order_id"));
  return counted ? counted_line(cx, db, d) : (int)cx->code;
}

/* A line that was changed by itself changes its order. */
static int check_item(struct ctx *cx, struct db *db, const char *id) {
  struct sums s;
  struct form f;
  int64_t total;
  if (lines_follow) return OK;
  struct stmt *q = db_stmt(cx, db, SQL_order_item_now);
  stmt_text(q, 1, id);
  if (!stmt_row(cx, q)) return cx->code;
  bool right = amount_of_line(col_int(q, 0), col_int(q, 1), &total) && total == col_int(q, 2);
  stmt_done(q);
  if (!right)
    return fail(cx, E_INVALID, "total_price", "total_price is quantity times unit_price: %s",
                money(cx, total));
  if (sums_read(cx, db, SQL_order_sums_of_item, id, &s) || s.deleted || s.order_changed == cx->now)
    return cx->code;
  if (s.total == s.stated && s.count == s.stated_count) return OK;
  struct jw *w = form_begin(&f, s.order);
  jw_decimal(w, "total_amount", s.total, MONEY_SCALE, 0);
  jw_int(w, "item_count", s.count);
  return form_save(cx, db, "order", &f, NULL);
}

const struct entity_hooks order_hooks = { .added = counted_order, .check_row = check_order },
                          order_item_hooks = { .added = line_added, .check_row = check_item };

/* ---- create ---- */

static void put(struct jw *w, const char *name, const char *value) {
  if (value) jw_text(w, name, value);
}

static void write_approval(struct ctx *cx, struct jw *w) {
  jw_time(w, "approved_at", cx->now);
  jw_text(w, "approved_by", cx->actor);
}

static int draft_complete(struct ctx *cx, struct db *db, struct order_draft *d, const struct order_by *by) {
  struct terms t;
  char iso[DATE_SIZE];
  if (!d->status) d->status = "pending";
  if (!d->lines.count && counts(d->status))
    return fail(cx, E_INVALID, "items", "an order has at least one line");
  if (terms_read(cx, db, d->store, NULL, &t)) return cx->code;
  if (counts(d->status) && check_limit(cx, &t, d->lines.total, d->override, by, &d->over_limit))
    return cx->code;
  if (!d->order_date) d->order_date = ctx_strdup(cx, str_of(date_iso(iso, (int32_t)(cx->now / DAY_US))));
  if (!d->due_date) d->due_date = later(cx, d->order_date, t.days);
  if (!d->source) d->source = "manual";
  return OK;
}

int draft_save(struct ctx *cx, struct db *db, struct order_draft *d, const struct order_by *by) {
  const char *prefix = NULL;
  if (draft_complete(cx, db, d, by) || prefix_read(cx, db, d->device, &prefix) ||
      next_number(cx, db, prefix, &d->number))
    return cx->code;
  const struct record_cell cells[] = { CELL_TEXT("number", d->number),
                                       CELL_KNOWN("store_id", d->store),
                                       CELL_TEXT("order_date", d->order_date),
                                       CELL_TEXT("requested_date", d->requested_date),
                                       CELL_TEXT("due_date", d->due_date),
                                       CELL_TEXT("status", d->status),
                                       CELL_TEXT("source", d->source),
                                       CELL_TEXT("source_id", d->source_id),
                                       CELL_NUMBER("total_amount", d->lines.total),
                                       CELL_NUMBER("item_count", (int64_t)d->lines.count),
                                       CELL_TEXT("notes", d->notes),
                                       CELL_NUMBER("over_limit", d->over_limit),
                                       CELL_NUMBER("approved_at", cx->now),
                                       CELL_TEXT("approved_by", cx->actor) };
  size_t count = sizeof cells / sizeof *cells - (strcmp(d->status, "approved") ? 2 : 0);
  lines_follow = true;
  int rc = record_store(cx, db, entity_find("order"), NULL, cells, count, &d->id);
  lines_follow = false;
  if (rc) return cx->code;
  number_given(cx, db, prefix, d->number);
  if (save_lines(cx, db, d->id, d->status, &d->lines, true)) return cx->code;
  return again_order(cx, db, AGAIN_SECONDS);
}

static void check_members(struct ctx *cx, const struct jv *body) {
  static const char *const known = ", store_id, items, order_date, requested_date, due_date, status, notes, "
                                   "source, device, override, prediction_id, version, ";
  for (void *it = jv_first(body); it; it = jv_next(body, it)) {
    if (name_listed(known, jv_key(it))) continue;
    const char *name = ctx_strdup(cx, jv_key(it));
    fail(cx, E_INVALID, name, "an order has no '%.40s' that can be set; it has %.*s", name,
         (int)strlen(known) - 4, known + 2);
    if (!fail_aside(cx)) return;
  }
}

/* All of a body but its lines, each member by itself. */
static void read_members(struct ctx *cx, const struct jv *body, const char *now, struct order_draft *d,
                         const char **store) {
  check_members(cx, body);
  draft_read(cx, body, now, d);
  text_of(cx, body, "store_id", store);
  fail_aside(cx);
}

int order_ask(struct ctx *cx, const struct jv *body, struct order_asked **out) {
  struct order_asked *a = *out = ctx_alloc(cx, sizeof *a);
  read_members(cx, body, NULL, &a->draft, &a->store);
  text_of(cx, body, "source", &a->source);
  fail_aside(cx);
  text_of(cx, body, "prediction_id", &a->prediction);
  fail_aside(cx);
  if (jv_get(body, "items")) lines_ask(cx, jv_get(body, "items"), &a->lines);
  return fail_together(cx);
}

int order_create(struct ctx *cx, struct db *db, const struct order_asked *asked, const struct order_by *by,
                 struct order_draft **out) {
  struct order_draft *d = *out = ctx_alloc(cx, sizeof *d);
  bool settles = false;
  *d = asked->draft;
  d->source = asked->source ? asked->source : by->source;
  if (store_find(cx, db, asked->store, "store_id", &d->store, &d->store_name) && !fail_aside(cx))
    return cx->code;
  if (lines_find(cx, db, &asked->lines, &d->lines) || fail_together(cx)) return cx->code;
  if (asked->prediction && (!d->status || counts(d->status)))
    if (prediction_open(cx, db, asked->prediction, d->store, &settles)) return cx->code;
  if (settles) {
    d->source = "prediction";
    d->source_id = asked->prediction;
  }
  if (draft_save(cx, db, d, by)) return cx->code;
  return settles ? prediction_approve(cx, db, asked->prediction) : OK;
}

/* ---- one that is there ---- */

struct order_now {
  const char *store, *status, *date, *notes;
  int64_t total, version;
};

static int order_read(struct ctx *cx, struct db *db, const char *id, struct order_now *out) {
  struct stmt *s = db_stmt(cx, db, SQL_order_now);
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no order %.80s", id);
  *out = (struct order_now){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2),
                             col_dup(cx, s, 3), col_int(s, 4),     col_int(s, 5) };
  stmt_done(s);
  return OK;
}

static int check_open(struct ctx *cx, const struct order_now *o) {
  if (strcmp(o->status, "invoiced") != 0 && strcmp(o->status, "cancelled") != 0) return OK;
  return fail(cx, E_CONFLICT, "status", "the order is %s: it is not changed any more", o->status);
}

int order_find(struct ctx *cx, struct db *db, const char *name, char id[static 37]) {
  return record_id(cx, db, entity_find("order"), name, id);
}

int order_version(struct ctx *cx, struct db *db, const char *id, int64_t *version) {
  struct order_now o = { 0 };
  int rc = order_read(cx, db, id, &o);
  *version = o.version;
  return rc;
}

struct change {
  struct order_draft draft;
  bool whole, lines;
};

static void write_change(struct ctx *cx, struct jw *w, const struct change *c, const struct order_now *o,
                         const struct terms *t, const char *status, const char *store, bool over) {
  const struct order_draft *d = &c->draft;
  const char *date = d->order_date ? d->order_date : o->date;
  bool moved = d->order_date || strcmp(store, o->store) != 0;
  jw_text(w, "store_id", store);
  jw_text(w, "order_date", date);
  if (d->due_date || moved || c->whole)
    jw_text(w, "due_date", d->due_date ? d->due_date : later(cx, date, t->days));
  if (d->requested_date || c->whole) jw_text(w, "requested_date", d->requested_date);
  if (d->notes || c->whole) jw_text(w, "notes", d->notes);
  jw_text(w, "status", status);
  if (c->lines) jw_decimal(w, "total_amount", d->lines.total, MONEY_SCALE, 0);
  if (c->lines) jw_int(w, "item_count", (int64_t)d->lines.count);
  if (over) jw_bool(w, "over_limit", true);
  if (!strcmp(status, "approved") && strcmp(o->status, "approved") != 0) write_approval(cx, w);
}

static int change_save(struct ctx *cx, struct db *db, const char *id, struct change *c,
                       const struct order_now *o, const struct order_by *by) {
  struct order_draft *d = &c->draft;
  const char *status = d->status ? d->status : o->status, *store = d->store ? d->store : o->store;
  struct terms t;
  struct form f;
  bool over = false;
  int64_t total = c->lines ? d->lines.total : o->total;
  if (terms_read(cx, db, store, id, &t)) return cx->code;
  if (c->lines && !d->lines.count && counts(status))
    return fail(cx, E_INVALID, "items", "an order has at least one line");
  bool more = total > o->total || !counts(o->status) || strcmp(store, o->store) != 0;
  if (counts(status) && more && check_limit(cx, &t, total, d->override, by, &over)) return cx->code;
  write_change(cx, form_begin(&f, id), c, o, &t, status, store, over);
  if (save_whole(cx, db, &f, NULL)) return cx->code;
  if (c->lines && save_lines(cx, db, id, status, &d->lines, false)) return cx->code;
  return again_order(cx, db, AGAIN_SECONDS);
}

static int check_version(struct ctx *cx, const struct jv *body, const struct order_now *o) {
  struct str wanted = jv_text(jv_get(body, "version"));
  if (!wanted.p || str_eq(wanted, str_of(ctx_printf(cx, "%lld", (long long)o->version)))) return OK;
  return fail(cx, E_CONFLICT, "version", "the order was changed meanwhile: it is at version %lld",
              (long long)o->version);
}

int order_change(struct ctx *cx, struct db *db, const char *id, const struct jv *body, bool whole,
                 const struct order_by *by) {
  struct change c = { .whole = whole };
  struct order_now o;
  struct asked_lines asked;
  const char *store;
  if (order_read(cx, db, id, &o) || check_open(cx, &o) || check_version(cx, body, &o)) return cx->code;
  read_members(cx, body, o.status, &c.draft, &store);
  if (cx->code) return cx->code;
  if (store && store_find(cx, db, store, "store_id", &c.draft.store, NULL) && !fail_aside(cx))
    return cx->code;
  c.lines = jv_get(body, "items") != NULL;
  if (c.lines) lines_ask(cx, jv_get(body, "items"), &asked);
  if (fail_together(cx)) return cx->code;
  if (c.lines && (lines_find(cx, db, &asked, &c.draft.lines) || fail_together(cx))) return cx->code;
  return change_save(cx, db, id, &c, &o, by);
}

static const char *more_notes(struct ctx *cx, const struct order_now *o, const char *note) {
  return !note ? o->notes : o->notes ? ctx_printf(cx, "%s\n%s", o->notes, note) : note;
}

int order_approve(struct ctx *cx, struct db *db, const char *id, const struct jv *body,
                  const struct order_by *by) {
  struct order_now o;
  struct change c = { .draft = { .status = "approved" } };
  const char *note;
  if (order_read(cx, db, id, &o) || check_open(cx, &o)) return cx->code;
  if (!strcmp(o.status, "approved")) return fail(cx, E_CONFLICT, "status", "the order is approved already");
  if (text_of(cx, body, "note", &note) || flag_of(cx, body, "override", &c.draft.override)) return cx->code;
  if (note) c.draft.notes = more_notes(cx, &o, note);
  return change_save(cx, db, id, &c, &o, by);
}

int order_cancel(struct ctx *cx, struct db *db, const char *id, const struct jv *body) {
  struct order_now o;
  struct form f;
  const char *note;
  if (order_read(cx, db, id, &o) || check_open(cx, &o) || text_of(cx, body, "note", &note)) return cx->code;
  struct jw *w = form_begin(&f, id);
  jw_text(w, "status", "cancelled");
  put(w, "notes", more_notes(cx, &o, note));
  return save_whole(cx, db, &f, NULL) ? (int)cx->code : again_order(cx, db, AGAIN_SECONDS);
}

int order_delete(struct ctx *cx, struct db *db, const char *id) {
  struct order_now o;
  if (order_read(cx, db, id, &o)) return cx->code;
  if (!strcmp(o.status, "invoiced"))
    return fail(cx, E_CONFLICT, "status", "the order is invoiced: it is part of the books");
  return record_delete(cx, db, entity_find("order"), id) ? (int)cx->code : again_order(cx, db, AGAIN_SECONDS);
}

/* ---- invoices settle orders ---- */

int order_settle(struct ctx *cx, struct db *db) {
  struct settled {
    const char *id, *invoice;
    struct settled *next;
  } *all = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_order_unsettled);
  while (stmt_row(cx, s)) {
    struct settled *one = ctx_alloc(cx, sizeof *one);
    *one = (struct settled){ col_dup(cx, s, 0), col_dup(cx, s, 1), all };
    all = one;
  }
  for (; all && !cx->code; all = all->next) {
    struct form f;
    struct jw *w = form_begin(&f, all->id);
    jw_text(w, "status", all->invoice ? "invoiced" : "approved");
    jw_text(w, "invoice_id", all->invoice);
    save_whole(cx, db, &f, NULL);
  }
  return cx->code;
}

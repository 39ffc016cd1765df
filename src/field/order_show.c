#include "base/base64.h"
#include "base/limits.h"
#include "base/time.h"
#include "field/history.h"
#include "field/order_internal.h"
#include "store/search.h"

/* ---- columns ---- */

static void put_text(struct jw *w, const char *name, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, name, NULL);
  else
    jw_str(w, name, col_str(s, i));
}

static void put_time(struct jw *w, const char *name, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, name, NULL);
  else
    jw_time(w, name, col_int(s, i));
}

static void put_money(struct jw *w, const char *name, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, name, NULL);
  else
    jw_number(w, name, col_int(s, i), FIELD_SCALE, 2);
}

/* What a list shows of an order or invoice: columns 0 to 12 of the queries here. */
static void write_order(struct jw *w, const struct stmt *s) {
  put_text(w, "id", s, 0);
  put_text(w, "number", s, 1);
  put_text(w, "store_id", s, 2);
  put_text(w, "store_name", s, 3);
  put_text(w, "order_date", s, 4);
  put_text(w, "requested_date", s, 5);
  put_text(w, "due_date", s, 6);
  put_text(w, "status", s, 7);
  put_text(w, "source", s, 8);
  put_money(w, "total_amount", s, 9);
  jw_int(w, "item_count", col_int(s, 10));
  put_text(w, "invoice_id", s, 11);
  put_text(w, "notes", s, 12);
}

/* ---- one ---- */

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

const char *order_invoice_number(struct ctx *cx, const char *id) {
  size_t n = id ? strlen(id) : 0;
  if (n < 3 || n % 2 == 0 || id[0] != 'i' || strspn(id + 1, "0123456789ABCDEF") != n - 1) return id;
  char *out = ctx_alloc(cx, n / 2 + 1);
  for (size_t i = 0; i < n / 2; i++) out[i] = (char)(digit(id[1 + 2 * i]) * 16 + digit(id[2 + 2 * i]));
  return strlen(out) == n / 2 ? out : id;
}

static void write_lines(struct ctx *cx, struct db *db, enum sql_id query, const char *of, struct jw *w) {
  struct stmt *s = db_stmt(cx, db, query);
  stmt_text(s, 1, of);
  jw_array(w, "items");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    put_text(w, "id", s, 0);
    put_text(w, "product_id", s, 1);
    put_text(w, "product", s, 2);
    put_text(w, "sku", s, 3);
    put_text(w, "unit", s, 4);
    jw_number(w, "quantity", col_int(s, 5), FIELD_SCALE, 0);
    put_money(w, "unit_price", s, 6);
    put_money(w, "total_price", s, 7);
    put_text(w, "note", s, 8);
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

int order_show(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key) {
  struct stmt *s = db_stmt(cx, db, SQL_order_one);
  stmt_text(s, 1, order_invoice_number(cx, id));
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no order or invoice %.80s", id);
  jw_object(w, key);
  write_order(w, s);
  bool invoice = str_eq(col_str(s, 8), STR("invoice"));
  const char *of = col_dup(cx, s, invoice ? 1 : 0);
  if (!invoice) {
    put_text(w, "source_id", s, 13);
    jw_bool(w, "over_limit", col_int(s, 14) != 0);
    put_time(w, "approved_at", s, 15);
    put_text(w, "approved_by", s, 16);
    jw_int(w, "version", col_int(s, 17));
    put_time(w, "created_at", s, 18);
    put_text(w, "created_by", s, 19);
    put_time(w, "updated_at", s, 20);
    put_text(w, "updated_by", s, 21);
  }
  stmt_done(s);
  write_lines(cx, db, invoice ? SQL_order_items_of_invoice : SQL_order_items_of_order, of, w);
  jw_close(w, '}');
  return cx->code;
}

/* ---- one that was made just now ---- */

static void write_made_line(struct jw *w, const struct order_line *l) {
  jw_object(w, NULL);
  jw_text(w, "id", l->id);
  jw_text(w, "product_id", l->product);
  jw_text(w, "product", l->name);
  jw_text(w, "sku", l->sku);
  jw_text(w, "unit", l->unit);
  jw_number(w, "quantity", l->quantity, FIELD_SCALE, 0);
  jw_number(w, "unit_price", l->unit_price, FIELD_SCALE, 2);
  jw_number(w, "total_price", l->total, MONEY_SCALE, 2);
  jw_text(w, "note", l->note);
  jw_close(w, '}');
}

static void write_made_stamps(struct ctx *cx, const struct order_draft *d, struct jw *w) {
  bool approved = !strcmp(d->status, "approved");
  jw_text(w, "source_id", d->source_id);
  jw_bool(w, "over_limit", d->over_limit);
  jw_time_known(w, "approved_at", approved ? cx->now : 0);
  jw_text(w, "approved_by", approved ? cx->actor : NULL);
  jw_int(w, "version", 1);
  jw_time(w, "created_at", cx->now);
  jw_text(w, "created_by", cx->actor);
  jw_time(w, "updated_at", cx->now);
  jw_text(w, "updated_by", cx->actor);
}

/* As order_show has it. */
void order_show_made(struct ctx *cx, const struct order_draft *d, struct jw *w, const char *key) {
  jw_object(w, key);
  jw_text(w, "id", d->id);
  jw_text(w, "number", d->number);
  jw_text(w, "store_id", d->store);
  jw_text(w, "store_name", d->store_name);
  jw_text(w, "order_date", d->order_date);
  jw_text(w, "requested_date", d->requested_date);
  jw_text(w, "due_date", d->due_date);
  jw_text(w, "status", d->status);
  jw_text(w, "source", d->source);
  jw_number(w, "total_amount", d->lines.total, MONEY_SCALE, 2);
  jw_int(w, "item_count", (int64_t)d->lines.count);
  jw_text(w, "invoice_id", NULL);
  jw_text(w, "notes", d->notes);
  write_made_stamps(cx, d, w);
  jw_array(w, "items");
  for (size_t i = 0; i < d->lines.count; i++) write_made_line(w, &d->lines.line[i]);
  jw_close(w, ']');
  jw_close(w, '}');
}

const char *order_made_id(const struct order_draft *d) { return d->id; }

/* ---- lists ---- */

/* The cursor: the day, kind and number of the last row, separated by blanks. */
static const char *cursor_make(struct ctx *cx, const struct stmt *s) {
  struct buf out;
  char *text = ctx_printf(cx, "%.*s " STR_FMT, 10, col_str(s, 4).p, STR_ARG(col_str(s, 1)));
  buf_init(&out, LIMIT_TEXT_BYTES);
  base64url_put(&out, text, strlen(text));
  const char *cursor = ctx_strdup(cx, buf_view(&out));
  buf_clear(&out);
  return cursor;
}

static int cursor_read(struct ctx *cx, const char *cursor, const char **day, const char **number) {
  struct buf text;
  int64_t at;
  *day = *number = NULL;
  if (!cursor) return OK;
  buf_init(&text, LIMIT_TEXT_BYTES);
  bool good = base64url_get(&text, str_of(cursor)) && text.n > 11 && text.p[10] == ' ';
  if (good)
    *day = ctx_strdup(cx, (struct str){ text.p, 10 }),
    *number = ctx_strdup(cx, (struct str){ text.p + 11, text.n - 11 });
  buf_clear(&text);
  if (good && time_parse_iso(str_of(*day), &at)) return OK;
  return fail(cx, E_INVALID, "cursor", "this cursor belongs to another list: take the one that `next` gave");
}

static const char *pattern_of(struct ctx *cx, const char *search) {
  struct buf out;
  if (!search) return NULL;
  buf_init(&out, LIMIT_TEXT_BYTES);
  buf_char(&out, '%');
  search_plain(&out, str_of(search));
  buf_char(&out, '%');
  return ctx_take(cx, &out);
}

static void bind(struct ctx *cx, struct stmt *s, const struct order_query *q) {
  stmt_text(s, 1, q->store);
  stmt_text(s, 2, q->status);
  stmt_text(s, 3, q->source);
  stmt_text(s, 4, q->from);
  stmt_text(s, 5, q->to);
  stmt_text(s, 6, pattern_of(cx, q->search));
  stmt_int(s, 7, q->made_here);
}

static bool asks_for_all(const struct order_query *q) {
  return !q->store && !q->status && !q->source && !q->from && !q->to && !q->search && !q->made_here;
}

int order_list(struct ctx *cx, struct db *db, const struct order_query *q, struct jw *w, const char *key,
               int64_t *total, const char **next) {
  const char *day, *number, *last = NULL;
  int64_t count = 0;
  *next = NULL;
  if (cursor_read(cx, q->cursor, &day, &number)) return cx->code;
  bool all = asks_for_all(q);
  struct stmt *s = db_stmt(cx, db,
                           all        ? SQL_order_count_all
                           : q->store ? SQL_order_count_of_store
                                      : SQL_order_count);
  if (!all) bind(cx, s, q);
  if (stmt_row(cx, s)) *total = col_int(s, 0), stmt_done(s);
  s = db_stmt(cx, db, q->store ? SQL_order_list_of_store : SQL_order_list);
  bind(cx, s, q);
  stmt_text(s, 8, day);
  stmt_text(s, 9, number);
  stmt_int(s, 10, q->limit + 1);
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    if (count++ == q->limit) {
      *next = last;
      stmt_done(s);
      break;
    }
    jw_object(w, NULL);
    write_order(w, s);
    jw_close(w, '}');
    if (count == q->limit) last = cursor_make(cx, s);
  }
  jw_close(w, ']');
  return cx->code;
}

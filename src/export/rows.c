#include "export/rows.h"

#include "base/time.h"
#include "export/tally.h"

/* What rows_read takes beside the parameters of the scope. */
static const char *const rows_params[] = { "q", "limit", "after", NULL };

static int rows_read(struct ctx *cx, const struct params *p, struct rows_query *q) {
  q->prefix = params_get(p, "q");
  q->after = params_get(p, "after");
  return params_int(cx, p, "limit", 1, ROWS_MOST, ROWS_LIMIT, &q->limit);
}

/* ---- one row ---- */

enum { KEY, RUN, RECORD, FIELDS };

void data_row_take(struct ctx *cx, struct db *db, const struct dataset *d, const struct stmt *s,
                   struct data_row *out) {
  struct str key = col_str(s, KEY);
  *out = (struct data_row){ .dataset = d, .run = col_int(s, RUN), .record = col_int(s, RECORD) };
  out->key = (struct str){ ctx_strdup(cx, key), key.n };
  for (int i = 0; i < d->field_count; i++) {
    struct value *v = &out->value[i];
    if (d->fields[i].kind == FIELD_TEXT) {
      struct str text = col_str(s, FIELDS + i);
      bool is_key = col_null(s, FIELDS + i);
      v->text = is_key ? out->key : (struct str){ ctx_strdup(cx, text), text.n };
    } else {
      v->number = col_null(s, FIELDS + i) ? VALUE_NONE : col_int(s, FIELDS + i);
      if (d->fields[i].kind == FIELD_CODE) v->text = str_of(term_text(cx, db, v->number));
    }
  }
}

/* From a record that was judged again. */
static void data_row_judged(const struct dataset *d, int64_t run, const struct judged *j,
                            struct data_row *out) {
  *out = (struct data_row){ .dataset = d, .key = j->key, .run = run, .record = (int64_t)j->record };
  memcpy(out->value, j->values, (size_t)d->field_count * sizeof *out->value);
}

int run_name(struct ctx *cx, struct db *db, int64_t run, struct run_name *out) {
  struct stmt *s = db_stmt(cx, db, SQL_rows_run);
  *out = (struct run_name){
    .id = run, .uuid = "?", .source = "?", .kind = "?", .actor = "?", .encoding = "UTF-8"
  };
  if (s) stmt_int(s, 1, run);
  while (stmt_row(cx, s))
    *out = (struct run_name){ .id = run,
                              .uuid = col_dup(cx, s, 0),
                              .source = col_dup(cx, s, 1),
                              .kind = col_dup(cx, s, 2),
                              .actor = col_dup(cx, s, 3),
                              .started = col_int(s, 4),
                              .undone = col_int(s, 5),
                              .encoding = col_null(s, 6) ? "UTF-8" : col_dup(cx, s, 6) };
  return cx->code;
}

static void data_row_values(struct jw *w, const char *key, const struct data_row *r) {
  char day[DATE_SIZE];
  jw_object(w, key);
  for (int i = 0; i < r->dataset->field_count; i++) {
    const struct field *f = &r->dataset->fields[i];
    if (r->value[i].number == VALUE_NONE && f->kind != FIELD_CODE)
      jw_text(w, f->name, NULL);
    else if (f->kind == FIELD_DATE)
      jw_text(w, f->name, date_iso(day, (int32_t)r->value[i].number));
    else if (f->kind == FIELD_DECIMAL)
      jw_decimal(w, f->name, r->value[i].number, f->scale, 2);
    else
      jw_str(w, f->name, r->value[i].text);
  }
  jw_close(w, '}');
}

void place_write(struct jw *w, const struct kept_record *at) {
  jw_put(w, "line", at->line, "offset", at->offset, "length", at->length);
}

void raw_write(struct jw *w, const char *encoding, struct str bytes) {
  struct buf raw;
  if (!bytes.p) {
    jw_text(w, "raw", NULL);
    return;
  }
  buf_init(&raw, 4 * LIMIT_RECORD_BYTES);
  text_show(encoding, bytes, &raw);
  struct str text = buf_view(&raw);
  while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) text.n--;
  jw_str(w, "raw", text);
  buf_clear(&raw);
}

int data_row_write(struct ctx *cx, struct db *db, struct jw *w, const struct data_row *r,
                   const struct run_name *name, bool raw) {
  struct kept_record at;
  bool found = !(raw ? kept_bytes : kept_place)(cx, db, r->run, r->record, &at);
  if (!found && cx->code == E_NOT_FOUND) ctx_forgive(cx); /* a row that came from nowhere is shown, too */
  jw_str(w, "key", r->key);
  jw_put(w, "run", name->uuid, "record", r->record, "source", name->source);
  if (found) place_write(w, &at);
  jw_text(w, "fate", r->fate);
  data_row_values(w, "values", r);
  if (found && raw) raw_write(w, name->encoding, at.bytes);
  return cx->code;
}

/* ---- the scan ---- */

/* What a page may look at. */
enum { LOOK_ROWS = 200000, LOOK_OFTEN = 512 };
static const double LOOK_SECONDS = 0.04;

struct page {
  const struct rows_query *q;
  struct jw *w;
  struct rows_result *out;
  double began;
  int64_t found, total;
  struct run_name name;
  struct buf last; /* the key looked at last, or empty */
  bool more;       /* the scan did not come to its end */
};

/* A cursor is "FOUND.TOTAL~KEY": with the same total, the scan may end once all is found. */
static int read_cursor(struct ctx *cx, struct page *pg, int64_t *total) {
  const char *after = pg->q->after, *dot = after ? strchr(after, '.') : NULL,
             *tilde = dot ? strchr(dot, '~') : NULL;
  if (!after) return OK;
  if (!tilde || !str_to_int((struct str){ after, (size_t)(dot - after) }, &pg->found) ||
      !str_to_int((struct str){ dot + 1, (size_t)(tilde - dot - 1) }, total))
    return fail(cx, E_INVALID, "after", "after is what `next` of the page before said");
  buf_puts(&pg->last, tilde + 1);
  return OK;
}

static bool may_go_on(struct page *pg) {
  int64_t looked = ++pg->out->looked;
  if (looked >= LOOK_ROWS) return false;
  return looked % LOOK_OFTEN != 0 || time_seconds() - pg->began < LOOK_SECONDS;
}

static bool is_full(const struct page *pg, int64_t first) { return pg->found - first >= pg->q->limit; }

static void note_run(struct rows_result *out, const struct run_name *name) {
  for (int i = 0; i < out->run_count; i++)
    if (out->run_ids[i] == name->id) return;
  if (out->run_count == ROWS_RUNS) return;
  out->run_ids[out->run_count] = name->id;
  out->runs[out->run_count++] = name->uuid;
}

static int write_row(struct ctx *cx, struct db *db, struct page *pg, struct data_row *r) {
  if (pg->name.id != r->run && run_name(cx, db, r->run, &pg->name)) return cx->code;
  note_run(pg->out, &pg->name);
  jw_object(pg->w, NULL);
  data_row_write(cx, db, pg->w, r, &pg->name, pg->q->raw);
  jw_close(pg->w, '}');
  pg->found++;
  return cx->code;
}

/* One of the two tables that hold rows, from a key on. */
struct table {
  struct stmt *s;
  const char *fate;
  bool on; /* stands on a row */
};

static bool key_less(struct str a, struct str b) {
  int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return order < 0 || (order == 0 && a.n < b.n);
}

static void open_table(struct ctx *cx, struct db *db, const struct page *pg, bool past, struct str from,
                       bool including, struct table *t) {
  const struct scope *s = &pg->q->scope;
  const char *name = past ? s->dataset->past_table : s->dataset->table;
  t->fate = past ? "replaced" : "clean";
  t->s = db_compose(cx, db,
                    ctx_printf(cx, "SELECT %s FROM %s WHERE key %s ?1%s%s ORDER BY key",
                               dataset_row_columns(cx, s->dataset), name, including ? ">=" : ">",
                               s->current ? "" : " AND key <= ?2", s->current ? "" : " AND run = ?3"));
  if (!t->s) return;
  stmt_str(t->s, 1, from);
  if (!s->current) {
    stmt_str(t->s, 2, s->run.key_max);
    stmt_int(t->s, 3, s->run.id);
  }
  t->on = stmt_row(cx, t->s);
}

/* The table whose row comes next; NULL at the end. */
static struct table *next_of(struct table *a, struct table *b) {
  if (!a->on || !b->on) return a->on ? a : b->on ? b : NULL;
  return key_less(col_str(b->s, KEY), col_str(a->s, KEY)) ? b : a;
}

static bool begins(struct str key, const char *prefix) { return !prefix || str_starts(key, str_of(prefix)); }

static int scan(struct ctx *cx, struct db *db, struct page *pg) {
  const struct scope *s = &pg->q->scope;
  int64_t first = pg->found;
  struct str from = str_of(ctx_strdup(cx, buf_view(&pg->last)));
  struct table top = { 0 }, past = { 0 }, *t;
  bool including = from.n == 0;
  if (pg->q->prefix && key_less(from, str_of(pg->q->prefix))) from = str_of(pg->q->prefix), including = true;
  if (!s->current && key_less(from, s->run.key_min)) from = s->run.key_min, including = true;
  open_table(cx, db, pg, false, from, including, &top);
  if (!s->current) open_table(cx, db, pg, true, from, including, &past);
  while (!cx->code && !pg->more && (t = next_of(&top, &past))) {
    struct str key = col_str(t->s, KEY);
    if (!begins(key, pg->q->prefix)) break;
    if (scope_holds(s, t->s, FIELDS)) {
      struct data_row r;
      if (is_full(pg, first)) {
        pg->more = true;
        break;
      }
      data_row_take(cx, db, s->dataset, t->s, &r);
      r.fate = t->fate;
      write_row(cx, db, pg, &r);
      if (pg->total >= 0 && pg->found >= pg->total) break;
    }
    buf_reset(&pg->last);
    buf_str(&pg->last, key);
    pg->more = !may_go_on(pg);
    t->on = stmt_row(cx, t->s);
  }
  if (top.s) stmt_done(top.s);
  if (past.s) stmt_done(past.s);
  return cx->code;
}

/* ---- of a run that was undone ---- */

static bool is_reject(struct ctx *cx, struct db *db, int64_t run, int64_t record) {
  bool found = false;
  struct stmt *s = db_ask(cx, db, SQL_rows_is_reject, run << 32 | record);
  while (stmt_row(cx, s)) found = true;
  return found;
}

static bool judged_holds(const struct scope *s, const struct judged *j) {
  for (int i = 0; i < s->filter_count; i++)
    if (!str_eq(j->values[s->filter[i].field].text, str_of(s->filter[i].text))) return false;
  int64_t day = s->day >= 0 ? j->values[s->day].number : 0;
  return (!s->has_from || day >= s->from) && (!s->has_to || day <= s->to);
}

/* The cursor's key is the record here. */
static int scan_bytes(struct ctx *cx, struct db *db, struct page *pg) {
  const struct scope *s = &pg->q->scope;
  int64_t record = 0, begin, first = pg->found;
  struct kept_judge *k;
  struct kept_record at;
  struct judged j;
  struct data_row r;
  if (pg->last.n && !str_to_int(buf_view(&pg->last), &record))
    return fail(cx, E_INVALID, "after", "after is what `next` of the page before said");
  begin = record;
  if (kept_judge_new(cx, db, &s->run, &k)) return cx->code;
  while (!kept_next(cx, db, s->run.id, record + 1, &at)) {
    bool late =
        record > begin && time_seconds() - pg->began > LOOK_SECONDS; /* a page gets on, however slowly */
    if (is_full(pg, first) || late) {
      pg->more = true;
      break;
    }
    record = at.record;
    buf_reset(&pg->last);
    buf_int(&pg->last, record);
    if (is_reject(cx, db, s->run.id, record)) continue;
    if (kept_record(cx, db, s->run.id, record, &at) || kept_judge_row(cx, k, &at, &j)) break;
    if (!begins(j.key, pg->q->prefix) || !judged_holds(s, &j)) continue;
    data_row_judged(s->dataset, s->run.id, &j, &r);
    r.fate = "undone";
    write_row(cx, db, pg, &r);
    if (pg->total >= 0 && pg->found >= pg->total) break;
  }
  if (cx->code == E_NOT_FOUND) ctx_forgive(cx); /* that was the last one */
  return cx->code;
}

/* ---- a page ---- */

static int count_rows(struct ctx *cx, struct db *db, const struct scope *s, int64_t *total) {
  struct stmt *q = db_compose(
      cx, db,
      ctx_printf(cx, "SELECT coalesce(sum(orders), 0) FROM %s%s", scope_totals(s), scope_where(cx, s)));
  if (q) scope_bind(s, q);
  while (stmt_row(cx, q)) *total = col_int(q, 0);
  return cx->code;
}

int rows_write(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct rows_query *q,
               struct rows_result *out) {
  struct page pg = { .q = q, .w = w, .out = out, .began = time_seconds(), .total = -1 };
  int64_t total_then = -1;
  *out = (struct rows_result){ .total = -1 };
  buf_init(&pg.last, 2 * LIMIT_KEY_BYTES);
  if (!read_cursor(cx, &pg, &total_then) && !q->prefix) count_rows(cx, db, &q->scope, &out->total);
  if (!q->after || total_then == out->total) pg.total = out->total;
  jw_array(w, key);
  if (!cx->code && q->scope.undone)
    scan_bytes(cx, db, &pg);
  else if (!cx->code && pg.total != 0 && (q->scope.current || q->scope.run.clean > 0))
    scan(cx, db, &pg);
  jw_close(w, ']');
  if (pg.more)
    out->next = ctx_printf(cx, "%lld.%lld~" STR_FMT, (long long)pg.found, (long long)out->total,
                           STR_ARG(buf_view(&pg.last)));
  buf_clear(&pg.last);
  return cx->code;
}

int rows_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p) {
  struct rows_query q = { 0 };
  struct rows_result result;
  if (rows_read(cx, p, &q) || scope_read(cx, db, NULL, p, rows_params, &q.scope)) return cx->code;
  if (rows_write(cx, db, w, key, &q, &result)) return cx->code;
  if (result.total >= 0)
    jw_int(w, "total", result.total);
  else
    jw_text(w, "total", NULL);
  jw_text(w, "next", result.next);
  return OK;
}

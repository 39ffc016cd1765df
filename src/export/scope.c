#include "export/scope.h"

#include "base/time.h"

static const char *const scope_params[] = { "as", "run", "from", "to", "tenant", NULL };

/* Places of the parameters in statements. */
enum { RUN = 1, FROM, TO, GROUP };

int scope_dataset(struct ctx *cx, const char *name, const struct dataset **out) {
  const char *names = dataset_names();
  if (!name) name = ctx_strdup(cx, (struct str){ names, strcspn(names, ",") });
  *out = dataset_find(name);
  if (*out) return OK;
  return fail(cx, E_NOT_FOUND, "as", "there is no dataset %.80s; there are: %s", name, names);
}

/* YYYY-MM-DD and nothing else. */
static int read_day(struct ctx *cx, const char *name, const char *text, int32_t *out) {
  int64_t us;
  if (strlen(text) != 10 || !time_parse_iso(str_of(text), &us))
    return fail(cx, E_INVALID, name, "%s is a day such as 2024-02-29, not '%.80s'", name, text);
  *out = (int32_t)(us / DAY_US - (us % DAY_US < 0));
  return OK;
}

static int64_t find_term(struct ctx *cx, struct db *db, const char *text) {
  int64_t id = 0;
  struct stmt *s = db_ask(cx, db, SQL_term_id, text);
  while (stmt_row(cx, s)) id = col_int(s, 0);
  return id;
}

static int read_group(struct ctx *cx, struct db *db, const struct params *p, int field, struct scope *s) {
  const struct field *f = &s->dataset->fields[field];
  const char *text = params_get(p, f->name);
  if (!text) return OK;
  if (f->kind == FIELD_DATE) {
    if (read_day(cx, f->name, text, &s->from)) return cx->code;
    s->to = s->from;
    s->has_from = s->has_to = true;
    return OK;
  }
  s->filter[s->filter_count++] = (struct scope_filter){ field, text, find_term(cx, db, text) };
  return cx->code;
}

static int read_days(struct ctx *cx, const struct params *p, struct scope *s) {
  const char *from = params_get(p, "from"), *to = params_get(p, "to");
  if ((from || to) && s->day < 0)
    return fail(cx, E_INVALID, from ? "from" : "to", "%s has no day to filter by", s->dataset->name);
  if (from && read_day(cx, "from", from, &s->from)) return cx->code;
  if (to && read_day(cx, "to", to, &s->to)) return cx->code;
  s->has_from = s->has_from || from;
  s->has_to = s->has_to || to;
  if (s->has_from && s->has_to && s->from > s->to)
    return fail(cx, E_INVALID, "to", "to is before from: there is no day between them");
  return OK;
}

static int read_run(struct ctx *cx, struct db *db, const char *run, struct scope *s) {
  if (kept_find(cx, db, run, &s->run)) return cx->code;
  if (s->run.dataset != s->dataset)
    return fail(cx, E_NOT_FOUND, "run", "run %s is of %s, not of %s", s->run.uuid, s->run.dataset_name,
                s->dataset->name);
  if (strcmp(s->run.state, "done") != 0)
    return fail(cx, E_CONFLICT, "run", "run %s is %s: it has no figures", s->run.uuid, s->run.state);
  struct stmt *q = db_ask(cx, db, SQL_scope_undone, s->run.id);
  while (stmt_row(cx, q)) s->undone = true;
  return cx->code;
}

int scope_read(struct ctx *cx, struct db *db, const char *dataset, const struct params *p,
               const char *const *also, struct scope *out) {
  const char *names[DATASET_FIELDS + 16];
  int n = 0;
  *out = (struct scope){ .day = -1 };
  if (scope_dataset(cx, dataset ? dataset : params_get(p, "as"), &out->dataset)) return cx->code;
  const struct dataset *d = out->dataset;
  for (const char *const *name = scope_params; *name; name++) names[n++] = *name;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].group) names[n++] = d->fields[i].name;
  names[n] = NULL;
  if (params_check(cx, p, names, also)) return cx->code;
  for (int i = 0; i < d->field_count && !cx->code; i++) {
    if (!d->fields[i].group) continue;
    if (d->fields[i].kind == FIELD_DATE) out->day = i;
    read_group(cx, db, p, i, out);
  }
  const char *run = params_get(p, "run");
  out->current = !run || strcmp(run, "current") == 0;
  if (!cx->code) read_days(cx, p, out);
  if (!cx->code && !out->current) read_run(cx, db, run, out);
  return cx->code;
}

/* ---- as SQL ---- */

const char *scope_totals(const struct scope *s) {
  return s->current ? s->dataset->current_table : s->dataset->total_table;
}

static const char *also(struct ctx *cx, const char *where, const char *condition) {
  return ctx_printf(cx, "%s %s %s", where, *where ? "AND" : "WHERE", condition);
}

const char *scope_where(struct ctx *cx, const struct scope *s) {
  const struct field *fields = s->dataset->fields;
  const char *where = "";
  if (!s->current) where = also(cx, where, "run = ?1");
  if (s->has_from) where = also(cx, where, ctx_printf(cx, "%s >= ?2", fields[s->day].name));
  if (s->has_to) where = also(cx, where, ctx_printf(cx, "%s <= ?3", fields[s->day].name));
  for (int i = 0; i < s->filter_count; i++)
    where = also(cx, where, ctx_printf(cx, "%s = ?%d", fields[s->filter[i].field].name, GROUP + i));
  return where;
}

void scope_bind(const struct scope *s, struct stmt *stmt) {
  if (!s->current) stmt_int(stmt, RUN, s->run.id);
  if (s->has_from) stmt_int(stmt, FROM, s->from);
  if (s->has_to) stmt_int(stmt, TO, s->to);
  for (int i = 0; i < s->filter_count; i++) stmt_int(stmt, GROUP + i, s->filter[i].term);
}

const char *scope_literal(struct ctx *cx, const char *text) {
  struct buf b;
  buf_init(&b, 2 * PARAM_BYTES + 2);
  buf_char(&b, '\'');
  for (const char *p = text; *p; p++) {
    if (*p == '\'') buf_char(&b, '\'');
    buf_char(&b, *p);
  }
  buf_char(&b, '\'');
  return ctx_take(cx, &b);
}

static const char *day_shown(struct ctx *cx, const struct scope *s, const char *compare, int32_t day) {
  char text[DATE_SIZE];
  return ctx_printf(cx, "%s %s unixepoch('%s') / 86400", s->dataset->fields[s->day].name, compare,
                    date_iso(text, day));
}

const char *scope_where_shown(struct ctx *cx, const struct scope *s) {
  const char *where = "";
  if (!s->current)
    where = also(cx, where, ctx_printf(cx, "run = (SELECT id FROM run WHERE uuid = '%s')", s->run.uuid));
  if (s->has_from) where = also(cx, where, day_shown(cx, s, ">=", s->from));
  if (s->has_to) where = also(cx, where, day_shown(cx, s, "<=", s->to));
  for (int i = 0; i < s->filter_count; i++)
    where =
        also(cx, where,
             ctx_printf(cx, "%s = (SELECT id FROM term WHERE text = %s)",
                        s->dataset->fields[s->filter[i].field].name, scope_literal(cx, s->filter[i].text)));
  return where;
}

bool scope_holds(const struct scope *s, const struct stmt *stmt, int column) {
  for (int i = 0; i < s->filter_count; i++)
    if (col_int(stmt, column + s->filter[i].field) != s->filter[i].term) return false;
  if (!s->has_from && !s->has_to) return true;
  int64_t day = col_int(stmt, column + s->day);
  return (!s->has_from || day >= s->from) && (!s->has_to || day <= s->to);
}

/* ---- as text ---- */

void scope_write(struct jw *w, const struct scope *s) {
  char day[DATE_SIZE];
  jw_put(w, "scope", s->current ? "current" : "run", "run", s->current ? NULL : s->run.uuid);
  if (!s->current) jw_put(w, "source", s->run.source, "undone", s->undone);
  jw_text(w, "from", s->has_from ? date_iso(day, s->from) : NULL);
  jw_text(w, "to", s->has_to ? date_iso(day, s->to) : NULL);
}

const char *scope_query(struct ctx *cx, const struct scope *s) {
  char day[DATE_SIZE];
  const char *q = "";
  for (int i = 0; i < s->filter_count; i++)
    q = ctx_printf(cx, "%s&%s=%s", q, s->dataset->fields[s->filter[i].field].name,
                   params_quote(cx, s->filter[i].text));
  if (s->has_from) q = ctx_printf(cx, "%s&from=%s", q, date_iso(day, s->from));
  if (s->has_to) q = ctx_printf(cx, "%s&to=%s", q, date_iso(day, s->to));
  if (!s->current) q = ctx_printf(cx, "%s&run=%s", q, s->run.uuid);
  return *q ? q + 1 : q;
}

const char *scope_text(struct ctx *cx, const struct scope *s) {
  char from[DATE_SIZE], to[DATE_SIZE];
  const char *t = "";
  for (int i = 0; i < s->filter_count; i++)
    t = ctx_printf(cx, "%s%s%s", t, *t ? ", " : "of ", s->filter[i].text);
  if (s->has_from && s->has_to && s->from == s->to)
    t = ctx_printf(cx, "%s%son %s", t, *t ? ", " : "", date_iso(from, s->from));
  else if (s->has_from && s->has_to)
    t = ctx_printf(cx, "%s%sfrom %s to %s", t, *t ? ", " : "", date_iso(from, s->from), date_iso(to, s->to));
  else if (s->has_from)
    t = ctx_printf(cx, "%s%sfrom %s on", t, *t ? ", " : "", date_iso(from, s->from));
  else if (s->has_to)
    t = ctx_printf(cx, "%s%sup to %s", t, *t ? ", " : "", date_iso(to, s->to));
  if (!s->current) t = ctx_printf(cx, "%s%sin run %.13s (%s)", t, *t ? ", " : "", s->run.uuid, s->run.source);
  return t;
}

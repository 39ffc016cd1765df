#include "base/limits.h"
#include "model/entity.h"
#include "replicate/merkle.h"
#include "replicate/verify_internal.h"

enum { PAGE = 1000 };

/* Headquarters' rows, a page at a time, in the order of their ids. */
struct there {
  const char *sql;
  struct ctx page;
  bool open, over;
  struct pg_rows *rows;
  int at;
  const char *after;
  const char *origins; /* of this edge: "{1,3}" */
};

struct columns {
  struct buf names, select, kinds;
};

/* ---- which columns ---- */

static void add_column(struct columns *c, const char *name, const char *select, char kind, int scale) {
  buf_printf(&c->names, "%s%s", c->names.n ? "," : "", name);
  buf_printf(&c->select, "%s%s", c->select.n ? ", " : "", select);
  buf_char(&c->kinds, kind);
  if (kind == 'd') buf_int(&c->kinds, scale);
}

static char kind_of(const struct property *p) {
  switch (p->kind) {
  case PROPERTY_INTEGER: return 'i';
  case PROPERTY_DECIMAL: return 'd';
  case PROPERTY_BOOLEAN: return 'b';
  case PROPERTY_INSTANT: return 's';
  default: return 't';
  }
}

/* Those that headquarters has, too: what a newer program brought stands in `extra` there. None: it has no such table, the log
** holds what there is. */
static int choose_columns(struct verifying *v, const struct entity *e, struct columns *c) {
  struct ctx *cx = v->cx;
  struct pg_rows *rows;
  if (pg_ask(cx, v->pg, &rows,
             "SELECT string_agg(a.attname, ',') FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = "
             "pg_catalog.to_regclass('outpost.' || pg_catalog.quote_ident($1)) AND a.attnum > 0 AND NOT "
             "a.attisdropped",
             e->table))
    return cx->code;
  if (pg_is_null(rows, 0, 0)) return OK;
  const char *known = ctx_printf(cx, "," STR_FMT ",", STR_ARG(pg_text(rows, 0, 0)));
  add_column(c, "id", "id", 't', 0);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *q = &e->properties[i];
    const char *select = q->kind == PROPERTY_JSON ? ctx_printf(cx, "json(%s)", q->name) : q->name;
    if (strstr(known, ctx_printf(cx, ",%s,", q->name))) add_column(c, q->name, select, kind_of(q), q->scale);
  }
  add_column(c, "version", "version", 'i', 0);
  add_column(c, "deleted_at", "deleted_at", 's', 0);
  return OK;
}

static int page_sql(struct verifying *v, const struct entity *e, const char *names, struct there *t) {
  struct ctx *cx = v->cx;
  struct pg_rows *rows;
  if (pg_ask(cx, v->pg, &rows, "SELECT outpost.row_expression($1, $2)", e->table, names)) return cx->code;
  t->sql =
      ctx_printf(cx,
                 "SELECT id, " STR_FMT
                 ", sync_origin = ANY ($2::int[]), sync_at = 0 FROM outpost.\"%s\" WHERE organization_id = "
                 "$1::uuid AND id > $3 COLLATE \"C\" ORDER BY id COLLATE \"C\" LIMIT %d",
                 STR_ARG(pg_text(rows, 0, 0)), e->table, PAGE);
  return OK;
}

/* ---- rows ---- */

static int next_there(struct verifying *v, struct there *t) {
  if (t->open && ++t->at < pg_rows_count(t->rows)) return OK;
  if (t->open) {
    int n = pg_rows_count(t->rows);
    if (n) t->after = ctx_strdup(v->cx, pg_text(t->rows, n - 1, 0));
    t->over = n < PAGE;
    ctx_end(&t->page);
    t->open = false;
  }
  if (t->over) return OK;
  ctx_begin(&t->page, v->cx->actor);
  t->open = true;
  t->at = 0;
  if (pg_ask(&t->page, v->pg, &t->rows, t->sql, v->up.organization, t->origins, t->after))
    return fail_from(v->cx, &t->page);
  t->over = pg_rows_count(t->rows) == 0;
  return OK;
}

static bool has_there(const struct there *t) { return t->open && t->at < pg_rows_count(t->rows); }

/* Was it sent? -1: nothing was ever logged of it, so it came with the program. */
static int sent(struct verifying *v, const struct entity *e, struct str id, int64_t log_seq, int *out) {
  *out = -1;
  struct stmt *s = db_ask(v->cx, v->db, SQL_sync_last_entry, e->table, id);
  if (!stmt_row(v->cx, s)) return v->cx->code;
  if (!col_null(s, 0)) *out = col_int(s, 0) <= log_seq;
  stmt_done(s);
  return OK;
}

static struct difference *differ(struct verifying *v, const struct entity *e, struct str id,
                                 const char *where) {
  struct difference *d = ctx_alloc(v->cx, sizeof *d);
  d->table = e->table;
  d->key = ctx_strdup(v->cx, id);
  d->text = ctx_printf(v->cx, "%s %s is %s only", d->table, d->key, where);
  return d;
}

static bool mine(const struct there *t) { return str_eq(pg_text(t->rows, t->at, 2), STR("t")); }

/* As a program brought it, and nobody has touched it there: see shipped.h. */
static bool shipped(const struct there *t) { return str_eq(pg_text(t->rows, t->at, 3), STR("t")); }

/* Headquarters' rows before this id (p NULL: all that are left): nobody here has them. */
static int there_alone(struct verifying *v, const struct entity *e, struct there *t, struct str id,
                       struct difference **found) {
  while (!*found && has_there(t)) {
    struct str other = pg_text(t->rows, t->at, 0);
    size_t n = other.n < id.n ? other.n : id.n;
    int order = id.p ? memcmp(other.p, id.p, n) : -1;
    if (order > 0 || (order == 0 && other.n >= id.n)) return OK;
    if (mine(t))
      *found = differ(v, e, other, "at headquarters");
    else if (!shipped(t))
      v->to_pull++;
    if (next_there(v, t)) return v->cx->code;
  }
  return OK;
}

static bool shipped_sent(struct verifying *v) {
  return stmt_exists(v->cx, db_stmt(v->cx, v->db, SQL_pull_shipped));
}

static int both(struct verifying *v, const struct entity *e, const char *names, struct there *t,
                struct str id, struct str text, int64_t log_seq, int64_t *rows, struct difference **found) {
  bool here_too = has_there(t) && str_eq(pg_text(t->rows, t->at, 0), id);
  int was_sent;
  *rows += here_too;
  if (here_too && str_eq(pg_text(t->rows, t->at, 1), text)) return next_there(v, t);
  if (sent(v, e, id, log_seq, &was_sent)) return v->cx->code;
  if (!here_too) {
    if (was_sent > 0 || (was_sent < 0 && e->sync != SYNC_DOWN && shipped_sent(v)))
      *found = differ(v, e, id, "here");
    return OK;
  }
  if (was_sent < 0 && shipped(t)) return next_there(v, t); /* each has that of its program */
  if (!mine(t))
    v->to_pull++;
  else if (was_sent) {
    struct difference *d = differ(v, e, id, "here");
    name_column(v->cx, names, text, pg_text(t->rows, t->at, 1), d);
    d->text = ctx_printf(v->cx, "%s %s: %s is %s here and %s at headquarters", d->table, d->key, d->column,
                         d->here ? d->here : "empty", d->there ? d->there : "empty");
    *found = d;
  }
  return next_there(v, t);
}

static int walk(struct verifying *v, const struct entity *e, const struct columns *c, struct there *t,
                int64_t log_seq, int64_t *rows, struct difference **found) {
  struct up_batch b;
  struct up_section like = { .table = e->table, .columns = c->names.p };
  struct buf text, plain;
  up_init(&b);
  buf_init(&text, LIMIT_REPLY_BYTES);
  buf_init(&plain, LIMIT_REPLY_BYTES);
  struct up_section *section = up_section(&b, &like);
  struct stmt *s =
      db_compose(v->cx, v->db, ctx_printf(v->cx, "SELECT %s FROM %s ORDER BY id", c->select.p, e->table));
  if (!next_there(v, t))
    while (!*found && stmt_row(v->cx, s)) {
      struct str id = { ctx_strdup(v->cx, col_str(s, 0)), col_str(s, 0).n };
      buf_reset(&section->copy);
      buf_reset(&text);
      stream_row(&b, section, s, c->kinds.p);
      copy_row_text(&text, &plain, (struct str){ section->copy.p, section->copy.n - 1 });
      if (there_alone(v, e, t, id, found) || *found) break;
      if (both(v, e, c->names.p, t, id, buf_view(&text), log_seq, rows, found)) break;
    }
  if (s) stmt_done(s);
  if (!v->cx->code && !*found) there_alone(v, e, t, (struct str){ NULL, 0 }, found);
  up_clear(&b);
  buf_clear(&text);
  buf_clear(&plain);
  return v->cx->code;
}

int records_compare(struct verifying *v, const struct entity *e, int64_t log_seq, int64_t *rows,
                    struct difference **found) {
  struct columns c;
  struct there t = { .after = "" };
  *rows = 0;
  buf_init(&c.names, LIMIT_TEXT_BYTES);
  buf_init(&c.select, LIMIT_TEXT_BYTES);
  buf_init(&c.kinds, LIMIT_TEXT_BYTES);
  t.origins = v->origins;
  if (!choose_columns(v, e, &c) && c.names.n && !page_sql(v, e, c.names.p, &t))
    walk(v, e, &c, &t, log_seq, rows, found);
  if (t.open) ctx_end(&t.page);
  buf_clear(&c.names);
  buf_clear(&c.select);
  buf_clear(&c.kinds);
  return v->cx->code;
}

#include "base/base64.h"
#include "base/limits.h"
#include "record/internal.h"
#include "store/search.h"

enum { SORTS_MAX = 8, BINDS_MAX = 64, CURSOR_TEXT = 40 };

/* A query on its way to SQL. */
struct list {
  struct ctx *cx;
  const struct entity *e;
  struct buf where;
  struct value binds[BINDS_MAX];
  int bind_count;
  struct {
    const struct property *property;
    bool down;
  } sorts[SORTS_MAX + 1]; /* the last is the id */
  int sort_count;
};

/* ---- names ---- */

static const struct property *column_find(const struct entity *e, struct str name) {
  int i = entity_property(e, name);
  if (i >= 0) return &e->properties[i];
  for (i = 0; i < STAMPS; i++)
    if (str_eq(name, str_of(stamp_properties[i].name))) return &stamp_properties[i];
  return NULL;
}

static int unknown(const struct list *l, const char *field, struct str name) {
  const char *names = "";
  for (int i = 0; i < l->e->property_count; i++)
    names = ctx_printf(l->cx, "%s, %s", names, l->e->properties[i].name);
  return fail(l->cx, E_INVALID, field, "a %s has no '%.*s'; it has id%s, version, created_at ...", l->e->name,
              (int)(name.n < 60 ? name.n : 60), name.p, names);
}

/* The next of "a, b", cut off *rest; false at the end. */
static bool next_name(const char **rest, struct str *name) {
  if (!**rest) return false;
  size_t n = strcspn(*rest, ",");
  *name = str_trim((struct str){ *rest, n });
  *rest += n + ((*rest)[n] == ',');
  return true;
}

/* ---- what is bound ---- */

/* Its number in the SQL; 0 when there are too many. */
static int bound(struct list *l, struct value v) {
  if (l->bind_count == BINDS_MAX) {
    fail(l->cx, E_INVALID, NULL, "the query has more than %d values", BINDS_MAX);
    return 0;
  }
  l->binds[l->bind_count++] = v;
  return l->bind_count;
}

static int bound_text(struct list *l, const char *text) {
  return bound(l, (struct value){ .kind = VALUE_TEXT, .text = str_of(text) });
}

static void bind_all(const struct list *l, struct stmt *s) {
  for (int i = 0; i < l->bind_count; i++) value_bind(s, i + 1, &l->binds[i]);
}

static const char *taken(struct list *l, struct buf *pattern) {
  const char *text = ctx_strdup(l->cx, buf_view(pattern));
  buf_clear(pattern);
  return text;
}

/* ---- search ---- */

static int add_word(struct list *l, struct str word) {
  struct buf pattern;
  buf_init(&pattern, LIMIT_TEXT_BYTES);
  buf_char(&pattern, '%');
  search_plain(&pattern, word);
  buf_char(&pattern, '%');
  int at = bound_text(l, taken(l, &pattern));
  const char *between = " AND (";
  for (int i = 0; i < l->e->property_count; i++) {
    if (!l->e->properties[i].searched) continue;
    buf_printf(&l->where, "%s%s LIKE ?%d ESCAPE '\\'", between, l->e->properties[i].name, at);
    between = " OR ";
  }
  buf_puts(&l->where, strcmp(between, " OR ") == 0 ? ")" : " AND 0"); /* nothing is searched */
  return l->cx->code;
}

static int add_search(struct list *l, const char *search) {
  struct str word;
  int words = 0;
  while (search && !l->cx->code && search_word(&search, &word)) {
    if (++words > SEARCH_WORDS)
      return fail(l->cx, E_INVALID, "q", "a search has at most %d words", SEARCH_WORDS);
    add_word(l, word);
  }
  return l->cx->code;
}

/* ---- filters ---- */

static const char *operator_of(const char *op) {
  static const char *const all[] = { "eq", "IS", "ne", "IS NOT", "lt", "<", "lte",
                                     "<=", "gt", ">",  "gte",    ">=", NULL };
  for (int i = 0; all[i]; i += 2)
    if (strcmp(all[i], op) == 0) return all[i + 1];
  return NULL;
}

static int add_like(struct list *l, const struct property *p, struct str value) {
  struct buf pattern;
  if (property_is_number(p))
    return fail(l->cx, E_INVALID, p->name, "%s is no text: compare it with eq, ne, lt, lte, gt or gte",
                p->name);
  buf_init(&pattern, LIMIT_TEXT_BYTES);
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] == '*' || value.p[i] == '?')
      buf_char(&pattern, value.p[i] == '*' ? '%' : '_');
    else
      search_plain(&pattern, (struct str){ value.p + i, 1 });
  }
  int at = bound_text(l, taken(l, &pattern));
  buf_printf(&l->where, " AND %s LIKE ?%d ESCAPE '\\'", p->name, at);
  return l->cx->code;
}

static int add_filter(struct list *l, const struct record_filter *f) {
  const struct property *p = column_find(l->e, str_of(f->property));
  const char *op = operator_of(f->op);
  struct value v;
  if (!p) return unknown(l, f->property, str_of(f->property));
  if (p->kind == PROPERTY_JSON)
    return fail(l->cx, E_INVALID, p->name, "%s is JSON: lists cannot be filtered by it", p->name);
  if (strcmp(f->op, "like") == 0) return add_like(l, p, f->value);
  if (!op)
    return fail(l->cx, E_INVALID, p->name,
                "there is no comparison '%.40s'; there are eq, ne, lt, lte, gt, gte, like", f->op);
  struct property any = *p; /* what nobody may save can be asked for */
  any.has_min = any.has_max = false;
  if (!any.help) any.help = "as records have it";
  if (value_parse(l->cx, &any, f->value, &v)) return l->cx->code;
  if (v.kind == VALUE_NULL && *op != 'I')
    return fail(l->cx, E_INVALID, p->name, "%s: there is nothing to compare with", p->name);
  int at = bound(l, v);
  buf_printf(&l->where, " AND %s %s ?%d", p->name, op, at);
  return l->cx->code;
}

/* ---- order ---- */

const char *order_sql(struct ctx *cx, const char *order) {
  const char *sql = "";
  for (struct str one; next_name(&order, &one);) {
    bool down = one.n && *one.p == '-';
    sql = ctx_printf(cx, "%s%.*s%s, ", sql, (int)(one.n - down), one.p + down, down ? " DESC" : "");
  }
  return ctx_printf(cx, "%sid", sql);
}

static int read_sort(struct list *l, const char *sort) {
  for (struct str one; next_name(&sort, &one);) {
    bool down = one.n && *one.p == '-';
    struct str name = { one.p + down, one.n - down };
    const struct property *p = column_find(l->e, name);
    if (!p) return unknown(l, "sort", name);
    if (p->kind == PROPERTY_JSON)
      return fail(l->cx, E_INVALID, "sort", "%s is JSON: lists cannot be sorted by it", p->name);
    if (l->sort_count == SORTS_MAX)
      return fail(l->cx, E_INVALID, "sort", "a list is sorted by at most %d properties", SORTS_MAX);
    l->sorts[l->sort_count].property = p;
    l->sorts[l->sort_count++].down = down;
  }
  l->sorts[l->sort_count++].property = &stamp_properties[0];
  return OK;
}

static const char *sort_text(const struct list *l) {
  const char *text = "";
  for (int i = 0; i < l->sort_count; i++)
    text = ctx_printf(l->cx, "%s%s%s%s", text, i ? "," : "", l->sorts[i].down ? "-" : "",
                      l->sorts[i].property->name);
  return text;
}

/* ---- the cursor: {"s": the order, "v": [values]}, true for a text that is too long:
** it is read from the row, whose id is the last value ---- */

/* s stands on the row; its values begin at column `first`. */
static const char *cursor_make(const struct list *l, const struct stmt *s, int first) {
  struct buf json, out;
  struct jw w;
  buf_init(&json, LIMIT_TEXT_BYTES);
  buf_init(&out, LIMIT_TEXT_BYTES);
  jw_init(&w, &json);
  jw_object(&w, NULL);
  jw_text(&w, "s", sort_text(l));
  jw_array(&w, "v");
  for (int i = 0; i < l->sort_count; i++) {
    if (col_null(s, first + i))
      jw_text(&w, NULL, NULL);
    else if (property_is_number(l->sorts[i].property))
      jw_int(&w, NULL, col_int(s, first + i));
    else if (col_str(s, first + i).n > CURSOR_TEXT)
      jw_bool(&w, NULL, true);
    else
      jw_str(&w, NULL, col_str(s, first + i));
  }
  jw_close(&w, ']');
  jw_close(&w, '}');
  base64url_put(&out, json.p, json.n);
  const char *cursor = ctx_strdup(l->cx, buf_view(&out));
  buf_clear(&json);
  buf_clear(&out);
  return cursor;
}

static int cursor_refuse(const struct list *l) {
  ctx_forgive(l->cx);
  return fail(l->cx, E_INVALID, "cursor",
              "this cursor belongs to another list: take the one that `next` gave, and the same sort");
}

static int cursor_read(struct list *l, const char *cursor, struct jv **values) {
  struct buf json;
  struct jv *root = NULL;
  buf_init(&json, LIMIT_TEXT_BYTES);
  bool good = base64url_get(&json, str_of(cursor)) && !jv_parse(l->cx, buf_view(&json), &root);
  buf_clear(&json);
  *values = jv_get(root, "v");
  if (!good || jv_kind(*values) != JV_ARRAY || jv_size(*values) != (size_t)l->sort_count)
    return cursor_refuse(l);
  if (!str_eq(jv_text(jv_get(root, "s")), str_of(sort_text(l)))) return cursor_refuse(l);
  return OK;
}

/* The value of the row before, as SQL; NULL when it has none. */
static const char *cursor_value(struct list *l, int i, const struct jv *v, struct str id) {
  const struct property *p = l->sorts[i].property;
  struct value bind = { .kind = VALUE_TEXT, .text = jv_text(v) };
  if (jv_kind(v) == JV_NULL) return NULL;
  if (jv_kind(v) == JV_BOOL)
    return ctx_printf(l->cx, "(SELECT %s FROM %s WHERE id = ?%d)", p->name, l->e->table,
                      bound(l, (struct value){ .kind = VALUE_TEXT, .text = id }));
  if (property_is_number(p)) {
    bind.kind = VALUE_INT;
    if (!str_to_int(jv_text(v), &bind.number)) cursor_refuse(l);
  }
  return ctx_printf(l->cx, "?%d", bound(l, bind));
}

/* Rows behind the one of the cursor: (a after) or (a same and (b after or (b same and ...))).
** An empty value comes before all others, or, downwards, after them. */
static int add_cursor(struct list *l, const char *cursor) {
  struct jv *values;
  if (!cursor || cursor_read(l, cursor, &values)) return l->cx->code;
  struct str id = jv_text(jv_at(values, (size_t)l->sort_count - 1));
  buf_puts(&l->where, " AND ");
  for (int i = 0; i < l->sort_count && !l->cx->code; i++) {
    const char *name = l->sorts[i].property->name;
    const char *v = cursor_value(l, i, jv_at(values, (size_t)i), id);
    bool down = l->sorts[i].down, last = i == l->sort_count - 1;
    if (v && !down)
      buf_printf(&l->where, "(%s > %s", name, v);
    else if (v)
      buf_printf(&l->where, "(%s < %s OR %s IS NULL", name, v, name);
    else
      buf_puts(&l->where, down ? "(0" : ctx_printf(l->cx, "(%s IS NOT NULL", name));
    if (!last) buf_printf(&l->where, " OR (%s IS %s AND ", name, v ? v : "NULL");
  }
  for (int i = 0; i < 2 * l->sort_count - 1; i++) buf_char(&l->where, ')');
  return l->cx->code;
}

/* ---- the page ---- */

static const char *fields_json(struct list *l, const char *fields) {
  const char *sql = "json_object('id', id";
  for (struct str one; next_name(&fields, &one);) {
    const struct property *p = column_find(l->e, one);
    if (!p) {
      unknown(l, "fields", one);
      return "";
    }
    if (p == &stamp_properties[0]) continue;
    bool stamp = p > stamp_properties && p < stamp_properties + STAMPS;
    sql = ctx_printf(l->cx, "%s, '%s', %s", sql, p->name, stamp ? p->name : property_json(l->cx, p));
  }
  return ctx_printf(l->cx, "%s)", sql);
}

const char *record_members(struct ctx *cx, const struct entity *e, const char *fields) {
  const char *names = "id";
  if (fields) {
    for (struct str one; next_name(&fields, &one);)
      if (!str_eq(one, STR("id"))) names = ctx_printf(cx, "%s,%.*s", names, (int)one.n, one.p);
    return names;
  }
  for (int i = 0; i < e->property_count; i++) names = ctx_printf(cx, "%s,%s", names, e->properties[i].name);
  for (int i = 1; i < STAMPS; i++) names = ctx_printf(cx, "%s,%s", names, stamp_properties[i].name);
  return names;
}

static int count_all(const struct list *l, struct db *db, int64_t *total) {
  struct stmt *s = db_once(
      l->cx, db, ctx_printf(l->cx, "SELECT count(*) FROM %s WHERE %s", l->e->table, buf_view(&l->where).p));
  if (!s) return l->cx->code;
  bind_all(l, s);
  if (stmt_row(l->cx, s)) {
    *total = col_int(s, 0);
    stmt_done(s);
  }
  return l->cx->code;
}

static int read_page(const struct list *l, struct db *db, const char *json, int64_t limit, struct jw *w,
                     const char *key, struct record_page *page) {
  const char *sql = ctx_printf(l->cx, "SELECT %s", json);
  int64_t count = 0;
  for (int i = 0; i < l->sort_count; i++) sql = ctx_printf(l->cx, "%s, %s", sql, l->sorts[i].property->name);
  sql = ctx_printf(l->cx, "%s FROM %s WHERE %s ORDER BY ", sql, l->e->table, buf_view(&l->where).p);
  for (int i = 0; i < l->sort_count; i++)
    sql = ctx_printf(l->cx, "%s%s%s%s", sql, i ? ", " : "", l->sorts[i].property->name,
                     l->sorts[i].down ? " DESC" : "");
  if (limit < INT64_MAX) sql = ctx_printf(l->cx, "%s LIMIT %lld", sql, (long long)limit + 1);
  struct stmt *s = db_once(l->cx, db, sql);
  if (!s) return l->cx->code;
  bind_all(l, s);
  jw_array(w, key);
  const char *last = NULL;
  while (stmt_row(l->cx, s)) {
    if (count++ == limit) {
      page->next = last;
      stmt_done(s);
      break;
    }
    jw_raw(w, NULL, col_str(s, 0));
    if (count == limit) last = cursor_make(l, s, 1);
  }
  jw_close(w, ']');
  return l->cx->code;
}

static int query_run(struct list *l, struct db *db, const struct record_query *q, struct jw *w,
                     const char *key, struct record_page *page) {
  buf_puts(&l->where, q->deleted ? "1" : "deleted_at IS NULL");
  if (read_sort(l, q->sort ? q->sort : l->e->order) || add_search(l, q->search)) return l->cx->code;
  for (size_t i = 0; i < q->filter_count; i++)
    if (add_filter(l, &q->filters[i])) return l->cx->code;
  const char *json = q->fields ? fields_json(l, q->fields) : row_json(l->cx, l->e);
  if (l->cx->code || count_all(l, db, &page->total) || add_cursor(l, q->cursor)) return l->cx->code;
  return read_page(l, db, json, q->limit, w, key, page);
}

int record_query(struct ctx *cx, struct db *db, const struct entity *e, const struct record_query *q,
                 struct jw *w, const char *key, struct record_page *page) {
  struct list l = { .cx = cx, .e = e };
  *page = (struct record_page){ 0 };
  buf_init(&l.where, LIMIT_BODY_BYTES);
  query_run(&l, db, q, w, key, page);
  buf_clear(&l.where);
  return cx->code;
}

#include "ingest/memory.h"

#include "base/log.h"
#include "ingest/entities.h"
#include "record/record.h"

enum { MEMORIES_MOST = 500 }; /* the newest; each has a map for every field of its dataset */
static const char BETWEEN[] = "\x1f";

/* The headings of a file without headings were made up by us: they say nothing. */
static bool is_memorable(const struct profile *p) {
  bool named = p->kind != FILE_CSV || p->dialect.header == 1;
  for (size_t i = 0; i < p->column_count; i++)
    if (strcmp(p->columns[i].heading, EXCEPTION_HEADING) == 0) return false;
  return named;
}

static const char *headings_of(struct ctx *cx, const struct profile *p) {
  struct buf all;
  char plain[LIMIT_HEADING];
  buf_init(&all, LIMIT_TEXT_BYTES - 1);
  for (size_t i = 0; i < p->column_count; i++) {
    if (i) buf_puts(&all, BETWEEN);
    buf_str(&all, heading_plain(plain, p->columns[i].heading));
  }
  const char *joined = all.full ? NULL : ctx_strdup(cx, buf_view(&all));
  buf_clear(&all);
  return joined;
}

/* ---- recall ---- */

struct recall {
  const char **list;
  int count, room;
};

static void recall_maps(struct ctx *cx, struct str json, struct recall *to) {
  struct jv *maps;
  if (jv_parse(cx, json, &maps)) return;
  for (void *it = jv_first(maps); it; it = jv_next(maps, it)) {
    if (to->count == to->room) {
      const char **more = ctx_alloc(cx, (size_t)(to->room = to->room ? 2 * to->room : 16) * sizeof *more);
      if (to->count) memcpy(more, to->list, (size_t)to->count * sizeof *more);
      to->list = more;
    }
    to->list[to->count++] =
        ctx_printf(cx, STR_FMT "=" STR_FMT, STR_ARG(jv_key(it)), STR_ARG(jv_text(jv_value(it))));
  }
}

int memory_recall(struct ctx *cx, struct db *db, const struct dataset *d, const struct profile *p,
                  struct mapping_request *r) {
  const char *headings = is_memorable(p) ? headings_of(cx, p) : NULL;
  struct recall same = { 0 }, other = { 0 };
  bool update = false;
  if (!headings) return OK;
  struct stmt *s = db_ask(cx, db, SQL_mapping_memory_of, d->name, MEMORIES_MOST);
  while (stmt_row(cx, s)) {
    bool just_these = str_eq(col_str(s, 0), str_of(headings));
    recall_maps(cx, col_str(s, 1), just_these ? &same : &other);
    update = update || (just_these && str_eq(col_str(s, 3), STR("update")));
    if (just_these && !r->unique && !col_null(s, 2)) r->unique = col_dup(cx, s, 2);
  }
  r->remembered = (struct remembered){ same.list, same.count, other.list, other.count, update };
  return cx->code;
}

/* ---- keep ---- */

struct note {
  const struct import_request *request;
  const struct profile *profile;
  const struct mapping *mapping;
  const char *headings;
};

/* Its heading, or its number when two columns have the same. */
static const char *column_name(struct ctx *cx, const struct profile *p, int column) {
  char x[LIMIT_HEADING], y[LIMIT_HEADING];
  struct str name = heading_plain(x, p->columns[column].heading);
  int alike = 0;
  for (size_t i = 0; i < p->column_count; i++) alike += str_eq(name, heading_plain(y, p->columns[i].heading));
  return alike == 1 && name.n ? p->columns[column].heading : ctx_printf(cx, "#%d", column + 1);
}

/* The record as an object; id NULL: a new one. */
static int compose(struct ctx *cx, const struct note *n, const char *id, struct jv **object) {
  const struct dataset *d = n->request->dataset;
  const struct mapping *m = n->mapping;
  struct buf json;
  struct jw w;
  jw_begin(&w, &json, LIMIT_TEXT_BYTES * 4);
  if (id) jw_text(&w, "id", id);
  jw_put(&w, "dataset", d->name, "headings", n->headings);
  jw_object(&w, "maps");
  for (int i = 0; i < d->field_count; i++)
    if (m->column[i] >= 0) jw_text(&w, d->fields[i].name, column_name(cx, n->profile, m->column[i]));
  jw_close(&w, '}');
  if (n->request->mapping.unique)
    jw_text(&w, "unique_key",
            mapping_unique(cx, n->profile, m, column_name)); /* else that of the rules, as it will be */
  jw_text(&w, "existing", n->request->update ? "update" : "reject");
  jw_close(&w, '}');
  int rc = jv_parse(cx, buf_view(&json), object);
  buf_clear(&json);
  return rc;
}

static bool says_the_same(struct str maps, struct str unique, struct str existing, struct jv *object) {
  struct buf now;
  struct jv *unique_now = jv_get(object, "unique_key");
  buf_init(&now, LIMIT_TEXT_BYTES);
  jv_write(&now, jv_get(object, "maps"));
  bool same = str_eq(maps, buf_view(&now)) && (!unique_now || str_eq(unique, jv_text(unique_now))) &&
              str_eq(existing, jv_text(jv_get(object, "existing")));
  buf_clear(&now);
  return same;
}

/* The record of these headings is changed, unless it says the same already. */
static int save(struct ctx *cx, struct db *db, void *arg) {
  struct note *n = arg;
  char id[37];
  const char *known = NULL, *maps = "", *unique = "", *existing = "";
  struct jv *object;
  struct stmt *s = db_ask(cx, db, SQL_mapping_memory_find, n->request->dataset->name, n->headings);
  if (!s) return cx->code;
  if (stmt_row(cx, s)) {
    known = col_dup(cx, s, 0);
    maps = col_dup(cx, s, 1);
    unique = ctx_strdup(cx, col_str(s, 2));
    existing = ctx_strdup(cx, col_str(s, 3));
    stmt_done(s);
  }
  if (cx->code || compose(cx, n, known, &object)) return cx->code;
  if (known && says_the_same(str_of(maps), str_of(unique), str_of(existing), object)) return OK;
  return record_save(cx, db, entity_find("mapping_memory"), object, id);
}

void memory_keep(struct ctx *cx, struct tenant *t, const struct import_request *r, const struct profile *p,
                 const struct mapping *m) {
  struct ctx aside;
  struct note n = { .request = r, .profile = p, .mapping = m };
  if ((r->mapping.map_count == 0 && !r->mapping.unique && !r->update) || !is_memorable(p)) return;
  ctx_begin(&aside, cx->actor);
  n.headings = headings_of(&aside, p);
  if (n.headings) tenant_write(&aside, t, save, &n);
  if (aside.code) log_line(LOG_WARN, &aside, "MAPPING_NOT_REMEMBERED", "%s", aside.message);
  ctx_end(&aside);
}

/* ---- the entity ---- */

static int check_row(struct ctx *cx, const struct stmt *s) {
  const char *name = ctx_strdup(cx, col_str(s, 0));
  const struct dataset *d = dataset_find(name);
  struct jv *maps;
  if (!d)
    return fail(cx, E_INVALID, "dataset", "there is no dataset %s; there are %s", name, dataset_names());
  if (!str_eq(col_str(s, 2), STR("reject")) && !str_eq(col_str(s, 2), STR("update")))
    return fail(cx, E_INVALID, "existing", "existing is reject or update");
  if (jv_parse(cx, col_str(s, 1), &maps)) return cx->code;
  if (jv_kind(maps) != JV_OBJECT)
    return fail(cx, E_INVALID, "maps", "maps is an object of fields and headings");
  for (void *it = jv_first(maps); it; it = jv_next(maps, it))
    if (dataset_field(d, jv_key(it)) < 0 || jv_kind(jv_value(it)) != JV_STRING)
      return fail(cx, E_INVALID, "maps", "%s has no field '" STR_FMT "', or its heading is no text", d->name,
                  STR_ARG(jv_key(it)));
  return OK;
}

static int check_memory(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_mapping_memory_all);
  while (stmt_row(cx, s))
    if (check_row(cx, s)) stmt_done(s);
  return cx->code;
}

const struct entity_hooks mapping_memory_hooks = { .check = check_memory };

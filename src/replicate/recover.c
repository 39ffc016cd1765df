#include "replicate/recover.h"

#include "base/ids.h"
#include "base/limits.h"
#include "model/entity.h"
#include "record/record.h"
#include "replicate/recover_internal.h"

enum { PAGE = 3000, AT_ONCE = 300, ROUNDS = 4 };

/* One record of the lost part: what it was before the part and after it. */
struct back {
  const struct lost *lost;
  const struct entity *entity;
  struct str key, before, after;
  struct recovered *out;
  struct ctx *keep; /* what is told in the end lives there */
};

/* The rows that a part is lost of; c is the log. */
#define LOST                                                                                                 \
  "c.organization_id = $1::uuid AND c.origin = ANY ($2::int[]) AND "                                         \
  "(c.origin <> $3::int OR c.seq > $4::bigint AND c.seq <= $5::bigint)"

static void name_unit(struct ctx *cx, const struct lost *l) {
  str_copy(cx->id, sizeof cx->id,
           str_of(ctx_printf(cx, "hq:lost-%lld-%lld", (long long)l->origin, (long long)l->from)));
}

void unit_of_lost(struct ctx *cx, const struct lost *l) {
  ctx_begin(cx, "headquarters");
  name_unit(cx, l);
}

void note_left(struct ctx *cx, struct recovered *out, int64_t *count, const char *what, const char *why) {
  ++*count;
  if (!out->first_left) out->first_left = ctx_printf(cx, "%s: %s", what, why);
}

/* ---- what both changed ---- */

/* 0: nobody here did, since; 1: headquarters' hand alone; 2: somebody. */
static int changed_since(struct ctx *cx, struct db *db, const struct back *b, int *by) {
  *by = 0;
  struct stmt *s = db_ask(cx, db, SQL_sync_changed_since, b->entity->table, b->key, b->lost->from);
  if (!stmt_row(cx, s)) return cx->code;
  *by = (int)col_int(s, 0);
  stmt_done(s);
  return OK;
}

static bool same_in(const struct jv *a, const struct jv *b, const char *name) {
  const struct jv *x = jv_get(a, name), *y = jv_get(b, name);
  return x && y && jv_same(x, y);
}

static int64_t version_of(const struct jv *row) {
  int64_t n = 0;
  str_to_int(jv_text(jv_get(row, "version")), &n);
  return n;
}

/* Changed in the lost part, and not here. deleted_at and deleted_by are properties, too; other stamps are not. */
static bool is_theirs(const struct entity *e, const struct jv *here, const struct jv *before,
                      const struct jv *after, const char *name) {
  bool stamp = entity_property(e, str_of(name)) < 0 && strcmp(name, "deleted_at") != 0 &&
               strcmp(name, "deleted_by") != 0;
  return !stamp && before && same_in(here, before, name) && jv_get(after, name) &&
         !same_in(here, after, name);
}

/* What stands here, with the properties that were changed in the lost part and not here; versions add up. Where there
** are none - a second try finds what the first one did - *out is NULL. */
static int merged(struct ctx *cx, const struct back *b, const struct jv *here, const struct jv *after,
                  struct jv **out) {
  struct jv *before = NULL;
  struct buf text;
  struct jw w;
  bool any = false;
  *out = NULL;
  if (b->before.p && jv_parse(cx, b->before, &before)) return cx->code;
  for (void *it = jv_first(here); it; it = jv_next(here, it))
    any = any || is_theirs(b->entity, here, before, after, ctx_strdup(cx, jv_key(it)));
  if (!any) return OK;
  jw_begin(&w, &text, LIMIT_BODY_BYTES);
  for (void *it = jv_first(here); it; it = jv_next(here, it)) {
    const char *name = ctx_strdup(cx, jv_key(it));
    bool theirs = is_theirs(b->entity, here, before, after, name);
    struct buf value;
    buf_init(&value, LIMIT_BODY_BYTES);
    if (strcmp(name, "version") == 0)
      buf_int(&value, version_of(here) + version_of(after) - version_of(before));
    else
      jv_write(&value, theirs ? jv_get(after, name) : jv_value(it));
    jw_raw(&w, name, str_of(ctx_take(cx, &value)));
  }
  jw_close(&w, '}');
  jv_parse(cx, str_of(ctx_strdup(cx, buf_view(&text))), out);
  buf_clear(&text);
  return cx->code;
}

/* ---- one record ---- */

/* A row with another value (JSON) for one property, so many versions later. */
static int changed_row(struct ctx *cx, const struct jv *row, const char *name, const char *value, int later,
                       struct jv **out) {
  struct buf text;
  struct jw w;
  jw_begin(&w, &text, LIMIT_BODY_BYTES);
  for (void *it = jv_first(row); it; it = jv_next(row, it)) {
    const char *key = ctx_strdup(cx, jv_key(it));
    struct buf plain;
    buf_init(&plain, LIMIT_BODY_BYTES);
    jv_write(&plain, jv_value(it));
    if (strcmp(key, "version") == 0)
      jw_int(&w, key, version_of(row) + later);
    else if (strcmp(key, name) == 0)
      jw_raw(&w, key, str_of(value));
    else
      jw_raw(&w, key, str_of(ctx_strdup(cx, buf_view(&plain))));
    buf_clear(&plain);
  }
  jw_close(&w, '}');
  jv_parse(cx, str_of(ctx_strdup(cx, buf_view(&text))), out);
  buf_clear(&text);
  return cx->code;
}

static int row_of(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jv **out) {
  struct buf text;
  struct jw w;
  *out = NULL;
  buf_init(&text, LIMIT_BODY_BYTES);
  jw_init(&w, &text);
  int rc = record_get(cx, db, e, id, &w, NULL);
  if (rc == E_NOT_FOUND) ctx_forgive(cx);
  if (!rc) jv_parse(cx, str_of(ctx_strdup(cx, buf_view(&text))), out);
  buf_clear(&text);
  return cx->code;
}

static void note_renamed(struct ctx *cx, struct back *b, const char *name, const char *other) {
  const struct property *key = record_key(b->entity);
  struct renamed *r = ctx_alloc(cx, sizeof *r);
  r->subject = ctx_printf(cx, "%s %s", b->entity->name, name);
  r->title = ctx_printf(cx, "two records have the %s %s", key->name, name);
  r->text = ctx_printf(
      cx,
      "The %s %s was made before an older copy of the file took its place, and its %s was given once more "
      "since. Both are there; the earlier one is called %s now.",
      b->entity->name, name, key->name, other);
  r->next = b->out->renames;
  b->out->renames = r;
  b->out->renamed++;
}

static const char *quoted(struct ctx *cx, const char *text) {
  struct buf out;
  buf_init(&out, LIMIT_TEXT_BYTES);
  json_quote(&out, str_of(text));
  return ctx_take(cx, &out);
}

/* First as it was there, but for a property; then as it is to be, in a unit of work that goes up. */
static int take_changed(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                        const char *text, const char *name, const char *first, const char *then) {
  struct jv *other;
  if (changed_row(cx, row, name, first, 0, &other) || record_take_part(cx, db, e, other, text))
    return cx->code;
  uuid7(cx->id, cx->now);
  return changed_row(cx, other, name, then, 1, &other) ? (int)cx->code
                                                       : record_take_part(cx, db, e, other, text);
}

static int take_deleted(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                        const char *text) {
  return take_changed(cx, db, e, row, text, "deleted_at", ctx_printf(cx, "%lld", (long long)cx->now - 1),
                      ctx_printf(cx, "%lld", (long long)cx->now));
}

/* Its number is another's by now. It comes in under a name of nobody's, or deleted; what then happens to it goes up like
** anything that is done here. */
static int take_beside(struct ctx *cx, struct db *db, const struct jv *row, const char *text,
                       struct back *b) {
  const struct property *key = record_key(b->entity);
  struct jv *twin;
  char id[37];
  const char *name = ctx_strdup(cx, jv_text(jv_get(row, key->name)));
  const char *second = ctx_printf(cx, "%s (2)", name);
  if (record_id(cx, db, b->entity, name, id) || row_of(cx, db, b->entity, id, &twin)) return cx->code;
  bool same = twin && b->entity->sync == SYNC_BOTH; /* master data; two orders that are alike are two */
  for (int i = 0; i < b->entity->property_count && same; i++) {
    const char *p = b->entity->properties[i].name;
    same = jv_get(twin, p) && jv_get(row, p) && jv_same(jv_get(twin, p), jv_get(row, p));
  }
  if (same) return take_deleted(cx, db, b->entity, row, text);
  if (take_changed(cx, db, b->entity, row, text, key->name, quoted(cx, ctx_printf(cx, "%s (1)", name)),
                   quoted(cx, second)))
    return cx->code;
  note_renamed(b->keep, b, name, second);
  return OK;
}

static int take(struct ctx *cx, struct db *db, const struct jv *row, struct back *b) {
  const char *text = ctx_printf(cx, "a %s was fetched back from headquarters", b->entity->name);
  const struct property *key = record_key(b->entity);
  int rc = record_take_part(cx, db, b->entity, row, text);
  if (rc != E_CONFLICT) return rc;
  bool named = key && strcmp(cx->field, key->name) == 0, nameless = !cx->field[0];
  if (!named && !nameless) return rc;
  ctx_forgive(cx);
  /* Only the table itself knows why: an alert that stands again, say. */
  return named ? take_beside(cx, db, row, text, b) : take_deleted(cx, db, b->entity, row, text);
}

static bool newer(const struct jv *a, const struct jv *b) {
  int64_t x = 0, y = 0;
  str_to_int(jv_text(jv_get(a, "updated_at")), &x);
  str_to_int(jv_text(jv_get(b, "updated_at")), &y);
  return x > y;
}

static int take_back(struct ctx *cx, struct db *db, struct back *b) {
  struct jv *after, *here;
  int by;
  if (jv_parse(cx, b->after, &after) || row_of(cx, db, b->entity, ctx_strdup(cx, b->key), &here))
    return cx->code;
  if (!here) return take(cx, db, after, b);
  if (changed_since(cx, db, b, &by)) return cx->code;
  if (by == 1 && !newer(after, here))
    return OK; /* it is here already, or headquarters has sent a newer one */
  if (by == 2 && merged(cx, b, here, after, &after)) return cx->code;
  return !after || jv_same(here, after) ? OK : take(cx, db, after, b);
}

/* What a rule of this file refuses; it may fit in the next round, when what it refers to is there. */
static bool is_refused(const struct ctx *cx) {
  return cx->code == E_INVALID || cx->code == E_CONFLICT || cx->code == E_NOT_FOUND;
}

static int one_record(struct ctx *cx, struct db *db, struct back *b, bool last, int64_t *left) {
  name_unit(cx, b->lost);
  if (stmt_run(cx, db_once(cx, db, "SAVEPOINT lost"))) return cx->code;
  if (!take_back(cx, db, b)) {
    b->out->records++;
  } else if (is_refused(cx)) {
    const char *why = ctx_strdup(b->keep, str_of(cx->message));
    ctx_forgive(cx);
    ++*left;
    if (last)
      note_left(b->keep, b->out, &b->out->records_left,
                ctx_printf(cx, "%s " STR_FMT, b->entity->name, STR_ARG(b->key)), why);
    stmt_run(cx, db_once(cx, db, "ROLLBACK TO lost"));
  }
  return cx->code ? (int)cx->code : stmt_run(cx, db_once(cx, db, "RELEASE lost"));
}

/* ---- all of them ---- */

/* So many records are one transaction; *left counts those that do not fit yet (what they refer to may come later). */
struct page {
  struct back *back;
  const struct pg_rows *rows;
  int from;
  bool last;
  int64_t left;
};

static int take_page(struct ctx *cx, struct db *db, void *arg) {
  struct page *page = arg;
  struct back *b = page->back;
  int n = pg_rows_count(page->rows);
  for (int i = page->from; i < n && i < page->from + AT_ONCE && !cx->code; i++) {
    b->entity = entity_of_table(ctx_strdup(cx, pg_text(page->rows, i, 0)));
    b->key = pg_text(page->rows, i, 1);
    b->before = pg_text(page->rows, i, 2);
    b->after = pg_text(page->rows, i, 3);
    if (b->entity) one_record(cx, db, b, page->last, &page->left);
  }
  return cx->code;
}

static int record_page(struct ctx *cx, struct tenant *t, struct pg *p, struct back *b, int64_t offset,
                       bool last, int64_t *count, int64_t *left) {
  struct ctx one;
  struct pg_rows *rows;
  ctx_begin(&one, "headquarters");
  *count = 0;
  if (!pg_ask(
          &one, p, &rows,
          "SELECT c.tbl, c.key, (array_agg(c.before::text ORDER BY c.origin, c.seq))[1], "
          "(array_agg(c.after::text ORDER BY c.origin DESC, c.seq DESC))[1] FROM outpost.change_log AS c "
          "WHERE " LOST
          " AND c.event LIKE 'RECORD\\_%' AND c.tbl IS NOT NULL AND c.key IS NOT NULL AND c.after IS NOT "
          "NULL GROUP BY c.tbl, c.key ORDER BY min(c.origin), min(c.seq) LIMIT $6::bigint OFFSET $7::bigint",
          LOST_VALUES(b->lost), PAGE, offset)) {
    struct page page = { b, rows, 0, last, 0 };
    *count = pg_rows_count(rows);
    for (; page.from < *count && !cx->code; page.from += AT_ONCE) {
      struct ctx part;
      ctx_begin(&part, "headquarters");
      tenant_write(&part, t, take_page, &page);
      ctx_end_inside(cx, &part);
    }
    *left += page.left;
  }
  return ctx_end_inside(cx, &one);
}

/* In the order in which they were first written; what refers to a record that comes later fits in the next round. */
static int recover_records(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                           struct recovered *out) {
  int64_t left = 1, before = INT64_MAX;
  for (int round = 1; round <= ROUNDS && left && !cx->code; round++) {
    struct back b = { .lost = lost, .out = out, .keep = cx };
    bool last = round == ROUNDS || left == before;
    before = left;
    left = out->records = 0;
    for (int64_t offset = 0, count = PAGE; count == PAGE && !cx->code; offset += PAGE)
      record_page(cx, t, p, &b, offset, last, &count, &left);
    if (last) break;
  }
  return cx->code;
}

int recover_lost(struct ctx *cx, struct tenant *t, struct pg *p, const struct lost *lost,
                 struct recovered *out) {
  *out = (struct recovered){ 0 };
  if (recover_records(cx, t, p, lost, out) || recover_runs(cx, t, p, lost, out)) return cx->code;
  return recover_moves(cx, t, p, lost, out);
}

#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "record/internal.h"

const struct property stamp_properties[STAMPS] = {
  { .name = "id", .kind = PROPERTY_TEXT },
  { .name = "version", .kind = PROPERTY_INTEGER },
  { .name = "created_at", .kind = PROPERTY_INSTANT },
  { .name = "created_by", .kind = PROPERTY_TEXT },
  { .name = "updated_at", .kind = PROPERTY_INSTANT },
  { .name = "updated_by", .kind = PROPERTY_TEXT },
  { .name = "deleted_at", .kind = PROPERTY_INSTANT },
  { .name = "deleted_by", .kind = PROPERTY_TEXT },
};

/* Digits without trailing zeros: 125000 at scale 4 is 12.5. */
static const char *decimal_json(struct ctx *cx, const struct property *p) {
  long long unit = 1;
  for (int i = 0; i < p->scale; i++) unit *= 10;
  return ctx_printf(
      cx,
      "rtrim(rtrim(printf('%%s%%d.%%0%dd', CASE WHEN %s < 0 THEN '-' ELSE '' END, abs(%s / %lld), "
      "abs(%s %% %lld)), '0'), '.')",
      p->scale, p->name, p->name, unit, p->name, unit);
}

static const char *instant_json(struct ctx *cx, const char *name) {
  const char *rest = ctx_printf(cx, "((%s %% 1000000 + 1000000) %% 1000000)", name); /* also before 1970 */
  return ctx_printf(cx,
                    "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', (%s - %s) / 1000000, 'unixepoch') || "
                    "printf('.%%06dZ', %s)",
                    name, rest, rest);
}

const char *property_json(struct ctx *cx, const struct property *p) {
  const char *name = p->name;
  switch (p->kind) {
  case PROPERTY_JSON: return ctx_printf(cx, "json(%s)", name);
  case PROPERTY_BOOLEAN: return ctx_printf(cx, "json(CASE %s WHEN 1 THEN 'true' ELSE 'false' END)", name);
  case PROPERTY_DECIMAL:
    return ctx_printf(cx, "CASE WHEN %s IS NOT NULL THEN %s END", name, decimal_json(cx, p));
  case PROPERTY_INSTANT: return instant_json(cx, name);
  default: return name;
  }
}

static const char *row_sql(struct ctx *cx, const struct entity *e) {
  struct buf sql;
  buf_init(&sql, LIMIT_TEXT_BYTES);
  buf_puts(&sql, "json_object('id', id");
  for (int i = 0; i < e->property_count; i++)
    buf_printf(&sql, ", '%s', %s", e->properties[i].name, property_json(cx, &e->properties[i]));
  for (int i = 1; i < STAMPS; i++)
    buf_printf(&sql, ", '%s', %s", stamp_properties[i].name, stamp_properties[i].name);
  buf_char(&sql, ')');
  const char *text = ctx_strdup(cx, buf_view(&sql));
  buf_clear(&sql);
  return text;
}

const char *sql_kept(struct ctx *cx, const struct entity *e, enum kept_sql which, sql_fn *make) {
  static _Atomic(const char *) texts[ENTITIES_KEPT][KEPT_SQL];
  ptrdiff_t at = e - entity_at(0);
  if (at < 0 || at >= ENTITIES_KEPT) return make(cx, e);
  const char *text = atomic_load(&texts[at][which]), *none = NULL;
  if (text) return text;
  text = make(cx, e);
  char *own = xmalloc(strlen(text) + 1);
  memcpy(own, text, strlen(text) + 1);
  if (atomic_compare_exchange_strong(&texts[at][which], &none, own)) return own;
  free(own); /* another thread was first */
  return none;
}

const char *row_json(struct ctx *cx, const struct entity *e) { return sql_kept(cx, e, KEPT_JSON, row_sql); }

static const char *read_sql(struct ctx *cx, const struct entity *e) {
  return ctx_printf(cx, "SELECT %s FROM %s WHERE id = ?1", row_json(cx, e), e->table);
}

char *row_read(struct ctx *cx, struct db *db, const struct entity *e, const char *id) {
  struct stmt *s = db_compose(cx, db, sql_kept(cx, e, KEPT_READ, read_sql));
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return NULL;
  char *json = col_dup(cx, s, 0);
  stmt_done(s);
  return json;
}

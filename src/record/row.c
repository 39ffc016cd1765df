#include <stdatomic.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "base/time.h"
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

static const char *row_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  struct buf sql;
  buf_init(&sql, LIMIT_TEXT_BYTES);
  buf_puts(&sql, "json_object('id', id");
  for (int i = 0; i < e->property_count; i++)
    buf_printf(&sql, ", '%s', %s", e->properties[i].name, property_json(cx, &e->properties[i]));
  for (int i = 1; i < STAMPS; i++)
    buf_printf(&sql, ", '%s', %s", stamp_properties[i].name, stamp_properties[i].name);
  buf_char(&sql, ')');
  return ctx_take(cx, &sql);
}

const char *sql_kept(struct ctx *cx, const struct entity *e, int which, sql_fn *make) {
  static _Atomic(const char *) texts[ENTITIES_KEPT][KEPT_SQL];
  ptrdiff_t at = e - entity_at(0);
  if (at < 0 || at >= ENTITIES_KEPT) return make(cx, e, which - KEPT_KEY);
  const char *text = atomic_load(&texts[at][which]), *none = NULL;
  if (text) return text;
  text = make(cx, e, which - KEPT_KEY);
  char *own = xmalloc(strlen(text) + 1);
  memcpy(own, text, strlen(text) + 1);
  if (atomic_compare_exchange_strong(&texts[at][which], &none, own)) return own;
  free(own); /* another thread was first */
  return none;
}

const char *row_json(struct ctx *cx, const struct entity *e) { return sql_kept(cx, e, KEPT_JSON, row_sql); }

/* ---- the same without a row ---- */

/* As SQLite does it, to the byte: what stands in the log is compared with it. */
static void put_quoted(struct buf *out, struct str s) {
  static const char letters[] = "\b\t\n\f\r\"\\";
  static const char names[] = "btnfr\"\\";
  buf_char(out, '"');
  for (size_t i = 0, from = 0; i <= s.n; i++) {
    unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
    if (i < s.n && c >= 0x20 && c != '"' && c != '\\') continue;
    buf_add(out, s.p + from, i - from);
    from = i + 1;
    const char *known = c ? strchr(letters, c) : NULL;
    if (i < s.n && known)
      buf_char(out, '\\'), buf_char(out, names[known - letters]);
    else if (i < s.n)
      buf_printf(out, "\\u%04x", c);
  }
  buf_char(out, '"');
}

static void put_value(struct buf *out, const struct property *p, const struct value *v) {
  if (v->kind == VALUE_NULL && p->kind != PROPERTY_BOOLEAN)
    buf_str(out, STR("null"));
  else if (p->kind == PROPERTY_BOOLEAN)
    buf_str(out, v->kind == VALUE_INT && v->number == 1 ? STR("true") : STR("false"));
  else if (p->kind == PROPERTY_INTEGER)
    buf_int(out, v->number);
  else if (p->kind == PROPERTY_DECIMAL)
    buf_char(out, '"'), dec_print(out, v->number, p->scale, 0), buf_char(out, '"');
  else if (p->kind == PROPERTY_INSTANT) {
    char at[TIME_SIZE];
    put_quoted(out, str_of(time_iso(at, v->number)));
  } else
    put_quoted(out, v->text);
}

static bool can_be_shown(const struct property *p, const struct value *v) {
  static const int64_t first = 0, last = INT64_C(253402300799999999); /* of 1970 and 9999 */
  if (p->kind == PROPERTY_JSON) return v->kind == VALUE_NULL;
  return p->kind != PROPERTY_INSTANT || v->kind == VALUE_NULL || (v->number >= first && v->number <= last);
}

static void put_stamps(struct ctx *cx, struct buf *out) {
  for (const char *way = "created\0updated\0"; *way; way += strlen(way) + 1) {
    buf_str(out, STR(",\""));
    buf_puts(out, way);
    buf_str(out, STR("_at\":"));
    buf_int(out, cx->now);
    buf_str(out, STR(",\""));
    buf_puts(out, way);
    buf_str(out, STR("_by\":"));
    put_quoted(out, str_of(cx->actor));
  }
}

char *row_added(struct ctx *cx, const struct entity *e, const struct draft *d) {
  struct buf out;
  for (int i = 0; i < e->property_count; i++)
    if (!can_be_shown(&e->properties[i], &d->values[i])) return NULL;
  buf_init(&out, LIMIT_BODY_BYTES);
  buf_str(&out, STR("{\"id\":\""));
  buf_puts(&out, d->id);
  buf_char(&out, '"');
  for (int i = 0; i < e->property_count; i++) {
    buf_str(&out, STR(",\""));
    buf_puts(&out, e->properties[i].name);
    buf_str(&out, STR("\":"));
    put_value(&out, &e->properties[i], &d->values[i]);
  }
  buf_str(&out, STR(",\"version\":1"));
  put_stamps(cx, &out);
  buf_str(&out, STR(",\"deleted_at\":null,\"deleted_by\":null}"));
  char *json = out.full ? NULL : ctx_strdup(cx, buf_view(&out));
  buf_clear(&out);
  return json;
}

/* ---- one that is there ---- */

static const char *read_sql(struct ctx *cx, const struct entity *e, int key) {
  (void)key;
  return ctx_printf(cx, "SELECT %s, version, deleted_at IS NOT NULL FROM %s WHERE id = ?1", row_json(cx, e),
                    e->table);
}

char *row_read(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct row_now *now) {
  struct stmt *s = db_compose(cx, db, sql_kept(cx, e, KEPT_READ, read_sql));
  stmt_text(s, 1, id);
  if (!stmt_row(cx, s)) return NULL;
  char *json = col_dup(cx, s, 0);
  if (now) *now = (struct row_now){ col_int(s, 1), col_int(s, 2) != 0 };
  stmt_done(s);
  return json;
}

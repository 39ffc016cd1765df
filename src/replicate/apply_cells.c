#include "replicate/apply_cells.h"

#include "base/json.h"
#include "replicate/net.h"

static void add(struct cell_columns *c, const struct applier *a, const struct entity *e,
                struct cell_column column) {
  column.unknown = !apply_type(a, e->table, str_of(column.name));
  c->unknown += column.unknown;
  c->list[c->count++] = column;
}

void cell_columns_of(struct ctx *cx, const struct applier *a, const struct entity *e,
                     struct cell_columns *out) {
  static const struct cell_column own[] = {
    { .name = "version" },    { .name = "created_at", .moment = true },
    { .name = "created_by" }, { .name = "updated_at", .moment = true },
    { .name = "updated_by" }, { .name = "deleted_at", .moment = true },
    { .name = "deleted_by" },
  };
  enum { OWN = sizeof own / sizeof *own };
  *out = (struct cell_columns){ .list = ctx_alloc(cx, ((size_t)e->property_count + OWN + 1) *
                                                          sizeof *out->list) };
  add(out, a, e, (struct cell_column){ .name = "id" });
  for (int i = 0; i < e->property_count; i++)
    add(out, a, e,
        (struct cell_column){ .name = e->properties[i].name,
                              .json = e->properties[i].kind == PROPERTY_JSON });
  for (int i = 0; i < OWN; i++) add(out, a, e, own[i]);
}

/* A text whose letters are not as they are written. */
static int escaped_cell(struct ctx *cx, struct str value, struct buf *out) {
  char why[200];
  struct jv *v = jv_parse_raw(value, why, sizeof why);
  if (!v) return fail(cx, E_INVALID, "change_log", "a text of the log cannot be read: %s", why);
  cell_text(out, jv_text(v));
  jv_free(v);
  return OK;
}

static int value_cell(struct ctx *cx, const struct cell_column *c, struct str value, struct buf *out) {
  int64_t us;
  if (str_eq(value, STR("null"))) return cell_null(out), OK;
  if (c->moment && str_to_int(value, &us)) return cell_time(out, us), OK;
  if (c->json || value.p[0] != '"') return cell_text(out, value), OK;
  struct str text = { value.p + 1, value.n - 2 };
  if (memchr(text.p, '\\', text.n)) return escaped_cell(cx, value, out);
  cell_text(out, text);
  return OK;
}

/* What headquarters has no column for, as members of an object. */
static void extra_cell(const struct cell_columns *c, struct str record, struct buf *out) {
  struct buf json;
  size_t at = 1;
  buf_init(&json, out->max);
  for (int i = 0; i < c->count; i++) {
    if (!c->list[i].unknown) continue;
    struct str value = log_value(record, &at, str_of(c->list[i].name));
    buf_printf(&json, "%s\"%s\":", json.n ? "," : "{", c->list[i].name);
    buf_str(&json, value);
  }
  buf_char(&json, '}');
  cell_text(out, buf_view(&json));
  buf_clear(&json);
}

int record_cells(struct ctx *cx, const struct cell_columns *c, struct str record, struct buf *out) {
  size_t at = 1;
  for (int i = 0; i < c->count; i++) {
    if (c->list[i].unknown) continue;
    struct str value = log_value(record, &at, str_of(c->list[i].name));
    if (value_cell(cx, &c->list[i], value, out)) return cx->code;
  }
  if (c->unknown) extra_cell(c, record, out);
  return cx->code;
}

/* The one door for records: stamps, versions, refusals, and all of it in the log. */
#include <limits.h>
#include <stdio.h>

#include "ingest/entities.h"
#include "record/form.h"
#include "record/record.h"
#include "store/change.h"
#include "unit.h"

struct deed {
  enum { SAVE, DELETE, RESTORE } what;
  const struct entity *entity;
  const char *json;
  char id[37];
};

static int act(struct ctx *cx, struct db *db, void *arg) {
  struct deed *d = arg;
  struct jv *object;
  if (d->what == DELETE) return record_delete(cx, db, d->entity, d->id);
  if (d->what == RESTORE) return record_restore(cx, db, d->entity, d->id);
  return jv_parse(cx, str_of(d->json), &object) ? (int)cx->code
                                                : record_save(cx, db, d->entity, object, d->id);
}

static int act_as(struct tenant *t, const char *actor, struct deed *d) {
  struct ctx cx;
  ctx_begin(&cx, actor);
  int rc = tenant_write(&cx, t, act, d);
  ctx_end(&cx);
  return rc;
}

static struct tenant *opened(struct ctx *cx) {
  static char dir[PATH_MAX];
  struct store *s;
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  entity_register_declared();
  entity_hooks_register("rule", &control_hooks);
  entity_hooks_register("reference_item", &control_hooks);
  ctx_begin(cx, "test");
  if (!store_init(cx, dir) && !store_open(cx, dir, &s) && !tenant_add(cx, s, "demo", "Demo"))
    tenant_open(cx, s, "demo", &t);
  CHECK_INT(cx->code, OK);
  return t;
}

/* One property of a record, as text. */
static const char *property(struct ctx *cx, struct tenant *t, const struct deed *d, const char *name) {
  static char out[200];
  struct ctx aside;
  struct db *db;
  struct buf buf;
  struct jw w;
  struct jv *row;
  (void)cx;
  ctx_begin(&aside, "test");
  buf_init(&buf, 65536);
  jw_init(&w, &buf);
  snprintf(out, sizeof out, "none");
  if (!tenant_read(&aside, t, &db) && !record_get(&aside, db, d->entity, d->id, &w, NULL) &&
      !jv_parse(&aside, buf_view(&buf), &row)) {
    struct jv *v = jv_get(row, name);
    snprintf(out, sizeof out, "null");
    if (v && jv_kind(v) != JV_NULL) str_copy(out, sizeof out, jv_text(v));
  }
  buf_clear(&buf);
  ctx_end(&aside);
  return out;
}

UNIT(record_life, "made, changed, deleted, restored: versions, stamps and entries follow") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct deed d = { SAVE, entity_find("reference_item"), "{\"list\":\"regions\",\"value\":\"Overseas\"}",
                    "" };
  char json[200];
  if (!t) return;
  CHECK_INT(act_as(t, "ann", &d), OK);
  CHECK_STR(property(&cx, t, &d, "version"), "1");
  CHECK_STR(property(&cx, t, &d, "created_by"), "ann");
  CHECK_STR(property(&cx, t, &d, "updated_by"), "ann");
  snprintf(json, sizeof json, "{\"id\":\"%s\",\"value\":\"Abroad\",\"version\":1}", d.id);
  d.json = json;
  CHECK_INT(act_as(t, "bob", &d), OK);
  CHECK_STR(property(&cx, t, &d, "value"), "Abroad");
  CHECK_STR(property(&cx, t, &d, "list"), "regions");
  CHECK_STR(property(&cx, t, &d, "version"), "2");
  CHECK_STR(property(&cx, t, &d, "created_by"), "ann");
  CHECK_STR(property(&cx, t, &d, "updated_by"), "bob");
  CHECK_INT(act_as(t, "bob", &d), E_CONFLICT); /* of version 1, which is past */
  d.what = DELETE;
  CHECK_INT(act_as(t, "cay", &d), OK);
  CHECK_STR(property(&cx, t, &d, "deleted_by"), "cay");
  CHECK_INT(act_as(t, "cay", &d), E_CONFLICT);
  d.what = RESTORE;
  CHECK_INT(act_as(t, "cay", &d), OK);
  CHECK_STR(property(&cx, t, &d, "deleted_by"), "null");
  CHECK_STR(property(&cx, t, &d, "version"), "4");
  CHECK_INT(act_as(t, "cay", &d), E_CONFLICT);

  struct db *db;
  struct jv *list;
  struct buf out;
  struct jw w;
  buf_init(&out, 65536);
  jw_init(&w, &out);
  CHECK_INT(tenant_read(&cx, t, &db), OK);
  CHECK_INT(record_history(&cx, db, d.entity, d.id, &w, NULL), OK);
  CHECK_INT(jv_parse(&cx, buf_view(&out), &list), OK);
  static const char *const events[] = { "RECORD_CREATED", "RECORD_UPDATED", "RECORD_DELETED",
                                        "RECORD_RESTORED" };
  static const char *const actors[] = { "ann", "bob", "cay", "cay" };
  if (CHECK_INT((int64_t)jv_size(list), 4))
    for (size_t i = 0; i < 4; i++) {
      CHECK_STR(jv_text(jv_get(jv_at(list, i), "event")), events[i]);
      CHECK_STR(jv_text(jv_get(jv_at(list, i), "actor")), actors[i]);
    }
  buf_clear(&out);
  ctx_end(&cx);
}

/* Texts with everything that JSON escapes, numbers, and what is nested or has blanks around it. */
static int save_forms(struct ctx *cx, struct db *db, void *arg) {
  const char **ids = arg;
  struct form f;
  struct jw *w = form_begin(&f, NULL);
  jw_text(w, "name", "a\"b\\c\n\t\x01 \xc3\xa9\xe2\x82\xb9 {[,]}");
  jw_text(w, "sku", "");
  jw_text(w, "unit_price", "12.5000");
  jw_decimal(w, "gst_rate", 1, 4, 0);
  jw_bool(w, "active", false);
  if (form_save(cx, db, "product", &f, &ids[0])) return cx->code;
  w = form_begin(&f, NULL);
  for (const char *name = "kind\0subject\0state\0title\0"; *name; name += strlen(name) + 1)
    jw_text(w, name, "x");
  jw_raw(w, "detail", STR(" { \"a\" : [1, {\"b\": \"}\\\"\"}], \"c\":null } "));
  jw_raw(w, "severity", STR(" \"critical\" "));
  jw_text(w, "resolved_at", "2024-02-29T12:00:00Z");
  if (form_save(cx, db, "alert", &f, &ids[1])) return cx->code;
  w = form_begin(&f, NULL);
  jw_raw(w, "name", STR("\"open"));
  CHECK(form_save(cx, db, "product", &f, NULL) != OK);
  ctx_forgive(cx);
  return OK;
}

/* What the log says of it, as it was written down without reading the row, and what the row is. */
static void check_logged(struct ctx *cx, struct db *db, const char *entity, const char *id) {
  struct buf out;
  struct jw w;
  buf_init(&out, 65536);
  jw_init(&w, &out);
  CHECK_INT(record_get(cx, db, entity_find(entity), id, &w, NULL), OK);
  struct stmt *s = db_compose(cx, db, "SELECT after FROM change_log WHERE key = ?1");
  stmt_text(s, 1, id);
  if (CHECK(stmt_row(cx, s))) CHECK_STR(col_str(s, 0), buf_view(&out).p);
  stmt_done(s);
  buf_clear(&out);
}

UNIT(record_forms, "what a form writes is what a reader of JSON finds, and the log has it as the row has") {
  struct ctx cx;
  struct db *db;
  struct tenant *t = opened(&cx);
  const char *ids[2] = { NULL, NULL };
  if (!t) return;
  CHECK_INT(tenant_write(&cx, t, save_forms, ids), OK);
  CHECK_INT(tenant_read(&cx, t, &db), OK);
  check_logged(&cx, db, "product", ids[0]);
  check_logged(&cx, db, "alert", ids[1]);
  struct stmt *s =
      db_compose(&cx, db, "SELECT name, sku IS NULL, unit_price, gst_rate, active FROM products");
  if (CHECK(stmt_row(&cx, s))) {
    CHECK_STR(col_str(s, 0), "a\"b\\c\n\t\x01 \xc3\xa9\xe2\x82\xb9 {[,]}");
    CHECK_INT(col_int(s, 1), 1);
    CHECK_INT(col_int(s, 2), 125000);
    CHECK_INT(col_int(s, 3), 1);
    CHECK_INT(col_int(s, 4), 0);
  }
  s = db_compose(&cx, db, "SELECT detail, severity, resolved_at FROM alert");
  if (CHECK(stmt_row(&cx, s))) {
    CHECK_STR(col_str(s, 0), "{\"a\":[1,{\"b\":\"}\\\"\"}],\"c\":null}");
    CHECK_STR(col_str(s, 1), "critical");
    CHECK_INT(col_int(s, 2), INT64_C(1709208000000000));
  }
  ctx_end(&cx);
}

UNIT(record_refusals, "what is wrong is refused, and leaves no trace") {
  static const char *const bad[] = {
    "[]",
    "3",
    "{}",
    "{\"list\":\"a\"}",
    "{\"list\":\"a\",\"value\":\"\"}",
    "{\"list\":\"a\",\"value\":null}",
    "{\"list\":\"a\",\"value\":\"b\",\"colour\":1}",
    "{\"list\":[],\"value\":\"b\"}",
    "{\"id\":\"x\",\"list\":\"a\",\"value\":\"b\"}",
    "{\"list\":\"regions\",\"value\":\"North\"}",
    "{\"list\":\"a\",\"value\":\"b\",\"created_by\":\"me\"}",
  };
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct db *db;
  struct change_end before, after;
  if (!t || tenant_read(&cx, t, &db)) return;
  CHECK_INT(change_last(&cx, db, &before), OK);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct deed d = { SAVE, entity_find("reference_item"), bad[i], "" };
    if (!CHECK(act_as(t, "ann", &d) != OK)) printf("%s\n", bad[i]);
  }
  struct deed nobody = { DELETE, entity_find("reference_item"), NULL,
                         "01a1fc1f-1778-78ed-80cb-4684bbc176b3" };
  CHECK_INT(act_as(t, "ann", &nobody), E_NOT_FOUND);
  struct ctx w;
  ctx_begin(&w, "test");
  CHECK_INT(tenant_read(&w, t, &db), OK);
  CHECK_INT(change_last(&w, db, &after), OK);
  CHECK_INT(after.seq, before.seq);
  ctx_end(&w);
  ctx_end(&cx);
}

UNIT(record_rule_tried,
     "a rule that cannot be used is not saved, and the last value of a used list cannot go") {
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  struct deed d = {
    SAVE, entity_find("rule"),
    "{\"dataset\":\"sales\",\"name\":\"own\",\"stage\":\"business\",\"kind\":\"expression\","
    "\"params\":{\"sql\":\"quantity >\"},\"category\":\"DATA_QUALITY_ISSUE\",\"message\":\"m\"}",
    ""
  };
  CHECK_INT(act_as(t, "ann", &d), E_INVALID);
  d.json = "{\"dataset\":\"sales\",\"name\":\"own\",\"stage\":\"business\",\"kind\":\"expression\","
           "\"params\":{\"sql\":\"quantity > 1\"},\"category\":\"DATA_QUALITY_ISSUE\",\"message\":\"m\"}";
  CHECK_INT(act_as(t, "ann", &d), OK);
  int refused = 0;
  for (int i = 1; i <= 5; i++) {
    struct deed item = { DELETE, entity_find("reference_item"), NULL, "" };
    snprintf(item.id, sizeof item.id, "00000000-0000-7000-8000-0000000001%02x", i);
    refused += act_as(t, "ann", &item) != OK;
  }
  CHECK_INT(refused, 1);
  ctx_end(&cx);
}

UNIT(record_keys_indexed, "each unique key of an entity has its index: what is added is refused by that") {
  struct ctx cx;
  struct db *db;
  ctx_begin(&cx, "test");
  entity_register_declared();
  if (!CHECK_INT(db_pristine(&cx, &db), OK)) return;
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)); i++)
    for (int k = 0; k < e->key_count; k++) {
      const char *columns = "";
      for (int n = 0; n < e->keys[k].count; n++)
        columns =
            ctx_printf(&cx, "%s%s%s", columns, n ? ", " : "", e->properties[e->keys[k].property[n]].name);
      struct stmt *s = db_compose(
          &cx, db,
          "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql LIKE ?2");
      stmt_text(s, 1, e->table);
      stmt_text(
          s, 2,
          ctx_printf(&cx, "CREATE UNIQUE INDEX %% ON %s(%s) WHERE deleted_at IS NULL", e->table, columns));
      CHECK(stmt_row(&cx, s));
      if (!CHECK_INT(col_int(s, 0), 1)) printf("%s: %s\n", e->name, columns);
      stmt_done(s);
    }
  ctx_end(&cx);
}

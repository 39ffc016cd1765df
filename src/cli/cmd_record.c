/* cmd_record.c - records of every entity, by the one door. */
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "record/record.h"

static const struct entity *find_entity(struct ctx *cx, const struct cli *c) {
  const struct entity *e = entity_find(c->operand[0]);
  if (!e)
    fail(cx, E_NOT_FOUND, "entity", "there is no entity %s; there are %s", c->operand[0], entity_names());
  return e;
}

struct change_request {
  const struct entity *entity;
  struct jv *object;
  char id[37];
  enum { SAVE, DELETE, RESTORE } what;
};

static int apply(struct ctx *cx, struct db *db, void *arg) {
  struct change_request *r = arg;
  switch (r->what) {
  case SAVE: return record_save(cx, db, r->entity, r->object, r->id);
  case DELETE: return record_delete(cx, db, r->entity, r->id);
  default: return record_restore(cx, db, r->entity, r->id);
  }
}

static int print_record(struct ctx *cx, struct tenant *t, const struct change_request *r) {
  struct db *db;
  struct buf out;
  struct jw w;
  if (tenant_read(cx, t, &db)) return cx->code;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  if (record_get(cx, db, r->entity, r->id, &w, NULL)) return cx->code;
  return cli_print_json(cx, &out);
}

static int change(struct ctx *cx, struct cli *c, struct change_request *r) {
  struct tenant *t;
  r->entity = find_entity(cx, c);
  if (!r->entity || cli_tenant(cx, c, &t) || tenant_write(cx, t, apply, r)) return cx->code;
  return print_record(cx, t, r);
}

int cmd_record_save(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = SAVE };
  if (jv_parse(cx, str_of(c->operand[1]), &r.object)) return cx->code;
  return change(cx, c, &r);
}

int cmd_record_delete(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = DELETE };
  str_copy(r.id, sizeof r.id, str_of(c->operand[1]));
  return change(cx, c, &r);
}

int cmd_record_restore(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = RESTORE };
  str_copy(r.id, sizeof r.id, str_of(c->operand[1]));
  return change(cx, c, &r);
}

int cmd_record_list(struct ctx *cx, struct cli *c) {
  const struct entity *e = find_entity(cx, c);
  const char *as_of = cli_get(c, "as-of");
  struct db *db;
  struct buf out;
  struct jw w;
  int64_t at = 0;
  if (!e) return cx->code;
  if (as_of && !time_parse_iso(str_of(as_of), &at))
    return cli_usage(cx, "--as-of takes 2024-02-29 or 2024-02-29T12:00:00Z, not '%s'", as_of);
  if (cli_read(cx, c, &db)) return cx->code;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  record_list(cx, db, e, cli_has(c, "deleted"), at, &w, NULL);
  return cli_print_json(cx, &out);
}

int cmd_record_history(struct ctx *cx, struct cli *c) {
  const struct entity *e = find_entity(cx, c);
  struct db *db;
  struct buf out;
  struct jw w;
  if (!e || cli_read(cx, c, &db)) return cx->code;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  record_history(cx, db, e, c->operand[1], &w, NULL);
  return cli_print_json(cx, &out);
}

/* cmd_record.c - records of every entity, by the one door. */
#include <stdio.h>

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

int cmd_record_entities(struct ctx *cx, struct cli *c) {
  struct jw *w = &c->json;
  (void)c;
  jw_array(w, NULL);
  for (int i = 0; entity_at(i); i++) record_describe(w, entity_at(i));
  jw_close(w, ']');
  return cli_print_json(cx, &c->out);
}

struct change_request {
  const struct entity *entity;
  struct jv *object;
  const char *name; /* its id, or its unique key */
  char id[37];
  enum { SAVE, DELETE, RESTORE } what;
};

static int apply(struct ctx *cx, struct db *db, void *arg) {
  struct change_request *r = arg;
  switch (r->what) {
  case SAVE: return record_save(cx, db, r->entity, r->object, r->id);
  case DELETE:
    return record_id(cx, db, r->entity, r->name, r->id) ? (int)cx->code
                                                        : record_delete(cx, db, r->entity, r->id);
  default:
    return record_id_deleted(cx, db, r->entity, r->name, r->id) ? (int)cx->code
                                                                : record_restore(cx, db, r->entity, r->id);
  }
}

static int change(struct ctx *cx, struct cli *c, struct change_request *r) {
  struct tenant *t;
  struct db *db;
  r->entity = find_entity(cx, c);
  if (!r->entity || cli_tenant(cx, c, &t) || tenant_write(cx, t, apply, r) || tenant_read(cx, t, &db) ||
      record_get(cx, db, r->entity, r->id, &c->json, NULL))
    return cx->code;
  return cli_print_json(cx, &c->out);
}

int cmd_record_save(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = SAVE };
  if (jv_parse(cx, str_of(c->operand[1]), &r.object)) return cx->code;
  return change(cx, c, &r);
}

int cmd_record_delete(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = DELETE, .name = c->operand[1] };
  return change(cx, c, &r);
}

int cmd_record_restore(struct ctx *cx, struct cli *c) {
  struct change_request r = { .what = RESTORE, .name = c->operand[1] };
  return change(cx, c, &r);
}

int cmd_record_import(struct ctx *cx, struct cli *c) {
  const struct entity *e = find_entity(cx, c);
  struct tenant *t;
  struct record_file_result r;
  const char **maps = ctx_alloc(cx, ((size_t)c->option_count + 1) * sizeof *maps);
  struct record_file file = { .path = c->operand[1], .map = maps, .dry_run = cli_has(c, "dry-run") };
  for (int i = 0; (maps[file.map_count] = cli_next(c, "map", &i));) file.map_count++;
  if (!e || cli_tenant(cx, c, &t)) return cx->code;
  if (record_import(cx, t, e, &file, &r)) {
    for (const struct flaw *f = cx->flaws ? cx->flaws->next : NULL; f; f = f->next)
      fprintf(stderr, "  %s\n", f->message);
    return cx->code;
  }
  jw_record(&c->json, NULL, "rows", r.rows, "added", r.added, "changed", r.changed, "ignored", r.ignored,
            "dry_run", file.dry_run);
  return cli_answer(
      cx, c,
      ctx_printf(cx, "{rows} rows: {added} added, {changed} changed%s\n%s",
                 file.dry_run ? "; nothing of it was stored" : "",
                 *r.ignored ? "passed over, because it has no such property: {ignored}\n" : ""));
}

/* "price>=10": the property, the comparison, the value. */
static int read_filter(struct ctx *cx, const char *text, struct record_filter *f) {
  static const char *const ops[] = { "!=", "ne", "<=", "lte", ">=", "gte", "=",
                                     "eq", "<",  "lt", ">",   "gt", "~",   "like" };
  size_t n = strcspn(text, "!<>=~");
  for (size_t i = 0; n && i < sizeof ops / sizeof *ops; i += 2)
    if (strncmp(text + n, ops[i], strlen(ops[i])) == 0) {
      *f = (struct record_filter){ ctx_strdup(cx, (struct str){ text, n }), ops[i + 1],
                                   str_of(text + n + strlen(ops[i])) };
      return OK;
    }
  return cli_usage(cx, "--filter takes a comparison such as 'price>=10' (= != < <= > >= ~), not '%s'", text);
}

static int list_now(struct ctx *cx, struct cli *c, const struct entity *e, struct jw *w) {
  struct record_filter *filters = ctx_alloc(cx, ARGS_MAX * sizeof *filters);
  struct record_query q = { .deleted = cli_has(c, "deleted"),
                            .search = cli_get(c, "search"),
                            .sort = cli_get(c, "sort"),
                            .filters = filters };
  struct record_page page;
  struct db *db;
  const char *filter;
  for (int i = 0; (filter = cli_next(c, "filter", &i));)
    if (read_filter(cx, filter, &filters[q.filter_count++])) return cx->code;
  if (cli_int(cx, c, "limit", INT64_MAX, 1, INT64_MAX, &q.limit)) return cx->code;
  return cli_read(cx, c, &db) ? (int)cx->code : record_query(cx, db, e, &q, w, NULL, &page);
}

static int list_then(struct ctx *cx, struct cli *c, const struct entity *e, struct jw *w) {
  static const char *const others[] = { "search", "filter", "sort", "limit" };
  struct db *db;
  int64_t at;
  if (cli_time(cx, c, "as-of", &at)) return cx->code;
  for (int i = 0; i < 4; i++)
    if (cli_has(c, others[i]))
      return cli_usage(cx, "--as-of lists all records: it goes without --%s", others[i]);
  return cli_read(cx, c, &db) ? (int)cx->code
                              : record_list(cx, db, e, cli_has(c, "deleted"), at, w, NULL, NULL);
}

int cmd_record_list(struct ctx *cx, struct cli *c) {
  const struct entity *e = find_entity(cx, c);
  if (!e || (cli_has(c, "as-of") ? list_then : list_now)(cx, c, e, &c->json)) return cx->code;
  return cli_print_json(cx, &c->out);
}

int cmd_record_history(struct ctx *cx, struct cli *c) {
  const struct entity *e = find_entity(cx, c);
  struct db *db;
  char id[37];
  if (!e || cli_read(cx, c, &db) || record_id_deleted(cx, db, e, c->operand[1], id) ||
      record_history(cx, db, e, id, &c->json, NULL))
    return cx->code;
  return cli_print_json(cx, &c->out);
}

/* topic.c - topics as their rows say, and what is registered for them. */
#include "event/internal.h"

enum { DOORS_MOST = 8, CONSUMERS_MOST = 64 };

static const struct topic_door *doors[DOORS_MOST];
static const struct consumer *consumers[CONSUMERS_MOST];
static int door_count, consumer_count;

void topic_door_register(const struct topic_door *d) {
  if (door_count < DOORS_MOST) doors[door_count++] = d;
}

const struct topic_door *topic_door_find(const char *topic) {
  for (int i = 0; i < door_count; i++)
    if (strcmp(doors[i]->topic, topic) == 0) return doors[i];
  return NULL;
}

void consumer_register(const struct consumer *c) {
  if (consumer_count < CONSUMERS_MOST) consumers[consumer_count++] = c;
}

const struct consumer *consumer_at(int i) { return i < consumer_count ? consumers[i] : NULL; }

/* ---- a row ---- */

static bool kind_of(struct str name, enum event_field_kind *out) {
  static const char *const names[] = { "text", "decimal", "integer", "instant", "boolean", "json" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq(name, str_of(names[i]))) return *out = (enum event_field_kind)i, true;
  return false;
}

static int field_at(const struct topic *t, struct str name) {
  for (int i = 0; i < t->field_count; i++)
    if (str_eq(t->fields[i].name, name)) return i;
  return -1;
}

static int broken(struct ctx *cx, const struct topic *t, const char *what) {
  return fail(cx, E_FAIL, NULL, "topic %s is declared wrongly: %s", t->name, what);
}

static int read_fields(struct ctx *cx, struct topic *t, const struct jv *fields) {
  if (jv_size(fields) > EVENT_FIELDS) return broken(cx, t, "it has too many fields");
  for (size_t i = 0; i < jv_size(fields); i++) {
    struct event_field *f = &t->fields[t->field_count++];
    const struct jv *v = jv_at(fields, i);
    f->name = str_of(ctx_strdup(cx, jv_text(jv_get(v, "name"))));
    if (f->name.n == 0 || !kind_of(jv_text(jv_get(v, "kind")), &f->kind))
      return broken(cx, t, "a field has no name, or a kind that there is not");
  }
  return OK;
}

static int read_types(struct ctx *cx, struct topic *t, const struct jv *types) {
  t->types = ctx_alloc(cx, (jv_size(types) + 1) * sizeof *t->types);
  for (void *it = jv_first(types); it; it = jv_next(types, it)) {
    struct event_type *type = &t->types[t->type_count++];
    type->name = str_of(ctx_strdup(cx, jv_key(it)));
    for (size_t i = 0; i < jv_size(jv_value(it)); i++) {
      int field = field_at(t, jv_text(jv_at(jv_value(it), i)));
      if (field < 0) return broken(cx, t, "a type requires a field that there is not");
      type->required |= UINT32_C(1) << field;
    }
  }
  return OK;
}

static int read_key(struct ctx *cx, struct topic *t, const struct jv *key) {
  if (jv_size(key) > EVENT_FIELDS) return broken(cx, t, "its key has too many fields");
  for (size_t i = 0; i < jv_size(key); i++) {
    int field = field_at(t, jv_text(jv_at(key, i)));
    if (field < 0) return broken(cx, t, "its key names a field that there is not");
    t->keys[t->key_count++] = field;
  }
  return OK;
}

static int topic_from_row(struct ctx *cx, struct stmt *s, struct topic *t) {
  struct jv *fields, *types, *key;
  *t = (struct topic){
    .name = col_dup(cx, s, 0),
    .help = col_dup(cx, s, 1),
    .changes = str_eq(col_str(s, 2), STR("changes")),
    .partitions = (int)col_int(s, 3),
    .retention_days = col_int(s, 7),
    .retention_bytes = col_int(s, 8),
    .beyond_groups = col_int(s, 9) != 0,
  };
  if (jv_parse(cx, col_str(s, 4), &fields) || jv_parse(cx, col_str(s, 5), &types) ||
      jv_parse(cx, col_str(s, 6), &key))
    return cx->code;
  return read_fields(cx, t, fields) || read_types(cx, t, types) || read_key(cx, t, key) ? cx->code : OK;
}

static const char *topic_names(struct ctx *cx, struct db *db) {
  struct buf names;
  buf_init(&names, 1000);
  struct stmt *s = db_stmt(cx, db, SQL_topic_names);
  while (stmt_row(cx, s)) buf_printf(&names, "%s" STR_FMT, names.n ? ", " : "", STR_ARG(col_str(s, 0)));
  return ctx_take(cx, &names);
}

int topic_find(struct ctx *cx, struct db *db, const char *name, struct topic **out) {
  struct stmt *s = db_ask(cx, db, SQL_topic_by_name, name);
  if (!stmt_row(cx, s)) {
    if (cx->code) return cx->code;
    return fail(cx, E_NOT_FOUND, "topic", "there is no topic %.80s; there are %s", name, topic_names(cx, db));
  }
  *out = ctx_alloc(cx, sizeof **out);
  topic_from_row(cx, s, *out);
  stmt_done(s);
  return cx->code;
}

int topic_list(struct ctx *cx, struct db *db, struct topic **list, size_t *count) {
  *count = 0;
  *list = ctx_alloc(cx, (size_t)(db_int(cx, db, SQL_topic_count, 0) + 1) * sizeof **list);
  struct stmt *s = db_stmt(cx, db, SQL_topic_all);
  while (stmt_row(cx, s))
    if (topic_from_row(cx, s, &(*list)[(*count)++])) stmt_done(s);
  return cx->code;
}

/* ---- what a topic may be ---- */

static bool name_fits(const char *name) {
  for (const char *p = name; *p; p++)
    if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p == '-' && p > name))) return false;
  return *name != 0;
}

/* Events keep what they were published under, and the program's own topics stay. */
static int check_kept(struct ctx *cx, struct db *db) {
  struct topic *t;
  struct stmt *s = db_stmt(cx, db, SQL_topic_lost);
  if (stmt_row(cx, s)) {
    const char *name = ctx_strdup(cx, col_str(s, 0));
    stmt_done(s);
    return fail(cx, E_CONFLICT, "name",
                "topic %s holds events or has readers: it can be neither renamed nor deleted", name);
  }
  for (int i = 0; i < consumer_count && !cx->code; i++) topic_find(cx, db, consumers[i]->topic, &t);
  for (int i = 0; i < door_count && !cx->code; i++) topic_find(cx, db, doors[i]->topic, &t);
  return cx->code;
}

static int check_partitions(struct ctx *cx, struct db *db, const struct topic *t) {
  int64_t most = 0;
  struct stmt *s = db_ask(cx, db, SQL_event_partitions, t->name);
  while (stmt_row(cx, s)) most = col_int(s, 0) + 1;
  if (most <= t->partitions) return cx->code;
  return fail(cx, E_CONFLICT, "partitions",
              "topic %s has events in %lld partitions; there can be more, not fewer", t->name,
              (long long)most);
}

static int check_topic(struct ctx *cx, struct db *db, const char *id) {
  struct topic t = { 0 };
  struct stmt *s = db_ask(cx, db, SQL_topic_by_id, id);
  if (stmt_row(cx, s)) topic_from_row(cx, s, &t);
  stmt_done(s);
  if (cx->code == E_FAIL) cx->code = E_INVALID; /* its declaration is what is being saved */
  if (cx->code) return cx->code;
  if (!name_fits(t.name))
    return fail(cx, E_INVALID, "name",
                "a topic's name is small letters, digits and -, such as inventory-events");
  return check_partitions(cx, db, &t) ? (int)cx->code : check_kept(cx, db);
}

const struct entity_hooks topic_hooks = { .check_row = check_topic };

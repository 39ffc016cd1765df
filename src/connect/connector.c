#include "connect/connector.h"

#include "base/time.h"
#include "job/graph.h"
#include "record/form.h"

enum { DRIVERS_MOST = 32 };

static const struct connector_driver *drivers[DRIVERS_MOST];
static int driver_count;

/* Before any thread is started. */
static void connector_driver_register(const struct connector_driver *d) {
  if (driver_count < DRIVERS_MOST) drivers[driver_count++] = d;
}

static const struct connector_driver *find_driver(struct str type) {
  for (int i = 0; i < driver_count; i++)
    if (str_eq(type, str_of(drivers[i]->type))) return drivers[i];
  return NULL;
}

static const char *driver_names(struct ctx *cx) {
  const char *names = "";
  for (int i = 0; i < driver_count; i++)
    names = ctx_printf(cx, "%s%s%s", names, i ? ", " : "", drivers[i]->type);
  return names;
}

/* ---- when ---- */

/* The next beginning of an hour, a day, a week; 0: only when somebody asks. */
static int64_t next_sync(const char *frequency, int64_t now) {
  const int64_t hour = INT64_C(3600000000), monday = 4 * DAY_US; /* 1970-01-05 was one */
  if (!strcmp(frequency, "hourly")) return (now / hour + 1) * hour;
  if (!strcmp(frequency, "daily")) return (now / DAY_US + 1) * DAY_US;
  if (!strcmp(frequency, "weekly")) return ((now - monday) / (7 * DAY_US) + 1) * 7 * DAY_US + monday;
  return 0;
}

static int list_due(struct ctx *cx, struct db *db, const struct jv *payload, struct jw *items) {
  struct stmt *s = db_ask(cx, db, SQL_connectors_due, cx->now, jv_text(jv_get(payload, "frequency")));
  while (stmt_row(cx, s)) jw_str(items, NULL, col_str(s, 0));
  return cx->code;
}

/* ---- a reading ---- */

struct reading {
  struct connector c;
  bool paused;
  const char *error; /* NULL: it went well */
};

static int read_connector(struct ctx *cx, struct db *db, const char *name, struct reading *r) {
  struct jv *settings = NULL;
  struct stmt *s = db_ask(cx, db, SQL_connector_find, name);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "connector", "there is no connector %.80s", name);
  if (!col_null(s, 3) && jv_parse(cx, col_str(s, 3), &settings)) return cx->code;
  r->paused = str_eq(col_str(s, 6), STR("paused"));
  r->c = (struct connector){ .id = col_dup(cx, s, 0),
                             .name = col_dup(cx, s, 1),
                             .type = col_dup(cx, s, 2),
                             .settings = settings,
                             .credentials = col_dup(cx, s, 4),
                             .frequency = col_dup(cx, s, 5),
                             .last_sync_at = col_int(s, 7) };
  stmt_done(s);
  return OK;
}

/* The reader is given back at once: what is read from outside takes long. */
static int find(struct ctx *cx, struct job *job, const char *name, struct reading *r) {
  struct ctx one;
  struct db *db;
  ctx_begin(&one, cx->actor);
  if (tenant_read(&one, job_tenant(job), &db))
    fail_from(cx, &one);
  else
    read_connector(cx, db, name, r);
  ctx_end(&one);
  return cx->code;
}

static int note(struct ctx *cx, struct db *db, void *arg) {
  const struct reading *r = arg;
  int64_t next = next_sync(r->c.frequency, cx->now);
  struct form f;
  struct jw *w = form_begin(&f, r->c.id);
  jw_put(w, "status", r->error ? "error" : "active", "error_message", r->error);
  if (!r->error) jw_put(w, "last_sync_at", arg_time(cx->now), "next_sync_at", arg_time_known(next));
  return form_save(cx, db, "connector", &f, NULL);
}

/* The reading has failed in cx: the record says why, in a unit of work of its own. */
static void note_error(struct ctx *cx, struct job *job, struct reading *r) {
  struct ctx other;
  ctx_begin(&other, cx->actor);
  r->error = ctx_strdup(&other, str_of(cx->message));
  job_write(&other, job, note, r);
  ctx_end(&other);
}

static int run_sync(struct ctx *cx, struct job *job) {
  struct reading r = { .error = NULL };
  struct connector_result result = { 0 };
  struct str named = jv_text(jv_get(job_payload(job), "connector"));
  const char *name = job_item(job) ? job_item(job) : named.p ? ctx_strdup(cx, named) : NULL;
  if (!name) return fail(cx, E_INVALID, "connector", "say which connector: {\"connector\":\"its name\"}");
  if (find(cx, job, name, &r)) return cx->code;
  if (r.paused) {
    job_result(job, STR("{\"skipped\":\"the connector is paused\"}"));
    return OK;
  }
  const struct connector_driver *d = find_driver(str_of(r.c.type));
  int rc = d ? d->sync(cx, job, &r.c, &result)
             : fail(cx, E_INVALID, "type", "connector %s: this version reads no %.60s; it reads: %s",
                    r.c.name, r.c.type, driver_names(cx));
  if (rc) {
    note_error(cx, job, &r);
    return rc;
  }
  job_result(job, str_of(ctx_printf(cx, "{\"items\":%lld,\"refused\":%lld}", (long long)result.items,
                                    (long long)result.refused)));
  return job_finish(cx, job, note, &r);
}

/* ---- the records' own rules ---- */

/* A type that no driver reads may be kept: it fails when it is read, and says so. */
static int check_row(struct ctx *cx, struct db *db, const char *id) {
  struct jv *settings = NULL;
  struct stmt *s = db_ask(cx, db, SQL_connector_row, id);
  if (!stmt_row(cx, s)) return cx->code; /* deleted: that is allowed */
  const struct connector_driver *d = find_driver(col_str(s, 0));
  if (d && d->check && (col_null(s, 1) || !jv_parse(cx, col_str(s, 1), &settings))) d->check(cx, settings);
  stmt_done(s);
  return cx->code;
}

void connectors_register(void) {
  static const struct entity_hooks hooks = { .check_row = check_row };
  static const struct job_kind kind = { .name = "connector_sync",
                                        .queue = "graph",
                                        .help = "reads what is new in an outside system",
                                        .need = "work.write",
                                        .run = run_sync };
  entity_hooks_register("connector", &hooks);
  graph_lister_register("connectors", list_due);
  job_kind_register(&kind);
  connector_driver_register(&folder_driver);
}

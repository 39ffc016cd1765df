/*
** system.c - what this program consists of and what it is doing, counted where it is: in the registries, in the file's
** schema, in the figures of this process. No number stands here as a number.
**
** The services are those that the field-sales system of old was made of, each a process of its own then; here they
** are modules of one, and each tells what it has done.
*/
#include "base/metrics.h"
#include "base/time.h"
#include "base/version.h"
#include "event/event.h"
#include "field/field.h"
#include "gen/assets.h"
#include "http/hub.h"
#include "http/routes.h"
#include "job/breaker.h"
#include "job/job.h"
#include "model/entity.h"

/* ---- counts ---- */

static void put(struct jw *w, const char *name, int64_t count) {
  jw_record(w, NULL, "name", name, "count", count);
}

static void put_entities(struct jw *w) {
  const struct entity *e;
  int count = 0, properties = 0, references = 0;
  for (; (e = entity_at(count)); count++) {
    properties += e->property_count;
    for (int i = 0; i < e->property_count; i++) references += e->properties[i].reference != NULL;
  }
  put(w, "entities", count);
  put(w, "properties", properties);
  put(w, "references", references);
}

/* What is registered at start. */
static void put_registries(struct jw *w) {
  int routes = 0, kinds = 0, consumers = 0, datasets = 0, stages = 0, libraries = 0;
  for (int t = 0; route_tables[t]; t++)
    for (const struct route *r = route_tables[t]; r->method; r++) routes++;
  while (job_kind_at(kinds)) kinds++;
  while (consumer_at(consumers)) consumers++;
  while (dataset_at(datasets)) datasets++;
  while (field_stage_at(stages)) stages++;
  while (version_libs[libraries].name) libraries++;
  put(w, "routes", routes);
  put(w, "operations", openapi_count());
  put_entities(w);
  put(w, "datasets", datasets);
  put(w, "job_kinds", kinds);
  put(w, "consumers", consumers);
  put(w, "stages", stages);
  put(w, "statements", SQL_COUNT);
  put(w, "reports", (int64_t)report_count);
  put(w, "migrations", (int64_t)(tenant_migration_count + system_migration_count));
  put(w, "permissions", GROUP_COUNT * 2);
  put(w, "page_files", (int64_t)asset_count);
  put(w, "libraries", libraries);
}

/* "table", "index" ... of the file, and what was put into it. */
static void put_file(struct ctx *cx, struct db *db, struct jw *w) {
  static const enum sql_id questions[] = { SQL_system_schema, SQL_system_instances };
  for (int i = 0; i < 2; i++) {
    struct stmt *s = db_stmt(cx, db, questions[i]);
    while (stmt_row(cx, s)) {
      const char *name = ctx_strdup(cx, col_str(s, 0));
      bool index = !strcmp(name, "index");
      put(w, i ? name : index ? "indexes" : ctx_printf(cx, "%ss", name), col_int(s, 1));
    }
  }
}

/* ---- services ---- */

static void service_begin(struct jw *w, const char *name, const char *was) {
  jw_object(w, NULL);
  jw_put(w, "name", name, "was", was);
  jw_text(w, "state", "up"); /* it answers: it is a part of the process that does */
  jw_object(w, "counters");
}

static void service_end(struct jw *w) {
  jw_close(w, '}');
  jw_close(w, '}');
}

static void service_rows(struct ctx *cx, struct db *db, struct jw *w, const char *name) {
  struct stmt *s = db_ask(cx, db, SQL_system_services, cx->now);
  while (stmt_row(cx, s))
    if (str_eq(col_str(s, 0), str_of(name))) jw_int(w, ctx_strdup(cx, col_str(s, 1)), col_int(s, 2));
}

static void put_services(struct request *rq, struct db *db) {
  static const struct {
    const char *name, *was;
  } services[] = {
    { "gateway", "API Gateway, port 3007" },
    { "page", "Frontend, port 3000" },
    { "bulk_upload", "Bulk Upload, port 3009" },
    { "prediction", "Prediction Service, port 3006" },
    { "queue", "Queue Processor" },
    { "store", "PostgreSQL, port 3432" },
    { "cache", "Redis, port 6379" },
    { "sessions", "Redis, port 6379" },
    { "realtime", "WebSocket" },
  };
  struct jw *w = &rq->json;
  struct hub_numbers watching;
  hub_numbers(rq->server->hub, &watching);
  jw_array(w, "services");
  for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
    const char *name = services[i].name;
    service_begin(w, name, services[i].was);
    if (!strcmp(name, "gateway")) jw_int(w, "requests", (int64_t)metric_sum(&metric_requests, NULL));
    if (!strcmp(name, "gateway")) jw_int(w, "refused", (int64_t)metric_sum(&metric_requests, "429"));
    if (!strcmp(name, "page")) jw_int(w, "files", (int64_t)asset_count);
    if (!strcmp(name, "cache")) jw_int(w, "hits", (int64_t)metric_sum(&metric_cache, "hit"));
    if (!strcmp(name, "cache")) jw_int(w, "misses", (int64_t)metric_sum(&metric_cache, "miss"));
    if (!strcmp(name, "realtime")) jw_int(w, "streams", watching.events);
    if (!strcmp(name, "realtime")) jw_int(w, "sockets", watching.sockets);
    if (!strcmp(name, "realtime")) jw_int(w, "sent", watching.sent);
    service_rows(rq->cx, db, w, name);
    service_end(w);
  }
  jw_close(w, ']');
}

/* ---- all of it ---- */

static void put_libraries(struct jw *w) {
  jw_array(w, "libraries");
  for (const struct version_lib *l = version_libs; l->name; l++)
    jw_record(w, NULL, "name", l->name, "version", l->version);
  jw_close(w, ']');
}

int system_show(struct request *rq) {
  struct jw *w = &rq->json;
  char at[TIME_SIZE];
  jw_object(w, "data");
  jw_put(w, "version", OUTPOST_VERSION, "started", time_iso(at, rq->server->started));
  jw_text(w, "now", time_iso(at, rq->cx->now));
  jw_array(w, "counts");
  put_registries(w);
  put_file(rq->cx, rq->db, w);
  jw_close(w, ']');
  put_services(rq, rq->db);
  breaker_list(rq->cx, rq->db, w, "breakers");
  put_libraries(w);
  jw_close(w, '}');
  return rq->cx->code;
}

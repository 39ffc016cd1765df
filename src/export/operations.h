/*
** operations.h - how the machine and its tenants are doing, as figures (GET /metrics) and as
** sentences (GET /api/health, `outpost doctor`).
**
** The names of the figures are a contract with dashboards and alert rules (packaging/): they stay. The
** labels hold slugs, queues, topics, routes: what an administrator named, never data.
**
** TO ADD A FIGURE OF A TENANT: 1. a statement in sql/query/operations.sql whose columns are the
** labels and the value, 2. a row in `families` of operations.c, 3. its name in NAMES of
** tests/scenario/operations.test.mjs, and where it helps in packaging/grafana/outpost.json.
*/
#ifndef EXPORT_OPERATIONS_H
#define EXPORT_OPERATIONS_H

#include "base/json.h"
#include "store/opened.h"

/* All figures in the text format of Prometheus, of one tenant (a slug) or of all (NULL). One that cannot be opened
** has outpost_tenant_up 0. */
void operations_metrics(struct ctx *cx, struct opened *tenants, const char *only, struct buf *out);

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_BAD };
extern const char *const health_names[]; /* "ok", "warn", "bad" */

typedef void health_tell_fn(void *arg, const char *section, enum health state, const char *text);
/* Of the process and its disk: memory, files, disk, errors. */
void health_machine(struct ctx *cx, const char *dir, health_tell_fn *tell, void *arg);
/* Of a tenant: engine, queues, schedules, topics, wal, backups, mail. */
int health_tenant(struct ctx *cx, struct tenant *t, struct db *db, health_tell_fn *tell, void *arg);

#endif

/*
** operations.c - the figures of GET /metrics.
**
** Those of the process are counted where things happen (base/metrics.h); those of the machine are asked from
** the system; those of a tenant are statements, a family each. In the text format all
** samples of a family stand together, so each family has a buffer of its own while
** the tenants are gone through, one after the other.
*/
#include "export/operations.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/metrics.h"
#include "base/version.h"
#include "event/report.h"
#include "export/machine.h"

enum kind { GAUGE, COUNTER, SUMMARY };
static const char *const kinds[] = { "gauge", "counter", "summary" };

struct family {
  const char *name, *help;
  enum kind kind;
  enum sql_id sql;
};

static const struct family families[] = {
  { "outpost_jobs", "Jobs by queue and state: ready, delayed, running, dead.", GAUGE, SQL_ops_jobs },
  { "outpost_job_oldest_seconds", "How long the oldest job that is ready has been due.", GAUGE,
    SQL_ops_job_oldest },
  { "outpost_job_attempts_lost", "Kept attempts whose process ended before they did.", GAUGE,
    SQL_ops_job_lost },
  { "outpost_schedule_late_seconds", "How late the latest slot of a schedule is.", GAUGE,
    SQL_ops_schedule_late },
  { "outpost_schedule_slots_missed", "Slots of schedules that were missed, as far as they are kept.", GAUGE,
    SQL_ops_schedule_missed },
  { "outpost_graph_runs", "Runs of graphs by state, as far as they are kept.", GAUGE, SQL_ops_graph_runs },
  { "outpost_import_runs_total", "Imports by dataset and state.", COUNTER, SQL_ops_import_runs },
  { "outpost_import_rows_total", "Rows that were imported, clean and rejected.", COUNTER,
    SQL_ops_import_rows },
  { "outpost_import_last_seconds", "How long the last import took.", GAUGE, SQL_ops_import_seconds },
  { "outpost_import_memory_peak_bytes", "The most memory that the process of the last import had.", GAUGE,
    SQL_ops_import_memory },
  { "outpost_outbox", "Mails and requests by state.", GAUGE, SQL_ops_outbox },
  { "outpost_backup_age_seconds", "How old the newest verified copy is.", GAUGE, SQL_ops_backup_age },
  { "outpost_alerts_open", "Alerts that nobody has looked at, by severity.", GAUGE, SQL_ops_alerts },
  { "outpost_breaker_state", "Circuit breakers: 0 closed, 1 half-open, 2 open.", GAUGE, SQL_ops_breakers },
  { "outpost_changes_total", "Entries of the change log.", COUNTER, SQL_ops_changes },
  { "outpost_sync_up", "1 when headquarters was reached the last time it was tried.", GAUGE,
    SQL_ops_sync_up },
  { "outpost_sync_behind_entries", "Entries of the change log that headquarters has not confirmed.", GAUGE,
    SQL_ops_sync_behind },
  { "outpost_sync_age_seconds", "How long ago headquarters last confirmed a batch of the lane.", GAUGE,
    SQL_ops_sync_age },
  { "outpost_sync_batches_total", "Batches that headquarters confirmed.", COUNTER, SQL_ops_sync_batches },
  { "outpost_sync_rows_total", "Rows that headquarters confirmed.", COUNTER, SQL_ops_sync_rows },
  { "outpost_sync_bytes_total", "Bytes that headquarters confirmed, before encryption.", COUNTER,
    SQL_ops_sync_bytes },
};
enum { FAMILIES = sizeof families / sizeof *families };

/* Those of a tenant that are no statement. */
enum { UP, FILE_BYTES, WAL_BYTES, LAG, CONSUMED, ERRORS, PARKED, LATENCY, OTHERS };
static const struct family others[OTHERS] = {
  [UP] = { "outpost_tenant_up", "1 when the tenant's file could be read.", GAUGE, 0 },
  [FILE_BYTES] = { "outpost_tenant_file_bytes", "The size of the tenant's file.", GAUGE, 0 },
  [WAL_BYTES] = { "outpost_tenant_wal_bytes", "The size of its write-ahead log.", GAUGE, 0 },
  [LAG] = { "outpost_topic_lag", "Events that a group has not taken yet.", GAUGE, 0 },
  [CONSUMED] = { "outpost_topic_consumed_total", "Events that a group has taken.", COUNTER, 0 },
  [ERRORS] = { "outpost_topic_errors_total", "Attempts of a group that failed.", COUNTER, 0 },
  [PARKED] = { "outpost_topic_parked", "Events that a group could not take and that wait.", GAUGE, 0 },
  [LATENCY] = { "outpost_topic_latency_seconds", "How long events waited for a group.", SUMMARY, 0 },
};

struct look {
  struct ctx *cx;
  struct buf of[FAMILIES + OTHERS];
};

/* ---- a tenant ---- */

/* Columns but the last are labels. */
static void put_row(struct buf *out, const char *name, const char *slug, const struct stmt *s) {
  int last = stmt_columns(s) - 1;
  if (col_null(s, last)) return;
  buf_printf(out, "%s{", name);
  metric_label(out, "tenant", str_of(slug));
  for (int i = 0; i < last; i++) {
    buf_char(out, ',');
    metric_label(out, col_name(s, i), col_str(s, i));
  }
  buf_puts(out, "} ");
  buf_str(out, col_str(s, last));
  buf_char(out, '\n');
}

static void put_family(struct ctx *cx, struct db *db, const struct family *f, const char *slug,
                       struct buf *out) {
  struct stmt *s = db_ask(cx, db, f->sql, cx->now);
  if (!s) return;
  while (stmt_row(cx, s)) put_row(out, f->name, slug, s);
}

static struct buf *other(struct look *l, int i) { return &l->of[FAMILIES + i]; }

static void put_one(struct look *l, int i, const char *slug, int64_t value) {
  buf_printf(other(l, i), "%s{", others[i].name);
  metric_label(other(l, i), "tenant", str_of(slug));
  buf_printf(other(l, i), "} %lld\n", (long long)value);
}

static void put_group(struct look *l, int i, const char *slug, const struct group_report *g,
                      const char *quantile, double value) {
  struct buf *out = other(l, i);
  buf_printf(out, "%s{", others[i].name);
  metric_label(out, "tenant", str_of(slug));
  buf_char(out, ',');
  metric_label(out, "topic", str_of(g->topic));
  buf_char(out, ',');
  metric_label(out, "group", str_of(g->group));
  if (quantile) buf_printf(out, ",quantile=\"%s\"", quantile);
  buf_printf(out, "} %.15g\n", value);
}

static void put_groups(struct look *l, struct ctx *cx, struct db *db, const char *slug) {
  struct group_report *list;
  size_t count;
  if (groups_report(cx, db, NULL, &list, &count)) return;
  for (size_t i = 0; i < count; i++) {
    const struct group_report *g = &list[i];
    put_group(l, LAG, slug, g, NULL, (double)g->lag);
    put_group(l, CONSUMED, slug, g, NULL, (double)g->consumed);
    put_group(l, ERRORS, slug, g, NULL, (double)g->errors);
    put_group(l, PARKED, slug, g, NULL, (double)g->parked);
    put_group(l, LATENCY, slug, g, "0.5", (double)g->p50_us / 1e6);
    put_group(l, LATENCY, slug, g, "0.95", (double)g->p95_us / 1e6);
    put_group(l, LATENCY, slug, g, "0.99", (double)g->p99_us / 1e6);
  }
}

static int64_t size_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? st.st_size : 0;
}

static void look_at_tenant(struct look *l, struct opened *tenants, const char *slug) {
  struct ctx aside;
  struct tenant *t;
  struct db *db;
  ctx_begin(&aside, l->cx->actor);
  if (!opened_find(&aside, tenants, slug, &t) && !tenant_read(&aside, t, &db)) {
    for (int i = 0; i < FAMILIES && !aside.code; i++) put_family(&aside, db, &families[i], slug, &l->of[i]);
    if (!aside.code) put_groups(l, &aside, db, slug);
    put_one(l, FILE_BYTES, slug, size_of(tenant_path(t)));
    put_one(l, WAL_BYTES, slug, size_of(ctx_printf(&aside, "%s-wal", tenant_path(t))));
  }
  put_one(l, UP, slug, aside.code == OK);
  ctx_end(&aside);
}

/* ---- the whole ---- */

static void put_head(struct buf *out, const char *name, const char *help, const char *kind) {
  buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void put_figure(struct buf *out, const char *name, const char *help, const char *kind, double value) {
  put_head(out, name, help, kind);
  buf_printf(out, "%s %.15g\n", name, value);
}

static void put_machine(struct buf *out, const char *dir) {
  struct machine m;
  machine_look(dir, &m);
  put_figure(out, "process_resident_memory_bytes", "Memory of this process.", "gauge", (double)m.rss);
  put_figure(out, "process_resident_memory_peak_bytes", "The most that it had.", "gauge", (double)m.peak);
  put_figure(out, "process_open_fds", "Open files and connections.", "gauge", (double)m.open_files);
  put_figure(out, "process_max_fds", "How many there may be.", "gauge", (double)m.most_files);
  put_figure(out, "process_threads", "Threads.", "gauge", (double)m.threads);
  put_figure(out, "process_cpu_seconds_total", "Time of processors that was used.", "counter", m.cpu_seconds);
  put_figure(out, "process_start_time_seconds", "When it began, UTC.", "gauge", m.started);
  put_figure(out, "outpost_disk_free_bytes", "Free on the disk of the data folder.", "gauge",
             (double)m.disk_free);
  put_figure(out, "outpost_disk_size_bytes", "The size of that disk.", "gauge", (double)m.disk_size);
  put_head(out, "outpost_build_info", "Which program this is.", "gauge");
  buf_printf(out, "outpost_build_info{version=\"%s\"} 1\n", OUTPOST_VERSION);
}

static void put_families(const struct look *l, struct buf *out) {
  for (int i = 0; i < FAMILIES + OTHERS; i++) {
    const struct family *f = i < FAMILIES ? &families[i] : &others[i - FAMILIES];
    put_head(out, f->name, f->help, kinds[f->kind]);
    buf_str(out, buf_view(&l->of[i]));
  }
}

void operations_metrics(struct ctx *cx, struct opened *tenants, const char *only, struct buf *out) {
  struct store *store = opened_store(tenants);
  struct look *l = ctx_alloc(cx, sizeof *l);
  const struct tenant_info *list;
  size_t count;
  l->cx = cx;
  for (int i = 0; i < FAMILIES + OTHERS; i++) buf_init(&l->of[i], LIMIT_REPLY_BYTES / (FAMILIES + OTHERS));
  if (!tenant_list(cx, store, &list, &count))
    for (size_t i = 0; i < count; i++)
      if (!only || strcmp(only, list[i].slug) == 0) look_at_tenant(l, tenants, list[i].slug);
  put_machine(out, store_dir(store));
  metrics_write(out);
  put_families(l, out);
  for (int i = 0; i < FAMILIES + OTHERS; i++) buf_clear(&l->of[i]);
}

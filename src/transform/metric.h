/*
** metric.h - figures of days: revenue, inventory, staffing, costs. One of a kind
** for a day, given by somebody or added up from what the tenant has.
**
** A metric is a record of the entity `metric`. Beyond what its table checks, the door
** refuses one from the future (by the trusted clock: the later of the machine's and the
** change log's), and after one is stored looks at it: revenue of more than 1,000,000 is
** kept and told (data_quality_alert, once for a figure), and no longer told when it is
** corrected.
**
**   metric_value    what counts
**   derived_value   what the rows add up to, where there are rows
**   source          derived as long as nobody gave another value; what people give wins,
**                   and derived_value beside it says what the rows would say
**
** monthly_revenue is kept in a store of its own: a refresh adds up the months that
** changed, in slices, under a generation that no reader sees, and then moves to it in one
** step. Readers never wait and never see half of it; until the next refresh it is stale,
** and says since when.
*/
#ifndef TRANSFORM_METRIC_H
#define TRANSFORM_METRIC_H

#include "base/json.h"
#include "job/job.h"
#include "model/entity.h"

enum { METRIC_SCALE = 4, METRIC_OUTLIER = 1000000, METRIC_WINDOW_DAYS = 30, METRIC_CATEGORIES = 100 };

/* The present day by the trusted clock, as days since 1970 (UTC). */
int32_t metric_today(struct ctx *cx, struct db *db);

/* ---- asking ---- */

struct metric_query {
  const char *type;        /* one of the four */
  const char *start, *end; /* days, inclusive */
};
/* "metrics": [{metric_id, tenant_id, metric_type, metric_value, metric_date, created_at, data}], "count",
** "period": {"start", "end"} into the open object. E_INVALID says what is missing or wrong. */
int metric_find(struct ctx *cx, struct db *db, const struct metric_query *q, struct jw *w);

/* "data": [{month, total_revenue, avg_daily_revenue, days_with_data}], "refreshed_at", "stale", "months_changed" */
int metric_monthly(struct ctx *cx, struct db *db, struct jw *w);
/* "data": [{metric_date, category, total_revenue}] of these days; either may be NULL. */
int metric_daily(struct ctx *cx, struct db *db, const char *from, const char *to, struct jw *w);

/* ---- figures that are not as they should be (transform/quality.c) ---- */

struct quality_alert {
  const char *key;  /* what it speaks of: it is told once */
  const char *type; /* outlier, missing, schema_error */
  const char *severity, *message;
  const char *metric; /* id, or NULL */
};
/* Told again only when its message changed, or when it had gone by itself and is back. */
int quality_alert_raise(struct ctx *cx, struct db *db, const struct quality_alert *a, bool *fresh);
int quality_alert_settle(struct ctx *cx, struct db *db, const char *key);

/* ---- work ---- */

/* Derives daily revenue from the sales that count now. *changed: metrics made, changed or taken back;
** *kept: days for which people gave another figure. */
struct revenue_result {
  int64_t days, changed, kept, refused;
};

/* Metrics of a file: a table with the headings metric_type, metric_value, metric_date and, if it likes,
** category, or JSON. Each row through the door; what is there for a day is changed. Refused rows are
** listed ("refused": [{line, why}]) and stop nothing. */
int metric_import(struct ctx *cx, struct tenant *t, const char *path, struct jw *w, int64_t *refused);

/* Its rules and its kinds of jobs: revenue_metrics, monthly_revenue_refresh, missing_data_check. */
void metric_register(void);
extern const struct job_kind revenue_metrics_job, monthly_revenue_job, missing_data_job;

#endif

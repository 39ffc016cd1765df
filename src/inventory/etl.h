/*
** etl.h - the kinds of jobs behind the inventory's graphs (inventory_etl,
** transaction_aggregation, weekly_summary).
**
**   stock_extract            the ledger is added up to its end (daily.h)
**   stock_transform_load     the days of the run's window are put down as snapshots (snapshot.h)
**   stock_aggregate_metrics  the totals of these days go to analytics-events
**   stock_quality            the checks of quality.h
**   stock_aggregate          by day and by week
**   stock_load_aggregates    velocity and trend of what moved go to analytics-events
**   stock_week_aggregate     the week is added up
**   stock_week_metrics       its totals go to analytics-events
**   stock_week_report        what moved most, as stock_report
**   stock_week_dashboard     the inventory's value of the day among the metrics
**
** All of them are idempotent: a second run that finds nothing new writes nothing. Events have
** ids made of what they speak of, so that they are known when they come again.
** A run that fills in the past (job_window.backfill) adds the days of its window up again,
** corrects what differs, and makes the snapshots that are missing; the position up to which
** the ledger is added up, and what was published, stay as they are.
*/
#ifndef INVENTORY_ETL_H
#define INVENTORY_ETL_H

void stock_kinds_register(void);

#endif

/*
** routes.h - the handlers behind the table of routes, a line for each file.
*/
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/request.h"
#include "model/dataset.h"

enum { PAGE_ROWS = 50, PAGE_ROWS_MOST = 1000 };

/* routes_auth.c */
route_fn auth_login_post, auth_pin_post, auth_refresh_post, auth_logout_post, auth_me_get, auth_password_post;
route_fn auth_setup_post, auth_sessions_get, auth_session_delete, settings_get, settings_put;
route_fn users_logins, tokens_list, token_post, token_delete;
route_fn user_post, user_password_post, user_pin_post, user_badge_post, user_unlock_post;

route_fn runs_list, run_show, exceptions_list, run_undo, run_redo, run_rejudge; /* routes_runs.c */
route_fn governance_show, catalogue_show, proof_export, support_export;         /* routes_governance.c */
/* routes_desk.c */
route_fn desk_rows, desk_summary_show, desk_show_one, desk_file, desk_review, desk_fix, desk_fix_one;
/* records_csv.c */
struct record_query;
int records_csv_asked(struct request *rq, bool *csv); /* by format=csv, or Accept: text/csv */
int records_csv(struct request *rq, struct db *db, const struct record_query *q);

route_fn problems_list, problem_page;                                              /* problems.c */
route_fn openapi_show;                                                             /* openapi.c */
int openapi_count(void);                                                           /* operations in it */
route_fn system_show;                                                              /* system.c */
route_fn tenants_list, health_show, ready_show;                                    /* routes_system.c */
route_fn prometheus_show, health_report, outbox_rows, mail_test_post, secret_post; /* routes_health.c */

route_fn entities_list, records_list, record_show, record_changes; /* routes_records.c */
route_fn record_post, record_put, record_patch, record_remove, record_bring_back;

route_fn trust_show, authority_get, authority_pem_get; /* routes_trust.c */
route_fn tables_list, table_send;                      /* routes_tables.c */
route_fn rules_try_post, rules_promote_post;           /* routes_rules.c */

/* routes_schedules.c */
route_fn schedules_list, schedule_slots_list, schedule_preview_show, schedule_run_post, schedule_pause_post,
    schedule_resume_post;

/* routes_graphs.c */
route_fn graphs_list, graph_runs_list, graph_run_show_one, graph_run_post, graph_backfill_post,
    graph_run_retry_post, graph_run_clear_post, graph_run_cancel_post;

/* routes_archive.c */
route_fn archive_show, backups_show;
/* routes_jobs.c */
route_fn jobs_list, job_show_one, job_post, job_retry_post, job_cancel_post, job_edit_post, jobs_replay_dead;
route_fn job_queues_list, job_kinds_list;

route_fn events_stream, realtime_open, changes_list; /* events.c, realtime.c, routes_changes.c */

route_fn metrics_of_tenant, monthly_revenue_get, daily_revenue_get; /* routes_metrics.c */
route_fn sync_show, sync_history_show, sync_now_post, sync_pause_post, sync_resume_post; /* routes_sync.c */
route_fn sync_metered_post, conflicts_list, conflict_take_post, conflict_keep_post, conflict_reopen_post;
route_fn alerts_list, alert_acknowledge_post, alert_resolve_post; /* routes_alerts.c */
/* What somebody decides about the record of the address, {"note": "..."}: one write, and its id. */
typedef int decide_fn(struct ctx *cx, struct db *db, const char *id, const char *note);
int decision_post(struct request *rq, decide_fn *act);
route_fn low_stock_show, kept_show, reorders_list, reorder_accept_post,
    reorder_dismiss_post; /* routes_reorder.c */

route_fn upload_post, upload_show, upload_delete; /* routes_imports.c */
route_fn import_post, imports_list, import_show, import_cancel;
route_fn bulk_post, bulk_show, bulk_index;               /* routes_bulk.c */
int import_accepted(struct request *rq, const char *id); /* 202, and where to look */
/* The dataset that the query names with as, or the first there is. */
int dataset_asked(struct request *rq, const struct dataset **out);

/* routes_topics.c */
route_fn topics_list, topic_events, topic_publish, topic_poll, topic_commit, topic_leave;
route_fn parked_get, parked_replay_all_post, parked_replay_post, parked_discard_post;

/* routes_figures.c */
route_fn figures_get, quality_get, why_get, compare_get;
route_fn rows_get, row_get, line_get, impact_get;
route_fn row_post; /* routes_row.c */

/* routes_records.c: If-Match against the version of what the client has seen, 412; and the tag of a reply that holds a
** record and more: both its version and its bytes. */
int match_version(struct request *rq, struct ctx *cx, const char *what, int64_t version);
const char *tag_with_version(struct request *rq, int64_t version);

/* routes_orders.c */
route_fn orders_list, orders_recent, orders_pending, order_show_one, order_post, order_put, order_patch,
    order_remove, order_generate_post, order_approve_post, order_cancel_post;
/* routes_dashboard.c */
route_fn bought_show, dashboard_show, dashboard_audit_show, trends_show, predictions_list, suggestions_show,
    store_show_one, preferences_show, preferences_put, categories_list, brands_list, field_rules_list;

/* routes_stock.c */
route_fn stock_levels_get, stock_item_get, stock_history_get, stock_scan_get, stock_replay_get;
route_fn stock_quality_get, stock_snapshots_get, stock_metrics_get, stock_week_get;
route_fn stock_adjust_post, stock_count_post, stock_transfer_post;

#endif

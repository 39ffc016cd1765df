/*
** main.c - wiring only: the one file that knows everybody.
*/
#include <signal.h>
#include <sys/resource.h>

#include "archive/archive.h"
#include "archive/pit.h"
#include "auth/account.h"
#include "auth/session.h"
#include "cli/cli.h"
#include "connect/bulk.h"
#include "connect/connector.h"
#include "event/consume.h"
#include "event/keep.h"
#include "export/entities.h"
#include "field/again.h"
#include "field/dashboard.h"
#include "field/field.h"
#include "ingest/entities.h"
#include "ingest/import.h"
#include "ingest/note.h"
#include "ingest/rebuild.h"
#include "ingest/review.h"
#include "ingest/verify.h"
#include "inventory/inventory.h"
#include "inventory/levels.h"
#include "inventory/lowstock.h"
#include "job/engine.h"
#include "job/graph.h"
#include "job/job.h"
#include "job/schedule.h"
#include "notify/alert.h"
#include "notify/mail.h"
#include "notify/outbox.h"
#include "record/record.h"
#include "replicate/pull.h"
#include "replicate/stream_archived.h"
#include "replicate/worker.h"
#include "transform/metric.h"

/* The way back to a point in time: who derives again, and who proves. */
static int rebuild_again(struct ctx *cx, struct tenant *t) {
  return rebuild_all(cx, t, &(struct rebuild_result){ 0 });
}
static int prove_again(struct ctx *cx, struct store *s, const char *slug) {
  struct verdict v;
  if (verify_tenant(cx, s, slug, &v)) return cx->code;
  for (size_t i = 0; i < v.count; i++)
    if (!v.finding[i].ok)
      return fail(cx, E_FAIL, NULL, "nothing was changed, because the result does not hold: %s",
                  v.finding[i].text);
  return OK;
}
static const struct pit_hooks way_back = { rebuild_again, prove_again };

static const struct engine_part consumers_part = { "consumers", 4, consumers_work },
                                events_keep_part = { "events", 1, events_keep_work },
                                sessions_part = { "sessions", 1, sessions_seen_work };

int main(int argc, char **argv) {
  signal(SIGXFSZ,
         SIG_IGN); /* a file that may not grow is an error of the write, not the end of the process */
  signal(SIGPIPE, SIG_IGN);
  setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* a core file would hold passwords */

  entity_register_declared();
  entity_hooks_register("rule", &control_hooks);
  entity_hooks_register("reference_item", &control_hooks);
  entity_hooks_register("review", &review_hooks);
  entity_hooks_register("note", &note_hooks);
  entity_hooks_register("mapping_memory", &mapping_memory_hooks);
  entity_hooks_register("tab", &tab_hooks);
  entity_hooks_register("steward", &steward_hooks);
  auth_register();
  engine_part_register(&sessions_part);
  job_register_kinds();
  entity_hooks_register("schedule", &schedule_hooks);
  graph_register();
  engine_part_register(&schedule_part);
  entity_hooks_register("mail_server", &mail_server_hooks);
  entity_hooks_register("webhook", &webhook_hooks);
  entity_hooks_register("net_allow", &net_allow_hooks);
  job_kind_register(&mail_send_kind);
  job_kind_register(&webhook_send_kind);
  engine_part_register(&webhooks_part);
  entity_hooks_register("topic", &topic_hooks);
  engine_part_register(&consumers_part);
#ifdef OUTPOST_TEST
  consumer_register_test_groups();
#endif
  inventory_register();
  verify_register("stock_ledger", inventory_verify_ledger);
  verify_register("stock_levels", inventory_verify_levels);
  rebuild_part_register(inventory_rebuild);
  entity_hooks_register("alert_route", &alert_route_hooks);
  job_set_dead_hook(alert_job_dead);
  graph_ended_hook = alert_graph_ended;
  schedule_missed_hook = alert_slots_missed;
  metric_register();
  lowstock_register();
  followers_register();
  connectors_register();
  archive_register();
  field_register();
  job_kind_register(&bulk_upload_kind);
  orders_register();
  verify_register("invoice_items", items_verify);
  rebuild_part_register(items_rebuild);
  verify_register("field_sums", sums_verify);
  rebuild_part_register(sums_renew);
  pit_set_hooks(&way_back);
  record_set_guard(pull_may_change);
  stock_set_past(archive_latest);
  verify_register("archive", archive_verify);
  engine_part_register(&events_keep_part);
  engine_part_register(&sync_part);
  archive_set_waits(archived_waits);
  hold_subjects_register(events_hold_fits, "'topic NAME', event_segment (all topics)");
  tenant_set_hook(import_recover);

  return cli_main(argc, argv);
}

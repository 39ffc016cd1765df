/*
** routes.c - what can be asked for, and how a request finds it.
**
** TO ADD A ROUTE
**   1. a row in the table below: method, pattern, handler, the permission that it
**      needs, a sentence of help; body_max when it takes a body
**   2. the handler in routes_NOUN.c, its name in routes.h. Its form: read the
**      parameters (query_text, query_int, rq->param) and the body (body_json), one
**      call into a lower layer that writes into rq->json, nothing else
**   3. its replies, the bad ones too, in a scenario
**
** Of two rows that fit an address the first is taken.
*/
#include "http/routes.h"

#include "base/limits.h"
#include "model/entity.h"

const struct route routes[] = {
  { .method = "GET",
    .pattern = "/api/runs",
    .handle = runs_list,
    .need = "data.read",
    .help = "The runs of a tenant, newest first. Parameters: tenant, limit, offset." },
  { .method = "GET",
    .pattern = "/api/runs/{id}",
    .handle = run_show,
    .need = "data.read",
    .help = "The report of one run: figures, controls, decisions of the reader, audits, timeline. "
            "The id may be shortened as long as it is unique, or be \"latest\". Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/runs/{id}/exceptions",
    .handle = exceptions_list,
    .need = "data.read",
    .help = "The rejected rows of one run with their original lines. Parameters: tenant, category, control, "
            "limit, after." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/undo",
    .handle = run_undo,
    .need = "data.write",
    .help =
        "Takes a run back: what it replaced comes back, what was changed since stays, and all of it is told. "
        "409 when it is undone already. Parameters: tenant, dry_run=1 (tells, and changes nothing)." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/redo",
    .handle = run_redo,
    .need = "data.write",
    .help = "Brings a run back that was undone. 409 when it is not. Parameters: tenant, dry_run=1." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/rejudge",
    .handle = run_rejudge,
    .need = "data.write",
    .help =
        "Judges the kept bytes of a run by the present rules, in the background like an import: a new run "
        "takes its place. 409 when it does not count. Parameters: tenant, dry_run=1." },
  { .method = "GET",
    .pattern = "/api/jobs",
    .handle = jobs_list,
    .need = "work.read",
    .help = "Jobs, newest first, and how many there are in each state. Parameters: tenant, state (waiting, "
            "running, "
            "done, dead, cancelled), queue, kind, limit, before (an id)." },
  { .method = "POST",
    .pattern = "/api/jobs",
    .handle = job_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Orders a job: {kind, payload, queue, priority, due_at, unique}. While one of its kind and "
            "`unique` waits "
            "or runs, that one is meant. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/replay-dead",
    .handle = jobs_replay_dead,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Begins all dead jobs again, or those of a queue: {queue}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/jobs/{id}",
    .handle = job_show_one,
    .need = "work.read",
    .help = "One job: payload, result, steps, attempts with their log. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/retry",
    .handle = job_retry_post,
    .need = "work.write",
    .help =
        "Begins a dead or cancelled job again with all its attempts, or one that waits for its time at once. "
        "Steps that are done stay done. 409 for others. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/cancel",
    .handle = job_cancel_post,
    .need = "work.write",
    .help = "Ends a waiting or running job: what it has not written yet it cannot write any more. Parameter: "
            "tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/edit",
    .handle = job_edit_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Gives a job that does not run another payload: {payload}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/queues",
    .handle = job_queues_list,
    .need = "work.read",
    .help = "The queues with their settings and how they stand. Their settings are records of job_queue. "
            "Parameter: "
            "tenant." },
  { .method = "GET",
    .pattern = "/api/job-kinds",
    .handle = job_kinds_list,
    .need = "work.read",
    .help = "The kinds of jobs that this program knows." },
  { .method = "GET",
    .pattern = "/api/schedules",
    .handle = schedules_list,
    .need = "work.read",
    .help = "The schedules: when, what, the next slots, what became of the last one. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/schedules/{id}/slots",
    .handle = schedule_slots_list,
    .need = "work.read",
    .help = "What became of the slots of a schedule (by name), newest first. Parameters: tenant, limit." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/run",
    .handle = schedule_run_post,
    .need = "work.write",
    .help = "Starts what a schedule starts, now; 202. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/pause",
    .handle = schedule_pause_post,
    .need = "work.write",
    .help = "Stops a schedule from starting anything. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/resume",
    .handle = schedule_resume_post,
    .need = "work.write",
    .help = "Lets a paused schedule go on, from now. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/schedule-preview",
    .handle = schedule_preview_show,
    .need = "work.read",
    .help = "A cron expression in words, and its next slots. Parameters: cron, zone, count, from." },
  { .method = "GET",
    .pattern = "/api/graphs",
    .handle = graphs_list,
    .need = "work.read",
    .help = "The graphs of tasks with their schedules and last runs. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/graphs/{id}/runs",
    .handle = graph_runs_list,
    .need = "work.read",
    .help = "The runs of a graph (by name), newest first. Parameters: tenant, limit, before." },
  { .method = "POST",
    .pattern = "/api/graphs/{id}/run",
    .handle = graph_run_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "Runs a graph; 202 and the address of the run. Body (may be empty): {\"payload\": {}, \"notify\": "
        "an address that is told when it has ended}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graphs/{id}/backfill",
    .handle = graph_backfill_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "A run for each slot on past days: {\"from\": \"2024-01-01\", \"to\": \"2024-01-31\"}. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/graph-runs/{id}",
    .handle = graph_run_show_one,
    .need = "work.read",
    .help = "A run with its tasks: states, times, causes, outputs, logs. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/retry",
    .handle = graph_run_retry_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Lets a run go on where it failed: {\"task\"} or all that failed. 409 when nothing has. "
            "Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/clear",
    .handle = graph_run_clear_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Does a task and all after it again: {\"task\"}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/cancel",
    .handle = graph_run_cancel_post,
    .need = "work.write",
    .help = "Ends a run. 409 when it has ended. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/governance",
    .handle = governance_show,
    .need = "audit.read",
    .help =
        "What the controls judged and caught, who changed them, and how the file stands. Parameters: tenant, "
        "as, from, to (days)." },
  { .method = "GET",
    .pattern = "/api/proof",
    .handle = proof_export,
    .need = "audit.read",
    .help = "A run as a signed document that proves itself, JSON lines. Parameters: tenant, run (the latest "
            "when none "
            "is named), rows (1: every row, too), log (1: every entry of the log since the run began)." },
  { .method = "GET",
    .pattern = "/api/support",
    .handle = support_export,
    .need = "system.read",
    .help = "What somebody who helps needs to see, as .tar.gz: states and counts, no data, no secrets." },
  { .method = "GET",
    .pattern = "/api/stock/levels",
    .handle = stock_levels_get,
    .need = "stock.read",
    .help = "What there is, with velocity and cover, and totals. Parameters: tenant, q, warehouse, category, "
            "state "
            "(ok, low, out, over, all), sort (-available), limit, cursor." },
  { .method = "GET",
    .pattern = "/api/stock/items/{id}",
    .handle = stock_item_get,
    .need = "stock.read",
    .help = "One item: levels, lots, serial numbers, reservations, figures with their formulas, movements." },
  { .method = "GET",
    .pattern = "/api/stock/history",
    .handle = stock_history_get,
    .need = "stock.read",
    .help =
        "Movements of an item or of a warehouse, newest first. Parameters: tenant, sku, warehouse, from, to, "
        "limit, cursor." },
  { .method = "GET",
    .pattern = "/api/stock/scan",
    .handle = stock_scan_get,
    .need = "stock.read",
    .help = "What a scanned code stands for: SKU, barcode, location, lot, serial number, GS1 element string. "
            "Parameters: tenant, code." },
  { .method = "GET",
    .pattern = "/api/stock/replay",
    .handle = stock_replay_get,
    .need = "stock.read",
    .help = "The levels derived from the ledger again, and compared: ok, or the first difference." },
  { .method = "GET",
    .pattern = "/api/stock/quality",
    .handle = stock_quality_get,
    .need = "stock.read",
    .help = "The quality checks as they were made last, with samples and verdicts. Parameters: tenant, "
            "now=1 (looks again)." },
  { .method = "GET",
    .pattern = "/api/stock/snapshots",
    .handle = stock_snapshots_get,
    .need = "stock.read",
    .help =
        "The days that were put down; with day what there was at its end, with known as it was known at the "
        "end of that other day." },
  { .method = "GET",
    .pattern = "/api/stock/metrics",
    .handle = stock_metrics_get,
    .need = "stock.read",
    .help =
        "Velocity, trend, turnover and cover with their formulas. Parameters: tenant, sku, warehouse, day." },
  { .method = "GET",
    .pattern = "/api/stock/weeks/{id}",
    .handle = stock_week_get,
    .need = "stock.read",
    .help = "The report of the week that a day lies in, such as 2024-02-29." },
  { .method = "POST",
    .pattern = "/api/stock/adjust",
    .handle = stock_adjust_post,
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Books a change: {sku, warehouse, quantity, type, location, lot, serial, reference, reason, "
            "allow_negative}. 409 when it would lead below zero." },
  { .method = "POST",
    .pattern = "/api/stock/count",
    .handle = stock_count_post,
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "Books what was counted: {warehouse, reference, reason, lines: [{sku, location, lot, counted}]}." },
  { .method = "POST",
    .pattern = "/api/stock/transfer",
    .handle = stock_transfer_post,
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Moves stock: {sku, from, to, quantity, location, lot, serial, reference, reason}." },
  { .method = "GET",
    .pattern = "/api/catalogue",
    .handle = catalogue_show,
    .need = "audit.read",
    .help =
        "Tables, views, reports, datasets and entities with their columns, owners and origins. Parameter: "
        "tenant." },
  { .method = "GET",
    .pattern = "/api/topics",
    .handle = topics_list,
    .need = "work.read",
    .help =
        "Topics of events: their partitions and sizes, and how far each group has read. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/topics/{id}/events",
    .handle = topic_events,
    .need = "work.read",
    .help = "Events of a topic as CloudEvents. Parameters: tenant, partition, offset, limit, type, q. With a "
            "partition, next is the offset to go on from." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/events",
    .handle = topic_publish,
    .need = "work.write",
    .body_max = MIB(8),
    .help = "Publishes events: one, an array of them, or one a line; plain or as CloudEvents. Tells how many "
            "were "
            "taken, known already, refused and parked. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/topics/{id}/poll",
    .handle = topic_poll,
    .need = "work.read",
    .help = "The next events for a member of a group, and the positions to be committed when they are dealt "
            "with. "
            "Parameters: tenant, group, member, max, wait_ms." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/commit",
    .handle = topic_commit,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Moves a group behind what a poll gave: {group, member, positions: [{partition, offset, "
            "fence}]}; offset "
            "is what is read next. 409 when the lease was lost meanwhile. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/leave",
    .handle = topic_leave,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "A member leaves its group, and others get its partitions at once: {group, member}. Parameter: "
            "tenant." },
  { .method = "GET",
    .pattern = "/api/parked",
    .handle = parked_get,
    .need = "work.read",
    .help = "Events that could not be taken, and why, newest first. Parameters: tenant, topic, group (-: "
            "refused at "
            "the door), state (waiting, replayed, discarded), limit, before." },
  { .method = "POST",
    .pattern = "/api/parked/replay",
    .handle = parked_replay_all_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Publishes all parked events again that wait: {topic} or {}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/parked/{id}/replay",
    .handle = parked_replay_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Publishes a parked event again, as it is ({}) or corrected: {body}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/parked/{id}/discard",
    .handle = parked_discard_post,
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Discards a parked event: {reason}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/exceptions",
    .handle = desk_rows,
    .need = "data.read",
    .help =
        "The exceptions of all runs that count. Parameters: tenant, run, category, control, stage, source, "
        "week (2020-W53), state (open, corrected, accepted, attempt, all), assignee (- for nobody), q, "
        "limit, after." },
  { .method = "GET",
    .pattern = "/api/exceptions/summary",
    .handle = desk_summary_show,
    .need = "data.read",
    .help =
        "How many exceptions there are by category, control, source, week and assignee, trends, and wrong "
        "values that come again and again. Parameters: as of /api/exceptions." },
  { .method = "GET",
    .pattern = "/api/exceptions/file",
    .handle = desk_file,
    .need = "data.read",
    .help = "The open exceptions of one run in the columns of their file, to be repaired and imported again. "
            "Parameters: tenant, run." },
  { .method = "POST",
    .pattern = "/api/exceptions/review",
    .handle = desk_review,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Gives exceptions to somebody, accepts them or opens them again: {\"ids\": [...] or \"filter\": "
            "{...}, \"assignee\", \"decision\": \"accepted\" or null, \"reason\"}." },
  { .method = "POST",
    .pattern = "/api/exceptions/fix",
    .handle = desk_fix,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Corrects exceptions in place: {\"ids\": [...] or \"filter\": {...}, \"changes\": {\"region\": "
            "\"North\"}}. What is still wrong by the rules stays as it is." },
  { .method = "POST",
    .pattern = "/api/exceptions/{id}/fix",
    .handle = desk_fix_one,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Corrects one exception in place: {\"changes\": {\"order_date\": \"2024-03-05\"}}." },
  { .method = "GET",
    .pattern = "/api/exceptions/{id}",
    .handle = desk_show_one,
    .need = "data.read",
    .help = "One exception with its cells and its history. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/entities",
    .handle = entities_list,
    .need = "login",
    .help = "What kinds of records there are, with their properties: forms are made from it." },
  { .method = "GET",
    .pattern = "/api/records/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = records_list,
    .need = "record.read",
    .cached = true,
    .help = "The records of an entity. Parameters: tenant, deleted=1 for those that were deleted, too, as_of "
            "(a day or an instant) for what was known then." },
  { .method = "POST",
    .pattern = "/api/records/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_post,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Adds a record, or, with the id of one, changes the properties that are named; with version only "
            "when nobody changed it meanwhile. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_show,
    .need = "record.read",
    .help = "One record, by its id or its key. Parameters: tenant, as_of." },
  { .method = "PUT",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_put,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes the record what the body says: what it does not name becomes its default, or empty. "
            "Parameter: tenant." },
  { .method = "PATCH",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_patch,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes the properties that the body names. Parameter: tenant." },
  { .method = "DELETE",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_remove,
    .need = "record.write",
    .help = "Deletes a record, which can be undone. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/records/{id}/{id}/restore",
    .entity = ENTITY_BY_NAME,
    .handle = record_bring_back,
    .need = "record.write",
    .help = "Brings a deleted record back. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/records/{id}/{id}/history",
    .entity = ENTITY_BY_NAME,
    .handle = record_changes,
    .need = "record.read",
    .help = "All that was ever changed of a record, from the change log. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/archive",
    .handle = archive_show,
    .need = "archive.read",
    .help = "The files that old rows were moved to. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/backups",
    .handle = backups_show,
    .need = "archive.read",
    .help = "The copies that were made by themselves, and how old the newest is. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/tables",
    .handle = tables_list,
    .need = "data.read",
    .help = "The tables that can be taken away, with their columns." },
  { .method = "GET",
    .pattern = "/api/tables/{id}",
    .handle = table_send,
    .need = "data.read",
    .help = "A table as a file. Parameters: tenant, format=csv, json or parquet, run." },
  { .method = "POST",
    .pattern = "/api/uploads",
    .handle = upload_post,
    .need = "data.write",
    .body_max = LIMIT_UPLOAD_BYTES,
    .help = "Keeps a file, the body, to be looked at and imported. Parameters: tenant, name." },
  { .method = "GET",
    .pattern = "/api/uploads/{id}",
    .handle = upload_show,
    .need = "data.write",
    .help =
        "How the file would be imported: decisions of the reader, columns, first rows, mapping. Parameters: "
        "tenant, and those of POST /api/imports." },
  { .method = "DELETE",
    .pattern = "/api/uploads/{id}",
    .handle = upload_delete,
    .need = "data.write",
    .help = "Forgets the file. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/imports",
    .handle = imports_list,
    .need = "data.read",
    .quiet = true,
    .help = "The imports of this process, newest first. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/imports",
    .handle = import_post,
    .need = "data.write",
    .body_max = LIMIT_UPLOAD_BYTES,
    .help =
        "Imports a file, the body or an upload, in the background: 202 and where to look. Parameters: "
        "tenant, "
        "as, dry_run=1, upload, name, map=FIELD=HEADING (repeated), unique=A,B, existing=reject or update, "
        "encoding, delimiter, quote, escape, header, skip, decimal, date-order." },
  { .method = "GET",
    .pattern = "/api/imports/{id}",
    .handle = import_show,
    .need = "data.read",
    .quiet = true,
    .help = "How far an import is, and what came of it. Parameter: tenant." },
  { .method = "DELETE",
    .pattern = "/api/imports/{id}",
    .handle = import_cancel,
    .need = "data.write",
    .help = "Cancels an import: nothing of it is stored. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/figures",
    .handle = figures_get,
    .need = "data.read",
    .help =
        "The figures of all that counts now, or of one run as it was imported. Parameters: tenant, as, run, "
        "from, to (days, inclusive), and any group field of the dataset, such as region or product." },
  { .method = "GET",
    .pattern = "/api/quality",
    .handle = quality_get,
    .need = "data.read",
    .help = "How much of what came in is good, which controls found what is not, and the runs one by one. "
            "Parameters: tenant, as, run." },
  { .method = "GET",
    .pattern = "/api/rows",
    .handle = rows_get,
    .need = "data.read",
    .help = "Clean rows in the order of their keys, each with its place in its file. A page may be short and "
            "still have a `next` to go on after. Parameters: as those of /api/figures, and q (the key begins "
            "so), "
            "limit, after." },
  { .method = "GET",
    .pattern = "/api/row",
    .handle = row_get,
    .need = "data.read",
    .help =
        "One clean row: its original bytes, whether they still say what is stored, its versions, controls "
        "and notes. Parameters: tenant, as, key." },
  { .method = "POST",
    .pattern = "/api/row",
    .handle = row_post,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes a clean row: {\"quantity\": \"5\"}. Every control judges it; what passes becomes a new "
            "version, by a run of its own, which can be undone. Parameters: tenant, as, key." },
  { .method = "GET",
    .pattern = "/api/why/{id}/{id}",
    .handle = why_get,
    .need = "data.read",
    .help = "Why a figure (dataset, measure) is what it is: formula, SQL, the rows behind it, and a second "
            "computation of its own (tick=1 gives that alone). Parameters: as those of /api/rows, and of the "
            "measure rejected: category, control." },
  { .method = "GET",
    .pattern = "/api/compare",
    .handle = compare_get,
    .need = "data.read",
    .help =
        "Two runs beside each other, or a run and all that counts now (current): figures by group, quality, "
        "controls, rules that changed between them. Parameters: tenant, as, a, b, from, to, group fields." },
  { .method = "GET",
    .pattern = "/api/impact",
    .handle = impact_get,
    .need = "data.read",
    .help = "What depends on a rule, a field, a reference list or a file that came in. Parameters: tenant, "
            "as, and "
            "one of rule, column, list, file (a run)." },
  { .method = "GET",
    .pattern = "/api/line",
    .handle = line_get,
    .need = "data.read",
    .help = "What became of a line of a file. Parameters: tenant, run, and one of line, record, offset." },
  { .method = "GET",
    .pattern = "/api/events",
    .handle = events_stream,
    .need = "login",
    .help =
        "What happens, as it happens, as server-sent events: change (with id) and progress. Resumed after "
        "Last-Event-ID, or the parameter after. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/changes",
    .handle = changes_list,
    .need = "audit.read",
    .help =
        "The change log, newest first. Parameters: tenant, before, limit, unit, event, table, key, actor, "
        "from, to." },
  { .method = "GET",
    .pattern = "/api/alerts",
    .handle = alerts_list,
    .need = "alerts.read",
    .help =
        "What people should know of, newest first, and how many there are. Parameters: tenant, state (open, "
        "acknowledged, resolved or all; those not resolved when it is left out), kind (a name or a pattern "
        "such as low_*), limit." },
  { .method = "POST",
    .pattern = "/api/alerts/{id}/acknowledge",
    .handle = alert_acknowledge_post,
    .need = "alerts.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Somebody looks at the alert: {\"note\": \"...\"}. 409 when it is resolved. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/alerts/{id}/resolve",
    .handle = alert_resolve_post,
    .need = "alerts.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "The alert is dealt with: {\"note\": \"...\"}. If its cause is still there at the next check, it "
            "comes "
            "again. 409 when it is resolved already. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/low-stock",
    .handle = low_stock_show,
    .need = "stock.read",
    .help = "How many items are out, low and at risk, and the worst of them, as it was worked out last. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/kept/*",
    .handle = kept_show,
    .need = "stock.read",
    .help = "Figures that are kept ready, and when they were worked out: low_stock, stock/WAREHOUSE/SKU. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/reorders",
    .handle = reorders_list,
    .need = "stock.read",
    .help = "What should be ordered, the most urgent first, with the reasons. Parameters: tenant, state "
            "(proposed "
            "when it is left out, accepted, dismissed, ordered, received, all), limit." },
  { .method = "POST",
    .pattern = "/api/reorders/{id}/accept",
    .handle = reorder_accept_post,
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "It will be ordered: its purchase order is published. {\"note\": \"...\"}. 409 when it was decided "
        "already. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/reorders/{id}/dismiss",
    .handle = reorder_dismiss_post,
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Not now: it is proposed again only when the state of the stock changes. {\"note\": \"...\"}. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/metrics/{id}",
    .handle = metrics_of_tenant,
    .need = "data.read",
    .help =
        "The metrics of a tenant (its short name or id): {metrics, count, period}. Parameters, all of them "
        "needed: metric_type (revenue, inventory, staffing, costs), start_date, end_date (days, "
        "inclusive)." },
  { .method = "GET",
    .pattern = "/api/monthly-revenue",
    .handle = monthly_revenue_get,
    .need = "data.read",
    .help = "Revenue by month as it was added up last, when that was, and whether metrics changed since. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/daily-revenue",
    .handle = daily_revenue_get,
    .need = "data.read",
    .help = "Revenue by day and category. Parameters: tenant, from, to (days, inclusive)." },
  { .method = "GET",
    .pattern = "/api/tenants",
    .handle = tenants_list,
    .need = "login",
    .help = "The tenants of this data folder." },
  { .method = "POST",
    .pattern = "/api/rules/try",
    .handle = rules_try_post,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "What changed rules would newly reject and release of what was imported; nothing is changed. Body: "
        "{\"rules\":[...],\"items\":[...]}. Parameters: tenant, as, run." },
  { .method = "POST",
    .pattern = "/api/rules/promote",
    .handle = rules_promote_post,
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes changed rules hold, all of them or none. Body as of try. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/metrics",
    .handle = prometheus_show,
    .need = "system.read",
    .quiet = true,
    .help = "Figures of this process and of all tenants, in the text format of Prometheus." },
  { .method = "GET",
    .pattern = "/api/health",
    .handle = health_report,
    .need = "system.read",
    .quiet = true,
    .help = "How things are, in sentences: {state, sections: [{section, state, text}]}; a state is ok, warn "
            "or bad. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/outbox",
    .handle = outbox_rows,
    .need = "system.read",
    .help = "Mails and requests that went out or are to, newest first. Parameters: tenant, state, channel "
            "(mail, webhook), "
            "limit, before." },
  { .method = "POST",
    .pattern = "/api/mail/test",
    .handle = mail_test_post,
    .need = "system.write",
    .body_max = KIB(4),
    .help = "Sends a short mail at once: {\"to\":\"...\", \"server\":\"name\"}; 503 with the server's words "
            "when it was not "
            "taken. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/secrets",
    .handle = secret_post,
    .need = "system.write",
    .body_max = KIB(16),
    .help = "Sets the password of a mail server or the secret of a webhook: {\"entity\":\"mail_server\", "
            "\"id\":\"...\", "
            "\"value\":\"...\"}; an empty value removes it. Nobody gets it back. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/trust",
    .handle = trust_show,
    .open = true,
    .help = "The certificate of this server: names, until when, fingerprint, and the authority that devices "
            "have to "
            "trust; {\"secure\": false} on plain HTTP." },
  { .method = "GET",
    .pattern = "/ca.crt",
    .handle = authority_get,
    .open = true,
    .help = "The authority's certificate (DER), as phones and Windows want it." },
  { .method = "GET",
    .pattern = "/ca.pem",
    .handle = authority_pem_get,
    .open = true,
    .help = "The same as PEM." },
  { .method = "GET",
    .pattern = "/api/problems",
    .handle = problems_list,
    .open = true,
    .help = "What can go wrong: the types of failures, each with a page at its address." },
  { .method = "GET",
    .pattern = "/problems/{id}",
    .handle = problem_page,
    .open = true,
    .help = "What a type of failure means, as a page." },
  { .method = "GET",
    .pattern = "/healthz",
    .handle = health_show,
    .open = true,
    .quiet = true,
    .help = "200 while the process answers." },
  { .method = "GET",
    .pattern = "/readyz",
    .handle = ready_show,
    .open = true,
    .quiet = true,
    .help = "200 while every tenant's file can be read." },
  /* Entities with an address of their own; what stands above goes before. */
  { .method = "GET",
    .pattern = "/api/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = records_list,
    .need = "record.read",
    .cached = true,
    .help = "As /api/records/{id}." },
  { .method = "POST",
    .pattern = "/api/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_post,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}." },
  { .method = "GET",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_show,
    .need = "record.read",
    .help = "As /api/records/{id}/{id}." },
  { .method = "PUT",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_put,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}/{id}." },
  { .method = "PATCH",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_patch,
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}/{id}." },
  { .method = "DELETE",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_remove,
    .need = "record.write",
    .help = "As /api/records/{id}/{id}." },
  { .method = "POST",
    .pattern = "/api/{id}/{id}/restore",
    .entity = ENTITY_BY_PATH,
    .handle = record_bring_back,
    .need = "record.write",
    .help = "As /api/records/{id}/{id}/restore." },
  { .method = "GET",
    .pattern = "/api/{id}/{id}/changes",
    .entity = ENTITY_BY_PATH,
    .handle = record_changes,
    .need = "record.read",
    .help = "As /api/records/{id}/{id}/history." },
  { .method = "GET",
    .pattern = "/*",
    .handle = asset_serve,
    .need = "record.read",
    .quiet = true,
    .help = "The page." },
};
const size_t route_count = sizeof routes / sizeof *routes;

/* ---- finding ---- */

/* Does the path fit the pattern? What stood for each {id}, and for the star, goes to param. */
static bool pattern_fits(const char *pattern, const char *path, struct str param[static PARAMS]) {
  int found = 0;
  while (*pattern && *pattern != '*') {
    if (!strncmp(pattern, "{id}", 4)) {
      struct str *p = &param[found++];
      *p = (struct str){ path, strcspn(path, "/") };
      pattern += 4;
      path += p->n;
      if (!p->n) return false;
    } else if (*pattern++ != *path++) {
      return false;
    }
  }
  if (*pattern == '*' && found < PARAMS) param[found] = str_of(path);
  return *pattern == '*' || !*path;
}

static bool method_fits(const struct request *rq, const struct route *r) {
  return !strcmp(rq->method, r->method) || (rq->head && !strcmp(r->method, "GET"));
}

/* The page is behind a pattern that fits everything; the API's addresses are not its. */
static bool route_fits(const struct request *rq, const struct route *r, struct str param[static PARAMS]) {
  if (!strcmp(r->pattern, "/*") && !strncmp(rq->path, "/api/", 5)) return false;
  return pattern_fits(r->pattern, rq->path, param) &&
         (r->entity != ENTITY_BY_PATH || entity_of_path(param[0]));
}

static const char *allow_add(struct ctx *cx, const char *allow, const char *method) {
  const char *more = strcmp(method, "GET") ? method : "GET, HEAD";
  if (allow && strstr(allow, more)) return allow;
  return allow ? ctx_printf(cx, "%s, %s", allow, more) : more;
}

int route_find(struct request *rq) {
  for (size_t i = 0; i < route_count; i++) {
    struct str param[PARAMS] = { STR(""), STR("") };
    if (!route_fits(rq, &routes[i], param)) continue;
    if (strcmp(routes[i].pattern, "/*") || !rq->allow) {
      if (method_fits(rq, &routes[i])) {
        rq->route = &routes[i];
        for (int k = 0; k < PARAMS; k++) rq->param[k] = ctx_strdup(rq->cx, param[k]);
        if (routes[i].entity == ENTITY_BY_PATH) rq->entity = entity_of_path(param[0]);
        if (routes[i].entity == ENTITY_BY_NAME) rq->entity = entity_find(rq->param[0]);
        return OK;
      }
      rq->allow = allow_add(rq->cx, rq->allow, routes[i].method);
    }
  }
  if (!rq->allow) return refuse(rq, 404, E_NOT_FOUND, "there is nothing at this address");
  return refuse(rq, 405, E_INVALID, "this address cannot be used with this method");
}

/*
** routes.c - what can be asked for; find.c finds the row of a request.
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
  /* Logging in. */
  { .method = "POST",
    .pattern = "/api/auth/login",
    .handle = auth_login_post,
    .body = "{email!, password!, tenant}",
    .reply = "#login",
    .open = true,
    .secret = true,
    .body_max = KIB(16),
    .help =
        "Logs in: {email, password, tenant}; tenant is needed only where there are several. Gives {token, "
        "expires_in, refresh_token, user}. 401 for whatever is wrong, 429 after too many failures." },
  { .method = "POST",
    .pattern = "/api/auth/pin",
    .handle = auth_pin_post,
    .body = "{user!, pin!, tenant}",
    .reply = "#login",
    .open = true,
    .secret = true,
    .body_max = KIB(16),
    .help = "Logs in for a shift: {user, pin, tenant}; user is an email or the code of a badge." },
  { .method = "POST",
    .pattern = "/api/auth/refresh",
    .handle = auth_refresh_post,
    .body = "{refresh_token}",
    .reply = "#login",
    .open = true,
    .secret = true,
    .body_max = KIB(16),
    .help =
        "A new token for {refresh_token}, which is used up by it. One that comes twice ends the session." },
  { .method = "POST",
    .pattern = "/api/auth/logout",
    .handle = auth_logout_post,
    .reply = "{}",
    .open = true,
    .secret = true,
    .help = "Ends this session, at once and everywhere." },
  { .method = "GET",
    .pattern = "/api/auth/me",
    .handle = auth_me_get,
    .reply = "{user: #person?, open: bool, permissions: [text], setup: bool}",
    .open = true,
    .quiet = true,
    .help = "Who asks: {user (null: nobody has logged in), open, permissions, setup}." },
  { .method = "POST",
    .pattern = "/api/auth/password",
    .handle = auth_password_post,
    .body = "{old!, new!}",
    .reply = "{changed: bool}",
    .need = "login",
    .secret = true,
    .body_max = KIB(16),
    .help = "One's own password: {old, new}. All other sessions end." },
  { .method = "POST",
    .pattern = "/api/auth/setup",
    .handle = auth_setup_post,
    .body = "{token!, password!, email, name}",
    .reply = "#login",
    .open = true,
    .secret = true,
    .body_max = KIB(16),
    .help = "Sets an account up by a link: {token, password}, for the first one also {email, name}." },
  { .method = "GET",
    .pattern = "/api/auth/sessions",
    .handle = auth_sessions_get,
    .query = "user",
    .reply = "[#session]; total: int, current: text?",
    .need = "login",
    .help = "One's own sessions; with people.read those of others. Parameter: user (an id, or all)." },
  { .method = "DELETE",
    .pattern = "/api/auth/sessions/{id}",
    .handle = auth_session_delete,
    .reply = "{ended: bool}",
    .need = "login",
    .help = "Ends a session of one's own; with people.write anybody's." },
  { .method = "GET",
    .pattern = "/api/settings",
    .handle = settings_get,
    .reply = "{theme, layout_config: {...}, widget_preferences: {...}, default_date_range, id?, user?: "
             "text?, version?: int, created_at?: int, created_by?, updated_at?: int, updated_by?, "
             "deleted_at?: int?, deleted_by?: text?}",
    .need = "login",
    .help = "How one has set up one's own pages." },
  { .method = "PUT",
    .pattern = "/api/settings",
    .handle = settings_put,
    .reply = "{theme, layout_config: {...}, widget_preferences: {...}, default_date_range, id?, user?: "
             "text?, version?: int, created_at?: int, created_by?, updated_at?: int, updated_by?, "
             "deleted_at?: int?, deleted_by?: text?}",
    .body = "{theme, layout_config: object, widget_preferences: object, default_date_range}",
    .need = "login",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes that: {theme, layout_config, widget_preferences, default_date_range}." },
  { .method = "GET",
    .pattern = "/api/tokens",
    .handle = tokens_list,
    .reply = "[#session]; total: int",
    .need = "people.read",
    .help = "Tokens of machines, as far as anybody may know them." },
  { .method = "POST",
    .pattern = "/api/tokens",
    .handle = token_post,
    .body = "{name!, role!, days: int}",
    .reply = "201 {id, token, expires_in: int}",
    .need = "people.write",
    .secret = true,
    .body_max = KIB(16),
    .help = "A token for a machine: {name, role, days}. It is shown now and never again." },
  { .method = "DELETE",
    .pattern = "/api/tokens/{id}",
    .handle = token_delete,
    .reply = "{ended: bool}",
    .need = "people.write",
    .help = "Revokes a token, at once and everywhere." },
  { .method = "GET",
    .pattern = "/api/users/logins",
    .handle = users_logins,
    .reply =
        "[{id, email, name, role, active: bool, must_change: bool, password: bool, pin: bool, badge: bool, "
        "last_login: text?, locked_until: text?}]; total: int",
    .need = "people.read",
    .help = "How accounts log in: which proofs they have, when each did last, and until when it has to wait "
            "after "
            "failures." },
  { .method = "POST",
    .pattern = "/api/users",
    .handle = user_post,
    .body = "{email!, name, role, password, must_change: bool}",
    .reply = "201 #account",
    .need = "people.write",
    .secret = true,
    .body_max = KIB(16),
    .help = "Adds an account: {email, name, role (a name or an id), password, must_change}. Without a "
            "password the "
            "reply has a link by which its owner sets one, within an hour." },
  { .method = "POST",
    .pattern = "/api/users/{id}/password",
    .handle = user_password_post,
    .reply = "#account",
    .body = "{password, must_change: bool}",
    .need = "people.write",
    .secret = true,
    .body_max = KIB(16),
    .help = "Sets somebody's password, {password, must_change}, or with {} makes a link by which he does." },
  { .method = "POST",
    .pattern = "/api/users/{id}/pin",
    .handle = user_pin_post,
    .reply = "#account",
    .body = "{pin}",
    .need = "people.write",
    .secret = true,
    .body_max = KIB(16),
    .help = "Sets somebody's PIN: {pin}; empty takes it away." },
  { .method = "POST",
    .pattern = "/api/users/{id}/badge",
    .handle = user_badge_post,
    .reply = "#account",
    .body = "{badge}",
    .need = "people.write",
    .secret = true,
    .body_max = KIB(16),
    .help = "Gives somebody a badge: {badge}, the code that is scanned; empty takes it away." },
  { .method = "POST",
    .pattern = "/api/users/{id}/unlock",
    .handle = user_unlock_post,
    .reply = "#account",
    .need = "people.write",
    .help = "Forgets somebody's failed logins." },
  { .method = "GET",
    .pattern = "/api/runs",
    .handle = runs_list,
    .reply = "[{run, dataset, source, kind, state, undone: #undone, started: text?, ended: text?, seconds: "
             "number, actor, rows: #rows, rejected: {*: int}, reconciled: bool, quality: number, *: "
             "decimal?}]; total: int",
    .query = "limit: int, offset: int",
    .need = "data.read",
    .help = "The runs of a tenant, newest first. Parameters: tenant, limit, offset." },
  { .method = "GET",
    .pattern = "/api/runs/{id}",
    .handle = run_show,
    .reply =
        "{run, dataset, source, kind, state, undone: #undone, started: text?, ended: text?, seconds: number, "
        "actor, rows: #rows, rejected: {*: int}, reconciled: bool, quality: number, *: decimal?, sha256, "
        "bytes: int, rows_per_second: int, memory_bytes: int, mapping: [{field, heading, column: int, how}], "
        "unknown_columns: [any], unique: [text], decisions: [#decision], oddities: [any], dialect: "
        "{encoding, delimiter, quote, escape, header, skip}, existing: text?, replaces: text?, controls: "
        "[{control, version: int, stage, field: text?, category, passed: int, failed: int}], totals: #sums, "
        "by_day: [#day], by_region: [#group], by_product: [#group], audits: [{check, ok: bool, expected, "
        "actual, text}], timeline: [{seq: int, at, event, description, count: int}]}",
    .need = "data.read",
    .help = "The report of one run: figures, controls, decisions of the reader, audits, timeline. "
            "The id may be shortened as long as it is unique, or be \"latest\". Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/runs/{id}/exceptions",
    .handle = exceptions_list,
    .reply = "[{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, raw, faults: [#fault]}]; total: int, next: int",
    .query = "category, control, limit: int, after: int",
    .need = "data.read",
    .help = "The rejected rows of one run with their original lines. Parameters: tenant, category, control, "
            "limit, after." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/undo",
    .handle = run_undo,
    .reply = "#moved",
    .query = "dry_run: 0|1",
    .need = "data.write",
    .help =
        "Takes a run back: what it replaced comes back, what was changed since stays, and all of it is told. "
        "409 when it is undone already. Parameters: tenant, dry_run=1 (tells, and changes nothing)." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/redo",
    .handle = run_redo,
    .reply = "#moved",
    .query = "dry_run: 0|1",
    .need = "data.write",
    .help = "Brings a run back that was undone. 409 when it is not. Parameters: tenant, dry_run=1." },
  { .method = "POST",
    .pattern = "/api/runs/{id}/rejudge",
    .handle = run_rejudge,
    .reply = "202 {import, href}",
    .query = "dry_run: 0|1",
    .need = "data.write",
    .help =
        "Judges the kept bytes of a run by the present rules, in the background like an import: a new run "
        "takes its place. 409 when it does not count. Parameters: tenant, dry_run=1." },
  { .method = "GET",
    .pattern = "/api/jobs",
    .handle = jobs_list,
    .reply = "[{id: int, queue, kind, state, priority: int, due_at, attempts: int, attempts_max: int, "
             "progress: #progress, cause: text?, unique: text?, created_at, created_by, started_at: text?, "
             "ended_at: text?, graph_run: int?, graph_task: text?}]; total: int, next: int?, counts: "
             "{waiting: int, running: int, done: int, dead: int, cancelled: int}",
    .query = "state: waiting|running|done|dead|cancelled, queue, kind, limit: int, before: int",
    .need = "work.read",
    .help = "Jobs, newest first, and how many there are in each state. Parameters: tenant, state (waiting, "
            "running, "
            "done, dead, cancelled), queue, kind, limit, before (an id)." },
  { .method = "POST",
    .pattern = "/api/jobs",
    .handle = job_post,
    .reply = "201 #job",
    .body = "{kind!, payload: object, queue, priority: int, due_at, unique}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Orders a job: {kind, payload, queue, priority, due_at, unique}. While one of its kind and "
            "`unique` waits "
            "or runs, that one is meant. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/replay-dead",
    .handle = jobs_replay_dead,
    .reply = "{replayed: int}",
    .body = "{queue}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Begins all dead jobs again, or those of a queue: {queue}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/jobs/{id}",
    .handle = job_show_one,
    .reply = "#job",
    .need = "work.read",
    .help = "One job: payload, result, steps, attempts with their log. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/retry",
    .handle = job_retry_post,
    .reply = "#job",
    .need = "work.write",
    .help =
        "Begins a dead or cancelled job again with all its attempts, or one that waits for its time at once. "
        "Steps that are done stay done. 409 for others. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/cancel",
    .handle = job_cancel_post,
    .reply = "#job",
    .need = "work.write",
    .help = "Ends a waiting or running job: what it has not written yet it cannot write any more. Parameter: "
            "tenant." },
  { .method = "POST",
    .pattern = "/api/jobs/{id}/edit",
    .handle = job_edit_post,
    .reply = "#job",
    .body = "{payload!: object}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Gives a job that does not run another payload: {payload}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/queues",
    .handle = job_queues_list,
    .reply = "[{name, help, weight: int, paused: bool, attempts: int, backoff_ms: int, backoff_cap_ms: int, "
             "jitter: bool, rate_count: int, rate_seconds: int, at_once: int, keep_days: int, id, waiting: "
             "int, delayed: int, running: int, dead: int, done_day: int, oldest_seconds: number?}]",
    .need = "work.read",
    .help = "The queues with their settings and how they stand. Their settings are records of job_queue. "
            "Parameter: "
            "tenant." },
  { .method = "GET",
    .pattern = "/api/job-kinds",
    .handle = job_kinds_list,
    .reply = "[{name, queue, need: text?, help}]",
    .need = "work.read",
    .help = "The kinds of jobs that this program knows." },
  { .method = "GET",
    .pattern = "/api/schedules",
    .handle = schedules_list,
    .reply = "[#schedule]",
    .need = "work.read",
    .help = "The schedules: when, what, the next slots, what became of the last one. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/schedules/{id}/slots",
    .handle = schedule_slots_list,
    .reply = "[{slot, state, since?, reason?, at, job: int?, run: int?}]",
    .query = "limit: int",
    .need = "work.read",
    .help = "What became of the slots of a schedule (by name), newest first. Parameters: tenant, limit." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/run",
    .handle = schedule_run_post,
    .reply = "202 {job: int?, run: int?}",
    .need = "work.write",
    .help = "Starts what a schedule starts, now; 202. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/pause",
    .handle = schedule_pause_post,
    .reply = "#schedule",
    .need = "work.write",
    .help = "Stops a schedule from starting anything. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/schedules/{id}/resume",
    .handle = schedule_resume_post,
    .reply = "#schedule",
    .need = "work.write",
    .help = "Lets a paused schedule go on, from now. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/schedule-preview",
    .handle = schedule_preview_show,
    .reply = "{cron, zone, words, next: [text]}",
    .query = "cron!, zone, count: int, from: instant",
    .need = "work.read",
    .help = "A cron expression in words, and its next slots. Parameters: cron, zone, count, from." },
  { .method = "GET",
    .pattern = "/api/graphs",
    .handle = graphs_list,
    .reply =
        "[{name, help: text?, owner: text?, retries: int, retry_delay_s: int, start_day: text?, catch_up: "
        "bool, max_active: int, tasks: [{name, kind, after: [text], map: text?}], schedule: #when?, "
        "schedules: [#when], last_run: {id: int, graph, cause, state, from, to, created_at, created_by, "
        "started_at: text?, ended_at: text?}?, runs_ok: int, runs_failed: int, median_seconds: number?}]",
    .need = "work.read",
    .help = "The graphs of tasks with their schedules and last runs. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/graphs/{id}/runs",
    .handle = graph_runs_list,
    .reply = "[{id: int, graph, cause, state, from, to, created_at, created_by, started_at: text?, ended_at: "
             "text?}]",
    .query = "limit: int, before: int",
    .need = "work.read",
    .help = "The runs of a graph (by name), newest first. Parameters: tenant, limit, before." },
  { .method = "POST",
    .pattern = "/api/graphs/{id}/run",
    .handle = graph_run_post,
    .reply = "202 #graph_run",
    .body = "{payload: object, notify}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "Runs a graph; 202 and the address of the run. Body (may be empty): {\"payload\": {}, \"notify\": "
        "a webhook, or an address (this takes system.write, too), that is told when it has ended}. "
        "Parameter: "
        "tenant." },
  { .method = "POST",
    .pattern = "/api/graphs/{id}/backfill",
    .handle = graph_backfill_post,
    .reply = "202 {runs: int, first: int, last: int}",
    .body = "{from!: day, to!: day}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "A run for each slot on past days: {\"from\": \"2024-01-01\", \"to\": \"2024-01-31\"}. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/graph-runs/{id}",
    .handle = graph_run_show_one,
    .reply = "#graph_run",
    .need = "work.read",
    .help = "A run with its tasks: states, times, causes, outputs, logs. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/retry",
    .handle = graph_run_retry_post,
    .reply = "#graph_run",
    .body = "{task}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Lets a run go on where it failed: {\"task\"} or all that failed. 409 when nothing has. "
            "Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/clear",
    .handle = graph_run_clear_post,
    .reply = "#graph_run",
    .body = "{task!}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Does a task and all after it again: {\"task\"}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/graph-runs/{id}/cancel",
    .handle = graph_run_cancel_post,
    .reply = "#graph_run",
    .need = "work.write",
    .help = "Ends a run. 409 when it has ended. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/governance",
    .handle = governance_show,
    .reply = "{period: {from: text?, to: text?}, controls: [{dataset, control, version: int, stage, kind, "
             "field: text?, category, owner: text?, runs: int, records: int, failed: int, pass_rate: "
             "number?, first_seen: text?, last_seen: text?, last_caught: text?, changes: int, effective, "
             "text, versions: [{version: int, runs: int, records: int, failed: int}]}], rule_changes: [any], "
             "runs: {done: int, failed: int, undone: int, interrupted: int, running: int}, rows: {read: int, "
             "rejected: int}, audits: {passed: int, failed: int}, exceptions: {open: int, corrected: int, "
             "accepted: int, median_days_open: number?, median_days_to_settle: number?}, log: {entries: int, "
             "first: text?, last: text?, head, verified: text?}, proof: {key_fingerprint: text?}}",
    .query = "as, from: day, to: day",
    .need = "audit.read",
    .help =
        "What the controls judged and caught, who changed them, and how the file stands. Parameters: tenant, "
        "as, from, to (days)." },
  { .method = "GET",
    .pattern = "/api/proof",
    .handle = proof_export,
    .reply = "*application/jsonl",
    .query = "run, rows: 0|1, log: 0|1",
    .need = "audit.read",
    .help = "A run as a signed document that proves itself, JSON lines. Parameters: tenant, run (the latest "
            "when none "
            "is named), rows (1: every row, too), log (1: every entry of the log since the run began)." },
  { .method = "GET",
    .pattern = "/api/support",
    .handle = support_export,
    .reply = "*application/gzip",
    .need = "system.read",
    .help = "What somebody who helps needs to see, as .tar.gz: states and counts, no data, no secrets." },
  { .method = "GET",
    .pattern = "/api/stock/levels",
    .handle = stock_levels_get,
    .cached = true,
    .reply = "[{sku, name: text?, category: text?, warehouse, on_hand: number, reserved: number, available: "
             "number, reorder_point: number?, velocity: number, trend: number, direction, average_on_hand: "
             "number, turnover: number?, days_of_cover: number?, risk: number?, state, updated_at}]; next: "
             "text?, totals: {levels: int, items: int, warehouses: int, on_hand: number, reserved: number, "
             "low: int, out: int, over: int}",
    .query = "q, warehouse, category, state: ok|low|out|over|all, sort, limit: int, cursor",
    .need = "stock.read",
    .help = "What there is, with velocity and cover, and totals. Parameters: tenant, q, warehouse, category, "
            "state "
            "(ok, low, out, over, all), sort (-available), limit, cursor." },
  { .method = "GET",
    .pattern = "/api/stock/items/{id}",
    .handle = stock_item_get,
    .reply = "{item: {id, sku, name: text?, barcode: text?, category: text?, unit: text?, tracked, "
             "unit_cost: decimal?, reorder_point: decimal?, reorder_quantity: decimal?, active: bool}?, "
             "levels: [{warehouse, location: text?, lot: text?, expires: text?, on_hand: number, reserved: "
             "number, updated_at}], lots: [{code, made: text?, expires: text?, blocked: any, notes: text?}], "
             "serials: [{code, lot: text?, state, warehouse: text?, location: text?}], reservations: [{id: "
             "any, warehouse, location: text?, lot: text?, quantity: number, reference: text?, customer: "
             "text?, until: text?}], metrics?: [{sku, name: text?, category: text?, warehouse, "
             "warehouse_name: text?, day, velocity: number, trend: number, direction, average_on_hand: "
             "number, turnover: number?, days_of_cover: number?}], trends?: [{warehouse, until, trend: "
             "number, standard_error: number, issued: [number]}], movements?: [{id: int, type, sku, "
             "warehouse, *: any}], formulas: {velocity, trend, average_on_hand, turnover, days_of_cover}}",
    .need = "stock.read",
    .help = "One item: levels, lots, serial numbers, reservations, figures with their formulas, movements." },
  { .method = "GET",
    .pattern = "/api/stock/history",
    .handle = stock_history_get,
    .reply = "[{id: int, type, sku, warehouse, quantity: number, reserved: number, on_hand_after: number, "
             "reserved_after: number, at, recorded_at, reference?, actor, event_id, unit_cost?: number, "
             "notes?}]; next: text?",
    .query = "sku, warehouse, from, to, limit: int, cursor",
    .need = "stock.read",
    .help =
        "Movements of an item or of a warehouse, newest first. Parameters: tenant, sku, warehouse, from, to, "
        "limit, cursor." },
  { .method = "GET",
    .pattern = "/api/stock/scan",
    .handle = stock_scan_get,
    .reply = "{code, kind, matches: [{*: any}], gs1?: {*: any}}",
    .query = "code!",
    .need = "stock.read",
    .help = "What a scanned code stands for: SKU, barcode, location, lot, serial number, GS1 element string. "
            "Parameters: tenant, code." },
  { .method = "GET",
    .pattern = "/api/stock/replay",
    .handle = stock_replay_get,
    .reply = "{ok: bool, rows: int, archived: int, levels: int, text}",
    .need = "stock.read",
    .help = "The levels derived from the ledger again, and compared: ok, or the first difference." },
  { .method = "GET",
    .pattern = "/api/stock/quality",
    .handle = stock_quality_get,
    .reply = "[{check, group, help, passed: bool, failed: int, samples: [{subject, text}]}]; runs: [{id: "
             "int, at, ledger: int, failed: int}], at: text?",
    .query = "now: 0|1",
    .need = "stock.read",
    .help = "The quality checks as they were made last, with samples and verdicts. Parameters: tenant, "
            "now=1 (looks again)." },
  { .method = "GET",
    .pattern = "/api/stock/snapshots",
    .handle = stock_snapshots_get,
    .reply = "[{day, made_at, ledger: int, rows: int}]",
    .query = "day: day, known: day, limit: int",
    .need = "stock.read",
    .help =
        "The days that were put down; with day what there was at its end, with known as it was known at the "
        "end of that other day." },
  { .method = "GET",
    .pattern = "/api/stock/metrics",
    .handle = stock_metrics_get,
    .reply = "[{sku, name: text?, category: text?, warehouse, warehouse_name: text?, day, velocity: number, "
             "trend: number, direction, average_on_hand: number, turnover: number?, days_of_cover: "
             "number?}]; formulas: {velocity, trend, average_on_hand, turnover, days_of_cover}",
    .query = "sku, warehouse, day: day",
    .need = "stock.read",
    .help =
        "Velocity, trend, turnover and cover with their formulas. Parameters: tenant, sku, warehouse, day." },
  { .method = "GET",
    .pattern = "/api/stock/weeks/{id}",
    .handle = stock_week_get,
    .reply = "{...}",
    .need = "stock.read",
    .help = "The report of the week that a day lies in, such as 2024-02-29." },
  { .method = "POST",
    .pattern = "/api/stock/adjust",
    .handle = stock_adjust_post,
    .reply = "[{event_id, type, sku, warehouse, reference?, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number}]",
    .body = "{sku!, warehouse!, quantity!: any, type, location, lot, serial, reference, reason, "
            "allow_negative: bool}",
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Books a change: {sku, warehouse, quantity, type, location, lot, serial, reference, reason, "
            "allow_negative}. 409 when it would lead below zero." },
  { .method = "POST",
    .pattern = "/api/stock/count",
    .handle = stock_count_post,
    .reply = "[{event_id, type, sku, warehouse, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number, location?}]",
    .body = "{warehouse!, reference, reason, lines!: [{sku!, location, lot, counted!: any}], allow_negative: "
            "bool}",
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "Books what was counted: {warehouse, reference, reason, lines: [{sku, location, lot, counted}]}." },
  { .method = "POST",
    .pattern = "/api/stock/transfer",
    .handle = stock_transfer_post,
    .reply = "[{event_id, type, sku, warehouse, reference, quantity: number, quantity_on_hand: number, "
             "quantity_reserved: number}]",
    .body =
        "{sku!, from!, to!, quantity!: any, location, lot, serial, reference, reason, allow_negative: bool}",
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Moves stock: {sku, from, to, quantity, location, lot, serial, reference, reason}." },
  { .method = "GET",
    .pattern = "/api/catalogue",
    .handle = catalogue_show,
    .reply = "{tables: [{name, kind, rows: int?, rows_exact: bool, description: text?, owner: text?, fresh: "
             "text?, rules: [text], columns: [{name, type: text?, description: text?, owner: text?, rules: "
             "[text], lineage: text?}], table?: text?}]}",
    .need = "audit.read",
    .help =
        "Tables, views, reports, datasets and entities with their columns, owners and origins. Parameter: "
        "tenant." },
  { .method = "GET",
    .pattern = "/api/topics",
    .handle = topics_list,
    .reply =
        "[{name, help: text?, source, types: [text], partitions: [{partition: int, first: int, next: int, "
        "bytes: int}], events: int, bytes: int, bytes_plain: int, segments: int, retention_days: int, "
        "retention_bytes: int, rate_minute: int, refused_minute: int, parked: int, groups: [{topic, group, "
        "help: text?, outside: bool, active: bool, lag: int, consumed: int, positions: [{partition: int, "
        "next: int, end: int, fence: int, member: text?}], latency: {p50_ms: number?, p95_ms: number?, "
        "p99_ms: number?}, rate_minute: int, errors: int, cause: text?, parked: int, members: int}]}]",
    .need = "work.read",
    .help =
        "Topics of events: their partitions and sizes, and how far each group has read. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/topics/{id}/events",
    .handle = topic_events,
    .reply = "[#event]; next?: int",
    .query = "partition: int, offset: int, limit: int, type, q",
    .need = "work.read",
    .help = "Events of a topic as CloudEvents. Parameters: tenant, partition, offset, limit, type, q. With a "
            "partition, next is the offset to go on from." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/events",
    .handle = topic_publish,
    .reply = "{topic, taken: int, known: int, refused: int, refusals: [{line: int, id: text?, why}]}",
    .body = "any",
    .need = "work.write",
    .body_max = MIB(8),
    .help = "Publishes events: one, an array of them, or one a line; plain or as CloudEvents. Tells how many "
            "were "
            "taken, known already, refused and parked. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/topics/{id}/poll",
    .handle = topic_poll,
    .reply = "[#event]; positions: [{partition: int, offset: int, fence: int}]",
    .query = "group!, member!, max: int, wait_ms: int",
    .need = "work.read",
    .help = "The next events for a member of a group, and the positions to be committed when they are dealt "
            "with. "
            "Parameters: tenant, group, member, max, wait_ms." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/commit",
    .handle = topic_commit,
    .reply = "{committed: bool}",
    .body = "{group!, member!, positions!: [{partition!: int, offset!: int, fence!: int}]}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Moves a group behind what a poll gave: {group, member, positions: [{partition, offset, "
            "fence}]}; offset "
            "is what is read next. 409 when the lease was lost meanwhile. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/topics/{id}/leave",
    .handle = topic_leave,
    .reply = "{left: bool}",
    .body = "{group!, member!}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "A member leaves its group, and others get its partitions at once: {group, member}. Parameter: "
            "tenant." },
  { .method = "GET",
    .pattern = "/api/parked",
    .handle = parked_get,
    .reply = "[{id: int, topic, group: text?, event: text?, partition: int?, offset: int?, reason, line: "
             "int?, times: int, state, at, actor, body, cut: bool, ended_at: text?, ended_by: text?, "
             "ended_text: text?}]; total: int",
    .query = "topic, group, state: waiting|replayed|discarded, limit: int, before: int",
    .need = "work.read",
    .help = "Events that could not be taken, and why, newest first. Parameters: tenant, topic, group (-: "
            "refused at "
            "the door), state (waiting, replayed, discarded), limit, before." },
  { .method = "POST",
    .pattern = "/api/parked/replay",
    .handle = parked_replay_all_post,
    .reply = "{replayed: int, refused: int}",
    .body = "{topic}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Publishes all parked events again that wait: {topic} or {}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/parked/{id}/replay",
    .handle = parked_replay_post,
    .reply = "{id: int, state}",
    .body = "{body: any}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Publishes a parked event again, as it is ({}) or corrected: {body}. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/parked/{id}/discard",
    .handle = parked_discard_post,
    .reply = "{id: int, state}",
    .body = "{reason}",
    .need = "work.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Discards a parked event: {reason}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/exceptions",
    .handle = desk_rows,
    .reply = "[{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, assignee: text?, reason: text?, raw, faults: [#fault], week, attempt_of?: int}]; total: "
             "int?, next: int?",
    .query = "run, category, control, stage, source, week, state: open|corrected|accepted|attempt|all, "
             "assignee, q, limit: int, after: int, pattern",
    .need = "data.read",
    .help =
        "The exceptions of all runs that count. Parameters: tenant, run, category, control, stage, source, "
        "week (2020-W53), state (open, corrected, accepted, attempt, all), assignee (- for nobody), q, "
        "limit, after." },
  { .method = "GET",
    .pattern = "/api/exceptions/summary",
    .handle = desk_summary_show,
    .reply =
        "{total: int, open: int, corrected: int, accepted: int, complete: bool, left_out: int, by_category: "
        "[#settled], by_control: [#settled], by_source: [#settled], by_week: [#settled], by_assignee: "
        "[#settled], by_state: [{name, count: int}], trends: [{week, control, count: int}], patterns: "
        "[{pattern, control, field: text?, value: text?, count: int, runs: int, text}]}",
    .query = "run, category, control, stage, source, week, state: open|corrected|accepted|attempt|all, "
             "assignee, q, pattern",
    .need = "data.read",
    .help =
        "How many exceptions there are by category, control, source, week and assignee, trends, and wrong "
        "values that come again and again. Parameters: as of /api/exceptions." },
  { .method = "GET",
    .pattern = "/api/exceptions/file",
    .handle = desk_file,
    .reply = "*text/csv",
    .query = "run!",
    .need = "data.read",
    .help = "The open exceptions of one run in the columns of their file, to be repaired and imported again. "
            "Parameters: tenant, run." },
  { .method = "POST",
    .pattern = "/api/exceptions/review",
    .handle = desk_review,
    .reply = "{changed: int, chosen: int}",
    .body = "{ids: [int], filter: object, assignee: text?, decision: text?, reason}",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Gives exceptions to somebody, accepts them or opens them again: {\"ids\": [...] or \"filter\": "
            "{...}, \"assignee\", \"decision\": \"accepted\" or null, \"reason\"}." },
  { .method = "POST",
    .pattern = "/api/exceptions/fix",
    .handle = desk_fix,
    .reply =
        "{run: text?, runs: [text], corrected: int, still_open: int, faults: [{id: int, faults: [#fault]}]}",
    .body = "{ids: [int], filter: object, changes!: object}",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Corrects exceptions in place: {\"ids\": [...] or \"filter\": {...}, \"changes\": {\"region\": "
            "\"North\"}}. What is still wrong by the rules stays as it is." },
  { .method = "POST",
    .pattern = "/api/exceptions/{id}/fix",
    .handle = desk_fix_one,
    .reply = "{corrected: bool, run: text?, faults: [#fault]}",
    .body = "{changes!: object}",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Corrects one exception in place: {\"changes\": {\"order_date\": \"2024-03-05\"}}." },
  { .method = "GET",
    .pattern = "/api/exceptions/{id}",
    .handle = desk_show_one,
    .reply = "{id: int, run, record: int, source, line: int, offset: int, length: int, category, stage, "
             "state, assignee: text?, reason: text?, raw, faults: [#fault], week, attempt_of?: int, dataset, "
             "cells: [{heading: text?, field: text?, value: text?, controls: [text]}], extra: int, review: "
             "text?, settled_by: {run, at?: text?, actor}?, history: [{run?, at?: text?, actor?: text?, "
             "event, text, exception?: int, faults?: [#fault]}]}",
    .need = "data.read",
    .help = "One exception with its cells and its history. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/entities",
    .handle = entities_list,
    .reply = "[{name, table, help, order, path: text?, access, unique: [[text]], properties: [{name, kind, "
             "required: bool, searched: bool, help, default?: any, choices?: [text], reference?, scale?: "
             "int, min?: any, max?: any}]}]; total: int",
    .need = "login",
    .help = "What kinds of records there are, with their properties: forms are made from it." },
  { .method = "GET",
    .pattern = "/api/records/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = records_list,
    .reply = "[@]; total?: int, next?: text?",
    .query = "q, filter, sort, fields, limit: int, cursor, deleted: 0|1, as_of, format: json|csv",
    .need = "record.read",
    .cached = true,
    .help = "The records of an entity, as JSON or as CSV (Accept: text/csv). Parameters: tenant, deleted=1 "
            "for those that were deleted, too, as_of "
            "(a day or an instant) for what was known then." },
  { .method = "POST",
    .pattern = "/api/records/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_post,
    .reply = "201|200 @",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Adds a record, or, with the id of one, changes the properties that are named; with version only "
            "when nobody changed it meanwhile. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_show,
    .reply = "@",
    .query = "as_of",
    .need = "record.read",
    .help = "One record, by its id or its key. Parameters: tenant, as_of." },
  { .method = "PUT",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_put,
    .reply = "@",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes the record what the body says: what it does not name becomes its default, or empty. "
            "Parameter: tenant." },
  { .method = "PATCH",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_patch,
    .reply = "@",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes the properties that the body names. Parameter: tenant." },
  { .method = "DELETE",
    .pattern = "/api/records/{id}/{id}",
    .entity = ENTITY_BY_NAME,
    .handle = record_remove,
    .reply = "@",
    .need = "record.write",
    .help = "Deletes a record, which can be undone. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/records/{id}/{id}/restore",
    .entity = ENTITY_BY_NAME,
    .handle = record_bring_back,
    .reply = "@",
    .need = "record.write",
    .help = "Brings a deleted record back. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/records/{id}/{id}/history",
    .entity = ENTITY_BY_NAME,
    .handle = record_changes,
    .reply = "[#entry]",
    .need = "record.read",
    .help = "All that was ever changed of a record, from the change log. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/archive",
    .handle = archive_show,
    .reply = "[{table, month, place: text?, part: int, path, rows: int, bytes: int, first_id: int, last_id: "
             "int, first_at: text?, last_at: text?, sha256, archived_at, archived_by, purged_at: text?}]",
    .need = "archive.read",
    .help = "The files that old rows were moved to. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/backups",
    .handle = backups_show,
    .reply = "{copies: [{file, made_at, last_change: int, bytes: int, sha256, verified_at, drilled_at: "
             "text?}], age_seconds: int?, drilled_at: text?}",
    .need = "archive.read",
    .help = "The copies that were made by themselves, and how old the newest is. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/tables",
    .handle = tables_list,
    .reply = "[{name, columns: [{name, kind}]}]",
    .need = "data.read",
    .help = "The tables that can be taken away, with their columns." },
  { .method = "GET",
    .pattern = "/api/tables/{id}",
    .handle = table_send,
    .reply = "*text/csv|application/json|application/vnd.apache.parquet",
    .query = "format: csv|json|parquet, plain: 0|1, run",
    .need = "data.read",
    .help = "A table as a file. Parameters: tenant, format=csv, json or parquet, run, plain=1 "
            "(formulas are not guarded; takes system.write)." },
  { .method = "POST",
    .pattern = "/api/uploads",
    .handle = upload_post,
    .reply = "201 {upload, name, bytes: int, sha256}",
    .query = "name",
    .body = "*application/octet-stream",
    .need = "data.write",
    .body_max = LIMIT_UPLOAD_BYTES,
    .help = "Keeps a file, the body, to be looked at and imported. Parameters: tenant, name." },
  { .method = "POST",
    .pattern = "/api/bulk-upload",
    .handle = bulk_post,
    .query = "filename, as, existing: reject|update, unique, batch: int",
    .body = "*text/csv|multipart/form-data|application/octet-stream",
    .reply = "202 {job_id: int, status, status_url, source, bytes: int, sha256}",
    .need = "data.write",
    .body_max = LIMIT_UPLOAD_BYTES,
    .help = "Takes a file, the body or the file of a form, and imports it as a job: 202 and where to look. "
            "Parameters: tenant, filename, as (invoices), existing=reject or update, unique=A,B, batch (rows "
            "of a "
            "savepoint, 1000)." },
  { .method = "GET",
    .pattern = "/api/bulk-upload/status/{id}",
    .handle = bulk_show,
    .reply = "{job_id: int, status, source, dataset: text?, bytes: int, progress: int, total_records: int, "
             "processed_records: int, failed_records: int, batches: int, failed_batches: int, created_at, "
             "started_at: text?, ended_at: text?, duration_ms: int?, attempts: int, run: text?, cause: "
             "text?, errors: [{record: int, line: int, category, faults: [#fault]}], followed: bool, "
             "breaker: {state, failures: int, opened: int, retry_after: int, cause: text?}}",
    .need = "data.read",
    .quiet = true,
    .help =
        "How far a file is that was handed in, its errors and the state of the breaker. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/bulk-upload",
    .handle = bulk_index,
    .reply = "[#bulk]",
    .query = "limit: int",
    .need = "data.read",
    .help = "The files that were handed in, newest first. Parameters: tenant, limit." },
  { .method = "GET",
    .pattern = "/api/uploads/{id}",
    .handle = upload_show,
    .reply =
        "{upload, name, bytes: int, sha256, kind: text?, encoding: text?, decisions: [#decision], oddities: "
        "[any], columns: [{index: int, heading, type, examples: [text]}], rows_estimate: int?, sample: "
        "[[text]], mapping: [{field, kind, essential: bool, optional: bool, heading: text?, column: int?, "
        "how: text?, help}], unique: [text], remembered: bool, existing, problem: text?}",
    .query = "as, map, unique, existing: reject|update, encoding, delimiter, quote, escape, header, skip, "
             "decimal, date-order, dry_run: 0|1, upload",
    .need = "data.write",
    .help =
        "How the file would be imported: decisions of the reader, columns, first rows, mapping. Parameters: "
        "tenant, and those of POST /api/imports." },
  { .method = "DELETE",
    .pattern = "/api/uploads/{id}",
    .handle = upload_delete,
    .reply = "{upload, deleted: bool}",
    .need = "data.write",
    .help = "Forgets the file. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/imports",
    .handle = imports_list,
    .reply = "[#import]; total: int",
    .need = "data.read",
    .quiet = true,
    .help = "The imports of this process, newest first. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/imports",
    .handle = import_post,
    .reply = "202 {import, href}",
    .query = "as, dry_run: 0|1, upload, name, map, unique, existing: reject|update, encoding, delimiter, "
             "quote, escape, header, skip, decimal, date-order",
    .body = "*application/octet-stream",
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
    .reply = "#import",
    .need = "data.read",
    .quiet = true,
    .help = "How far an import is, and what came of it. Parameter: tenant." },
  { .method = "DELETE",
    .pattern = "/api/imports/{id}",
    .handle = import_cancel,
    .reply = "#import",
    .need = "data.write",
    .help = "Cancels an import: nothing of it is stored. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/figures",
    .handle = figures_get,
    .cached = true,
    .reply = "{dataset, scope, run: text?, from: text?, to: text?, first_day: text?, last_day: text?, "
             "measures: [{name, title, kind}], groups: [{name, title, kind}], totals: #sums, by_day: [#day], "
             "source?, undone?: bool, *: [#group]}",
    .query = "as, run, from: day, to: day",
    .need = "data.read",
    .help =
        "The figures of all that counts now, or of one run as it was imported. Parameters: tenant, as, run, "
        "from, to (days, inclusive), and any group field of the dataset, such as region or product." },
  { .method = "GET",
    .pattern = "/api/quality",
    .handle = quality_get,
    .cached = true,
    .reply = "{dataset, scope, run: text?, source?, undone?: bool, from: text?, to: text?, rows: #rows, "
             "quality: number, rejected: {*: int}, settled: {open: int, corrected: int, accepted: int}, "
             "controls: [{control, version: int, stage, field: text?, category, passed: int, failed: int, "
             "runs: int}], stages: [{stage, failed: int}], trend: [{run, source, started, read: int, clean: "
             "int, rejected: int, quality: number}]}",
    .query = "as, run",
    .need = "data.read",
    .help = "How much of what came in is good, which controls found what is not, and the runs one by one. "
            "Parameters: tenant, as, run." },
  { .method = "GET",
    .pattern = "/api/rows",
    .handle = rows_get,
    .reply = "[#row]; total: int?, next: text?",
    .query = "as, run, from: day, to: day, q, limit: int, after",
    .need = "data.read",
    .help = "Clean rows in the order of their keys, each with its place in its file. A page may be short and "
            "still have a `next` to go on after. Parameters: as those of /api/figures, and q (the key begins "
            "so), "
            "limit, after." },
  { .method = "GET",
    .pattern = "/api/row",
    .handle = row_get,
    .reply =
        "{key, run, record: int, source, line: int, offset: int, length: int, fate, values: {*: text?}, raw, "
        "sha256, tick: {ok: bool, text}, versions: [{kind, actor, at, key, run, record: int, source, line: "
        "int, offset: int, length: int, fate, values: {*: text?}, current: bool}], controls: [{control, "
        "version: int, stage, field: text?, status}], notes: [any], edited_by: {*: any}?}",
    .query = "as, key!",
    .need = "data.read",
    .help =
        "One clean row: its original bytes, whether they still say what is stored, its versions, controls "
        "and notes. Parameters: tenant, as, key." },
  { .method = "POST",
    .pattern = "/api/row",
    .handle = row_post,
    .reply = "{run, key, changed: bool}",
    .query = "as, key!",
    .body = "object",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes a clean row: {\"quantity\": \"5\"}. Every control judges it; what passes becomes a new "
            "version, by a run of its own, which can be undone. Parameters: tenant, as, key." },
  { .method = "GET",
    .pattern = "/api/why/{id}/{id}",
    .handle = why_get,
    .reply = "{figure, title?, value: any, formula?, sql?, tick?: {ok: bool, first: any, second: any, "
             "method}?, tick_reason?: text?, rows?: {kind, items: [{*: any}], total: int?, next: text?, "
             "searched?: int}, rules?: {*: [{control, version: int}]}, seconds?: number}",
    .query = "as, run, from: day, to: day, q, limit: int, after, category, control, tick: 0|1",
    .need = "data.read",
    .help = "Why a figure (dataset, measure) is what it is: formula, SQL, the rows behind it, and a second "
            "computation of its own (tick=1 gives that alone). Parameters: as those of /api/rows, and of the "
            "measure rejected: category, control." },
  { .method = "GET",
    .pattern = "/api/compare",
    .handle = compare_get,
    .reply = "{dataset, a: #side, b: #side, totals: [{measure, a: any, b: any, difference: any}], by_day: "
             "[{day, a: #sums, b: #sums, difference: #sums}], quality: {a: number, b: number, difference: "
             "number}, controls: [{control, a_failed: int?, b_failed: int?, a_version: int?, b_version: "
             "int?}], rules_changed: [text], *: [{name: text?, a: #sums, b: #sums, difference: #sums}]}",
    .query = "as, a!, b!, from: day, to: day",
    .need = "data.read",
    .help =
        "Two runs beside each other, or a run and all that counts now (current): figures by group, quality, "
        "controls, rules that changed between them. Parameters: tenant, as, a, b, from, to, group fields." },
  { .method = "GET",
    .pattern = "/api/impact",
    .handle = impact_get,
    .reply = "{subject, text, counts: {*: int}, items: [{kind, name, count: int?, text}]}",
    .query = "as, rule, column, list, file",
    .need = "data.read",
    .help = "What depends on a rule, a field, a reference list or a file that came in. Parameters: tenant, "
            "as, and "
            "one of rule, column, list, file (a run)." },
  { .method = "GET",
    .pattern = "/api/line",
    .handle = line_get,
    .reply = "{run, source, record: int, line: int, offset: int, length: int, lines: int, raw, sha256, "
             "intact: bool, kind, exception: {id: int, category, stage, state, reason: text?, faults: "
             "[#fault], solved_run: text?}?, row: #row?, fate, figures: [text]}",
    .query = "run!, line: int, record: int, offset: int",
    .need = "data.read",
    .help = "What became of a line of a file. Parameters: tenant, run, and one of line, record, offset." },
  { .method = "GET",
    .pattern = "/api/events",
    .handle = events_stream,
    .reply = "*text/event-stream",
    .query = "after: int",
    .need = "login",
    .help = "What happens, as it happens, as server-sent events: change (with id), job and progress. Resumed "
            "after "
            "Last-Event-ID, or the parameter after. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/realtime",
    .handle = realtime_open,
    .reply = "101 *",
    .query = "after: int",
    .need = "login",
    .help = "The same over a WebSocket, as texts: {type: \"data-update\", seq, table, op, key, ...}. A "
            "client that says "
            "{\"after\": seq} gets what came since. Parameters: tenant, after." },
  { .method = "GET",
    .pattern = "/api/changes",
    .handle = changes_list,
    .reply = "[{seq: int, at, actor, unit, event, table: text?, key: text?, count: int, text, before: "
             "{...}?, after: {...}?}]; total: int, next: int",
    .query = "before: int, limit: int, unit, event, table, key, actor, from, to",
    .need = "audit.read",
    .help =
        "The change log, newest first. Parameters: tenant, before, limit, unit, event, table, key, actor, "
        "from, to." },
  { .method = "GET",
    .pattern = "/api/sync",
    .handle = sync_show,
    .reply = "#sync",
    .need = "sync.read",
    .help = "How replication to headquarters stands: what it holds, how far each lane is, what is still to "
            "go and how "
            "long that takes, and what is wrong. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/sync/history",
    .handle = sync_history_show,
    .reply = "{history: [{id: int, at: instant, kind, text}], batches: [{lane, sequence: int, rows: int, "
             "bytes: int, "
             "made_at: instant, confirmed_at: instant?, hash, receipted: bool}]}",
    .query = "limit: int",
    .need = "sync.read",
    .help = "What happened on the way to headquarters, and the last batches, newest first. Parameters: "
            "tenant, limit." },
  { .method = "POST",
    .pattern = "/api/sync/now",
    .handle = sync_now_post,
    .reply = "#sync",
    .need = "sync.write",
    .help = "Tries headquarters now, whatever is waited for. The reply is that of GET /api/sync. Parameter: "
            "tenant." },
  { .method = "POST",
    .pattern = "/api/sync/pause",
    .handle = sync_pause_post,
    .reply = "#sync",
    .need = "sync.write",
    .help = "Sends and takes nothing until it is resumed. The reply is that of GET /api/sync. Parameter: "
            "tenant." },
  { .method = "POST",
    .pattern = "/api/sync/resume",
    .handle = sync_resume_post,
    .reply = "#sync",
    .need = "sync.write",
    .help = "Goes on after a pause. The reply is that of GET /api/sync. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/sync/metered",
    .handle = sync_metered_post,
    .reply = "#sync",
    .body = "{bytes_a_day!: int}",
    .need = "sync.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "Sends at most so many bytes a day, and only what people did; 0: as much as there is. The reply is "
        "that of GET /api/sync. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/sync/conflicts",
    .handle = conflicts_list,
    .reply = "[#conflict]; total: int, next: text?",
    .query = "state: open|decided|all, limit: int, cursor",
    .need = "sync.read",
    .help = "Changes that did not hold, because somebody else changed the same, newest first, with who said "
            "what. Parameters: tenant, state (open when it is left out), limit, cursor." },
  { .method = "POST",
    .pattern = "/api/sync/conflicts/{id}/take",
    .handle = conflict_take_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "sync.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "A change that did not hold is brought back; it takes the permission to write the record, too. "
            "409 when it was decided already. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/sync/conflicts/{id}/keep",
    .handle = conflict_keep_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "sync.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "What holds is right; the conflict is decided. 409 when it was decided already. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/sync/conflicts/{id}/reopen",
    .handle = conflict_reopen_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "sync.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "What was decided is taken back: the record is what it was before, and the conflict is open. 409 "
            "when somebody went on from it. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/alerts",
    .handle = alerts_list,
    .reply = "[{id, kind, subject, state, severity, title, text, detail: {...}, address: text?, status, "
             "note: text?, created_at, times: int, last_at, resolved_at: text?, resolved_by: text?, "
             "updated_by, sent: int}]; counts: {open: int, acknowledged: int, resolved: int}",
    .query = "state: open|acknowledged|resolved|all, kind, limit: int",
    .need = "alerts.read",
    .help =
        "What people should know of, newest first, and how many there are. Parameters: tenant, state (open, "
        "acknowledged, resolved or all; those not resolved when it is left out), kind (a name or a pattern "
        "such as low_*), limit." },
  { .method = "POST",
    .pattern = "/api/alerts/{id}/acknowledge",
    .handle = alert_acknowledge_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "alerts.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Somebody looks at the alert: {\"note\": \"...\"}. 409 when it is resolved. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/alerts/{id}/resolve",
    .handle = alert_resolve_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "alerts.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "The alert is dealt with: {\"note\": \"...\"}. If its cause is still there at the next check, it "
            "comes "
            "again. 409 when it is resolved already. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/low-stock",
    .handle = low_stock_show,
    .reply = "{at, figures: object}",
    .need = "stock.read",
    .help = "How many items are out, low and at risk, and the worst of them, as it was worked out last. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/kept/*",
    .handle = kept_show,
    .reply = "{name, at, figures: object}",
    .need = "stock.read",
    .help = "Figures that are kept ready, and when they were worked out: low_stock, stock/WAREHOUSE/SKU. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/reorders",
    .handle = reorders_list,
    .reply = "[{id, sku, name: text?, warehouse, status, quantity: number, unit_cost: number?, supplier: "
             "text?, method, state, available: number, incoming: number, reorder_point: number, risk: "
             "number, reason, detail: {...}, created_at, updated_at, decided_at: text?, note: text?, "
             "reference: text?}]; counts: {*: int}",
    .query = "state: proposed|accepted|dismissed|ordered|received|all, limit: int",
    .need = "stock.read",
    .help = "What should be ordered, the most urgent first, with the reasons. Parameters: tenant, state "
            "(proposed "
            "when it is left out, accepted, dismissed, ordered, received, all), limit." },
  { .method = "POST",
    .pattern = "/api/reorders/{id}/accept",
    .handle = reorder_accept_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "It will be ordered: its purchase order is published. {\"note\": \"...\"}. 409 when it was decided "
        "already. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/reorders/{id}/dismiss",
    .handle = reorder_dismiss_post,
    .reply = "{id}",
    .body = "{note}",
    .need = "stock.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Not now: it is proposed again only when the state of the stock changes. {\"note\": \"...\"}. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/metrics/{id}",
    .handle = metrics_of_tenant,
    .reply = "*application/json",
    .query = "metric_type!: revenue|inventory|staffing|costs, start_date!: day, end_date!: day",
    .need = "data.read",
    .help =
        "The metrics of a tenant (its short name or id): {metrics, count, period}. Parameters, all of them "
        "needed: metric_type (revenue, inventory, staffing, costs), start_date, end_date (days, "
        "inclusive)." },
  { .method = "GET",
    .pattern = "/api/monthly-revenue",
    .handle = monthly_revenue_get,
    .reply = "[{month, total_revenue, avg_daily_revenue, days_with_data: int}]; refreshed_at: text?, stale: "
             "bool, months_changed: int",
    .need = "data.read",
    .help = "Revenue by month as it was added up last, when that was, and whether metrics changed since. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/daily-revenue",
    .handle = daily_revenue_get,
    .reply = "[{metric_date, category, total_revenue}]",
    .query = "from: day, to: day",
    .need = "data.read",
    .help = "Revenue by day and category. Parameters: tenant, from, to (days, inclusive)." },
  { .method = "GET",
    .pattern = "/api/tenants",
    .handle = tenants_list,
    .reply = "[{slug, name, id, created}]; total: int",
    .need = "login",
    .help = "The tenants of this data folder." },
  { .method = "POST",
    .pattern = "/api/rules/try",
    .handle = rules_try_post,
    .reply =
        "{runs: [{run, source, rows: int, newly_rejected: int, newly_released: int}], rows: int, "
        "newly_rejected: {total: int, by_control: {*: int}, sample: [{run, record: int, line: int, raw, "
        "faults: [#fault]}]}, newly_released: {total: int, by_control: {*: int}, sample: [{run, record: int, "
        "line: int, raw, faults: [#fault]}]}, figures: {before: #sums, after: #sums}, seconds: number}",
    .query = "as, run",
    .body = "{rules: [object], items: [object]}",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help =
        "What changed rules would newly reject and release of what was imported; nothing is changed. Body: "
        "{\"rules\":[...],\"items\":[...]}. Parameters: tenant, as, run." },
  { .method = "POST",
    .pattern = "/api/rules/promote",
    .handle = rules_promote_post,
    .reply = "{rules: [{id, name, ...}], items: [{id, ...}]}",
    .body = "{rules: [object], items: [object]}",
    .need = "data.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes changed rules hold, all of them or none. Body as of try. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/metrics",
    .handle = prometheus_show,
    .reply = "*text/plain",
    .need = "system.read",
    .quiet = true,
    .help = "Figures of this process and of all tenants, in the text format of Prometheus." },
  { .method = "GET",
    .pattern = "/api/health",
    .handle = health_report,
    .reply = "{tenant, sections: [{section, state, text}], state}",
    .need = "system.read",
    .quiet = true,
    .help = "How things are, in sentences: {state, sections: [{section, state, text}]}; a state is ok, warn "
            "or bad. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/outbox",
    .handle = outbox_rows,
    .reply = "[{id: int, channel, job: int, sender, target, subject, state, tries: int, repeats: int, "
             "answer, made_at, changed_at}]",
    .query = "state, channel: mail|webhook, limit: int, before: int",
    .need = "system.read",
    .help = "Mails and requests that went out or are to, newest first. Parameters: tenant, state, channel "
            "(mail, webhook), "
            "limit, before." },
  { .method = "POST",
    .pattern = "/api/mail/test",
    .handle = mail_test_post,
    .reply = "{to, code: int, answer}",
    .body = "{to!, server}",
    .need = "system.write",
    .body_max = KIB(4),
    .help = "Sends a short mail at once: {\"to\":\"...\", \"server\":\"name\"}; 503 with the server's words "
            "when it was not "
            "taken. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/secrets",
    .handle = secret_post,
    .reply = "{set: bool}",
    .body = "{entity!: mail_server|webhook, id!: id, value!}",
    .need = "system.write",
    .body_max = KIB(16),
    .help = "Sets the password of a mail server or the secret of a webhook: {\"entity\":\"mail_server\", "
            "\"id\":\"...\", "
            "\"value\":\"...\"}; an empty value removes it. Nobody gets it back. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/trust",
    .handle = trust_show,
    .reply = "{secure: bool, source?, names?: [text], from?, until?, fingerprint?, issuer?, public?: bool, "
             "authority?: {name, fingerprint, until, bounds: [text]}}",
    .open = true,
    .help = "The certificate of this server: names, until when, fingerprint, and the authority that devices "
            "have to "
            "trust; {\"secure\": false} on plain HTTP." },
  { .method = "GET",
    .pattern = "/ca.crt",
    .handle = authority_get,
    .reply = "*application/x-x509-ca-cert",
    .open = true,
    .help = "The authority's certificate (DER), as phones and Windows want it." },
  { .method = "GET",
    .pattern = "/ca.pem",
    .handle = authority_pem_get,
    .reply = "*application/x-pem-file",
    .open = true,
    .help = "The same as PEM." },
  { .method = "GET",
    .pattern = "/api/system",
    .handle = system_show,
    .need = "login",
    .reply = "{version, started: instant, now: instant, counts: [{name, count: int}], services: [{name, was, "
             "state, counters: {*: int}}], breakers: [{*: any}], libraries: [{name, version}]}",
    .help = "What runs here, counted by itself: routes, entities, tables; services with what they did. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/openapi.json",
    .handle = openapi_show,
    .reply = "*application/json",
    .open = true,
    .help = "All of this, as OpenAPI 3.1." },
  { .method = "GET",
    .pattern = "/api/problems",
    .handle = problems_list,
    .reply = "[{type, status: int, title, help}]; total: int",
    .open = true,
    .help = "What can go wrong: the types of failures, each with a page at its address." },
  { .method = "GET",
    .pattern = "/problems/{id}",
    .handle = problem_page,
    .reply = "*text/html",
    .open = true,
    .help = "What a type of failure means, as a page." },
  { .method = "GET",
    .pattern = "/healthz",
    .handle = health_show,
    .reply = "{status}",
    .open = true,
    .quiet = true,
    .help = "200 while the process answers." },
  { .method = "GET",
    .pattern = "/readyz",
    .handle = ready_show,
    .reply = "{status, tenants: int}",
    .open = true,
    .quiet = true,
    .help = "200 while every tenant's file can be read." },
  { .method = "GET",
    .pattern = "/api/dashboard/summary",
    .handle = dashboard_show,
    .reply = "{total_stores: int, total_products: int, total_orders: int, total_revenue: number, "
             "average_order_value: number, pending_predictions: int, high_value_customers: int, top_stores: "
             "[{id, name, total_revenue: number, orders: int}], top_products: [{id, name, total_revenue: "
             "number, quantity: number}]}",
    .need = "sales.read",
    .cached = true,
    .help = "The nine figures of field sales as of the last commit: total_stores, total_products, "
            "total_orders, total_revenue, "
            "average_order_value, pending_predictions, high_value_customers, top_stores, top_products. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/dashboard/audit",
    .handle = dashboard_audit_show,
    .reply = "[{name, shown, again, ok: bool, how}]; ok: bool",
    .need = "sales.read",
    .cached = true,
    .help =
        "Each of the nine figures computed a second way: {name, shown, again, ok, how}. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/analytics/trends",
    .handle = trends_show,
    .reply = "[{period, from, orders: int, revenue: number, average_order_value: number, stores: int}]",
    .query = "period: day|week|month, store, product, from: day, to: day",
    .need = "sales.read",
    .cached = true,
    .help = "Orders, revenue, average order value and stores by day, week or month. Parameters: tenant, "
            "period, from, to, store, product." },
  { .method = "GET",
    .pattern = "/api/analytics/bought",
    .handle = bought_show,
    .reply = "[{id, name, quantity: number, total_revenue: number, orders: int, last_order: text?}]",
    .query = "store, product, limit: int",
    .need = "sales.read",
    .cached = true,
    .help =
        "What a store buys, or who buys a product: {id, name, quantity, total_revenue, orders, last_order}, "
        "the most first. Parameters: tenant, store or product, limit." },
  { .method = "GET",
    .pattern = "/api/analytics/rules",
    .handle = field_rules_list,
    .reply = "[#advice]; total: int",
    .query = "limit: int",
    .need = "sales.read",
    .cached = true,
    .help =
        "What is bought together: rules with counts, support, confidence, lift. Parameters: tenant, limit." },
  { .method = "GET",
    .pattern = "/api/upselling/suggestions/{id}",
    .handle = suggestions_show,
    .reply = "[#advice]",
    .need = "sales.read",
    .help = "What an order, an invoice or a store may want besides, and why. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/predicted-orders",
    .handle = predictions_list,
    .reply = "[{id, store_id, store_name, predicted_date, confidence: number, priority, total_amount: "
             "number, status, method, days: int, explanation: {...}, notes: text?, order_id: text?, "
             "order_number: text?, version: int, created_at, items: [{product_id, product, quantity: number, "
             "unit_price: number, total_price: number, chance: number}]}]; total: int",
    .query = "status: pending|approved|rejected|all, store, due, limit: int",
    .need = "sales.read",
    .cached = true,
    .help = "Orders that stores are expected to make, soonest first, with items and explanation. Parameters: "
            "tenant, status (pending, approved, rejected, all), store, limit; due: a day (2024-05-31): those "
            "that are "
            "due by then, what matters most first, and in `day` whose calls they are, which is the day after "
            "the last "
            "one of the data where that is long past." },
  { .method = "GET",
    .pattern = "/api/stores/{id}",
    .handle = store_show_one,
    .reply =
        "{id, customer_id, name: text?, address: text?, city: text?, state: text?, pin: text?, phone: text?, "
        "email: text?, gstin: text?, salesperson: text?, status, notes: text?, version: int, created_at: "
        "int, created_by, updated_at: int, updated_by, deleted_at: int?, deleted_by: text?, total_orders: "
        "int, total_revenue: number, orders: [#order_row], segment: {segment_name, segment_value, "
        "total_revenue: number, order_frequency: number, churn_risk: number, recency_score: int, "
        "frequency_score: int, monetary_score: int, last_order: text?}?, preferences: #preferences?, "
        "prediction: {id, predicted_date, confidence: number, priority, total_amount: number}?}",
    .query = "limit: int",
    .need = "sales.read",
    .help = "A store with its last orders, sums, segment, preferences and prediction. Parameters: tenant, "
            "limit." },
  { .method = "GET",
    .pattern = "/api/stores/{id}/preferences",
    .handle = preferences_show,
    .reply = "#preferences",
    .need = "sales.read",
    .help =
        "How a store wants to be treated; what nobody has set is as it is by default. Parameter: tenant." },
  { .method = "PUT",
    .pattern = "/api/stores/{id}/preferences",
    .handle = preferences_put,
    .reply = "#preferences",
    .body = "{call_frequency, payment_terms, credit_limit: any, auto_approve_predictions: bool, ...}",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Sets them: {call_frequency, payment_terms, credit_limit, auto_approve_predictions}; what is not "
            "named stays. Parameter: "
            "tenant." },
  { .method = "GET",
    .pattern = "/api/products/categories",
    .handle = categories_list,
    .reply = "[{name: text?, products: int}]; total: int",
    .need = "sales.read",
    .cached = true,
    .help = "The categories of products, by name. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/products/brands",
    .handle = brands_list,
    .reply = "[{name: text?, products: int}]; total: int",
    .need = "sales.read",
    .cached = true,
    .help = "The brands of products, by name. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/orders",
    .handle = orders_list,
    .reply = "[#order_row]; total: int, next: text?",
    .query = "store, status, source, q, from: day, to: day, limit: int, cursor",
    .need = "sales.read",
    .cached = true,
    .help = "Orders made here and invoices, the newest business day first. Parameters: tenant, store, "
            "status, source, q, from, to, "
            "limit, cursor." },
  { .method = "POST",
    .pattern = "/api/orders",
    .handle = order_post,
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, prediction_id: id, ...}",
    .reply = "201 #order",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes an order: {store_id, items: [{product_id | sku | barcode | name | code, quantity, "
            "unit_price}], order_date, "
            "requested_date, due_date, status, notes, source, device, override, prediction_id}: that "
            "prediction, if "
            "nobody has decided on it, is approved with the order. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/orders/recent",
    .handle = orders_recent,
    .reply = "[#order_row]; total: int, next: text?",
    .need = "sales.read",
    .cached = true,
    .help = "The ten newest by business day. Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/orders/pending",
    .handle = orders_pending,
    .reply = "[#order_row]; total: int, next: text?",
    .query = "store, q, from: day, to: day, limit: int, cursor",
    .need = "sales.read",
    .cached = true,
    .help = "Orders that nobody has approved yet. Parameters: tenant, store, q, from, to, limit, cursor." },
  { .method = "POST",
    .pattern = "/api/orders/generate",
    .handle = order_generate_post,
    .body = "{prediction_id: id, template_order_id: id, store_id: id, status, order_date: day, "
            "requested_date: day, notes, device, override: bool, ...}",
    .reply = "201 #order",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Makes an order from a prediction, an earlier order or invoice, or what is known of a store: "
            "{prediction_id | "
            "template_order_id | store_id, status, order_date, requested_date, notes, device, override}. "
            "Parameter: tenant." },
  { .method = "GET",
    .pattern = "/api/orders/{id}",
    .handle = order_show_one,
    .reply = "#order",
    .need = "sales.read",
    .help = "An order or invoice with its lines; {id} may be its number. Parameter: tenant." },
  { .method = "PUT",
    .pattern = "/api/orders/{id}",
    .handle = order_put,
    .reply = "#order",
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, ...}",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes an order as a whole: what the body does not name is emptied, lines are replaced. 409 "
            "when it is invoiced or "
            "cancelled. Parameter: tenant." },
  { .method = "PATCH",
    .pattern = "/api/orders/{id}",
    .handle = order_patch,
    .reply = "#order",
    .body = "{store_id: id, store, items: [{product_id: id, sku, barcode, name, code, quantity: any, "
            "unit_price: any, ...}], order_date: day, requested_date: day, due_date: day, status, notes, "
            "source, device, override: bool, ...}",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Changes what the body names. Parameter: tenant." },
  { .method = "DELETE",
    .pattern = "/api/orders/{id}",
    .handle = order_remove,
    .reply = "{id, deleted: bool}",
    .need = "sales.write",
    .help =
        "Deletes an order with its lines; it can be restored. 409 when it is invoiced. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/orders/{id}/approve",
    .handle = order_approve_post,
    .reply = "#order",
    .body = "{note, override: bool}",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Approves it: {note, override}. 409 beyond the store's credit limit. Parameter: tenant." },
  { .method = "POST",
    .pattern = "/api/orders/{id}/cancel",
    .handle = order_cancel_post,
    .reply = "#order",
    .body = "{note}",
    .need = "sales.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "Cancels it: {note}. Parameter: tenant." },
  /* Entities with an address of their own; what stands above goes before. */
  { .method = "GET",
    .pattern = "/api/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = records_list,
    .reply = "[@]; total?: int, next?: text?",
    .query = "q, filter, sort, fields, limit: int, cursor, deleted: 0|1, as_of, format: json|csv",
    .need = "record.read",
    .cached = true,
    .help = "As /api/records/{id}." },
  { .method = "POST",
    .pattern = "/api/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_post,
    .reply = "201|200 @",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}." },
  { .method = "GET",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_show,
    .reply = "@",
    .query = "as_of",
    .need = "record.read",
    .help = "As /api/records/{id}/{id}." },
  { .method = "PUT",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_put,
    .reply = "@",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}/{id}." },
  { .method = "PATCH",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_patch,
    .reply = "@",
    .body = "@",
    .need = "record.write",
    .body_max = LIMIT_BODY_BYTES,
    .help = "As /api/records/{id}/{id}." },
  { .method = "DELETE",
    .pattern = "/api/{id}/{id}",
    .entity = ENTITY_BY_PATH,
    .handle = record_remove,
    .reply = "@",
    .need = "record.write",
    .help = "As /api/records/{id}/{id}." },
  { .method = "POST",
    .pattern = "/api/{id}/{id}/restore",
    .entity = ENTITY_BY_PATH,
    .handle = record_bring_back,
    .reply = "@",
    .need = "record.write",
    .help = "As /api/records/{id}/{id}/restore." },
  { .method = "GET",
    .pattern = "/api/{id}/{id}/changes",
    .entity = ENTITY_BY_PATH,
    .handle = record_changes,
    .reply = "[#entry]",
    .need = "record.read",
    .help = "As /api/records/{id}/{id}/history." },
  { .method = "GET",
    .pattern = "/*",
    .handle = asset_serve,
    .open = true,
    .quiet = true,
    .help = "The page." },
};
const size_t route_count = sizeof routes / sizeof *routes;

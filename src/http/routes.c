/*
** routes.c - what can be asked for: the tables of routes_NOUN.c, in their order; find.c finds the row of a request.
**
** TO ADD A ROUTE
**   1. a row in the table at the end of routes_NOUN.c: method, pattern, handler, the permission that it
**      needs, a sentence of help; body_max when it takes a body, `reads` when it shows what the tenant's file holds
**   2. the handler above it, static. Its form: read the parameters (query_text, query_int, rq->param) and the
**      body (body_json), one call into a lower layer with rq->tenant or rq->db that writes into rq->json, nothing else
**   3. its replies, the bad ones too, in a scenario
** A new file is named here, too.
**
** Of two rows that fit an address the first is taken. Here stand the rows whose handlers are in files of another kind.
*/
#include "http/routes.h"

static const struct route program_routes[] = {
  { "GET", "/api/events", events_stream, "login",
    "What happens, as it happens, as server-sent events: change (with id), job and progress. Resumed after "
    "Last-Event-ID, or the parameter after.",
    .reply = "*text/event-stream", .query = "after: int" },
  { "GET", "/realtime", realtime_open, "login",
    "The same over a WebSocket, as texts: {type: \"data-update\", seq, table, op, key, ...}. A client that "
    "says {\"after\": seq} gets what came since.",
    .reply = "101 *", .query = "after: int" },
  { "GET", "/api/system", system_show, "login",
    "What runs here, counted by itself: routes, entities, tables; services with what they did.",
    .reply = "{version, started: instant, now: instant, counts: [{name, count: int}], services: [{name, was, "
             "state, counters: {*: int}}], breakers: [{*: any}], libraries: [{name, version}]}",
    .reads = true },
  { "GET", "/openapi.json", openapi_show, NULL, "All of this, as OpenAPI 3.1.", .reply = "*application/json",
    .open = true, .fixed = true },
  { "GET", "/api/problems", problems_list, NULL,
    "What can go wrong: the types of failures, each with a page at its address.",
    .reply = "[{type, status: int, title, help}]; total: int", .open = true, .fixed = true },
  { "GET", "/problems/{id}", problem_page, NULL, "What a type of failure means, as a page.",
    .reply = "*text/html", .open = true, .fixed = true },
  { 0 },
};

static const struct route page_routes[] = {
  { "GET", "/*", asset_serve, NULL, "The page.", .open = true, .quiet = true },
  { 0 },
};

const struct route *const route_tables[] = { auth_routes,
                                             runs_routes,
                                             jobs_routes,
                                             schedules_routes,
                                             graphs_routes,
                                             governance_routes,
                                             stock_routes,
                                             topics_routes,
                                             desk_routes,
                                             records_routes,
                                             archive_routes,
                                             tables_routes,
                                             imports_routes,
                                             bulk_routes,
                                             figures_routes,
                                             row_routes,
                                             program_routes,
                                             changes_routes,
                                             sync_routes,
                                             alerts_routes,
                                             reorder_routes,
                                             metrics_routes,
                                             system_routes,
                                             rules_routes,
                                             health_routes,
                                             trust_routes,
                                             dashboard_routes,
                                             orders_routes,
                                             path_routes,
                                             page_routes,
                                             NULL };

/* routes_topics.c - topics, what is in them and who reads them; publishing, polling, what was parked. */
#include <stdlib.h>

#include "base/limits.h"
#include "event/client.h"
#include "event/park.h"
#include "event/report.h"
#include "event/stream.h"
#include "http/routes.h"

static int topics_list(struct request *rq) { return topics_json(rq->cx, rq->db, &rq->json, "data"); }

/* ---- reading ---- */

static bool wanted(const struct event *e, const char *type, const char *q) {
  if (type && !str_eq(e->type, str_of(type))) return false;
  return !q || memmem(e->body.p, e->body.n, q, strlen(q)) != NULL;
}

static int topic_events(struct request *rq) {
  struct ctx *cx = rq->cx;
  struct topic *t;
  const char *type, *q;
  int64_t partition, offset, limit;
  if (query_int(rq, "partition", -1, EVENT_PARTITIONS - 1, -1, &partition) ||
      query_int(rq, "offset", 0, INT64_MAX, 0, &offset) ||
      query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &limit) || query_text(rq, "type", &type) ||
      query_text(rq, "q", &q) || topic_find(cx, rq->db, rq->param[0], &t))
    return cx->code;
  enum { LOOKED_AT = 20000 }; /* events behind the offset, in search of those that are wanted */
  size_t n = 0, found = 0;
  int64_t looked = 0;
  bool end = false;
  jw_array(&rq->json, "data");
  for (bool filtered = type || q; !end && found < (size_t)limit && looked < LOOKED_AT;) {
    size_t most = filtered && partition >= 0 ? 1000 : (size_t)limit;
    struct ctx one; /* what was looked at goes with it */
    ctx_begin(&one, cx->actor);
    one.may = cx->may;
    struct event *events = ctx_alloc(&one, PAGE_ROWS_MOST * sizeof *events);
    if (event_read(&one, rq->db, t, (int)partition, offset, most, events, &n)) fail_from(cx, &one);
    for (size_t i = 0; i < n && found < (size_t)limit; i++) {
      offset = events[i].offset + 1;
      looked++;
      if (!wanted(&events[i], type, q)) continue;
      event_json(&rq->json, NULL, tenant_slug(rq->tenant), t->name, &events[i]);
      found++;
    }
    end = cx->code || n == 0 || partition < 0; /* offsets of several partitions are no place to go on from */
    ctx_end(&one);
  }
  jw_close(&rq->json, ']');
  if (partition >= 0 && n) jw_int(&rq->json, "next", offset);
  return cx->code;
}

static bool stopping(void *server) { return atomic_load(&((struct server *)server)->stopping); }

static void positions_json(struct jw *w, const struct event_poll *p) {
  jw_array(w, "positions");
  for (int i = 0; i < p->position_count; i++)
    jw_record(w, NULL, "partition", p->positions[i].partition, "offset", p->positions[i].offset, "fence",
              p->positions[i].fence);
  jw_close(w, ']');
}

static int topic_poll(struct request *rq) {
  struct event_poll p = { .topic = rq->param[0], .stop = stopping, .arg = rq->server };
  int64_t max;
  if (query_text(rq, "group", &p.group) || query_text(rq, "member", &p.member) ||
      query_int(rq, "max", 1, POLL_MOST, 100, &max) ||
      query_int(rq, "wait_ms", 0, POLL_WAIT_MOST_MS, 0, &p.wait_ms))
    return rq->cx->code;
  if (!p.group) return fail(rq->cx, E_INVALID, "group", "say for which group: ?group=NAME&member=NAME");
  if (!p.member)
    return fail(rq->cx, E_INVALID, "member", "say which member of the group reads: &member=NAME");
  p.max = (size_t)max;
  if (event_poll(rq->cx, rq->tenant, &p)) return rq->cx->code;
  jw_array(&rq->json, "data");
  for (size_t i = 0; i < p.count; i++)
    event_json(&rq->json, NULL, tenant_slug(rq->tenant), p.topic, &p.events[i]);
  jw_close(&rq->json, ']');
  positions_json(&rq->json, &p);
  return OK;
}

/* ---- positions ---- */

static int number(struct request *rq, const struct jv *o, const char *name, int64_t *out) {
  if (jv_kind(jv_get(o, name)) == JV_NUMBER && str_to_int(jv_text(jv_get(o, name)), out) && *out >= 0)
    return OK;
  return fail(rq->cx, E_INVALID, name, "%s has to be a whole number, 0 or more", name);
}

static int text(struct request *rq, const struct jv *o, const char *name, const char **out) {
  if (jv_kind(jv_get(o, name)) != JV_STRING)
    return fail(rq->cx, E_INVALID, name, "%s is missing, or no text", name);
  *out = ctx_strdup(rq->cx, jv_text(jv_get(o, name)));
  return OK;
}

static int topic_commit(struct request *rq) {
  struct event_position positions[EVENT_PARTITIONS];
  struct jv *body;
  const char *group, *member;
  if (body_members(rq, "group, member, positions", &body) || text(rq, body, "group", &group) ||
      text(rq, body, "member", &member))
    return rq->cx->code;
  struct jv *list = jv_get(body, "positions");
  int count = 0;
  if (jv_kind(list) != JV_ARRAY || jv_size(list) == 0 || jv_size(list) > EVENT_PARTITIONS)
    return fail(rq->cx, E_INVALID, "positions",
                "positions has to be what the poll gave: [{partition, offset, fence}]");
  for (size_t i = 0; i < jv_size(list); i++) {
    int64_t partition;
    struct event_position *p = &positions[count++];
    if (number(rq, jv_at(list, i), "partition", &partition) ||
        number(rq, jv_at(list, i), "offset", &p->offset) || number(rq, jv_at(list, i), "fence", &p->fence))
      return rq->cx->code;
    p->partition = partition < EVENT_PARTITIONS ? (int)partition : EVENT_PARTITIONS;
  }
  if (event_commit(rq->cx, rq->tenant, rq->param[0], group, member, positions, count)) return rq->cx->code;
  jw_record(&rq->json, "data", "committed", arg_bool(true));
  return OK;
}

static int topic_leave(struct request *rq) {
  struct jv *body;
  const char *group, *member;
  if (body_members(rq, "group, member", &body) || text(rq, body, "group", &group) ||
      text(rq, body, "member", &member) || event_leave(rq->cx, rq->tenant, rq->param[0], group, member))
    return rq->cx->code;
  jw_record(&rq->json, "data", "left", arg_bool(true));
  return OK;
}

/* ---- publishing ---- */

static int topic_publish(struct request *rq) {
  struct publish_result *r = ctx_alloc(rq->cx, sizeof *r);
  struct str body;
  if (body_text(rq, &body)) return rq->cx->code;
  if (str_trim(body).n == 0)
    return fail(rq->cx, E_INVALID, NULL, "the body has to hold events: one, an array of them, or one a line");
  if (event_publish_text(rq->cx, rq->tenant, rq->param[0], body, r)) return rq->cx->code;
  publish_result_json(&rq->json, "data", r);
  return OK;
}

/* ---- parked ---- */

static int parked_get(struct request *rq) {
  struct parked_filter f = { 0 };
  int64_t total;
  if (query_text(rq, "topic", &f.topic) || query_text(rq, "group", &f.group) ||
      query_text(rq, "state", &f.state) || query_int(rq, "limit", 1, PAGE_ROWS_MOST, PAGE_ROWS, &f.limit) ||
      query_int(rq, "before", 1, INT64_MAX, INT64_MAX, &f.before))
    return rq->cx->code;
  if (parked_list(rq->cx, rq->db, &f, &rq->json, "data", &total)) return rq->cx->code;
  jw_int(&rq->json, "total", total);
  return OK;
}

static int parked_id(struct request *rq, int64_t *id) {
  if (str_to_int(str_of(rq->param[0]), id) && *id > 0) return OK;
  return fail(rq->cx, E_NOT_FOUND, "id", "there is no parked event %.40s", rq->param[0]);
}

/* The corrected event: an object, or the text of one. */
static int corrected(struct request *rq, const struct jv *body, struct str *out) {
  const struct jv *v = jv_get(body, "body");
  struct buf buf;
  *out = (struct str){ NULL, 0 };
  if (jv_kind(v) == JV_NULL) return OK;
  if (jv_kind(v) == JV_STRING) {
    *out = jv_text(v);
    return OK;
  }
  if (jv_kind(v) != JV_OBJECT) return fail(rq->cx, E_INVALID, "/body", "body has to be the corrected event");
  buf_init(&buf, LIMIT_BODY_BYTES);
  jv_write(&buf, v);
  *out = (struct str){ ctx_strdup(rq->cx, buf_view(&buf)), buf.n };
  buf_clear(&buf);
  return OK;
}

static int told(struct request *rq, const char *state, int64_t id) {
  jw_record(&rq->json, "data", "id", id, "state", state);
  return OK;
}

static int parked_replay_post(struct request *rq) {
  struct parked_deed d;
  struct jv *body;
  if (parked_id(rq, &d.id) || body_members(rq, "body", &body) || corrected(rq, body, &d.body) ||
      tenant_write(rq->cx, rq->tenant, parked_replay, &d))
    return rq->cx->code;
  return told(rq, "replayed", d.id);
}

static int parked_discard_post(struct request *rq) {
  struct parked_deed d;
  struct jv *body;
  if (parked_id(rq, &d.id) || body_members(rq, "reason", &body) || text(rq, body, "reason", &d.reason) ||
      tenant_write(rq->cx, rq->tenant, parked_discard, &d))
    return rq->cx->code;
  return told(rq, "discarded", d.id);
}

static int parked_replay_all_post(struct request *rq) {
  struct jv *body;
  const char *topic;
  int64_t replayed, refused;
  if (body_members(rq, "topic", &body) || member_text(rq, body, "topic", &topic)) return rq->cx->code;
  if (parked_replay_all(rq->cx, rq->tenant, topic, &replayed, &refused)) return rq->cx->code;
  jw_record(&rq->json, "data", "replayed", replayed, "refused", refused);
  return OK;
}

/* ---- the addresses ---- */

const struct route topics_routes[] = {
  { "GET", "/api/topics", topics_list, "work.read",
    "Topics of events: their partitions and sizes, and how far each group has read.",
    .reply =
        "[{name, help: text?, source, types: [text], partitions: [{partition: int, first: int, next: int, "
        "bytes: int}], events: int, bytes: int, bytes_plain: int, segments: int, retention_days: int, "
        "retention_bytes: int, rate_minute: int, refused_minute: int, parked: int, groups: [{topic, group, "
        "help: text?, outside: bool, active: bool, lag: int, consumed: int, positions: [{partition: int, "
        "next: int, end: int, fence: int, member: text?}], latency: {p50_ms: number?, p95_ms: number?, "
        "p99_ms: number?}, rate_minute: int, errors: int, cause: text?, parked: int, members: int}]}]",
    .reads = true },
  { "GET", "/api/topics/{id}/events", topic_events, "work.read",
    "Events of a topic as CloudEvents. With a partition, next is the offset to go on from.",
    .reply = "[#event]; next?: int", .query = "partition: int, offset: int, limit: int, type, q",
    .reads = true },
  { "POST", "/api/topics/{id}/events", topic_publish, "work.write",
    "Publishes events: one, an array of them, or one a line; plain or as CloudEvents. Tells how many were "
    "taken, known already, refused and parked.",
    .reply = "{topic, taken: int, known: int, refused: int, refusals: [{line: int, id: text?, why}]}",
    .body = "any", .body_max = MIB(8) },
  { "GET", "/api/topics/{id}/poll", topic_poll, "work.read",
    "The next events for a member of a group, and the positions to be committed when they are dealt with.",
    .reply = "[#event]; positions: [{partition: int, offset: int, fence: int}]",
    .query = "group!, member!, max: int, wait_ms: int" },
  { "POST", "/api/topics/{id}/commit", topic_commit, "work.write",
    "Moves a group behind what a poll gave: {group, member, positions: [{partition, offset, fence}]}; offset "
    "is what is read next. 409 when the lease was lost meanwhile.",
    .reply = "{committed: bool}",
    .body = "{group!, member!, positions!: [{partition!: int, offset!: int, fence!: int}]}",
    .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/topics/{id}/leave", topic_leave, "work.write",
    "A member leaves its group, and others get its partitions at once: {group, member}.",
    .reply = "{left: bool}", .body = "{group!, member!}", .body_max = LIMIT_BODY_BYTES },
  { "GET", "/api/parked", parked_get, "work.read",
    "Events that could not be taken, and why, newest first. group=-: refused at the door.",
    .reply = "[{id: int, topic, group: text?, event: text?, partition: int?, offset: int?, reason, line: "
             "int?, times: int, state, at, actor, body, cut: bool, ended_at: text?, ended_by: text?, "
             "ended_text: text?}]; total: int",
    .query = "topic, group, state: waiting|replayed|discarded, limit: int, before: int", .reads = true },
  { "POST", "/api/parked/replay", parked_replay_all_post, "work.write",
    "Publishes all parked events again that wait: {topic} or {}.", .reply = "{replayed: int, refused: int}",
    .body = "{topic}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/parked/{id}/replay", parked_replay_post, "work.write",
    "Publishes a parked event again, as it is ({}) or corrected: {body}.", .reply = "{id: int, state}",
    .body = "{body: any}", .body_max = LIMIT_BODY_BYTES },
  { "POST", "/api/parked/{id}/discard", parked_discard_post, "work.write",
    "Discards a parked event: {reason}.", .reply = "{id: int, state}", .body = "{reason}",
    .body_max = LIMIT_BODY_BYTES },
  { 0 },
};

#include "event/park.h"

#include "base/hash.h"
#include "event/internal.h"
#include "store/change.h"
#include "store/column.h"

enum { PARKED_BYTES = 1 << 20 }; /* of a body that is kept: beyond it, nobody repairs it by hand */

int event_park(struct ctx *cx, struct db *db, const char *topic, const char *group, const struct event *e,
               const char *reason) {
  unsigned char digest[SHA256_SIZE];
  struct str body = e->body.p ? e->body : STR("");
  bool cut = body.n > PARKED_BYTES;
  sha256_of(body.p, body.n, digest);
  if (cut) body.n = PARKED_BYTES;
  struct stmt *s = db_ask(cx, db, SQL_event_park, topic, group, e->id);
  if (*group) stmt_int(s, 4, e->partition), stmt_int(s, 5, e->offset);
  stmt_blob(s, 6, digest, sizeof digest);
  stmt_blob(s, 7, body.p, body.n);
  stmt_int(s, 8, cut);
  stmt_text(s, 9, reason);
  stmt_int(s, 10, e->line);
  stmt_int(s, 11, cx->now);
  stmt_text(s, 12, cx->actor);
  stmt_text(s, 13, cx->id);
  return stmt_run(cx, s);
}

int parked_check_room(struct ctx *cx, struct db *db) {
  struct stmt *s = db_stmt(cx, db, SQL_event_parked_room);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t count = col_int(s, 0), bytes = col_int(s, 1);
  stmt_done(s);
  if (count <= PARKED_MOST && bytes <= (int64_t)PARKED_MIB_MOST << 20) return OK;
  return fail(cx, E_BUSY, "events",
              "too many events that were refused wait for a person (at most %d, and %d MiB): they are to be "
              "published again or discarded before more that is wrong can be kept (`outpost events parked`)",
              PARKED_MOST, PARKED_MIB_MOST);
}

/* ---- lists ---- */

enum {
  ID,
  TOPIC,
  GROUP,
  EVENT,
  PARTITION,
  POSITION,
  REASON,
  LINE,
  TIMES,
  STATE,
  AT,
  ACTOR,
  BODY,
  CUT,
  ENDED_AT,
  ENDED_BY,
  ENDED_TEXT
};

static void parked_json(struct jw *w, const struct stmt *s) {
  jw_object(w, NULL);
  columns_write(w, s, ID, "id: int, topic");
  if (col_str(s, GROUP).n)
    jw_str(w, "group", col_str(s, GROUP));
  else
    jw_text(w, "group", NULL);
  columns_write(w, s, EVENT,
                "event: text?, partition: int?, offset: int?, reason, line: int, times: int, state, "
                "at: instant?, actor, body, cut: bool, ended_at: instant?, ended_by: text?, "
                "ended_text: text?");
  jw_close(w, '}');
}

static int64_t count(struct ctx *cx, struct db *db, const char *topic, const char *group, const char *state) {
  return stmt_number(cx, db_ask(cx, db, SQL_event_parked_count, topic, group, state), 0);
}

int64_t parked_waiting(struct ctx *cx, struct db *db, const char *topic, const char *group) {
  return count(cx, db, topic, group, "waiting");
}

int parked_list(struct ctx *cx, struct db *db, const struct parked_filter *f, struct jw *w, const char *key,
                int64_t *total) {
  const char *group = f->group && strcmp(f->group, "-") == 0 ? "" : f->group;
  *total = count(cx, db, f->topic, group, f->state);
  struct stmt *s = db_ask(cx, db, SQL_event_parked_list, f->topic, group, f->state,
                          f->before ? f->before : INT64_MAX, f->limit);
  jw_array(w, key);
  while (stmt_row(cx, s)) parked_json(w, s);
  jw_close(w, ']');
  return cx->code;
}

/* ---- what becomes of one ---- */

struct parked {
  int64_t id;
  const char *topic, *group;
  struct event event;
  bool cut;
};

static int read_parked(struct ctx *cx, struct db *db, int64_t id, struct parked *p) {
  struct stmt *s = db_ask(cx, db, SQL_event_parked_one, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, "id", "there is no parked event %lld", (long long)id);
  bool waiting = str_eq(col_str(s, STATE), STR("waiting"));
  *p = (struct parked){
    .id = id, .topic = col_dup(cx, s, TOPIC), .group = col_dup(cx, s, GROUP), .cut = col_int(s, CUT)
  };
  p->event.body = str_of(col_dup(cx, s, BODY));
  p->event.body.n = col_str(s, BODY).n;
  p->event.partition = (int)col_int(s, PARTITION);
  p->event.offset = col_int(s, POSITION);
  p->event.line = col_int(s, LINE);
  const char *state = col_dup(cx, s, STATE);
  stmt_done(s);
  return waiting ? OK
                 : fail(cx, E_CONFLICT, "id", "the parked event %lld was %s already", (long long)id, state);
}

static int end(struct ctx *cx, struct db *db, const struct parked *p, const char *state, const char *text) {
  return db_act(cx, db, SQL_event_parked_end, p->id, state, cx->now, cx->actor, text);
}

static int note(struct ctx *cx, struct db *db, const struct parked *p, const char *event, const char *reason,
                struct str edited, const char *text) {
  struct buf after;
  struct jw w;
  jw_begin(&w, &after, 4 << 20);
  jw_put(&w, "id", p->id, "topic", p->topic);
  if (*p->group) jw_text(&w, "group", p->group);
  if (p->event.id.p) jw_str(&w, "event", p->event.id);
  if (reason) jw_text(&w, "reason", reason);
  if (edited.p) jw_str(&w, "edited", edited);
  jw_close(&w, '}');
  change_append(cx, db,
                &(struct change){ .event = event,
                                  .table = "event_parked",
                                  .key = ctx_printf(cx, "%lld", (long long)p->id),
                                  .after = buf_view(&after),
                                  .count = 1,
                                  .text = text });
  buf_clear(&after);
  return cx->code;
}

static const struct consumer *find_consumer(const char *topic, const char *group) {
  for (int i = 0; consumer_at(i); i++)
    if (strcmp(consumer_at(i)->topic, topic) == 0 && strcmp(consumer_at(i)->group, group) == 0)
      return consumer_at(i);
  return NULL;
}

static int give_to_group(struct ctx *cx, struct db *db, const struct topic *t, struct parked *p,
                         bool edited) {
  const struct consumer *c = find_consumer(p->topic, p->group);
  int partition = p->event.partition;
  int64_t offset = p->event.offset;
  struct str body = p->event.body;
  if (!c) return fail(cx, E_CONFLICT, "group", "group %s is not read by this program any more", p->group);
  if (edited ? event_parse(cx, t, body, &p->event) : event_reread(cx, t, body, &p->event)) return cx->code;
  p->event.partition = partition;
  p->event.offset = offset;
  p->event.outcome = EVENT_TAKEN;
  return c->handle(cx, db, &p->event, 1);
}

static int publish_again(struct ctx *cx, struct db *db, const struct topic *t, struct parked *p) {
  struct event *e = &p->event;
  if (event_parse(cx, t, e->body, e) || event_publish_to(cx, db, t, e, 1, false)) return cx->code;
  return e->outcome == EVENT_REFUSED ? fail(cx, E_CONFLICT, NULL, "%s", e->why) : OK;
}

int parked_replay(struct ctx *cx, struct db *db, void *deed) {
  const struct parked_deed *d = deed;
  struct str body = d->body;
  struct parked p;
  struct topic *t;
  if (read_parked(cx, db, d->id, &p)) return cx->code;
  if (p.cut && !body.p)
    return fail(cx, E_INVALID, "body", "only its first %d bytes were kept: give it a corrected body",
                PARKED_BYTES);
  if (body.p) p.event.body = body;
  if (topic_find(cx, db, p.topic, &t)) return cx->code;
  if (*p.group ? give_to_group(cx, db, t, &p, body.p != NULL) : publish_again(cx, db, t, &p)) return cx->code;
  const char *how = body.p ? "corrected" : "as it was";
  if (end(cx, db, &p, "replayed", how)) return cx->code;
  return note(cx, db, &p, "EVENT_REPLAYED", NULL, body,
              ctx_printf(cx, "a parked event of %s was published again, %s", p.topic, how));
}

int parked_discard(struct ctx *cx, struct db *db, void *deed) {
  const struct parked_deed *d = deed;
  const char *reason = d->reason;
  struct parked p;
  if (!reason || str_trim(str_of(reason)).n == 0)
    return fail(cx, E_INVALID, "reason", "say why it is discarded");
  if (read_parked(cx, db, d->id, &p) || end(cx, db, &p, "discarded", reason)) return cx->code;
  return note(cx, db, &p, "EVENT_DISCARDED", reason, (struct str){ NULL, 0 },
              ctx_printf(cx, "a parked event of %s was discarded: %s", p.topic, reason));
}

/* ---- all of them ---- */

static int64_t next_waiting(struct ctx *cx, struct tenant *t, const char *topic, int64_t after) {
  struct ctx reading;
  struct db *db;
  int64_t id = 0;
  ctx_begin(&reading, cx->actor);
  if (!tenant_read(&reading, t, &db)) {
    struct stmt *s = db_ask(&reading, db, SQL_event_parked_next, after, topic);
    if (stmt_row(&reading, s)) id = col_int(s, 0);
    stmt_done(s);
  }
  if (reading.code) fail_from(cx, &reading);
  ctx_end(&reading);
  return id;
}

int parked_replay_all(struct ctx *cx, struct tenant *t, const char *topic, int64_t *replayed,
                      int64_t *refused) {
  *replayed = *refused = 0;
  for (int64_t id = 0; (id = next_waiting(cx, t, topic, id)) != 0 && !cx->code;) {
    struct ctx one;
    ctx_begin(&one, cx->actor);
    int rc = tenant_write(&one, t, parked_replay, &(struct parked_deed){ .id = id });
    if (rc == E_BUSY || rc == E_FAIL) fail_from(cx, &one);
    *replayed += rc == OK;
    *refused += rc != OK;
    ctx_end(&one);
  }
  return cx->code;
}

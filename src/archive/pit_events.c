/*
** pit_events.c - topics end where the log says that they ended: every batch that was
** published is an entry with its ranges of offsets.
**
** A segment that was joined since may reach over the end: it is written again, shorter.
*/
#include "archive/pit_internal.h"
#include "base/hash.h"
#include "event/segment.h"

struct end {
  const char *topic;
  int64_t partition, next;
  struct end *further;
};

static int list_ends(struct ctx *cx, struct db *db, const struct pit *p, struct end **out) {
  struct stmt *s = db_ask(cx, db, SQL_pit_event_ends, p->seq);
  *out = NULL;
  for (struct end **last = out; stmt_row(cx, s); last = &(*last)->further) {
    *last = ctx_alloc(cx, sizeof **last);
    **last = (struct end){ .topic = col_dup(cx, s, 0), .partition = col_int(s, 1), .next = col_int(s, 2) };
  }
  return cx->code;
}

static int run_at(struct ctx *cx, struct db *db, enum sql_id id, const struct end *e) {
  return db_act(cx, db, id, e->topic, e->partition, e->next);
}

/* The first events of a segment, as a segment that is not packed. */
static int shorten(struct ctx *cx, struct db *db, const struct segment *seg, int64_t count) {
  struct buf body;
  struct str json;
  size_t at = 0;
  buf_init(&body, SEGMENT_BYTES * 2);
  for (int64_t i = 0; i < count; i++) {
    if (!segment_next(seg->body, &at, &json)) {
      buf_clear(&body);
      return fail(cx, E_FAIL, NULL, "a segment of events cannot be read");
    }
    segment_put(&body, json);
  }
  db_act(cx, db, SQL_pit_event_shorten, seg->id, count, (int64_t)body.n, crc32_of(0, body.p, body.n),
         arg_blob(body.p, body.n));
  buf_clear(&body);
  return cx->code;
}

static int cut_partition(struct ctx *cx, struct db *db, const struct end *e) {
  struct segment seg;
  bool found = false;
  if (run_at(cx, db, SQL_pit_event_drop, e)) return cx->code;
  if (e->next > 0 && segment_read(cx, db, e->topic, (int)e->partition, e->next - 1, &seg, &found))
    return cx->code;
  if (found && seg.first < e->next && seg.first + seg.count > e->next &&
      shorten(cx, db, &seg, e->next - seg.first))
    return cx->code;
  return run_at(cx, db, SQL_pit_event_end, e) || run_at(cx, db, SQL_pit_event_unsee, e) ||
                 run_at(cx, db, SQL_pit_event_back, e)
             ? (int)cx->code
             : OK;
}

int pit_cut_events(struct ctx *cx, struct db *db, const struct pit *p) {
  struct end *ends;
  if (list_ends(cx, db, p, &ends)) return cx->code;
  for (; ends && !cx->code; ends = ends->further) {
    struct ctx aside;
    ctx_begin(&aside, cx->actor);
    if (cut_partition(&aside, db, ends)) fail_from(cx, &aside);
    ctx_end(&aside);
  }
  if (pit_run(cx, db, p, "DELETE FROM event_partition WHERE first = 0 AND next = 0")) return cx->code;
  /* The topic that reads the log itself. */
  return pit_run(cx, db, p,
                 "UPDATE event_position SET next = min(next, ?2) WHERE topic IN "
                 "(SELECT name FROM topic WHERE source = 'changes')");
}

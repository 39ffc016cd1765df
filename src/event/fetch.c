#include "event/fetch.h"

#include "event/internal.h"
#include "event/segment.h"
#include "model/visible.h"
#include "store/column.h"

enum { FETCH_BYTES = 8 << 20 }; /* in one go and of one partition: events may be large, and many */

/* An entry of the change log as an event. */
static void change_event(struct ctx *cx, struct stmt *s, struct event *e) {
  struct buf out;
  struct jw w;
  *e = (struct event){
    .offset = col_int(s, 0), .at = col_int(s, 1), .published_at = col_int(s, 1), .outcome = EVENT_TAKEN
  };
  e->id = str_of(ctx_printf(cx, "%lld", (long long)e->offset));
  e->type = str_of(ctx_strdup(cx, col_str(s, 4)));
  e->key = str_of(col_null(s, 6)
                      ? ctx_strdup(cx, col_str(s, 5))
                      : ctx_printf(cx, STR_FMT "/" STR_FMT, STR_ARG(col_str(s, 5)), STR_ARG(col_str(s, 6))));
  jw_begin(&w, &out, SIZE_MAX / 2);
  jw_put(&w, "eventId", e->id, "eventType", e->type, "timestamp", arg_time(e->at), "seq", e->offset);
  columns_write(&w, s, 2, "actor!, unit!, event!, table!, key!, before: any!, after: any!, count: int, text");
  jw_close(&w, '}');
  e->body = (struct str){ ctx_strdup(cx, buf_view(&out)), out.n };
  buf_clear(&out);
}

/* As far as whoever reads may see them; the others are passed over. */
static int fetch_changes(struct ctx *cx, struct db *db, int64_t offset, size_t most, struct event *events,
                         size_t *n) {
  struct stmt *s = db_ask(cx, db, SQL_event_changes, offset);
  for (size_t bytes = 0; stmt_row(cx, s);) {
    if (!table_visible(cx, col_str(s, 5))) continue;
    change_event(cx, s, &events[*n]);
    bytes += events[(*n)++].body.n;
    if (bytes < FETCH_BYTES && --most) continue;
    stmt_done(s);
    break;
  }
  return cx->code;
}

static int read_one(struct ctx *cx, const struct topic *t, int partition, const struct segment *g,
                    int64_t offset, struct str json, bool brief, struct event *e) {
  e->outcome = EVENT_TAKEN;
  e->why = NULL;
  e->line = 0;
  if (brief ? event_reread_brief(cx, t, json, e) : event_reread(cx, t, json, e)) return cx->code;
  e->partition = partition;
  e->offset = offset;
  e->published_at = g->published_at;
  return OK;
}

int fetch_events(struct ctx *cx, struct db *db, const struct topic *t, int partition, int64_t offset,
                 size_t most, bool brief, struct event *events, size_t *n) {
  if (t->changes) return fetch_changes(cx, db, offset, most, events, n);
  struct segment g;
  struct str json;
  bool found;
  size_t bytes = 0;
  for (size_t left = most; left > 0 && bytes < FETCH_BYTES && !cx->code;) {
    if (segment_read(cx, db, t->name, partition, offset, &g, &found) || !found) break;
    size_t at = 0;
    for (int64_t o = g.first; left > 0 && segment_next(g.body, &at, &json); o++) {
      if (o < offset) continue;
      if (read_one(cx, t, partition, &g, o, json, brief, &events[*n])) break;
      ++*n, left--;
    }
    offset = g.first + g.count;
    bytes += g.body.n;
  }
  return cx->code;
}

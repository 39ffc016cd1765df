/*
** acts.c - what people do to jobs. Each is an entry of the change log; the ordinary life of a
** job is not.
*/
#include "job/internal.h"

struct state {
  const char *state, *queue, *kind, *unique;
  bool delayed;
  int64_t graph_run;
  const char *payload, *cause;
};

static int read_state(struct ctx *cx, struct db *db, int64_t id, struct state *out) {
  struct stmt *s = db_ask(cx, db, SQL_job_state, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "id", "there is no job %lld", (long long)id);
  *out = (struct state){ .state = col_dup(cx, s, 0),
                         .delayed = col_int(s, 1),
                         .queue = col_dup(cx, s, 2),
                         .kind = col_dup(cx, s, 3),
                         .unique = col_dup(cx, s, 4),
                         .graph_run = col_int(s, 6),
                         .payload = col_dup(cx, s, 10),
                         .cause = col_dup(cx, s, 11) };
  stmt_done(s);
  return OK;
}

static bool is(const struct state *s, const char *state) { return strcmp(s->state, state) == 0; }

static struct str state_json(struct ctx *cx, const char *state, const char *cause) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, KIB(4));
  jw_text(&w, "state", state);
  if (cause) jw_text(&w, "cause", cause);
  return str_of(jw_end(cx, &w));
}

/* ---- again ---- */

/* As long as another one of its key is on its way, it would be the second one. */
static int check_unique(struct ctx *cx, struct db *db, int64_t id, const struct state *st) {
  if (!st->unique) return OK;
  struct stmt *s = db_ask(cx, db, SQL_job_by_unique, st->kind, st->unique);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t other = col_int(s, 0);
  stmt_done(s);
  if (other == id) return OK;
  return fail(cx, E_CONFLICT, "id",
              "job %lld does the same (key %.80s) and is on its way; job %lld would be the second one",
              (long long)other, st->unique, (long long)id);
}

static int again(struct ctx *cx, struct db *db, int64_t id, const struct state *st, const char *event) {
  struct stmt *s = db_ask(cx, db, SQL_job_begin_again, id, cx->now);
  atomic_fetch_add(&jobs_ordered, 1);
  if (stmt_run(cx, s)) return cx->code;
  return note_act(cx, db, event, id, state_json(cx, st->state, st->cause), state_json(cx, "waiting", NULL),
                  ctx_printf(cx, "job %lld (%s) is begun again", (long long)id, st->kind));
}

int job_retry(struct ctx *cx, struct db *db, int64_t id) {
  struct state st;
  if (read_state(cx, db, id, &st)) return cx->code;
  bool over = is(&st, "dead") || is(&st, "cancelled");
  if (!over && !(is(&st, "waiting") && st.delayed))
    return fail(cx, E_CONFLICT, "id",
                "job %lld is %s; what is dead, cancelled or waiting for its time can be begun again",
                (long long)id, st.state);
  if (over && check_unique(cx, db, id, &st)) return cx->code;
  return again(cx, db, id, &st, "JOB_REPLAYED");
}

int job_replay_dead(struct ctx *cx, struct db *db, const char *queue, int64_t *count) {
  int64_t *ids;
  size_t n;
  if (stmt_numbers(cx, db_ask(cx, db, SQL_job_dead_ids, queue), &ids, &n)) return cx->code;
  *count = 0;
  for (size_t i = 0; i < n && !cx->code; i++) {
    struct state st;
    if (read_state(cx, db, ids[i], &st)) return cx->code;
    if (check_unique(cx, db, ids[i], &st)) { /* its work is being done: it stays dead */
      if (cx->code != E_CONFLICT) return cx->code;
      ctx_forgive(cx);
      continue;
    }
    if (!again(cx, db, ids[i], &st, "JOB_REPLAYED")) ++*count;
  }
  return cx->code;
}

/* ---- another payload ---- */

int job_edit(struct ctx *cx, struct db *db, int64_t id, struct str payload) {
  struct state st;
  if (read_state(cx, db, id, &st) || job_kind_allowed(cx, st.kind) || job_check_payload(cx, payload))
    return cx->code;
  if (is(&st, "running") || is(&st, "done"))
    return fail(cx, E_CONFLICT, "id",
                "job %lld is %s; its payload can be changed while it waits, is dead or cancelled",
                (long long)id, st.state);
  struct stmt *s = db_ask(cx, db, SQL_job_edit, id, payload);
  if (stmt_run(cx, s)) return cx->code;
  return note_act(cx, db, "JOB_EDITED", id, str_of(st.payload), payload,
                  ctx_printf(cx, "the payload of job %lld (%s) was changed", (long long)id, st.kind));
}

/* ---- no more ---- */

int job_cancel(struct ctx *cx, struct db *db, int64_t id) {
  struct state st;
  if (read_state(cx, db, id, &st)) return cx->code;
  if (is(&st, "done") || is(&st, "cancelled"))
    return fail(cx, E_CONFLICT, "id", "job %lld is %s already", (long long)id, st.state);
  if (is(&st, "running") && outcome_cancelled(cx, db, id)) return cx->code;
  struct stmt *s = db_ask(cx, db, SQL_job_cancel, id, cx->now);
  if (stmt_run(cx, s)) return cx->code;
  if (st.graph_run && !is(&st, "dead") && outcome_tell_graph(cx, db, id)) return cx->code;
  return note_act(cx, db, "JOB_CANCELLED", id, state_json(cx, st.state, st.cause),
                  state_json(cx, "cancelled", NULL),
                  ctx_printf(cx, "job %lld (%s) was cancelled", (long long)id, st.kind));
}

#include "export/desk.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "export/desk_index.h"
#include "export/desk_internal.h"
#include "ingest/kept.h"

static const char *const state_names[] = {
  [DESK_OPEN] = "open",
  [DESK_CORRECTED] = "corrected",
  [DESK_ACCEPTED] = "accepted",
  [DESK_ATTEMPT] = "attempt",
};

const char *desk_state_name(int state) { return state_names[state]; }

/* ---- the filter, in numbers ---- */

static int read_state(struct ctx *cx, const char *state, struct desk_sieve *s) {
  s->states = 1u << DESK_OPEN | 1u << DESK_CORRECTED | 1u << DESK_ACCEPTED;
  if (!state || !strcmp(state, "all")) {
    if (s->run) s->states |= 1u << DESK_ATTEMPT;
    return OK;
  }
  s->states = 0;
  for (int i = 0; i < DESK_STATES; i++)
    if (!strcmp(state, state_names[i])) s->states = 1u << i;
  return s->states ? OK
                   : fail(cx, E_INVALID, "state",
                          "state is open, corrected, accepted, attempt or all, not %s", state);
}

static int check_week(struct ctx *cx, const char *week) {
  static const char form[] = "0000-W00";
  bool good = strlen(week) == sizeof form - 1;
  for (size_t i = 0; good && form[i]; i++)
    good = form[i] == '0' ? week[i] >= '0' && week[i] <= '9' : week[i] == form[i];
  return good ? OK : fail(cx, E_INVALID, "week", "a week looks like 2020-W53, not %s", week);
}

/* The number of a pattern, as the summary writes it: 16 digits of base 16. */
static int read_pattern(struct ctx *cx, const char *text, uint64_t *pattern) {
  char *end;
  if (!text) return OK;
  *pattern = strtoull(text, &end, 16);
  if (*pattern && !*end && strlen(text) == 16) return OK;
  return fail(cx, E_INVALID, "pattern", "a pattern is one of the 16 digits that the summary gives, not %s",
              text);
}

/* A name that has not come up fits nothing. */
static uint32_t wanted(const struct desk_names *n, const char *text, bool *nothing) {
  uint32_t number = text ? desk_number(n, text) : 0;
  *nothing = *nothing || (text && !number);
  return number;
}

int desk_sieve_make(struct ctx *cx, struct db *db, const struct desk_index *ix, const struct desk_filter *f,
                    struct desk_sieve *s) {
  struct kept_run run;
  *s = (struct desk_sieve){ .q = f->q, .ix = ix };
  if (f->run && kept_find(cx, db, f->run, &run)) return cx->code;
  if (f->run) s->run = run.id;
  if (read_state(cx, f->state, s) || (f->week && check_week(cx, f->week))) return cx->code;
  s->category = wanted(&ix->categories, f->category, &s->nothing);
  s->control = wanted(&ix->controls, f->control, &s->nothing);
  s->stage = wanted(&ix->stages, f->stage, &s->nothing);
  s->source = wanted(&ix->sources, f->source, &s->nothing);
  s->week = wanted(&ix->weeks, f->week, &s->nothing);
  if (read_pattern(cx, f->pattern, &s->pattern)) return cx->code;
  s->nobody = f->assignee && !strcmp(f->assignee, "-");
  if (!s->nobody) s->assignee = wanted(&ix->assignees, f->assignee, &s->nothing);
  return OK;
}

static bool fails_control(const struct desk_index *ix, const struct desk_row *r, uint32_t control) {
  for (uint32_t i = r->fault, end = desk_faults_end(ix, r); i < end; i++)
    if (ix->fault[i].control == control) return true;
  return false;
}

static bool desk_sieve_run(const struct desk_sieve *s, const struct desk_run *run) {
  return !s->nothing && !run->undone && (!s->run || run->id == s->run) &&
         (!s->source || run->source_no == s->source) && (!s->week || run->week_no == s->week);
}

static bool has_value(const struct desk_index *ix, const struct desk_row *r, uint64_t value) {
  for (uint32_t i = r->fault, end = desk_faults_end(ix, r); i < end; i++)
    if (ix->fault[i].value == value) return true;
  return false;
}

/* of a run that fits; not q */
static bool desk_sieve_row(const struct desk_sieve *s, const struct desk_row *r) {
  return s->states >> r->state & 1 && (!s->category || r->category == s->category) &&
         (!s->stage || r->stage == s->stage) && (!s->assignee || r->assignee == s->assignee) &&
         (!s->nobody || !r->assignee) && (!s->control || fails_control(s->ix, r, s->control)) &&
         (!s->pattern || has_value(s->ix, r, s->pattern));
}

/* ---- a search for text ---- */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static bool contains(struct str text, struct str wanted_text) {
  for (size_t i = 0; i + wanted_text.n <= text.n; i++) {
    size_t k = 0;
    while (k < wanted_text.n && lower(text.p[i + k]) == lower(wanted_text.p[k])) k++;
    if (k == wanted_text.n) return true;
  }
  return false;
}

static bool desk_has_text(struct ctx *cx, struct db *db, const struct desk_index *ix,
                          const struct desk_row *r, const char *q) {
  struct buf text;
  struct stmt *s = db_ask(cx, db, SQL_desk_raw, r->id);
  if (!stmt_row(cx, s)) return false;
  buf_init(&text, 4 * LIMIT_RECORD_BYTES);
  text_show(ix->run[r->run].encoding, col_str(s, 0), &text);
  stmt_done(s);
  bool found = contains(buf_view(&text), str_of(q));
  buf_clear(&text);
  return found;
}

/* ---- rows that fit, one after the other ---- */

int desk_walk(struct ctx *cx, struct db *db, const struct desk_index *ix, const struct desk_sieve *s,
              int64_t after, double seconds, desk_row_fn *fn, void *arg, struct desk_walked *out) {
  double until = s->q && seconds > 0 ? time_seconds() + seconds : 0;
  *out = (struct desk_walked){ .whole = true };
  for (uint32_t i = 0; i < ix->runs_seen; i++) {
    const struct desk_run *run = &ix->run[i];
    if (!desk_sieve_run(s, run) || (run->end > run->first && ix->row[run->end - 1].id <= after)) continue;
    for (uint32_t k = run->first; k < run->end && !cx->code; k++) {
      const struct desk_row *r = &ix->row[k];
      if (r->id <= after || !desk_sieve_row(s, r)) continue;
      if (until && out->examined++ % 64 == 63 && time_seconds() > until) {
        out->whole = false;
        return OK;
      }
      out->last = r->id;
      if (s->q && !desk_has_text(cx, db, ix, r, s->q)) continue;
      out->fit++;
      if (fn(cx, r, arg)) return cx->code;
    }
  }
  return cx->code;
}

/* ---- one page ---- */

struct page {
  const struct desk_index *ix;
  int64_t *id;
  struct desk_short {
    uint8_t state;
    uint32_t run;
  } * more;
  int64_t limit, count, after, next;
  bool counts_all; /* goes on after the page is full, to count */
};

enum { STOP = -1 };

static int take_page(struct ctx *cx, const struct desk_row *r, void *arg) {
  struct page *p = arg;
  (void)cx;
  if (r->id <= p->after) return OK;
  if (p->count < p->limit) {
    p->id[p->count++] = r->id;
    return OK;
  }
  if (!p->next) p->next = p->id[p->count - 1];
  return p->counts_all ? OK : STOP;
}

static int find_page(struct ctx *cx, struct db *db, const struct desk_index *ix, const struct desk_filter *f,
                     struct page *p, int64_t *total) {
  struct desk_sieve s;
  struct desk_walked walked;
  if (desk_sieve_make(cx, db, ix, f, &s)) return cx->code;
  p->counts_all = !f->q; /* from the first one on, to have the total; a search begins where it is to go on */
  if (desk_walk(cx, db, ix, &s, f->q ? p->after : 0, DESK_SEARCH_SECONDS, take_page, p, &walked) && cx->code)
    return cx->code;
  if (!walked.whole && !p->next) p->next = walked.last;
  *total = !f->q || (walked.whole && !p->after && !p->next) ? walked.fit : -1;
  return OK;
}

static int write_page(struct ctx *cx, struct db *db, const struct page *p, const struct desk_shown *shown,
                      struct jw *w, const char *key) {
  jw_array(w, key);
  for (int64_t i = 0; i < p->count && !cx->code; i++) {
    jw_object(w, NULL);
    desk_write_row(cx, db, w, &shown[i], NULL);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

int desk_list(struct ctx *cx, struct tenant *t, const struct desk_filter *f, int64_t after, int64_t limit,
              struct jw *w, const char *key, int64_t *total, int64_t *next) {
  struct desk_index *ix;
  struct db *db;
  struct page p = { .limit = limit, .after = after };
  p.id = ctx_alloc(cx, ((size_t)limit + 1) * sizeof *p.id);
  struct desk_shown *shown = ctx_alloc(cx, ((size_t)limit + 1) * sizeof *shown);
  if (tenant_read(cx, t, &db)) return cx->code;
  if (!desk_enter(cx, t, db, &ix) && !find_page(cx, db, ix, f, &p, total))
    for (int64_t i = 0; i < p.count; i++) desk_show(cx, ix, desk_find(ix, p.id[i]), &shown[i]);
  desk_leave(ix);
  *next = p.next;
  return cx->code ? (int)cx->code : write_page(cx, db, &p, shown, w, key);
}

/* ---- ids, for what is done to many ---- */

struct selection {
  int64_t *id;
  size_t count;
};

static int take_id(struct ctx *cx, const struct desk_row *r, void *arg) {
  struct selection *s = arg;
  (void)cx;
  if (s->count < LIMIT_AT_ONCE) s->id[s->count] = r->id;
  s->count++;
  return OK;
}

/* In a unit of work of its own: its end gives the reader back before anything is written. */
static int select_ids(struct ctx *cx, struct tenant *t, const struct desk_filter *f, struct selection *s) {
  struct desk_index *ix;
  struct desk_sieve sieve;
  struct desk_walked walked;
  struct db *db;
  if (tenant_read(cx, t, &db)) return cx->code;
  if (!desk_enter(cx, t, db, &ix) && !desk_sieve_make(cx, db, ix, f, &sieve))
    desk_walk(cx, db, ix, &sieve, 0, 0, take_id, s, &walked);
  desk_leave(ix);
  return cx->code;
}

int desk_select(struct ctx *cx, struct tenant *t, const struct desk_filter *f, int64_t **ids, size_t *count) {
  struct desk_filter open = *f;
  struct selection s = { .id = ctx_alloc(cx, LIMIT_AT_ONCE * sizeof *s.id) };
  struct ctx aside;
  if (!open.state) open.state = "open";
  ctx_begin(&aside, cx->actor);
  if (select_ids(&aside, t, &open, &s)) fail_from(cx, &aside);
  ctx_end(&aside);
  *ids = s.id;
  *count = s.count;
  if (cx->code || s.count <= LIMIT_AT_ONCE) return cx->code;
  return fail(
      cx, E_LIMIT, "filter",
      "%zu exceptions fit this filter, and at most %d are done at once: narrow it, by run, week, source, "
      "category or control",
      s.count, LIMIT_AT_ONCE);
}

static int count_row(struct ctx *cx, const struct desk_row *r, void *arg) {
  struct desk_counts *c = arg;
  (void)cx;
  c->open += r->state == DESK_OPEN;
  c->corrected += r->state == DESK_CORRECTED;
  c->accepted += r->state == DESK_ACCEPTED;
  return OK;
}

int desk_count(struct ctx *cx, struct tenant *t, const char *run, struct desk_counts *out) {
  struct desk_filter f = { .run = run };
  struct desk_index *ix;
  struct desk_sieve sieve;
  struct desk_walked walked;
  struct db *db;
  *out = (struct desk_counts){ 0 };
  if (tenant_read(cx, t, &db)) return cx->code;
  if (!desk_enter(cx, t, db, &ix) && !desk_sieve_make(cx, db, ix, &f, &sieve))
    desk_walk(cx, db, ix, &sieve, 0, 0, count_row, out, &walked);
  desk_leave(ix);
  return cx->code;
}

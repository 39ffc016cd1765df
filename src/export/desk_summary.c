#include <stdlib.h>

#include "base/time.h"
#include "export/desk_internal.h"

enum { WEEKS = 26, PATTERNS = 50, PATTERN_LEAST = 3, NAMES_SHOWN = 500 };

struct tally {
  int64_t state[DESK_STATES];
};

/* A wrong value and how often it came; a table with open addressing. */
struct seen {
  uint64_t value; /* 0: free */
  int64_t example;
  uint32_t count, runs, last_run;
};

struct summary {
  const struct desk_index *ix;
  struct tally all, *category, *control, *source, *week, *assignee;
  uint32_t *trend;      /* [WEEKS][controls + 1] */
  uint32_t *trend_week; /* of each week number: 1 + its place among the last WEEKS, or 0 */
  char weeks[WEEKS][DATE_SIZE];
  bool patterns_of_all; /* a state was asked for: its patterns, else those of what is open */
  struct seen *seen;
  size_t seen_room, seen_count;
};

/* ---- counting ---- */

static struct tally *tallies(struct ctx *cx, const struct desk_names *n) {
  return ctx_alloc(cx, (n->count + 1) * sizeof(struct tally));
}

static void begin_weeks(struct ctx *cx, struct summary *s) {
  int32_t today = (int32_t)(cx->now / DAY_US);
  s->trend_week = ctx_alloc(cx, (s->ix->weeks.count + 1) * sizeof *s->trend_week);
  s->trend = ctx_alloc(cx, (size_t)WEEKS * (s->ix->controls.count + 1) * sizeof *s->trend);
  for (int i = 0; i < WEEKS; i++) {
    date_week(s->weeks[i], today - 7 * (WEEKS - 1 - i));
    s->trend_week[desk_number(&s->ix->weeks, s->weeks[i])] = (uint32_t)i + 1;
  }
  s->trend_week[0] = 0;
}

static void begin(struct ctx *cx, struct summary *s) {
  const struct desk_index *ix = s->ix;
  s->category = tallies(cx, &ix->categories);
  s->control = tallies(cx, &ix->controls);
  s->source = tallies(cx, &ix->sources);
  s->week = tallies(cx, &ix->weeks);
  s->assignee = tallies(cx, &ix->assignees);
  begin_weeks(cx, s);
}

static struct seen *slot(struct seen *seen, size_t room, uint64_t value) {
  size_t i = (value >> 7) & (room - 1);
  while (seen[i].value && seen[i].value != value) i = (i + 1) & (room - 1);
  return &seen[i];
}

static void grow_seen(struct summary *s) {
  size_t room = s->seen_room ? s->seen_room * 2 : 1024;
  struct seen *bigger = xcalloc(room, sizeof *bigger);
  for (size_t i = 0; i < s->seen_room; i++)
    if (s->seen[i].value) *slot(bigger, room, s->seen[i].value) = s->seen[i];
  free(s->seen);
  s->seen = bigger;
  s->seen_room = room;
}

static void count_value(struct summary *s, uint64_t value, const struct desk_row *r) {
  if (s->seen_count * 4 >= s->seen_room * 3) grow_seen(s);
  struct seen *at = slot(s->seen, s->seen_room, value);
  if (!at->value) {
    *at = (struct seen){ .value = value, .example = r->id };
    s->seen_count++;
  }
  at->count++;
  if (at->last_run != r->run + 1) at->runs++;
  at->last_run = r->run + 1;
}

static int count_row(struct ctx *cx, const struct desk_row *r, void *arg) {
  struct summary *s = arg;
  const struct desk_index *ix = s->ix;
  const struct desk_run *run = &ix->run[r->run];
  uint32_t week = s->trend_week[run->week_no];
  (void)cx;
  s->all.state[r->state]++;
  s->category[r->category].state[r->state]++;
  s->source[run->source_no].state[r->state]++;
  s->week[run->week_no].state[r->state]++;
  s->assignee[r->assignee].state[r->state]++;
  for (uint32_t i = r->fault, end = desk_faults_end(ix, r); i < end; i++) {
    const struct desk_fault *f = &ix->fault[i];
    s->control[f->control].state[r->state]++;
    if (week) s->trend[(week - 1) * (ix->controls.count + 1) + f->control]++;
    if (s->patterns_of_all || r->state == DESK_OPEN) count_value(s, f->value, r);
  }
  return OK;
}

/* ---- writing ---- */

static int64_t sum(const struct tally *t) {
  return t->state[DESK_OPEN] + t->state[DESK_CORRECTED] + t->state[DESK_ACCEPTED] + t->state[DESK_ATTEMPT];
}

struct named {
  const char *name;
  const struct tally *tally;
};

static int by_count(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  int64_t m = sum(x->tally), n = sum(y->tally);
  if (m != n) return m < n ? 1 : -1;
  return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static int by_name(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  return strcmp(x->name, y->name);
}

static void write_counts(struct jw *w, const struct tally *t) {
  jw_put(w, "open", t->state[DESK_OPEN], "corrected", t->state[DESK_CORRECTED], "accepted",
         t->state[DESK_ACCEPTED]);
}

static void write_tallies(struct ctx *cx, struct jw *w, const char *key, const struct desk_names *n,
                          const struct tally *t, int (*order)(const void *, const void *)) {
  struct named *list = ctx_alloc(cx, (n->count + 1) * sizeof *list);
  size_t count = 0;
  for (uint32_t i = 0; i <= n->count; i++)
    if (sum(&t[i])) list[count++] = (struct named){ i ? n->text[i - 1] : NULL, &t[i] };
  qsort(list, count, sizeof *list, order);
  jw_array(w, key);
  for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
    jw_object(w, NULL);
    jw_text(w, "name", list[i].name);
    write_counts(w, list[i].tally);
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

static void write_states(struct jw *w, const struct tally *t) {
  jw_array(w, "by_state");
  for (int i = 0; i < DESK_STATES; i++) {
    if (i == DESK_ATTEMPT && !t->state[i]) continue;
    jw_record(w, NULL, "name", desk_state_name(i), "count", t->state[i]);
  }
  jw_close(w, ']');
}

static void write_trends(struct jw *w, const struct summary *s) {
  uint32_t controls = s->ix->controls.count;
  jw_array(w, "trends");
  for (uint32_t week = 0; week < WEEKS; week++)
    for (uint32_t c = 1; c <= controls; c++) {
      uint32_t count = s->trend[week * (controls + 1) + c];
      if (!count) continue;
      jw_record(w, NULL, "week", s->weeks[week], "control", s->ix->controls.text[c - 1], "count", count);
    }
  jw_close(w, ']');
}

/* ---- patterns ---- */

static int by_frequency(const void *a, const void *b) {
  const struct seen *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return x->example < y->example ? -1 : x->example > y->example;
}

/* The most frequent ones come to the front; how many there are. */
static size_t frequent(struct summary *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->seen_room; i++)
    if (s->seen[i].value && s->seen[i].count >= PATTERN_LEAST) s->seen[n++] = s->seen[i];
  if (n) qsort(s->seen, n, sizeof *s->seen, by_frequency);
  return n < PATTERNS ? n : PATTERNS;
}

static const char *pattern_text(struct ctx *cx, struct str subject, struct str value,
                                const struct seen *seen) {
  const char *what = value.n ? ctx_printf(cx, STR_FMT " \"" STR_FMT "\"", STR_ARG(subject), STR_ARG(value))
                             : ctx_printf(cx, STR_FMT " empty", STR_ARG(subject));
  return ctx_printf(cx, "%s %u times in %u file%s", what, seen->count, seen->runs,
                    seen->runs == 1 ? "" : "s");
}

static void write_pattern(struct ctx *cx, struct jw *w, struct jv *fault, const struct seen *seen) {
  struct str field = jv_text(jv_get(fault, "field")), value = jv_text(jv_get(fault, "value"));
  struct str control = jv_text(jv_get(fault, "control"));
  jw_object(w, NULL);
  jw_put(w, "pattern", ctx_printf(cx, "%016llx", (unsigned long long)seen->value), "control", control);
  if (field.p)
    jw_str(w, "field", field);
  else
    jw_text(w, "field", NULL);
  jw_put(w, "value", value.p ? value : STR(""), "count", seen->count, "runs", seen->runs);
  jw_text(w, "text", pattern_text(cx, field.p ? field : control, value.p ? value : STR(""), seen));
  jw_close(w, '}');
}

/* What the value is stands in the exception that had it first. */
static int write_example(struct ctx *cx, struct db *db, struct jw *w, const struct seen *seen) {
  enum { FAULTS = 6 };
  struct desk_fault_text f;
  struct jv *list;
  struct stmt *s = db_ask(cx, db, SQL_desk_row, seen->example);
  if (!stmt_row(cx, s)) return cx->code;
  struct str json = { ctx_strdup(cx, col_str(s, FAULTS)), col_str(s, FAULTS).n }, rest = json;
  stmt_done(s);
  if (jv_parse(cx, json, &list)) return cx->code;
  for (size_t i = 0; desk_fault_next(&rest, &f); i++)
    if (desk_fault_hash(&f) == seen->value) {
      write_pattern(cx, w, jv_at(list, i), seen);
      break;
    }
  return cx->code;
}

static int write_patterns(struct ctx *cx, struct db *db, struct jw *w, struct summary *s) {
  size_t n = frequent(s);
  jw_array(w, "patterns");
  for (size_t i = 0; i < n && !cx->code; i++) write_example(cx, db, w, &s->seen[i]);
  jw_close(w, ']');
  return cx->code;
}

/* ---- all of it ---- */

static int write_summary(struct ctx *cx, struct db *db, struct jw *w, const char *key, struct summary *s,
                         const struct desk_walked *walked) {
  const struct desk_index *ix = s->ix;
  jw_object(w, key);
  jw_int(w, "total", walked->fit);
  write_counts(w, &s->all);
  jw_put(w, "complete", arg_bool(walked->whole && !ix->left_out), "left_out", ix->left_out);
  write_tallies(cx, w, "by_category", &ix->categories, s->category, by_count);
  write_tallies(cx, w, "by_control", &ix->controls, s->control, by_count);
  write_tallies(cx, w, "by_source", &ix->sources, s->source, by_count);
  write_tallies(cx, w, "by_week", &ix->weeks, s->week, by_name);
  write_tallies(cx, w, "by_assignee", &ix->assignees, s->assignee, by_count);
  write_states(w, &s->all);
  write_trends(w, s);
  write_patterns(cx, db, w, s);
  jw_close(w, '}');
  return cx->code;
}

int desk_summary(struct ctx *cx, struct tenant *t, const struct desk_filter *f, struct jw *w,
                 const char *key) {
  struct summary s = { .patterns_of_all = f->state && strcmp(f->state, "all") != 0 };
  struct desk_filter counted = *f;
  struct desk_index *ix;
  struct desk_sieve sieve;
  struct desk_walked walked;
  struct db *db;
  if (tenant_read(cx, t, &db)) return cx->code;
  int rc = desk_enter(cx, t, db, &ix);
  s.ix = ix;
  if (!rc) rc = desk_sieve_make(cx, db, ix, &counted, &sieve);
  if (!rc && !s.patterns_of_all) sieve.states &= ~(1u << DESK_ATTEMPT);
  if (!rc) begin(cx, &s);
  if (!rc) rc = desk_walk(cx, db, ix, &sieve, 0, DESK_SEARCH_SECONDS, count_row, &s, &walked);
  if (!rc) rc = write_summary(cx, db, w, key, &s, &walked);
  desk_leave(ix);
  free(s.seen);
  return rc;
}

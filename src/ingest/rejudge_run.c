/*
** rejudge_run.c - one run judged again: what changes for its rows.
**
** What a row was is known: it is in `reject`, or it was clean. What it is now is told by
** the judge, but for its key, which depends on the rows before it:
**
**   clean, fails now      newly rejected; if it had the key, nobody has it now
**   clean, passes         stays, unless a row that is released before it took its key
**   rejected, fails       stays rejected, and has no key before or after
**   rejected, passes      released when nobody holds its key, and takes it
**
** "Who holds the key" is what the tables say, but for the keys in `holders`. So a key
** is looked at only where an outcome changes, and the judge asks rows that passed the
** other rules before only the rules that changed (flow.h, `anew`).
**
** A row of a correction settles an exception, which must be there and open: the same
** again, with `exceptions` in the place of `holders`.
*/
#include "ingest/rejudge_run.h"

#include <stdlib.h>

enum exception_state { EXCEPTION_OPEN = 1, EXCEPTION_SETTLED, EXCEPTION_GONE };

struct pass {
  struct rejudge *all;
  const struct kept_run *run;
  struct rejudge_run *out;
  bool updates; /* its rows take the place of older ones */
  struct judge_setup setup;
  struct judge *judge; /* the caller's own, for single rows */
  struct parser *parser;
  struct record_set rejected, duplicate, anew;
};

/* ---- what the rows were ---- */

static void record_set_add(struct record_set *s, uint64_t record) {
  if (record >> 6 >= s->count) {
    uint64_t count = (record >> 6) + 1 + s->count / 2;
    s->words = xrealloc(s->words, count * sizeof *s->words);
    memset(s->words + s->count, 0, (count - s->count) * sizeof *s->words);
    s->count = count;
  }
  s->words[record >> 6] |= UINT64_C(1) << (record & 63);
}

static void free_sets(void *arg) {
  struct pass *p = arg;
  free(p->rejected.words);
  free(p->duplicate.words);
  free(p->anew.words);
}

/* A row whose only fault is its key passed all other rules: that fault is the last to be
** added, so it is the only one when it stands first. */
static int read_outcomes(struct ctx *cx, struct pass *p, const struct rules *given) {
  struct buf fault;
  buf_init(&fault, LIMIT_TEXT_BYTES);
  buf_puts(&fault, "\"control\":");
  json_quote(&fault, str_of(given->rule[given->unique].name));
  struct stmt *s = db_ask(cx, p->all->db, SQL_reject_outcomes, p->run->id, buf_view(&fault));
  while (stmt_row(cx, s)) {
    uint64_t record = (uint64_t)col_int(s, 0);
    int64_t place = col_int(s, 1); /* in [{"control":... it is 3 */
    record_set_add(&p->rejected, record);
    if (place > 0) record_set_add(&p->duplicate, record);
    if (place != 3) record_set_add(&p->anew, record);
  }
  buf_clear(&fault);
  return cx->code;
}

/* Rules that do not follow from what the run's rows passed. */
static const bool *changed_rules(struct ctx *cx, const struct rules *now, const struct rules *given) {
  bool *asked = ctx_alloc(cx, (size_t)now->count * sizeof *asked);
  for (int i = 0; i < now->count; i++) {
    if (i == now->unique) continue;
    asked[i] = true;
    for (int k = 0; k < given->count && asked[i]; k++)
      asked[i] = !rule_follows(&now->rule[i], &given->rule[k]);
  }
  return asked;
}

/* ---- single rows ---- */

static struct str raw_of(const struct load_batch *b, const struct judged *j) {
  return (struct str){ b->raw->bytes + (j->offset - b->raw->offset), j->length };
}

/* All of a row that judge_known did not read. */
static void read_all(struct pass *p, const struct load_batch *b, struct judged *j) {
  struct row row;
  struct str raw = raw_of(b, j);
  if (j->faults.n || record_in(&p->anew, j->record)) return;
  parser_row(p->parser, raw, j->offset, &row);
  judge_row(p->judge, &row, raw, b->keep, j);
}

static void version_of(const struct pass *p, const struct judged *j, struct version *v) {
  const struct dataset *d = p->setup.dataset;
  *v = (struct version){ .run = p->run->id };
  for (int i = 0, n = 0; i < d->field_count; i++)
    if (d->fields[i].total) v->sums[n++] = j->values[i].number;
}

static uint32_t take_version(struct pass *p, const struct judged *j) {
  struct version v;
  if (!p->all->stacks) return HOLDER_SOME;
  version_of(p, j, &v);
  return holders_version(&p->all->holders, &v);
}

/* Where rows do not replace each other, a row that is clean counts. */
static int count_figures(struct ctx *cx, struct pass *p, const struct judged *j, int64_t sign) {
  struct rejudge_figures *f = &p->all->result->after;
  struct version v;
  if (p->all->stacks) return OK;
  version_of(p, j, &v);
  f->orders += sign;
  for (int i = 0; i < DATASET_TOTALS; i++)
    if (__builtin_add_overflow(f->sums[i], sign * v.sums[i], &f->sums[i]))
      return fail(cx, E_LIMIT, NULL, "the sums would be too large to be kept exactly");
  return OK;
}

/* ---- keys ---- */

/* The version that stood before this row by the tables. */
static uint32_t find_prior(struct ctx *cx, struct pass *p, const struct judged *j) {
  struct rejudge *all = p->all;
  struct version v = { 0 };
  uint32_t found = HOLDER_NONE;
  struct stmt *s =
      stmt_bind(db_compose(cx, all->db, all->holder_sql), j->key, p->run->id, (int64_t)j->record);
  if (!s) return HOLDER_NONE;
  if (!stmt_row(cx, s)) return HOLDER_NONE;
  v.run = col_int(s, 0);
  for (int i = 1; i < stmt_columns(s); i++) v.sums[i - 1] = col_int(s, i);
  found = all->stacks ? holders_version(&all->holders, &v) : HOLDER_SOME;
  stmt_done(s);
  return found;
}

/* A version that keeps this run's rows from having the key. */
static bool holds(const struct pass *p, uint32_t version) {
  if (version == HOLDER_NONE || !p->updates) return version != HOLDER_NONE;
  return p->all->holders.versions[version].run == p->run->id;
}

/* A clean row had no holder before it, unless rows replace each other. */
static struct holder *enter(struct ctx *cx, struct pass *p, const struct judged *j) {
  struct holder *h = holders_find(&p->all->holders, j->hash);
  if (h) return h;
  uint32_t prior = p->all->stacks ? find_prior(cx, p, j) : HOLDER_NONE;
  if (!cx->code) holders_add(cx, &p->all->holders, j->hash, prior, &h);
  return h;
}

/* ---- exceptions that rows settle ---- */

static struct str id_key(const int64_t *id) { return (struct str){ (const char *)id, sizeof *id }; }

static void set_exception(struct pass *p, int64_t id, enum exception_state state) {
  if (id && p->all->corrections) *map_put(&p->all->exceptions, id_key(&id), NULL) = state;
}

/* What the exception is when this row comes to settle it, after the change. */
static enum exception_state exception_state(struct ctx *cx, struct pass *p, int64_t id, bool was_clean) {
  const uint64_t *known = map_get(&p->all->exceptions, id_key(&id));
  if (known) return (enum exception_state) * known;
  if (was_clean) return EXCEPTION_OPEN; /* else it would not have been */
  struct stmt *s = db_ask(cx, p->all->db, SQL_reject_solver, id, p->setup.dataset->name);
  if (!s) return EXCEPTION_GONE;
  if (!stmt_row(cx, s)) return EXCEPTION_GONE;
  bool open = col_null(s, 0) || col_int(s, 0) >= p->run->id; /* a row of this file would have been seen */
  stmt_done(s);
  return open ? EXCEPTION_OPEN : EXCEPTION_SETTLED;
}

/* ---- the outcome ---- */

static int64_t reject_id(const struct pass *p, const struct judged *j) {
  return p->run->id << 32 | (int64_t)j->record;
}

static void keep_row(struct pass *p, const struct load_batch *b, const struct judged *j, struct str faults,
                     struct rejudge_row *out) {
  struct buf raw;
  struct ctx *cx = p->all->cx;
  buf_init(&raw, 4 * LIMIT_RECORD_BYTES);
  text_show(p->setup.profile->dialect.encoding, raw_of(b, j), &raw);
  *out = (struct rejudge_row){ .run = p->out->uuid,
                               .record = (int64_t)j->record,
                               .line = (int64_t)j->line,
                               .raw = ctx_strdup(cx, buf_view(&raw)),
                               .faults = ctx_strdup(cx, faults) };
  buf_clear(&raw);
}

static int reject_now(struct ctx *cx, struct pass *p, const struct load_batch *b, struct judged *j) {
  struct rejudge_result *r = p->all->result;
  if (r->rejected < REJUDGE_SAMPLE) read_all(p, b, j);
  if (r->rejected < REJUDGE_SAMPLE) keep_row(p, b, j, j->faults, &r->rejected_rows[r->rejected]);
  r->rejected++;
  p->out->rejected++;
  set_exception(p, reject_id(p, j), EXCEPTION_OPEN);
  return count_figures(cx, p, j, -1);
}

/* The faults that it had, by control. */
static void count_controls(struct rejudge_result *r, struct str faults) {
  char error[80];
  struct jv *list = jv_parse_raw(faults, error, sizeof error);
  for (size_t i = 0; i < jv_size(list); i++) {
    struct str control = jv_text(jv_get(jv_at(list, i), "control"));
    if (control.p) ++*map_put(r->by_control, control, NULL);
  }
  jv_free(list);
}

static int release_now(struct ctx *cx, struct pass *p, const struct load_batch *b, const struct judged *j) {
  struct rejudge_result *r = p->all->result;
  struct stmt *s = db_ask(cx, p->all->db, SQL_reject_faults, reject_id(p, j));
  if (stmt_row(cx, s)) {
    count_controls(r, col_str(s, 0));
    if (r->released < REJUDGE_SAMPLE) keep_row(p, b, j, col_str(s, 0), &r->released_rows[r->released]);
    stmt_done(s);
  }
  r->released++;
  p->out->released++;
  set_exception(p, j->exception, EXCEPTION_SETTLED);
  set_exception(p, reject_id(p, j), EXCEPTION_GONE);
  return count_figures(cx, p, j, +1);
}

/* ---- the four cases ---- */

static int fails_now(struct ctx *cx, struct pass *p, const struct load_batch *b, struct judged *j) {
  if (p->all->stacks) read_all(p, b, j); /* its key is looked up */
  struct holder *h = enter(cx, p, j);
  if (!h) return cx->code;
  h->before = take_version(p, j);
  if (j->exception) set_exception(p, j->exception, exception_state(cx, p, j->exception, true));
  return reject_now(cx, p, b, j);
}

static int lose_key(struct ctx *cx, struct pass *p, const struct load_batch *b, struct judged *j,
                    const char *why) {
  int unique = p->setup.rules->unique;
  judge_add_fault(&p->setup, unique, j->key, why, b->keep, j);
  p->all->result->by_rule[unique]++;
  return fails_now(cx, p, b, j);
}

static int still_passes(struct ctx *cx, struct pass *p, const struct load_batch *b, struct judged *j) {
  struct holder *h = holders_find(&p->all->holders, j->hash);
  enum exception_state state = j->exception ? exception_state(cx, p, j->exception, true) : EXCEPTION_OPEN;
  bool held = h && holds(p, h->after);
  if (h || state != EXCEPTION_OPEN) read_all(p, b, j);
  if (held) return lose_key(cx, p, b, j, "a row before it, which is released, has its key");
  if (state != EXCEPTION_OPEN)
    return lose_key(cx, p, b, j,
                    state == EXCEPTION_GONE ? "the row that it corrects is released itself"
                                            : "another row settles the exception before it");
  if (h) h->before = h->after = take_version(p, j);
  set_exception(p, j->exception, EXCEPTION_SETTLED);
  return cx->code;
}

static int may_be_released(struct ctx *cx, struct pass *p, const struct load_batch *b, struct judged *j) {
  struct holder *h = holders_find(&p->all->holders, j->hash);
  bool duplicate = record_in(&p->duplicate, j->record);
  if (!h && duplicate && (p->all->certain || p->updates) && !j->exception) return OK;
  if (h && holds(p, h->after)) return OK;
  read_all(p, b, j);
  if (j->first_fault >= 0) return OK; /* it has no key */
  if (!h) {
    bool look = p->all->stacks || !p->all->certain || j->exception;
    uint32_t prior = look ? find_prior(cx, p, j) : HOLDER_NONE;
    if (cx->code || holds(p, prior)) return cx->code;
    if (j->exception && exception_state(cx, p, j->exception, false) != EXCEPTION_OPEN) return cx->code;
    if (holders_add(cx, &p->all->holders, j->hash, prior, &h)) return cx->code;
  } else if (j->exception && exception_state(cx, p, j->exception, false) != EXCEPTION_OPEN) {
    return cx->code;
  }
  h->after = take_version(p, j);
  return release_now(cx, p, b, j);
}

static int take(struct ctx *cx, void *arg, const struct load_batch *b) {
  struct pass *p = arg;
  p->out->rows += b->row_count;
  for (uint32_t i = 0; i < b->row_count && !cx->code; i++) {
    struct judged *j = &b->rows[i];
    bool passes = j->first_fault < 0;
    if (record_in(&p->rejected, j->record)) {
      if (passes) may_be_released(cx, p, b, j);
    } else if (!passes) {
      fails_now(cx, p, b, j);
    } else if (p->all->holders.count || j->exception) {
      still_passes(cx, p, b, j);
    }
  }
  return cx->code;
}

/* ---- the run ---- */

static void free_parser(void *parser) { parser_free(parser); }

static int read_settings(struct ctx *cx, struct pass *p) {
  struct jv *settings;
  if (jv_parse(cx, str_of(p->run->settings), &settings)) return cx->code;
  p->updates = str_eq(jv_text(jv_get(settings, "existing")), STR("update"));
  return OK;
}

static int judge_all(struct ctx *cx, struct pass *p, const struct input *in) {
  struct flow_setup flow = {
    .input = in, .judge = &p->setup, .take = take, .arg = p, .anew = &p->anew, .rejected = &p->rejected
  };
  struct flow_result result;
  p->parser = parser_new(p->setup.profile);
  ctx_defer(cx, free_parser, p->parser);
  if (judge_new(cx, &p->setup, &p->judge) || flow_run(cx, &flow, &result)) return cx->code;
  for (int i = 0; i < p->setup.rules->count; i++) p->all->result->by_rule[i] += result.failed_known[i];
  return OK;
}

int rejudge_one(struct ctx *cx, struct rejudge *all, const struct kept_run *run, struct rejudge_run *out) {
  struct pass *p = ctx_alloc(cx, sizeof *p);
  const struct input *in;
  struct db *bytes; /* a reader of its own: the flow's first thread uses it */
  *p = (struct pass){ .all = all, .run = run, .out = out };
  *out = (struct rejudge_run){ .uuid = ctx_strdup(all->cx, str_of(run->uuid)),
                               .source = ctx_strdup(all->cx, str_of(run->source)) };
  ctx_defer(cx, free_sets, p);
  if (tenant_read(cx, all->tenant, &bytes) || kept_open(cx, bytes, run, &in)) return cx->code;
  if (kept_setup(cx, in, run, &p->setup) || read_settings(cx, p)) return cx->code;
  const struct rules *given = p->setup.rules;
  if (read_outcomes(cx, p, given)) return cx->code;
  p->setup.rules = all->rules;
  p->setup.asked = changed_rules(cx, all->rules, given);
  return judge_all(cx, p, in);
}

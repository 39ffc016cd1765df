#include "ingest/load.h"

#include <stdlib.h>

#include "base/crash.h"
#include "base/hash.h"
#include "ingest/digest.h"
#include "ingest/keys.h"
#include "ingest/sorter.h"
#include "ingest/versions.h"

/* Rows a statement: beyond about 50 nothing is gained. AHEAD: rows whose key's
** place in the filter is asked for in advance. */
enum { CLEAN_ROWS = 50, REJECT_ROWS = 20, ROWS_MAX = 50, AHEAD = 8, SAMPLES = 64 };

/* Rows that wait for a statement of `rows` of them; what is left at the end of
** a batch goes one by one. */
struct inserter {
  struct stmt *many, *one;
  int rows, parameters, waiting;
  const struct judged *row[ROWS_MAX];
};

struct loader {
  struct db *db;
  const struct judge_setup *setup;
  const struct loader_setup *how;
  int64_t run, chunk;
  enum loader_mode mode;
  bool history_in_keys; /* the filter knows every key of the table */
  struct keys keys;
  int64_t *term_of_code; /* by the judge's numbers; 0: not asked for yet */
  size_t codes_room;
  struct totals *totals, *taken; /* taken: what no longer counts, see versions.h */
  struct versions *versions;
  struct version_top top; /* what the key of this row stands above or below; run 0: nothing */
  struct stmt *under;     /* of a key, the version that one of this run would stand on */
  bool stayed;            /* of a redo: this row is among the versions of its key already */
  struct inserter clean, rejected, below;
  struct stmt *known; /* numbers of the rejected records, for LOADER_REDO */
  int64_t next_known; /* ... the next of them */
  const struct load_batch *batch;
  struct load_result result;
  struct str min, max; /* of the clean keys: in the batch, or in the buffers below */
  struct buf key_min, key_max;
  struct str sample[SAMPLES]; /* a key of every so many batches, for the middle one */
  uint32_t samples, sample_step, batches;
  struct sorter *sorter;
  bool sorting;            /* keys came out of order: clean rows go through the sorter */
  uint32_t behind;         /* rows of this batch whose key is not the largest so far */
  uint64_t sorted, placed; /* rows of the sorter's run that is being inserted, and how many are */
  int key_field;           /* the field that is the key and is not stored again; -1: none */
  struct judged **lot;     /* with batches: clean rows that wait for a savepoint */
  int lot_count;
  struct stmt *savepoint, *back, *kept_savepoint;
  struct stmt *refused; /* when derived again: the records that the database had refused, and why */
  int64_t next_refused; /* ... the next of them */
};

static void release(void *arg) {
  struct loader *l = arg;
  keys_clear(&l->keys);
  free(l->term_of_code);
  buf_clear(&l->key_min);
  buf_clear(&l->key_max);
}

/* ---- statements composed from the descriptor ----
**
** OR FAIL: a statement that fails is not undone by itself, so SQLite need not
** note the old state of every page it touches. The whole transaction goes. */

static int prepare(struct ctx *cx, struct loader *l, struct inserter *in, const char *table,
                   const char *columns, const char *row, int parameters, int rows) {
  struct buf sql;
  buf_init(&sql, LIMIT_TEXT_BYTES);
  buf_printf(&sql, "INSERT OR FAIL INTO %s (%s) VALUES %s", table, columns, row);
  in->one = db_once(cx, l->db, sql.p);
  for (int r = 1; r < rows; r++) buf_printf(&sql, ", %s", row);
  in->many = db_once(cx, l->db, sql.p);
  buf_clear(&sql);
  in->rows = rows;
  in->parameters = parameters;
  return cx->code;
}

/* What is the same in every row of the run stands in the text and is not bound:
** the run, and the key field where it is the key. */
static int prepare_all(struct ctx *cx, struct loader *l) {
  const struct dataset *d = l->setup->dataset;
  const char *columns = "key, run, record", *row = ctx_printf(cx, "(?, %lld, ?", (long long)l->run);
  int parameters = 2;
  for (int i = 0; i < d->field_count; i++) {
    bool is_key = l->setup->mapping->unique_is_key_field && strcmp(d->fields[i].name, d->key_field) == 0;
    columns = ctx_printf(cx, "%s, %s", columns, d->fields[i].name);
    row = ctx_printf(cx, "%s, %s", row, is_key ? "NULL" : "?");
    parameters += !is_key;
    if (is_key) l->key_field = i;
  }
  row = ctx_printf(cx, "%s)", row);
  if (prepare(cx, l, &l->clean, d->table, columns, row, parameters, CLEAN_ROWS)) return cx->code;
  if (prepare(cx, l, &l->below, d->past_table, columns, row, parameters, 1)) return cx->code;
  l->under = db_once(cx, l->db,
                     ctx_printf(cx,
                                "SELECT p.run, r.rank, p.record FROM %s p JOIN run r ON r.id = p.run "
                                "WHERE p.key = ?1 AND r.rank <= ?2 ORDER BY r.rank DESC, r.id DESC LIMIT 1",
                                d->past_table));
  return prepare(cx, l, &l->rejected, "reject", "id, line, offset, category, stage, faults, raw",
                 "(?, ?, ?, ?, ?, ?, ?)", 7, REJECT_ROWS);
}

/* A small history is read into the filter; beside a large one, a small file's
** keys are looked up one by one. */
static int learn_history(struct ctx *cx, struct loader *l, uint64_t rows_expected) {
  struct stmt *s = db_ask(cx, l->db, SQL_run_rows_so_far, l->setup->dataset->name);
  uint64_t history = stmt_row(cx, s) ? (uint64_t)col_int(s, 0) : 0;
  if (cx->code) return cx->code;
  stmt_done(s);
  l->history_in_keys = history <= 8 * rows_expected;
  keys_init(&l->keys, rows_expected + (l->history_in_keys ? history : 0));
  if (!l->history_in_keys || history == 0) return OK;
  s = db_compose(cx, l->db, ctx_printf(cx, "SELECT key FROM %s", l->setup->dataset->table));
  while (stmt_row(cx, s)) {
    struct str key = col_str(s, 0);
    keys_add(&l->keys, hash64(key.p, key.n));
  }
  return cx->code;
}

static int prepare_lots(struct ctx *cx, struct loader *l) {
  l->lot = ctx_alloc(cx, (size_t)l->how->batch * sizeof *l->lot);
  l->savepoint = db_once(cx, l->db, "SAVEPOINT lot");
  l->back = db_once(cx, l->db, "ROLLBACK TO lot");
  l->kept_savepoint = db_once(cx, l->db, "RELEASE lot");
  if (l->mode != LOADER_DERIVED_ONLY) return cx->code;
  l->refused = db_stmt(cx, l->db, SQL_bulk_error_list);
  stmt_int(l->refused, 1, l->run);
  return cx->code;
}

int loader_new(struct ctx *cx, struct db *db, const struct loader_setup *setup, struct loader **out) {
  const struct dataset *d = setup->judge->dataset;
  struct loader *l = ctx_alloc(cx, sizeof *l);
  l->db = db;
  l->how = setup;
  l->setup = setup->judge;
  l->run = setup->run;
  l->mode = setup->mode;
  buf_init(&l->key_min, LIMIT_KEY_BYTES);
  buf_init(&l->key_max, LIMIT_KEY_BYTES);
  ctx_defer(cx, release, l);
  l->sample_step = 1;
  l->key_field = -1;
  l->totals = totals_new(cx, db, d, l->run);
  l->taken = totals_taken(cx, db, d);
  if (prepare_all(cx, l) || versions_new(cx, db, d, l->run, l->taken, &l->versions)) return cx->code;
  if (setup->batch && prepare_lots(cx, l)) return cx->code;
  l->sorter = sorter_new(cx, d, l->key_field);
  if (l->mode == LOADER_REDO) l->known = db_stmt(cx, db, SQL_reject_records);
  if (l->known) stmt_int(l->known, 1, l->run);
  *out = l;
  return learn_history(cx, l, setup->rows_expected);
}

/* ---- codes ---- */

static int64_t find_term(struct ctx *cx, struct loader *l, struct str text) {
  struct stmt *s = db_ask(cx, l->db, SQL_term_id, text);
  if (stmt_row(cx, s)) {
    int64_t id = col_int(s, 0);
    stmt_done(s);
    return id;
  }
  return db_act(cx, l->db, SQL_term_add, text) ? 0 : db_last_id(l->db);
}

/* The id in `term` of a code value: asked for once, then known by the judge's number. */
static int64_t term(struct ctx *cx, struct loader *l, const struct value *v) {
  size_t code = (size_t)v->number;
  if (code >= l->codes_room) {
    size_t room = (code + 64) * 2;
    l->term_of_code = xrealloc(l->term_of_code, room * sizeof *l->term_of_code);
    memset(l->term_of_code + l->codes_room, 0, (room - l->codes_room) * sizeof *l->term_of_code);
    l->codes_room = room;
  }
  if (code == 0) return find_term(cx, l, v->text);
  if (!l->term_of_code[code]) l->term_of_code[code] = find_term(cx, l, v->text);
  return l->term_of_code[code];
}

/* ---- rows into statements ---- */

static void bind_clean(struct loader *l, struct stmt *s, int at, const struct judged *j) {
  const struct dataset *d = l->setup->dataset;
  stmt_str(s, ++at, j->key);
  stmt_int(s, ++at, (int64_t)j->record);
  for (int i = 0; i < d->field_count; i++) {
    if (i != l->key_field) versions_bind(s, ++at, &d->fields[i], &j->values[i]); /* codes: see add_clean */
  }
}

static int64_t reject_id(const struct loader *l, const struct judged *j) {
  return l->run << 32 | (int64_t)j->record;
}

static struct str raw_of(const struct loader *l, const struct judged *j) {
  return (struct str){ l->batch->raw->bytes + (j->offset - l->batch->raw->offset), j->length };
}

static void bind_reject(struct loader *l, struct stmt *s, int at, const struct judged *j) {
  const struct rule *first = &l->setup->rules->rule[j->first_fault];
  struct str raw = raw_of(l, j);
  stmt_int(s, at + 1, reject_id(l, j));
  stmt_int(s, at + 2, (int64_t)j->line);
  stmt_int(s, at + 3, (int64_t)j->offset);
  stmt_text(s, at + 4, first->category);
  stmt_text(s, at + 5, first->stage);
  stmt_str(s, at + 6, j->faults);
  stmt_blob(s, at + 7, raw.p, raw.n);
}

typedef void bind_fn(struct loader *l, struct stmt *s, int at, const struct judged *j);

static int flush(struct ctx *cx, struct loader *l, struct inserter *in, bind_fn *bind) {
  bool many = in->waiting == in->rows;
  struct stmt *s = many ? in->many : in->one;
  for (int i = 0; i < in->waiting && !cx->code; i++) {
    bind(l, s, many ? i * in->parameters : 0, in->row[i]);
    if (!many || i == in->waiting - 1) stmt_run(cx, s);
  }
  in->waiting = 0;
  return cx->code;
}

static int insert(struct ctx *cx, struct loader *l, struct inserter *in, bind_fn *bind,
                  const struct judged *j) {
  in->row[in->waiting++] = j;
  return in->waiting == in->rows ? flush(cx, l, in, bind) : OK;
}

/* ---- uniqueness: the first row that passes every other control has the key ---- */

/* The record of this file that has the key and is not in the table yet, or 0. */
static uint64_t find_waiting(const struct loader *l, const struct judged *j) {
  for (int i = 0; i < l->clean.waiting; i++)
    if (str_eq(l->clean.row[i]->key, j->key)) return l->clean.row[i]->record;
  for (int i = 0; i < l->lot_count; i++)
    if (l->lot[i]->hash == j->hash && str_eq(l->lot[i]->key, j->key)) return l->lot[i]->record;
  return sorter_find(l->sorter, j->key, j->hash);
}

static void note_duplicate(struct loader *l, const struct judged *j) {
  const struct dataset *d = l->setup->dataset;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) l->result.duplicate_sums[i] += j->values[i].number;
}

/* What this run's row would stand on: the top, or what is below a top that came later;
** run 0: nothing. */
static struct version_top find_under(struct ctx *cx, struct loader *l, const struct judged *j) {
  struct version_top under = { 0 };
  if (l->top.rank <= l->how->rank) return l->top;
  stmt_bind(l->under, j->key, l->how->rank);
  if (!stmt_row(cx, l->under)) return under;
  under = (struct version_top){ .run = col_int(l->under, 0),
                                .rank = col_int(l->under, 1),
                                .record = col_int(l->under, 2) };
  stmt_done(l->under);
  return under;
}

/* May this run's row stand on that? Of a row that stayed when the run that this one stands
** for was undone, it is the newer version. */
static bool may_stack(const struct loader *l, const struct version_top *under) {
  if (l->mode == LOADER_REDO || !under->run) return true;
  return under->run != l->run && (l->how->update || under->rank == l->how->rank);
}

/* Adds the fault of a key that is taken. A row with other faults gets it, too. */
static void test_unique(struct ctx *cx, struct loader *l, struct judged *j) {
  struct version_top under = { 0 };
  l->top.run = 0;
  l->stayed = false;
  if (j->key.n == 0 || (l->history_in_keys && !keys_perhaps(&l->keys, j->hash))) return;
  struct ctx *keep = l->batch->keep;
  uint64_t waiting = find_waiting(l, j);
  if (!waiting && !versions_top(cx, l->versions, j->key, &l->top)) return;
  if (!waiting) under = find_under(cx, l, j);
  l->stayed = under.run == l->run;
  if (!waiting && may_stack(l, &under)) return;
  uint64_t record = waiting ? waiting : (uint64_t)under.record;
  const char *where = waiting || l->stayed ? "this file" : ctx_printf(keep, "run %lld", (long long)under.run);
  if (j->first_fault < 0) note_duplicate(l, j);
  l->result.taken++;
  l->result.repeated += waiting || l->stayed;
  judge_add_fault(l->setup, l->setup->rules->unique, j->key,
                  ctx_printf(keep, "its key is that of record %llu of %s", (unsigned long long)record, where),
                  keep, j);
}

/* ---- one row ---- */

static bool key_less(struct str a, struct str b) {
  int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return order < 0 || (order == 0 && a.n < b.n);
}

static void widen(struct loader *l, struct str key) {
  if (!l->min.p || key_less(key, l->min)) l->min = key;
  if (!l->max.p || key_less(l->max, key))
    l->max = key;
  else
    l->behind++;
}

/* The batch's keys go with it: what is smallest and largest so far is copied. */
static void keep_bound(struct buf *kept, struct str *key) {
  if (!key->p || key->p == kept->p) return;
  buf_reset(kept);
  buf_str(kept, *key);
  *key = buf_view(kept);
}

/* A row of the sorter: fifty a statement, the rest of the run one by one. */
static int insert_sorted(struct ctx *cx, void *arg, const struct judged *j) {
  struct loader *l = arg;
  uint64_t at = l->placed++ % CLEAN_ROWS;
  bool many = l->placed - at + CLEAN_ROWS - 1 <= l->sorted;
  bind_clean(l, many ? l->clean.many : l->clean.one, many ? (int)at * l->clean.parameters : 0, j);
  if (many && at < CLEAN_ROWS - 1) return OK;
  return stmt_run(cx, many ? l->clean.many : l->clean.one);
}

static int flush_sorter(struct ctx *cx, struct loader *l) {
  l->sorted = sorter_count(l->sorter);
  l->placed = 0;
  return sorter_flush(cx, l->sorter, insert_sorted, l);
}

static int store_clean(struct ctx *cx, struct loader *l, const struct judged *j) {
  if (!l->sorting) return insert(cx, l, &l->clean, bind_clean, j);
  if (sorter_add(l->sorter, j)) return OK; /* else it is full */
  if (flush_sorter(cx, l)) return cx->code;
  return sorter_add(l->sorter, j) ? OK : insert(cx, l, &l->clean, bind_clean, j);
}

/* The row above, below or beside what holds its key; see versions.h. */
static int stack(struct ctx *cx, struct loader *l, const struct judged *j, const int64_t groups[GROUPS_MAX],
                 const int64_t sums[SUMS_MAX]) {
  bool same;
  if (l->stayed || l->top.rank > l->how->rank) {
    if (!l->stayed && insert(cx, l, &l->below, bind_clean, j)) return cx->code;
    totals_add(l->taken, groups, sums); /* the run's totals count it, but it is counted, or not on top */
    l->result.there += l->stayed;
    l->result.below += !l->stayed;
    return OK;
  }
  if (versions_replace(cx, l->versions, j, l->key_field, &same)) return cx->code;
  l->result.updated += !same;
  l->result.unchanged += same;
  l->result.edits += l->top.edit && !same;
  return OK;
}

static void read_sums(const struct loader *l, const struct judged *j, int64_t groups[GROUPS_MAX],
                      int64_t sums[SUMS_MAX]) {
  const struct dataset *d = l->setup->dataset;
  int g = 0, t = 0;
  for (int i = 0; i < d->field_count; i++) {
    if (d->fields[i].group) groups[g++] = j->values[i].number;
    if (d->fields[i].total) sums[t++] = j->values[i].number;
  }
}

static int count_clean(struct ctx *cx, struct loader *l, const struct judged *j) {
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  read_sums(l, j, groups, sums);
  if (l->mode != LOADER_REDO && !totals_add(l->totals, groups, sums))
    return fail(cx, E_LIMIT, NULL,
                "the sums of this file are too large to be kept exactly (record %llu); nothing was stored",
                (unsigned long long)j->record);
  widen(l, j->key);
  l->result.clean++;
  l->result.clean_crc += j->crc;
  return OK;
}

static int find_terms(struct ctx *cx, struct loader *l, struct judged *j) {
  const struct dataset *d = l->setup->dataset;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].kind == FIELD_CODE) j->values[i].number = term(cx, l, &j->values[i]);
  keys_add(&l->keys, j->hash);
  return cx->code;
}

static int add_clean(struct ctx *cx, struct loader *l, struct judged *j) {
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  if (find_terms(cx, l, j)) return cx->code;
  read_sums(l, j, groups, sums);
  if (count_clean(cx, l, j)) return cx->code;
  return l->top.run ? stack(cx, l, j, groups, sums) : store_clean(cx, l, j);
}

/* As crc32(id, line, offset, category, stage, faults, raw) in SQL. */
static uint32_t reject_crc(const struct loader *l, const struct judged *j, const struct rule *first) {
  struct digest d;
  digest_begin(&d);
  digest_int(&d, reject_id(l, j));
  digest_int(&d, (int64_t)j->line);
  digest_int(&d, (int64_t)j->offset);
  digest_text(&d, str_of(first->category));
  digest_text(&d, str_of(first->stage));
  digest_text(&d, j->faults);
  digest_text(&d, raw_of(l, j));
  return digest_end(&d);
}

/* Categories are the few texts of the CHECK in 0002_controls.sql. */
static void count_category(struct load_result *r, const char *name) {
  int i = 0;
  while (i < r->category_count && strcmp(r->category[i].name, name) != 0) i++;
  if (i == r->category_count) r->category[r->category_count++].name = name;
  r->category[i].rows++;
}

static int add_reject(struct ctx *cx, struct loader *l, struct judged *j) {
  const struct rule *first = &l->setup->rules->rule[j->first_fault];
  l->result.rejected++;
  count_category(&l->result, first->category);
  l->result.reject_crc += reject_crc(l, j, first);
  return insert(cx, l, &l->rejected, bind_reject, j);
}

/* A run that is redone settles what it had settled: nobody else may have done so since. */
static int refuse_settled(struct ctx *cx, struct loader *l, int64_t exception) {
  struct stmt *s = db_ask(cx, l->db, SQL_reject_settler, exception);
  if (!stmt_row(cx, s)) return cx->code;
  fail(cx, E_CONFLICT, "run",
       "exception %lld, which this run had settled, was settled by run " STR_FMT " since; undo that first",
       (long long)exception, STR_ARG(col_str(s, 0)));
  stmt_done(s);
  return cx->code;
}

/* A clean row that came back with the number of an exception settles it. */
static int settle(struct ctx *cx, struct loader *l, const struct judged *j) {
  if (db_act(cx, l->db, SQL_reject_solve, j->exception, l->run, l->how->at, l->how->actor)) return cx->code;
  l->result.settled += db_changes(l->db);
  if (l->mode == LOADER_REDO && db_changes(l->db) == 0) return refuse_settled(cx, l, j->exception);
  return OK;
}

/* An exception is settled once, by a row of its own dataset. */
static void test_exception(struct ctx *cx, struct loader *l, struct judged *j) {
  if (!j->exception || j->first_fault >= 0) return;
  const char *wrong = NULL;
  struct stmt *s = db_ask(cx, l->db, SQL_reject_state, j->exception);
  if (!stmt_row(cx, s))
    wrong = "there is no such exception";
  else if (!str_eq(col_str(s, 1), str_of(l->setup->dataset->name)))
    wrong = "the exception is one of another dataset";
  else if (!str_eq(col_str(s, 0), STR("open")))
    wrong = "the exception is settled already";
  if (s) stmt_done(s);
  if (!wrong || cx->code) return;
  struct ctx *keep = l->batch->keep;
  const char *number = ctx_printf(keep, "%lld", (long long)j->exception);
  note_duplicate(l, j);
  l->result.taken++;
  judge_add_fault(l->setup, l->setup->rules->unique, str_of(number), wrong, keep, j);
}

/* The exceptions of a run that is redone are there, and say which rows are clean. */
static int redo_row(struct ctx *cx, struct loader *l, struct judged *j) {
  while (l->next_known < (int64_t)j->record && l->next_known != INT64_MAX)
    l->next_known = stmt_row(cx, l->known) ? col_int(l->known, 0) : INT64_MAX;
  if (cx->code) return cx->code;
  if (l->next_known == (int64_t)j->record) {
    l->result.rejected++;
    return OK;
  }
  if (j->first_fault >= 0)
    return fail(cx, E_CONFLICT, "run", "record %llu comes out differently; nothing was changed",
                (unsigned long long)j->record);
  test_unique(cx, l, j);
  if (add_clean(cx, l, j)) return cx->code;
  return j->exception ? settle(cx, l, j) : OK;
}

/* ---- batches: what the database refuses costs its own row only ---- */

/* "tenant demo: no such city" is what a trigger said. */
static const char *why_refused(struct ctx *cx, struct loader *l) {
  const char *colon = strstr(cx->message, ": ");
  return ctx_printf(l->batch->keep, "the database refused the row: %s", colon ? colon + 2 : cx->message);
}

static int refuse(struct ctx *cx, struct loader *l, struct judged *j, const char *why) {
  judge_add_fault(l->setup, l->setup->rules->stored, j->key, why, l->batch->keep, j);
  note_duplicate(l, j);
  l->result.refused++;
  return db_act(cx, l->db, SQL_bulk_error_add, reject_id(l, j), l->result.batches, why, l->how->at)
             ? (int)cx->code
             : add_reject(cx, l, j);
}

static int store_rows(struct ctx *cx, struct loader *l, struct judged *const *rows, int n) {
  l->sorted = (uint64_t)n;
  l->placed = 0;
  for (int i = 0; i < n && !cx->code; i++) insert_sorted(cx, l, rows[i]);
  return cx->code;
}

static int count_rows(struct ctx *cx, struct loader *l, struct judged *const *rows, int n) {
  for (int i = 0; i < n && !cx->code; i++)
    if (!count_clean(cx, l, rows[i]) && rows[i]->exception) settle(cx, l, rows[i]);
  return cx->code;
}

/* A trigger and a constraint refuse a row; anything else is no fault of the data. */
static bool is_refusal(const struct ctx *cx) { return cx->code == E_CONFLICT || cx->code == E_INVALID; }

static int put_rows(struct ctx *cx, struct loader *l, struct judged *const *rows, int n) {
  if (stmt_run(cx, l->savepoint)) return cx->code;
  if (!store_rows(cx, l, rows, n))
    return stmt_run(cx, l->kept_savepoint) || count_rows(cx, l, rows, n) ? (int)cx->code : OK;
  if (!is_refusal(cx)) return cx->code;
  const char *why = why_refused(cx, l);
  ctx_forgive(cx);
  if (stmt_run(cx, l->back) || stmt_run(cx, l->kept_savepoint)) return cx->code;
  if (n == 1) return refuse(cx, l, rows[0], why);
  return put_rows(cx, l, rows, n / 2) || put_rows(cx, l, rows + n / 2, n - n / 2) ? (int)cx->code : OK;
}

static int put_lot(struct ctx *cx, struct loader *l) {
  int64_t before = l->result.refused;
  if (l->lot_count == 0) return OK;
  l->result.batches++;
  put_rows(cx, l, l->lot, l->lot_count);
  l->result.failed_batches += l->result.refused > before;
  l->lot_count = 0;
  return cx->code;
}

/* A row above, below or beside what holds its key, in a savepoint of its own. */
static int put_stacked(struct ctx *cx, struct loader *l, struct judged *j) {
  int64_t groups[GROUPS_MAX] = { 0 }, sums[SUMS_MAX] = { 0 };
  read_sums(l, j, groups, sums);
  if (stmt_run(cx, l->savepoint)) return cx->code;
  if (!stack(cx, l, j, groups, sums)) {
    if (stmt_run(cx, l->kept_savepoint) || count_clean(cx, l, j)) return cx->code;
    return j->exception ? settle(cx, l, j) : OK;
  }
  if (!is_refusal(cx)) return cx->code;
  const char *why = why_refused(cx, l);
  ctx_forgive(cx);
  if (stmt_run(cx, l->back) || stmt_run(cx, l->kept_savepoint)) return cx->code;
  return refuse(cx, l, j, why);
}

/* Derived again: what was refused then is refused now. */
static bool was_refused(struct ctx *cx, struct loader *l, const struct judged *j, const char **why) {
  if (!l->refused) return false;
  while (l->next_refused < (int64_t)j->record && l->next_refused != INT64_MAX)
    l->next_refused = stmt_row(cx, l->refused) ? col_int(l->refused, 0) : INT64_MAX;
  if (cx->code || l->next_refused != (int64_t)j->record) return false;
  *why = ctx_strdup(l->batch->keep, col_str(l->refused, 1));
  return true;
}

static int add_to_lot(struct ctx *cx, struct loader *l, struct judged *j) {
  const char *why;
  if (find_terms(cx, l, j)) return cx->code;
  if (was_refused(cx, l, j, &why)) return refuse(cx, l, j, why);
  if (cx->code || l->top.run) return cx->code ? (int)cx->code : put_stacked(cx, l, j);
  l->lot[l->lot_count++] = j;
  return l->lot_count == l->how->batch ? put_lot(cx, l) : OK;
}

/* ---- any row ---- */

static int add_row(struct ctx *cx, struct loader *l, struct judged *j) {
  l->result.read++;
  if (l->mode == LOADER_REDO) return redo_row(cx, l, j);
  test_unique(cx, l, j);
  test_exception(cx, l, j);
  if (j->first_fault >= 0) return add_reject(cx, l, j);
  if (l->lot) return add_to_lot(cx, l, j);
  if (add_clean(cx, l, j)) return cx->code;
  return j->exception ? settle(cx, l, j) : OK;
}

/* ---- one batch ---- */

static int add_chunk(struct ctx *cx, struct loader *l, const struct load_batch *b) {
  return db_act(cx, l->db, SQL_raw_chunk_add, l->run << 24 | l->chunk++, (int64_t)b->raw->offset,
                (int64_t)b->raw->line, (int64_t)b->first_record, b->raw->count, b->crc,
                arg_blob(b->index.p, b->index.n), arg_blob(b->raw->bytes, b->raw->n));
}

/* The last key of a batch, of every batch at first: about as many are below the middle
** one of them as above it, whether keys come in order or not. */
static void take_sample(struct ctx *cx, struct loader *l, const struct load_batch *b) {
  if (l->batches++ % l->sample_step || b->row_count == 0) return;
  if (l->samples == SAMPLES) { /* every other one goes, and from now on fewer come */
    for (uint32_t i = 0; i < SAMPLES / 2; i++) l->sample[i] = l->sample[2 * i];
    l->samples = SAMPLES / 2;
    l->sample_step *= 2;
  }
  struct str key = b->rows[b->row_count - 1].key;
  l->sample[l->samples++] = (struct str){ ctx_strdup(cx, key), key.n };
}

static int by_text(const void *a, const void *b) {
  const struct str *x = a, *y = b;
  return key_less(*x, *y) ? -1 : key_less(*y, *x);
}

static struct str middle_key(struct loader *l) {
  if (l->samples == 0) return (struct str){ NULL, 0 };
  qsort(l->sample, l->samples, sizeof *l->sample, by_text);
  return l->sample[l->samples / 2];
}

int loader_add(struct ctx *cx, struct loader *l, const struct load_batch *b) {
  l->batch = b;
  if (l->mode == LOADER_ALL && add_chunk(cx, l, b)) return cx->code;
  for (uint32_t i = 0; i < b->row_count && !cx->code; i++) {
    if (i + AHEAD < b->row_count) keys_expect(&l->keys, b->rows[i + AHEAD].hash);
    add_row(cx, l, &b->rows[i]);
  }
  if (!cx->code) put_lot(cx, l);
  if (!cx->code) flush(cx, l, &l->clean, bind_clean);
  if (!cx->code) flush(cx, l, &l->below, bind_clean);
  l->sorting = !l->lot && (l->sorting || l->behind > b->row_count / 8);
  l->behind = 0;
  if (!cx->code) flush(cx, l, &l->rejected, bind_reject);
  if (!cx->code && l->mode != LOADER_REDO && totals_full(l->totals)) totals_flush(cx, l->totals);
  if (!cx->code && totals_full(l->taken)) totals_flush(cx, l->taken);
  take_sample(cx, l, b);
  keep_bound(&l->key_min, &l->min);
  keep_bound(&l->key_max, &l->max);
  crash_point("batch");
  return cx->code;
}

void loader_so_far(const struct loader *l, struct load_result *out) { *out = l->result; }

int64_t loader_failed(const struct load_result *r, const struct rules *rules, int rule) {
  return rule == rules->unique ? r->taken : rule == rules->stored ? r->refused : 0;
}

/* What the run brought counts now, but for what is not on top. */
static int count_current(struct ctx *cx, struct loader *l) {
  const struct dataset *d = l->setup->dataset;
  const struct load_result *r = &l->result;
  if (totals_count(cx, l->db, d, l->run, 1) || totals_flush(cx, l->taken)) return cx->code;
  return r->updated + r->unchanged + r->below + r->there ? totals_tidy(cx, l->db, d) : OK;
}

int loader_end(struct ctx *cx, struct loader *l, struct load_result *out) {
  if (flush_sorter(cx, l)) return cx->code;
  if (l->mode != LOADER_REDO && totals_flush(cx, l->totals)) return cx->code;
  if (count_current(cx, l)) return cx->code;
  keys_clear(&l->keys);
  *out = l->result;
  out->key_min = buf_view(&l->key_min);
  out->key_max = buf_view(&l->key_max);
  out->key_mid = middle_key(l);
  return OK;
}

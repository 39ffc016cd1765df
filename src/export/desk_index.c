#include "export/desk_index.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "ingest/kept.h"

/* ---- names ---- */

static void names_clear(struct desk_names *n) {
  for (uint32_t i = 0; i < n->count; i++) free(n->text[i]);
  free(n->text);
  map_clear(&n->map);
  *n = (struct desk_names){ 0 };
}

static char *text_copy(struct str s) {
  char *copy = xmalloc(s.n + 1);
  if (s.n) memcpy(copy, s.p, s.n);
  copy[s.n] = 0;
  return copy;
}

static uint32_t names_put(struct desk_names *n, struct str text) {
  bool added;
  uint64_t *number = map_put(&n->map, text, &added);
  if (!added) return (uint32_t)*number;
  n->text = xmore(n->text, n->count, sizeof *n->text);
  n->text[n->count++] = text_copy(text);
  *number = n->count;
  return n->count;
}

uint32_t desk_number(const struct desk_names *n, const char *text) {
  const uint64_t *number = map_get(&n->map, str_of(text));
  return number ? (uint32_t)*number : 0;
}

/* ---- faults ---- */

/* From an opening quote to behind the closing one; *text is what stands between. */
static bool take_string(struct str *json, struct str *text) {
  const char *p = json->p + 1, *end = json->p + json->n;
  while (p < end && *p != '"') p += *p == '\\' ? 2 : 1;
  if (p >= end) return false;
  *text = (struct str){ json->p + 1, (size_t)(p - json->p) - 1 };
  *json = (struct str){ p + 1, (size_t)(end - p) - 1 };
  return true;
}

bool desk_fault_next(struct str *json, struct desk_fault_text *out) {
  struct str key = { NULL, 0 }, text;
  *out = (struct desk_fault_text){ .field = { NULL, 0 } };
  while (json->n > 0) {
    if (*json->p == '}' && out->control.p) {
      json->p++, json->n--;
      return true;
    }
    if (*json->p == '"') {
      if (!take_string(json, &text)) return false;
      bool is_key = json->n > 0 && *json->p == ':';
      if (is_key)
        key = text;
      else if (str_eq(key, STR("control")))
        out->control = text;
      else if (str_eq(key, STR("field")))
        out->field = text;
      else if (str_eq(key, STR("value")))
        out->value = text;
      continue;
    }
    json->p++, json->n--;
  }
  return false;
}

uint64_t desk_fault_hash(const struct desk_fault_text *f) {
  uint64_t parts[3] = { hash64(f->control.p, f->control.n), hash64(f->field.p ? f->field.p : "", f->field.n),
                        hash64(f->value.p ? f->value.p : "", f->value.n) };
  return hash64(parts, sizeof parts) | 1; /* never 0 */
}

/* ---- rows ---- */

static void *grown(void *p, uint32_t *room, uint32_t needed, size_t size) {
  if (needed <= *room) return p;
  while (*room < needed) *room = *room ? *room + *room / 2 : 1024;
  return xrealloc(p, *room * size);
}

static int by_row_id(const void *key, const void *row) {
  int64_t a = *(const int64_t *)key, b = ((const struct desk_row *)row)->id;
  return a < b ? -1 : a > b;
}

struct desk_row *desk_find(const struct desk_index *ix, int64_t id) {
  return ix->rows ? bsearch(&id, ix->row, ix->rows, sizeof *ix->row, by_row_id) : NULL;
}

static int by_attempt_id(const void *key, const void *attempt) {
  int64_t a = *(const int64_t *)key, b = ((const struct desk_attempt *)attempt)->id;
  return a < b ? -1 : a > b;
}

const struct desk_attempt *desk_attempt(const struct desk_index *ix, int64_t id) {
  if (!ix->attempt_count) return NULL;
  return bsearch(&id, ix->attempt, ix->attempt_count, sizeof *ix->attempt, by_attempt_id);
}

static void forget(struct desk_index *ix) {
  for (uint32_t i = 0; i < ix->run_count; i++) {
    free(ix->run[i].encoding);
    free(ix->run[i].source);
  }
  free(ix->run);
  free(ix->row);
  free(ix->fault);
  free(ix->attempt);
  ix->run = NULL, ix->row = NULL, ix->fault = NULL, ix->attempt = NULL;
  ix->run_count = ix->run_room = ix->row_count = ix->row_room = ix->fault_count = ix->fault_room = 0;
  ix->attempt_count = ix->attempt_room = ix->runs_seen = ix->rows = 0;
  names_clear(&ix->categories);
  names_clear(&ix->stages);
  names_clear(&ix->controls);
  names_clear(&ix->sources);
  names_clear(&ix->weeks);
  names_clear(&ix->assignees);
  ix->overlaid = -1;
}

static void add_row(struct desk_index *ix, uint32_t run, const struct stmt *s) {
  struct desk_fault_text f;
  struct str json = col_str(s, 3);
  ix->row = grown(ix->row, &ix->row_room, ix->row_count + 1, sizeof *ix->row);
  ix->row[ix->row_count++] =
      (struct desk_row){ .id = col_int(s, 0),
                         .run = run,
                         .fault = ix->fault_count,
                         .category = (uint8_t)names_put(&ix->categories, col_str(s, 1)),
                         .stage = (uint8_t)names_put(&ix->stages, col_str(s, 2)) };
  while (desk_fault_next(&json, &f)) {
    ix->fault = grown(ix->fault, &ix->fault_room, ix->fault_count + 1, sizeof *ix->fault);
    ix->fault[ix->fault_count++] =
        (struct desk_fault){ .value = desk_fault_hash(&f),
                             .control = (uint16_t)names_put(&ix->controls, f.control) };
  }
}

/* Which exception each rejected row of a repaired file speaks of. */
static int add_attempts(struct ctx *cx, struct db *db, struct desk_index *ix, int64_t run) {
  struct kept_run kept;
  const struct input *in;
  struct profile *p;
  struct mapping m;
  struct row row;
  int64_t of;
  if (kept_by_id(cx, db, run, &kept) || kept_open(cx, db, &kept, &in) ||
      kept_profile(cx, in, &kept, &p, &m) || m.exception_column < 0)
    return cx->code;
  struct parser *parser = parser_new(p);
  struct stmt *s = db_ask(cx, db, SQL_desk_rejects_raw, run);
  while (stmt_row(cx, s)) {
    parser_row(parser, col_str(s, 1), p->table_begin, &row);
    of = (uint32_t)m.exception_column < row.count ? exception_number(row.cells[m.exception_column]) : 0;
    if (of <= 0) continue;
    ix->attempt = grown(ix->attempt, &ix->attempt_room, ix->attempt_count + 1, sizeof *ix->attempt);
    ix->attempt[ix->attempt_count++] = (struct desk_attempt){ col_int(s, 0), of };
  }
  parser_free(parser);
  return cx->code;
}

/* ---- runs ---- */

static void describe_run(struct desk_index *ix, const struct stmt *s, struct desk_run *r) {
  char week[DATE_SIZE];
  int64_t started = col_int(s, 3);
  *r = (struct desk_run){ .id = col_int(s, 0),
                          .source = text_copy(col_str(s, 2)),
                          .encoding = text_copy(col_str(s, 5)),
                          .rejected = col_int(s, 4),
                          .carries = col_int(s, 6) == 1,
                          .first = ix->row_count,
                          .end = ix->row_count };
  str_copy(r->uuid, sizeof r->uuid, col_str(s, 1));
  date_week(week, (int32_t)(started / DAY_US - (started % DAY_US < 0)));
  str_copy(r->week, sizeof r->week, str_of(week));
  r->source_no = names_put(&ix->sources, col_str(s, 2));
  r->week_no = names_put(&ix->weeks, str_of(week));
}

/* The runs from run_from on that it does not know; their exceptions come after. */
static uint32_t read_runs(struct ctx *cx, struct db *db, struct desk_index *ix) {
  uint32_t known = ix->run_count;
  struct stmt *s = db_ask(cx, db, SQL_desk_runs, known ? ix->run[known - 1].id + 1 : ix->run_from);
  while (stmt_row(cx, s)) {
    ix->run = grown(ix->run, &ix->run_room, ix->run_count + 1, sizeof *ix->run);
    describe_run(ix, s, &ix->run[ix->run_count++]);
  }
  return known;
}

static int read_rows(struct ctx *cx, struct db *db, struct desk_index *ix, uint32_t run) {
  struct desk_run *r = &ix->run[run];
  r->first = r->end = ix->row_count;
  struct stmt *s = db_ask(cx, db, SQL_desk_rejects, r->id);
  while (stmt_row(cx, s)) {
    if (r->end - r->first == LIMIT_DESK_ROWS) {
      stmt_done(s);
      break;
    }
    add_row(ix, run, s);
    r->end = ix->row_count;
  }
  if (!cx->code && r->carries) add_attempts(cx, db, ix, r->id);
  return cx->code;
}

/* The oldest run from which on all exceptions fit. */
static int64_t fitting(const struct desk_index *ix) {
  int64_t sum = 0;
  uint32_t i = ix->run_count;
  while (i > 0 && sum + ix->run[i - 1].rejected <= LIMIT_DESK_ROWS) sum += ix->run[--i].rejected;
  if (i == ix->run_count) i--; /* one run alone is too large: its first ones */
  return ix->run[i].id;
}

static int64_t rejected_in_all(const struct desk_index *ix) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < ix->run_count; i++) sum += ix->run[i].rejected;
  return sum;
}

/* Was the file replaced by another one, or does this reader only see an older state of
** the same? The newest run that it sees tells. */
static bool is_same_file(struct ctx *cx, struct db *db, struct desk_index *ix, int64_t last) {
  uint32_t i = ix->run_count;
  while (i > 0 && ix->run[i - 1].id > last) i--;
  if (i == 0) return ix->run_count == 0;
  struct stmt *s = db_ask(cx, db, SQL_desk_run_uuid, ix->run[i - 1].id);
  bool same = stmt_row(cx, s) && str_eq(col_str(s, 0), str_of(ix->run[i - 1].uuid));
  if (s) stmt_done(s);
  return same && (i == ix->run_count || ix->run[i - 1].id == last);
}

static int read_new(struct ctx *cx, struct db *db, struct desk_index *ix) {
  uint32_t known = read_runs(cx, db, ix);
  if (cx->code) return cx->code;
  if (rejected_in_all(ix) > LIMIT_DESK_ROWS && fitting(ix) > ix->run_from) {
    int64_t from = fitting(ix);
    forget(ix);
    ix->run_from = from;
    known = read_runs(cx, db, ix);
  }
  for (uint32_t i = known; i < ix->run_count && !cx->code; i++) read_rows(cx, db, ix, i);
  return cx->code;
}

static void see(struct desk_index *ix, int64_t last) {
  ix->runs_seen = ix->run_count;
  while (ix->runs_seen > 0 && ix->run[ix->runs_seen - 1].id > last) ix->runs_seen--;
  ix->rows = ix->runs_seen ? ix->run[ix->runs_seen - 1].end : 0;
}

/* ---- what changes ---- */

static int overlay_runs(struct ctx *cx, struct db *db, struct desk_index *ix) {
  struct stmt *s = db_stmt(cx, db, SQL_desk_undone);
  for (uint32_t i = 0; i < ix->run_count; i++) ix->run[i].undone = false;
  while (stmt_row(cx, s))
    for (uint32_t i = 0; i < ix->run_count; i++)
      if (ix->run[i].id == col_int(s, 0)) ix->run[i].undone = true;
  return cx->code;
}

static int overlay_rows(struct ctx *cx, struct db *db, struct desk_index *ix) {
  struct desk_row *r;
  for (uint32_t i = 0; i < ix->row_count; i++) ix->row[i].state = DESK_OPEN, ix->row[i].assignee = 0;
  struct stmt *s = db_stmt(cx, db, SQL_desk_reviews);
  while (stmt_row(cx, s)) {
    if (!(r = desk_find(ix, col_int(s, 0)))) continue;
    if (!col_null(s, 1)) r->assignee = (uint16_t)names_put(&ix->assignees, col_str(s, 1));
    if (col_int(s, 2)) r->state = DESK_ACCEPTED;
  }
  s = db_stmt(cx, db, SQL_desk_settled);
  while (stmt_row(cx, s))
    if ((r = desk_find(ix, col_int(s, 0)))) r->state = DESK_CORRECTED;
  return cx->code;
}

/* Exceptions that count and for which there is no room here. */
static int count_left_out(struct ctx *cx, struct db *db, struct desk_index *ix) {
  ix->left_out = 0;
  for (uint32_t i = 0; i < ix->run_count; i++)
    if (!ix->run[i].undone) ix->left_out += ix->run[i].rejected - (ix->run[i].end - ix->run[i].first);
  struct stmt *s = ix->run_from ? db_ask(cx, db, SQL_desk_left_out, ix->run_from) : NULL;
  if (!s) return cx->code;
  while (stmt_row(cx, s)) ix->left_out += col_int(s, 0);
  return cx->code;
}

/* An exception that is none, or was settled before, leaves the row one of its own. */
static int overlay_attempts(struct ctx *cx, struct db *db, struct desk_index *ix) {
  for (uint32_t i = 0; i < ix->attempt_count && !cx->code; i++) {
    struct desk_row *r = desk_find(ix, ix->attempt[i].id);
    struct stmt *s = db_ask(cx, db, SQL_desk_origin, ix->attempt[i].of);
    bool there = r && stmt_row(cx, s), early = there && !col_null(s, 0) && col_int(s, 0) <= r->id >> 32;
    if (there && !early && r->state == DESK_OPEN) r->state = DESK_ATTEMPT;
    if (s) stmt_done(s);
  }
  return cx->code;
}

static int overlay(struct ctx *cx, struct db *db, struct desk_index *ix, int64_t change) {
  ix->overlaid = -1;
  if (overlay_runs(cx, db, ix) || overlay_rows(cx, db, ix) || overlay_attempts(cx, db, ix)) return cx->code;
  if (count_left_out(cx, db, ix)) return cx->code;
  ix->overlaid = change;
  return OK;
}

static int refresh(struct ctx *cx, struct db *db, struct desk_index *ix) {
  struct stmt *s = db_stmt(cx, db, SQL_change_last);
  int64_t change = stmt_row(cx, s) ? col_int(s, 0) : 0, last;
  if (s) stmt_done(s);
  last = db_int(cx, db, SQL_desk_last_run, 0);
  if (cx->code) return cx->code;
  if (!is_same_file(cx, db, ix, last)) {
    forget(ix);
    ix->run_from = 0;
  }
  if (!cx->code && (ix->run_count == 0 || ix->run[ix->run_count - 1].id < last)) {
    ix->overlaid = -1;
    if (read_new(cx, db, ix)) return cx->code;
  }
  see(ix, last);
  return change == ix->overlaid ? (int)cx->code : overlay(cx, db, ix, change);
}

/* ---- the indices of all tenants ---- */

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct desk_index *registry;
static uint64_t uses;

static struct desk_index *take(const char *path) {
  struct desk_index *ix;
  pthread_mutex_lock(&registry_lock);
  for (ix = registry; ix; ix = ix->next)
    if (!strcmp(ix->path, path)) break;
  if (!ix) {
    ix = xcalloc(1, sizeof *ix);
    ix->path = text_copy(str_of(path));
    ix->overlaid = -1;
    pthread_mutex_init(&ix->lock, NULL);
    ix->next = registry;
    registry = ix;
  }
  ix->users++;
  ix->used = ++uses;
  pthread_mutex_unlock(&registry_lock);
  return ix;
}

/* When all together are too large, the one that was not asked for the longest goes. */
static void make_room(void) {
  uint64_t rows = 0;
  struct desk_index **oldest = NULL;
  for (struct desk_index **p = &registry; *p; p = &(*p)->next) {
    rows += (*p)->users ? 0 : (*p)->row_count;
    if (!(*p)->users && (!oldest || (*p)->used < (*oldest)->used)) oldest = p;
  }
  if (rows <= LIMIT_DESK_ROWS || !oldest) return;
  struct desk_index *gone = *oldest;
  *oldest = gone->next;
  forget(gone);
  pthread_mutex_destroy(&gone->lock);
  free(gone->path);
  free(gone);
}

void desk_leave(struct desk_index *ix) {
  pthread_mutex_unlock(&ix->lock);
  pthread_mutex_lock(&registry_lock);
  ix->users--;
  make_room();
  pthread_mutex_unlock(&registry_lock);
}

int desk_enter(struct ctx *cx, struct tenant *t, struct db *db, struct desk_index **out) {
  struct desk_index *ix = take(tenant_path(t));
  *out = ix;
  pthread_mutex_lock(&ix->lock);
  if (!refresh(cx, db, ix)) return OK;
  forget(ix); /* half of it is worth nothing */
  return cx->code;
}

#include "replicate/compose.h"

#include "base/json.h"
#include "base/map.h"
#include "base/time.h"
#include "replicate/stream_archived.h"

struct position {
  int64_t seq, entry, step;
  const char *after; /* "": from the beginning of the step */
};

static int64_t number(const struct jv *object, const char *name) {
  int64_t n = 0;
  struct str text = jv_text(jv_get(object, name));
  return text.p && str_to_int(text, &n) ? n : 0;
}

static int position_read(struct ctx *cx, const char *text, struct position *p) {
  struct jv *root;
  *p = (struct position){ .after = "" };
  if (!text || !*text) return OK;
  if (jv_parse(cx, str_of(text), &root)) return cx->code;
  struct str after = jv_text(jv_get(root, "after"));
  *p = (struct position){ .seq = number(root, "seq"),
                          .entry = number(root, "entry"),
                          .step = number(root, "step"),
                          .after = after.p ? ctx_strdup(cx, after) : "" };
  return OK;
}

static const char *position_text(struct ctx *cx, const struct position *p) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, 1 << 20);
  jw_int(&w, "seq", p->seq);
  if (p->entry) jw_put(&w, "entry", p->entry, "step", p->step, "after", p->after);
  return jw_end(cx, &w);
}

int64_t position_seq(struct ctx *cx, const char *position) {
  struct position p;
  return position_read(cx, position, &p) ? 0 : p.seq;
}

struct composer {
  struct ctx *cx;
  struct db *db;
  const struct compose_budget *budget;
  struct up_batch *b;
  struct position at;
  struct map told; /* runs by section */
};

static bool is_full(const struct composer *c) {
  return c->b->rows && (c->b->rows >= c->budget->rows || up_bytes(c->b) >= c->budget->bytes);
}

static struct up_section *section_of(struct composer *c, const struct up_section *like) {
  struct up_section *s = up_section(c->b, like);
  if (!s) fail(c->cx, E_FAIL, "batch", "a batch has at most %d sections", BATCH_SECTIONS);
  return s;
}

/* ---- the log ---- */

enum { LOG_SEQ, LOG_HLC, LOG_AT, LOG_HASH = 12 };
static const struct up_section log_section = {
  .table = "change_log",
  .columns = "seq,hlc,at,actor,unit,event,tbl,key,before,after,count,text,hash,stamp",
  .keys = "seq"
};

static void add_entry(struct composer *c, struct up_section *section, const struct stmt *s,
                      const struct clock *clock) {
  struct buf *out = &section->copy;
  int64_t seq = col_int(s, LOG_SEQ), hlc = col_int(s, LOG_HLC);
  cell_int(out, seq);
  cell_int(out, hlc);
  cell_time(out, col_int(s, LOG_AT));
  for (int i = LOG_AT + 1; i < LOG_HASH - 2; i++)
    cell_text(out, col_null(s, i) ? (struct str){ NULL, 0 } : col_str(s, i));
  cell_int(out, col_int(s, LOG_HASH - 2));
  cell_text(out, col_str(s, LOG_HASH - 1));
  struct str hash = col_str(s, LOG_HASH);
  cell_bytes(out, hash);
  cell_int(out, clock_stamp(clock, seq, hlc));
  if (hash.n == SHA256_SIZE) memcpy(c->b->last_hash, hash.p, SHA256_SIZE);
  up_row_end(c->b, section);
}

static int compose_log(struct composer *c) {
  struct clock *clock;
  struct stmt *s = NULL;
  struct up_section *section = NULL;
  if (clock_open(c->cx, c->db, &clock)) return c->cx->code;
  s = db_ask(c->cx, c->db, SQL_push_log, c->at.seq, c->budget->rows);
  while (!is_full(c) && stmt_row(c->cx, s)) {
    if (!section && !(section = section_of(c, &log_section))) break;
    c->at.seq = col_int(s, LOG_SEQ);
    add_entry(c, section, s, clock);
  }
  if (s) stmt_done(s);
  return c->cx->code;
}

/* ---- ranges ---- */

enum {
  NEXT_SEQ,
  NEXT_EVENT,
  NEXT_RUN,
  NEXT_DATASET,
  NEXT_KEY_MIN,
  NEXT_KEY_MAX,
  NEXT_CLEAN,
  NEXT_FIRST,
  NEXT_LAST
};

struct entry {
  int64_t seq, run, first, last;
  bool completed, redone, ended, stock;
  const struct dataset *dataset; /* NULL: it has no rows */
  const char *key_min, *key_max;
};

/* The next entry that stands for more than itself; seq 0: there is none. */
static int next_entry(struct composer *c, struct entry *e) {
  *e = (struct entry){ 0 };
  struct stmt *s = db_ask(c->cx, c->db, SQL_push_next, c->at.seq);
  if (!stmt_row(c->cx, s)) return c->cx->code;
  struct str event = col_str(s, NEXT_EVENT);
  e->seq = col_int(s, NEXT_SEQ);
  e->run = col_int(s, NEXT_RUN);
  e->stock = str_eq(event, STR("STOCK_MOVED"));
  e->completed = str_eq(event, STR("RUN_COMPLETED"));
  e->redone = str_eq(event, STR("RUN_REDONE"));
  e->ended = e->completed || str_eq(event, STR("RUN_FAILED")) || str_eq(event, STR("RUN_INTERRUPTED"));
  e->first = col_int(s, NEXT_FIRST);
  e->last = col_int(s, NEXT_LAST);
  const char *name = col_dup(c->cx, s, NEXT_DATASET);
  bool rows = (e->completed || e->redone) && !col_null(s, NEXT_KEY_MIN);
  e->dataset = rows && name ? dataset_find(name) : NULL;
  e->key_min = col_dup(c->cx, s, NEXT_KEY_MIN);
  e->key_max = col_dup(c->cx, s, NEXT_KEY_MAX);
  stmt_done(s);
  return OK;
}

static bool is_due(const struct stream *st, const struct entry *e) {
  switch (st->when) {
  case STREAM_RUN_DONE: return e->run && e->completed;
  case STREAM_RUN_MOVED: return e->run != 0;
  case STREAM_RUN_ENDED: return e->run && e->ended;
  default: return e->stock;
  }
}

/* What is told of a run anew is told once a batch: all of it is one state of the file. */
static bool is_told(struct composer *c, struct up_section *section, int64_t run) {
  struct told {
    int64_t section, run;
  } key = { section - c->b->sections, run };
  bool added;
  if (section->how == BATCH_ADD) return false;
  map_put(&c->told, (struct str){ (const char *)&key, sizeof key }, &added);
  if (added) buf_printf(&section->values, "%s%lld", section->values.n ? "," : "", (long long)run);
  return !added;
}

/* Rows of a statement behind c->at.after, until the batch is full or there are none: *ended. */
static int take_rows(struct composer *c, struct stmt *s, struct up_section *section, const char *kinds,
                     bool *ended) {
  int last = stmt_columns(s) - 1;
  const char *after = NULL;
  *ended = true;
  while (stmt_row(c->cx, s)) {
    stream_row(c->b, section, s, kinds);
    if (!is_full(c)) continue;
    after = col_dup(c->cx, s, last);
    *ended = false;
    break;
  }
  stmt_done(s);
  if (after) c->at.after = after;
  return c->cx->code;
}

/* The origin under which headquarters has a run: the epoch in which its rows went up; 0: that of the batch. */
static int64_t run_origin(struct composer *c, int64_t run) {
  int64_t origin = stmt_number(c->cx, db_ask(c->cx, c->db, SQL_push_run_origin, run), 0);
  return origin == c->b->seal.origin ? 0 : origin;
}

static int step_stream(struct composer *c, const struct stream *st, const struct entry *e, bool *ended) {
  struct up_section like = st->like;
  if (st->when == STREAM_RUN_MOVED) like.origin = run_origin(c, e->run);
  struct up_section *section = section_of(c, &like);
  *ended = true;
  if (!section || is_told(c, section, e->run)) return c->cx->code;
  struct stmt *s = db_stmt(c->cx, c->db, st->sql);
  bool whole = section->how != BATCH_ADD; /* of a run: all or nothing */
  stmt_int(s, 1, e->run);
  stmt_text(s, 2, c->at.after);
  stmt_int(s, 3, INT64_MAX);
  if (!whole) return take_rows(c, s, section, st->kinds, ended);
  while (stmt_row(c->cx, s)) stream_row(c->b, section, s, st->kinds);
  return c->cx->code;
}

/* Movements of stock: as many numbers as there is room for rows. */
static int step_movements(struct composer *c, const struct stream *st, const struct entry *e, bool *ended) {
  struct up_section *section = section_of(c, &st->like);
  int64_t after = e->first - 1, left = c->budget->rows - c->b->rows;
  *ended = true;
  if (!section) return c->cx->code;
  if (*c->at.after) str_to_int(str_of(c->at.after), &after);
  int64_t to = left > 0 && left < e->last - after ? after + left : e->last;
  struct stmt *s = db_ask(c->cx, c->db, st->sql, after, "", INT64_MAX, to);
  if (stream_movements(c->cx, c->db, c->b, section, st, s, after + 1, to)) return c->cx->code;
  *ended = to == e->last;
  if (!*ended) c->at.after = ctx_printf(c->cx, "%lld", (long long)to);
  return OK;
}

static int step_versions(struct composer *c, const struct entry *e, bool *ended) {
  struct up_section like, *section;
  const char *kinds, *sql;
  int64_t left = c->budget->rows - c->b->rows;
  stream_versions(c->cx, e->dataset, &like, &kinds, &sql);
  like.missing = e->redone;
  like.origin = e->redone ? run_origin(c, e->run) : 0;
  *ended = true;
  if (!(section = section_of(c, &like))) return c->cx->code;
  struct stmt *s = stmt_bind(db_compose(c->cx, c->db, sql), e->run, c->at.after, left > 0 ? left : 1,
                             e->key_min, e->key_max);
  return take_rows(c, s, section, kinds, ended);
}

/* The steps of an entry: 0 are versions, then the streams in their order. */
static int take_entry(struct composer *c, const struct entry *e) {
  bool ended;
  if (c->at.entry != e->seq) c->at = (struct position){ c->at.seq, e->seq, 0, "" };
  for (;; c->at.step++, c->at.after = "") {
    const struct stream *st = c->at.step ? stream_at((int)c->at.step - 1) : NULL;
    if (c->at.step && !st) break;
    bool mine = strcmp(st ? st->lane : "rows", c->b->seal.lane) == 0;
    if (!mine || (st ? !is_due(st, e) : !e->dataset)) continue;
    if (is_full(c)) return OK;
    if (!st)
      step_versions(c, e, &ended);
    else if (st->when == STREAM_STOCK)
      step_movements(c, st, e, &ended);
    else
      step_stream(c, st, e, &ended);
    if (c->cx->code) return c->cx->code;
    if (!ended) return OK;
  }
  c->at = (struct position){ e->seq, 0, 0, "" };
  return OK;
}

/* Rows that never change go up in the order of their keys, so that a batch can be found again by its first and last. */
static bool is_out_of_order(const struct entry *e, int64_t highest) { return e->run && e->run < highest; }

static int compose_ranges(struct composer *c, int64_t head) {
  int64_t highest = 0;
  while (!is_full(c)) {
    struct entry e;
    if (next_entry(c, &e)) return c->cx->code;
    if (!e.seq) {
      c->at = (struct position){ head > c->at.seq ? head : c->at.seq, 0, 0, "" };
      return OK;
    }
    bool adds = e.completed || e.ended;
    if (adds && c->b->rows && is_out_of_order(&e, highest)) return OK;
    if (adds) highest = e.run;
    if (take_entry(c, &e)) return c->cx->code;
    if (c->at.entry) return OK;
  }
  return OK;
}

int compose_batch(struct ctx *cx, struct db *db, const struct compose_budget *budget, struct up_batch *b,
                  bool *whole) {
  struct composer c = { .cx = cx, .db = db, .budget = budget, .b = b };
  if (position_read(cx, b->seal.position_from, &c.at)) return cx->code;
  map_init(&c.told);
  int64_t head = db_int(cx, db, SQL_push_head, 0);
  b->seal.first_seq = c.at.seq + 1;
  if (strcmp(b->seal.lane, "log") == 0)
    compose_log(&c);
  else
    compose_ranges(&c, head);
  map_clear(&c.told);
  b->seal.position_to = position_text(cx, &c.at);
  b->seal.last_seq = c.at.seq;
  b->seal.made_at = time_now();
  *whole = c.at.seq >= head;
  return cx->code;
}

#include "ingest/kept.h"

#include "base/hash.h"
#include "base/time.h"
#include "ingest/settings.h"

enum {
  ID,
  UUID,
  DATASET,
  SOURCE,
  STATE,
  SHA256,
  BYTES,
  READ,
  CLEAN,
  REJECTED,
  CLEAN_CRC,
  REJECT_CRC,
  TOTAL_CRC,
  SETTINGS,
  KEY_MIN,
  KEY_MAX,
  RULES,
  STARTED,
  ACTOR,
  KIND,
  RANK,
  EXISTING,
  UNDONE,
  UPDATED,
  UNCHANGED
};

static void read_run(struct ctx *cx, const struct stmt *s, struct kept_run *r) {
  *r = (struct kept_run){
    .id = col_int(s, ID),
    .uuid = col_dup(cx, s, UUID),
    .dataset_name = col_dup(cx, s, DATASET),
    .source = col_dup(cx, s, SOURCE),
    .state = col_dup(cx, s, STATE),
    .sha256 = col_dup(cx, s, SHA256),
    .bytes = col_int(s, BYTES),
    .read = col_int(s, READ),
    .clean = col_int(s, CLEAN),
    .rejected = col_int(s, REJECTED),
    .clean_crc = col_int(s, CLEAN_CRC),
    .reject_crc = col_int(s, REJECT_CRC),
    .total_crc = col_int(s, TOTAL_CRC),
    .settings = col_dup(cx, s, SETTINGS),
    .key_min = str_of(col_dup(cx, s, KEY_MIN)),
    .key_max = str_of(col_dup(cx, s, KEY_MAX)),
    .rules = col_dup(cx, s, RULES),
    .started = col_dup(cx, s, STARTED),
    .actor = col_dup(cx, s, ACTOR),
    .kind = col_dup(cx, s, KIND),
    .rank = col_int(s, RANK),
    .update = str_eq(col_str(s, EXISTING), STR("update")),
    .undone = col_int(s, UNDONE),
    .updated = col_int(s, UPDATED),
    .unchanged = col_int(s, UNCHANGED),
  };
  r->dataset = dataset_find(r->dataset_name);
  time_parse_iso(str_of(r->started), &r->started_at);
}

int kept_find(struct ctx *cx, struct db *db, const char *run, struct kept_run *out) {
  bool latest = strcmp(run, "latest") == 0;
  struct stmt *s = db_stmt(cx, db, latest ? SQL_run_latest : SQL_run_by_prefix);
  if (!latest) stmt_text(s, 1, run);
  int found = 0;
  while (found < 2 && stmt_row(cx, s))
    if (found++ == 0) read_run(cx, s, out);
  if (cx->code) return cx->code;
  stmt_done(s);
  if (found == 0)
    return fail(cx, E_NOT_FOUND, "run",
                latest ? "there is no run yet; `outpost import` makes one" : "there is no run %s", run);
  if (found > 1 && strcmp(out->uuid, run) != 0)
    return fail(cx, E_INVALID, "run", "several runs begin with %s; give more of the id", run);
  return OK;
}

int kept_by_id(struct ctx *cx, struct db *db, int64_t id, struct kept_run *out) {
  struct stmt *s = db_ask(cx, db, SQL_run_uuid, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "run", "there is no run %lld", (long long)id);
  const char *uuid = col_dup(cx, s, 0);
  stmt_done(s);
  return kept_find(cx, db, uuid, out);
}

int kept_list(struct ctx *cx, struct db *db, struct kept_run **list, size_t *count) {
  *list = NULL;
  *count = 0;
  struct stmt *s = db_stmt(cx, db, SQL_run_done);
  while (stmt_row(cx, s)) {
    *list = ctx_more(cx, *list, *count, sizeof **list);
    read_run(cx, s, &(*list)[(*count)++]);
  }
  return cx->code;
}

/* ---- bytes ---- */

struct chunks {
  struct db *db;
  int64_t run;
};

/* The chunk that holds an offset, and those after it until enough is read. */
static int read_chunks(struct ctx *cx, void *arg, uint64_t offset, void *to, size_t n) {
  struct chunks *c = arg;
  char *out = to;
  struct stmt *s = db_ask(cx, c->db, SQL_raw_chunk_from, c->run, (int64_t)offset);
  while (n > 0 && stmt_row(cx, s)) {
    uint64_t begin = (uint64_t)col_int(s, 0);
    struct str bytes = col_str(s, 1);
    if (offset < begin || offset - begin >= bytes.n) break;
    size_t skip = (size_t)(offset - begin);
    size_t take = bytes.n - skip < n ? bytes.n - skip : n;
    memcpy(out, bytes.p + skip, take);
    out += take, offset += take, n -= take;
  }
  if (s) stmt_done(s);
  if (!cx->code && n > 0)
    fail(cx, E_FAIL, NULL, "the original bytes of run %lld are not complete at offset %llu",
         (long long)c->run, (unsigned long long)offset);
  return cx->code;
}

int kept_open(struct ctx *cx, struct db *db, const struct kept_run *run, const struct input **in) {
  struct chunks *c = ctx_alloc(cx, sizeof *c);
  *c = (struct chunks){ db, run->id };
  *in = input_kept(cx, run->source, (uint64_t)run->bytes, read_chunks, c);
  return OK;
}

int kept_profile(struct ctx *cx, const struct input *in, const struct kept_run *run, struct profile **profile,
                 struct mapping *mapping) {
  struct dialect dialect;
  struct mapping_request request;
  if (!run->dataset) return fail(cx, E_NOT_FOUND, NULL, "this program has no dataset %s", run->dataset_name);
  if (settings_read(cx, str_of(run->settings), &dialect, &request)) return cx->code;
  if (profile_file(cx, in, &dialect, profile)) return cx->code;
  if (settings_formats(cx, str_of(run->settings), *profile)) return cx->code;
  return mapping_make(cx, run->dataset, *profile, &request, mapping);
}

/* By the rules of the run, and on its day. */
static int setup_of(struct ctx *cx, const struct kept_run *run, const struct profile *profile,
                    const struct mapping *mapping, struct judge_setup *out) {
  struct rules *rules;
  if (rules_from(cx, run->dataset, str_of(run->rules), &rules)) return cx->code;
  *out = (struct judge_setup){ .dataset = run->dataset,
                               .profile = profile,
                               .mapping = mapping,
                               .rules = rules,
                               .today = (int32_t)(run->started_at / DAY_US) };
  return OK;
}

int kept_setup(struct ctx *cx, const struct input *in, const struct kept_run *run, struct judge_setup *out) {
  struct profile *profile;
  struct mapping *mapping = ctx_alloc(cx, sizeof *mapping);
  if (kept_profile(cx, in, run, &profile, mapping)) return cx->code;
  return setup_of(cx, run, profile, mapping, out);
}

/* ---- one record ---- */

static uint64_t get_varint(struct str *s) {
  uint64_t v = 0;
  for (int shift = 0; s->n > 0 && shift < 64; shift += 7) {
    unsigned char c = (unsigned char)*s->p++;
    s->n--;
    v |= (uint64_t)(c & 0x7f) << shift;
    if (!(c & 0x80)) break;
  }
  return v;
}

/* Columns of the statements over raw_chunk; BYTES only where they are read. */
enum { CHUNK_OFFSET, CHUNK_LINE, CHUNK_RECORD, CHUNK_RECORDS, CHUNK_CRC, CHUNK_BYTES };

/* A walk over the records of a chunk. */
struct walk {
  struct str index;
  struct kept_record at; /* the one that the walk stands on */
  int64_t skip;          /* its first byte in the chunk */
};

static void walk_begin(struct walk *k, const struct stmt *s) {
  *k = (struct walk){ .index = col_str(s, CHUNK_RECORDS) };
  k->at = (struct kept_record){ .record = col_int(s, CHUNK_RECORD) - 1,
                                .line = col_int(s, CHUNK_LINE),
                                .offset = col_int(s, CHUNK_OFFSET) };
}

static bool walk_next(struct walk *k) {
  if (k->index.n == 0) return false;
  k->skip += k->at.length;
  k->at.offset += k->at.length;
  k->at.line += k->at.lines;
  uint64_t head = get_varint(&k->index);
  k->at.record++;
  uint64_t lines = head & 4 ? get_varint(&k->index) : 1;
  if (head >> 3 > INT32_MAX || lines > INT32_MAX) return false; /* no record is: somebody was at the index */
  k->at.length = (int64_t)(head >> 3);
  k->at.lines = (int64_t)lines;
  k->at.data = head & 1;
  return true;
}

static bool covers(const struct kept_record *at, enum kept_by by, int64_t n) {
  switch (by) {
  case KEPT_BY_LINE: return n >= at->line && n < at->line + (at->lines ? at->lines : 1);
  case KEPT_BY_OFFSET: return n >= at->offset && n < at->offset + at->length;
  default: return n == at->record;
  }
}

static bool is_intact(const struct stmt *s) {
  struct str index = col_str(s, CHUNK_RECORDS), bytes = col_str(s, CHUNK_BYTES);
  uint32_t crc = crc32_of(crc32_of(0, bytes.p, bytes.n), index.p, index.n);
  return crc == (uint32_t)col_int(s, CHUNK_CRC);
}

static void take_bytes(struct ctx *cx, const struct stmt *s, const struct walk *k, struct kept_record *out) {
  struct str bytes = col_str(s, CHUNK_BYTES);
  if (k->skip + out->length > (int64_t)bytes.n) return;
  struct str raw = { bytes.p + k->skip, (size_t)out->length };
  out->bytes = (struct str){ ctx_strdup(cx, raw), raw.n };
}

enum want { WANT_PLACE, WANT_BYTES, WANT_CHECKED };

/* The first and the last chunk of a run; 0 when there is none. */
static int find_ends(struct ctx *cx, struct db *db, int64_t run, int64_t *first, int64_t *last) {
  struct stmt *s = db_ask(cx, db, SQL_raw_chunk_ends, run);
  *first = *last = 0;
  while (stmt_row(cx, s)) *first = col_int(s, 0), *last = col_int(s, 1);
  return cx->code;
}

/* Does the chunk begin at or before n? False also of one that is not there. */
static bool begins_before(struct ctx *cx, struct db *db, int64_t chunk, enum kept_by by, int64_t n) {
  bool before = false;
  struct stmt *s = db_ask(cx, db, SQL_raw_chunk_begin, chunk);
  while (stmt_row(cx, s)) before = col_int(s, by) <= n;
  return before;
}

/* The last chunk that begins at or before n: they are numbered without gaps, in order. */
static int64_t find_chunk(struct ctx *cx, struct db *db, int64_t run, enum kept_by by, int64_t n,
                          int64_t *last) {
  int64_t low, high;
  if (find_ends(cx, db, run, &low, &high)) return 0;
  *last = high;
  while (low < high && !cx->code) {
    int64_t middle = high - (high - low) / 2;
    if (begins_before(cx, db, middle, by, n))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

static int find_record(struct ctx *cx, struct db *db, enum want want, int64_t run, enum kept_by by, int64_t n,
                       struct kept_record *out) {
  static const char *const kinds[] = { "record", "line", "byte" };
  bool found = false;
  struct walk k;
  int64_t last, chunk = find_chunk(cx, db, run, by, n, &last);
  struct stmt *s = db_ask(cx, db, want == WANT_PLACE ? SQL_raw_chunk_index : SQL_raw_chunk_whole, chunk);
  if (!s) return cx->code;
  *out = (struct kept_record){ 0 };
  if (stmt_row(cx, s)) {
    walk_begin(&k, s);
    while (!found && walk_next(&k)) found = covers(&k.at, by, n);
    *out = k.at;
    if (found && want != WANT_PLACE) take_bytes(cx, s, &k, out);
    if (found && want == WANT_CHECKED) out->intact = is_intact(s);
    stmt_done(s);
  }
  if (cx->code || (found && (out->bytes.p || want == WANT_PLACE))) return cx->code;
  return fail(cx, E_NOT_FOUND, kinds[by], "the file of run %lld has no %s %lld", (long long)run, kinds[by],
              (long long)n);
}

int kept_record_by(struct ctx *cx, struct db *db, int64_t run, enum kept_by by, int64_t n,
                   struct kept_record *out) {
  return find_record(cx, db, WANT_CHECKED, run, by, n, out);
}

int kept_record(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out) {
  return find_record(cx, db, WANT_CHECKED, run, KEPT_BY_RECORD, record, out);
}

int kept_place(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out) {
  return find_record(cx, db, WANT_PLACE, run, KEPT_BY_RECORD, record, out);
}

int kept_bytes(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out) {
  return find_record(cx, db, WANT_BYTES, run, KEPT_BY_RECORD, record, out);
}

int kept_next(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out) {
  struct walk k;
  int64_t last = 0, chunk = find_chunk(cx, db, run, KEPT_BY_RECORD, record, &last);
  for (; !cx->code && chunk && chunk <= last; chunk++) {
    struct stmt *s = db_ask(cx, db, SQL_raw_chunk_index, chunk);
    if (!stmt_row(cx, s)) continue;
    walk_begin(&k, s);
    while (walk_next(&k)) {
      if (k.at.record < record || !k.at.data) continue;
      *out = k.at;
      stmt_done(s);
      return OK;
    }
    stmt_done(s);
  }
  return fail(cx, E_NOT_FOUND, "record", "run %lld has no record from %lld on", (long long)run,
              (long long)record);
}

int kept_count(struct ctx *cx, struct db *db, int64_t run, int64_t *out) {
  struct walk k;
  struct stmt *s = db_ask(cx, db, SQL_raw_chunk_indices, run);
  *out = 0;
  while (stmt_row(cx, s)) {
    walk_begin(&k, s);
    while (walk_next(&k)) *out += k.at.data;
  }
  return cx->code;
}

/* ---- one record, judged again ---- */

struct kept_judge {
  struct judge_setup setup;
  struct parser *parser;
  struct judge *judge;
  struct value *values;
};

static void free_parser(void *arg) { parser_free(arg); }

/* What only a look at the whole file can tell stands in the settings. */
static int take_oddities(struct ctx *cx, const struct kept_run *run, struct profile *p) {
  static struct oddity zeros = { .code = "zero_bytes" };
  struct jv *root;
  if (jv_parse(cx, str_of(run->settings), &root)) return cx->code;
  struct jv *list = jv_get(root, "oddities");
  p->oddity_count = 0;
  for (size_t i = 0; i < jv_size(list); i++) {
    if (!str_eq(jv_text(jv_get(jv_at(list, i), "code")), str_of(zeros.code))) continue;
    p->oddities = &zeros;
    p->oddity_count = 1;
  }
  return OK;
}

int kept_headings(struct ctx *cx, struct db *db, const struct kept_run *run, struct profile **profile,
                  struct mapping *mapping) {
  struct dialect dialect;
  struct mapping_request request;
  const struct input *in;
  if (!run->dataset) return fail(cx, E_NOT_FOUND, NULL, "this program has no dataset %s", run->dataset_name);
  if (settings_read(cx, str_of(run->settings), &dialect, &request)) return cx->code;
  if (kept_open(cx, db, run, &in) || profile_head(cx, in, &dialect, profile)) return cx->code;
  if (settings_formats(cx, str_of(run->settings), *profile)) return cx->code;
  if (take_oddities(cx, run, *profile)) return cx->code;
  return mapping_make(cx, run->dataset, *profile, &request, mapping);
}

static int quick_setup(struct ctx *cx, struct db *db, const struct kept_run *run, struct judge_setup *out) {
  struct profile *profile;
  struct mapping *mapping = ctx_alloc(cx, sizeof *mapping);
  if (kept_headings(cx, db, run, &profile, mapping)) return cx->code;
  return setup_of(cx, run, profile, mapping, out);
}

int kept_judge_new(struct ctx *cx, struct db *db, const struct kept_run *run, struct kept_judge **out) {
  struct kept_judge *k = ctx_alloc(cx, sizeof *k);
  if (quick_setup(cx, db, run, &k->setup)) return cx->code;
  if (judge_new(cx, &k->setup, &k->judge)) return cx->code;
  k->parser = parser_new(k->setup.profile);
  ctx_defer(cx, free_parser, k->parser);
  k->values = ctx_alloc(cx, (size_t)run->dataset->field_count * sizeof *k->values);
  *out = k;
  return OK;
}

const struct judge_setup *kept_judge_setup(const struct kept_judge *k) { return &k->setup; }

int kept_judge_row(struct ctx *cx, struct kept_judge *k, const struct kept_record *at, struct judged *out) {
  struct row row;
  *out = (struct judged){ .record = (uint64_t)at->record,
                          .line = (uint64_t)at->line,
                          .offset = (uint64_t)at->offset,
                          .length = (uint32_t)at->length,
                          .values = k->values };
  parser_row(k->parser, at->bytes, out->offset, &row);
  if (row.kind == ROW_OUTSIDE)
    return fail(cx, E_CONFLICT, "record", "record %lld does not read as a row any more",
                (long long)at->record);
  judge_row(k->judge, &row, at->bytes, cx, out);
  return cx->code;
}

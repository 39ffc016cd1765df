#include "ingest/kept.h"

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
  STARTED
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
  struct stmt *s = db_stmt(cx, db, SQL_run_uuid);
  stmt_int(s, 1, id);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code : fail(cx, E_NOT_FOUND, "run", "there is no run %lld", (long long)id);
  const char *uuid = col_dup(cx, s, 0);
  stmt_done(s);
  return kept_find(cx, db, uuid, out);
}

int kept_list(struct ctx *cx, struct db *db, struct kept_run **list, size_t *count) {
  size_t n = 0, room = 0;
  *list = NULL;
  struct stmt *s = db_stmt(cx, db, SQL_run_done);
  while (stmt_row(cx, s)) {
    if (n == room) {
      struct kept_run *more = ctx_alloc(cx, (room = room ? room * 2 : 64) * sizeof *more);
      if (n) memcpy(more, *list, n * sizeof *more);
      *list = more;
    }
    read_run(cx, s, &(*list)[n++]);
  }
  *count = n;
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
  struct stmt *s = db_stmt(cx, c->db, SQL_raw_chunk_from);
  stmt_int(s, 1, c->run);
  stmt_int(s, 2, (int64_t)offset);
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

int kept_setup(struct ctx *cx, const struct input *in, const struct kept_run *run, struct judge_setup *out) {
  struct profile *profile;
  struct mapping *mapping = ctx_alloc(cx, sizeof *mapping);
  struct rules *rules;
  if (kept_profile(cx, in, run, &profile, mapping)) return cx->code;
  if (rules_from(cx, run->dataset, str_of(run->rules), &rules)) return cx->code;
  *out = (struct judge_setup){ .dataset = run->dataset,
                               .profile = profile,
                               .mapping = mapping,
                               .rules = rules,
                               .today = (int32_t)(run->started_at / DAY_US) };
  return OK;
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

int kept_record(struct ctx *cx, struct db *db, int64_t run, int64_t record, struct kept_record *out) {
  struct stmt *s = db_stmt(cx, db, SQL_raw_chunk_of_record);
  stmt_int(s, 1, run);
  stmt_int(s, 2, record);
  if (!stmt_row(cx, s))
    return fail(cx, E_NOT_FOUND, "record", "run %lld has no record %lld", (long long)run, (long long)record);
  struct str index = col_str(s, 3), bytes = col_str(s, 4);
  int64_t at = col_int(s, 2), skip = 0;
  *out = (struct kept_record){ .offset = col_int(s, 0), .line = col_int(s, 1) };
  for (; index.n > 0; at++) {
    uint64_t head = get_varint(&index);
    int64_t length = (int64_t)(head >> 3), lines = head & 4 ? (int64_t)get_varint(&index) : 1;
    if (at == record) {
      out->length = length;
      if (skip + length <= (int64_t)bytes.n)
        out->bytes =
            (struct str){ ctx_strdup(cx, (struct str){ bytes.p + skip, (size_t)length }), (size_t)length };
      break;
    }
    skip += length, out->offset += length, out->line += lines;
  }
  stmt_done(s);
  if (!out->bytes.p)
    return fail(cx, E_NOT_FOUND, "record", "run %lld has no record %lld", (long long)run, (long long)record);
  return OK;
}

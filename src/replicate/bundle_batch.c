/* bundle_batch.c - a batch as bytes and back. What comes in is whatever somebody had on a stick. */
#include "base/ids.h"
#include "base/json.h"
#include "model/dataset.h"
#include "replicate/bundle.h"
#include "replicate/stream.h"

/* ---- out ---- */

static void put_hex(struct jw *w, const char *key, const unsigned char *p, size_t n) {
  char hex[2 * SIGNATURE_MAX + 1];
  jw_text(w, key, hex_encode(hex, p, n));
}

static void put_section(struct jw *w, const struct up_section *s) {
  jw_object(w, NULL);
  jw_put(w, "table", s->table, "columns", s->columns, "keys", s->keys, "of", s->of, "replace",
         arg_bool(s->how == BATCH_REPLACE), "missing", s->missing, "rows", s->rows, "copy",
         (int64_t)s->copy.n, "values", buf_view(&s->values));
  if (s->origin) jw_int(w, "origin", s->origin);
  jw_close(w, '}');
}

void bundle_encode(const struct up_batch *b, struct buf *out) {
  const struct seal *s = &b->seal;
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_put(&w, "organization", s->organization, "origin", s->origin, "lane", s->lane, "sequence", s->sequence);
  put_hex(&w, "previous", s->previous, SHA256_SIZE);
  jw_put(&w, "position_from", s->position_from, "position_to", s->position_to, "first_seq", s->first_seq,
         "last_seq", s->last_seq);
  put_hex(&w, "last_hash", b->last_hash, SHA256_SIZE);
  jw_int(&w, "made_at", s->made_at);
  put_hex(&w, "hash", s->hash, SHA256_SIZE);
  put_hex(&w, "signature", s->signature, s->signature_size);
  jw_array(&w, "sections");
  for (int i = 0; i < b->count; i++) put_section(&w, &b->sections[i]);
  jw_close(&w, ']');
  jw_close(&w, '}');
  buf_char(out, '\n');
  for (int i = 0; i < b->count; i++) buf_str(out, buf_view(&b->sections[i].copy));
}

/* ---- in ---- */

static int wrong(struct ctx *cx, const char *what) {
  return fail(cx, E_INVALID, "bundle", "the bundle is damaged: %s of a batch cannot be read", what);
}

static int number(struct ctx *cx, const struct jv *v, const char *name, int64_t *out) {
  struct str text = jv_text(jv_get(v, name));
  if (jv_kind(jv_get(v, name)) != JV_NUMBER || !str_to_int(text, out) || *out < 0) return wrong(cx, name);
  return OK;
}

static const char *word(struct ctx *cx, const struct jv *v, const char *name) {
  struct str text = jv_text(jv_get(v, name));
  if (jv_kind(jv_get(v, name)) == JV_STRING && !memchr(text.p, 0, text.n)) return ctx_strdup(cx, text);
  wrong(cx, name);
  return "";
}

static int bytes_of(struct ctx *cx, const struct jv *v, const char *name, unsigned char *out, size_t most,
                    size_t *n) {
  struct str text = jv_text(jv_get(v, name));
  return text.p && hex_decode(out, most, text, n) ? OK : wrong(cx, name);
}

static int hash_of(struct ctx *cx, const struct jv *v, const char *name, unsigned char *out) {
  size_t n;
  if (bytes_of(cx, v, name, out, SHA256_SIZE, &n)) return cx->code;
  return n == SHA256_SIZE ? OK : wrong(cx, name);
}

/* "run,record": names of columns, and nothing else. */
static bool is_names(const char *text) {
  bool begins = true;
  for (const char *p = text; *p; p++) {
    bool letter = (*p >= 'a' && *p <= 'z') || *p == '_', other = *p >= '0' && *p <= '9';
    if (begins ? !letter : !letter && !other && *p != ',') return false;
    begins = *p == ',';
  }
  return !begins;
}

static bool is_numbers(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if (!(text.p[i] >= '0' && text.p[i] <= '9') && text.p[i] != ',') return false;
  return true;
}

/* Only what an edge sends goes into headquarters' tables. */
static bool is_table(const char *table, bool replace) {
  const struct stream *st;
  const struct dataset *d;
  for (int i = 0; (st = stream_at(i)); i++)
    if (strcmp(st->like.table, table) == 0) return replace == (st->like.how == BATCH_REPLACE);
  for (int i = 0; (d = dataset_at(i)); i++)
    if (strcmp(d->table, table) == 0) return !replace;
  return strcmp(table, "change_log") == 0 && !replace;
}

static bool is_true(const struct jv *v, const char *name) {
  return jv_kind(jv_get(v, name)) == JV_BOOL && str_eq(jv_text(jv_get(v, name)), STR("true"));
}

static int read_section(struct ctx *cx, const struct jv *v, struct str *rest, struct up_batch *b) {
  struct up_section like = { .table = word(cx, v, "table"),
                             .columns = word(cx, v, "columns"),
                             .how = is_true(v, "replace") ? BATCH_REPLACE : BATCH_ADD,
                             .missing = is_true(v, "missing") };
  int64_t size, rows;
  struct str values = jv_text(jv_get(v, "values"));
  if (jv_kind(jv_get(v, "keys")) != JV_NULL) like.keys = word(cx, v, "keys");
  if (like.how == BATCH_REPLACE) like.of = word(cx, v, "of");
  if (number(cx, v, "copy", &size) || number(cx, v, "rows", &rows)) return cx->code;
  if (jv_get(v, "origin") && number(cx, v, "origin", &like.origin)) return cx->code;
  if (!is_table(like.table, like.how == BATCH_REPLACE))
    return fail(cx, E_INVALID, "bundle", "no edge sends rows of a table '%.60s'", like.table);
  if (!is_names(like.columns) || (like.keys && !is_names(like.keys)) || (like.of && !is_names(like.of)))
    return wrong(cx, "columns");
  if (!values.p || !is_numbers(values)) return wrong(cx, "values");
  if ((uint64_t)size > rest->n) return wrong(cx, "rows");
  int before = b->count;
  struct up_section *s = up_section(b, &like);
  if (!s || b->count == before) return wrong(cx, "sections");
  buf_add(&s->copy, rest->p, (size_t)size);
  buf_str(&s->values, values);
  s->rows = rows;
  b->rows += rows;
  *rest = (struct str){ rest->p + size, rest->n - (size_t)size };
  return OK;
}

static int read_seal(struct ctx *cx, const struct jv *v, struct up_batch *b) {
  struct seal *s = &b->seal;
  *s = (struct seal){ .organization = word(cx, v, "organization"),
                      .lane = word(cx, v, "lane"),
                      .position_from = word(cx, v, "position_from"),
                      .position_to = word(cx, v, "position_to") };
  if (!uuid_valid(str_of(s->organization))) return wrong(cx, "organization");
  if (number(cx, v, "origin", &s->origin) || number(cx, v, "sequence", &s->sequence) ||
      number(cx, v, "first_seq", &s->first_seq) || number(cx, v, "last_seq", &s->last_seq) ||
      number(cx, v, "made_at", &s->made_at) || hash_of(cx, v, "previous", s->previous) ||
      hash_of(cx, v, "last_hash", b->last_hash))
    return cx->code;
  return bytes_of(cx, v, "signature", s->signature, SIGNATURE_MAX, &s->signature_size);
}

int bundle_decode(struct ctx *cx, struct str plain, struct up_batch *b) {
  unsigned char said[SHA256_SIZE];
  struct jv *v;
  const char *end = memchr(plain.p, '\n', plain.n);
  if (!end) return wrong(cx, "the head");
  struct str head = { plain.p, (size_t)(end - plain.p) }, rest = { end + 1, plain.n - head.n - 1 };
  if (jv_parse(cx, head, &v) || read_seal(cx, v, b) || hash_of(cx, v, "hash", said)) return cx->code;
  const struct jv *sections = jv_get(v, "sections");
  int64_t rows = 0;
  for (size_t i = 0; i < jv_size(sections); i++)
    if (read_section(cx, jv_at(sections, i), &rest, b)) return cx->code;
  for (int i = 0; i < b->count; i++) rows += b->sections[i].rows;
  if (rest.n) return wrong(cx, "the end");
  if (up_seal(cx, NULL, b)) return cx->code;
  if (b->seal.rows != rows || memcmp(b->seal.hash, said, SHA256_SIZE) != 0)
    return fail(cx, E_INVALID, "bundle", "batch %lld of lane %.20s was changed on its way",
                (long long)b->seal.sequence, b->seal.lane);
  return OK;
}

#include "base/hash.h"
#include "replicate/merkle.h"
#include "replicate/stream_archived.h"
#include "replicate/verify_internal.h"

#include <stdlib.h>

enum { RANGE = 1000, RANGE_BYTES = 4 << 20, RANGES_AT_ONCE = 50, RANGE_PATIENCE = 300 };

struct range {
  int64_t rows;
  unsigned char digest[SHA256_SIZE];
  const char *upto; /* the keys of its last row, JSON */
};

/* What a walk over the local rows leaves behind. */
struct collected {
  struct up_batch batch;
  struct up_section *section;
  struct buf text, plain;
  struct range *ranges;
  int64_t count, room, rows;
  int64_t keep; /* the range whose rows' texts stay in `text`; -1: none */
  bool kept;
};

static struct str last_line(struct str copy) {
  size_t end = copy.n ? copy.n - 1 : 0, from = end;
  while (from > 0 && copy.p[from - 1] != '\n') from--;
  return (struct str){ copy.p + from, end - from };
}

/* Every row's text, with the line break between them that no text has. */
static int row_texts(struct ctx *cx, struct collected *c, struct str copy, struct sha256 *h) {
  for (size_t at = 0; at < copy.n;) {
    const char *end = memchr(copy.p + at, '\n', copy.n - at);
    struct str line = { copy.p + at, (size_t)(end - copy.p) - at };
    size_t before = c->text.n;
    if (!copy_row_text(&c->text, &c->plain, line)) return fail(cx, E_FAIL, NULL, "a row cannot be read");
    sha256_add(h, c->text.p + before, c->text.n - before);
    if (c->count == c->keep)
      buf_char(&c->text, '\0');
    else
      buf_reset(&c->text);
    at += line.n + 1;
  }
  return OK;
}

static void next_range(struct collected *c) {
  c->count++;
  buf_reset(&c->section->copy);
  c->section->rows = 0;
}

static int close_range(struct verifying *v, struct ranged *r) {
  struct collected *c = r->into;
  struct str copy = buf_view(&c->section->copy);
  if (!c->section->rows) return OK;
  if (c->kept) {
    next_range(c);
    return OK;
  }
  if (c->count == c->room)
    c->ranges = xrealloc(c->ranges, (size_t)(c->room = c->room ? c->room * 2 : 64) * sizeof *c->ranges);
  struct range *g = &c->ranges[c->count];
  struct sha256 *h = sha256_new();
  struct buf keys;
  struct jw w;
  buf_init(&keys, 1 << 20);
  jw_init(&w, &keys);
  g->rows = c->section->rows;
  if (!row_texts(v->cx, c, copy, h))
    copy_keys(v->cx, &w, NULL, r->like.columns, r->like.keys, last_line(copy));
  sha256_end(h, g->digest);
  sha256_free(h);
  g->upto = ctx_take(v->cx, &keys);
  c->kept = c->count == c->keep;
  next_range(c);
  return v->cx->code;
}

/* So many more rows are in the section. */
static int taken(struct verifying *v, struct ranged *r, int64_t rows) {
  struct collected *c = r->into;
  c->rows += rows;
  bool full = c->section->rows == RANGE || c->section->copy.n >= RANGE_BYTES;
  return full ? close_range(v, r) : OK;
}

int ranged_take(struct verifying *v, struct ranged *r, const struct stmt *s) {
  stream_row(&r->into->batch, r->into->section, s, r->kinds);
  return taken(v, r, 1);
}

int ranged_moves(struct verifying *v, struct ranged *r) {
  struct collected *c = r->into;
  for (int64_t after = r->from, to; after < r->to && !v->cx->code; after = to) {
    int64_t had = c->section->rows;
    to = r->to - after > RANGE - had ? after + RANGE - had : r->to;
    struct stmt *s = db_ask(v->cx, v->db, r->id, after, "", INT64_MAX, to);
    if (!stream_movements(v->cx, v->db, &c->batch, c->section, &(struct stream){ .kinds = r->kinds }, s,
                          after + 1, to))
      taken(v, r, c->section->rows - had);
  }
  return v->cx->code;
}

static int walk(struct verifying *v, struct ranged *r, int64_t keep) {
  struct collected *c = r->into;
  c->count = c->rows = 0;
  c->keep = keep;
  c->kept = false;
  buf_reset(&c->text);
  return r->each(v, r) || close_range(v, r) ? (int)v->cx->code : OK;
}

static void begin(struct collected *c, const struct ranged *r) {
  *c = (struct collected){ 0 };
  up_init(&c->batch);
  c->section = up_section(&c->batch, &r->like);
  buf_init(&c->text, SIZE_MAX);
  buf_init(&c->plain, SIZE_MAX);
}

static void end(struct collected *c) {
  up_clear(&c->batch);
  buf_clear(&c->text);
  buf_clear(&c->plain);
  free(c->ranges);
}

/* ---- headquarters' side ---- */

/* {"after":..,"upto":..}; the last one goes to the end, and where there are no rows here the only one holds all. */
static void range_json(const struct collected *c, int64_t i, struct jw *w) {
  jw_record(w, NULL, "after", arg_json(i ? str_of(c->ranges[i - 1].upto) : STR("null")), "upto",
            arg_json(i + 1 < c->count ? str_of(c->ranges[i].upto) : STR("null")));
}

static int differs(const struct collected *c, int64_t i, const struct pg_rows *rows, int row) {
  static const struct range none;
  const struct range *g = i < c->count ? &c->ranges[i] : &none;
  struct str there = pg_text(rows, row, 2), here = { (const char *)g->digest, SHA256_SIZE };
  if (pg_int(rows, row, 1) != g->rows) return true;
  return g->rows > 0 && !str_eq(there, here);
}

/* The first range that differs, or -1. */
static int compare_some(struct verifying *v, struct ranged *r, int64_t from, int64_t to, int64_t *bad) {
  struct ctx page;
  struct buf json;
  struct jw w;
  struct pg_rows *rows;
  buf_init(&json, SIZE_MAX);
  jw_init(&w, &json);
  jw_array(&w, NULL);
  for (int64_t i = from; i < to; i++) range_json(r->into, i, &w);
  jw_close(&w, ']');
  ctx_begin(&page, v->cx->actor);
  if (!pg_ask(
          &page, v->pg, &rows,
          "SELECT place, row_count, digest FROM outpost.range_digests($1::uuid, $2, $3, $4, $5::json, $6)",
          v->up.organization, r->like.table, r->like.columns, r->like.keys, buf_view(&json), r->condition))
    for (int i = 0; i < pg_rows_count(rows) && *bad < 0; i++)
      if (differs(r->into, from + i, rows, i)) *bad = from + i;
  buf_clear(&json);
  return ctx_end_inside(v->cx, &page);
}

/* ---- rows ---- */

static bool text_cell(struct str text, size_t *at, struct str *value) {
  size_t n = 0, i = *at;
  if (i >= text.n) return false;
  *value = (struct str){ NULL, 0 };
  if (text.p[i] == '-') {
    *at = i + 1;
    return true;
  }
  for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++) n = n * 10 + (size_t)(text.p[i] - '0');
  if (i >= text.n || text.p[i] != ':' || n > text.n - i - 1) return false;
  *value = (struct str){ text.p + i + 1, n };
  *at = i + 1 + n;
  return true;
}

static const char *shown(struct ctx *cx, struct str v) {
  if (!v.p) return NULL;
  return v.n <= 200 ? ctx_strdup(cx, v) : ctx_printf(cx, "%.200s... (%zu bytes)", v.p, v.n);
}

void name_column(struct ctx *cx, const char *columns, struct str here, struct str there,
                 struct difference *d) {
  struct str a, b;
  size_t i = 0, k = 0;
  for (const char *p = columns;; p++) {
    size_t n = strcspn(p, ",");
    if (!text_cell(here, &i, &a) || !text_cell(there, &k, &b)) return;
    if (!a.p != !b.p || !str_eq(a, b)) {
      d->column = ctx_strdup(cx, (struct str){ p, n });
      d->here = shown(cx, a);
      d->there = shown(cx, b);
      return;
    }
    p += n;
    if (!*p) return;
  }
}

/* The keys of a row's text, "7, 1042". */
static const char *keys_of(struct ctx *cx, const struct ranged *r, struct str text) {
  const char *out = "";
  struct str value;
  size_t at = 0;
  for (const char *p = r->like.columns; text_cell(text, &at, &value); p++) {
    size_t n = strcspn(p, ",");
    for (const char *k = r->like.keys; *k; k += *k == ',') {
      size_t m = strcspn(k, ",");
      if (m == n && memcmp(k, p, n) == 0)
        out = ctx_printf(cx, "%s%s" STR_FMT, out, *out ? ", " : "", STR_ARG(value));
      k += m;
    }
    p += n;
    if (!*p) break;
  }
  return out;
}

/* Both in the order of the keys: the first place where they part. */
static void first_parting(struct verifying *v, const struct ranged *r, const struct pg_rows *there,
                          struct difference *d) {
  struct ctx *cx = v->cx;
  struct str all = buf_view(&r->into->text);
  int n = pg_rows_count(there), i = 0;
  size_t at = 0;
  for (;; i++) {
    struct str here = { all.p + at, strnlen(all.p + at, all.n - at) };
    struct str row = i < n ? pg_text(there, i, 0) : (struct str){ NULL, 0 };
    bool more = at < all.n;
    if (!more && !row.p) return;
    if (more && row.p && str_eq(here, row)) {
      at += here.n + 1;
      continue;
    }
    const char *key = more ? keys_of(cx, r, here) : NULL, *other = row.p ? keys_of(cx, r, row) : NULL;
    bool later = false; /* the row of here stands further on there: what stands in between is there alone */
    for (int k = i + 1; key && k < n && !later; k++)
      later = strcmp(keys_of(cx, r, pg_text(there, k, 0)), key) == 0;
    d->key = key && !later ? key : other;
    if (key && other && strcmp(key, other) == 0) name_column(cx, r->like.columns, here, row, d);
    d->text = d->column ? ctx_printf(cx, "%s %s: %s is %s here and %s at headquarters", d->table, d->key,
                                     d->column, d->here ? d->here : "empty", d->there ? d->there : "empty")
                        : ctx_printf(cx, "%s %s is %s only", d->table, d->key,
                                     key && !later ? "here" : "at headquarters");
    return;
  }
}

static int look_closer(struct verifying *v, struct ranged *r, int64_t bad, struct difference **found) {
  struct buf json;
  struct jw w;
  struct pg_rows *rows;
  struct difference *d = ctx_alloc(v->cx, sizeof *d);
  buf_init(&json, 1 << 20);
  jw_init(&w, &json);
  range_json(r->into, bad, &w);
  const char *part = ctx_take(v->cx, &json);
  if (walk(v, r, bad)) return v->cx->code;
  if (pg_ask(v->cx, v->pg, &rows, "SELECT * FROM outpost.range_rows($1::uuid, $2, $3, $4, $5::json, $6)",
             v->up.organization, r->like.table, r->like.columns, r->like.keys, part, r->condition))
    return v->cx->code;
  d->table = r->like.table;
  d->text = ctx_printf(v->cx, "%s differs", d->table);
  first_parting(v, r, rows, d);
  *found = d;
  return OK;
}

int ranged_compare(struct verifying *v, struct ranged *r, int64_t *rows, struct difference **found) {
  struct collected c;
  int64_t bad = -1;
  begin(&c, r);
  r->into = &c;
  pg_patience(v->pg, RANGE_PATIENCE);
  walk(v, r, -1);
  *rows = c.rows;
  int64_t count = c.count ? c.count : 1;
  for (int64_t i = 0; i < count && bad < 0 && !v->cx->code; i += RANGES_AT_ONCE)
    compare_some(v, r, i, i + RANGES_AT_ONCE < count ? i + RANGES_AT_ONCE : count, &bad);
  if (bad >= 0 && !v->cx->code) look_closer(v, r, bad, found);
  end(&c);
  return v->cx->code;
}

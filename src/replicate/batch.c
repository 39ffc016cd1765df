#include "replicate/batch.h"

#include "base/decimal.h"
#include "base/time.h"
#include "base/utf8.h"

void up_init(struct up_batch *b) { *b = (struct up_batch){ 0 }; }

void up_clear(struct up_batch *b) {
  for (int i = 0; i < b->count; i++) {
    buf_clear(&b->sections[i].copy);
    buf_clear(&b->sections[i].values);
  }
  b->count = 0;
}

struct up_section *up_section(struct up_batch *b, const struct up_section *like) {
  for (int i = 0; i < b->count; i++) {
    struct up_section *s = &b->sections[i];
    if (strcmp(s->table, like->table) == 0 && s->how == like->how && s->missing == like->missing &&
        s->origin == like->origin)
      return s;
  }
  if (b->count == BATCH_SECTIONS) return NULL;
  struct up_section *s = &b->sections[b->count++];
  *s = *like;
  s->rows = 0;
  buf_init(&s->copy, BATCH_BYTES_MOST);
  buf_init(&s->values, BATCH_BYTES_MOST);
  return s;
}

/* ---- cells ---- */

void cell_null(struct buf *out) { buf_add(out, "\\N\t", 3); }

/* What COPY takes for something else than itself. */
static const char *escape(char c) {
  switch (c) {
  case '\\': return "\\\\";
  case '\n': return "\\n";
  case '\r': return "\\r";
  case '\t': return "\\t";
  case 0: return "\xe2\x90\x80";
  default: return NULL;
  }
}

static bool is_plain(unsigned char c) { return c > '\r' && c != '\\'; }

/* How many of the first bytes go as they are; eight are looked at in one go: below is_plain's least, a backslash, above ASCII. */
static size_t plain_run(const char *p, size_t n, bool valid) {
  const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80, stop = valid ? 0 : high;
  size_t i = 0;
  for (uint64_t word; n - i >= sizeof word; i += sizeof word) {
    memcpy(&word, p + i, sizeof word);
    uint64_t slash = word ^ (each * '\\');
    if ((((word - each * 0x0e) & ~word) | ((slash - each) & ~slash)) & high || word & stop) break;
  }
  while (i < n && is_plain((unsigned char)p[i]) && (valid || (unsigned char)p[i] < 0x80)) i++;
  return i;
}

void cell_text(struct buf *out, struct str v) {
  if (!v.p) {
    cell_null(out);
    return;
  }
  bool valid = utf8_valid(v);
  for (size_t i = 0; i < v.n;) {
    size_t run = plain_run(v.p + i, v.n - i, valid);
    if (run) {
      buf_add(out, v.p + i, run);
      i += run;
      continue;
    }
    const char *word = escape(v.p[i]);
    size_t step = utf8_step(v.p + i, v.n - i);
    if (word)
      buf_puts(out, word);
    else if (step)
      buf_add(out, v.p + i, step);
    else
      buf_puts(out, "\xef\xbf\xbd");
    i += step ? step : 1;
  }
  buf_char(out, '\t');
}

void cell_bytes(struct buf *out, struct str v) {
  static const char digits[] = "0123456789abcdef";
  if (!v.p) {
    cell_null(out);
    return;
  }
  char hex[512];
  buf_puts(out, "\\\\x");
  for (size_t i = 0; i < v.n;) {
    size_t n = 0;
    for (; i < v.n && n < sizeof hex; i++) {
      hex[n++] = digits[(unsigned char)v.p[i] >> 4];
      hex[n++] = digits[(unsigned char)v.p[i] & 15];
    }
    buf_add(out, hex, n);
  }
  buf_char(out, '\t');
}

void cell_int(struct buf *out, int64_t v) {
  buf_int(out, v);
  buf_char(out, '\t');
}

void cell_decimal(struct buf *out, int64_t v, int scale) {
  dec_print(out, v, scale, scale);
  buf_char(out, '\t');
}

void cell_bool(struct buf *out, bool v) { buf_add(out, v ? "t\t" : "f\t", 2); }

void cell_day(struct buf *out, int64_t days) {
  char text[DATE_SIZE];
  buf_puts(out, date_iso(text, (int32_t)days));
  buf_char(out, '\t');
}

void cell_time(struct buf *out, int64_t us) {
  char text[TIME_SIZE];
  time_iso(text, us);
  char *t = strchr(text, 'T'), *z = strchr(text, 'Z');
  if (t) *t = ' ';
  if (z) *z = 0;
  buf_puts(out, text);
  buf_add(out, "+00\t", 4);
}

void up_row_end(struct up_batch *b, struct up_section *s) {
  if (s->copy.n) s->copy.p[s->copy.n - 1] = '\n';
  s->rows++;
  b->rows++;
}

int64_t up_bytes(const struct up_batch *b) {
  int64_t bytes = 0;
  for (int i = 0; i < b->count; i++) bytes += (int64_t)b->sections[i].copy.n;
  return bytes;
}

int up_seal_rows(struct ctx *cx, struct up_batch *b) {
  struct seal_section said[BATCH_SECTIONS];
  for (int i = 0; i < b->count; i++) {
    const struct up_section *s = &b->sections[i];
    if (s->copy.full) return fail(cx, E_LIMIT, s->table, "rows of %s are too long to be sent", s->table);
    said[i] = (struct seal_section){ .table = s->table,
                                     .columns = s->columns,
                                     .keys = s->how == BATCH_ADD && !s->missing ? s->keys : NULL,
                                     .copy = buf_view(&s->copy) };
  }
  return seal_rows(cx, said, b->count, &b->seal);
}

int up_seal_sign(struct ctx *cx, const struct sign_key *key, struct up_batch *b) {
  return seal_sign(cx, key, &b->seal);
}

int up_seal(struct ctx *cx, const struct sign_key *key, struct up_batch *b) {
  return up_seal_rows(cx, b) ? (int)cx->code : up_seal_sign(cx, key, b);
}

/*
** profile.c - one look at a file: encoding, kind, dialect, table, columns.
**
** The order is the order of dependence: bytes must be text before lines can be
** compared, lines must be records before columns can be judged. Each step is a
** file of its own; here they are put together.
**
** The whole file is read once for its encoding (at memory speed while it is
** ASCII); everything else is decided on the first LIMIT_SNIFF_BYTES and the last
** few lines, unless a column asks for more (column.c).
*/
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/internal.h"

/* ---- oddities ---- */

enum { NOTES_MAX = 64 };

struct notes {
  struct ctx *cx;
  size_t count;
  struct oddity list[NOTES_MAX];
};

static struct notes *notes_new(struct ctx *cx) {
  struct notes *n = ctx_alloc(cx, sizeof *n);
  n->cx = cx;
  return n;
}

void note(struct notes *n, const char *code, uint64_t line, uint64_t count, const char *fmt, ...) {
  char text[400];
  if (!n || n->count == NOTES_MAX) return;
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  n->list[n->count++] = (struct oddity){ code, line, count, ctx_strdup(n->cx, str_of(text)) };
}

static void notes_end(struct notes *n, struct profile *p) {
  p->oddities = n->list;
  p->oddity_count = n->count;
}

/* ---- the sample ---- */

static size_t whole_lines(enum shadow how, const char *p, size_t n) {
  size_t unit = shadow_unit(how), low = how == SHADOW_16BE;
  n -= n % unit;
  for (size_t i = n; i >= unit; i -= unit) {
    char c = p[i - unit + (unit == 2 ? low : 0)], high = unit == 2 ? p[i - unit + 1 - low] : 0;
    if ((c == '\n' || c == '\r') && !high) return i;
  }
  return n;
}

static int read_head(struct ctx *cx, const struct input *in, struct str *head) {
  uint64_t size = input_size(in);
  size_t want = size < LIMIT_SNIFF_BYTES ? (size_t)size : LIMIT_SNIFF_BYTES, got;
  char *bytes = ctx_alloc(cx, want + 1);
  int rc = input_read(cx, in, 0, bytes, want, &got);
  *head = (struct str){ bytes, got };
  return rc;
}

static void make_sample(struct ctx *cx, const struct input *in, struct str head, const char *encoding,
                        struct sample *s) {
  enum shadow how = shadow_of(encoding);
  s->whole = head.n == input_size(in);
  s->raw = head;
  if (!s->whole) s->raw.n = whole_lines(how, head.p, head.n);
  s->mark = bom_length(encoding, head.p, head.n);
  s->text = (struct str){ head.p + s->mark, s->raw.n - s->mark };
  if (strcmp(encoding, "UTF-8") == 0) return;
  struct buf out;
  buf_init(&out, 4 * LIMIT_SNIFF_BYTES);
  struct decoder *d = decoder_new(encoding);
  decoder_run(d, s->text, &out);
  decoder_free(d);
  s->text = (struct str){ ctx_strdup(cx, buf_view(&out)), out.n };
  buf_clear(&out);
}

/* ---- rules, from the profile ---- */

static int byte_or_none(int c) { return c > 0 ? c : 0; }

void rules_of(const struct profile *p, struct rules *r) {
  *r = (struct rules){ .quote = byte_or_none(p->dialect.quote),
                       .escape = byte_or_none(p->dialect.escape),
                       .cr = p->cr_ends,
                       .columns = (uint32_t)p->column_count };
  r->delimiter_n = strlen(p->dialect.delimiter);
  memcpy(r->delimiter, p->dialect.delimiter, sizeof r->delimiter);
}

void rules_shadow(const struct profile *p, struct rules *r) {
  rules_of(p, r);
  bool ascii = true;
  for (size_t i = 0; i < r->delimiter_n; i++) ascii = ascii && !(r->delimiter[i] & 0x80);
  if (ascii || strcmp(p->dialect.encoding, "UTF-8") == 0) return;
  r->delimiter_n = 1; /* a character beyond ASCII: one byte, or the shadow of one */
  r->delimiter[0] = (char)0x80;
  if (shadow_of(p->dialect.encoding) == SHADOW_SAME) r->delimiter[0] = p->dialect.delimiter[1];
}

/* ---- the profile ---- */

static void begin_profile(struct profile *p, const struct dialect *given, const struct encoding *e,
                          uint64_t size) {
  p->dialect = *given;
  str_copy(p->dialect.encoding, sizeof p->dialect.encoding, str_of(e->name));
  p->encoding_evidence = e->evidence;
  p->table_end = size;
}

static void note_encoding(const struct encoding *e, struct notes *notes) {
  if (e->damaged)
    note(notes, "damaged_text", 0, 1, "byte %llu and others are not valid %s: those rows are set aside",
         (unsigned long long)e->bad_at + 1, e->name);
  if (e->nul_at != UINT64_MAX)
    note(notes, "zero_bytes", 0, 1, "there are zero bytes in the file, the first at byte %llu",
         (unsigned long long)e->nul_at + 1);
}

static void take_dialect(struct profile *p, const struct sniffed *found) {
  memcpy(p->dialect.delimiter, found->rules.delimiter, sizeof p->dialect.delimiter);
  p->dialect.quote = found->rules.quote;
  p->dialect.escape = found->rules.escape;
  p->delimiter_evidence = found->evidence;
  p->newline = found->newline;
  p->cr_ends = found->rules.cr;
}

static int find_table(struct ctx *cx, const struct sample *s, const struct dialect *given, struct profile *p,
                      struct notes *notes) {
  if (json_looks(s->text, &p->kind)) {
    p->delimiter_evidence = p->header_evidence = "JSON";
    p->newline = "LF";
    p->dialect.quote = p->dialect.escape = QUOTE_NONE;
    p->dialect.header = 0;
    p->dialect.skip = 0;
    int rc = json_headings(cx, s, p);
    if (!rc) headings_make(cx, p, notes);
    return rc;
  }
  struct sniffed found;
  sniff_dialect(cx, s, given, &found);
  take_dialect(p, &found);
  if (strcmp(found.newline, "mixed") == 0) note(notes, "mixed_newlines", 0, 1, "lines end in different ways");
  return table_find(cx, s, &found, given, p, notes);
}

static int find_columns(struct ctx *cx, const struct input *in, const struct dialect *given,
                        struct profile *p, struct notes *notes) {
  int rc = columns_look(cx, in, given, KIB(64), p, NULL);
  if (!rc && p->kind == FILE_CSV) rc = footer_find(cx, in, p, notes);
  if (!rc) rc = columns_look(cx, in, given, LIMIT_SNIFF_BYTES, p, notes);
  return rc;
}

static void settle_decimal(struct profile *p, const struct dialect *given) {
  p->dialect.decimal = given->decimal ? given->decimal : '.';
  p->dialect.date_order = given->date_order;
  for (size_t i = 0; i < p->column_count; i++) {
    const struct column *c = &p->columns[i];
    if (!given->decimal && c->type == COLUMN_DECIMAL && c->decimal == ',') p->dialect.decimal = ',';
    bool better = c->date_order != DATE_YMD || p->dialect.date_order == DATE_AUTO;
    if (!given->date_order && c->type == COLUMN_DATE && better) p->dialect.date_order = c->date_order;
  }
  if (p->dialect.date_order == DATE_AUTO) p->dialect.date_order = DATE_YMD;
}

int profile_file(struct ctx *cx, const struct input *in, const struct dialect *given, struct profile **out) {
  struct profile *p = ctx_alloc(cx, sizeof *p);
  struct notes *notes = notes_new(cx);
  struct encoding e;
  struct sample s;
  struct str head;
  if (input_size(in) == 0)
    return fail(cx, E_INVALID, "input", "%s is empty: it holds no table", input_name(in));
  int rc = read_head(cx, in, &head);
  if (!rc) rc = encoding_detect(cx, in, head, given->encoding, &e);
  if (rc) return rc;
  begin_profile(p, given, &e, input_size(in));
  note_encoding(&e, notes);
  make_sample(cx, in, head, e.name, &s);
  if (str_trim(s.text).n == 0 && s.whole)
    return fail(cx, E_INVALID, "input", "%s holds nothing but blanks: there is no table", input_name(in));
  rc = find_table(cx, &s, given, p, notes);
  if (!rc) rc = find_columns(cx, in, given, p, notes);
  if (rc) return rc;
  settle_decimal(p, given);
  notes_end(notes, p);
  *out = p;
  return OK;
}

int profile_head(struct ctx *cx, const struct input *in, const struct dialect *stated, struct profile **out) {
  struct profile *p = ctx_alloc(cx, sizeof *p);
  struct notes *notes = notes_new(cx);
  struct encoding e = { .evidence = "as stated", .nul_at = UINT64_MAX };
  struct sample s;
  struct str head;
  if (!stated->encoding[0]) return fail(cx, E_INVALID, "encoding", "the encoding is not stated");
  if (read_head(cx, in, &head)) return cx->code;
  str_copy(e.name, sizeof e.name, str_of(stated->encoding));
  begin_profile(p, stated, &e, input_size(in));
  make_sample(cx, in, head, e.name, &s);
  if (find_table(cx, &s, stated, p, notes)) return cx->code;
  settle_decimal(p, stated);
  p->table_begin = 0;
  p->table_end = UINT64_MAX;
  *out = p;
  return OK;
}

int profile_count(struct ctx *cx, const struct input *in, const struct profile *p, int64_t *out) {
  struct splitter *s = splitter_new(cx, in, p, KIB(256));
  struct parser *parser = parser_new(p);
  struct batch b;
  struct row row;
  batch_init(&b);
  *out = 0;
  while (!splitter_next(cx, s, &b) && b.count) {
    uint64_t at = 0;
    for (uint32_t i = 0; i < b.count; at += b.spans[i++].length) {
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &row);
      *out += row.kind != ROW_OUTSIDE;
    }
  }
  batch_clear(&b);
  parser_free(parser);
  return cx->code;
}

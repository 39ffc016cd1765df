/*
** parse.c - one record's bytes as cells of clean UTF-8.
**
** The way of a record: is it inside the table, is it within the limits, decode
** it unless it is UTF-8 already, cut it, and fit it to the table's width.
** Cutting has three ways that agree where more than one applies:
**
**   plain    no quote and no escape: cut at the delimiters;
**   libcsv   quotes as they should be: the library in strict mode. A delimiter of
**            several bytes is handed to it as one control byte that the record
**            does not hold, an escaped quote as a doubled one;
**   repair   what libcsv refuses, or what has not the table's number of cells.
**
** Cells are never altered: decoded, unquoted, and without the blanks around an
** unquoted cell; that is all.
*/
#include <csv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "format/internal.h"

struct parser {
  const struct profile *p;
  struct rules rules;
  size_t unit;
  bool low_last;           /* of a wide unit the second byte is the low one */
  bool decodes;            /* the encoding is not UTF-8 */
  bool zeros;              /* zero bytes were seen in the file */
  struct decoder *decoder; /* made when first needed */
  struct csv_parser csv;
  struct buf text, plain, fixed; /* decoded; handed to libcsv; made by repair */
  struct cells cells;
  struct str *row; /* exactly column_count, for a row that is short */
  struct json_row *json;
  /* of the record being cut by libcsv */
  size_t used;
  uint32_t ends;
  char why[160];
};

/* Text may grow threefold by decoding; a little more for replaced bytes. */
#define TEXT_MAX (8 * LIMIT_RECORD_BYTES)

struct parser *parser_new(const struct profile *p) {
  struct parser *r = xcalloc(1, sizeof *r);
  r->p = p;
  r->unit = shadow_unit(shadow_of(p->dialect.encoding));
  r->low_last = shadow_of(p->dialect.encoding) == SHADOW_16BE;
  r->decodes = strcmp(p->dialect.encoding, "UTF-8") != 0;
  for (size_t i = 0; i < p->oddity_count; i++)
    if (strcmp(p->oddities[i].code, "zero_bytes") == 0) r->zeros = true;
  rules_of(p, &r->rules);
  buf_init(&r->text, TEXT_MAX);
  buf_init(&r->plain, TEXT_MAX);
  buf_init(&r->fixed, TEXT_MAX);
  csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI);
  r->row = xcalloc(p->column_count + 1, sizeof *r->row);
  if (p->kind != FILE_CSV) r->json = json_row_new(p);
  return r;
}

void parser_free(struct parser *r) {
  if (!r) return;
  buf_clear(&r->text);
  buf_clear(&r->plain);
  buf_clear(&r->fixed);
  csv_free(&r->csv);
  decoder_free(r->decoder);
  json_row_free(r->json);
  free(r->cells.list);
  free(r->row);
  free(r);
}

uint32_t parser_width(const struct parser *r) { return r->cells.count; }

/* ---- plain ---- */

static inline struct str trim_blanks(const char *p, size_t n, char delimiter) {
  while (n && (*p == ' ' || *p == '\t') && *p != delimiter) p++, n--;
  while (n && (p[n - 1] == ' ' || p[n - 1] == '\t')) n--;
  return (struct str){ p, n };
}

static void cut_plain(struct parser *r, struct str s) {
  const char *p = s.p, *end = s.p + s.n;
  size_t step = r->rules.delimiter_n;
  char first = r->rules.delimiter[0];
  for (;;) {
    size_t left = (size_t)(end - p);
    const char *d = !left       ? NULL
                    : step == 1 ? memchr(p, first, left)
                                : memmem(p, left, r->rules.delimiter, step);
    size_t n = d ? (size_t)(d - p) : left;
    cells_add(&r->cells, trim_blanks(p, n, step == 1 ? first : 0));
    if (!d || r->cells.count > LIMIT_COLUMNS) return;
    p = d + step;
  }
}

/* ---- libcsv ---- */

static void take_cell(void *bytes, size_t n, void *arg) {
  struct parser *r = arg;
  size_t at = r->fixed.n;
  buf_add(&r->fixed, bytes, n);
  cells_add(&r->cells, (struct str){ r->fixed.p + at, n });
}

static void take_end(int c, void *arg) {
  struct parser *r = arg;
  (void)c;
  r->ends++;
}

static bool unused_byte(struct str s, char *out) {
  for (char c = 0x1f; c > 0x0d; c--)
    if (!memchr(s.p, c, s.n)) {
      *out = c;
      return true;
    }
  return false;
}

/* Several bytes become one, and an escaped quote a doubled one. */
static void translate(struct parser *r, struct str s, char mark) {
  const struct rules *k = &r->rules;
  buf_reset(&r->plain);
  for (size_t i = 0; i < s.n;) {
    bool pair = k->escape && s.p[i] == (char)k->escape && i + 1 < s.n;
    if (k->delimiter_n > 1 && scan_delimiter_at(k, s.p, s.n, i)) {
      buf_char(&r->plain, mark);
      i += k->delimiter_n;
    } else if (pair && s.p[i + 1] == (char)k->quote) {
      buf_char(&r->plain, (char)k->quote);
      buf_char(&r->plain, (char)k->quote);
      i += 2;
    } else if (pair && s.p[i + 1] == (char)k->escape) {
      buf_char(&r->plain, (char)k->escape);
      i += 2;
    } else {
      buf_char(&r->plain, s.p[i++]);
    }
  }
}

static void make_room(struct buf *b, size_t n) {
  static const char nothing[4096];
  buf_reset(b);
  while (b->n < n && !b->full) buf_add(b, nothing, sizeof nothing);
  buf_reset(b);
}

/* A delimiter inside a quoted cell is itself again. Cells are in r->fixed; those
** that change move to r->plain, which has room for all of them. */
static void translate_back(struct parser *r, char mark) {
  size_t most = 0;
  for (uint32_t i = 0; i < r->cells.count; i++)
    if (memchr(r->cells.list[i].p, mark, r->cells.list[i].n)) most += r->cells.list[i].n;
  if (!most) return;
  make_room(&r->plain, most * r->rules.delimiter_n);
  for (uint32_t i = 0; i < r->cells.count; i++) {
    struct str cell = r->cells.list[i];
    if (!memchr(cell.p, mark, cell.n)) continue;
    size_t at = r->plain.n;
    for (size_t j = 0; j < cell.n; j++) {
      if (cell.p[j] == mark)
        buf_add(&r->plain, r->rules.delimiter, r->rules.delimiter_n);
      else
        buf_char(&r->plain, cell.p[j]);
    }
    r->cells.list[i] = (struct str){ r->plain.p + at, r->plain.n - at };
  }
}

static bool cut_quoted(struct parser *r, struct str s) {
  const struct rules *k = &r->rules;
  char mark = k->delimiter[0];
  bool many = k->delimiter_n > 1;
  if (many && !unused_byte(s, &mark)) return false;
  if (many || k->escape) {
    translate(r, s, mark);
    s = buf_view(&r->plain);
  }
  if (k->quote == (unsigned char)mark) return false;
  csv_set_delim(&r->csv, (unsigned char)mark);
  csv_set_quote(&r->csv, (unsigned char)k->quote);
  make_room(&r->fixed, s.n + 1); /* once: cells point into it */
  r->ends = 0;
  size_t read = csv_parse(&r->csv, s.p, s.n, take_cell, take_end, r);
  bool good = csv_fini(&r->csv, take_cell, take_end, r) == 0 && read == s.n && r->ends == 1;
  if (!good) { /* the library keeps its state after an error */
    csv_free(&r->csv);
    csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI);
  }
  if (good && many) translate_back(r, mark);
  return good;
}

/* ---- from text to cells ---- */

static bool has_byte(struct str s, int c) { return c && memchr(s.p, c, s.n) != NULL; }

/* A record in which another delimiter gives exactly the table's cells. */
static bool cut_otherwise(struct parser *r, struct str s) {
  static const char others[] = ";\t|, ";
  uint32_t want = r->rules.columns;
  for (size_t i = 0; i < sizeof others - 1; i++) {
    struct rules k = r->rules;
    k.delimiter[0] = others[i], k.delimiter_n = 1;
    if (others[i] == r->rules.delimiter[0] || want < (others[i] == ' ' ? 4u : 2u)) continue;
    if (!memchr(s.p, others[i], s.n)) continue;
    r->cells.count = 0;
    struct scan found = scan_cells(&k, s.p, s.n, SCAN_NOWHERE, NULL, 0);
    if (found.cells != want || found.open) continue;
    repair_cells(&k, s, false, &r->fixed, &r->cells);
    if (r->cells.count == want) return true;
  }
  return false;
}

/* With quotes: libcsv first; repair where it refuses, and where another reading
** has the table's number of cells. False when quotes had to be explained away. */
static bool cut_with_quotes(struct parser *r, struct str s) {
  bool good = cut_quoted(r, s);
  uint32_t strict = r->cells.count;
  if (good && (strict >= r->rules.columns || r->rules.escape)) return true;
  r->cells.count = 0;
  repair_cells(&r->rules, s, good, &r->fixed, &r->cells);
  if (!good) return false;
  if (r->cells.count == r->rules.columns && r->rules.columns) return r->cells.count == strict;
  r->cells.count = 0;
  return cut_quoted(r, s);
}

static void cut_text(struct parser *r, struct str s, const char **note) {
  const struct rules *k = &r->rules;
  r->cells.count = 0;
  if (!has_byte(s, k->quote))
    cut_plain(r, s);
  else if (!cut_with_quotes(r, s))
    *note = "a quote that closes nothing was read as text";
}

static void cut(struct parser *r, struct str s, const char **note) {
  cut_text(r, s, note);
  if (r->rules.columns < 2 || r->cells.count > 1 || s.n == 0) return;
  if (cut_otherwise(r, s))
    *note = "the row has another delimiter than the table";
  else
    cut_text(r, s, note);
}

/* ---- from cells to a row ---- */

static const char *too_large(const struct parser *r, struct str text) {
  if (r->cells.count > LIMIT_COLUMNS) return "the record has more than 4096 cells";
  for (uint32_t i = 0; i < r->cells.count && text.n > LIMIT_FIELD_BYTES; i++)
    if (r->cells.list[i].n > LIMIT_FIELD_BYTES) return "a cell is larger than 1 MiB";
  return NULL;
}

static bool all_empty(const struct parser *r) {
  for (uint32_t i = 0; i < r->cells.count; i++)
    if (r->cells.list[i].n) return false;
  return true;
}

static bool is_header(const struct parser *r, struct str body) {
  for (size_t i = 0; i < r->p->header_count; i++)
    if (str_eq(body, r->p->header_lines[i])) return true;
  return false;
}

/* A line that begins with # and is no row; an order called #1001 is one. */
static bool is_comment(const struct parser *r, struct str s) {
  if (s.p[0] != '#' || r->cells.count == r->p->column_count || r->p->column_count < 2) return false;
  return r->cells.count == 1 || (s.n > 1 && s.p[1] == ' ');
}

/* A cell that begins with a quote which nothing closes, up to the end of the record. */
static bool ends_open(const struct parser *r, struct str s) {
  struct scan k = scan_cells(&r->rules, s.p, s.n, SCAN_NOWHERE, NULL, 0);
  return k.open;
}

static void set_ragged(struct parser *r, struct row *out) {
  uint32_t want = (uint32_t)r->p->column_count, have = r->cells.count;
  out->count = want;
  out->cells = r->cells.list;
  if (have == want) return;
  if (have < want) {
    memcpy(r->row, r->cells.list, have * sizeof *r->row);
    for (uint32_t i = have; i < want; i++) r->row[i] = STR("");
    out->cells = r->row;
    out->missing = want - have;
  }
  for (uint32_t i = want; i < have; i++) out->extra += r->cells.list[i].n > 0;
  if (!out->missing && !out->extra) return; /* a delimiter too many, nothing lost */
  snprintf(r->why, sizeof r->why, "the row has %u cell%s, the table %u columns", have, have == 1 ? "" : "s",
           want);
  out->why = r->why;
}

static void set_broken(struct row *out, struct parser *r, const char *why) {
  out->kind = ROW_BROKEN;
  out->why = why;
  out->count = r->cells.count;
  out->cells = r->cells.list;
}

/* Without its line end. */
static struct str body_wide(const struct parser *r, struct str raw) {
  while (raw.n >= 2) {
    char low = raw.p[raw.n - 2 + r->low_last], high = raw.p[raw.n - 1 - r->low_last];
    if (high || (low != '\n' && low != '\r')) break;
    raw.n -= 2;
    if (low == '\r') break;
  }
  return raw;
}

static struct str body_of(const struct parser *r, struct str raw) {
  if (r->unit == 2) return body_wide(r, raw);
  if (raw.n && raw.p[raw.n - 1] == '\n') raw.n--;
  if (raw.n && raw.p[raw.n - 1] == '\r') raw.n--;
  return raw;
}

static struct str text_of(struct parser *r, struct str body, bool *good) {
  *good = true;
  if (!r->decodes && utf8_valid(body)) return body;
  if (!r->decoder) r->decoder = decoder_new(r->p->dialect.encoding);
  buf_reset(&r->text);
  *good = decoder_run(r->decoder, body, &r->text);
  return buf_view(&r->text);
}

/* Why the record cannot be a row; NULL when it can. ended: it has a line end. */
static const char *why_broken(const struct parser *r, struct str text, bool ended, const char *note) {
  const char *large = too_large(r, text);
  if (large) return large;
  if (r->zeros && memchr(text.p, 0, text.n)) return "the record holds a zero byte";
  if (!has_byte(text, r->rules.quote) || (ended && !note && !has_byte(text, '\n'))) return NULL;
  if (!ends_open(r, text)) return NULL;
  if (has_byte(text, '\n')) return "a quoted cell is never closed: the file seems to have been cut";
  if (!ended) return "the file ends inside a quoted cell: it seems to have been cut";
  return r->cells.count != r->p->column_count ? "a quote is opened and never closed" : NULL;
}

static void read_csv(struct parser *r, struct str raw, struct str body, struct row *out) {
  bool good;
  const char *note = NULL;
  struct str text = text_of(r, body, &good);
  cut(r, text, &note);
  if (all_empty(r) || is_comment(r, text)) {
    out->kind = ROW_OUTSIDE;
    return;
  }
  const char *broken = why_broken(r, text, raw.n > body.n, note);
  if (!good) broken = "bytes that are not valid in the file's encoding";
  if (broken) {
    set_broken(out, r, broken);
    return;
  }
  set_ragged(r, out);
  if (!out->why) out->why = note;
}

void parser_row(struct parser *r, struct str raw, uint64_t offset, struct row *out) {
  *out = (struct row){ .kind = ROW_DATA };
  r->cells.count = 0;
  if (offset < r->p->table_begin || offset >= r->p->table_end) {
    out->kind = ROW_OUTSIDE;
    return;
  }
  if (offset == 0) {
    size_t mark = bom_length(r->p->dialect.encoding, raw.p, raw.n);
    raw.p += mark, raw.n -= mark;
  }
  struct str body = body_of(r, raw);
  if (body.n == 0 || is_header(r, body)) {
    out->kind = ROW_OUTSIDE;
  } else if (raw.n >= LIMIT_RECORD_BYTES) {
    set_broken(out, r, "the record is longer than 8 MiB: a quote may be missing, or a line end");
  } else if (r->json) {
    bool good;
    struct str text = text_of(r, raw, &good);
    json_row_read(r->json, text, &r->cells, out);
    if (!good && out->kind == ROW_DATA) set_broken(out, r, "bytes that are not valid in the file's encoding");
  } else {
    read_csv(r, raw, body, out);
  }
}

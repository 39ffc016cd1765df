/*
** sniff.c - delimiter, quote, escape and record end, from the head of a file.
**
** Every candidate is tried: the head is cut into records as if it were the
** dialect, and two questions are asked. How alike are the records (the share of
** those with the commonest number of cells)? And do the cells look like values
** (numbers, dates, times, quoted text, text without other delimiters in it)? The
** product decides, with a little more for wider tables; as in G. van den Burg et
** al., "Wrangling messy CSV files by detecting row and type patterns" (2019).
**
** Blanks and colons are believed only where values speak for them, because
** prose and clock times have them, too.
*/
#include <stdlib.h>

#include "format/internal.h"

enum { TRY_BYTES = 128 * 1024, TRY_RECORDS = 600, TRY_CELLS = 256, WIDTHS = 512 };

/* ---- one candidate ---- */

struct trial {
  double score;
  uint32_t width; /* commonest number of cells */
  uint32_t records, fitting;
  double values; /* 0..1: how much cells look like values */
  double typed;  /* 0..1: numbers, dates, times, booleans, quoted cells */
};

static bool foreign(const struct rules *r, char c) {
  return (c == ',' || c == ';' || c == '\t' || c == '|') && c != r->delimiter[0];
}

static double looks_like_value(const struct rules *r, struct str s, bool quoted, bool *typed) {
  *typed = quoted;
  if (quoted || s.n == 0) return 1;
  enum kind k = kind_of(s);
  if (k != KIND_TEXT) {
    *typed = k != KIND_EMPTY;
    return 1;
  }
  size_t strange = 0;
  for (size_t i = 0; i < s.n; i++)
    strange += foreign(r, s.p[i]) || (r->quote && s.p[i] == (char)r->quote && i == 0);
  return strange ? 0.3 : s.n > 200 ? 0.6 : 0.9;
}

struct tally {
  uint32_t widths[WIDTHS];
  double values, typed;
  uint64_t cells;
};

static void try_record(const struct rules *r, struct str body, struct tally *t) {
  struct cell_span spans[TRY_CELLS];
  struct scan s = scan_cells(r, body.p, body.n, SCAN_NOWHERE, spans, TRY_CELLS);
  t->widths[s.cells < WIDTHS ? s.cells : WIDTHS - 1]++;
  for (uint32_t i = 0; i < s.cells && i < TRY_CELLS; i++) {
    struct str cell = { body.p + spans[i].begin, spans[i].end - spans[i].begin };
    bool typed;
    t->values += looks_like_value(r, cell, spans[i].quoted, &typed);
    t->typed += typed;
    t->cells++;
  }
}

static struct str strip_end(struct str s) {
  while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r')) s.n--;
  return s;
}

static struct trial try_rules(const struct rules *r, struct str text) {
  struct tally t = { 0 };
  struct trial out = { 0 };
  struct scan_memo memo = { 0 };
  size_t end = text.n < TRY_BYTES ? text.n : TRY_BYTES;
  for (size_t at = 0; at < end && out.records < TRY_RECORDS;) {
    uint32_t lines;
    size_t n = scan_record(r, text.p + at, text.n - at, true, at, &memo, &lines);
    struct str body = strip_end((struct str){ text.p + at, n });
    at += n;
    if (str_trim(body).n == 0) continue;
    out.records++;
    try_record(r, body, &t);
  }
  for (uint32_t w = 1; w < WIDTHS; w++)
    if (t.widths[w] > out.fitting || (t.widths[w] == out.fitting && t.widths[w] && w > out.width && w > 1))
      out.fitting = t.widths[w], out.width = w;
  if (!out.records) return out;
  double share = (double)out.fitting / out.records;
  out.values = t.values / (double)t.cells;
  out.typed = t.typed / (double)t.cells;
  out.score = out.width < 2 ? 0 : share * out.values * (1 - 1.0 / (out.width + 0.5));
  return out;
}

/* ---- the delimiter ---- */

static const struct candidate {
  const char *delimiter;
  double weight;
} candidates[] = {
  { ",", 1 },     { ";", 1 },     { "\t", 1 },        { "|", 1 },         { "\t\t", 1.02 }, { "||", 1.02 },
  { "::", 1.02 }, { ";;", 1.02 }, { "\\t", 1.02 },    { "|~|", 1.02 },    { "~", .9 },      { "^", .9 },
  { "\x1f", 1 },  { "\x01", 1 },  { "\xc2\xa7", .9 }, { "\xc2\xa6", .9 }, { ":", .7 },      { " ", .6 },
  { "*", .5 },    { "#", .5 },    { "/", .4 },
};

static void set_delimiter(struct rules *r, const char *z) {
  r->delimiter_n = strlen(z);
  str_copy(r->delimiter, sizeof r->delimiter, str_of(z));
}

/* Signs that values are full of must show that values come of them. */
static bool believable(const char *z, const struct trial *t) {
  double share = (double)t->fitting / t->records;
  if (strcmp(z, " ") == 0) return t->typed >= 0.45 && t->width >= 3;
  if (strcmp(z, ":") == 0 || strcmp(z, "/") == 0 || strcmp(z, "*") == 0 || strcmp(z, "#") == 0)
    return share >= 0.9 && t->records > 1 && t->typed >= 0.2;
  return share >= 0.3 || t->fitting >= 3;
}

/* Whether the character comes in pairs only: then the pair is the delimiter. */
static bool only_pairs(struct str text, char c) {
  size_t n = text.n < TRY_BYTES ? text.n : TRY_BYTES, pairs = 0;
  for (size_t i = 0; i < n;) {
    size_t run = 0;
    while (i + run < n && text.p[i + run] == c) run++;
    if (run == 1 || run > 2) return false;
    pairs += run == 2;
    i += run ? run : 1;
  }
  return pairs > 0;
}

/* A pair is a delimiter when it never comes single; a comma may be empty cells. */
static bool pairs_agree(const char *z, struct str text) {
  size_t n = strlen(z);
  if (n == 1) return *z == ',' || *z == ' ' || !only_pairs(text, *z);
  return n != 2 || z[0] != z[1] || only_pairs(text, *z);
}

static double best_delimiter(struct rules *r, struct str text, struct trial *best) {
  struct rules won = *r;
  double most = 0;
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    const char *z = candidates[i].delimiter;
    size_t n = text.n < TRY_BYTES ? text.n : TRY_BYTES;
    if (!memmem(text.p, n, z, strlen(z))) continue;
    struct rules k = *r;
    set_delimiter(&k, z);
    struct trial t = try_rules(&k, text);
    double score = t.score * candidates[i].weight;
    if (score <= most || t.width < 2 || !believable(z, &t)) continue;
    if (!pairs_agree(z, text)) continue;
    most = score, *best = t, won = k;
  }
  *r = won;
  return most;
}

/* ---- the quote and the escape ---- */

/* Cells that begin and end with the character, and those that only begin with it. */
static void count_edges(const struct rules *r, struct str text, char q, uint32_t *whole, uint32_t *half) {
  struct rules plain = *r;
  struct cell_span spans[TRY_CELLS];
  plain.quote = 0;
  *whole = *half = 0;
  size_t end = text.n < TRY_BYTES ? text.n : TRY_BYTES;
  for (size_t at = 0; at < end;) {
    size_t body, n = scan_line(r, text.p + at, text.n - at, &body);
    struct scan s = scan_cells(&plain, text.p + at, body, SCAN_NOWHERE, spans, TRY_CELLS);
    for (uint32_t i = 0; i < s.cells && i < TRY_CELLS; i++) {
      const char *p = text.p + at + spans[i].begin;
      size_t m = spans[i].end - spans[i].begin;
      bool first = m > 0 && p[0] == q, last = m > 0 && p[m - 1] == q;
      if (m > 1 && first && last)
        ++*whole;
      else if (first || last) /* a quoted cell with delimiters in it */
        ++*half;
    }
    at += n;
  }
}

static int find_quote(const struct rules *r, struct str text) {
  static const char odd[] = "'`^~$%";
  uint32_t whole, half, best = 0;
  int quote = '"';
  count_edges(r, text, '"', &whole, &half);
  if (whole > 0 || half > 3) return '"';
  for (size_t i = 0; i < sizeof odd - 1; i++) {
    if (odd[i] == r->delimiter[0]) continue;
    count_edges(r, text, odd[i], &whole, &half);
    uint32_t enough = odd[i] == '\'' ? 1 : 3;
    if (whole >= enough && whole > best) best = whole, quote = (unsigned char)odd[i];
  }
  return quote;
}

static uint32_t misfits(const struct rules *r, struct str text) {
  struct trial t = try_rules(r, text);
  return t.records - t.fitting;
}

/* Stray quotes in the head: an escape that is one leaves none. */
static uint64_t count_stray(const struct rules *r, struct str text) {
  uint64_t stray = 0;
  struct scan_memo memo = { 0 };
  size_t end = text.n < TRY_BYTES ? text.n : TRY_BYTES;
  for (size_t at = 0; at < end;) {
    uint32_t lines;
    size_t n = scan_record(r, text.p + at, text.n - at, true, at, &memo, &lines);
    struct str body = strip_end((struct str){ text.p + at, n });
    stray += scan_cells(r, body.p, body.n, SCAN_NOWHERE, NULL, 0).stray;
    at += n;
  }
  return stray;
}

static int find_escape(const struct rules *r, struct str text) {
  char pair[3] = { '\\', (char)r->quote, 0 };
  size_t n = text.n < TRY_BYTES ? text.n : TRY_BYTES;
  if (!r->quote || !memmem(text.p, n, pair, 2)) return 0;
  struct rules with = *r, without = *r;
  with.escape = '\\', without.escape = 0;
  uint64_t cost_with = count_stray(&with, text) + 4 * (uint64_t)misfits(&with, text);
  uint64_t cost_without = count_stray(&without, text) + 4 * (uint64_t)misfits(&without, text);
  return cost_with < cost_without ? '\\' : 0;
}

/* ---- record ends ---- */

struct ends {
  size_t lf, crlf, cr;
};

static struct ends count_ends(struct str s) {
  struct ends e = { 0 };
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\n')
      e.lf++;
    else if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
      e.crlf++, i++;
    else if (s.p[i] == '\r')
      e.cr++;
  }
  return e;
}

static const char *name_ends(struct ends e, bool cr) {
  int kinds = (e.lf > 0) + (e.crlf > 0) + (cr && e.cr > 0);
  if (kinds > 1) return "mixed";
  return e.crlf ? "CRLF" : cr && e.cr ? "CR" : "LF";
}

/* Lone carriage returns end records when there is nothing else, or when more
** records fit the table so. */
static bool cr_ends(struct rules *r, struct str text, struct ends e) {
  if (!e.cr) return false;
  if (!e.lf && !e.crlf) return true;
  struct rules with = *r, without = *r;
  with.cr = true, without.cr = false;
  struct trial a = try_rules(&with, text), b = try_rules(&without, text);
  return a.width == b.width && (double)a.fitting / a.records > (double)b.fitting / b.records;
}

/* ---- all together ---- */

/* "sep=;" as Excel understands it. */
static size_t sep_line(struct str text, struct rules *r, bool given) {
  size_t body, n = scan_line(r, text.p, text.n, &body);
  if (body < 5 || body > 9 || !str_eq_nocase((struct str){ text.p, 4 }, STR("sep="))) return 0;
  if (!given) {
    r->delimiter_n = body - 4;
    str_copy(r->delimiter, sizeof r->delimiter, (struct str){ text.p + 4, body - 4 });
  }
  return n;
}

static const char *show(struct ctx *cx, const char *z) {
  if (strcmp(z, "\t") == 0) return "a tab";
  if (strcmp(z, "\t\t") == 0) return "two tabs";
  if (strcmp(z, " ") == 0) return "a blank";
  return ctx_printf(cx, "\"%s\"", z);
}

/* For a file of one column: a delimiter that cuts nothing. */
static const char *absent_delimiter(struct str text) {
  static const char *const usual[] = { ",", "\t", ";", "|" };
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    if (!memchr(text.p, *usual[i], text.n)) return usual[i];
  return "\x1f";
}

static void find_delimiter(struct ctx *cx, struct rules *r, struct str text, bool quote_given,
                           struct sniffed *out) {
  struct trial best = { 0 }, single = { 0 };
  double score = best_delimiter(r, text, &best);
  uint32_t whole = 0, half = 0;
  if (!quote_given && *r->delimiter) count_edges(r, text, '\'', &whole, &half);
  if (whole + half > 1) { /* try again as if apostrophes were quotes */
    struct rules k = *r;
    k.quote = '\'';
    double other = best_delimiter(&k, text, &single);
    if (other > score * 1.02) *r = k, best = single, score = other;
  }
  if (score > 0) {
    out->evidence = ctx_printf(cx, "%s gives %u cells in %u of %u records", show(cx, r->delimiter),
                               best.width, best.fitting, best.records);
    return;
  }
  set_delimiter(r, absent_delimiter(text));
  out->evidence = "no delimiter gives records of the same width: one column";
}

void sniff_dialect(struct ctx *cx, const struct sample *s, const struct dialect *given, struct sniffed *out) {
  struct rules *r = &out->rules;
  struct str text = s->text;
  *out = (struct sniffed){ .rules = { .quote = given->quote == QUOTE_AUTO ? '"' : given->quote } };
  r->escape = given->escape > 0 ? given->escape : 0;
  struct ends e = count_ends((struct str){ text.p, text.n < 2 * TRY_BYTES ? text.n : 2 * TRY_BYTES });
  r->cr = e.cr > 0 && !e.lf && !e.crlf;
  if (*given->delimiter) set_delimiter(r, given->delimiter);
  out->skip = text.n ? sep_line(text, r, *given->delimiter) : 0;
  text.p += out->skip, text.n -= out->skip;
  if (*given->delimiter)
    out->evidence = "as stated";
  else if (out->skip)
    out->evidence = "the first line states it (sep=)";
  else
    find_delimiter(cx, r, text, given->quote != QUOTE_AUTO, out);
  if (given->quote == QUOTE_AUTO) r->quote = find_quote(r, text);
  if (given->escape == QUOTE_AUTO) r->escape = find_escape(r, text);
  r->cr = cr_ends(r, text, e);
  out->newline = name_ends(e, r->cr);
}

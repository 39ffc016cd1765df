/*
** repair.c - the most plausible reading of a record whose quotes are wrong.
**
** Between two delimiters lies a piece. A cell is either one piece as it stands,
** or a run of pieces that begins and ends with a quote. Which pieces belong
** together is chosen so that the number of cells is the table's and as few
** quotes as possible must be explained away: dynamic programming over the
** pieces, with these costs:
**
**   0   an unquoted piece, a quoted run whose inner quotes are all doubled
**   1   each single quote inside a quoted run
**   3   a quote at the beginning of a piece that is taken as text
**   4   a delimiter followed by a quote and text inside a quoted run: that looks
**       like the beginning of another cell
**   10  each cell too many or too few
**
** So in  7,"2,AB,"Table, 48""",x  the quote before 2 is text, and in
** "Round 48"","Made of oak"  the first of the doubled quotes is.
*/
#include <stdlib.h>

#include "format/internal.h"

enum {
  PIECES_MAX = 256,
  COST_STRAY = 1,
  COST_TEXT = 3,
  COST_INSIDE = 4,
  COST_COUNT = 10,
  COST_NEVER = 1 << 28
};

void cells_add(struct cells *c, struct str s) {
  if (c->count == c->room) {
    c->room = c->room ? c->room * 2 : 64;
    c->list = xrealloc(c->list, c->room * sizeof *c->list);
  }
  c->list[c->count++] = s;
}

static struct str trim(struct str s) {
  while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.n--;
  while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
  return s;
}

/* ---- what a run of pieces costs as one quoted cell ---- */

static int inner_cost(const struct rules *r, struct str inner) {
  int cost = 0;
  for (size_t i = 0; i < inner.n; i++) {
    if (r->escape && inner.p[i] == (char)r->escape && i + 1 < inner.n && inner.p[i + 1] == (char)r->quote) {
      i++;
      continue;
    }
    if (inner.p[i] != (char)r->quote) continue;
    if (i + 1 < inner.n && inner.p[i + 1] == (char)r->quote) {
      i++;
      continue;
    }
    cost += COST_STRAY;
    bool after = i >= r->delimiter_n && scan_delimiter_at(r, inner.p, inner.n, i - r->delimiter_n);
    bool text = i + 1 < inner.n && inner.p[i + 1] != ' ' && !scan_delimiter_at(r, inner.p, inner.n, i + 1);
    if (after && text) cost += COST_INSIDE;
  }
  return cost;
}

static bool is_quoted(const struct rules *r, struct str run) {
  run = trim(run);
  return run.n >= 2 && run.p[0] == (char)r->quote && run.p[run.n - 1] == (char)r->quote;
}

static int run_cost(const struct rules *r, struct str run) {
  run = trim(run);
  return inner_cost(r, (struct str){ run.p + 1, run.n - 2 });
}

/* ---- the pieces ---- */

struct piece {
  size_t begin, end;
};

static uint32_t find_pieces(const struct rules *r, struct str text, struct piece *pieces) {
  uint32_t n = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.n;) {
    if (!scan_delimiter_at(r, text.p, text.n, i)) {
      i++;
      continue;
    }
    if (n == PIECES_MAX - 1) return 0;
    pieces[n++] = (struct piece){ begin, i };
    begin = i += r->delimiter_n;
  }
  pieces[n++] = (struct piece){ begin, text.n };
  return n;
}

/* ---- the best way through ---- */

struct step {
  int cost;
  uint16_t from; /* the piece where the last cell begins */
};

struct plan {
  const struct rules *r;
  struct str text;
  int text_cost; /* of a quote taken as text */
  struct piece pieces[PIECES_MAX];
  uint32_t n;         /* pieces, and the most cells there can be */
  struct step *steps; /* [pieces so far][cells so far] */
};

static struct step *step_at(const struct plan *w, uint32_t pieces, uint32_t cells) {
  return &w->steps[(size_t)pieces * (w->n + 1) + cells];
}

static struct str run_of(const struct plan *w, uint32_t from, uint32_t to) {
  return (struct str){ w->text.p + w->pieces[from].begin, w->pieces[to].end - w->pieces[from].begin };
}

/* One more cell, made of the pieces from..to. */
static void offer(const struct plan *w, uint32_t from, uint32_t to, int cost) {
  for (uint32_t cells = 0; cells <= from; cells++) {
    const struct step *was = step_at(w, from, cells);
    struct step *next = step_at(w, to + 1, cells + 1);
    if (was->cost + cost < next->cost) *next = (struct step){ was->cost + cost, (uint16_t)from };
  }
}

static bool opens(const struct plan *w, uint32_t i) {
  struct str one = trim(run_of(w, i, i));
  return one.n > 0 && one.p[0] == (char)w->r->quote;
}

static void plan_from(const struct plan *w, uint32_t i) {
  offer(w, i, i, opens(w, i) ? w->text_cost : 0);
  if (!opens(w, i)) return;
  for (uint32_t j = i; j < w->n; j++) {
    struct str run = run_of(w, i, j);
    if (is_quoted(w->r, run)) offer(w, i, j, run_cost(w->r, run));
  }
}

/* The pieces where the cells begin, last cell first; returns how many. */
static uint32_t plan_make(struct plan *w, uint16_t *starts) {
  uint32_t want = w->r->columns, best = 1, count = 0;
  size_t size = (size_t)(w->n + 1) * (w->n + 1);
  w->steps = xmalloc(size * sizeof *w->steps);
  for (size_t i = 0; i < size; i++) w->steps[i] = (struct step){ COST_NEVER, 0 };
  step_at(w, 0, 0)->cost = 0;
  for (uint32_t i = 0; i < w->n; i++) plan_from(w, i);
  int least = COST_NEVER;
  for (uint32_t cells = 1; cells <= w->n; cells++) {
    int off = !want ? 0 : cells > want ? (int)(cells - want) : (int)(want - cells);
    int cost = step_at(w, w->n, cells)->cost + off * COST_COUNT;
    if (cost < least) least = cost, best = cells;
  }
  for (uint32_t to = w->n, cells = best; cells > 0; cells--)
    to = starts[count++] = step_at(w, to, cells)->from;
  free(w->steps);
  return count;
}

/* Planning is worth its price for records of ordinary size only. */
static bool plannable(const struct plan *w) {
  uint32_t openers = 0;
  for (uint32_t i = 0; i < w->n; i++) openers += opens(w, i);
  return w->n > 0 && (uint64_t)openers * openers * (w->text.n + w->n) < 4000000;
}

/* ---- from a run to a cell ---- */

static struct str unquote(const struct rules *r, struct str run, struct buf *out) {
  run = trim(run);
  struct str inner = { run.p + 1, run.n - 2 };
  size_t at = out->n;
  for (size_t i = 0; i < inner.n; i++) {
    bool pair = i + 1 < inner.n && inner.p[i + 1] == (char)r->quote &&
                (inner.p[i] == (char)r->quote || (r->escape && inner.p[i] == (char)r->escape));
    if (pair) i++;
    buf_char(out, inner.p[i]);
  }
  return (struct str){ out->p ? out->p + at : "", out->n - at };
}

/* Pieces as cells, whatever they hold: for records too wide to plan. */
static void as_scanned(const struct rules *r, struct str text, struct buf *out, struct cells *cells) {
  uint32_t most = LIMIT_COLUMNS + 1;
  struct cell_span *spans = xmalloc(most * sizeof *spans);
  struct scan s = scan_cells(r, text.p, text.n, SCAN_NOWHERE, spans, most);
  for (uint32_t i = 0; i < s.cells && i < most; i++) {
    struct str cell = { text.p + spans[i].begin, spans[i].end - spans[i].begin };
    if (spans[i].quoted && memchr(cell.p, r->quote, cell.n)) {
      struct str run = { cell.p - 1, cell.n + 2 };
      if (spans[i].end < text.n) cell = unquote(r, run, out);
    }
    cells_add(cells, cell);
  }
  free(spans);
}

void repair_cells(const struct rules *r, struct str text, bool keep, struct buf *out, struct cells *cells) {
  struct plan *w = xmalloc(sizeof *w);
  uint16_t starts[PIECES_MAX];
  w->r = r;
  w->text = text;
  w->text_cost = keep ? COST_TEXT * 1000 : COST_TEXT;
  w->n = find_pieces(r, text, w->pieces);
  buf_reset(out);
  buf_str(out, text); /* makes the room: cells point into it, so it must not move */
  buf_reset(out);
  if (!plannable(w)) {
    as_scanned(r, text, out, cells);
    free(w);
    return;
  }
  uint32_t count = plan_make(w, starts);
  for (uint32_t i = count; i-- > 0;) {
    struct str run = run_of(w, starts[i], i > 0 ? starts[i - 1] - 1u : w->n - 1);
    cells_add(cells, is_quoted(r, run) ? unquote(r, run, out) : trim(run));
  }
  free(w);
}

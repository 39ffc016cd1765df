/*
** table.h - the sample as rows, while the table in it is being found. Only
** table.c, header.c and headings.c include it.
*/
#ifndef FORMAT_TABLE_H
#define FORMAT_TABLE_H

#include "format/internal.h"

enum { ROWS_KEPT = 400, HEADER_MOST = 3 };

struct line_row {
  uint64_t line; /* lines of the sample before it */
  uint32_t lines, width, filled;
  bool blank; /* nothing in it, or a comment */
  uint32_t count;
  struct str *cells; /* of the first ROWS_KEPT rows only */
};

struct table {
  struct ctx *cx;
  const struct sample *s;
  struct profile *p, seen; /* seen: the profile with which the sample's text is read */
  struct rules rules;
  size_t skip; /* bytes before the first row: a "sep=" line */
  uint64_t skip_lines;
  struct line_row *rows;
  uint32_t count;
  uint32_t kept;        /* rows up to here may have their cells: not more than ROWS_KEPT of them */
  uint64_t keep_from;   /* line before which no cells are kept: stated with skip */
  uint32_t first, body; /* rows: the table's first, the first after the header */
  struct vote {
    enum kind kind; /* KIND_TEXT when the column is not of one kind */
    char shape[16]; /* "" when the values have not one shape */
  } * votes;
};

/* ---- header.c ---- */

struct verdict {
  double sum;
  uint32_t against, with, heard; /* typed columns: cells that are no value, that are one, both */
  uint32_t values;               /* numbers, dates, times, whatever the column */
  uint32_t alike;                /* text that occurs below, codes of the column's shape */
  bool distinct, complete;
};

/* Looks at the rows from `from` on: what each column holds. */
void table_vote(struct table *t, uint32_t from);
/* What the votes say about a row; `below` is the first row after it. */
struct verdict table_judge(const struct table *t, const struct line_row *row, uint32_t below);
/* Whether t->first is a header; sets t->body and the evidence. */
bool table_find_header(struct table *t, const struct dialect *given);
/* The next row that is not blank; false at the end. */
bool table_next_row(const struct table *t, uint32_t *i);

/* ---- headings.c ---- */

/* Sets width, columns, labels and header lines of the profile. */
void table_set_columns(struct table *t, bool header, struct notes *notes);

#endif

/*
** format.h - bytes <-> rows. Pure: no database, no network.
**
** Three steps, so that an import can run each on a thread of its own:
**
**   profile_file  looks at the whole file once (cheaply) and decides encoding,
**                 dialect, headings, where the table begins and ends, and for
**                 each column how its numbers and dates are to be read.
**   splitter      cuts the file into records: spans of original bytes, batch by
**                 batch. The batches lie one after the other and cover every
**                 byte of the file: preamble, footer, blank lines and all.
**   parser        turns one record's bytes into cells of clean UTF-8.
**
** Nothing is guessed silently: every decision of the profile carries the
** evidence for it, and everything odd is listed.
*/
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/limits.h"
#include "format/input.h"

/* ---- the dialect: what a user may state, and what is otherwise detected ---- */

enum date_order { DATE_AUTO, DATE_YMD, DATE_DMY, DATE_MDY };
enum { QUOTE_AUTO = -1, QUOTE_NONE = 0 };

struct dialect {
  char encoding[32]; /* iconv name in upper case; "" detect */
  char delimiter[8]; /* 1..7 bytes of UTF-8; "" detect */
  int quote;         /* a byte, QUOTE_NONE or QUOTE_AUTO */
  int escape;        /* a byte, QUOTE_NONE (a doubled quote) or QUOTE_AUTO */
  int header;        /* 1 yes, 0 no, -1 detect */
  int64_t skip;      /* records before the table; -1 detect */
  char decimal;      /* '.' or ','; 0 detect */
  enum date_order date_order;
};

void dialect_init(struct dialect *d); /* everything is to be detected */

/* One setting by its command line name (encoding, delimiter, quote, escape,
** header, skip, decimal, date-order). "tab" and "\t" are a tab, "none" no quote.
** E_INVALID names the setting and says what it may be. */
int dialect_set(struct ctx *cx, struct dialect *d, const char *name, const char *value);

/* The names that dialect_set takes, ended by NULL. */
extern const char *const dialect_settings[];

/* ---- the profile of a file ---- */

enum file_kind { FILE_CSV, FILE_JSON_LINES, FILE_JSON_ARRAY };
enum column_type { COLUMN_EMPTY, COLUMN_INTEGER, COLUMN_DECIMAL, COLUMN_DATE, COLUMN_BOOLEAN, COLUMN_TEXT };

struct column {
  const char *heading;        /* clean UTF-8; "column 3" where the file has none; made unique */
  const char *label;          /* what the file's header lines say, joined by blanks; "" where nothing */
  enum column_type type;      /* what nearly all of its values are */
  uint64_t values, empty;     /* in the rows looked at */
  uint64_t odd;               /* values that are not of the type */
  enum date_order date_order; /* of a date column */
  bool ambiguous;             /* no value decides: day and month could be swapped */
  char decimal;               /* '.' or ',' of a number column */
  const char *evidence;       /* why: "13/02/2024 in line 7 can only be day first" */
  const char *example;
};

struct oddity {
  const char *code; /* stable: "ragged_row", "repeated_header", "mixed_dates" */
  uint64_t line;    /* first seen; 0 when it is about the whole file */
  uint64_t count;
  const char *text; /* a sentence */
};

struct profile {
  enum file_kind kind;
  struct dialect dialect; /* every setting decided */
  const char *encoding_evidence, *delimiter_evidence, *header_evidence;
  const char *newline; /* "LF", "CRLF", "CR", "mixed" */
  size_t column_count;
  struct column *columns;
  uint64_t table_begin;   /* offset of the first data record, after preamble and header */
  uint64_t table_end;     /* offset after the last data record, before the footer */
  uint64_t rows_estimate; /* data rows, from bytes a row; exact when the sample was all */
  size_t oddity_count;
  struct oddity *oddities;
  bool cr_ends;             /* a lone carriage return ends a record */
  size_t header_count;      /* header lines: 0 when the file has none */
  struct str *header_lines; /* their original bytes, to know them when they are repeated */
};

/* E_INVALID for a file that holds no table (empty, binary), with the reason.
** The profile lives as long as the unit of work and is read-only from then on. */
int profile_file(struct ctx *cx, const struct input *in, const struct dialect *given, struct profile **out);

/* The same from the head of the file alone, for a file that was profiled before and
** whose dialect is stated in full: headings, and how cells are cut. Columns have no
** type and no format, and all of the file is the table: it is for records that are
** known to be rows. Quick, whatever the size of the file. */
int profile_head(struct ctx *cx, const struct input *in, const struct dialect *stated, struct profile **out);

/* How many rows it has, broken ones too: exactly, by reading all of it. An import finds as many. */
int profile_count(struct ctx *cx, const struct input *in, const struct profile *p, int64_t *out);

const char *file_kind_name(enum file_kind k);     /* csv, json_lines, json_array */
const char *column_type_name(enum column_type t); /* empty, integer, decimal, date, boolean, text */
struct jw;
void profile_oddities(const struct profile *p, struct jw *w); /* "oddities": [...], into an open object */
void profile_json(const struct profile *p, struct buf *out);  /* for --json */
void profile_text(const struct profile *p, struct buf *out, bool color); /* for people */

/* ---- records: spans of the original bytes ---- */

struct span {
  uint32_t length; /* bytes, record end included */
  uint32_t lines;  /* physical lines it takes: 1, or more when quoted fields break */
};

struct batch {
  char *bytes; /* whole records only */
  size_t n, room;
  uint64_t offset;    /* of bytes[0] in the file */
  uint64_t line;      /* of the first record, counted from 1 */
  struct span *spans; /* add up to n */
  uint32_t count, spans_room;
};

void batch_init(struct batch *b); /* allocates nothing; used again for every splitter_next */
void batch_clear(struct batch *b);

struct splitter;
/* Ends with the unit of work. target: bytes a batch should have; a single
** record longer than that makes a larger one, up to LIMIT_RECORD_BYTES, where
** it is cut at a line end and the parser will refuse it. */
struct splitter *splitter_new(struct ctx *cx, const struct input *in, const struct profile *p, size_t target);
/* At most so many records a batch; 0: as many as there are. */
void splitter_limit(struct splitter *s, uint32_t records);
/* The next records; count 0 at the end of the file. */
int splitter_next(struct ctx *cx, struct splitter *s, struct batch *b);

/* ---- rows: cells of one record ---- */

enum row_kind {
  ROW_DATA,
  ROW_OUTSIDE, /* preamble, header, footer, blank, repeated header: kept in raw, not a record */
  ROW_BROKEN,  /* a record that cannot be read: `why` says so, cells hold what could be */
};

struct row {
  enum row_kind kind;
  uint32_t count;    /* cells; always the profile's column_count for ROW_DATA */
  struct str *cells; /* owned by the parser, valid until its next row */
  uint32_t extra;    /* cells beyond the headings that were not empty: kept in raw */
  uint32_t missing;  /* cells that a short row lacks: empty here */
  const char *why;   /* of ROW_BROKEN; of ROW_DATA when the row is ragged or had to be repaired, else NULL */
};

struct parser; /* one per thread; several may read the same profile */
struct parser *parser_new(const struct profile *p);
void parser_free(struct parser *r);
/* raw: one record as the splitter cut it, starting at `offset` of the file. */
void parser_row(struct parser *r, struct str raw, uint64_t offset, struct row *out);

/* ---- values ---- */

/* A date (a time of day after it is accepted and dropped): ISO, 8 digits
** (20240229), with / - . or blank between, month names in English, two-digit
** years 1970..2069. order: DATE_YMD also reads ISO only. */
bool value_date(struct str s, enum date_order order, int32_t *days);

/* A number: sign before or after, (12) negative, currency signs and codes at
** either end, thousands, lakh, apostrophe, blank and no-break blank groups,
** exponent. Groups must be well formed: 1,23,456.78 and 123,456.78 are, 12,34.5 is not. */
bool value_number(struct str s, char decimal, int scale, int64_t *out, bool *rounded);

/* ---- for showing ---- */

/* Original bytes as clean UTF-8: what is not valid becomes U+FFFD, a NUL U+2400. */
void text_show(const char *encoding, struct str raw, struct buf *out);

/* ---- rows out ---- */

/* One RFC 4180 cell: quoted when it must be. */
void csv_put(struct buf *out, struct str cell);

/* The same of a text that a spreadsheet might take for a formula, where that may begin: at the start of the cell, and behind
** each semicolon, tab and end of line in it, since a spreadsheet that cuts lines at semicolons heeds no quotes in the middle
** of what it has cut. What stands there - apostrophes, and then = + - @ or their wide forms; at the start also a tab or an end of
** line - gets one apostrophe more, and the cell is quoted. A number stays one. */
void csv_put_guarded(struct buf *out, struct str cell);
/* The other way: one apostrophe less at each such place, so that what was guarded is what it was. In cx, if anything goes. */
struct str csv_unguarded(struct ctx *cx, struct str cell);

/* "Order  No." and "order_no" become "order no": how headings are compared. */
struct str heading_plain(char out[static LIMIT_HEADING], const char *heading);

#endif

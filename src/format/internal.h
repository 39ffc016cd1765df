/*
** internal.h - what the files of this folder share. Nobody else includes it.
**
** Two views of the same bytes:
**
**   text    clean UTF-8, what cells are cut from;
**   shadow  one byte for each unit of the original encoding, ASCII as it is and
**           everything else 0x80. Record ends, quotes and delimiters are found
**           there without decoding; offsets in the file are unit times position.
**           For UTF-8 and single-byte encodings the shadow is the file itself.
*/
#ifndef FORMAT_INTERNAL_H
#define FORMAT_INTERNAL_H

#include "base/limits.h"
#include "base/map.h"
#include "format/format.h"

/* ---- encodings (encoding.c, detect.c) ---- */

enum shadow { SHADOW_SAME, SHADOW_SJIS, SHADOW_GBK, SHADOW_16LE, SHADOW_16BE };

enum shadow shadow_of(const char *encoding);
static inline size_t shadow_unit(enum shadow how) { return how >= SHADOW_16LE ? 2 : 1; }
/* out has room for n bytes; returns how many it made. */
size_t shadow_make(enum shadow how, const char *p, size_t n, char *out);

struct decoder; /* from one encoding to UTF-8; heap-allocated, one per thread */
struct decoder *decoder_new(const char *encoding);
void decoder_free(struct decoder *d);
/* Adds clean UTF-8 to out; false when bytes were not valid: they became U+FFFD. */
bool decoder_run(struct decoder *d, struct str raw, struct buf *out);
bool encoding_known(const char *name); /* iconv has it and it contains ASCII as ASCII */
size_t bom_length(const char *encoding, const char *p, size_t n);

struct encoding {
  char name[32];
  const char *evidence;
  bool damaged;    /* single bytes that do not belong to the encoding */
  uint64_t bad_at; /* the first of them */
  uint64_t nul_at; /* first NUL byte beyond the sample; UINT64_MAX when there is none */
  bool ends_in_newline;
};
/* head: the first bytes of the file. given: an encoding the user states, or "". */
int encoding_detect(struct ctx *cx, const struct input *in, struct str head, const char *given,
                    struct encoding *out);

/* ---- how records are cut (scan.c) ---- */

struct rules {
  char delimiter[8];
  size_t delimiter_n;
  int quote;        /* 0 none */
  int escape;       /* 0 a doubled quote */
  bool cr;          /* a lone carriage return ends a record */
  uint32_t columns; /* of the table; 0 not known yet */
};

struct cell_span {
  size_t begin, end; /* quotes and outer blanks left out */
  bool quoted;
};

struct scan {
  uint32_t cells;
  bool open;      /* the last cell's quote is not closed */
  size_t opened;  /* position of that quote */
  uint32_t stray; /* quotes that are neither at the edge of a cell nor doubled */
};

#define SCAN_NOWHERE SIZE_MAX
/* One record of n bytes (or the part of it that is there), read leniently: a
** quote opens a cell only at its beginning and closes it only before a
** delimiter or the end. literal: position of a quote to be read as text. */
struct scan scan_cells(const struct rules *r, const char *p, size_t n, size_t literal, struct cell_span *out,
                       uint32_t max);

/* Length of the line at p, its end included; n when no end was found. *body
** leaves the end out. A CR as the very last byte counts as an end. */
size_t scan_line(const struct rules *r, const char *p, size_t n, size_t *body);

/* Remembers across records that no quote closes before `until` (same base as
** p's absolute position), so that a file full of stray quotes is not quadratic. */
struct scan_memo {
  uint64_t until;
};

/* Length of the record at p; 0 when more bytes are needed to tell. `at` is the
** position of p in the stream, for the memo. */
size_t scan_record(const struct rules *r, const char *p, size_t n, bool eof, uint64_t at,
                   struct scan_memo *memo, uint32_t *lines);

bool scan_delimiter_at(const struct rules *r, const char *p, size_t n, size_t i);
void rules_of(const struct profile *p, struct rules *out);     /* in text */
void rules_shadow(const struct profile *p, struct rules *out); /* in the shadow */

/* ---- records that break the rules (repair.c) ---- */

struct cells {
  struct str *list;
  uint32_t count, room;
};
void cells_add(struct cells *c, struct str s);

/* The most plausible reading of a record whose quotes are wrong. Cells point
** into text or into out. keep: every quote at the beginning of a cell is one, for
** records that are well formed but have too few cells. */
void repair_cells(const struct rules *r, struct str text, bool keep, struct buf *out, struct cells *cells);

/* ---- kinds of values (kind.c) ---- */

enum kind { KIND_EMPTY, KIND_INTEGER, KIND_DECIMAL, KIND_DATE, KIND_TIME, KIND_BOOLEAN, KIND_TEXT };
enum kind kind_of(struct str s); /* "n/a", "null", "-" and the like are empty */
bool kind_absent(struct str s);  /* nothing, or a word for nothing */

enum date_form { FORM_NONE, FORM_ISO, FORM_NUMERIC, FORM_NAMED };
struct date_parts {
  enum date_form form;
  int first, second; /* of FORM_NUMERIC: the two small numbers as they stand */
  int year, month, day;
  char separator;
  bool month_first; /* of FORM_NAMED */
};
bool date_split(struct str s, struct date_parts *out); /* FORM_NUMERIC: month and day not decided */

/* ---- detection (sniff.c, table.c, column.c) ---- */

/* The text of the head of a file, and what was found out about it so far. */
struct sample {
  struct str raw;  /* as in the file, from its first byte; whole lines unless it is all */
  struct str text; /* the same without the byte order mark, decoded */
  size_t mark;     /* bytes of the byte order mark */
  bool whole;      /* it is the whole file */
};

/* Offset in the file after so many lines of the sample. */
uint64_t sample_offset(const struct sample *s, const struct profile *p, uint64_t lines);

struct sniffed {
  struct rules rules;
  const char *evidence;
  size_t skip; /* bytes of a "sep=" line before everything */
  const char *newline;
};
void sniff_dialect(struct ctx *cx, const struct sample *s, const struct dialect *given, struct sniffed *out);

struct notes; /* oddities, collected while profiling */
void note(struct notes *n, const char *code, uint64_t line, uint64_t count, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Cells that the record read last had, before it was fitted to the table. */
uint32_t parser_width(const struct parser *r);

/* Finds preamble, header, width and a second table in the sample; sets
** columns, headings, header_lines, table_begin and table_end of p. */
int table_find(struct ctx *cx, const struct sample *s, const struct sniffed *found,
               const struct dialect *given, struct profile *p, struct notes *notes);
/* Finds the footer in the last bytes of the file; moves table_end. */
int footer_find(struct ctx *cx, const struct input *in, struct profile *p, struct notes *notes);
/* A heading for every label: never empty, unique, one line. */
void headings_make(struct ctx *cx, struct profile *p, struct notes *notes);

/* Looks at the rows of the table: types, number and date formats, oddities. bytes:
** how much of the file; more only where a day and a month, or a decimal sign, are
** not told apart. notes may be NULL. */
int columns_look(struct ctx *cx, const struct input *in, const struct dialect *given, uint64_t bytes,
                 struct profile *p, struct notes *notes);

/* ---- JSON (json_rows.c) ---- */

bool json_looks(struct str head, enum file_kind *kind);
int json_headings(struct ctx *cx, const struct sample *s, struct profile *p);
size_t json_record(const struct profile *p, const char *s, size_t n, bool eof, uint32_t *lines);

struct json_row;
struct json_row *json_row_new(const struct profile *p);
void json_row_free(struct json_row *j);
void json_row_read(struct json_row *j, struct str text, struct cells *cells, struct row *out);

#endif

/*
** batch.h - what goes up to headquarters in one piece: rows of several tables and the position that a lane is at when
** they have arrived. Composed at the edge (compose.h), carried by a connection or a file, applied there (apply.h).
**
** A section is rows of one table, as lines of PostgreSQL's COPY text format, without organization and origin, which are the
** batch's and are added when it is applied:
**   text      UTF-8; a zero byte, which PostgreSQL has no place for, becomes U+2400, what is no UTF-8 U+FFFD
**   instant   2024-02-29 23:59:59.123456+00
**   day       2024-02-29
**   decimal   with all digits of its scale: 12.5000
**   bytes     \x and hex
**   boolean   t, f
**
** How a section is applied, within its organization and origin:
**   BATCH_ADD      rows that are new are inserted. With `missing`, those that are there already are left alone.
**   BATCH_REPLACE  rows whose column `of` has one of `values` go, then these come: no row for a value means that there is
**                  nothing any more.
** `keys` of BATCH_ADD order rows that never change at headquarters; NULL: they may change.
**
** Records of entities have no section: they follow from the entries of the log (apply.h).
*/
#ifndef REPLICATE_BATCH_H
#define REPLICATE_BATCH_H

#include "base/buf.h"
#include "base/ctx.h"
#include "replicate/receipt.h"

enum batch_how { BATCH_ADD, BATCH_REPLACE };

struct up_section {
  const char *table, *columns; /* "run,record,key" */
  const char *keys;
  const char *of; /* BATCH_REPLACE */
  int64_t
      origin; /* whose rows they are, when not the batch's own: what is said of a run stands where the run stands; or 0 */
  enum batch_how how;
  bool missing;
  int64_t rows;
  struct buf copy, values; /* values: whole numbers, a comma between them */
};

enum { BATCH_SECTIONS = 64, BATCH_BYTES_MOST = 96 << 20 };

struct up_batch {
  struct seal
      seal; /* whose it is, positions, and what the edge puts its name to; texts live as long as the unit of work that
                    ** composed it. Positions are JSON, see compose.h */
  unsigned char last_hash[SHA256_SIZE]; /* of entry seal.last_seq */
  int64_t rows;
  struct up_section sections[BATCH_SECTIONS];
  int count;
};

void up_init(struct up_batch *b);
void up_clear(struct up_batch *b); /* frees the rows */

/* The section of a table, made when it is not there; all but the rows is taken from `like`. NULL: there are too many. */
struct up_section *up_section(struct up_batch *b, const struct up_section *like);

/* Cells in the order of the columns, each with a tab behind it; the end of the row puts a newline in its place. */
void cell_null(struct buf *out);
void cell_text(struct buf *out, struct str v); /* p NULL: NULL */
void cell_bytes(struct buf *out, struct str v);
void cell_int(struct buf *out, int64_t v);
void cell_decimal(struct buf *out, int64_t v, int scale);
void cell_bool(struct buf *out, bool v);
void cell_day(struct buf *out, int64_t days);
void cell_time(struct buf *out, int64_t us);
void up_row_end(struct up_batch *b, struct up_section *s);

int64_t up_bytes(const struct up_batch *b); /* of its rows so far */

/* Root, hash and signature of a batch that is complete; key NULL: all but the signature. In two steps: only the second needs to know
** the batch before it. */
int up_seal(struct ctx *cx, const struct sign_key *key, struct up_batch *b);
int up_seal_rows(struct ctx *cx, struct up_batch *b);
int up_seal_sign(struct ctx *cx, const struct sign_key *key, struct up_batch *b);

#endif

/*
** merkle.h - what a batch holds as one digest: a Merkle tree over blocks of rows
** (RFC 6962, 2.1). Whoever has the rows can compute it again, and a block that
** differs is found without looking at the others.
**
**   row    of each column: its value as PostgreSQL prints it in COPY's text format,
**          without the escapes, as `<bytes>:<text>`; NULL as `-`. Instants are
**          `YYYY-MM-DD HH:MI:SS.UUUUUU+00`, numbers have their full scale, bytea is \x
**          and hex, booleans are t and f
**   block  at most MERKLE_BLOCK rows of one table, in their order
**   leaf   SHA-256 over 0x00, the table's name, 0x1f and the rows of the block
**   node   SHA-256 over 0x01, left, right; the left side holds the largest power of two
**          that is smaller than the whole
**   root   of no leaves: SHA-256 of nothing; of one: the leaf
**
** outpost.merkle_root and outpost.batch_leaves (sql/upstream) are the same in SQL.
*/
#ifndef REPLICATE_MERKLE_H
#define REPLICATE_MERKLE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/hash.h"
#include "base/json.h"

enum { MERKLE_BLOCK = 256 };

/* Adds the leaves of one table's rows, SHA256_SIZE bytes each. `copy` is COPY text: lines that end with \n,
** columns that a tab separates. E_INVALID for what is no such text. *rows: how many there are. */
int merkle_leaves(struct ctx *cx, struct buf *leaves, const char *table, struct str copy, int64_t *rows);

void merkle_root(struct str leaves, unsigned char out[static SHA256_SIZE]);

/* One value in a row's text; p NULL is NULL. */
void merkle_value(struct buf *out, struct str value);

/* The next value of a line of COPY text, without its escapes; *at moves behind it. The value is in `line`, in `plain` when it had
** escapes, or p is NULL. false: there is none, or it is no COPY text. */
bool copy_value(struct str line, size_t *at, struct buf *plain, struct str *value);
/* A whole line as a row's text; plain is room to work in. */
bool copy_row_text(struct buf *text, struct buf *plain, struct str line);
/* The values of the columns `keys` ("run,record") in a line, as an array of texts. E_INVALID: one is not there, or NULL. */
int copy_keys(struct ctx *cx, struct jw *w, const char *name, const char *columns, const char *keys,
              struct str line);

#endif

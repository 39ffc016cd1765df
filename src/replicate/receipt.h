/*
** receipt.h - a batch is sealed by the edge that made it, and receipted by headquarters.
**
** Every batch of a lane holds the hash of the one before it, so that none can be left out or put in between; its hash
** covers all that the row of outpost.batch says of it, with the root over its rows (merkle.h), and is signed with the
** appliance's own key (base/sign.h):
**
**   hash = SHA-256 over, each as `<bytes>:<text>` and NULL as `-`: "outpost-batch-1", organization (uuid, lower case),
**          origin, lane, sequence, previous (hex), position_from, position_to, first_seq, last_seq, row_count,
**          byte_count, sections, root (hex), made_at (UTC microseconds)
**
** sections, a JSON text, says what the leaves are of, in their order:
**
**   [{"table":"sale","columns":"run,record,key,...","rows":20000,"leaves":79,"keys":"run,record",
**     "first":["7","1"],"last":["7","20000"]}, ...]
**
** `keys`, `first` and `last` stand only with rows that never change at headquarters: who looks there later finds them as
** the rows of this organization and origin whose keys are between first and last, in the order of the keys, and their
** leaves must come out the same (outpost.batch_leaves). Rows that may change later (an entity's, a run's state) are proven
** by the entries of the log that they follow from.
**
** Headquarters' receipt is made by a trigger of outpost.batch when the row comes in: an HMAC-SHA256 over
** organization, origin, lane, sequence, hash (hex) and received_at, written the same way, with a key that nobody but the
** trigger's own function reads (schema outpost_seal). The edge stores it: it proves later that it was given.
*/
#ifndef REPLICATE_RECEIPT_H
#define REPLICATE_RECEIPT_H

#include "base/buf.h"
#include "base/sign.h"
#include "replicate/pg.h"
#include "store/store.h"

struct seal_section {
  const char *table, *columns; /* comma-separated, in the order of the copy text */
  const char *keys; /* of rows that never change: the columns that order them; NULL: they may change */
  struct str copy;  /* COPY text */
};

struct seal {
  /* said by the caller */
  const char *organization, *lane; /* uuid in lower case */
  int64_t origin, sequence;
  unsigned char previous[SHA256_SIZE]; /* hash of the batch before, zero for sequence 1 */
  const char *position_from, *position_to;
  int64_t first_seq, last_seq;
  int64_t made_at; /* UTC microseconds */

  /* said by seal_rows and seal_sign; texts live as long as the unit of work */
  const char *sections;
  struct str leaves;
  int64_t rows, bytes; /* bytes of COPY text */
  unsigned char root[SHA256_SIZE], hash[SHA256_SIZE], signature[SIGNATURE_MAX];
  size_t signature_size;
};

/* What the rows say: all up to the root. E_INVALID for what is no COPY text, or when a key is not among the columns. */
int seal_rows(struct ctx *cx, const struct seal_section *sections, int count, struct seal *seal);
/* Hash and signature of all that is said by then; without a key, the hash alone. */
int seal_sign(struct ctx *cx, const struct sign_key *key, struct seal *seal);

/* The hash of what the seal says, for those who check one. */
void seal_hash(const struct seal *seal, unsigned char out[static SHA256_SIZE]);

/* Stores the receipts of batches that headquarters has confirmed, as it gave them. *more: there may be more of them.
** E_CONFLICT: headquarters has another batch under one of their numbers. */
int receipt_fetch(struct ctx *cx, struct tenant *t, struct pg *p, bool *more);

#endif

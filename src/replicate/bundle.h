/*
** bundle.h - the way to headquarters on a stick: the same batches as over a connection, in one file.
**
**   edge  bundle_export   what headquarters has not confirmed becomes batches in a file
**   HQ    bundle_import   they are applied as if the edge had sent them; a receipt is written beside the file
**   edge  bundle_receipt  the lanes move to where headquarters says that they are
**
** A bundle: the line "outpost-bundle-1", then frames: bytes packed and bytes plain (eight each, the least first), a zlib stream.
** The first frame is the head, a JSON object, with the records that came with the program and were never touched (shipped.h), which no
** entry of the log brings; then a batch each: a line of JSON (what its seal says, and the sizes of what
** follows), then the rows of its sections as COPY text; the last frame says how many there were, with the edge's signature
** of the digest of all that stands before it: SHA-256 of the first line, then for each frame SHA-256 of the digest so far and
** the frame. Every batch is signed besides (receipt.h).
**
** Nothing of a bundle is applied before all of it was looked at: one that was cut, changed, made by somebody else or for another
** organization is refused. A batch that is there already is passed over, so a bundle may be imported twice; one that
** follows a batch which is not there waits for its bundle.
**
** Who imports writes in the edge's name: the dsn is the administrator's.
*/
#ifndef REPLICATE_BUNDLE_H
#define REPLICATE_BUNDLE_H

#include "replicate/batch.h"
#include "store/store.h"

struct bundle_told {
  int64_t batches, known, rows, bytes; /* known: were there already; bytes: of the file */
  const char *receipt;                 /* the file that bundle_import wrote */
};

/* E_CONFLICT when the path is taken. No batches: there is nothing to send, and no file. */
int bundle_export(struct ctx *cx, struct tenant *t, const char *path, struct bundle_told *out);
int bundle_import(struct ctx *cx, struct pg *p, const char *path, struct bundle_told *out);
int bundle_receipt(struct ctx *cx, struct tenant *t, const char *path, struct bundle_told *out);

/* A batch as bytes and back. E_INVALID says what is wrong; its hash is computed of what was read, and fits what it says.
** Texts live as long as the unit of work. */
void bundle_encode(const struct up_batch *b, struct buf *out);
int bundle_decode(struct ctx *cx, struct str plain, struct up_batch *b);

#endif

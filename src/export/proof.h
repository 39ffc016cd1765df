/*
** proof.h - a run as a document that proves itself to somebody who has no access to
** this machine: JSON lines, signed. tests/proof/verify.mjs checks it, with node and
** nothing else; whoever wants to can write his own from what follows.
**
** Line by line, each an object with a `kind`:
**   header     format "outpost-proof/1", created, program, schema, tenant {id, slug, name}, run, undone
**              (null, or {at, actor}), dataset {name, key_field, fields [{name, kind, scale, group,
**              total}]}, with {rows, log}, key {algorithm, pem, fingerprint}
**   run        sealed {uuid, dataset, source, ..., settings, rules}: settings and rules are the JSON
**              texts as they are kept; rules_sha256 is over the latter
**   control, category, check     sealed {...}: the rows of run_control, run_category, run_check
**   figure     group (null: all; or a field), name (of the group), orders, and the sums
**   cell       sealed {orders, ...}: a row of the stored totals, codes by number; names {field: text}
**   row        key, record, line, offset, length, values {field: text}: a clean row; asked for only
**   exception  sealed {id, line, offset, category, stage, faults, raw}, state, length; asked for only
**   entry      seq, hlc, at, actor, unit, event, tbl, key, before, after, count, text, hash: an entry of
**              the change log; the first one has `previous`, the hash before it
**   gap        from, to, previous, hash: entries that speak of others. What is in them is not given
**              away, so that they lead from one hash to the other is stated here, not proved;
**              asked for with `log` they are there, as far as whoever asks may see them (model/visible.h)
**   signature  algorithm, fingerprint, signature (base64 of DER): ECDSA P-256 over the SHA-256 of all
**              bytes before this line
**
** A value under `sealed`, and one of an entry, is a text, null, or {"base64": ...} where it is no
** UTF-8; numbers are texts, too. Sums of CRC-32 over sealed values, each followed by a zero byte, are
** the digests that the entries RUN_COMPLETED and RUN_AUDITED seal (ingest/digest.h):
**   run_crc     the run, its controls, its categories          total_crc   cells
**   clean_crc   rows: key, record, then the fields - dates as days since 1970-01-01, decimals as
**               integers at their scale                        reject_crc  exceptions
**   check_crc   checks (RUN_AUDITED)
** The hash of an entry is SHA-256 over the hash before it and seq, hlc, at (64 bits, little endian),
** actor, unit, event, tbl, key, before, after (each its length as 64 bits, -1 for null, then its
** bytes), count, text (store/change.c).
**
** What it does not prove: that the machine's clock was right, and that the file which came in was
** true. Who holds the key can sign anything: the fingerprint has to be known from elsewhere.
*/
#ifndef EXPORT_PROOF_H
#define EXPORT_PROOF_H

#include "base/sign.h"
#include "export/tables.h"

struct proof_request {
  const char *run; /* an id, its unique prefix, or "latest" */
  bool rows;       /* every clean row and every exception, too */
  bool log;        /* every entry of the log since the run began that whoever acts may see, also those that
                      speak of others */
  const struct sign_key *key;
};

/* Streams; E_NOT_FOUND, and E_CONFLICT when rows are asked for that do not count at present. */
int proof_write(struct ctx *cx, struct db *db, const struct proof_request *r, export_write_fn *write,
                void *arg);

#endif

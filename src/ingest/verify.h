/*
** verify.h - the proof that a tenant's file is what it was: run at any time, from
** a file that may be damaged.
**
** Checks, each named in the answer:
**   file        SQLite's integrity_check and foreign keys
**   high_water  the change that was last acknowledged is still there
**   change_log  the hash chain from its first entry
**   schema      tables, views and triggers are this program's; the ledger of
**               migrations is the one that the log seals
**   records     every record is as its last entry of the log says, or as shipped
**   and what was registered: archive, the ledger of stock and its levels
**   of every run that is done:
**     raw         SHA-256 over the kept bytes is that of the file; CRC-32 names the
**                 chunk that was changed
**     rows        digests of clean rows, exceptions and totals are those that
**                 stand in the chain
**     the five of checks.h, the raw side judged anew from the kept bytes by the
**     rules as they stood when the run began
*/
#ifndef INGEST_VERIFY_H
#define INGEST_VERIFY_H

#include "base/json.h"
#include "store/store.h"

struct finding {
  const char *check; /* "raw" */
  const char *run;   /* uuid, or NULL */
  bool ok;
  const char *text; /* what was found */
};

struct verdict {
  struct finding *finding;
  size_t count;
  size_t bad;
  bool chain_holds; /* of the change log, from its first entry on */
};

/* E_... only when it could not look at all; what it finds wrong is in the verdict. */
int verify_tenant(struct ctx *cx, struct store *s, const char *slug, struct verdict *out);

/* What other folders can prove of a file, wired in main.c: fn tells each finding by found(arg, ...),
** whose texts live as long as cx. A failure of its own is a finding, too. */
typedef void verify_found_fn(void *arg, const char *check, bool ok, const char *text);
typedef int verify_part_fn(struct ctx *cx, struct db *db, verify_found_fn *found, void *arg);
void verify_register(const char *check, verify_part_fn *fn);

/* Makes up for the self-audit of a run whose process died before it: the raw side
** is judged anew. db is the writer; called inside tenant_write_alone. */
int verify_audit(struct ctx *cx, struct tenant *t, struct db *db, int64_t run);

#endif

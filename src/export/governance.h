/*
** governance.h - the report on the controls: what each one judged, what it
** caught, who changed it, and how the tenant's file stands. For people who have
** to answer for the data, and for auditors who ask them.
**
** Counted are runs that are done and not undone. A run that replaced an older one
** counts in its place.
**
** governance  period {from, to},
**             controls [{dataset, control, version, stage, kind, field, category,
**               owner (from entity steward), runs, records (judged), failed, pass_rate (0..1, null: judged nothing),
**               first_seen, last_seen (when it judged first and last), last_caught,
**               changes (versions so far; 0: built in), effective, text,
**               versions [{version, runs, records, failed}]}],
**               effective: catches (something failed it), silent (it judged, and nothing
**               did, or has not judged yet), off (does not judge any more)
**             rule_changes [{seq, at, actor, event, table, name, text}] newest first, 200 at most,
**             runs {done, failed, undone, interrupted, running}, rows {read, rejected},
**             audits {passed, failed},
**             exceptions {open, corrected, accepted, median_days_open (of the open ones),
**               median_days_to_settle}: days with a fraction, null when there are none
**             log {entries, first, last, head (hash), verified (when a self-audit last
**               walked it)},
**             proof {key_fingerprint}: null until the first proof was made
*/
#ifndef EXPORT_GOVERNANCE_H
#define EXPORT_GOVERNANCE_H

#include "base/json.h"
#include "store/store.h"

struct governance_scope {
  const char *dataset;     /* NULL: all */
  int64_t from, to;        /* runs that began, rules that changed: from <= instant < to */
  const char *fingerprint; /* of the signing key, or NULL */
};

/* The whole of time. */
#define GOVERNANCE_ALWAYS .from = INT64_MIN, .to = INT64_MAX

int governance_report(struct ctx *cx, struct db *db, const struct governance_scope *scope, struct jw *w,
                      const char *key);

#endif

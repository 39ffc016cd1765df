/*
** proposal.h - changes to rules and reference lists, proposed together:
**
**   {"rules": [{"id": ..., "params": {"min": "1"}},     changed
**              {"dataset": ..., "name": ..., ...},      new
**              {"id": ..., "active": false}],           off
**    "items": [{"list": "regions", "value": "Islands"}, new
**              {"id": ..., "deleted": true}]}           gone (rules, too)
**
** They go through the one door (record.h) like any other change: the same checks,
** the same errors. Items come before rules and deletions of items after them, so
** that a list may be made together with the rule that asks for it. A field of a
** failure is named with its place: rules[0].params.
*/
#ifndef INGEST_PROPOSAL_H
#define INGEST_PROPOSAL_H

#include "base/json.h"
#include "ingest/rules.h"

enum { PROPOSAL_MAX = 1000 };

/* Inside tenant_write: all of them, or none. Writes "rules": [...] and "items":
** [...] as they are now into the open object of w. */
int proposal_apply(struct ctx *cx, struct db *db, struct jv *changes, struct jw *w);

/* The active rules as they would be; db is only read. NULL or {} changes nothing. */
int proposal_rules(struct ctx *cx, struct db *db, const struct dataset *d, struct jv *changes,
                   struct rules **out);

#endif

/*
** conflict.h - the inbox of changes that did not hold: records of the entity sync_conflict.
**
** A conflict is found here, when headquarters' row meets changes that were not sent yet (pull.h), or at headquarters, when what was
** sent meets others' changes; it has the same id either way (merge.h), so there is one. Whose change here did not hold is told by
** an alert `sync_conflict`. Everything works without a link: to take a value is a change of the record like any other.
*/
#ifndef REPLICATE_CONFLICT_H
#define REPLICATE_CONFLICT_H

#include "record/record.h"
#include "replicate/merge.h"
#include "store/store.h"

struct conflict {
  const char *id;
  const struct entity *entity;
  const char *record, *field;
  const struct jv *base, *lost, *won;
  bool here; /* it was a change of this place that did not hold */
};

/* Members of its record: base, lost, won. */
void conflict_put(struct jw *w, const struct conflict *c);
/* Inside tenant_write. Notes it, and tells people of it when it is new. */
int conflict_note(struct ctx *cx, struct db *db, const struct conflict *c);
/* For those who decide (same_key.h): it is taken, kept or settled. note may be NULL. */
int conflict_decided(struct ctx *cx, struct db *db, const char *id, const char *state, const char *note);
/* A record as it is; NULL: there is none (E_NOT_FOUND). */
const struct jv *conflict_row(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
/* Somebody went on from it; nothing when there is no such conflict, or somebody decided already. */
int conflict_settle(struct ctx *cx, struct db *db, const char *id);

/* What people do, inside tenant_write; note may be NULL. take: what did not hold is brought back; keep: what holds is right.
** E_NOT_FOUND, E_CONFLICT when it was decided already. */
int conflict_take(struct ctx *cx, struct db *db, const char *id, const char *note);
int conflict_keep(struct ctx *cx, struct db *db, const char *id, const char *note);
/* A choice is taken back: the record is what it was before, and the conflict is open. Nothing when it is open; E_CONFLICT when
** somebody went on from it. */
int conflict_reopen(struct ctx *cx, struct db *db, const char *id, const char *note);

/* An array of those that are open, or of all, newest first. */
int conflict_list(struct ctx *cx, struct db *db, bool all, int64_t limit, struct jw *w, const char *key);
/* Those that are open (state "open"), decided ("decided") or all, newest first, a page of them, as GET /api/sync/conflicts shows
** them: see conflict_show.c. E_INVALID: another state, or a cursor of another list. */
int conflict_page(struct ctx *cx, struct db *db, const char *state, int64_t limit, const char *cursor,
                  struct jw *w, const char *key, struct record_page *page);
/* What people call a record: its key, or its id. */
const char *conflict_title(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
/* Which kind of record it is about; E_NOT_FOUND. */
int conflict_entity(struct ctx *cx, struct db *db, const char *id, const struct entity **out);

#endif

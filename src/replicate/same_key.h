/*
** same_key.h - two places made a record with the same unique key, and neither knew of the other.
**
** Headquarters holds both; a file can hold one under that key. So each of the two places has its own, and the other's is parked
** (parked.h). The later one gives way: by created_at, then by the id, so all places say the same. Where it was
** made, people choose, in the inbox of conflicts (conflict.h), with the line or without:
**
**   rename   the own record gets another key (same_key_rename), an edit like any other, and both are there
**   keep     theirs is right: the own one is deleted, and what refers to it refers to theirs from then on, here at once and
**            elsewhere when the deletion arrives (gave_way.h)
**
** Either way theirs comes in at once, from the copy that the conflict holds. Whoever gives the other record another key, or deletes it,
** settles it as well: theirs comes in with the next pass. The earlier one never gives way, so two people
** who choose at once cannot delete both.
**
** The conflict is a record of sync_conflict about the field "id": base the names of the key's fields, lost the own record and won theirs,
** both whole. Its id follows from the ids of the two. Headquarters keeps no conflict of it: what was chosen is edits.
*/
#ifndef REPLICATE_SAME_KEY_H
#define REPLICATE_SAME_KEY_H

#include "model/entity.h"
#include "store/store.h"

#define SAME_KEY_FIELD "id"

/* A row of headquarters was refused with the sentence `reason`, because of its key perhaps. Notes the conflict, if there is one, or what became
** of it, and says more: *reason, *address. Inside tenant_write. */
int same_key_refused(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *theirs,
                     const char **reason, const char **address);
/* It came in. */
int same_key_over(struct ctx *cx, struct db *db, const struct entity *e, const char *theirs);

/* What people do, inside tenant_write; `id` is a conflict that is open. values: {"sku": "A-2"}, fields of the key. note may be NULL.
** E_INVALID, E_CONFLICT: another key is needed, or a sentence why the records cannot follow. */
struct same_key_rename {
  const char *id, *note;
  struct jv *values;
};
int same_key_rename(struct ctx *cx, struct db *db, void *rename); /* a write_fn */
int same_key_keep(struct ctx *cx, struct db *db, const char *id, const char *note);

#endif

/*
** merge.h - two people changed the same record, and neither knew of the other.
**
** A record lives at headquarters (HQ) and at edges. Each changes it without asking
** anybody; what changed travels as an EDIT: what the record was before, what it was
** after, and when. Merging makes one state of all edits that arrived, and it is the
** same one in whatever order they did. It is done per field, by what the field is
** declared to be (property.merge):
**
**   latest   the edit with the latest stamp shows
**   review   the same; but it is a person who decides in the end
**   delta    what edits added or took away is added up: 100 that one made 95 and
**            another made 110 is 105. `version` is one of these, too
**
** STAMPS. An edit's stamp is a pair [stamp, origin]: the time of the change,
** corrected by HQ's clock, in milliseconds << 16 with a counter below, and who (the
** number of the edge and its epoch; 0 is HQ). Pairs are ordered by stamp, then
** origin, and no two edits have the same one. Stamps of one origin never go down:
** who makes them sees to it. A row at HQ keeps the stamp of every field:
**
**   sync_stamps  NULL: all fields have [sync_at, sync_origin]; else
**                {"": [s, o], "price": [s, o], ..., "*": true}
**                "": of all that are not named. "*": more than one origin has written
**                the row, so its edges must look at it when it changes.
**   sync_at      grows with every write; sync_origin whose stamp is the latest (NULL: HQ)
**
** What a person at HQ writes with plain SQL is stamped by a trigger with a stamp
** above all of the row: he saw what is there, so it is what he wants.
**
** WHY THE ORDER DOES NOT MATTER. latest: the greatest of a set of stamps does not
** depend on the order in which one looks at them. delta: addition does not, and each
** edit arrives once (the batch and its position are one transaction). Deleting and
** restoring are edits of the field deleted_at, where the latest shows. A record of
** which an edit arrives but no creation was shipped with the program: what the edit
** did not touch has the stamp [0, 0].
**
** Edits of one origin that travel together are one edit: before the first, after the
** last, and for each field the stamp of the last that changed it. It comes to the
** same.
**
** DELETED HERE, CHANGED THERE. A deletion takes the record away whatever else was
** changed, and whenever; the changes are merged beneath it all the same, so who
** restores it finds them. Who changed it is told that it is gone.
**
** NO LOSER IS LOST. An edit's field is lost when it does not show and nobody who
** knew of it went on from it: neither its author (a later edit of his), nor somebody
** whose edit has its value as `before`, nor somebody who came to the same value. Each
** such is a row of outpost.conflict with base (what its author saw before), what he
** made of it and who won. Its id follows from table, key, field and the loser's
** stamp: two who notice it write the same row. It is `settled` when one of the above
** happens later. A value that HQ holds in change_log cannot be lost anyway; this is
** the list of those that somebody should look at.
**
** THE SAME AT AN EDGE. HQ's row comes down, and there may be edits that HQ does not
** know yet: entries of the own log behind what HQ's row contains (the head of the
** lane, read in the same snapshot). The record becomes HQ's row with these edits
** merged into it, by the same rules; and when they arrive there, HQ comes to the
** same. So what an edge shows is what HQ will show if nobody else interferes, and
** conflicts are known before the edge has sent a byte.
**
** At HQ it is sql/upstream/060_merge.sql, for a batch:
**
**   outpost.merge_rows(organization, table, origin, ids, befores, afters, stamps, kinds)
**     arrays with an edit each, in the order of the log: `before` and `after` of
**     the entries as they are (before NULL: created), stamps {"": n, "price": n},
**     kinds {"stock": "delta"} of the table. It locks in the order of ids.
**
** The fast way, without it, is right for a record that is not there, and for one with
** sync_origin = mine and no "*" in sync_stamps; it must write the same stamps:
** outpost.stamps_add(outpost.stamps_of(sync_at, sync_origin, sync_stamps), fields,
** stamps, origin), sync_at = greatest(stamp, sync_at + 1), sync_xid.
** updated_at is one of the fields.
**
** tests/scenario/merge_model.mjs says all this once more, as sets of edits; the
** property test compares.
*/
#ifndef REPLICATE_MERGE_H
#define REPLICATE_MERGE_H

#include "base/json.h"
#include "model/entity.h"

/* {"stock": "delta", ...}: the fields of an entity that are not `latest`, for outpost.merge_rows. */
const char *merge_kinds(struct ctx *cx, const struct entity *e);

struct merge_mark {
  int64_t stamp, origin;
};

/* An edit that headquarters has not: an entry of the own log. before NULL: the record was created. */
struct merge_edit {
  int64_t stamp;
  const struct jv *before, *after;
};

/* What did not hold. Values may be NULL, which is JSON's null; won NULL: the record is deleted, or nothing. */
struct merge_lost {
  const char *field; /* or "deleted_at" */
  const struct jv *base, *lost, *won;
  struct merge_mark lost_by;
};

/* A record as headquarters has it, in the words of the own log, and what came since. Fields that headquarters does not
** know (an older schema) are as they are here. */
struct merge {
  const struct entity *entity;
  int64_t origin; /* whose edits these are */
  const struct jv *theirs, *here;
  const struct jv *stamps; /* sync_stamps; NULL: all of `at` */
  struct merge_mark at;    /* sync_at, sync_origin */
  const struct merge_edit *edits;
  int edit_count;
};

/* The record with the edits merged into it, as JSON, and what was lost by it; both live as long as the unit of work. */
struct merged {
  const char *row;
  struct merge_lost *lost;
  int lost_count;
};
int merge_record(struct ctx *cx, const struct merge *m, struct merged *out);

/* The id of a conflict, the same at headquarters and at every edge. */
void merge_conflict_id(char out[static 37], const char *table, const char *key, const char *field,
                       struct merge_mark lost_by);

#endif

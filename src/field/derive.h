/*
** derive.h - records that are worked out from others: saved through the door, and only what
** changed.
**
**   derived_begin   which records there are, by a key (a store, a store and a product)
**   derived_form    the record of a key: its id stands in the form already when there is one
**   derived_put     saves it, unless every property that it names is the same already
**   derived_end     deletes those that nobody put
**
** All inside one tenant_write.
*/
#ifndef FIELD_DERIVE_H
#define FIELD_DERIVE_H

#include "base/map.h"
#include "field/history.h"
#include "record/form.h"

struct field_counts {
  int64_t added, changed, removed, same;
};

struct derived {
  const struct entity *entity;
  struct map present; /* key -> place in rows, from 1 on */
  struct derived_row {
    const char *id;
    bool put;
  } * rows;
  size_t count;
  const char *id; /* of the form that was begun last, or NULL */
  struct field_counts counts;
};

/* query: a SELECT of (id, key) of records that are not deleted. */
int derived_begin(struct ctx *cx, struct db *db, const char *entity, enum sql_id query, struct derived *d);
struct jw *derived_form(struct derived *d, struct form *f, struct str key);
/* id (may be NULL) receives the record's. Frees the form. */
int derived_put(struct ctx *cx, struct db *db, struct derived *d, struct form *f, const char **id);
int derived_end(struct ctx *cx, struct db *db, struct derived *d, struct field_counts *counts);

/* A stage of populate: the history is read and `find` works out what should be (NULL: nothing) while others
** write; then `store` saves it, in one transaction. */
struct derived_stage {
  void *(*find)(struct ctx *cx, struct db *db, const struct history *h);
  int (*store)(struct ctx *cx, struct db *db, const struct history *h, void *found,
               struct field_counts *counts);
};
int derived_run(struct ctx *cx, struct tenant *t, const struct derived_stage *stage,
                struct field_counts *counts);
/* Several that do not build on each other: the history is read once, and each has a thread. */
int derived_run_all(struct ctx *cx, struct tenant *t, const struct derived_stage *const *stages, int count);

#endif

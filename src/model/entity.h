/*
** entity.h - what a record is: an entity that people keep, one row at a time.
**
** Declared once, as data; the door (record/record.h), its history, the command
** line and the API read the declaration. The table has, besides the fields:
** id TEXT PRIMARY KEY (UUIDv7), version, created_at/by, updated_at/by,
** deleted_at/by. To add one:
**   1. write its `struct entity` in the folder that it belongs to,
**   2. write a migration with its table,
**   3. register it in main.c,
**   4. say in export/facts.c what it is, and in the tests how to make one
**      (src/README.md names them).
*/
#ifndef MODEL_ENTITY_H
#define MODEL_ENTITY_H

#include "base/ctx.h"

enum property_kind { PROPERTY_TEXT, PROPERTY_INTEGER, PROPERTY_BOOLEAN, PROPERTY_JSON };

struct property {
  const char *name;
  enum property_kind kind;
  bool required;
  const char *help; /* what would be right, for messages */
};

struct db;
struct jv;
struct entity {
  const char *name, *table, *order; /* order: columns of a list's ORDER BY */
  const struct property *properties;
  int property_count;
  /* The properties that name a dataset and a key in it: a row that an undo would remove stays
  ** as long as a record speaks of it. NULL: its records speak of no rows. */
  const char *row_dataset, *row_key;
  /* Called before a change with what is to be saved, to say better than the table's CHECK what
  ** is wrong. May be NULL. */
  int (*check_object)(struct ctx *cx, const struct jv *object);
  /* Called in the transaction after a change, to refuse what no column can. May be NULL. */
  int (*check)(struct ctx *cx, struct db *db);
  /* The same for what concerns the one record that was changed. May be NULL. */
  int (*check_row)(struct ctx *cx, struct db *db, const char *id);
};

void entity_register(const struct entity *e);
const struct entity *entity_find(const char *name);
const struct entity *entity_at(int i); /* NULL beyond the last */
const char *entity_names(void);        /* "rule, reference_item", for messages */

#endif

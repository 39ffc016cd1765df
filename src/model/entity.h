/*
** entity.h - what a record is: an entity that people keep, one row at a time.
**
** Declared as data, in sql/entity/NAME.entity (src/tools/embed_entities.c says how
** such a file looks). From it the build makes the table, as part of a migration, and
** the descriptor; the door (record/record.h), its history, lists, the command line,
** the API and the page read the descriptor. What no column can say is a hook.
**
** The table has, besides the properties: id TEXT PRIMARY KEY (UUIDv7), version,
** created_at/by, updated_at/by, deleted_at/by.
**
** Kinds, and how a value is stored and shown in JSON:
**   text       TEXT                        a string
**   integer    INTEGER                     a number
**   decimal    INTEGER, units of 10^-scale a string, "12.5"
**   boolean    0, 1                        true, false
**   day        TEXT, 2024-02-29            the same
**   instant    INTEGER, UTC microseconds   2024-02-29T12:00:00.000000Z
**   json       TEXT                        itself
**   choice     TEXT                        a string, one of its choices
**   reference  TEXT, the id of a record    a string
*/
#ifndef MODEL_ENTITY_H
#define MODEL_ENTITY_H

#include "base/ctx.h"

enum property_kind {
  PROPERTY_TEXT,
  PROPERTY_INTEGER,
  PROPERTY_DECIMAL,
  PROPERTY_BOOLEAN,
  PROPERTY_DAY,
  PROPERTY_INSTANT,
  PROPERTY_JSON,
  PROPERTY_CHOICE,
  PROPERTY_REFERENCE
};

/* Which way the records of an entity go: to headquarters, from there, both, or nowhere. */
enum entity_sync { SYNC_UP, SYNC_DOWN, SYNC_BOTH, SYNC_NONE };

/* Two sides changed it and did not know of each other: the latest change holds; the changes of a number add up; a
** person decides, and until then the latest shows. */
enum property_merge { MERGE_LATEST, MERGE_DELTA, MERGE_REVIEW };

struct property {
  const char *name;
  enum property_kind kind;
  enum property_merge merge;
  int scale;             /* of a decimal */
  int since;             /* the migration that brought it; 0: the table's own */
  bool required;         /* must be given; one with a default need not be, and is never empty */
  bool searched;         /* by the search of lists */
  bool cascade;          /* of a reference: deleted and restored with the record that it names */
  bool email;            /* of a text: an address, see value_judge in record/value.c */
  bool has_min, has_max; /* of a text: in characters; of a decimal: in units */
  int64_t min, max;
  const char *otherwise; /* the default, as it would be given; NULL without */
  const char *choices;   /* "open|closed" */
  const char *reference; /* the entity whose record it names */
  const char *help;      /* what would be right, for messages and forms */
};

/* No two records that are not deleted have the same of these together. */
enum { ENTITY_KEY_PARTS = 8 };
struct entity_key {
  int count;
  int property[ENTITY_KEY_PARTS]; /* indices */
};

struct db;
struct jv;
struct draft; /* what is stored of a record, see record/record.h */

/* Rules that no column can say. All may be NULL. */
struct entity_hooks {
  /* The properties that name a dataset and a key in it: a row that an undo would remove stays
  ** as long as a record speaks of it. */
  const char *row_dataset, *row_key;
  /* Called before a change with what was given, of a change only the properties that it names; each value fits its kind.
  ** What is about several properties together is for check_row. */
  int (*check_object)(struct ctx *cx, const struct jv *object);
  /* Called in the transaction before a record that there is is changed, deleted or restored. */
  int (*check_before)(struct ctx *cx, struct db *db, const char *id);
  /* Called in the transaction after a change: what concerns all records. */
  int (*check)(struct ctx *cx, struct db *db);
  /* Called in the transaction for a record that is new, before the others: what a trigger would do. */
  int (*added)(struct ctx *cx, struct db *db, const struct draft *d);
  /* The same for what concerns the one record that was saved, deleted or restored. */
  int (*check_row)(struct ctx *cx, struct db *db, const char *id);
};

struct entity {
  const char *name, *table;
  const char *order;  /* how lists are sorted: "dataset, -updated_at" */
  const char *help;   /* what one of its records is */
  const char *path;   /* "stores": its records are at /api/stores, too; NULL: at /api/records/NAME alone */
  const char *access; /* the group of permissions that it belongs to: "sales" */
  enum entity_sync sync;
  const struct property *properties;
  const struct entity_key *keys;
  int property_count, key_count;
  struct entity_hooks hooks;
};

/* All of sql/entity; ends with one without a name. */
extern const struct entity entities_declared[];

/* At start, before any thread: takes all that are declared. A second time does nothing. */
void entity_register_declared(void);
/* Then: the rules of one. A name that is not declared is a fault of the program. */
void entity_hooks_register(const char *name, const struct entity_hooks *hooks);

const struct entity *entity_find(const char *name);           /* NULL when there is none */
const struct entity *entity_of_table(const char *table);      /* NULL */
const struct entity *entity_of_path(struct str path);         /* NULL */
const struct entity *entity_at(int i);                        /* NULL beyond the last */
const char *entity_names(void);                               /* "note, review, rule", for messages */
const char *property_kind_name(enum property_kind kind);      /* "text" */
int entity_property(const struct entity *e, struct str name); /* its index, or -1 */

#endif

/*
** internal.h - what the files of this folder share.
**
**   record.c   the door: save, delete, restore
**   given.c    the members of an object, whoever wrote it
**   value.c    coerce: what is given -> what is stored
**   checks.c   references and unique keys
**   row.c      a whole row as JSON
**   past.c     as it was at a time, its history, and the proof against the log
**   describe.c what an entity is, for forms and clients
**   take.c     a record as it is elsewhere
**   import.c   a table of them
**   list.c     lists: searched, filtered, sorted, in pages
**
** SQL is composed here only from a descriptor's identifiers and bound values.
*/
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include "record/record.h"

/* ---- given.c ---- */

/* What an object has for one property. */
struct member {
  enum jv_kind kind;     /* JV_NULL: null, or not there at all */
  bool there;            /* if only as null */
  bool stored;           /* a number as it is stored, */
  int64_t number;        /* this one */
  bool known;            /* the id of a record that this transaction has seen */
  struct str text;       /* of a string, a number, true and false; else p is NULL */
  struct str raw;        /* of a list or an object: how it is written, or ... */
  const struct jv *json; /* ... what was read of it */
};

struct given {
  struct member *of; /* as many as the entity has properties */
  struct member id, version;
  bool written; /* by somebody who can be asked again: what is not meant is refused (value_judge) */
};

struct member member_of(const struct jv *v);
/* What the entity does not have is put aside: save_given tells of it with what else is wrong. */
int given_object(struct ctx *cx, const struct entity *e, struct jv *object, struct given *out);
/* The same from JSON as a form writes it, without a parser in between. Texts stay where they are. */
int given_form(struct ctx *cx, const struct entity *e, struct str json, struct given *out);

int given_cells(struct ctx *cx, const struct entity *e, const struct record_cell *cells, size_t count,
                struct given *out);

/* record_save of it. object: for the entity's check_object, if it has one. */
int save_given(struct ctx *cx, struct db *db, const struct entity *e, const struct given *g,
               const struct jv *object, char id[static 37]);

/* ---- value.c ---- */

struct value {
  enum { VALUE_NULL, VALUE_INT, VALUE_TEXT } kind;
  bool known; /* the id of a record that this transaction has seen: it is not looked for */
  int64_t number;
  struct str text;
};

/* Coerced; E_INVALID and E_LIMIT name the property and say what would be right. Nothing, or an
** empty text, is the default, or NULL. */
int value_read(struct ctx *cx, const struct property *p, const struct member *m, struct value *out);
/* The same from text, for a default or a filter. An empty text is VALUE_NULL. */
int value_parse(struct ctx *cx, const struct property *p, struct str text, struct value *out);
/* Whether somebody can mean a value that fits its kind: a text that is needed is more than blanks, an address of mails looks
** like one. Not asked of what comes out of files and from elsewhere, which is as it is. */
int value_judge(struct ctx *cx, const struct property *p, const struct value *v);
void value_bind(struct stmt *s, int at, const struct value *v);
/* An id or a stamp as the log and other files have it: a text, a number, or nothing. */
int stamp_bind(struct ctx *cx, struct stmt *s, int at, const struct jv *v);
bool property_is_number(const struct property *p); /* stored as INTEGER */

/* ---- row.c ---- */

/* What every record has besides its properties: id, version, created_at ... */
enum { STAMPS = 8 };
extern const struct property stamp_properties[STAMPS];

/* Texts of an entity's statements are composed once and kept as long as the process lives. */
enum { ENTITIES_KEPT = 256, ENTITY_KEYS = 8, PROPERTIES_MOST = 48 }; /* src/tools/embed_entities.c */
enum kept_sql {
  KEPT_JSON,
  KEPT_READ,
  KEPT_ADD,
  KEPT_CHANGE,
  KEPT_PUT,
  KEPT_THERE,
  KEPT_KEY, /* of the first unique key, and so on */
  KEPT_SQL = KEPT_KEY + ENTITY_KEYS
};
typedef const char *sql_fn(struct ctx *cx, const struct entity *e, int key); /* key: of KEPT_KEY + key */
const char *sql_kept(struct ctx *cx, const struct entity *e, int which, sql_fn *make);

/* json_object('id', id, ...) of a whole row: what the log keeps and lists show. */
const char *row_json(struct ctx *cx, const struct entity *e);
/* A JSON value of one property, as SQL. */
const char *property_json(struct ctx *cx, const struct property *p);
/* The row as JSON; NULL when there is none. now: what else is asked of it; may be NULL. */
struct row_now {
  int64_t version;
  bool deleted;
};
char *row_read(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct row_now *now);
/* What row_read gives of a row that was added with these values just now, without reading it; NULL: that cannot
** be said (some kinds are shown by SQLite alone). */
char *row_added(struct ctx *cx, const struct entity *e, const struct draft *d);

/* ---- checks.c ---- */

/* What is to be saved: a value for each property of the entity; given: it is to be stored. */
struct draft {
  const struct entity *entity;
  const char *id;
  struct value *values;
  const bool *given;
};

/* Of a save: those that are given. A record that is not there is put aside; E_CONFLICT. */
int check_references(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d);
int check_keys(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d);
/* Who has the key; NULL: nobody else. d NULL: the key of the row as it is. */
const char *key_holder(struct ctx *cx, struct db *db, const struct entity *e, const struct entity_key *k,
                       const char *id, const struct draft *d);
/* Of a row that comes back. */
int check_restored(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
/* Nobody refers to it. E_CONFLICT names one that does. */
int check_unused(struct ctx *cx, struct db *db, const struct entity *e, const char *id);

/* ---- list.c ---- */

/* "a, -b" of an entity's order as SQL: "a, b DESC". */
const char *order_sql(struct ctx *cx, const char *order);

#endif

/*
** internal.h - what the files of this folder share.
**
**   record.c   the door: save, delete, restore
**   value.c    coerce: what is given -> what is stored
**   checks.c   references and unique keys
**   row.c      a whole row as JSON
**   past.c     as it was at a time, its history, and the proof against the log
**   describe.c what an entity is, for forms and clients
**   take.c     a record as it is elsewhere
**   list.c     lists: searched, filtered, sorted, in pages
**
** SQL is composed here only from a descriptor's identifiers and bound values.
*/
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include "record/record.h"

/* ---- value.c ---- */

struct value {
  enum { VALUE_NULL, VALUE_INT, VALUE_TEXT } kind;
  int64_t number;
  struct str text;
};

/* Coerced; E_INVALID and E_LIMIT name the property and say what would be right. Nothing, or an
** empty text, is the default, or NULL. */
int value_read(struct ctx *cx, const struct property *p, const struct jv *v, struct value *out);
/* The same from text, for a default or a filter. An empty text is VALUE_NULL. */
int value_parse(struct ctx *cx, const struct property *p, struct str text, struct value *out);
void value_bind(struct stmt *s, int at, const struct value *v);
bool property_is_number(const struct property *p); /* stored as INTEGER */

/* ---- row.c ---- */

/* What every record has besides its properties: id, version, created_at ... */
enum { STAMPS = 8 };
extern const struct property stamp_properties[STAMPS];

/* Texts of an entity's statements are composed once and kept as long as the process lives. */
enum { ENTITIES_KEPT = 256 };
enum kept_sql { KEPT_JSON, KEPT_READ, KEPT_ADD, KEPT_CHANGE, KEPT_PUT, KEPT_SQL };
typedef const char *sql_fn(struct ctx *cx, const struct entity *e);
const char *sql_kept(struct ctx *cx, const struct entity *e, enum kept_sql which, sql_fn *make);

/* json_object('id', id, ...) of a whole row: what the log keeps and lists show. */
const char *row_json(struct ctx *cx, const struct entity *e);
/* A JSON value of one property, as SQL. */
const char *property_json(struct ctx *cx, const struct property *p);
/* The row as JSON; NULL when there is none. */
char *row_read(struct ctx *cx, struct db *db, const struct entity *e, const char *id);

/* ---- checks.c ---- */

/* What is to be saved: a value for each property of the entity; given: it is to be stored. */
struct draft {
  const char *id;
  struct value *values;
  bool *given;
};

/* Of a save: those that are given. E_INVALID, E_CONFLICT. */
int check_draft(struct ctx *cx, struct db *db, const struct entity *e, const struct draft *d);
/* Of a row that comes back. */
int check_restored(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
/* Nobody refers to it. E_CONFLICT names one that does. */
int check_unused(struct ctx *cx, struct db *db, const struct entity *e, const char *id);

/* ---- list.c ---- */

/* "a, -b" of an entity's order as SQL: "a, b DESC". */
const char *order_sql(struct ctx *cx, const char *order);

#endif

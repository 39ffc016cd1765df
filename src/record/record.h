/*
** record.h - THE ONE DOOR for records: coerce, check, store, log, in one
** transaction. Whoever changes a record, from wherever, comes through here, so
** stamps, versions, history and the change log cannot be forgotten.
**
** The functions that write are called inside tenant_write.
**
** Deleting marks (deleted_at, deleted_by); restoring takes the mark away, unless
** another record has taken its place meanwhile (E_CONFLICT). What refers to a record by a
** `cascade` reference is deleted with it, and what was deleted with it is restored with it.
*/
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/json.h"
#include "model/entity.h"
#include "store/store.h"

/* Adds the record of a JSON object, or, when it has the id of one that exists,
** changes the properties that it names. With `version` it must be the one that
** the record has now (E_CONFLICT). id receives the record's id. */
int record_save(struct ctx *cx, struct db *db, const struct entity *e, struct jv *object, char id[static 37]);

/* The same of what the program itself writes many times a second, without JSON in between. Texts are given as anybody would
** give them; numbers as they are stored, in the property's scale. Not for entities with the hook check_object. */
struct record_cell {
  const char *property;
  enum { CELL_TEXT, CELL_NUMBER, CELL_KNOWN } kind;
  const char *
      text; /* CELL_TEXT, CELL_KNOWN; NULL: empty. KNOWN: the id of a record that this transaction has read or made */
  int64_t number; /* CELL_NUMBER */
};
#define CELL_TEXT(name, z)                                                                                   \
  { name, CELL_TEXT, z, 0 }
#define CELL_NUMBER(name, n)                                                                                 \
  { name, CELL_NUMBER, NULL, n }
#define CELL_KNOWN(name, id)                                                                                 \
  { name, CELL_KNOWN, id, 0 }

/* id: of the record that is changed; NULL: a new one. saved receives its id; may be NULL. */
int record_store(struct ctx *cx, struct db *db, const struct entity *e, const char *id,
                 const struct record_cell *cells, size_t count, const char **saved);

/* For the hook `added`: the record's id, and what is stored of a property; 0 and p NULL when it is empty. */
const char *draft_id(const struct draft *d);
int64_t draft_int(const struct draft *d, const char *property);
struct str draft_text(const struct draft *d, const char *property);
/* Changes the record `id`, which there is (E_NOT_FOUND). whole: what the object does not name
** becomes its default, or empty. */
int record_change(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jv *object,
                  bool whole);
int record_delete(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
/* One gives way to another of its kind, which takes its place: alone deletes it whatever refers to it, redirect lets all that name it
** name the other, which is there by then. Both in one transaction. What may not be changed any more says so. */
int record_delete_alone(struct ctx *cx, struct db *db, const struct entity *e, const char *id);
int record_redirect(struct ctx *cx, struct db *db, const struct entity *e, const char *id, const char *to);
int record_restore(struct ctx *cx, struct db *db, const struct entity *e, const char *id);

/* Asked before each of these four changes anything: E_CONFLICT says why it may not be changed here. For main.c, before any
** thread. */
void record_set_guard(int (*may_change)(struct ctx *cx, struct db *db, const struct entity *e));

/* Makes a record what it is elsewhere: row is all of it, as the log has it, with its stamps, which are kept. References
** and unique keys hold as always (E_INVALID, E_CONFLICT name the property); a deleted row needs none. Nothing is logged
** when it is so already. The log's entry belongs to cx->id. */
int record_take(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                const char *text);
/* The same for one of several that are right only together, such as an order and its lines: the entity's own rules
** (hooks) are not asked. */
int record_take_part(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                     const char *text);

/* Whether another record that is not deleted has a unique key of such a row: *id, NULL when there is none. keys: for each
** property, whether the two have it in a key that they share. A row that is deleted has no key. */
int record_with_key(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *row,
                    const char **id, bool *keys);

/* One record as an object; E_NOT_FOUND. */
int record_get(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
               const char *key);
/* The same as it was known at a time, UTC microseconds. */
int record_get_at(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t at,
                  struct jw *w, const char *key);
/* Which version it has now; E_NOT_FOUND. */
int record_version(struct ctx *cx, struct db *db, const struct entity *e, const char *id, int64_t *version);

/* The id of the record that people call by its key: the value of the entity's first unique key
** of one property ("A-1" of a SKU), among those that are not deleted. An id stays as it is, whether
** there is such a record or not. E_NOT_FOUND. */
int record_id(struct ctx *cx, struct db *db, const struct entity *e, const char *name, char id[static 37]);
/* The same among those that are deleted, when none that is not has the key: whom a restore means. E_CONFLICT: several were
** called so. */
int record_id_deleted(struct ctx *cx, struct db *db, const struct entity *e, const char *name,
                      char id[static 37]);
/* That property, or NULL. */
const struct property *record_key(const struct entity *e);

/* What a form or a client needs to know of an entity: {name, table, help, order, path,
** access, unique, properties: [{name, kind, required, scale, min, max, default, choices, reference, searched,
** help}]}. */
void record_describe(struct jw *w, const struct entity *e);

/* ---- lists in pages ---- */

struct record_filter {
  const char *property; /* or a stamp: version, created_at ... */
  const char *op;       /* "eq", "ne", "lt", "lte", "gt", "gte", "like" (* any text, ? one character) */
  struct str value;     /* as it would be given to record_save; empty with eq and ne: there is none */
};

struct record_query {
  bool deleted;       /* deleted ones, too */
  const char *search; /* words; each stands somewhere in the texts that are searched. NULL: none */
  const struct record_filter *filters;
  size_t filter_count;
  const char *sort;   /* "-price,name", empty values come first; NULL: the entity's own order */
  const char *fields; /* "sku,name": only these, and the id; NULL: all */
  int64_t limit;
  const char *cursor; /* what `next` was of the page before; NULL: the first page */
};

struct record_page {
  int64_t total;    /* how many there are on all pages */
  const char *next; /* the cursor of the next page; NULL: this is the last */
};

/* An array of records. The cursor holds the values that the last record was sorted by, so
** that records which come or go meanwhile do not move the others from one page to another.
** E_INVALID says which part of the query is wrong. Upper and lower case of ASCII letters
** are the same to `search` and `like`. */
int record_query(struct ctx *cx, struct db *db, const struct entity *e, const struct record_query *q,
                 struct jw *w, const char *key, struct record_page *page);
/* What the members of its rows are called, in their order: "id,sku,name". fields: as in the query, which has been run. */
const char *record_members(struct ctx *cx, const struct entity *e, const char *fields);

/* ---- a table of records ---- */

struct record_file {
  const char *path;       /* "-" is standard input */
  const char *name;       /* what people call it; NULL: as path */
  const char *const *map; /* "PROPERTY=HEADING", before what the headings say by themselves */
  size_t map_count;
  bool dry_run; /* all of it, and then taken back */
};
struct record_file_result {
  int64_t rows, added, changed; /* the others say what there is already */
  const char *ignored;          /* headings that are none of its properties, "Fax, Web" */
};
/* Adds the rows of a file, or changes the records that have their id or their unique key: all of them in one transaction, or
** none. What is refused is told of each row, with its line, and the property as the field. import.c says how cells are read.
** Called outside of tenant_write. */
int record_import(struct ctx *cx, struct tenant *t, const struct entity *e, const struct record_file *file,
                  struct record_file_result *out);

/* ---- whole lists ---- */

/* An array of all records, in the entity's own order; as_of: UTC microseconds, 0 for now. *total: how many; may be NULL. */
int record_list(struct ctx *cx, struct db *db, const struct entity *e, bool deleted, int64_t as_of,
                struct jw *w, const char *key, int64_t *total);

/* An array of {seq, at, actor, event, before, after}, oldest first. */
int record_history(struct ctx *cx, struct db *db, const struct entity *e, const char *id, struct jw *w,
                   const char *key);

/* Makes the records of `to` (see db_pristine) those of `from`, deleted ones and stamps
** included; nothing is logged. */
int record_copy(struct ctx *cx, struct db *from, struct db *to, const struct entity *e);

/* Makes every record what it was at an entry of the log; the log itself is left alone. *rows counts
** those that changed. For a file that is being taken back to an earlier time: triggers are off. */
int record_cut(struct ctx *cx, struct db *db, const struct entity *e, int64_t seq, int64_t *rows);

/* Every record is as the log says, and those without an entry are as they were
** shipped (pristine: a new file, see db_pristine). E_FAIL names the first that is not. */
int record_check(struct ctx *cx, struct db *db, struct db *pristine, const struct entity *e);

#endif

/*
** sources.h - what the invoices say of stores and products, and how it becomes records. Private to the
** folder.
**
** A store is known by its customer_id, a product by its name. Of each property the invoices' latest word
** counts: the value that is not empty of the row with the latest date (of rows of one day, of the later
** run, and in it the later row). What else was said is a variant; sync_log tells of it.
**
** Records are saved through the door, as `populate`, and only what the invoices say anew: what people
** changed by hand stays until the invoices say something else. A record that people made or deleted is
** not taken over: what is empty in it is filled in, and a deleted one stays deleted.
*/
#ifndef FIELD_SOURCES_H
#define FIELD_SOURCES_H

#include "store/store.h"

enum { SOURCE_PROPERTIES = 10 };

struct source_property {
  const char *name; /* of the entity */
  const char *sql;  /* of mangalam_invoices */
  bool number;      /* units of 1/10000; the others are terms */
};

struct source {
  const char *entity, *stage;
  const char *key, *key_sql; /* the property that it is known by */
  struct source_property property[SOURCE_PROPERTIES];
  int count;
};

extern const struct source store_source, product_source;

/* Inside tenant_write. */
int source_save(struct ctx *cx, struct db *db, const struct source *source);
/* Deletes the records that the invoices brought, of which they speak no longer, that no person has changed and
** no other record speaks of. */
int source_tidy(struct ctx *cx, struct db *db, const struct source *source);

#endif

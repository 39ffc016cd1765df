/*
** facts.h - what the catalogue knows of tables, columns and fields, read once.
** Private to export/.
*/
#ifndef EXPORT_FACTS_H
#define EXPORT_FACTS_H

#include "model/dataset.h"
#include "store/store.h"

struct steward_fact {
  const char *subject, *owner, *description;
};

struct fresh_fact {
  const char *table;
  int64_t at;
};

struct rule_fact {
  const struct dataset *dataset;
  const char *name;
  uint64_t fields; /* a bit each; 0: it looks at the whole row */
};

struct facts {
  struct steward_fact *stewards;
  struct fresh_fact *fresh;
  struct rule_fact *rules;
  size_t steward_count, fresh_count, rule_count;
  const char **lineage[64]; /* of each dataset, of each field */
};

int facts_read(struct ctx *cx, struct db *db, struct facts *f);

const struct steward_fact *facts_steward(const struct facts *f, const char *subject); /* NULL */
int64_t facts_fresh(const struct facts *f, const char *table);                        /* 0: never */
const char *facts_lineage(const struct facts *f, const struct dataset *d, int field);

/* A sentence about a table, view or report; NULL when there is none. */
const char *facts_about_table(struct ctx *cx, const char *name);
/* About a column of any table, when the schema says nothing: id, version, created_at ... */
const char *facts_about_column(const char *name);

/* The dataset one of whose tables this is (clean rows, totals, versions), or NULL. */
const struct dataset *facts_dataset_of(const char *table);
/* "clean_sales" after "clean_" is sales; NULL for anything else. */
const struct dataset *facts_dataset_after(const char *name, const char *prefix);

#endif

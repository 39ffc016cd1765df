/*
** tally.h - sums by the groups of a dataset, added up from its table of sums in
** one pass: all of them, and one for each value of every group field.
*/
#ifndef EXPORT_TALLY_H
#define EXPORT_TALLY_H

#include "base/map.h"
#include "export/scope.h"

/* orders, then the total fields in the order of the dataset. */
struct sums {
  int64_t v[1 + DATASET_TOTALS];
};

struct tally_group {
  int64_t value;    /* a day, or the id of a term */
  const char *name; /* of a term; NULL of a day */
  struct sums sums;
};

struct tally_by {
  int field;
  struct tally_group *group; /* by day, or by name */
  size_t count;
  struct map place;
};

struct tally {
  const struct dataset *dataset;
  struct sums all;
  struct tally_by by[DATASET_GROUPS];
  int by_count;
};

/* Lives as long as the unit of work. E_LIMIT when a sum does not fit into 64 bits. */
int tally_read(struct ctx *cx, struct db *db, const struct scope *s, struct tally *out);

/* "orders", "quantity", "revenue" into an open object. */
void sums_write(struct jw *w, const struct dataset *d, const struct sums *s);
/* Their names: of index 0 "orders"; and the field, NULL of orders. */
const struct field *sums_field(const struct dataset *d, int index);
const char *sums_name(const struct dataset *d, int index);
int sums_count(const struct dataset *d);
int sums_index(const struct dataset *d, const char *name); /* -1: there is none */
/* One of them: orders as a number, the others with their exact digits. */
void sums_write_one(struct jw *w, const char *key, const struct dataset *d, int index, int64_t v);

/* The text of a term; "?" when there is none of the id. */
const char *term_text(struct ctx *cx, struct db *db, int64_t id);

#endif

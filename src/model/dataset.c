#include "model/dataset.h"

const struct dataset *dataset_find(const char *name) {
  for (const struct dataset *const *d = datasets_declared; *d; d++)
    if (strcmp((*d)->name, name) == 0) return *d;
  return NULL;
}

const struct dataset *dataset_at(int i) {
  for (int k = 0; datasets_declared[k]; k++)
    if (k == i) return datasets_declared[k];
  return NULL;
}

const char *dataset_names(void) { return datasets_names; }

int dataset_field(const struct dataset *d, struct str name) {
  for (int i = 0; i < d->field_count; i++)
    if (str_eq(name, str_of(d->fields[i].name))) return i;
  return -1;
}

const char *dataset_row_columns(struct ctx *cx, const struct dataset *d) {
  const char *sql = "key, run, record";
  for (int i = 0; i < d->field_count; i++) sql = ctx_printf(cx, "%s, %s", sql, d->fields[i].name);
  return sql;
}

const char *dataset_group_columns(struct ctx *cx, const struct dataset *d) {
  const char *sql = "";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].group) sql = ctx_printf(cx, "%s%s%s", sql, *sql ? ", " : "", d->fields[i].name);
  return sql;
}

const char *dataset_total_columns(struct ctx *cx, const struct dataset *d, const char *before,
                                  const char *behind) {
  const char *sql = "";
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) sql = ctx_printf(cx, "%s, %s%s%s", sql, before, d->fields[i].name, behind);
  return sql;
}

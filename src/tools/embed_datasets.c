/*
** embed_datasets.c - a host program of the build: what a dataset is, from
** sql/dataset/NAME.dataset. Never linked into the binary.
**
**   embed_datasets OUT_DIR FILE...
**
** writes OUT_DIR/datasets.c, the descriptors of model/dataset.h, OUT_DIR/datasets.sql, their tables
** and rules as parts of migrations (embed_sql joins them), and OUT_DIR/report/clean_NAME.sql.
**
** A file looks like this; "#" begins a comment line:
**
**   dataset  returns                      its name, that of the file
**   table    goods_return                 clean rows; goods_return_past, _current and _total stand beside it
**   others   goods_ret                    ... or goods_ret_past, _current, _total
**   since    23                           the migration that makes them; "23 by hand" when its own SQL does
**   key      return_id, item|article      the usual unique key; a part may name alternatives
**   ratio    price amount / pieces        a figure of every row that is kept nowhere
**   batch    1000                         rows of a savepoint: what the database refuses costs its own row only
**   follow   JOB_KIND                     is ordered when rows begin or cease to count
**
**   return_id  text essential             a field: a name, its kind, and words
**     return id|return no|credit note     what else its column may be called: lower case, without accents
**   day        date essential group
**   article    code group
**   pieces     decimal 4.0 essential total
**   amount     decimal 4.2 total          four digits are kept, at least two are shown
**
** Kinds: text, code (its texts are few: kept once, in `term`), date, decimal KEPT.SHOWN. Words:
** essential (a row cannot be stored without it), optional (a file need not have it), total (is added
** up) and group (totals are kept by it; of dates only one).
**
** Rules that follow from this are shipped with the tables: a record can be read and has its cells, what
** is not optional is there and is what its kind says, and no key comes twice. What else a row must be is
** said by a numbered .sql of the same number, which runs after it.
*/
#include "tools/host.h"

#include <sys/stat.h>

enum { MAX_DATASETS = 64, MAX_SCALE = 9, MAX_ROWS = 1000000, MAX_PARTS = 8 };
enum { MAX_FIELDS = 48, MAX_GROUPS = 4, MAX_TOTALS = 4 }; /* put_code compares them with model/dataset.h */

static const char *const kind_names[] = { "text", "code", "date", "decimal", NULL };

enum kind { TEXT, CODE, DATE, DECIMAL };

struct field {
  const char *name;
  enum kind kind;
  int line, scale, shown;
  bool essential, optional, total, group;
  char *synonyms;
};

struct declared {
  const char *path, *name, *table, *others, *follow;
  char *key[MAX_PARTS]; /* "return_id", "line|article" */
  char *ratio[3];
  struct field fields[MAX_FIELDS];
  int count, parts, since, batch;
  bool by_hand;
};

static struct declared datasets[MAX_DATASETS];
static int dataset_count;

/* ---- reading ---- */

static const struct field *field_find(const struct declared *d, const char *name) {
  for (int i = 0; i < d->count; i++)
    if (is(d->fields[i].name, name)) return &d->fields[i];
  return NULL;
}

static int number(const struct declared *d, int line, const char *what, const char *text, int most) {
  long n = text && is_digits(text) && strlen(text) < 8 ? strtol(text, NULL, 10) : 0;
  if (n >= 1 && n <= most) return (int)n;
  complain(d->path, line, "%s takes a number from 1 to %d, not \"%s\"", what, most, text ? text : "");
  return 1;
}

static void read_key(struct declared *d, int line, char *rest) {
  for (char *part; d->parts < MAX_PARTS && (part = strsep(&rest, ","));)
    if ((part = word(&part))) d->key[d->parts++] = part;
  if (rest) complain(d->path, line, "key: more than %d parts", MAX_PARTS);
}

static void read_ratio(struct declared *d, int line, char *rest) {
  d->ratio[0] = word(&rest);
  d->ratio[1] = word(&rest);
  char *by = word(&rest);
  d->ratio[2] = word(&rest);
  if (!by || !is(by, "/") || !d->ratio[2] || word(&rest))
    complain(d->path, line, "ratio looks like \"ratio price amount / pieces\"");
}

static bool read_head(struct declared *d, int line, const char *name, char *rest) {
  rest += strspn(rest, " \t");
  if (is(name, "dataset"))
    d->name = rest;
  else if (is(name, "table"))
    d->table = rest;
  else if (is(name, "others"))
    d->others = rest;
  else if (is(name, "key"))
    read_key(d, line, rest);
  else if (is(name, "follow"))
    d->follow = rest;
  else if (is(name, "batch"))
    d->batch = number(d, line, "batch", rest, MAX_ROWS);
  else if (is(name, "ratio"))
    read_ratio(d, line, rest);
  else if (is(name, "since"))
    d->since = number(d, line, "since", word(&rest), MAX_VERSION), d->by_hand = takes(&rest, "by hand");
  else
    return false;
  return true;
}

static void read_scale(const struct declared *d, struct field *l, const char *text) {
  char end;
  if (!text || sscanf(text, "%d.%d%c", &l->scale, &l->shown, &end) != 2 || l->scale < 1 ||
      l->scale > MAX_SCALE || l->shown < 0 || l->shown > l->scale)
    complain(d->path, l->line, "decimal takes digits that are kept and shown, such as 4.2, not \"%s\"",
             text ? text : "");
}

static void read_words(const struct declared *d, struct field *l, char *rest) {
  char *kind = word(&rest);
  int k = kind ? index_in(kind_names, kind) : -1;
  if (k < 0)
    complain(d->path, l->line, "\"%s\" is not a kind: text, code, date or decimal KEPT.SHOWN",
             kind ? kind : "");
  l->kind = k < 0 ? TEXT : (enum kind)k;
  if (l->kind == DECIMAL) read_scale(d, l, word(&rest));
  for (char *w; (w = word(&rest));) {
    if (is(w, "essential"))
      l->essential = true;
    else if (is(w, "optional"))
      l->optional = true;
    else if (is(w, "total"))
      l->total = true;
    else if (is(w, "group"))
      l->group = true;
    else
      complain(d->path, l->line, "\"%s\" is not essential, optional, total or group", w);
  }
}

static void read_field(struct declared *d, int number, char *name, char *rest) {
  static const char *const own[] = {
    /* columns of its tables, and of raw_NAME and clean_NAME here and at headquarters */
    "key",
    "run",
    "record",
    "orders",
    "id",
    "run_id",
    "line",
    "raw_data",
    "source_name",
    "ingestion_timestamp",
    "processed_timestamp",
    "organization_id",
    "edge_id",
    "origin",
    NULL
  };
  if (!is_name(name) || is_sql_word(name) || index_in(own, name) >= 0)
    complain(d->path, number,
             "\"%s\" cannot be the name of a field: it is a word of SQL, or a column that every dataset has",
             name);
  if (field_find(d, name)) complain(d->path, number, "%s has a %s already", d->name, name);
  if (d->count == MAX_FIELDS) {
    complain(d->path, number, "more than %d fields", MAX_FIELDS);
    return;
  }
  struct field *l = &d->fields[d->count++];
  *l = (struct field){ .name = name, .line = number };
  read_words(d, l, rest);
}

static void add_synonyms(struct declared *d, int number, const char *text) {
  if (!d->count) {
    complain(d->path, number, "other headings without a field above them");
    return;
  }
  struct field *l = &d->fields[d->count - 1];
  size_t n = l->synonyms ? strlen(l->synonyms) : 0, more = strlen(text) + 2;
  l->synonyms = need(realloc(l->synonyms, n + more));
  snprintf(l->synonyms + n, more, "%s%s", n ? "|" : "", text);
}

/* ---- what does not fit together ---- */

static void check_field(const struct declared *d, const struct field *f) {
  if (f->essential && f->optional)
    complain(d->path, f->line, "%s is essential or optional, not both", f->name);
  if (f->total && f->kind != DECIMAL) complain(d->path, f->line, "%s: only a decimal is added up", f->name);
  if (f->group && f->kind != CODE && f->kind != DATE)
    complain(d->path, f->line, "%s: totals are kept by codes and a date", f->name);
  if (f->optional && (f->total || (f->group && f->kind == DATE)))
    complain(d->path, f->line, "%s is added up or a day of totals: it cannot be empty", f->name);
}

static void check_fields(const struct declared *d) {
  int groups = 0, dates = 0, totals = 0;
  for (int i = 0; i < d->count; i++) {
    const struct field *f = &d->fields[i];
    check_field(d, f);
    groups += f->group;
    dates += f->group && f->kind == DATE;
    totals += f->total;
  }
  if (groups > MAX_GROUPS || totals > MAX_TOTALS || dates != 1)
    complain(d->path, 1, "%s has %d groups (at most %d), %d of them dates (one), %d totals (at most %d)",
             d->name, groups, MAX_GROUPS, dates, totals, MAX_TOTALS);
}

static void check_key(const struct declared *d) {
  for (int i = 0; i < d->parts; i++) {
    char *copy = need(strdup(d->key[i])), *rest = copy;
    for (char *name; (name = strsep(&rest, "|"));)
      if (!field_find(d, name)) complain(d->path, 1, "key: %s has no field \"%s\"", d->name, name);
    free(copy);
  }
  const struct field *first = field_find(d, d->key[0]);
  if (!first || first->kind != TEXT)
    complain(d->path, 1, "key: it begins with a text, not \"%s\"", d->key[0]);
}

/* Of both, so many digits are kept: their quotient is one of whole numbers. */
static void check_ratio(const struct declared *d) {
  const struct field *of = d->ratio[2] ? field_find(d, d->ratio[1]) : NULL;
  const struct field *by = of ? field_find(d, d->ratio[2]) : NULL;
  if (!by || of->kind != DECIMAL || by->kind != DECIMAL || of->scale != by->scale || !of->essential ||
      !by->essential)
    complain(d->path, 1, "ratio: it is of two essential decimals that keep equally many digits");
}

static void check(const struct declared *d) {
  const char *base = strrchr(d->path, '/');
  size_t n = d->name ? strlen(d->name) : 0;
  base = base ? base + 1 : d->path;
  if (!d->name || !is_name(d->name) || strncmp(base, d->name, n) != 0 || !is(base + n, ".dataset"))
    complain(d->path, 1, "no line \"dataset NAME\" with the name of the file");
  else if (!d->table || !is_name(d->table) || is_sql_word(d->table) || (d->others && !is_name(d->others)))
    complain(d->path, 1, "no line \"table NAME\", or not a name");
  else if (!d->since)
    complain(d->path, 1, "no line \"since N\": the migration that makes its tables");
  else if (!d->parts)
    complain(d->path, 1, "no line \"key FIELD\": what tells rows apart");
  else {
    check_fields(d);
    check_key(d);
  }
  if (d->ratio[0]) check_ratio(d);
}

static void read_dataset(const char *path) {
  struct source s;
  source_open(&s, path);
  if (dataset_count == MAX_DATASETS) die("too many datasets: raise MAX_DATASETS", path);
  struct declared *d = &datasets[dataset_count++];
  d->path = path;
  for (char *line; (line = source_line(&s));) {
    bool more = isspace((unsigned char)*line);
    char *rest = line + strspn(line, " \t"), *name = *line == '#' ? NULL : rest;
    if (more && *rest) add_synonyms(d, s.line, rest);
    if (more || !name || !(name = word(&rest))) continue;
    if (d->count || !read_head(d, s.line, name, rest)) read_field(d, s.line, name, rest);
  }
  if (!d->others) d->others = d->table;
  check(d);
}

static void check_together(void) {
  for (int i = 0; i < dataset_count; i++)
    for (int k = 0; k < i; k++)
      if (is(datasets[i].table, datasets[k].table) || is(datasets[i].others, datasets[k].others))
        complain(datasets[i].path, 1, "%s has these tables already", datasets[k].path);
}

/* ---- tables ---- */

/* The key itself stands in `key`; an optional date or decimal has no value then, a text or code is empty. */
static bool may_be_null(const struct declared *d, const struct field *f) {
  if (f->kind == TEXT) return is(f->name, d->key[0]);
  return f->optional && f->kind != CODE;
}

static void put_rows(FILE *f, const struct declared *d, const char *table, const char *key, const char *end) {
  fprintf(f, "CREATE TABLE %s (\n  key TEXT NOT NULL%s,\n  run INTEGER NOT NULL,\n  record INTEGER NOT NULL",
          table, key);
  for (int i = 0; i < d->count; i++) {
    const struct field *of = &d->fields[i];
    fprintf(f, ",\n  %s %s%s", of->name, of->kind == TEXT ? "TEXT" : "INTEGER",
            may_be_null(d, of) ? "" : " NOT NULL");
  }
  fprintf(f, "%s\n) WITHOUT ROWID;\n", end);
}

static void put_sums(FILE *f, const struct declared *d, const char *end, bool by_run) {
  fprintf(f, "CREATE TABLE %s_%s (\n", d->others, end);
  if (by_run) fputs("  run INTEGER NOT NULL,\n", f);
  for (int i = 0; i < d->count; i++)
    if (d->fields[i].group) fprintf(f, "  %s INTEGER NOT NULL,\n", d->fields[i].name);
  fputs("  orders INTEGER NOT NULL,\n", f);
  for (int i = 0; i < d->count; i++)
    if (d->fields[i].total) fprintf(f, "  %s INTEGER NOT NULL,\n", d->fields[i].name);
  const char *between = by_run ? "run, " : "";
  fputs("  PRIMARY KEY (", f);
  for (int i = 0; i < d->count; i++)
    if (d->fields[i].group) fprintf(f, "%s%s", between, d->fields[i].name), between = ", ";
  fputs(")\n) WITHOUT ROWID;\n", f);
}

/* ---- rules ---- */

/* Rules of a dataset on their way: the number of its migration, which of its datasets, how many there are. */
struct rules {
  FILE *f;
  const struct declared *of;
  int index, count;
};

struct rule {
  const char *stage, *kind, *category, *name, *message; /* name and message follow the field's */
};

/* field: NULL when it looks at the whole row. */
static void put_rule(struct rules *r, const struct rule *rule, const char *field, const char *params) {
  const char *of = field ? field : "";
  fprintf(r->f, "%s\n  ('00000000-0000-7000-8000-d0%04d%03d%03d', '%s', '%s%s', '%s', '%s', ",
          r->count ? "," : "", r->of->since, r->index, r->count + 1, r->of->name, of, rule->name, rule->stage,
          rule->kind);
  fprintf(r->f, "nullif('%s', ''), '%s', '%s', '%s%s', %d, 0, 'outpost', 0, 'outpost')", of, params,
          rule->category, of, rule->message, ++r->count * 10);
}

static void put_unique(struct rules *r) {
  static const struct rule unique = { "duplicates", "unique", "DATA_QUALITY_ISSUE", "_unique",
                                      ": no row before it has the same key" };
  char params[1024] = "";
  size_t n = 0;
  for (int i = 0; i < r->of->parts && n < sizeof params; i++)
    n +=
        (size_t)snprintf(params + n, sizeof params - n, "%s\"%s\"", i ? "," : "{\"fields\":[", r->of->key[i]);
  if (n + 3 > sizeof params) die("a key is too long", r->of->path);
  snprintf(params + n, sizeof params - n, "]}");
  put_rule(r, &unique, r->of->key[0], params);
}

static void put_rules(FILE *f, const struct declared *d, int index) {
  static const struct rule whole[] = {
    { "schema", "readable", "DATA_FORMAT_ERROR", "record_readable",
      "the record can be read as a row of the table" },
    { "schema", "columns", "MISSING_REQUIRED_FIELD", "columns_complete",
      "the row has a cell for every required column" },
    { "schema", "extra_cells", "DATA_FORMAT_ERROR", "no_extra_cells",
      "the row has no more cells than the table has headings" },
  };
  static const struct rule number = { "schema", "type", "DATA_FORMAT_ERROR", "_is_number", " is a number" };
  static const struct rule date = { "quality", "type", "DATA_FORMAT_ERROR", "_format", " is a date" };
  static const struct rule present = { "quality", "required", "MISSING_REQUIRED_FIELD", "_present",
                                       " is not empty" };
  struct rules r = { .f = f, .of = d, .index = index };
  fputs("INSERT INTO rule (id, dataset, name, stage, kind, field, params, category, message, position,\n"
        "                  created_at, created_by, updated_at, updated_by) VALUES",
        f);
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) put_rule(&r, &whole[i], NULL, "{}");
  for (int i = 0; i < d->count; i++) {
    const struct field *of = &d->fields[i];
    if (of->kind == DECIMAL && !of->optional) put_rule(&r, &number, of->name, "{}");
  }
  for (int i = 0; i < d->count; i++) {
    const struct field *of = &d->fields[i];
    if (!of->optional) put_rule(&r, &present, of->name, "{}");
    if (of->kind == DATE && !of->optional) put_rule(&r, &date, of->name, "{}");
  }
  put_unique(&r);
  fputs(";\n", f);
}

/* ---- a migration ---- */

static void put_up(FILE *f, const struct declared *d, int index) {
  char past[256];
  snprintf(past, sizeof past, "%s_past", d->others);
  put_rows(f, d, d->table, " PRIMARY KEY", "");
  put_rows(f, d, past, "", ",\n  PRIMARY KEY (key, run)");
  fprintf(f, "CREATE INDEX %s_run ON %s(run, key);\n", past, past);
  put_sums(f, d, "total", true);
  put_sums(f, d, "current", false);
  put_rules(f, d, index);
}

static void put_down(FILE *f, const struct declared *d) {
  fprintf(f, "DELETE FROM rule WHERE dataset = '%s';\n", d->name);
  fprintf(f, "DROP TABLE %s_current;\nDROP TABLE %s_total;\nDROP TABLE %s_past;\nDROP TABLE %s;\n", d->others,
          d->others, d->others, d->table);
}

static void put_sql(FILE *f) {
  fputs("-- Written by src/tools/embed_datasets.c from sql/dataset/: tables of datasets, by migration.\n", f);
  for (int i = 0, index = 0; i < dataset_count; i++) {
    const struct declared *d = &datasets[i];
    index = i && datasets[i - 1].since == d->since ? index + 1 : 1;
    if (d->by_hand) continue;
    fprintf(f, "-- migration: %d %s\n-- up\n", d->since, d->path);
    put_up(f, d, index);
    fputs("-- down\n", f);
    put_down(f, d);
  }
}

/* ---- the exported table of what counts ---- */

static const struct declared *reported; /* by put_report, which write_file calls */

static void put_column(FILE *f, const struct field *of) {
  static const char *const kinds[] = { "text", "text", "day" };
  fprintf(f, "-- columns: %s ", of->name);
  if (of->kind == DECIMAL)
    fprintf(f, "dec%d.%d,\n", of->scale, of->shown);
  else
    fprintf(f, "%s,\n", kinds[of->kind]);
}

static void put_report(FILE *f) {
  const struct declared *d = reported;
  fprintf(f, "-- report: clean_%s\n-- columns: id int, run_id text,\n", d->name);
  for (int i = 0; i < d->count; i++) put_column(f, &d->fields[i]);
  if (d->ratio[0]) fprintf(f, "-- columns: %s dec2.2,\n", d->ratio[0]);
  fputs("-- columns: processed_timestamp time\nSELECT s.run << 32 | s.record, r.uuid", f);
  for (int i = 0; i < d->count; i++) {
    const struct field *of = &d->fields[i];
    if (of->kind == CODE)
      fprintf(f, ", t%d.text", i);
    else
      fprintf(f, is(of->name, d->key[0]) ? ", coalesce(s.%s, s.key)" : ", s.%s", of->name);
  }
  if (d->ratio[0]) fprintf(f, ", per_unit(s.%s, s.%s)", d->ratio[1], d->ratio[2]);
  fprintf(f, ", r.ended_at\nFROM %s s JOIN run r ON r.id = s.run", d->table);
  for (int i = 0; i < d->count; i++)
    if (d->fields[i].kind == CODE) fprintf(f, "\nJOIN term t%d ON t%d.id = s.%s", i, i, d->fields[i].name);
  fputs("\nWHERE :run IS NULL OR r.uuid = :run;\n", f);
}

/* ---- descriptors ---- */

static void put_field(FILE *f, const struct field *of) {
  static const char *const kinds[] = { "TEXT", "CODE", "DATE", "DECIMAL" };
  fprintf(f, "  { .name = \"%s\", .kind = FIELD_%s", of->name, kinds[of->kind]);
  if (of->scale) fprintf(f, ", .scale = %d", of->scale);
  if (of->essential) fputs(", .essential = true", f);
  if (of->optional) fputs(", .optional = true", f);
  if (of->total) fputs(", .total = true", f);
  if (of->group) fputs(", .group = true", f);
  put_member(f, "synonyms", of->synonyms ? of->synonyms : "");
  fputs(" },\n", f);
}

static void put_descriptor(FILE *f, const struct declared *d) {
  fprintf(f, "\nstatic const struct field %s_fields[] = {\n", d->name);
  for (int i = 0; i < d->count; i++) put_field(f, &d->fields[i]);
  fputs("};\n", f);
  if (d->ratio[0])
    fprintf(f, "static const struct field_ratio %s_ratio = { \"%s\", \"%s\", \"%s\" };\n", d->name,
            d->ratio[0], d->ratio[1], d->ratio[2]);
  fprintf(f, "const struct dataset %s_dataset = {\n  .name = \"%s\", .table = \"%s\"", d->name, d->name,
          d->table);
  static const char *const ends[] = { "total", "past", "current" };
  for (int i = 0; i < 3; i++) fprintf(f, ", .%s_table = \"%s_%s\"", ends[i], d->others, ends[i]);
  put_member(f, "key_field", d->key[0]);
  fprintf(f, ", .fields = %s_fields, .field_count = %d, .batch = %d", d->name, d->count, d->batch);
  put_member(f, "follow", d->follow);
  if (d->ratio[0]) fprintf(f, ", .ratio = &%s_ratio", d->name);
  fputs(",\n};\n", f);
}

static void put_code(FILE *f) {
  fputs("/* Written by src/tools/embed_datasets.c from sql/dataset/. */\n#include \"model/dataset.h\"\n", f);
  fprintf(f,
          "\n_Static_assert(DATASET_FIELDS == %d && DATASET_GROUPS == %d && DATASET_TOTALS == %d, "
          "\"embed_datasets.c allows others\");\n",
          MAX_FIELDS, MAX_GROUPS, MAX_TOTALS);
  for (int i = 0; i < dataset_count; i++) put_descriptor(f, &datasets[i]);
  fputs("\nconst struct dataset *const datasets_declared[] = { ", f);
  for (int i = 0; i < dataset_count; i++) fprintf(f, "&%s_dataset, ", datasets[i].name);
  fputs("NULL };\nconst char datasets_names[] = \"", f);
  for (int i = 0; i < dataset_count; i++) fprintf(f, "%s%s", i ? ", " : "", datasets[i].name);
  fputs("\";\n", f);
}

/* The oldest first: where nobody says which, that one is meant. */
static int by_age(const void *a, const void *b) {
  const struct declared *x = a, *y = b;
  return x->since != y->since ? x->since - y->since : strcmp(x->name, y->name);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: embed_datasets OUT_DIR FILE...\n", stderr);
    return 2;
  }
  for (int i = 2; i < argc; i++) read_dataset(argv[i]);
  if (!complaints) check_together();
  if (complaints) return 1;
  qsort(datasets, (size_t)dataset_count, sizeof *datasets, by_age);
  write_file(argv[1], "datasets.sql", put_sql);
  write_file(argv[1], "datasets.c", put_code);
  for (int i = 0; i < dataset_count; i++) {
    char dir[4096], name[256];
    reported = &datasets[i];
    snprintf(dir, sizeof dir, "%s/report", argv[1]);
    mkdir(dir, 0777); /* where it is there already, that is well, and else write_file says why not */
    snprintf(name, sizeof name, "clean_%s.sql", datasets[i].name);
    write_file(dir, name, put_report);
  }
  return 0;
}

/*
** embed_sql.c - a host program of the build: puts the SQL of sql/ into the
** binary. Never linked into it.
**
**   embed_sql OUT_DIR FILE...     writes OUT_DIR/sql.h and OUT_DIR/sql.c
**
** What the files look like:
**
**   sql/query/MODULE.sql           blocks; a block is a line "-- name: run_by_id", or
**                                  "-- name: tenant_insert system" for a statement
**                                  that runs on system.db, and then one statement. With a line
**                                  "-- given: ?1 NAME" before it, it is there a second time, as NAME, for
**                                  callers who give ?1: without each "?1 IS NULL OR ", for which SQLite takes no index
**   sql/report/NAME.sql            "-- report: NAME", one or several lines
**                                  "-- columns: id int, revenue money", one SELECT
**   sql/migrate/tenant/NNNN_name.sql, sql/migrate/system/NNNN_name.sql
**                                  "-- up" and "-- down", statements after each;
**                                  numbered from 1 without a gap
**   sql/upstream/NNN_name.sql      what headquarters' PostgreSQL is given, in the order of the numbers; taken
**                                  as it is
**   build/gen/entities.sql, datasets.sql
**                                  written by embed_entities and embed_datasets: "-- migration: NNNN FILE",
**                                  then as a migration. It becomes part of the migration
**                                  of that number, first on the way up and last on the
**                                  way down, or that migration when there is no other.
**
** Comments that stand before a statement document it and stay out of the
** binary. The final semicolon of a query or report is left out, too.
**
** The output depends on the files alone and is sorted, so that the same sources
** give the same binary. Every complaint names file and line; nothing is written
** unless all files are well-formed.
*/
#include "tools/host.h"

enum { MAX_ITEMS = 4096, MAX_COLUMNS_TEXT = 4096 };

struct item { /* a query, a report or a migration */
  const char *path;
  int line; /* of the name */
  int version;
  char *name;
  char *about;       /* scope of a query, columns of a report, down part of a migration */
  char *text;        /* the statement; the up part of a migration */
  char *given;       /* of a query: "?1 NAME", or NULL */
  bool text_seen[2]; /* of a migration: "-- up", "-- down" */
};

struct list {
  struct item items[MAX_ITEMS];
  size_t count;
};

static struct list queries, reports, tenant_migrations, system_migrations, declared_parts, upstream_parts;

/* ---- reading ---- */

static bool is_comment(const char *line) {
  while (isspace((unsigned char)*line)) line++;
  return line[0] == '-' && line[1] == '-';
}

/* What follows "-- word" on a line; NULL when it is another line. */
static char *directive(char *line, const char *word) {
  size_t n = strlen(word);
  if (strncmp(line, "-- ", 3) != 0 || strncmp(line + 3, word, n) != 0) return NULL;
  char *rest = line + 3 + n;
  if (*rest && !isspace((unsigned char)*rest)) return NULL;
  while (isspace((unsigned char)*rest)) rest++;
  return rest;
}

static void append(char **text, const char *line) {
  size_t n = *text ? strlen(*text) : 0, more = strlen(line) + 2;
  *text = need(realloc(*text, n + more));
  snprintf(*text + n, more, "%s\n", line);
}

/* A line of a statement: comments and blank lines before it are left out. */
static void append_sql(struct item *it, const char *line) {
  if (it->text || (*line && !is_comment(line))) append(&it->text, line);
}

static struct item *item_new(struct list *l, const struct source *s, const char *name) {
  if (l->count == MAX_ITEMS) {
    fprintf(stderr, "embed_sql: more than %d statements: raise MAX_ITEMS\n", MAX_ITEMS);
    exit(1);
  }
  struct item *it = &l->items[l->count++];
  *it = (struct item){ .path = s->path, .line = s->line, .name = need(strdup(name)) };
  if (!is_name(name))
    complain(s->path, s->line, "\"%s\" is not a name: it must be made of a-z, 0-9 and _", name);
  return it;
}

/* ---- statements ---- */

/* Looks at quotes, comments, brackets and semicolons only: SQLite itself checks
** the rest, in a test that prepares every statement. `single`: just one statement. */
static void check_sql(const struct item *it, const char *text, bool single) {
  int depth = 0;
  bool ended = false;
  for (const char *p = text; *p; p++) {
    if (p[0] == '-' && p[1] == '-') {
      p += strcspn(p, "\n");
      if (!*p) break;
    } else if (p[0] == '/' && p[1] == '*') {
      p = strstr(p + 2, "*/");
      if (!p) {
        complain(it->path, it->line, "%s: a comment is not closed", it->name);
        return;
      }
      p++;
    } else if (*p == '\'' || *p == '"' || *p == '`') {
      p = strchr(p + 1, *p); /* a doubled quote closes and opens again */
      if (!p) {
        complain(it->path, it->line, "%s: a quote is not closed", it->name);
        return;
      }
    } else if (*p == '(') {
      depth++;
    } else if (*p == ')' && --depth < 0) {
      break;
    } else if (*p == ';') {
      ended = true;
      if (depth != 0) break;
      continue;
    }
    if (single && ended && *p && !isspace((unsigned char)*p)) {
      complain(it->path, it->line, "%s: more than one statement", it->name);
      return;
    }
  }
  if (depth != 0) complain(it->path, it->line, "%s: brackets do not match", it->name);
}

/* Cuts blank lines, and of a single statement the semicolon, off the end. */
static void trim_end(char *text, bool semicolon) {
  size_t n = strlen(text);
  while (n > 0 && (isspace((unsigned char)text[n - 1]) || (semicolon && text[n - 1] == ';'))) n--;
  text[n] = 0;
}

static bool starts_with_word(const char *text, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i < n; i++)
    if (toupper((unsigned char)text[i]) != word[i]) return false;
  return !isalnum((unsigned char)text[n]);
}

static void finish_single(struct item *it) {
  if (!it->text) {
    complain(it->path, it->line, "%s has no statement", it->name);
    it->text = need(strdup(""));
    return;
  }
  check_sql(it, it->text, true);
  trim_end(it->text, true);
}

/* The statement once more, for callers who give a parameter. */
static void add_given(const struct source *s, const struct item *of) {
  size_t n = strcspn(of->given, " \t");
  char *name = of->given + n, needless[32];
  bool there = *name && snprintf(needless, sizeof needless, "%.*s IS NULL OR ", (int)n, of->given) <
                            (int)sizeof needless;
  if (!there || !strstr(of->text, needless)) {
    complain(of->path, of->line, "%s: a line \"-- given: ?1 NAME\" wants a statement with \"?1 IS NULL OR\"",
             of->name);
    return;
  }
  *name++ = 0;
  struct item *it = item_new(&queries, s, name + strspn(name, " \t"));
  it->line = of->line;
  it->about = need(strdup(of->about));
  it->text = need(strdup(of->text));
  for (char *at = it->text; (at = strstr(at, needless));) {
    char *rest = at + strlen(needless);
    memmove(at, rest, strlen(rest) + 1);
  }
}

/* ---- the three kinds of files ---- */

static void finish_query(const struct source *s, struct item *it) {
  finish_single(it);
  if (it->given) add_given(s, it);
}

static void read_queries(struct source *s) {
  struct item *it = NULL;
  for (char *line; (line = source_line(s));) {
    char *name = directive(line, "name:");
    char *given = it && !it->text ? directive(line, "given:") : NULL;
    if (name) {
      char *scope = strpbrk(name, " \t");
      if (scope) *scope++ = 0;
      while (scope && isspace((unsigned char)*scope)) scope++;
      if (it) finish_query(s, it);
      it = item_new(&queries, s, name);
      it->about = need(strdup(scope && *scope ? scope : "tenant"));
      if (strcmp(it->about, "tenant") != 0 && strcmp(it->about, "system") != 0)
        complain(s->path, s->line, "%s: \"%s\" is neither tenant nor system", name, it->about);
    } else if (given) {
      it->given = need(strdup(given));
    } else if (it) {
      append_sql(it, line);
    } else if (*line && !is_comment(line)) {
      complain(s->path, s->line, "a statement without a line \"-- name: ...\" above it");
      return;
    }
  }
  if (it)
    finish_query(s, it);
  else
    complain(s->path, 1, "no line \"-- name: ...\" in this file");
}

static void add_columns(struct item *it, const char *more) {
  char joined[MAX_COLUMNS_TEXT];
  if (snprintf(joined, sizeof joined, "%s%s%s", it->about, *it->about ? ", " : "", more) >=
      (int)sizeof joined)
    complain(it->path, it->line, "too many columns");
  trim_end(joined, false);
  size_t n = strlen(joined);
  if (n > 0 && joined[n - 1] == ',') joined[n - 1] = 0; /* a list that goes on in the next line */
  free(it->about);
  it->about = need(strdup(joined));
}

static void read_report(struct source *s) {
  struct item *it = NULL;
  for (char *line; (line = source_line(s));) {
    char *name = it && it->text ? NULL : directive(line, "report:");
    char *columns = it && !it->text ? directive(line, "columns:") : NULL;
    if (name) {
      if (it) complain(s->path, s->line, "a second \"-- report:\": one report, one file");
      it = item_new(&reports, s, name);
      it->about = need(strdup(""));
    } else if (columns) {
      add_columns(it, columns);
    } else if (it) {
      append_sql(it, line);
    } else if (*line && !is_comment(line)) {
      complain(s->path, s->line, "a statement without a line \"-- report: NAME\" above it");
      return;
    }
  }
  if (!it) {
    complain(s->path, 1, "no line \"-- report: NAME\" in this file");
    return;
  }
  const char *base = strrchr(s->path, '/') + 1;
  size_t n = strlen(it->name);
  if (strncmp(base, it->name, n) != 0 || strcmp(base + n, ".sql") != 0)
    complain(it->path, it->line, "report %s must stand in %s.sql", it->name, it->name);
  if (!*it->about) complain(it->path, it->line, "report %s has no line \"-- columns: ...\"", it->name);
  finish_single(it);
  if (*it->text && !starts_with_word(it->text, "SELECT") && !starts_with_word(it->text, "WITH"))
    complain(it->path, it->line, "report %s is not a SELECT", it->name);
}

/* A migration is whole: both parts were there, and look like SQL. */
static void finish_migration(struct item *it) {
  if (!it->text_seen[0]) complain(it->path, it->line, "no line \"-- up\" in this file");
  if (!it->text_seen[1]) complain(it->path, it->line, "no line \"-- down\" in this file");
  if (!it->text) append(&it->text, "");
  if (!it->about) append(&it->about, "");
  check_sql(it, it->text, false);
  check_sql(it, it->about, false);
  trim_end(it->text, false);
  trim_end(it->about, false);
}

/* "-- up", "-- down" and the lines after them; false at a line that belongs to neither. */
static bool read_part(struct source *s, struct item *it, char *line) {
  bool up = directive(line, "up") != NULL, down = directive(line, "down") != NULL;
  if (up || down) {
    if (it->text_seen[down]) complain(s->path, s->line, "a second \"-- %s\"", up ? "up" : "down");
    it->text_seen[down] = true;
  } else if (it->text_seen[0] || it->text_seen[1]) {
    append(it->text_seen[1] ? &it->about : &it->text, line);
  } else if (*line && !is_comment(line)) {
    complain(s->path, s->line, "a statement before the line \"-- up\"");
    return false;
  }
  return true;
}

static void read_migration(struct source *s, struct list *l) {
  const char *base = strrchr(s->path, '/') + 1;
  char name[256];
  snprintf(name, sizeof name, "%s", base);
  char *dot = strrchr(name, '.');
  if (dot) *dot = 0;
  if (strspn(base, "0123456789") != 4 || base[4] != '_') {
    complain(s->path, 1, "a migration is called NNNN_name.sql");
    return;
  }
  struct item *it = item_new(l, s, name + 5);
  it->line = 1;
  it->version = (int)strtol(name, NULL, 10);
  for (char *line; (line = source_line(s));)
    if (!read_part(s, it, line)) return;
  finish_migration(it);
}

static void read_upstream(struct source *s) {
  const char *base = strrchr(s->path, '/') + 1;
  char name[256];
  snprintf(name, sizeof name, "%s", base);
  name[strcspn(name, ".")] = 0;
  if (strspn(base, "0123456789") != 3 || base[3] != '_') {
    complain(s->path, 1, "a part of headquarters' schema is called NNN_name.sql");
    return;
  }
  struct item *it = item_new(&upstream_parts, s, name + 4);
  it->line = 1;
  it->version = (int)strtol(name, NULL, 10);
  for (char *line; (line = source_line(s));) append(&it->text, line);
  if (!it->text) append(&it->text, "");
  check_sql(it, it->text, false);
}

/* What entities and datasets of a number need: any number of migrations in one file. */
static void read_declared_parts(struct source *s) {
  struct item *it = NULL;
  for (char *line; (line = source_line(s));) {
    char *of = directive(line, "migration:");
    if (of) {
      if (it) finish_migration(it);
      it = item_new(&declared_parts, s, "declared");
      it->version = (int)strtol(of, &of, 10);
      it->path = need(strdup(of + strspn(of, " ")));
      it->line = 1;
    } else if (it && !read_part(s, it, line)) {
      return;
    }
  }
  if (it) finish_migration(it);
}

/* "a" and then "b", as one text. */
static char *joined(const char *a, const char *b) {
  size_t n = strlen(a) + strlen(b) + 2;
  char *both = need(malloc(n));
  snprintf(both, n, "%s%s%s", a, *a && *b ? "\n" : "", b);
  return both;
}

/* Before check_numbers: a number that only these have is a migration, too. */
static void merge_declared_parts(void) {
  for (size_t i = 0; i < declared_parts.count; i++) {
    struct item *part = &declared_parts.items[i], *own = NULL;
    for (size_t k = 0; k < tenant_migrations.count; k++)
      if (tenant_migrations.items[k].version == part->version) own = &tenant_migrations.items[k];
    if (own) {
      own->text = joined(part->text, own->text);
      own->about = joined(own->about, part->about);
    } else {
      tenant_migrations.items[tenant_migrations.count++] = *part;
    }
  }
}

static void read_file(const char *path) {
  struct source s;
  source_open(&s, path);
  if (strstr(path, "/query/"))
    read_queries(&s);
  else if (strstr(path, "/report/"))
    read_report(&s);
  else if (strstr(path, "/upstream/"))
    read_upstream(&s);
  else if (strstr(path, "/entities.sql") || strstr(path, "/datasets.sql"))
    read_declared_parts(&s);
  else if (strstr(path, "/migrate/tenant/"))
    read_migration(&s, &tenant_migrations);
  else if (strstr(path, "/migrate/system/"))
    read_migration(&s, &system_migrations);
  else
    complain(path, 1, "SQL stands in query/, report/, upstream/, migrate/tenant/ or migrate/system/");
  free(s.text);
}

/* ---- all of them together ---- */

static int by_version_and_name(const void *a, const void *b) {
  const struct item *x = a, *y = b;
  if (x->version != y->version) return x->version < y->version ? -1 : 1;
  return strcmp(x->name, y->name);
}

static void sort_and_check_names(struct list *l) {
  qsort(l->items, l->count, sizeof *l->items, by_version_and_name);
  for (size_t i = 1; i < l->count; i++) {
    const struct item *a = &l->items[i - 1], *b = &l->items[i];
    if (a->version == b->version && strcmp(a->name, b->name) == 0)
      complain(b->path, b->line, "%s is there already: %s:%d", b->name, a->path, a->line);
  }
}

static void check_numbers(const struct list *l) {
  for (size_t i = 0; i < l->count; i++) {
    const struct item *it = &l->items[i];
    if (it->version == (int)i + 1) continue;
    complain(it->path, 1, "number %04d where %04d must come: numbers have no gap and none twice", it->version,
             (int)i + 1);
    return;
  }
}

/* ---- writing ---- */

static void put_header(FILE *f) {
  fputs("/* Written by src/tools/embed_sql.c from sql/. */\n"
        "#ifndef GEN_SQL_H\n#define GEN_SQL_H\n\n#include <stddef.h>\n\nenum sql_id {\n",
        f);
  for (size_t i = 0; i < queries.count; i++) fprintf(f, "  SQL_%s,\n", queries.items[i].name);
  fputs("  SQL_COUNT\n};\n\n"
        "/* Every array has one more row, all NULL, at its end. */\n"
        "struct sql_text {\n  const char *name, *scope, *text;\n};\n"
        "extern const struct sql_text sql_texts[SQL_COUNT + 1];\n\n"
        "struct report_text {\n  const char *name, *columns, *text;\n};\n"
        "extern const struct report_text report_texts[];\nextern const size_t report_count;\n\n"
        "struct migration {\n  int version;\n  const char *name, *up, *down;\n};\n"
        "extern const struct migration tenant_migrations[], system_migrations[];\n"
        "extern const size_t tenant_migration_count, system_migration_count;\n\n"
        "struct upstream_part {\n  int number;\n  const char *name, *text;\n};\n"
        "extern const struct upstream_part upstream_parts[];\nextern const size_t "
        "upstream_part_count;\n\n#endif\n",
        f);
}

static void put_list(FILE *f, const struct list *l, const char *type, const char *name, const char *size,
                     const char *count, bool numbered) {
  fprintf(f, "\nconst struct %s %s[%s] = {\n", type, name, size);
  for (size_t i = 0; i < l->count; i++) {
    const struct item *it = &l->items[i];
    fputs("  { ", f);
    if (numbered) fprintf(f, "%d, ", it->version);
    fprintf(f, "\"%s\",\n    ", it->name);
    put_text(f, numbered ? it->text : it->about);
    fputs(",\n    ", f);
    put_text(f, numbered ? it->about : it->text);
    fputs(" },\n", f);
  }
  fprintf(f, "  { 0 },\n};\n");
  if (count) fprintf(f, "const size_t %s = %zu;\n", count, l->count);
}

static void put_parts(FILE *f) {
  fputs("\nconst struct upstream_part upstream_parts[] = {\n", f);
  for (size_t i = 0; i < upstream_parts.count; i++) {
    const struct item *it = &upstream_parts.items[i];
    fprintf(f, "  { %d, \"%s\",\n    ", it->version, it->name);
    put_text(f, it->text);
    fputs(" },\n", f);
  }
  fprintf(f, "  { 0 },\n};\nconst size_t upstream_part_count = %zu;\n", upstream_parts.count);
}

static void put_code(FILE *f) {
  fputs("/* Written by src/tools/embed_sql.c from sql/. */\n#include \"gen/sql.h\"\n", f);
  put_list(f, &queries, "sql_text", "sql_texts", "SQL_COUNT + 1", NULL, false);
  put_list(f, &reports, "report_text", "report_texts", "", "report_count", false);
  put_list(f, &tenant_migrations, "migration", "tenant_migrations", "", "tenant_migration_count", true);
  put_list(f, &system_migrations, "migration", "system_migrations", "", "system_migration_count", true);
  put_parts(f);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: embed_sql OUT_DIR FILE...\n", stderr);
    return 2;
  }
  for (int i = 2; i < argc; i++) read_file(argv[i]);
  sort_and_check_names(&queries);
  sort_and_check_names(&reports);
  merge_declared_parts();
  sort_and_check_names(&tenant_migrations);
  sort_and_check_names(&system_migrations);
  sort_and_check_names(&upstream_parts);
  check_numbers(&tenant_migrations);
  check_numbers(&system_migrations);
  if (complaints) return 1;
  write_file(argv[1], "sql.h", put_header);
  write_file(argv[1], "sql.c", put_code);
  return 0;
}

/*
** host.h - what the host programs of the build share: complaints that name file
** and line, a file read line by line, C literals, and files that appear whole.
** Never linked into the binary.
*/
#ifndef TOOLS_HOST_H
#define TOOLS_HOST_H

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VERSION = 9999 }; /* of a migration */

static int complaints; /* nothing is written when there are any */

static inline void complain(const char *path, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline void complain(const char *path, int line, const char *fmt, ...) {
  va_list ap;
  fprintf(stderr, "%s:%d: ", path, line);
  va_start(ap, fmt);
  vfprintf(stderr, fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  complaints++;
}

static inline void die(const char *what, const char *path) {
  fprintf(stderr, "%s: ", what);
  perror(path);
  exit(1);
}

static inline void *need(void *p) {
  if (!p) die("out of memory", "");
  return p;
}

/* ---- reading ---- */

/* A file in memory, and where in it we are. */
struct source {
  const char *path;
  char *text; /* lines are cut out of it in place */
  char *next;
  int line;
};

static inline void source_open(struct source *s, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) die("cannot read", path);
  if (fseek(f, 0, SEEK_END)) die("cannot read", path);
  long size = ftell(f);
  rewind(f);
  *s = (struct source){ .path = path, .text = need(malloc((size_t)size + 1)) };
  if (fread(s->text, 1, (size_t)size, f) != (size_t)size) die("cannot read", path);
  s->text[size] = 0;
  s->next = s->text;
  fclose(f);
}

/* The next line without its end and trailing blanks; NULL at the end. */
static inline char *source_line(struct source *s) {
  char *line = s->next;
  if (!*line) return NULL;
  char *end = strchr(line, '\n');
  s->next = end ? end + 1 : line + strlen(line);
  if (!end) end = s->next;
  while (end > line && isspace((unsigned char)end[-1])) end--;
  if (*s->next || end < s->next) *end = 0;
  s->line++;
  return line;
}

/* a-z, 0-9 and _, beginning with a letter: a name in SQL and in C. */
static inline bool is_name(const char *name) {
  bool plain = islower((unsigned char)*name);
  for (const char *c = name; *c; c++)
    plain = plain && (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
  return plain;
}

static const char *const sql_words[] = {
  "add",        "all",         "alter",   "and",      "as",         "autoincrement", "between",
  "case",       "check",       "collate", "commit",   "constraint", "create",        "cross",
  "default",    "deferrable",  "delete",  "distinct", "drop",       "else",          "escape",
  "except",     "exists",      "foreign", "from",     "full",       "group",         "having",
  "in",         "index",       "inner",   "insert",   "intersect",  "into",          "is",
  "isnull",     "join",        "left",    "limit",    "natural",    "not",           "nothing",
  "notnull",    "null",        "on",      "or",       "order",      "outer",         "primary",
  "references", "returning",   "right",   "select",   "set",        "table",         "then",
  "to",         "transaction", "union",   "unique",   "update",     "using",         "values",
  "when",       "where",       NULL
};

static inline bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Where in the NULL-ended list, or -1. */
static inline int index_in(const char *const *list, const char *word) {
  for (int i = 0; list[i]; i++)
    if (is(list[i], word)) return i;
  return -1;
}

static inline bool is_sql_word(const char *name) { return index_in(sql_words, name) >= 0; }

static inline bool is_digits(const char *p) { return *p && !p[strspn(p, "0123456789")]; }

/* The next word, cut off *rest; "quoted text" is one. NULL at the end of the line. */
static inline char *word(char **rest) {
  char *p = *rest + strspn(*rest, " \t");
  if (!*p) return NULL;
  char *end = *p == '"' ? strchr(p + 1, '"') : p + strcspn(p, " \t");
  if (*p == '"' && end) p++;
  if (!end) end = p + strlen(p);
  *rest = *end ? end + 1 : end;
  *end = 0;
  return p;
}

/* Whether the next word is this one; if so, it is taken. */
static inline bool takes(char **rest, const char *what) {
  char *p = *rest + strspn(*rest, " \t");
  size_t n = strlen(what);
  if (strncmp(p, what, n) != 0 || (p[n] && !isspace((unsigned char)p[n]))) return false;
  *rest = p + n;
  return true;
}

/* ---- writing ---- */

/* A C literal, a line of the text in a line. "?" is escaped: "??(" would be a trigraph. */
static inline void put_text(FILE *f, const char *text) {
  fputc('"', f);
  for (const char *p = text; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '\n')
      fputs(p[1] ? "\\n\"\n    \"" : "\\n", f);
    else if (c == '"' || c == '\\' || c == '?')
      fprintf(f, "\\%c", c);
    else if (c < 0x20 || c > 0x7e)
      fprintf(f, "\\%03o", c);
    else
      fputc(c, f);
  }
  fputc('"', f);
}

/* A member of an initializer; nothing for NULL. */
static inline void put_member(FILE *f, const char *name, const char *text) {
  if (!text) return;
  fprintf(f, ", .%s = ", name);
  put_text(f, text);
}

/* A file appears whole or not at all, and keeps its time when nothing changed:
** an edited comment compiles nothing again. */
static inline void write_file(const char *dir, const char *name, void (*put)(FILE *)) {
  char path[4096], fresh[4096 + 8];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  snprintf(fresh, sizeof fresh, "%s.new", path);
  FILE *f = fopen(fresh, "w+");
  if (!f) die("cannot write", fresh);
  put(f);
  bool same = true;
  FILE *old = fopen(path, "r");
  if (!old) same = false;
  rewind(f);
  for (int c = 0; same && c != EOF;) {
    c = fgetc(f);
    same = c == fgetc(old);
  }
  if (old) fclose(old);
  if (ferror(f) || fclose(f)) die("cannot write", fresh);
  if (same ? remove(fresh) : rename(fresh, path)) die("cannot write", path);
}

#endif

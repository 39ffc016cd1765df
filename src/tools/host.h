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

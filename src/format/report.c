/*
** report.c - a profile for programs (JSON) and for people (text).
*/
#include <stdio.h>

#include "base/json.h"
#include "format/format.h"

const char *file_kind_name(enum file_kind k) {
  static const char *const names[] = { "csv", "json_lines", "json_array" };
  return names[k];
}

const char *column_type_name(enum column_type t) {
  static const char *const names[] = { "empty", "integer", "decimal", "date", "boolean", "text" };
  return names[t];
}

static const char *order_name(enum date_order o) {
  static const char *const names[] = { "auto", "ymd", "dmy", "mdy" };
  return names[o];
}

static const char *byte_name(int c, char out[static 2]) {
  out[0] = (char)(c > 0 ? c : 0);
  out[1] = 0;
  return c > 0 ? out : "none";
}

static void json_dialect(struct jw *w, const struct dialect *d) {
  char quote[2], escape[2], decimal[2] = { d->decimal, 0 };
  jw_record(w, "dialect", "encoding", d->encoding, "delimiter", d->delimiter, "quote",
            byte_name(d->quote, quote), "escape", byte_name(d->escape, escape), "header",
            d->header == 1 ? "yes" : "no", "skip", d->skip, "decimal", decimal, "date_order",
            order_name(d->date_order));
}

static void json_column(struct jw *w, const struct column *c) {
  char sign[2] = { c->decimal, 0 };
  bool number = c->type == COLUMN_DECIMAL || c->type == COLUMN_INTEGER;
  jw_object(w, NULL);
  jw_put(w, "heading", c->heading, "label", c->label, "type", column_type_name(c->type), "values",
         (int64_t)c->values, "empty", (int64_t)c->empty, "odd", (int64_t)c->odd);
  if (c->type == COLUMN_DATE) jw_put(w, "date_order", order_name(c->date_order), "ambiguous", c->ambiguous);
  if (number) jw_text(w, "decimal", sign);
  jw_put(w, "evidence", c->evidence, "example", c->example);
  jw_close(w, '}');
}

void profile_oddities(const struct profile *p, struct jw *w) {
  jw_array(w, "oddities");
  for (size_t i = 0; i < p->oddity_count; i++) {
    const struct oddity *o = &p->oddities[i];
    jw_record(w, NULL, "code", o->code, "line", (int64_t)o->line, "count", (int64_t)o->count, "text",
              o->text);
  }
  jw_close(w, ']');
}

void profile_json(const struct profile *p, struct buf *out) {
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_text(&w, "kind", file_kind_name(p->kind));
  json_dialect(&w, &p->dialect);
  jw_record(&w, "evidence", "encoding", p->encoding_evidence, "delimiter", p->delimiter_evidence, "header",
            p->header_evidence);
  jw_put(&w, "newline", p->newline, "header_lines", (int64_t)p->header_count, "table_begin",
         (int64_t)p->table_begin, "table_end", (int64_t)p->table_end, "rows_estimate",
         (int64_t)p->rows_estimate);
  jw_array(&w, "columns");
  for (size_t i = 0; i < p->column_count; i++) json_column(&w, &p->columns[i]);
  jw_close(&w, ']');
  profile_oddities(p, &w);
  jw_close(&w, '}');
}

/* ---- for people ---- */

static void setting(struct buf *out, const char *name, const char *value, const char *evidence, bool color) {
  buf_printf(out, "%-10s %-14s", name, value);
  if (evidence && *evidence)
    buf_printf(out, " %s%s%s", color ? "\033[2m" : "", evidence, color ? "\033[0m" : "");
  buf_char(out, '\n');
}

static const char *show_delimiter(const struct dialect *d, char out[static 32]) {
  static const struct {
    const char *z, *name;
  } known[] = { { "\t", "tab" }, { " ", "blank" }, { "\t\t", "two tabs" } };
  snprintf(out, 32, "\"%s\"", d->delimiter);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(d->delimiter, known[i].z) == 0) snprintf(out, 32, "%s", known[i].name);
  return out;
}

static void text_column(struct buf *out, const struct column *c, int width, bool color) {
  char what[40];
  snprintf(what, sizeof what, "%s", column_type_name(c->type));
  if (c->type == COLUMN_DATE)
    snprintf(what, sizeof what, "date %s%s", order_name(c->date_order), c->ambiguous ? "?" : "");
  if (c->type == COLUMN_DECIMAL && c->decimal == ',') snprintf(what, sizeof what, "decimal comma");
  buf_printf(out, "  %-*s  %-13s  %-24s", width, c->heading, what, c->example);
  if (c->empty) buf_printf(out, "  %llu empty", (unsigned long long)c->empty);
  if (c->odd) buf_printf(out, "  %llu odd", (unsigned long long)c->odd);
  if (*c->evidence) buf_printf(out, "  %s%s%s", color ? "\033[2m" : "", c->evidence, color ? "\033[0m" : "");
  buf_char(out, '\n');
}

static int widest_heading(const struct profile *p) {
  size_t width = 8;
  for (size_t i = 0; i < p->column_count; i++) {
    size_t n = strlen(p->columns[i].heading);
    if (n > width) width = n;
  }
  return width < 32 ? (int)width : 32;
}

void profile_text(const struct profile *p, struct buf *out, bool color) {
  char shown[32], c[2];
  const struct dialect *d = &p->dialect;
  setting(out, "kind", file_kind_name(p->kind), "", color);
  setting(out, "encoding", d->encoding, p->encoding_evidence, color);
  if (p->kind == FILE_CSV) {
    setting(out, "delimiter", show_delimiter(d, shown), p->delimiter_evidence, color);
    setting(out, "quote", byte_name(d->quote, c), "", color);
    setting(out, "escape", d->escape > 0 ? byte_name(d->escape, c) : "doubled", "", color);
    setting(out, "lines end", p->newline, "", color);
    setting(out, "header", d->header == 1 ? "yes" : "no", p->header_evidence, color);
    if (d->skip > 0) buf_printf(out, "%-10s %lld lines\n", "before it", (long long)d->skip);
  }
  buf_printf(out, "%-10s about %llu\n\ncolumns\n", "rows", (unsigned long long)p->rows_estimate);
  for (size_t i = 0; i < p->column_count; i++) text_column(out, &p->columns[i], widest_heading(p), color);
  if (p->oddity_count) buf_puts(out, "\nodd\n");
  for (size_t i = 0; i < p->oddity_count; i++) {
    const struct oddity *o = &p->oddities[i];
    buf_printf(out, "  %s", o->text);
    if (o->line) buf_printf(out, " (line %llu%s)", (unsigned long long)o->line, o->count > 1 ? " first" : "");
    if (o->count > 1) buf_printf(out, ", %llu times", (unsigned long long)o->count);
    buf_char(out, '\n');
  }
}

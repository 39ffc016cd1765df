#include "ingest/settings.h"

static const char *const orders[] = {
  [DATE_AUTO] = "auto", [DATE_YMD] = "ymd", [DATE_DMY] = "dmy", [DATE_MDY] = "mdy"
};

static const char *byte_name(struct ctx *cx, int c) {
  return c == QUOTE_NONE ? "none" : c == '\t' ? "tab" : ctx_printf(cx, "%c", c);
}

static void write_dialect(struct ctx *cx, struct jw *w, const struct dialect *d) {
  jw_object(w, "dialect");
  jw_text(w, "encoding", d->encoding);
  if (d->delimiter[0]) jw_text(w, "delimiter", strcmp(d->delimiter, "\t") == 0 ? "tab" : d->delimiter);
  if (d->quote != QUOTE_AUTO) jw_text(w, "quote", byte_name(cx, d->quote));
  if (d->escape != QUOTE_AUTO) jw_text(w, "escape", byte_name(cx, d->escape));
  if (d->header >= 0) jw_text(w, "header", d->header ? "yes" : "no");
  if (d->skip >= 0) jw_text(w, "skip", ctx_printf(cx, "%lld", (long long)d->skip));
  jw_close(w, '}');
}

static void write_decision(struct jw *w, const char *subject, const char *decision, const char *evidence) {
  jw_record(w, NULL, "subject", subject, "decision", decision, "evidence", evidence ? evidence : "");
}

void settings_decisions(struct ctx *cx, struct jw *w, const struct profile *p) {
  static const char *const kinds[] = {
    [FILE_CSV] = "delimited text", [FILE_JSON_LINES] = "JSON lines", [FILE_JSON_ARRAY] = "JSON array"
  };
  jw_array(w, "decisions");
  write_decision(w, "format", kinds[p->kind], NULL);
  write_decision(w, "encoding", p->dialect.encoding, p->encoding_evidence);
  if (p->kind == FILE_CSV) {
    write_decision(w, "delimiter", strcmp(p->dialect.delimiter, "\t") == 0 ? "tab" : p->dialect.delimiter,
                   p->delimiter_evidence);
    write_decision(w, "headings", p->dialect.header ? "yes" : "no", p->header_evidence);
  }
  for (size_t i = 0; i < p->column_count; i++) {
    const struct column *c = &p->columns[i];
    const char *subject = ctx_printf(cx, "column %s", c->heading);
    if (c->type == COLUMN_DATE)
      write_decision(w, subject,
                     ctx_printf(cx, "date, %s%s", orders[c->date_order], c->ambiguous ? " (ambiguous)" : ""),
                     c->evidence);
    if (c->type == COLUMN_DECIMAL)
      write_decision(w, subject, c->decimal == ',' ? "number, decimal comma" : "number, decimal point",
                     c->evidence);
  }
  jw_close(w, ']');
}

/* How dates and numbers of the mapped columns are read, stated or detected. */
static void write_formats(struct ctx *cx, struct jw *w, const struct dataset *d, const struct profile *p,
                          const struct mapping *m) {
  jw_array(w, "formats");
  for (int i = 0; i < d->field_count; i++) {
    if (m->column[i] < 0) continue;
    const struct column *c = &p->columns[m->column[i]];
    jw_object(w, NULL);
    jw_int(w, "column", m->column[i] + 1);
    if (d->fields[i].kind == FIELD_DATE) jw_text(w, "date-order", orders[c->date_order]);
    if (d->fields[i].kind == FIELD_DECIMAL) jw_text(w, "decimal", ctx_printf(cx, "%c", c->decimal));
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

const char *settings_write(struct ctx *cx, const struct settings_run *run, const struct dataset *d,
                           const struct profile *p, const struct mapping *m) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, LIMIT_REPLY_BYTES);
  if (run->kind) jw_text(&w, "kind", run->kind);
  if (run->update) jw_text(&w, "existing", "update");
  if (run->replaces) jw_text(&w, "replaces", run->replaces);
  if (run->rank) jw_int(&w, "rank", run->rank);
  if (m->guard != GUARD_START) jw_text(&w, "guard", m->guard == GUARD_ALL ? "all" : "none");
  write_dialect(cx, &w, &p->dialect);
  mapping_json(cx, &w, d, p, m);
  write_formats(cx, &w, d, p, m);
  settings_decisions(cx, &w, p);
  profile_oddities(p, &w);
  return jw_end(cx, &w);
}

int settings_read(struct ctx *cx, struct str json, struct dialect *dialect, struct mapping_request *mapping) {
  struct jv *root;
  if (jv_parse(cx, json, &root)) return cx->code;
  struct jv *d = jv_get(root, "dialect");
  dialect_init(dialect);
  for (void *it = jv_first(d); it; it = jv_next(d, it))
    if (dialect_set(cx, dialect, ctx_strdup(cx, jv_key(it)), ctx_strdup(cx, jv_text(jv_value(it)))))
      return cx->code;

  struct jv *maps = jv_get(root, "mapping"), *unique = jv_get(root, "unique_columns");
  const char **list = ctx_alloc(cx, (jv_size(maps) + 1) * sizeof *list);
  for (size_t i = 0; i < jv_size(maps); i++) {
    struct jv *m = jv_at(maps, i);
    list[i] = ctx_printf(cx, STR_FMT "=#" STR_FMT, STR_ARG(jv_text(jv_get(m, "field"))),
                         STR_ARG(jv_text(jv_get(m, "column"))));
  }
  const char *names = "";
  for (size_t i = 0; i < jv_size(unique); i++)
    names = ctx_printf(cx, "%s%s%s" STR_FMT, names, i ? "," : "",
                       jv_kind(jv_at(unique, i)) == JV_STRING ? "" : "#", STR_ARG(jv_text(jv_at(unique, i))));
  struct str guard = jv_text(jv_get(root, "guard"));
  *mapping = (struct mapping_request){ .maps = list,
                                       .map_count = (int)jv_size(maps),
                                       .unique = names,
                                       .guard = !guard.p                    ? GUARD_EARLIER
                                                : str_eq(guard, STR("all")) ? GUARD_ALL
                                                                            : GUARD_NONE };
  return OK;
}

int settings_formats(struct ctx *cx, struct str json, struct profile *p) {
  struct jv *root;
  if (jv_parse(cx, json, &root)) return cx->code;
  struct jv *formats = jv_get(root, "formats");
  for (size_t i = 0; i < jv_size(formats); i++) {
    int64_t column;
    struct jv *f = jv_at(formats, i);
    struct str order = jv_text(jv_get(f, "date-order")), decimal = jv_text(jv_get(f, "decimal"));
    if (!str_to_int(jv_text(jv_get(f, "column")), &column) || column < 1 ||
        (uint64_t)column > p->column_count)
      continue;
    struct column *c = &p->columns[column - 1];
    for (int k = DATE_AUTO; order.p && k <= DATE_MDY; k++)
      if (str_eq(order, str_of(orders[k]))) c->date_order = (enum date_order)k;
    if (decimal.n == 1) c->decimal = decimal.p[0];
  }
  return OK;
}

/*
** import.c - a table as records: each row through the door, all of them in one transaction.
**
** Columns are properties by their headings, "Unit Cost" being unit_cost, or as the caller says. A row is the record whose id
** it has, or that has its unique key already; else it is a new one. An empty cell says nothing: what a record has stays, and
** a new one gets its default. Numbers and days are read as their columns write them; a reference may be given by the key
** that people use; a formula that was guarded on its way out is what it was. So a list that was written as a table comes
** back as it is. Two rows may be one record, but not say two things of one of its properties: the file would never be
** what there is, however often it comes.
**
** The file is read before the writer's turn, since everybody waits for that.
*/
#include "base/decimal.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "format/format.h"
#include "record/internal.h"

enum { ROWS_MOST = 50000, PIECE = 256 * 1024, FAULTS_KEPT = FLAWS_MOST - 1, NONE = -1, IS_ID = -2 };

struct table_row {
  int64_t line;
  const char **cells; /* as many as there are columns; NULL: empty */
  int64_t earlier;    /* the row above that is the same record, or NONE */
};

struct fault {
  enum err code;
  const char *field, *message;
};

struct importing {
  const struct entity *e;
  const struct profile *p;
  const struct record_file *file;
  struct record_file_result *out;
  int *property; /* of each column: its index, NONE or IS_ID */
  struct table_row *rows;
  size_t count;
  struct map seen; /* the last row of each record so far, by its id */
  struct fault faults[FAULTS_KEPT];
  int fault_count;
  int64_t refused;
};

/* ---- columns ---- */

/* "Unit Cost" is unit_cost. */
static bool is_called(const char *heading, const char *name) {
  char x[LIMIT_HEADING], y[LIMIT_HEADING];
  return str_eq(heading_plain(x, heading), heading_plain(y, name));
}

static int property_called(const struct entity *e, const char *heading) {
  if (is_called(heading, "id")) return IS_ID;
  for (int i = 0; i < e->property_count; i++)
    if (is_called(heading, e->properties[i].name)) return i;
  return NONE;
}

static bool is_stamp(const char *heading) {
  for (int i = 0; i < STAMPS; i++)
    if (is_called(heading, stamp_properties[i].name)) return true;
  return false;
}

static int property_of(struct ctx *cx, const struct entity *e, const char *name) {
  if (strcmp(name, "id") == 0) return IS_ID;
  int i = entity_property(e, str_of(name));
  if (i < 0) fail(cx, E_INVALID, "map", "a %s has no '%.60s'", e->name, name);
  return i;
}

static int column_named(struct ctx *cx, const struct profile *p, struct str heading) {
  for (size_t i = 0; i < p->column_count; i++)
    if (str_eq_nocase(str_trim(str_of(p->columns[i].heading)), str_trim(heading))) return (int)i;
  return fail(cx, E_INVALID, "map", "the file has no column '%.60s'", ctx_strdup(cx, heading)), NONE;
}

/* "unit_cost=Net price" */
static int map_column(struct ctx *cx, struct importing *im, const char *map) {
  const char *is = strchr(map, '=');
  if (!is)
    return fail(cx, E_INVALID, "map", "a mapping is PROPERTY=HEADING, such as %s=\"%s\", not '%.60s'",
                im->e->properties[0].name, im->p->columns[0].heading, map);
  int property = property_of(cx, im->e, ctx_strdup(cx, str_trim((struct str){ map, (size_t)(is - map) })));
  int column = cx->code ? NONE : column_named(cx, im->p, str_of(is + 1));
  if (!cx->code) im->property[column] = property;
  return cx->code;
}

static bool is_mapped(const struct importing *im, int property) {
  for (size_t i = 0; i < im->p->column_count; i++)
    if (im->property[i] == property) return true;
  return false;
}

/* Of a list that may be as long as a file is wide. */
static const char *shortened(struct ctx *cx, const char *list) {
  enum { MOST = 300 };
  return strlen(list) > MOST ? ctx_printf(cx, "%.*s...", MOST, list) : list;
}

static const char *property_names(struct ctx *cx, const struct entity *e) {
  const char *names = "";
  for (int i = 0; i < e->property_count; i++)
    names = ctx_printf(cx, "%s%s%s", names, i ? ", " : "", e->properties[i].name);
  return names;
}

/* What was said comes first; a heading that is taken, or is none of ours, is passed over and told. */
static int map_columns(struct ctx *cx, struct importing *im) {
  bool any = false;
  const char *ignored = "";
  im->property = ctx_alloc(cx, im->p->column_count * sizeof *im->property);
  for (size_t i = 0; i < im->p->column_count; i++) im->property[i] = NONE;
  for (size_t i = 0; i < im->file->map_count; i++)
    if (map_column(cx, im, im->file->map[i])) return cx->code;
  for (size_t i = 0; i < im->p->column_count; i++) {
    const char *heading = im->p->columns[i].heading;
    int property = property_called(im->e, heading);
    if (im->property[i] == NONE && property != NONE && !is_mapped(im, property)) im->property[i] = property;
    if (im->property[i] == NONE && !is_stamp(heading))
      ignored = ctx_printf(cx, "%s%s%s", ignored, *ignored ? ", " : "", heading);
    any = any || im->property[i] != NONE;
  }
  im->out->ignored = ignored;
  if (any) return OK;
  return fail(cx, E_INVALID, "file", "no heading of the file is a property of a %s: it has %s; a %s has %s",
              im->e->name, shortened(cx, ignored), im->e->name, property_names(cx, im->e));
}

/* ---- rows ---- */

static int take_row(struct ctx *cx, struct importing *im, const struct row *row, int64_t line) {
  if (im->count == ROWS_MOST)
    return fail(cx, E_LIMIT, "file", "a file has at most %d records: split it", ROWS_MOST);
  im->rows = ctx_more(cx, im->rows, im->count, sizeof *im->rows);
  struct table_row *to = &im->rows[im->count++];
  *to = (struct table_row){ line, ctx_alloc(cx, im->p->column_count * sizeof *to->cells), NONE };
  for (uint32_t i = 0; i < row->count && i < im->p->column_count; i++) {
    if (im->property[i] == NONE) continue;
    struct str cell = str_trim(csv_unguarded(cx, row->cells[i]));
    if (cell.n) to->cells[i] = ctx_strdup(cx, cell);
  }
  return OK;
}

static int read_rows(struct ctx *cx, struct importing *im, const struct input *in) {
  struct splitter *s = splitter_new(cx, in, im->p, PIECE);
  struct parser *parser = parser_new(im->p);
  struct batch b;
  batch_init(&b);
  while (!cx->code && !splitter_next(cx, s, &b) && b.count) {
    uint64_t at = 0, line = b.line;
    for (uint32_t i = 0; i < b.count && !cx->code; i++) {
      struct row row;
      parser_row(parser, (struct str){ b.bytes + at, b.spans[i].length }, b.offset + at, &row);
      if (row.kind == ROW_BROKEN)
        fail(cx, E_INVALID, "file", "line %llu: %s", (unsigned long long)line, row.why);
      if (row.kind == ROW_DATA) take_row(cx, im, &row, (int64_t)line);
      at += b.spans[i].length;
      line += b.spans[i].lines;
    }
  }
  batch_clear(&b);
  parser_free(parser);
  return cx->code;
}

/* ---- cells ---- */

/* As the door wants it, or as it is: then the door says what would be right. */
static const char *number_of(struct ctx *cx, const struct column *c, const struct property *p,
                             const char *z) {
  bool rounded = false;
  int64_t v;
  struct buf text;
  if (!value_number(str_of(z), c->decimal ? c->decimal : '.', p->scale, &v, &rounded) || rounded) return z;
  buf_init(&text, 64);
  dec_print(&text, v, p->scale, 0);
  return ctx_take(cx, &text);
}

static const char *day_of(struct ctx *cx, const struct column *c, const char *z) {
  char iso[DATE_SIZE];
  int32_t day;
  return value_date(str_of(z), c->date_order, &day) ? ctx_strdup(cx, str_of(date_iso(iso, day))) : z;
}

static const char *boolean_of(const char *z) {
  static const char *const yes[] = { "yes", "y", "true", "1" }, *const no[] = { "no", "n", "false", "0" };
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (str_eq_nocase(str_of(z), str_of(yes[i]))) return "true";
    if (str_eq_nocase(str_of(z), str_of(no[i]))) return "false";
  }
  return z;
}

/* The id of whom people call so. */
static const char *reference_of(struct ctx *cx, struct db *db, const struct property *p, const char *z) {
  char id[37];
  if (uuid_valid(str_of(z))) return z;
  if (!record_id(cx, db, entity_find(p->reference), z, id)) return ctx_strdup(cx, str_of(id));
  if (cx->code == E_NOT_FOUND) {
    ctx_forgive(cx);
    fail(cx, E_INVALID, p->name, "%s: there is no %s %.80s", p->name, p->reference, z);
  }
  return z;
}

static void put_cell(struct ctx *cx, struct db *db, struct jw *w, const struct column *c,
                     const struct property *p, const char *z) {
  struct jv *json;
  switch (p->kind) {
  case PROPERTY_INTEGER:
  case PROPERTY_DECIMAL: jw_text(w, p->name, number_of(cx, c, p, z)); break;
  case PROPERTY_DAY: jw_text(w, p->name, day_of(cx, c, z)); break;
  case PROPERTY_BOOLEAN: jw_text(w, p->name, boolean_of(z)); break;
  case PROPERTY_REFERENCE: jw_text(w, p->name, reference_of(cx, db, p, z)); break;
  case PROPERTY_JSON:
    if (!jv_parse(cx, str_of(z), &json)) jw_raw(w, p->name, str_of(z));
    break;
  default: jw_text(w, p->name, z);
  }
}

/* Whose unique key the row has, if it has one of them as a whole; NULL. */
static const char *holder_of(struct ctx *cx, struct db *db, const struct entity *e, const struct jv *object) {
  struct value values[PROPERTIES_MOST] = { 0 };
  bool given[PROPERTIES_MOST] = { 0 };
  const struct draft d = { e, "", values, given };
  const char *holder = NULL;
  for (int k = 0; k < e->key_count && !holder && !cx->code; k++) {
    const struct entity_key *key = &e->keys[k];
    bool whole = true;
    for (int i = 0; i < key->count && whole; i++) {
      int at = key->property[i];
      struct str text = jv_text(jv_get(object, e->properties[at].name));
      whole = text.n && !value_parse(cx, &e->properties[at], text, &values[at]);
      given[at] = true;
    }
    if (whole) holder = key_holder(cx, db, e, key, "", &d);
    memset(given, 0, sizeof given);
  }
  return holder;
}

/* ---- the door ---- */

/* Does the record say all of it already, but for blanks around it? Then there is nothing to write, and the same file again
** changes nothing. */
static bool says_so_already(struct ctx *cx, struct db *db, const struct entity *e, const char *id,
                            const struct jv *object) {
  struct row_now now;
  struct jv *row;
  const char *json = row_read(cx, db, e, id, &now);
  if (!json || now.deleted || jv_parse(cx, str_of(json), &row)) return false;
  for (void *it = jv_first(object); it; it = jv_next(object, it)) {
    const struct jv *given = jv_value(it), *is = jv_get(row, ctx_strdup(cx, jv_key(it)));
    struct str text = jv_text(given);
    if (text.p ? !jv_text(is).p || !str_eq(text, str_trim(jv_text(is))) : !jv_same(given, is)) return false;
  }
  return true;
}

/* Rows of one record may complete each other. Where they contradict each other, nobody can say which is right. */
static int refuse_contradiction(struct ctx *cx, const struct importing *im, const struct table_row *row) {
  for (int64_t k = row->earlier; k != NONE; k = im->rows[k].earlier)
    for (size_t i = 0; i < im->p->column_count; i++) {
      const char *here = row->cells[i], *there = im->rows[k].cells[i];
      if (im->property[i] < 0 || !here || !there || strcmp(here, there) == 0) continue;
      const char *name = im->e->properties[im->property[i]].name;
      return fail(cx, E_INVALID, name, "%s is '%.80s' here and '%.80s' in line %lld, which is the same %s",
                  name, here, there, (long long)im->rows[k].line, im->e->name);
    }
  return OK;
}

/* Remembers whose row it is: the next row of the same record looks back at it. */
static void remember_row(struct importing *im, struct table_row *row, const char *id) {
  bool added;
  uint64_t *last = map_put(&im->seen, str_of(id), &added);
  row->earlier = added ? NONE : (int64_t)*last;
  *last = (uint64_t)(row - im->rows);
}

static int save_row(struct ctx *cx, struct db *db, struct importing *im, struct table_row *row) {
  struct buf text;
  struct jw w;
  struct jv *object = NULL;
  const char *id = NULL;
  char saved[37];
  jw_begin(&w, &text, LIMIT_RECORD_BYTES);
  for (size_t i = 0; i < im->p->column_count; i++) {
    if (im->property[i] == IS_ID) id = row->cells[i];
    if (im->property[i] >= 0 && row->cells[i])
      put_cell(cx, db, &w, &im->p->columns[i], &im->e->properties[im->property[i]], row->cells[i]);
  }
  jw_close(&w, '}');
  if (!cx->code) jv_parse(cx, buf_view(&text), &object);
  if (!cx->code && !id) id = holder_of(cx, db, im->e, object);
  buf_clear(&text);
  if (cx->code) return cx->code;
  if (id) remember_row(im, row, id);
  if (refuse_contradiction(cx, im, row) || (id && says_so_already(cx, db, im->e, id, object)))
    return cx->code;
  if (id ? record_change(cx, db, im->e, id, object, false) : record_save(cx, db, im->e, object, saved))
    return cx->code;
  if (!id) remember_row(im, row, saved);
  im->out->changed += id != NULL;
  im->out->added += id == NULL;
  return OK;
}

static bool is_refusal(enum err code) {
  return code == E_INVALID || code == E_CONFLICT || code == E_LIMIT || code == E_NOT_FOUND;
}

/* What every new record needs, and no row can have: that is told once, and not of every row. */
static bool is_without_column(const struct importing *im, const char *field) {
  int property = field ? entity_property(im->e, str_of(field)) : NONE;
  return property >= 0 && im->e->properties[property].required && !is_mapped(im, property);
}

static bool is_told(const struct importing *im, const char *field) {
  for (int i = 0; i < im->fault_count; i++)
    if (strcmp(im->faults[i].field, field) == 0) return true;
  return false;
}

static struct fault without_column(struct ctx *cx, const struct importing *im, const char *field) {
  const struct property *p = &im->e->properties[entity_property(im->e, str_of(field))];
  const char *ignored = im->out->ignored, *example = "its heading";
  for (size_t i = im->p->column_count; i-- > 0;)
    if (im->property[i] == NONE) example = im->p->columns[i].heading;
  return (struct fault){ E_INVALID, p->name,
                         ctx_printf(cx,
                                    "no column is %s, which every new %s needs (%s)%s%s: a mapping says "
                                    "which it is, such as %s=\"%.80s\"",
                                    p->name, im->e->name, p->help, *ignored ? "; passed over were " : "",
                                    shortened(cx, ignored), p->name, example) };
}

static void note_faults(struct ctx *cx, struct importing *im, const struct ctx *one, int64_t line) {
  struct flaw alone = { one->code, one->field, one->message, NULL };
  im->refused++;
  for (const struct flaw *f = one->flaws ? one->flaws : &alone; f && im->fault_count < FAULTS_KEPT;
       f = f->next)
    if (!is_without_column(im, f->field))
      im->faults[im->fault_count++] =
          (struct fault){ E_INVALID, ctx_strdup(cx, str_of(f->field ? f->field : "")),
                          ctx_printf(cx, "line %lld: %s", (long long)line, f->message) };
    else if (!is_told(im, f->field))
      im->faults[im->fault_count++] = without_column(cx, im, f->field);
}

/* May be called twice, like every task of the writer. A dry run is a transaction that fails in the end. */
static int save_rows(struct ctx *cx, struct db *db, void *arg) {
  struct importing *im = arg;
  im->out->added = im->out->changed = im->refused = im->fault_count = 0;
  map_clear(&im->seen);
  for (size_t i = 0; i < im->count && !cx->code; i++) {
    struct ctx one; /* its texts go with it */
    ctx_begin(&one, cx->actor);
    str_copy(one.id, sizeof one.id, str_of(cx->id));
    one.now = cx->now;
    one.may = cx->may;
    if (save_row(&one, db, im, &im->rows[i])) {
      if (is_refusal(one.code))
        note_faults(cx, im, &one, im->rows[i].line);
      else
        fail_from(cx, &one);
    }
    ctx_end(&one);
  }
  if (!cx->code && (im->refused || im->file->dry_run)) fail(cx, E_INVALID, "file", "nothing is stored");
  return cx->code;
}

/* All that is wrong, each with its line; before it, what came of the whole. */
static int tell_faults(struct ctx *cx, const struct importing *im) {
  ctx_forgive(cx);
  fail(cx, E_INVALID, "file", "nothing was stored, because %lld of %zu rows cannot be taken",
       (long long)im->refused, im->count);
  fail_aside(cx);
  for (int i = 0; i < im->fault_count; i++) {
    fail(cx, im->faults[i].code, im->faults[i].field, "%s", im->faults[i].message);
    if (!fail_aside(cx)) break;
  }
  return fail_together(cx);
}

int record_import(struct ctx *cx, struct tenant *t, const struct entity *e, const struct record_file *file,
                  struct record_file_result *out) {
  struct importing im = { .e = e, .file = file, .out = out };
  struct dialect given;
  struct profile *p;
  struct input *in;
  *out = (struct record_file_result){ .ignored = "" };
  const char *name = file->name ? file->name : file->path;
  dialect_init(&given);
  given.header = 1; /* a table of records without headings says nothing */
  if (input_open_as(cx, file->path, name, store_dir(tenant_store(t)), &in) ||
      profile_file(cx, in, &given, &p))
    return cx->code;
  im.p = p;
  if (map_columns(cx, &im) || read_rows(cx, &im, in)) return cx->code;
  out->rows = (int64_t)im.count;
  map_init(&im.seen);
  tenant_write(cx, t, save_rows, &im);
  map_clear(&im.seen);
  if (im.refused) return tell_faults(cx, &im);
  if (file->dry_run && cx->code == E_INVALID) ctx_forgive(cx);
  return cx->code;
}

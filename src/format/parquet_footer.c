/*
** parquet_footer.c - the end of a Parquet file: what columns there are, and where every
** chunk lies. See parquet_reader.h.
*/
#include "format/parquet_reader.h"

int parquet_bad(struct ctx *cx, const struct parquet_reader *r, const char *what) {
  return fail(cx, E_FAIL, NULL, "%s is damaged, or no Parquet file of ours: %s", r->source.name, what);
}

/* ---- the schema ---- */

struct element {
  int64_t type, repetition, children, converted, scale;
  struct str name;
};

static void element_read(struct thrift_in *in, struct element *e) {
  int id;
  enum thrift_type type;
  *e = (struct element){ .type = -1, .converted = -1 };
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    switch (id) {
    case 1: e->type = thrift_int(in, type); break;
    case 3: e->repetition = thrift_int(in, type); break;
    case 4: e->name = thrift_text(in); break;
    case 5: e->children = thrift_int(in, type); break;
    case 6: e->converted = thrift_int(in, type); break;
    case 7: e->scale = thrift_int(in, type); break;
    default: thrift_skip(in, type);
    }
  }
}

static bool kind_of(const struct element *e, enum parquet_kind *kind) {
  if (e->children || e->repetition < 0 || e->repetition > 1) return false;
  if (e->type == TYPE_BOOLEAN)
    *kind = PARQUET_BOOLEAN;
  else if (e->type == TYPE_INT32 && e->converted == CONVERTED_DATE)
    *kind = PARQUET_DAY;
  else if (e->type == TYPE_INT64)
    *kind = e->converted == CONVERTED_DECIMAL            ? PARQUET_DECIMAL
            : e->converted == CONVERTED_TIMESTAMP_MICROS ? PARQUET_TIME
                                                         : PARQUET_INT;
  else if (e->type == TYPE_BYTE_ARRAY)
    *kind = e->converted == CONVERTED_UTF8 ? PARQUET_TEXT : PARQUET_BYTES;
  else
    return false;
  return e->scale >= 0 && e->scale <= DECIMAL_DIGITS;
}

static int schema_read(struct ctx *cx, struct parquet_reader *r, struct thrift_in *in) {
  struct element e;
  enum thrift_type of;
  size_t count = thrift_count(in, &of);
  if (count < 2 || count > PARQUET_COLUMNS + 1 || of != THRIFT_STRUCT || r->column_count)
    return parquet_bad(cx, r, "it has no columns, or too many");
  element_read(in, &e);
  if (in->bad || e.children != (int64_t)count - 1) return parquet_bad(cx, r, "its columns are not flat");
  r->columns = ctx_alloc(cx, (count - 1) * sizeof *r->columns);
  for (size_t i = 0; i + 1 < count; i++) {
    element_read(in, &e);
    struct parquet_column *c = &r->columns[i];
    if (in->bad || !kind_of(&e, &c->kind))
      return parquet_bad(cx, r, "a column is of a kind that is not ours");
    c->name = ctx_strdup(cx, e.name);
    c->scale = (int)e.scale;
    c->required = e.repetition == 0;
  }
  r->column_count = (int)(count - 1);
  return OK;
}

/* ---- row groups ---- */

static void statistics_read(struct thrift_in *in, struct chunk_entry *c) {
  int id;
  enum thrift_type type;
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    if (id == 3)
      c->nulls = thrift_int(in, type);
    else if (id == 5 && type == THRIFT_BINARY)
      c->max = thrift_text(in);
    else if (id == 6 && type == THRIFT_BINARY)
      c->min = thrift_text(in);
    else
      thrift_skip(in, type);
  }
}

static void chunk_meta_read(struct thrift_in *in, struct chunk_entry *c) {
  int id;
  enum thrift_type type;
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    switch (id) {
    case 1: c->type = thrift_int(in, type); break;
    case 4: c->codec = thrift_int(in, type); break;
    case 5: c->values = thrift_int(in, type); break;
    case 6: c->plain = thrift_int(in, type); break;
    case 7: c->bytes = thrift_int(in, type); break;
    case 9: c->data_at = thrift_int(in, type); break;
    case 11: c->dictionary_at = thrift_int(in, type); break;
    case 12:
      if (type == THRIFT_STRUCT)
        statistics_read(in, c);
      else
        in->bad = true;
      break;
    default: thrift_skip(in, type);
    }
  }
}

static void chunk_read(struct thrift_in *in, struct chunk_entry *c) {
  int id;
  enum thrift_type type;
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    if (id == 3 && type == THRIFT_STRUCT)
      chunk_meta_read(in, c);
    else
      thrift_skip(in, type);
  }
}

static int chunk_check(struct ctx *cx, const struct parquet_reader *r, const struct group_entry *g,
                       const struct chunk_entry *c) {
  int64_t begin = c->dictionary_at ? c->dictionary_at : c->data_at;
  if (c->codec != CODEC_NONE && c->codec != CODEC_GZIP)
    return parquet_bad(cx, r, "its compression is not ours");
  if (c->values != g->rows || c->nulls < 0 || c->nulls > c->values)
    return parquet_bad(cx, r, "a column has another number of rows");
  if (begin < 4 || c->bytes < 0 || begin > r->source.size || c->bytes > r->source.size - begin ||
      (c->dictionary_at && c->data_at < c->dictionary_at))
    return parquet_bad(cx, r, "a column would lie outside of it");
  if (c->plain < 0 || c->plain > (int64_t)PARQUET_CHUNK_MAX || c->bytes > (int64_t)PARQUET_CHUNK_MAX)
    return parquet_bad(cx, r, "a column is too large");
  return OK;
}

static int group_read(struct ctx *cx, struct parquet_reader *r, struct thrift_in *in, struct group_entry *g) {
  int id;
  enum thrift_type type, of;
  size_t count = 0;
  g->chunk = ctx_alloc(cx, (size_t)r->column_count * sizeof *g->chunk);
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) {
    if (id == 1 && type == THRIFT_LIST) {
      count = thrift_count(in, &of);
      if (count != (size_t)r->column_count || of != THRIFT_STRUCT)
        return parquet_bad(cx, r, "a row group has other columns");
      for (size_t i = 0; i < count; i++) chunk_read(in, &g->chunk[i]);
    } else if (id == 3) {
      g->rows = thrift_int(in, type);
    } else {
      thrift_skip(in, type);
    }
  }
  if (in->bad || g->rows < 1 || g->rows > PARQUET_GROUP_ROWS_MAX || !count)
    return parquet_bad(cx, r, "a row group is not described");
  for (size_t i = 0; i < count; i++)
    if (chunk_check(cx, r, g, &g->chunk[i])) return cx->code;
  return OK;
}

static int groups_read(struct ctx *cx, struct parquet_reader *r, struct thrift_in *in) {
  enum thrift_type of;
  size_t count = thrift_count(in, &of);
  if (!r->column_count || r->groups || (count && of != THRIFT_STRUCT))
    return parquet_bad(cx, r, "its row groups are not described");
  r->groups = ctx_alloc(cx, (count + 1) * sizeof *r->groups);
  for (size_t i = 0; i < count; i++)
    if (group_read(cx, r, in, &r->groups[i])) return cx->code;
  r->group_count = (int)count;
  return OK;
}

static int footer_read(struct ctx *cx, struct parquet_reader *r, struct str bytes) {
  struct thrift_in in;
  int id, rc = OK;
  enum thrift_type type;
  int64_t sum = 0;
  thrift_open(&in, bytes);
  while (!rc && !in.bad && thrift_field(&in, &id, &type)) {
    if (id == 2 && type == THRIFT_LIST)
      rc = schema_read(cx, r, &in);
    else if (id == 3)
      r->rows = thrift_int(&in, type);
    else if (id == 4 && type == THRIFT_LIST)
      rc = groups_read(cx, r, &in);
    else
      thrift_skip(&in, type);
  }
  if (rc) return rc;
  if (in.bad || !r->column_count || !r->groups) return parquet_bad(cx, r, "its footer cannot be read");
  for (int i = 0; i < r->group_count; i++) sum += r->groups[i].rows;
  return sum == r->rows ? OK : parquet_bad(cx, r, "the rows of its groups are not as many as it says");
}

/* ---- from outside ---- */

int parquet_open(struct ctx *cx, const struct parquet_source *source, struct parquet_reader **out) {
  char tail[8], head[4];
  struct parquet_reader *r = *out = ctx_alloc(cx, sizeof *r);
  r->source = *source;
  if (source->size < 12) return parquet_bad(cx, r, "it is too short");
  if (source->read(cx, source->arg, 0, head, 4) || source->read(cx, source->arg, source->size - 8, tail, 8))
    return cx->code;
  uint32_t length = load32(tail);
  if (memcmp(tail + 4, "PAR1", 4) != 0 || memcmp(head, "PAR1", 4) != 0)
    return parquet_bad(cx, r, "it does not begin and end like one");
  if (length > source->size - 12 || length > PARQUET_FOOTER_MAX)
    return parquet_bad(cx, r, "its footer is too long");
  char *bytes = ctx_alloc(cx, length + 1);
  if (source->read(cx, source->arg, source->size - 8 - length, bytes, length)) return cx->code;
  return footer_read(cx, r, (struct str){ bytes, length });
}

int parquet_column_count(const struct parquet_reader *r) { return r->column_count; }
const struct parquet_column *parquet_column_at(const struct parquet_reader *r, int i) {
  return &r->columns[i];
}
int parquet_group_count(const struct parquet_reader *r) { return r->group_count; }

static bool bound_of(enum parquet_kind kind, struct str bytes, struct parquet_value *out) {
  size_t size = kind == PARQUET_BOOLEAN ? 1 : kind == PARQUET_DAY ? 4 : 8;
  *out = (struct parquet_value){ .s = bytes };
  if (!bytes.p) return false;
  if (parquet_is_text(kind)) return true;
  if (bytes.n != size) return false;
  out->n = size == 1 ? bytes.p[0] != 0 : size == 4 ? (int32_t)load32(bytes.p) : (int64_t)load64(bytes.p);
  out->s.p = NULL;
  return true;
}

bool parquet_group_range(const struct parquet_reader *r, int group, int column, struct parquet_value *min,
                         struct parquet_value *max) {
  const struct chunk_entry *c = &r->groups[group].chunk[column];
  enum parquet_kind kind = r->columns[column].kind;
  return bound_of(kind, c->min, min) && bound_of(kind, c->max, max);
}

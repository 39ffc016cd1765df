#include "ingest/judge.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "ingest/digest.h"
#include "store/expression.h"

enum value_state { VALUE_EMPTY, VALUE_GOOD, VALUE_BAD };

struct judge {
  struct judge_setup setup;
  enum value_state state[LIMIT_FIELDS];
  int64_t sums[LIMIT_FIELDS];
  int64_t rounded;
  bool rounds;                    /* a value of the present row was rounded */
  struct map codes;               /* texts of code fields, numbered as they come */
  int64_t *failed, *failed_known; /* by rule */
  int key_field;
  bool looked[LIMIT_FIELDS];       /* fields that the rules asked again look at */
  struct expression **expressions; /* by rule; NULL for other kinds */
};

/* One value: a hundred thousand million at scale 4. Sums are watched in totals.c. */
static const int64_t VALUE_MAX = INT64_C(1000000000000000);

static void free_expression(void *e) { expression_free(e); }
static void free_codes(void *codes) { map_clear(codes); }

/* An expression may name any field. */
static void look_at_asked(struct judge *judge) {
  const struct judge_setup *setup = &judge->setup;
  for (int i = 0; setup->asked && i < setup->rules->count; i++) {
    const struct rule *r = &setup->rules->rule[i];
    if (!setup->asked[i]) continue;
    if (r->field >= 0) judge->looked[r->field] = true;
    for (int k = 0; r->kind == RULE_EXPRESSION && k < setup->dataset->field_count; k++)
      judge->looked[k] = true;
  }
}

int judge_new(struct ctx *cx, const struct judge_setup *setup, struct judge **out) {
  struct judge *judge = ctx_alloc(cx, sizeof *judge);
  const char *names[LIMIT_FIELDS];
  const struct dataset *d = setup->dataset;
  judge->setup = *setup;
  map_init(&judge->codes);
  ctx_defer(cx, free_codes, &judge->codes);
  judge->failed = ctx_alloc(cx, (size_t)setup->rules->count * sizeof *judge->failed);
  judge->failed_known = ctx_alloc(cx, (size_t)setup->rules->count * sizeof *judge->failed_known);
  judge->key_field = dataset_field(d, str_of(d->key_field));
  look_at_asked(judge);
  judge->expressions = ctx_alloc(cx, (size_t)setup->rules->count * sizeof *judge->expressions);
  for (int i = 0; i < d->field_count; i++) names[i] = d->fields[i].name;
  for (int i = 0; i < setup->rules->count; i++) {
    const struct rule *r = &setup->rules->rule[i];
    if (r->kind != RULE_EXPRESSION) continue;
    if (expression_new(cx, r->text, names, d->field_count, &judge->expressions[i])) return cx->code;
    ctx_defer(cx, free_expression, judge->expressions[i]);
  }
  *out = judge;
  return OK;
}

const int64_t *judge_failed(const struct judge *judge) { return judge->failed; }
const int64_t *judge_failed_known(const struct judge *judge) { return judge->failed_known; }
const int64_t *judge_sums(const struct judge *judge) { return judge->sums; }

int64_t judge_rounded(const struct judge *judge) { return judge->rounded; }

/* ---- coercion ---- */

static bool coerce(struct judge *judge, const struct field *f, const struct column *c, struct value *v) {
  int32_t days;
  switch (f->kind) {
  case FIELD_DATE:
    if (!value_date(v->text, c->date_order, &days)) return false;
    v->number = days;
    return true;
  case FIELD_DECIMAL:
    return value_number(v->text, c->decimal, f->scale, &v->number, &judge->rounds) &&
           v->number >= -VALUE_MAX && v->number <= VALUE_MAX;
  default: return v->text.n <= LIMIT_TEXT_BYTES;
  }
}

/* A slice that lives as long as the batch: in its bytes, or copied. */
static struct str lasting(struct str s, struct str raw, struct ctx *keep) {
  if (s.n == 0 || (s.p >= raw.p && s.p < raw.p + raw.n)) return s;
  return (struct str){ ctx_strdup(keep, s), s.n };
}

static struct str read_text(const struct judge *judge, int field, const struct row *row, struct str raw,
                            struct ctx *keep) {
  const struct mapping *m = judge->setup.mapping;
  uint32_t column = (uint32_t)m->column[field];
  if (column >= row->count) return (struct str){ "", 0 };
  return lasting(str_trim(mapping_cell(keep, m, str_trim(row->cells[column]))), raw, keep);
}

static void read_value(struct judge *judge, int field, const struct row *row, struct str raw,
                       struct ctx *keep, struct judged *j) {
  const struct judge_setup *s = &judge->setup;
  struct value *v = &j->values[field];
  *v = (struct value){ .text = read_text(judge, field, row, raw, keep) };
  if (v->text.n == 0) {
    judge->state[field] = VALUE_EMPTY;
    if (s->dataset->fields[field].optional) v->number = VALUE_NONE;
  } else
    judge->state[field] =
        coerce(judge, &s->dataset->fields[field], &s->profile->columns[s->mapping->column[field]], v)
            ? VALUE_GOOD
            : VALUE_BAD;
}

static int64_t read_exception(const struct mapping *m, const struct row *row) {
  bool there = m->exception_column >= 0 && (uint32_t)m->exception_column < row->count;
  return there ? exception_number(row->cells[m->exception_column]) : 0;
}

static void read_values(struct judge *judge, const struct row *row, struct str raw, struct ctx *keep,
                        struct judged *j) {
  for (int i = 0; i < judge->setup.dataset->field_count; i++) read_value(judge, i, row, raw, keep, j);
  j->exception = read_exception(judge->setup.mapping, row);
}

/* ---- faults ---- */

enum { SHOWN_VALUE = 200 }; /* bytes of a faulty value in the report; the raw bytes have all of it */

static struct str shorten(struct str s) {
  if (s.n <= SHOWN_VALUE) return s;
  size_t n = SHOWN_VALUE;
  while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80) n--; /* not in the middle of a character */
  return (struct str){ s.p, n };
}

static void write_fault(struct buf *out, const struct judge_setup *setup, int rule, struct str value,
                        const char *reason) {
  const struct rule *r = &setup->rules->rule[rule];
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_put(&w, "control", r->name, "version", r->version, "field",
         r->field >= 0 ? setup->dataset->fields[r->field].name : NULL);
  jw_str(&w, "value", shorten(value));
  jw_text(&w, "reason", reason);
  jw_close(&w, '}');
}

void judge_add_fault(const struct judge_setup *setup, int rule, struct str value, const char *reason,
                     struct ctx *keep, struct judged *j) {
  struct buf json;
  buf_init(&json, LIMIT_TEXT_BYTES);
  if (j->first_fault < 0) j->first_fault = rule;
  if (j->faults.n) buf_add(&json, j->faults.p, j->faults.n - 1); /* its closing bracket goes */
  buf_char(&json, j->faults.n ? ',' : '[');
  write_fault(&json, setup, rule, value, reason);
  buf_char(&json, ']');
  if (json.full) { /* what was there already is enough */
    buf_clear(&json);
    return;
  }
  j->faults = (struct str){ ctx_strdup(keep, buf_view(&json)), json.n };
  buf_clear(&json);
}

static const char *as_text(struct ctx *keep, struct str s) {
  return ctx_printf(keep, "\"" STR_FMT "\"", STR_ARG(shorten(s)));
}

/* ---- the tests: NULL when the row passes, else what is wrong ----
**
** Without `keep` nobody wants to read it, only to know that it fails. */

#define SAY(keep, ...) ((keep) ? ctx_printf(keep, __VA_ARGS__) : "fails")

static const char *test_columns(const struct judge *judge, const struct row *row, struct ctx *keep) {
  if (row->kind == ROW_BROKEN || row->missing == 0) return NULL;
  uint32_t present = row->count - row->missing;
  for (int i = 0; i < judge->setup.dataset->field_count; i++)
    if (judge->setup.mapping->column[i] >= 0 && (uint32_t)judge->setup.mapping->column[i] >= present)
      return SAY(keep, "the row has %u cells of %u: %s is missing", present, row->count,
                 judge->setup.dataset->fields[i].name);
  return NULL;
}

static const char *test_type(const struct field *f, struct str text, struct ctx *keep) {
  if (f->kind == FIELD_DATE) return SAY(keep, "%s %s is not a date", f->name, as_text(keep, text));
  if (f->kind == FIELD_DECIMAL)
    return SAY(keep, "%s %s is not a number%s", f->name, as_text(keep, text), " that can be kept exactly");
  return SAY(keep, "%s is longer than %zu bytes", f->name, LIMIT_TEXT_BYTES);
}

static const char *test_range(const struct rule *r, const struct field *f, const struct value *v,
                              struct ctx *keep) {
  const char *text = NULL, *how = NULL;
  if (r->min && v->number < r->min_value)
    text = r->min, how = "below";
  else if (r->max && v->number > r->max_value)
    text = r->max, how = "above";
  else if (r->above && v->number <= r->above_value)
    text = r->above, how = "not above";
  else if (r->below && v->number >= r->below_value)
    text = r->below, how = "not below";
  return how ? SAY(keep, "%s " STR_FMT " is %s %s", f->name, STR_ARG(shorten(v->text)), how, text) : NULL;
}

static const char *test_not_future(const struct rule *r, const struct field *f, int32_t today,
                                   const struct value *v, struct ctx *keep) {
  char date[DATE_SIZE];
  if (v->number <= today + r->days) return NULL;
  return SAY(keep, "%s %s is in the future", f->name, date_iso(date, (int32_t)v->number));
}

/* GLOB's * and ? without its sets: what a person writes for a code. */
static bool matches(struct str pattern, struct str s) {
  size_t i = 0, k = 0, star = SIZE_MAX, back = 0;
  while (k < s.n) {
    if (i < pattern.n && (pattern.p[i] == '?' || pattern.p[i] == s.p[k]))
      i++, k++;
    else if (i < pattern.n && pattern.p[i] == '*')
      star = i++, back = k;
    else if (star != SIZE_MAX)
      i = star + 1, k = ++back;
    else
      return false;
  }
  while (i < pattern.n && pattern.p[i] == '*') i++;
  return i == pattern.n;
}

static const char *test_expression(struct judge *judge, int rule, const struct judged *j, struct ctx *keep) {
  struct expression *e = judge->expressions[rule];
  const struct dataset *d = judge->setup.dataset;
  char texts[LIMIT_FIELDS][DATE_SIZE + 16];
  const char *why = "";
  for (int i = 0; i < d->field_count; i++) {
    struct str text = j->values[i].text;
    bool number = d->fields[i].kind == FIELD_DECIMAL;
    if (judge->state[i] != VALUE_GOOD) {
      text = (struct str){ NULL, 0 };
    } else if (number) {
      struct buf b;
      buf_init(&b, sizeof texts[i] - 1);
      dec_print(&b, j->values[i].number, d->fields[i].scale, 0);
      str_copy(texts[i], sizeof texts[i], buf_view(&b));
      buf_clear(&b);
      text = str_of(texts[i]);
    } else if (d->fields[i].kind == FIELD_DATE) {
      date_iso(texts[i], (int32_t)j->values[i].number);
      text = str_of(texts[i]);
    }
    expression_bind(e, i, text, number);
  }
  switch (expression_test(e, &why)) {
  case EXPRESSION_FALSE: return SAY(keep, "not true: %s", judge->setup.rules->rule[rule].message);
  case EXPRESSION_ERROR: return SAY(keep, "the rule cannot be evaluated for this row: %s", why);
  default: return NULL; /* unknown, as with a CHECK of SQL: another rule speaks of the missing value */
  }
}

static const char *test(struct judge *judge, int rule, const struct row *row, struct judged *j,
                        struct ctx *keep) {
  const struct rule *r = &judge->setup.rules->rule[rule];
  const struct field *f = r->field >= 0 ? &judge->setup.dataset->fields[r->field] : NULL;
  const struct value *v = f ? &j->values[r->field] : NULL;
  enum value_state state = f ? judge->state[r->field] : VALUE_GOOD;
  if (row->kind == ROW_BROKEN) return r->kind == RULE_READABLE ? row->why : NULL;
  switch (r->kind) {
  case RULE_READABLE:
  case RULE_UNIQUE:
  case RULE_STORED: return NULL;
  case RULE_COLUMNS: return test_columns(judge, row, keep);
  case RULE_EXTRA_CELLS:
    return row->extra ? SAY(keep, "the row has %u cells more than there are headings", row->extra) : NULL;
  case RULE_REQUIRED: return state == VALUE_EMPTY ? SAY(keep, "%s is empty", f->name) : NULL;
  case RULE_EXPRESSION: return test_expression(judge, rule, j, keep);
  default: break;
  }
  if (state == VALUE_EMPTY) return NULL;
  if (r->kind == RULE_TYPE) return state == VALUE_BAD ? test_type(f, v->text, keep) : NULL;
  if (state == VALUE_BAD) return NULL;
  switch (r->kind) {
  case RULE_RANGE: return test_range(r, f, v, keep);
  case RULE_REFERENCE:
    return map_get(&r->list, v->text)
               ? NULL
               : SAY(keep, "%s %s is not in the list %s", f->name, as_text(keep, v->text), r->text);
  case RULE_NOT_FUTURE: return test_not_future(r, f, judge->setup.today, v, keep);
  case RULE_PATTERN:
    return matches(str_of(r->text), v->text)
               ? NULL
               : SAY(keep, "%s %s is not of the form %s", f->name, as_text(keep, v->text), r->text);
  default: return NULL;
  }
}

/* ---- the key, and the digest ---- */

/* A part of the key is named by its field, whatever the file calls it. */
static const char *part_name(const struct judge *judge, int column) {
  const struct dataset *d = judge->setup.dataset;
  for (int i = 0; i < d->field_count; i++)
    if (judge->setup.mapping->column[i] == column) return d->fields[i].name;
  return judge->setup.profile->columns[column].heading;
}

static struct str cell_of(const struct row *row, int column) {
  return (uint32_t)column < row->count ? str_trim(row->cells[column]) : STR("");
}

/* The part's column that has something in this row, or its first; *text is that. */
static int choose_part(const struct mapping *m, int part, const struct row *row, struct str *text) {
  int column = m->unique[part];
  *text = cell_of(row, column);
  for (int i = 0; text->n == 0 && i < UNIQUE_OTHERS && m->unique_other[part][i] >= 0; i++) {
    column = m->unique_other[part][i];
    *text = cell_of(row, column);
  }
  return column;
}

/* "field=value" parts, joined. */
static struct str join_key(const struct judge *judge, const struct row *row, uint64_t record,
                           struct ctx *keep) {
  const struct mapping *m = judge->setup.mapping;
  struct str key = { "", 0 };
  struct buf b;
  bool any = false;
  buf_init(&b, LIMIT_KEY_BYTES);
  for (int i = 0; i < m->unique_count; i++) {
    struct str part;
    int column = choose_part(m, i, row, &part);
    bool place = part.n == 0 && m->unique_place[i];
    if (i > 0) buf_char(&b, '\x1f');
    buf_puts(&b, place ? "record" : part_name(judge, column));
    buf_char(&b, '=');
    if (place)
      buf_int(&b, (int64_t)record);
    else
      buf_str(&b, part);
    any = any || part.n > 0;
  }
  if (any && !b.full) key = (struct str){ ctx_strdup(keep, buf_view(&b)), b.n };
  buf_clear(&b);
  return key;
}

/* key_text: of the key field. */
static void make_key(const struct judge *judge, const struct row *row, struct str key_text, struct ctx *keep,
                     struct judged *j) {
  j->key = judge->setup.mapping->unique_is_key_field ? key_text : join_key(judge, row, j->record, keep);
  if (j->key.n > LIMIT_KEY_BYTES) j->key = (struct str){ "", 0 };
  j->hash = hash64(j->key.p, j->key.n);
}

static uint32_t row_crc(const struct dataset *d, struct str key, uint64_t record,
                        const struct value *values) {
  struct digest digest;
  digest_begin(&digest);
  digest_text(&digest, key);
  digest_int(&digest, (int64_t)record);
  for (int i = 0; i < d->field_count; i++) {
    bool as_number = d->fields[i].kind == FIELD_DATE || d->fields[i].kind == FIELD_DECIMAL;
    if (as_number && values[i].number != VALUE_NONE)
      digest_int(&digest, values[i].number);
    else if (as_number)
      digest_text(&digest, STR(""));
    else
      digest_text(&digest, values[i].text);
  }
  return digest_end(&digest);
}

/* ---- a row ---- */

static void number_codes(struct judge *judge, struct judged *j) {
  const struct dataset *d = judge->setup.dataset;
  for (int i = 0; i < d->field_count; i++) {
    if (d->fields[i].kind != FIELD_CODE) continue;
    bool room = judge->codes.count < LIMIT_TERMS_IN_MEMORY, added = false;
    uint64_t *number =
        room ? map_put(&judge->codes, j->values[i].text, &added) : map_get(&judge->codes, j->values[i].text);
    if (added) *number = judge->codes.count;
    j->values[i].number = number ? (int64_t)*number : 0;
  }
}

static void add_sums(struct judge *judge, const struct judged *j) {
  const struct dataset *d = judge->setup.dataset;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total && __builtin_add_overflow(judge->sums[i], j->values[i].number, &judge->sums[i]))
      judge->sums[i] = INT64_MAX; /* no honest sum: the self-audit will say so */
}

void judge_row(struct judge *judge, const struct row *row, struct str raw, struct ctx *keep,
               struct judged *j) {
  const struct rules *rules = judge->setup.rules;
  int faults = 0;
  judge->rounds = false;
  j->first_fault = -1;
  j->faults = (struct str){ "", 0 };
  read_values(judge, row, raw, keep, j);
  for (int i = 0; i < rules->count; i++) {
    const char *wrong = test(judge, i, row, j, keep);
    if (!wrong) continue;
    judge->failed[i]++;
    if (faults++ >= LIMIT_FAULTS) continue;
    int field = rules->rule[i].field;
    judge_add_fault(&judge->setup, i, field >= 0 ? j->values[field].text : STR(""), wrong, keep, j);
  }
  make_key(judge, row, j->values[judge->key_field].text, keep, j);
  if (faults == 0 && j->key.n == 0) {
    judge->failed[rules->unique]++;
    judge_add_fault(&judge->setup, rules->unique, STR(""), "the unique key is empty or too long", keep, j);
    faults++;
  }
  if (faults) return;
  judge->rounded += judge->rounds;
  add_sums(judge, j);
  number_codes(judge, j);
  j->crc = row_crc(judge->setup.dataset, j->key, j->record, j->values);
}

void judge_known(struct judge *judge, const struct row *row, struct str raw, bool count, struct ctx *keep,
                 struct judged *j) {
  const struct judge_setup *s = &judge->setup;
  const struct dataset *d = s->dataset;
  j->first_fault = -1;
  j->faults = (struct str){ "", 0 };
  for (int i = 0; i < d->field_count; i++)
    if (judge->looked[i]) read_value(judge, i, row, raw, keep, j);
  for (int i = 0; i < s->rules->count; i++) {
    if (!s->asked[i] || !test(judge, i, row, j, NULL)) continue;
    judge->failed_known[i] += count;
    if (j->first_fault < 0) j->first_fault = i;
  }
  for (int i = 0; j->first_fault >= 0 && i < d->field_count; i++)
    if (d->fields[i].total && !judge->looked[i]) read_value(judge, i, row, raw, keep, j);
  j->exception = read_exception(s->mapping, row);
  bool short_key = s->mapping->unique_is_key_field;
  make_key(judge, row, short_key ? read_text(judge, judge->key_field, row, raw, keep) : STR(""), keep, j);
}

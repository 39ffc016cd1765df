#include "ingest/sorter.h"

#include <stdlib.h>

#include "base/limits.h"

/* 24 MiB of rows of some 80 bytes are three hundred thousand. */
static const size_t BYTES = MIB(24);
enum { ROWS = 1 << 18, SLOTS = ROWS * 2 };

/* A row in memory: this, then the numbers of its fields, then the key's bytes, then
** the bytes of its texts, whose lengths stand as their numbers. */
struct packed {
  uint64_t hash, record;
  uint32_t key_n, bytes;
};

/* What is sorted: most comparisons end with the first eight bytes of the key. */
struct entry {
  uint64_t prefix;
  const struct packed *row;
};

struct sorter {
  const struct dataset *dataset;
  int key_field;
  char *bytes;
  size_t used;
  struct entry *entries;
  uint32_t count;
  uint32_t *slots; /* by hash: index of the entry + 1 */
};

static void release(void *arg) {
  struct sorter *s = arg;
  free(s->bytes);
  free(s->entries);
  free(s->slots);
}

struct sorter *sorter_new(struct ctx *cx, const struct dataset *d, int key_field) {
  struct sorter *s = ctx_alloc(cx, sizeof *s);
  s->dataset = d;
  s->key_field = key_field;
  ctx_defer(cx, release, s);
  return s;
}

uint64_t sorter_count(const struct sorter *s) { return s->count; }

static int64_t *numbers_of(const struct packed *p) { return (int64_t *)(uintptr_t)(p + 1); }
static char *key_of(const struct sorter *s, const struct packed *p) {
  return (char *)(numbers_of(p) + s->dataset->field_count);
}

static bool is_packed_text(const struct sorter *s, int field) {
  return s->dataset->fields[field].kind == FIELD_TEXT && field != s->key_field;
}

static size_t size_of(const struct sorter *s, const struct judged *row) {
  size_t n = sizeof(struct packed) + (size_t)s->dataset->field_count * sizeof(int64_t) + row->key.n;
  for (int i = 0; i < s->dataset->field_count; i++)
    if (is_packed_text(s, i)) n += row->values[i].text.n;
  return (n + 7) & ~(size_t)7;
}

static uint64_t prefix_of(struct str key) {
  unsigned char first[8] = { 0 };
  memcpy(first, key.p, key.n < 8 ? key.n : 8);
  uint64_t v = 0;
  for (int i = 0; i < 8; i++) v = v << 8 | first[i];
  return v;
}

static uint32_t *slot_of(const struct sorter *s, struct str key, uint64_t hash) {
  for (size_t i = hash & (SLOTS - 1);; i = (i + 1) & (SLOTS - 1)) {
    if (!s->slots[i]) return &s->slots[i];
    const struct packed *p = s->entries[s->slots[i] - 1].row;
    if (p->hash == hash && str_eq((struct str){ key_of(s, p), p->key_n }, key)) return &s->slots[i];
  }
}

uint64_t sorter_find(const struct sorter *s, struct str key, uint64_t hash) {
  if (s->count == 0) return 0;
  uint32_t entry = *slot_of(s, key, hash);
  return entry ? s->entries[entry - 1].row->record : 0;
}

static void pack(const struct sorter *s, const struct judged *row, struct packed *p, size_t bytes) {
  *p = (struct packed){ row->hash, row->record, (uint32_t)row->key.n, (uint32_t)bytes };
  int64_t *numbers = numbers_of(p);
  char *out = key_of(s, p);
  memcpy(out, row->key.p, row->key.n);
  out += row->key.n;
  for (int i = 0; i < s->dataset->field_count; i++) {
    const struct value *v = &row->values[i];
    numbers[i] = is_packed_text(s, i) ? (int64_t)v->text.n : v->number;
    if (!is_packed_text(s, i)) continue;
    if (v->text.n) memcpy(out, v->text.p, v->text.n);
    out += v->text.n;
  }
}

bool sorter_add(struct sorter *s, const struct judged *row) {
  size_t bytes = size_of(s, row);
  if (!s->bytes) {
    s->bytes = xmalloc(BYTES);
    s->entries = xmalloc(ROWS * sizeof *s->entries);
    s->slots = xcalloc(SLOTS, sizeof *s->slots);
  }
  if (s->count == ROWS || bytes > BYTES - s->used) return false;
  struct packed *p = (struct packed *)(void *)(s->bytes + s->used);
  pack(s, row, p, bytes);
  uint32_t *slot = slot_of(s, row->key, row->hash);
  s->entries[s->count++] = (struct entry){ prefix_of(row->key), p };
  *slot = s->count;
  s->used += bytes;
  return true;
}

static int by_key(const void *a, const void *b, void *sorter) {
  const struct entry *x = a, *y = b;
  if (x->prefix != y->prefix) return x->prefix < y->prefix ? -1 : 1;
  uint32_t n = x->row->key_n < y->row->key_n ? x->row->key_n : y->row->key_n;
  int order = memcmp(key_of(sorter, x->row), key_of(sorter, y->row), n);
  return order ? order : (x->row->key_n > y->row->key_n) - (x->row->key_n < y->row->key_n);
}

static void unpack(const struct sorter *s, const struct packed *p, struct judged *row) {
  const char *text = key_of(s, p) + p->key_n;
  row->hash = p->hash;
  row->record = p->record;
  row->key = (struct str){ key_of(s, p), p->key_n };
  for (int i = 0; i < s->dataset->field_count; i++) {
    int64_t number = numbers_of(p)[i];
    row->values[i] = (struct value){ .number = number };
    if (!is_packed_text(s, i)) continue;
    row->values[i].text = (struct str){ text, (size_t)number };
    text += number;
  }
}

int sorter_flush(struct ctx *cx, struct sorter *s,
                 int (*fn)(struct ctx *cx, void *arg, const struct judged *row), void *arg) {
  struct value values[LIMIT_FIELDS];
  struct judged row = { .first_fault = -1, .values = values };
  if (s->count == 0) return OK;
  qsort_r(s->entries, s->count, sizeof *s->entries, by_key, s);
  for (uint32_t i = 0; i < s->count && !cx->code; i++) {
    unpack(s, s->entries[i].row, &row);
    fn(cx, arg, &row);
  }
  memset(s->slots, 0, SLOTS * sizeof *s->slots);
  s->count = 0;
  s->used = 0;
  return cx->code;
}

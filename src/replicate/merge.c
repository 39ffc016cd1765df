#include "replicate/merge.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/limits.h"

const char *merge_kinds(struct ctx *cx, const struct entity *e) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, LIMIT_TEXT_BYTES);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    if (p->merge != MERGE_LATEST) jw_text(&w, p->name, p->merge == MERGE_DELTA ? "delta" : "review");
  }
  return jw_end(cx, &w);
}

void merge_conflict_id(char out[static 37], const char *table, const char *key, const char *field,
                       struct merge_mark lost_by) {
  struct buf text;
  unsigned char hash[SHA256_SIZE];
  char hex[SHA256_HEX];
  buf_init(&text, LIMIT_TEXT_BYTES);
  buf_printf(&text, "%s|%s|%s|%lld|%lld", table, key, field, (long long)lost_by.stamp,
             (long long)lost_by.origin);
  sha256_of(text.p, text.n, hash);
  buf_clear(&text);
  hex_encode(hex, hash, sizeof hash);
  snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* ---- fields: the properties, and behind them whether the record is there ---- */

struct field {
  const char *name;
  const struct property *property; /* NULL: deleted_at */
  const struct jv *value, *by;     /* by: deleted_by */
  struct merge_mark mark;
  int64_t added; /* to a number whose changes add up */
  bool won;      /* in the edit that is being merged */
};

struct work {
  const struct merge *m;
  struct field *fields;
  int count;
  struct merged *out;
  int64_t version;
  struct merge_mark updated;
  const struct jv *updated_at, *updated_by;
};

static bool is_null(const struct jv *v) { return jv_kind(v) == JV_NULL; }

/* Of deleted_at it matters whether there is one. */
static bool same(const struct field *f, const struct jv *a, const struct jv *b) {
  if (!f->property || is_null(a) || is_null(b)) return is_null(a) == is_null(b);
  return jv_same(a, b);
}

static bool later(struct merge_mark a, struct merge_mark b) {
  return a.stamp > b.stamp || (a.stamp == b.stamp && a.origin > b.origin);
}

static int64_t number(const struct jv *v, int scale) {
  int64_t n = 0;
  bool rounded;
  if (jv_text(v).p && !dec_parse(jv_text(v), scale, &n, &rounded)) n = 0;
  return n;
}

static struct merge_mark mark_of(const struct merge *m, const char *name) {
  const struct jv *v = m->stamps ? jv_get(m->stamps, name) : NULL;
  if (m->stamps && !v) v = jv_get(m->stamps, "");
  if (!v) return m->at;
  return (struct merge_mark){ number(jv_at(v, 0), 0), number(jv_at(v, 1), 0) };
}

static void begin(struct ctx *cx, const struct merge *m, struct work *w) {
  w->m = m;
  w->count = m->entity->property_count + 1;
  w->fields = ctx_alloc(cx, (size_t)w->count * sizeof *w->fields);
  for (int i = 0; i < w->count; i++) {
    struct field *f = &w->fields[i];
    f->property = i < m->entity->property_count ? &m->entity->properties[i] : NULL;
    f->name = f->property ? f->property->name : "deleted_at";
    f->value = jv_get(m->theirs, f->name);
    if (!f->value && m->here) f->value = jv_get(m->here, f->name);
    f->mark = mark_of(m, f->name);
  }
  w->fields[w->count - 1].by = jv_get(m->theirs, "deleted_by");
  w->version = number(jv_get(m->theirs, "version"), 0);
  w->updated = mark_of(m, "updated_at");
  w->updated_at = jv_get(m->theirs, "updated_at");
  w->updated_by = jv_get(m->theirs, "updated_by");
}

/* ---- what was lost ---- */

static void lose(struct ctx *cx, struct work *w, struct merge_lost lost) {
  struct merged *out = w->out;
  struct merge_lost *all = ctx_alloc(cx, (size_t)(out->lost_count + 1) * sizeof *all);
  if (out->lost_count) memcpy(all, out->lost, (size_t)out->lost_count * sizeof *all);
  all[out->lost_count++] = lost;
  out->lost = all;
}

/* Its author went on, somebody built upon it, or somebody says the same. */
static void settle(struct work *w, const struct field *f, struct merge_mark mark, bool created,
                   const struct jv *base, const struct jv *mine) {
  struct merged *out = w->out;
  int kept = 0;
  for (int i = 0; i < out->lost_count; i++) {
    const struct merge_lost *l = &out->lost[i];
    bool gone_on =
        l->lost_by.origin == mark.origin || (!created && same(f, l->lost, base)) || same(f, l->lost, mine);
    if (strcmp(l->field, f->name) != 0 || l->lost_by.stamp > mark.stamp || !gone_on) out->lost[kept++] = *l;
  }
  out->lost_count = kept;
}

/* ---- one edit ---- */

static void merge_field(struct ctx *cx, struct work *w, struct field *f, const struct merge_edit *edit) {
  const struct jv *base = edit->before ? jv_get(edit->before, f->name) : NULL;
  const struct jv *mine = jv_get(edit->after, f->name);
  struct merge_mark mark = { edit->stamp, w->m->origin };
  bool created = !edit->before;
  f->won = false;
  if (!mine || same(f, mine, base)) return;
  if (f->property && f->property->merge == MERGE_DELTA) {
    f->added += number(mine, f->property->scale) - number(base, f->property->scale);
    if (later(mark, f->mark)) f->mark = mark;
    return;
  }
  settle(w, f, mark, created, base, mine);
  bool differs = !same(f, mine, f->value), own = f->mark.origin == mark.origin;
  bool seen = own || (!created && same(f, base, f->value));
  if (own || later(mark, f->mark)) {
    if (differs && !seen) lose(cx, w, (struct merge_lost){ f->name, base, f->value, mine, f->mark });
    f->won = true;
    f->value = mine;
    f->mark = mark;
    if (!f->property) f->by = jv_get(edit->after, "deleted_by");
  } else if (differs) {
    lose(cx, w, (struct merge_lost){ f->name, base, mine, f->value, mark });
  }
}

/* Deleted here and changed there, neither knowing of the other: the deletion stands, with the changes beneath it. */
static void merge_deletion(struct ctx *cx, struct work *w, const struct merge_edit *edit) {
  struct field *gone = &w->fields[w->count - 1];
  bool was = edit->before && !is_null(jv_get(edit->before, "deleted_at"));
  bool is = !is_null(jv_get(edit->after, "deleted_at"));
  if (is_null(gone->value)) {
    int kept = 0;
    for (int i = 0; gone->won && i < w->out->lost_count; i++) {
      const struct merge_lost *l = &w->out->lost[i];
      struct merge_mark now = mark_of(w->m, l->field);
      for (int k = 0; k < w->count; k++)
        if (strcmp(w->fields[k].name, l->field) == 0) now = w->fields[k].mark;
      if (now.stamp != l->lost_by.stamp || now.origin != l->lost_by.origin) w->out->lost[kept++] = *l;
    }
    if (gone->won) w->out->lost_count = kept;
    return;
  }
  for (int i = 0; i < w->count - 1; i++) {
    struct field *f = &w->fields[i];
    const struct jv *base = edit->before ? jv_get(edit->before, f->name) : NULL;
    if (f->property->merge == MERGE_DELTA) continue;
    bool unseen = is && !was && !f->won && f->mark.origin != w->m->origin && !same(f, base, f->value);
    bool buried = !is && !was && f->won && gone->mark.origin != w->m->origin;
    if (unseen || buried) lose(cx, w, (struct merge_lost){ f->name, base, f->value, NULL, f->mark });
  }
}

static void merge_edit(struct ctx *cx, struct work *w, const struct merge_edit *edit) {
  struct merge_mark mark = { edit->stamp, w->m->origin };
  for (int i = 0; i < w->count; i++) merge_field(cx, w, &w->fields[i], edit);
  merge_deletion(cx, w, edit);
  w->version += number(jv_get(edit->after, "version"), 0) -
                (edit->before ? number(jv_get(edit->before, "version"), 0) : 0);
  if (later(w->updated, mark)) return;
  w->updated = mark;
  w->updated_at = jv_get(edit->after, "updated_at");
  w->updated_by = jv_get(edit->after, "updated_by");
}

/* ---- the record ---- */

static void put(struct jw *w, struct buf *text, const char *name, const struct jv *v) {
  if (!v) {
    jw_text(w, name, NULL);
    return;
  }
  buf_reset(text);
  jv_write(text, v);
  jw_raw(w, name, buf_view(text));
}

static void put_sum(struct jw *w, const struct field *f) {
  int scale = f->property->scale;
  int64_t sum = number(f->value, scale) + f->added;
  if (scale)
    jw_decimal(w, f->name, sum, scale, 0);
  else
    jw_int(w, f->name, sum);
}

static void write_row(struct work *w, struct jw *out) {
  const struct merge *m = w->m;
  const struct field *gone = &w->fields[w->count - 1];
  struct buf text;
  buf_init(&text, LIMIT_BODY_BYTES);
  jw_object(out, NULL);
  put(out, &text, "id", jv_get(m->theirs, "id"));
  for (int i = 0; i < w->count - 1; i++)
    if (w->fields[i].added)
      put_sum(out, &w->fields[i]);
    else
      put(out, &text, w->fields[i].name, w->fields[i].value);
  jw_int(out, "version", w->version);
  put(out, &text, "created_at", jv_get(m->theirs, "created_at"));
  put(out, &text, "created_by", jv_get(m->theirs, "created_by"));
  put(out, &text, "updated_at", w->updated_at);
  put(out, &text, "updated_by", w->updated_by);
  put(out, &text, "deleted_at", gone->value);
  put(out, &text, "deleted_by", is_null(gone->value) ? NULL : gone->by);
  jw_close(out, '}');
  buf_clear(&text);
}

int merge_record(struct ctx *cx, const struct merge *m, struct merged *out) {
  struct work w = { .out = out };
  struct buf row;
  struct jw writer;
  *out = (struct merged){ 0 };
  begin(cx, m, &w);
  for (int i = 0; i < m->edit_count; i++) merge_edit(cx, &w, &m->edits[i]);
  buf_init(&row, LIMIT_BODY_BYTES);
  jw_init(&writer, &row);
  write_row(&w, &writer);
  if (row.full)
    fail(cx, E_LIMIT, NULL, "a %s of more than %d bytes cannot be taken", m->entity->name,
         (int)LIMIT_BODY_BYTES);
  else
    out->row = ctx_strdup(cx, buf_view(&row));
  buf_clear(&row);
  return cx->code;
}

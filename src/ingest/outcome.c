#include "ingest/outcome.h"

#include "base/limits.h"

static const size_t RAW_SHOWN = 2000;        /* bytes of a line */
static const size_t SAMPLE_BYTES = KIB(128); /* no further row beyond it: outcomes are kept for a while */

static void release(void *arg) { buf_clear(&((struct sample *)arg)->json); }

void sample_begin(struct ctx *cx, struct sample *s) {
  s->rows = 0;
  buf_init(&s->json, MIB(2));
  jw_init(&s->w, &s->json);
  jw_array(&s->w, NULL);
  ctx_defer(cx, release, s);
}

static void add_row(struct sample *s, const struct judge_setup *setup, const struct load_batch *b,
                    const struct judged *j) {
  struct buf shown;
  struct str raw = { b->raw->bytes + (j->offset - b->raw->offset), j->length };
  while (raw.n > 0 && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r')) raw.n--;
  if (raw.n > RAW_SHOWN) raw.n = RAW_SHOWN;
  buf_init(&shown, 8 * RAW_SHOWN);
  text_show(setup->profile->dialect.encoding, raw, &shown);
  jw_record(&s->w, NULL, "record", (int64_t)j->record, "line", (int64_t)j->line, "category",
            setup->rules->rule[j->first_fault].category, "raw", buf_view(&shown), "faults",
            arg_json(j->faults));
  buf_clear(&shown);
  s->rows++;
}

void sample_add(struct sample *s, const struct judge_setup *setup, const struct load_batch *b) {
  for (uint32_t i = 0; i < b->row_count && s->rows < SAMPLE_ROWS && s->json.n < SAMPLE_BYTES; i++)
    if (b->rows[i].first_fault >= 0) add_row(s, setup, b, &b->rows[i]);
}

const char *sample_end(struct ctx *cx, struct sample *s) {
  jw_close(&s->w, ']');
  return s->json.full ? "[]" : ctx_strdup(cx, buf_view(&s->json));
}

static const char *finish(struct ctx *cx, struct buf *json) {
  const char *text = ctx_strdup(cx, buf_view(json));
  buf_clear(json);
  return text;
}

const char *outcome_controls(struct ctx *cx, const struct rules *rules, const int64_t *failed,
                             const struct load_result *load) {
  struct buf json;
  struct jw w;
  buf_init(&json, LIMIT_REPLY_BYTES);
  jw_init(&w, &json);
  jw_array(&w, NULL);
  for (int i = 0; i < rules->count; i++) {
    jw_object(&w, NULL);
    jw_put(&w, "control", rules->rule[i].name, "stage", rules->rule[i].stage);
    jw_int(&w, "failed", failed[i] + loader_failed(load, rules, i));
    jw_close(&w, '}');
  }
  jw_close(&w, ']');
  return finish(cx, &json);
}

const char *outcome_figures(struct ctx *cx, const struct dataset *d, int64_t clean, const int64_t *sums,
                            const int64_t *duplicates) {
  struct buf json;
  struct jw w;
  jw_begin(&w, &json, LIMIT_TEXT_BYTES);
  jw_int(&w, "orders", clean);
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) jw_decimal(&w, d->fields[i].name, sums[i] - duplicates[i], d->fields[i].scale, 2);
  jw_close(&w, '}');
  return finish(cx, &json);
}

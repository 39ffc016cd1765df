#include "ingest/sample.h"

#include "base/limits.h"

static const size_t RAW_SHOWN = 2000; /* bytes of a line */

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
  jw_object(&s->w, NULL);
  jw_int(&s->w, "record", (int64_t)j->record);
  jw_int(&s->w, "line", (int64_t)j->line);
  jw_text(&s->w, "category", setup->rules->rule[j->first_fault].category);
  jw_str(&s->w, "raw", buf_view(&shown));
  jw_raw(&s->w, "faults", j->faults);
  jw_close(&s->w, '}');
  buf_clear(&shown);
  s->rows++;
}

void sample_add(struct sample *s, const struct judge_setup *setup, const struct load_batch *b) {
  for (uint32_t i = 0; i < b->row_count && s->rows < SAMPLE_ROWS && s->json.n < MIB(1); i++)
    if (b->rows[i].first_fault >= 0) add_row(s, setup, b, &b->rows[i]);
}

const char *sample_end(struct ctx *cx, struct sample *s) {
  jw_close(&s->w, ']');
  return s->json.full ? "[]" : ctx_strdup(cx, buf_view(&s->json));
}

#include "replicate/merge.h"

#include "base/limits.h"

const char *merge_kinds(struct ctx *cx, const struct entity *e) {
  struct buf out;
  struct jw w;
  buf_init(&out, LIMIT_TEXT_BYTES);
  jw_init(&w, &out);
  jw_object(&w, NULL);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    if (p->merge != MERGE_LATEST) jw_text(&w, p->name, p->merge == MERGE_DELTA ? "delta" : "review");
  }
  jw_close(&w, '}');
  const char *text = ctx_strdup(cx, buf_view(&out));
  buf_clear(&out);
  return text;
}

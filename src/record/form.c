#include "record/form.h"

#include "base/limits.h"

struct jw *form_begin(struct form *f, const char *id) {
  buf_init(&f->json, LIMIT_BODY_BYTES);
  jw_init(&f->w, &f->json);
  jw_object(&f->w, NULL);
  if (id) jw_text(&f->w, "id", id);
  return &f->w;
}

int form_save(struct ctx *cx, struct db *db, const char *entity, struct form *f, const char **id) {
  char saved[37];
  struct jv *object;
  jw_close(&f->w, '}');
  int rc = jv_parse(cx, buf_view(&f->json), &object);
  if (!rc) rc = record_save(cx, db, entity_find(entity), object, saved);
  if (!rc && id) *id = ctx_strdup(cx, str_of(saved));
  buf_clear(&f->json);
  return rc;
}

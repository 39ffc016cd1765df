#include "record/form.h"

#include "base/limits.h"
#include "record/internal.h"

struct jw *form_begin(struct form *f, const char *id) {
  buf_init(&f->json, LIMIT_BODY_BYTES);
  jw_init(&f->w, &f->json);
  jw_object(&f->w, NULL);
  if (id) jw_text(&f->w, "id", id);
  return &f->w;
}

/* The rules of some entities want the object itself. */
static int save(struct ctx *cx, struct db *db, const struct entity *e, struct str json, char id[static 37]) {
  struct jv *object;
  struct given g;
  if (e->hooks.check_object)
    return jv_parse(cx, json, &object) ? (int)cx->code : record_save(cx, db, e, object, id);
  return given_form(cx, e, json, &g) ? (int)cx->code : save_given(cx, db, e, &g, NULL, id);
}

int form_save(struct ctx *cx, struct db *db, const char *entity, struct form *f, const char **id) {
  char saved[37];
  jw_close(&f->w, '}');
  int rc = save(cx, db, entity_find(entity), buf_view(&f->json), saved);
  if (!rc && id) *id = ctx_strdup(cx, str_of(saved));
  buf_clear(&f->json);
  return rc;
}

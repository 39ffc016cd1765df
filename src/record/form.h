/*
** form.h - a record written by the program itself, through the same door as
** everybody's:
**
**   struct form f;
**   struct jw *w = form_begin(&f, id);      NULL: a new record
**   jw_text(w, "status", "open");
**   return form_save(cx, db, "alert", &f, saved);
*/
#ifndef RECORD_FORM_H
#define RECORD_FORM_H

#include "record/record.h"

struct form {
  struct buf json;
  struct jw w;
};

struct jw *form_begin(struct form *f, const char *id);

/* Frees the form in any case. id receives the record's; may be NULL. */
int form_save(struct ctx *cx, struct db *db, const char *entity, struct form *f, const char **id);

#endif

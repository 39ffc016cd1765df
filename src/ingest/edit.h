/*
** edit.h - a person changes a clean row. An edit is an import like any other: of a
** file of one row, whose version goes on top of the one that was there. So it passes
** every control, says who changed what, and can be undone like any run.
*/
#ifndef INGEST_EDIT_H
#define INGEST_EDIT_H

#include "ingest/correct.h"

/* E_NOT_FOUND: there is no such row. E_INVALID: a control refuses the row (nothing is
** stored), or a change names no field, or one that the key is made of. */
int edit_row(struct ctx *cx, struct tenant *t, const struct dataset *d, struct str key,
             const struct correct_change *changes, size_t count, struct import_result *out);

#endif

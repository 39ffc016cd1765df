/*
** correct.h - corrections of rejected records. A correction is an import like
** any other: of a file with the exception's number in front of the original
** columns. So a corrected row passes every control, and its run says who
** corrected what.
*/
#ifndef INGEST_CORRECT_H
#define INGEST_CORRECT_H

#include "format/format.h"
#include "ingest/import.h"

/* Profiles the file of a request. When it is an exception file, what was not said
** about its mapping, unique key, date order and decimal sign is taken over from
** the run that the exceptions come from; *request is then a changed copy. */
int correct_adopt(struct ctx *cx, struct tenant *t, const struct import_request **request,
                  struct profile **profile);

/* Corrects one exception in place: changes are "field=value" or "Heading=value".
** E_NOT_FOUND, E_CONFLICT (settled already), E_INVALID. */
int correct_exception(struct ctx *cx, struct tenant *t, int64_t exception, const char *const *changes,
                      int count, struct import_result *out);

#endif

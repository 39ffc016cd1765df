/*
** suggest.h - how a file would be imported, before it is: what its profile says, its
** first rows, and which column would be which field. For a person who looks at it,
** changes what is wrong and says go.
**
** kind, encoding, decisions [{subject, decision, evidence}], oddities [{code, line, count,
** text}], columns [{index (from 1), heading, type, examples (up to 3)}], rows_estimate,
** sample [[cell]] (up to 5 rows), mapping [{field, kind, essential, heading, column, how,
** help}], unique [headings], existing, remembered, problem
**
** What cannot be told is null, and problem is the sentence why the file could not be
** imported like this; it is null when it could.
*/
#ifndef INGEST_SUGGEST_H
#define INGEST_SUGGEST_H

#include "base/json.h"
#include "ingest/import.h"

/* Into an open object. Of the request dataset, input, dialect and mapping are read. existing:
** "reject" or "update" as it was stated; NULL: as the last file of these headings had it. */
int suggest_json(struct ctx *cx, struct db *db, const struct import_request *r, const char *existing,
                 struct jw *w);

#endif

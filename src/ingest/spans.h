/*
** spans.h - where the records of a run lie in its file: line, offset, length of
** any of them, in any order, for walks over many. (kept_record finds a single one,
** and its bytes.)
**
** Held are the lengths as the chunks have them, about two bytes a record, and a
** mark every so many records from which to count on.
*/
#ifndef INGEST_SPANS_H
#define INGEST_SPANS_H

#include "store/store.h"

struct spans;
struct record_span {
  int64_t line, offset, length;
};

int spans_open(struct ctx *cx, struct db *db, int64_t run, struct spans **out);
/* False when the run has no such record. */
bool spans_find(const struct spans *s, int64_t record, struct record_span *out);

#endif

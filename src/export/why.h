/*
** why.h - a figure explains itself.
**
** why   figure (its address), title, value (a number, or text where digits count),
**       formula (a sentence), sql (of the first computation, for the sqlite3 shell),
**       tick {ok, first, second, method} or null, tick_reason (why it is null) or null,
**       rules {RUN: [{control, version}]} that judged the rows shown,
**       rows {kind, total, items, next, searched}
**         kind "rows": rows as rows.h has them, with their original line (raw);
**         kind "records" of read: {run, source, record, line, offset, length, raw};
**         kind "exceptions": {id, run, source, record, line, offset, length, category, stage,
**         state, reason, raw}; kind "runs" where several runs are added up: {run, source, started,
**         read, clean, rejected, quality, figure (the address of this run's part)}
**
** The second computation reads every row of the scope: some 100 ms for a million.
** So the document has a tick of its own only while the file is small (WHY_QUICK
** records); beyond that it is null, and asked for by itself: {figure, value, tick,
** tick_reason, seconds}.
*/
#ifndef EXPORT_WHY_H
#define EXPORT_WHY_H

#include "export/figure.h"

enum { WHY_QUICK = 200000, WHY_ROWS = 20 };

/* p: the filters of the figure, limit, after, tick (1: only that; all: with the document, whatever it
** takes). */
int why_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const char *dataset,
             const char *measure, const struct params *p);

#endif

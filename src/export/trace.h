/*
** trace.h - from a clean row back to its bytes, and from a line of a file forward
** to what became of it.
**
** The tick of a row is a computation of its own: the original bytes are cut from
** the kept file, parsed and judged again by the settings and rules of their run,
** and what comes out is compared with what is stored. So it turns red when a row,
** a term or a byte was changed by hand - also when sums were changed along with it.
**
** row   what rows.h says, and: raw (decoded, without its line end), sha256 (of the
**       original bytes, line end included), tick {ok, text},
**       versions [{run, kind, actor, at, fate, values, current}] newest first,
**       controls [{control, version, stage, field, status: "PASS" or "FAIL"}],
**       notes [{id, text, at, actor}], edited_by {actor, at} or null
** line  run, source, record, line, lines, offset, length, raw, sha256,
**       kind ("heading", "outside", "data"),
**       fate ("clean", "replaced", "exception", "undone", "none"; "none" of what is no data),
**       intact (the kept bytes have the checksum that they came in with),
**       row (as above without versions, controls and notes) or null,
**       exception {id, category, stage, state, reason, faults, solved_run} or null,
**       figures [addresses of the figures that it counts in]
*/
#ifndef EXPORT_TRACE_H
#define EXPORT_TRACE_H

#include "export/rows.h"

/* p: as, key. E_NOT_FOUND. */
int row_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);
/* p: run, and one of line, record, offset. E_NOT_FOUND. */
int line_show(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

#endif

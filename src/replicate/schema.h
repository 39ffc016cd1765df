/*
** schema.h - headquarters' database: PostgreSQL, schema `outpost`.
**
** `init` makes it and brings it up to date, whoever calls it and however often: in one transaction, one at a time (an
** advisory lock), with all edges at work meanwhile. It consists of
**
**   parts     sql/upstream/NNN_name.sql, run when their text is another than the one that was run last (schema_part).
**             Those below 500 before the tables that follow, the others behind them; 000_roles and 900_access always.
**             All but 000 run as outpost_owner, with search_path pg_catalog alone: names are written out. A part says
**             CREATE ... IF NOT EXISTS and CREATE OR REPLACE, as it meets what an earlier one of its kind left; one that
**             takes another role gives it back
**   entities  a table each, of its local name, unless it says `sync none`. Columns: its properties, and what 020_records.sql
**             says of sync_*; `extra` holds, as JSON, what newer edges sent and this schema has no column for. A column that
**             comes with a newer program takes over what stands for it there, and a table what the log says of its records
**   datasets  a table each that holds every version of a row, written once: organization_id, origin, run, record, key, the
**             fields (codes as their texts). PRIMARY KEY (organization_id, origin, run, key); the key sorts by bytes.
**             Which versions count say its views (schema_views.c), by run.counts, run.rank and undo_kept
**
** Row-level security of all tables and who may do what: 900_access.sql, and the GRANTs of each part.
**
** The schema's number is that of the newest migration that the program knows. A database with a higher one was made by a
** newer program: init refuses and changes nothing. Edges older and newer than it work with it all the same.
*/
#ifndef REPLICATE_SCHEMA_H
#define REPLICATE_SCHEMA_H

#include "base/json.h"
#include "model/dataset.h"
#include "model/entity.h"
#include "replicate/pg.h"

int upstream_version(void); /* the schema that this program makes */

/* Writes what was done into the open array `said`, a sentence each; nothing when there was nothing to do. p is a connection of
** somebody who may create roles and schemas. E_CONFLICT: made by a newer program. */
int upstream_init(struct ctx *cx, struct pg *p, struct jw *said);

/* Begins a transaction as outpost_owner, who administers organizations, edges and their roles; pg_do "COMMIT" ends it. E_FAIL when
** there is no schema yet, E_CONFLICT when it is newer. */
int upstream_begin(struct ctx *cx, struct pg *p);
/* After a failure: that a privilege was missing, in words for an administrator. Returns the code of the failure. */
int upstream_denied(struct ctx *cx, const struct pg *p);

#endif

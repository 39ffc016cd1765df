/*
** catalogue.h - the data catalogue: everything that holds data in a tenant's file
** or leaves it, made from what the program reads itself - datasets, entities, the
** schema, the reports - so that it cannot fall behind them. People add owners and
** words (entity `steward`: a table, "table.column" or "rule NAME").
**
** catalogue  tables [{name, kind, rows, rows_exact, description, owner, fresh,
**              rules [names: those that look at the whole row],
**              columns [{name, type, description, owner, rules [names], lineage}]}]
**   kind         dataset (rows that come as files), entity (records that people keep),
**                report (what `outpost export` writes), view, table
**   rows         null where only reading all of it would tell; rows_exact says whether it
**                is a count or an estimate
**   fresh        when what it shows changed last, null: never
**   lineage      where a column comes from: the column of the file, another table's
**                column, or the computation; null for what the program keeps by itself
*/
#ifndef EXPORT_CATALOGUE_H
#define EXPORT_CATALOGUE_H

#include "base/json.h"
#include "store/store.h"

int catalogue_write(struct ctx *cx, struct db *db, struct jw *w, const char *key);

#endif

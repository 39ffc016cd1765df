/*
** memory.h - how files were mapped by hand, so that the next file of that kind needs
** no hand.
**
** After an import that was told how to map (or what the unique key is, or that its rows
** replace older ones), the whole mapping is kept as a record of mapping_memory under the file's headings. The next
** file of just these headings is mapped, and keyed, alike; any other file takes from
** it what a single heading meant. That rows were replaced is only suggested (suggest.h): no
** import replaces rows unless it is told to. A run keeps its own mapping (settings.h), so what is
** remembered later changes nothing of it.
*/
#ifndef INGEST_MEMORY_H
#define INGEST_MEMORY_H

#include "ingest/import.h"

/* Adds what is remembered to a request; what it states itself is left as it is. */
int memory_recall(struct ctx *cx, struct db *db, const struct dataset *d, const struct profile *p,
                  struct mapping_request *r);

/* After an import that asked for it (remember); r: as it was asked for. A failure is logged and not the import's. */
void memory_keep(struct ctx *cx, struct tenant *t, const struct import_request *r, const struct profile *p,
                 const struct mapping *m);

#endif

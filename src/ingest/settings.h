/*
** settings.h - how a file was read, as it is kept with its run: dialect,
** mapping, unique key, decisions with their evidence, oddities. Enough to read
** the kept bytes again in the same way.
*/
#ifndef INGEST_SETTINGS_H
#define INGEST_SETTINGS_H

#include "ingest/mapping.h"

/* What a run is besides its file: see import.h; replaces: the run that it is judged again for. */
struct settings_run {
  const char *kind; /* NULL is a file */
  bool update;
  const char *replaces;
  int64_t rank; /* 0: its own number */
};
const char *settings_write(struct ctx *cx, const struct settings_run *run, const struct dataset *d,
                           const struct profile *p, const struct mapping *m);

/* decisions [{subject, decision, evidence}], into an open object. */
void settings_decisions(struct ctx *cx, struct jw *w, const struct profile *p);

/* The other way: what an import of the same bytes has to be given. */
int settings_read(struct ctx *cx, struct str json, struct dialect *dialect, struct mapping_request *mapping);
/* And what its profile is to be told: how the dates and numbers of each column were read. */
int settings_formats(struct ctx *cx, struct str json, struct profile *p);

#endif

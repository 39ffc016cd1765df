/*
** doctor.h - looks for what is wrong with a data folder: connection (folder, files),
** data (runs, audits, exceptions), performance. Says what it finds, one sentence at a
** time; a file that cannot be opened is a finding, not a failure.
*/
#ifndef EXPORT_DOCTOR_H
#define EXPORT_DOCTOR_H

#include "store/store.h"

typedef void doctor_tell_fn(void *arg, const char *section, bool ok, const char *text);
int doctor_look(struct ctx *cx, struct store *s, doctor_tell_fn *tell, void *arg);

#endif

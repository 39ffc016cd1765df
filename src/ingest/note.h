/* note.h - what people note on a clean row, by its dataset and key. */
#ifndef INGEST_NOTE_H
#define INGEST_NOTE_H

#include "model/entity.h"

extern const struct entity_hooks note_hooks;

#endif

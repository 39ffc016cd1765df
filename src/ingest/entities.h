/* entities.h - what is asked of the records that say how data is read and judged, beyond sql/entity: controls
** and reference lists, and how files of other headings were mapped (memory.c). */
#ifndef INGEST_ENTITIES_H
#define INGEST_ENTITIES_H

#include "model/entity.h"

extern const struct entity_hooks control_hooks; /* of rule and reference_item */
extern const struct entity_hooks mapping_memory_hooks;

#endif

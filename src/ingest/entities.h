/* entities.h - the records that say how data is read and judged: controls, reference lists, and how files of
** other headings were mapped (memory.c). */
#ifndef INGEST_ENTITIES_H
#define INGEST_ENTITIES_H

#include "model/entity.h"

extern const struct entity rule_entity, reference_item_entity, mapping_memory_entity;

#endif

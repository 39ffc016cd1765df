/* entities.h - the records that say how data is judged: controls and reference lists. */
#ifndef INGEST_ENTITIES_H
#define INGEST_ENTITIES_H

#include "model/entity.h"

extern const struct entity rule_entity, reference_item_entity;

#endif

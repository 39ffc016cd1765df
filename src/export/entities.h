/* entities.h - the records that say how data is shown: tabs of one's own, and who answers for what. */
#ifndef EXPORT_ENTITIES_H
#define EXPORT_ENTITIES_H

#include "model/entity.h"

extern const struct entity tab_entity, steward_entity;

#endif

/* entities.h - what is asked of tabs of one's own, and of who answers for what, beyond sql/entity. */
#ifndef EXPORT_ENTITIES_H
#define EXPORT_ENTITIES_H

#include "model/entity.h"

extern const struct entity_hooks tab_hooks, steward_hooks;

#endif

/* populate.h - private to the folder: invoice_items. */
#ifndef FIELD_POPULATE_H
#define FIELD_POPULATE_H

#include "store/store.h"

/* Inside tenant_write. removed and added: lines. */
int items_write(struct ctx *cx, struct db *db, int64_t *removed, int64_t *added);

#endif

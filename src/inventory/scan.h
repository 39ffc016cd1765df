/*
** scan.h - what a scanned or typed code stands for.
**
** Looked for, in this order: a SKU, a barcode (a GTIN with 8 to 14 digits is the same however
** many zeros stand in front), a location, a serial number, a lot, a GS1 element string (gs1.h).
*/
#ifndef INVENTORY_SCAN_H
#define INVENTORY_SCAN_H

#include "inventory/stock.h"

/* {kind: item|location|serial|lot|gs1, code, matches: [{sku | warehouse, ...}], gs1: {...}}; E_NOT_FOUND says
** what was tried. */
int stock_scan(struct ctx *cx, struct db *db, const char *code, struct jw *w, const char *key);

#endif

/* sales.h - order lines: order id, date, region, product, quantity, revenue. */
#ifndef SALES_SALES_H
#define SALES_SALES_H

#include "model/dataset.h"

extern const struct dataset sales_dataset;

#endif

/*
** invoices.h - the dataset of invoice lines: sql/dataset/invoices.dataset has its story.
*/
#ifndef FIELD_INVOICES_H
#define FIELD_INVOICES_H

#include "model/dataset.h"

extern const struct dataset invoices_dataset;

enum { INVOICE_SCALE = 4 }; /* digits of amounts, quantities and percents that are kept */

#endif

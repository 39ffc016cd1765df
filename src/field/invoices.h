/*
** invoices.h - invoice lines as they come in files: the nine columns that every export has and
** the 35 more that an invoice between companies in India has.
**
** The key of a row is the invoice and what tells its lines apart: the line number where the row
** has one, else the product's code, else its name, else the place of the row in the file. A file
** that is imported twice therefore brings nothing new, and of two lines of one invoice neither is
** lost. Two lines that say the same invoice and product and have no line number are taken for a
** repetition: the second is an exception, and a column that numbers the lines, or
** `--unique invoice_id,item_name,rate`, tells them apart.
**
** Only invoice, date, customer, item, quantity and total are needed of a file; every other column
** may be missing or empty, and is NULL then.
*/
#ifndef FIELD_INVOICES_H
#define FIELD_INVOICES_H

#include "model/dataset.h"

extern const struct dataset invoices_dataset;

enum { INVOICE_SCALE = 4 }; /* digits of amounts, quantities and percents that are kept */

#endif

/*
** made.h - a generated year of invoices, in memory. Private to the folder.
**
**   generate.c   stores, products, rhythms, baskets, amounts
**   made.c       the CSV, its faults, the truth
*/
#ifndef FIELD_MADE_H
#define FIELD_MADE_H

#include "base/random.h"
#include "field/generate.h"

enum { MADE_DAYS = 365, MADE_RULES = 8 };

struct made_store {
  int city, shop, name;
  int32_t interval; /* days between orders */
  int32_t jitter;   /* either way */
  int32_t last;     /* orders nothing after this day of the year */
  int32_t changed;  /* until this day it is spelled in another way; 0: never was */
  bool by_name;     /* ... its name and not its city */
  int discount;     /* thousandths */
  int weight;       /* how large its baskets are */
};

struct made_product {
  const char *name;
  int good, brand;
  int64_t rate; /* paise */
};

struct made_rule {
  int32_t first, then;
  int chance; /* percent */
};

struct made_line {
  int32_t day, store, product, quantity, free; /* quantity: whole pieces */
  int64_t round_off;                           /* paise */
};

struct made_amounts { /* paise */
  int64_t gross, discount, taxable, cgst, sgst, igst, total;
};

struct made {
  const struct generate_invoices *asked;
  struct random dice;
  struct made_store *stores;
  struct made_product *products;
  struct made_rule rules[MADE_RULES];
  int rule_count;
  struct made_line *lines;
  int64_t free_due, revenue;
};

void made_amounts(const struct made *m, const struct made_line *l, struct made_amounts *out);

int made_write(struct ctx *cx, struct made *m);
void made_truth(const struct made *m, struct buf *out);

#endif

/*
** market.h - what generated invoices speak of: cities, kinds of shops, brands, goods. Private to the folder.
*/
#ifndef FIELD_MARKET_H
#define FIELD_MARKET_H

#include <stddef.h>
#include <stdint.h>

struct market_city {
  const char *name, *before; /* before: as it is also spelled, or NULL */
  const char *state;
  int gst_code, pin;
};

struct market_good {
  const char *category, *item, *hsn, *unit;
  int gst;     /* percent */
  int64_t low; /* paise of the smallest pack */
};

enum {
  MARKET_CITIES = 28,
  MARKET_GOODS = 32,
  MARKET_BRANDS = 10,
  MARKET_PACKS = 4,
  MARKET_SHOPS = 12,
  MARKET_NAMES = 24
};

extern const struct market_city market_cities[MARKET_CITIES];
extern const struct market_good market_goods[MARKET_GOODS];
extern const char *const market_brands[MARKET_BRANDS];
extern const char *const market_packs[MARKET_PACKS];
extern const char *const market_shops[MARKET_SHOPS]; /* "Provision Stores" */
extern const char *const market_names[MARKET_NAMES]; /* what stands before it */

#endif

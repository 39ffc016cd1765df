/* setting.h - how predictions and recommendations are worked out: the first prediction_setting by name. */
#ifndef FIELD_SETTING_H
#define FIELD_SETTING_H

#include "store/store.h"

struct field_setting {
  bool legacy;
  int32_t horizon;        /* days */
  int64_t min_confidence; /* 1/100 */
  int64_t min_count;
  double false_rate;
  char prefix[9]; /* of orders' numbers */
};

/* What stands in the entity's file where there is no record. */
int field_setting_read(struct ctx *cx, struct db *db, struct field_setting *out);

#endif

/*
** predict.h - which stores will order soon, when, how much and what.
**
** A store gets a prediction (a predicted_order that is pending) when
**   - it ordered on at least RHYTHM_DAYS days, and looks alive: at least two of its usual intervals
**     are longer than what has passed since its last order (rhythm.h);
**   - its next order is expected within horizon_days of the day that the invoices reach (history.h);
**   - the confidence is not below min_confidence;
**   - nobody has decided on a prediction that stood on the same last order.
** horizon_days and min_confidence are settings (entity prediction_setting).
**
**   date         the rhythm's next day
**   confidence   how often such predictions held: the order came within `days` of the date. Back-tested:
**                on every fifth day of the two years before, each store is predicted from what was known
**                then, by the same rule, and what came is looked up; isotonic regression over the
**                scores of all of them (calibration.h). A prediction whose outcome cannot be known yet
**                is not counted; one of a store that never ordered again did not hold
**   total_amount exponential smoothing of what the last 60 days with an order came to (forecast.h)
**   items        products by the chance that the next order has them (TSB), as many as the last 12 orders
**                held on average; quantity: the smoothed size of a demand (Croston), whole where it
**                always was
**   priority     points: 2 for a store of high value, 1 for medium (segment.h); 1 when it is due within two
**                days; 1 for a confidence of 0.6 and more. From 3 on high, 2 medium, else low
**
** The method `legacy` is the formula that the field knows: the date is the last order plus the mean
** interval, confidence 0.75 + 0.1 * orders in 30 days and at most 1. It says nothing of how often
** that holds; the explanation says how often it did.
**
** Predictions of people (method given) are left alone. Where a store wants it
** (auto_approve_predictions), an approved order is made of its prediction at once.
*/
#ifndef FIELD_PREDICT_H
#define FIELD_PREDICT_H

#include "base/json.h"
#include "field/calibration.h"
#include "field/history.h"
#include "field/setting.h"

enum { PREDICT_LOOK_DAYS = 730, PREDICT_STEP_DAYS = 5, PREDICT_STALE_DAYS = 14 };

/* The stage of populate: saves those that changed. */
int predict_all(struct ctx *cx, struct tenant *t);
extern const struct derived_stage predict_stage; /* the same, for derive.h */

/* An array of predicted orders with items and explanation, soonest first; status NULL: all. due: a day, or NULL for all
** days; only those that are expected until then, those first that matter most. search: words, each of which stands somewhere in
** what is known of the store or in the number of the order; NULL: all. E_INVALID for `q`: too many words. cursor: what *next was of the
** page before; it holds what the last row was sorted by. */
struct predict_query {
  const char *status, *store, *due, *search, *cursor;
  int64_t limit;
};
/* Whose calls are due today: that day, or, if the data ended PREDICT_STALE_DAYS before, the day after its last. */
int predict_day(struct ctx *cx, struct db *db, const char *today, const char **out);
int predict_list(struct ctx *cx, struct db *db, const struct predict_query *q, struct jw *w, const char *key,
                 int64_t *total, const char **next);
/* One in the same words, deleted or not; E_NOT_FOUND. */
int predict_show(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key);

#endif

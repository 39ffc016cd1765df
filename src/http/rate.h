/*
** rate.h - how often somebody may ask.
*/
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include "http/request.h"

struct rate;

/* per_minute: 0 is no limit. exempt: addresses that have none, "127.0.0.1, 10.0.0.7", or NULL. */
struct rate *rate_new(int64_t per_minute, const char *exempt);
void rate_free(struct rate *r);

/* Counts the request. rc: whether it is known who asks. The same, or 429. */
int rate_take(struct request *rq, int rc);
void rate_head(const struct request *rq, struct buf *head); /* the headers that tell of it */

/* One request at a time (UTC microseconds) of somebody: whether it may pass, how many more could follow at once
** and, when it may not, how many microseconds are to be waited. */
struct rate_answer {
  bool passes;
  int64_t left, wait, reset;
};
struct rate_answer rate_ask(struct rate *r, uint64_t who, int64_t per_minute, int64_t now);

#endif

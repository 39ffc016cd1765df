/*
** rate.c - how often somebody may ask: so many requests a minute for each token, and for each address (of IPv6, each
** /64) where nobody has logged in.
**
** A bucket of that many tokens that fills evenly, written as one number: the time at which it would be full
** again (the "generic cell rate algorithm"). A request moves it by a minute / limit; one that would move it further than
** a minute ahead is refused with 429, and told when to come again.
**
** Buckets lie in a table of fixed size. Where there is no room, the one that is full soonest makes room: a full
** one is like none. Who comes with a new address for every request finds a new bucket each time, as he
** would in a larger table; the gate in front counts his connections.
**
** The page of this server asks in bursts, so a browser that has logged in may do so ten times as often. There is no
** limit while there are no accounts (then everybody is at this machine), none for addresses that are exempt (a
** kiosk), and none for the page's files.
*/
#include "http/rate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/address.h"
#include "base/hash.h"

enum { SETS = 2048, WAYS = 8, PAGE_TIMES = 10 };
static const int64_t MINUTE = 60000000;

struct bucket {
  uint64_t who; /* 0: nobody yet */
  int64_t full_at;
};

struct rate {
  pthread_mutex_t lock;
  int64_t per_minute;
  const char *exempt;
  struct bucket set[SETS][WAYS];
};

struct rate *rate_new(int64_t per_minute, const char *exempt) {
  struct rate *r = xcalloc(1, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  r->per_minute = per_minute;
  r->exempt = exempt ? exempt : "";
  return r;
}

void rate_free(struct rate *r) {
  if (!r) return;
  pthread_mutex_destroy(&r->lock);
  free(r);
}

/* ---- buckets ---- */

static struct bucket *bucket_of(struct rate *r, uint64_t who) {
  struct bucket *set = r->set[who % SETS], *b = set;
  for (int i = 0; i < WAYS; i++)
    if (set[i].who == who) return &set[i];
  for (int i = 1; i < WAYS; i++)
    if (set[i].full_at < b->full_at) b = &set[i];
  *b = (struct bucket){ .who = who };
  return b;
}

struct rate_answer rate_ask(struct rate *r, uint64_t who, int64_t per_minute, int64_t now) {
  int64_t each = MINUTE / per_minute;
  pthread_mutex_lock(&r->lock);
  struct bucket *b = bucket_of(r, who);
  int64_t full_at = b->full_at > now ? b->full_at : now, then = full_at + each;
  bool passes = then - now <= MINUTE;
  if (passes) b->full_at = full_at = then;
  pthread_mutex_unlock(&r->lock);
  return (struct rate_answer){ .passes = passes,
                               .left = (MINUTE - (full_at - now)) / each,
                               .wait = passes ? 0 : then - now - MINUTE,
                               .reset = full_at - now };
}

/* ---- requests ---- */

static bool is_exempt(const char *list, const char *address) {
  size_t n;
  for (const char *p = list; *p; p += n + strspn(p + n, ", ")) {
    n = strcspn(p, ", ");
    if (n && strlen(address) == n && !strncmp(p, address, n)) return true;
  }
  return false;
}

static int64_t monotonic(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t seconds_up(int64_t us) { return (us + 999999) / 1000000; }

/* Whose bucket it is. */
static uint64_t asker_of(const struct request *rq, int rc) {
  char network[ADDRESS_SIZE];
  address_network(wire_address(rq), network);
  const char *who = rc || !rq->who || !*rq->who->session ? network : rq->who->session;
  uint64_t hash = hash64(who, strlen(who));
  return hash ? hash : 1;
}

int rate_take(struct request *rq, int rc) {
  struct rate *r = rq->server->rate;
  bool api = !strncmp(rq->path, "/api/", 5),
       browser = !rc && rq->who && !wire_header(rq, "Authorization", NULL);
  if (!r->per_minute || !api || (!rc && rq->who && rq->who->open) || is_exempt(r->exempt, wire_address(rq)))
    return rc;
  rq->rate_limit = r->per_minute * (browser ? PAGE_TIMES : 1);
  struct rate_answer a = rate_ask(r, asker_of(rq, rc), rq->rate_limit, monotonic());
  rq->rate_left = a.left;
  rq->rate_reset = seconds_up(a.reset);
  if (a.passes) return rc;
  rq->retry_after = (int)seconds_up(a.wait);
  ctx_forgive(rq->cx);
  rq->status = 429;
  return fail(rq->cx, E_BUSY, NULL, "more than %lld requests a minute; ask again in %d seconds",
              (long long)rq->rate_limit, rq->retry_after);
}

/* draft-ietf-httpapi-ratelimit-headers */
void rate_head(const struct request *rq, struct buf *head) {
  if (!rq->rate_limit) return;
  buf_printf(head, "RateLimit-Policy: \"default\";q=%lld;w=60\r\nRateLimit: \"default\";r=%lld;t=%lld\r\n",
             (long long)rq->rate_limit, (long long)rq->rate_left, (long long)rq->rate_reset);
}

/*
** notice.c - what happened to jobs lately, for pages that show it while it happens: a ring
** in memory. A notice is the state of a job, so the newest of each is enough.
*/
#include <stdlib.h>

#include "base/utf8.h"
#include "job/internal.h"

enum { REMEMBERED = 512 };

static struct remembered {
  uint64_t clock; /* 0: none */
  int64_t id;
  char slug[LIMIT_SLUG + 1];
  char json[640];
} ring[REMEMBERED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t clock_now;

uint64_t job_notices_clock(void) { return atomic_load(&clock_now); }

/* At most 200 bytes, whole characters. */
static struct str beginning(const char *text) {
  size_t all = strlen(text), n = 0, step;
  while (n < all && n < 200 && (step = utf8_step(text + n, all - n)) > 0) n += step;
  return (struct str){ text, n };
}

static void write_json(struct buf *out, const struct notice *n) {
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_put(&w, "id", n->id, "kind", n->kind, "queue", n->queue, "state", n->state, "attempts", n->attempt);
  if (n->total >= 0)
    jw_record(&w, "progress", "done", n->done, "total", n->total, "text",
              n->text && n->text[0] ? n->text : NULL);
  if (n->cause) jw_str(&w, "cause", beginning(n->cause));
  jw_close(&w, '}');
}

void job_notice(const struct notice *n) {
  struct buf out;
  buf_init(&out, sizeof ring[0].json - 1);
  write_json(&out, n);
  pthread_mutex_lock(&lock);
  uint64_t now = atomic_load(&clock_now) + 1;
  struct remembered *r = &ring[now % REMEMBERED];
  r->clock = out.full ? 0 : now;
  r->id = n->id;
  str_copy(r->slug, sizeof r->slug, str_of(n->slug));
  str_copy(r->json, sizeof r->json, buf_view(&out));
  atomic_store(&clock_now, now);
  pthread_mutex_unlock(&lock);
  buf_clear(&out);
}

static bool is_newest(const struct remembered *r, uint64_t now) {
  for (uint64_t at = r->clock + 1; at <= now; at++) {
    const struct remembered *later = &ring[at % REMEMBERED];
    if (later->clock == at && later->id == r->id && !strcmp(later->slug, r->slug)) return false;
  }
  return true;
}

uint64_t job_notices_tell(const char *slug, uint64_t since, job_notice_fn *fn, void *arg) {
  pthread_mutex_lock(&lock);
  uint64_t now = atomic_load(&clock_now), from = since + 1;
  if (now >= REMEMBERED && from <= now - REMEMBERED) from = now - REMEMBERED + 1;
  for (uint64_t at = from; at <= now; at++) {
    const struct remembered *r = &ring[at % REMEMBERED];
    if (r->clock == at && !strcmp(r->slug, slug) && is_newest(r, now)) fn(arg, str_of(r->json));
  }
  pthread_mutex_unlock(&lock);
  return now;
}

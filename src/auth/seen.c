/* seen.c - when sessions were there last, until it is put down. */
#include <pthread.h>

#include "auth/session.h"

enum { SEEN_MOST = 256 };
#define EVERY_US INT64_C(60000000)

struct seen {
  char tenant[LIMIT_SLUG + 1], id[37];
  int64_t at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over these */
static struct seen list[SEEN_MOST];
static int count;

void session_seen(const char *tenant, const char *id, int64_t at) {
  pthread_mutex_lock(&lock);
  int i = 0;
  while (i < count && strcmp(list[i].id, id) != 0) i++;
  if (i < SEEN_MOST) {
    struct seen *s = &list[i];
    str_copy(s->tenant, sizeof s->tenant, str_of(tenant));
    str_copy(s->id, sizeof s->id, str_of(id));
    s->at = at;
    if (i == count) count++;
  }
  pthread_mutex_unlock(&lock);
}

/* Those of a tenant leave the list. */
static int take(const char *tenant, struct seen taken[static SEEN_MOST]) {
  int n = 0, left = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < count; i++) {
    bool his = strcmp(list[i].tenant, tenant) == 0;
    if (his) taken[n++] = list[i];
    if (!his) list[left++] = list[i];
  }
  count = left;
  pthread_mutex_unlock(&lock);
  return n;
}

struct putting {
  const struct seen *seen;
  int count;
};

static int put(struct ctx *cx, struct db *db, void *arg) {
  const struct putting *p = arg;
  for (int i = 0; i < p->count; i++) {
    struct stmt *s = db_ask(cx, db, SQL_session_seen, p->seen[i].id, p->seen[i].at);
    if (stmt_run(cx, s)) return cx->code;
  }
  return OK;
}

int sessions_seen_work(struct ctx *cx, struct tenant *t, bool *did, int64_t *next) {
  struct seen *taken = ctx_alloc(cx, SEEN_MOST * sizeof *taken);
  struct putting p = { taken, take(tenant_slug(t), taken) };
  *next = cx->now + EVERY_US;
  *did = p.count > 0;
  return p.count ? tenant_write(cx, t, put, &p) : OK;
}

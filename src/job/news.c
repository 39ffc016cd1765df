/*
** news.c - notices of what this process did not do itself: jobs that were ordered, and those that
** another process runs. It is read from the file when that has changed, four times a second at
** most; what runs here is told by itself, and at once.
*/
#include "job/internal.h"

/* Not what `holder` runs, who knows better how far it is. */
static int tell(struct ctx *cx, struct db *db, struct tenant *t, int64_t id, const char *holder) {
  struct stmt *s = db_ask(cx, db, SQL_job_news, id, holder);
  if (!stmt_row(cx, s)) return cx->code;
  struct notice n = { .id = id,
                      .slug = tenant_slug(t),
                      .kind = col_dup(cx, s, 0),
                      .queue = col_dup(cx, s, 1),
                      .state = col_dup(cx, s, 2),
                      .attempt = (int)col_int(s, 3),
                      .done = col_int(s, 4),
                      .total = col_null(s, 4) ? -1 : col_int(s, 5),
                      .text = col_dup(cx, s, 6),
                      .cause = col_dup(cx, s, 7) };
  stmt_done(s);
  job_notice(&n);
  return OK;
}

/* Ids of a statement that gives at most NEWS_MOST of them. */
static int ids_of(struct ctx *cx, struct stmt *s, int64_t *ids) {
  int n = 0;
  while (stmt_row(cx, s))
    if (n < NEWS_MOST) ids[n++] = col_int(s, 0);
  return n;
}

static bool is_among(int64_t id, const int64_t *ids, int n) {
  while (n > 0 && ids[n - 1] != id) n--;
  return n > 0;
}

static void tell_running(struct ctx *cx, struct db *db, struct news *n, struct tenant *t,
                         const char *holder) {
  int64_t now[NEWS_MOST];
  struct stmt *s = db_ask(cx, db, SQL_job_news_running, holder, NEWS_MOST);
  int count = ids_of(cx, s, now);
  for (int i = 0; i < count; i++) tell(cx, db, t, now[i], holder);
  for (int i = 0; i < n->count; i++)
    if (!is_among(n->running[i], now, count)) tell(cx, db, t, n->running[i], holder);
  memcpy(n->running, now, sizeof now);
  n->count = count;
}

static void tell_new(struct ctx *cx, struct db *db, struct news *n, struct tenant *t, const char *holder) {
  int64_t ids[NEWS_MOST];
  struct stmt *s = db_ask(cx, db, SQL_job_news_new, n->last, NEWS_MOST);
  int count = ids_of(cx, s, ids); /* the newest first */
  for (int i = count; i > 0; i--) tell(cx, db, t, ids[i - 1], holder);
  if (count) n->last = ids[0];
}

int news_tell(struct ctx *cx, struct news *n, struct tenant *t, const char *holder) {
  struct db *db;
  if (tenant_read(cx, t, &db)) return cx->code;
  if (!n->begun) n->last = db_int(cx, db, SQL_job_last_id, 0);
  n->begun = true;
  tell_running(cx, db, n, t, holder);
  tell_new(cx, db, n, t, holder);
  return cx->code;
}

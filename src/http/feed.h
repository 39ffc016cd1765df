/*
** feed.h - what happens in a tenant's file, composed for those who watch: each piece once, however many they are.
**
** A feed reads the change log by pages, a page being what comes after some entry, and composes of a page what
** viewers of one sort get: as server-sent events or as frames of a WebSocket, and without what they may not
** see. Viewers who are equally far and of one sort share the bytes; most are both.
**
** An event's id is its number in the log, so whoever comes back with the last one that he saw gets all that came
** since: no gap and no double, also after a restart. What happens to jobs and imports is not in the log; it is told as
** it is now, and has no id.
**
** A feed is used by one thread, and a look begins and ends with a unit of work.
*/
#ifndef HTTP_FEED_H
#define HTTP_FEED_H

#include "base/buf.h"
#include "store/store.h"

struct tasks;

/* How somebody watches, and what he may see. */
struct sort {
  bool socket;          /* frames of a WebSocket; else server-sent events */
  uint64_t permissions; /* see model/permission.h */
};

struct feed;
struct feed *feed_new(struct tenant *tenant, struct tasks *tasks);
void feed_free(struct feed *f);
struct tenant *feed_tenant(const struct feed *f);

/* Has the file changed since this was asked last, by whomever? It costs a microsecond. */
bool feed_changed(struct feed *f);
unsigned feed_version(const struct feed *f); /* how often it has */
void feed_look_again(struct feed *f);        /* what was found was not dealt with */

/* A look begins: *end is the number of the last entry. What follows is asked with the same cx, and the look ends with
** it. A failure is a file that is busy or replaced just now: it is looked at again. */
int feed_begin(struct ctx *cx, struct feed *f, int64_t *end);

/* What comes after an entry: bytes for viewers of this sort (may be none), valid until the next look, and the number
** of the last entry that they speak of. */
int feed_page(struct ctx *cx, struct feed *f, int64_t after, struct sort sort, struct str *bytes,
              int64_t *last);

/* What happened to jobs and imports since two clocks, which are moved on. */
struct feed_clocks {
  uint64_t jobs, tasks;
};
struct feed_clocks feed_clocks(struct tasks *tasks); /* now */
struct str feed_news(struct feed *f, struct feed_clocks *clocks, struct sort sort);

/* For who begins: the jobs that run, and if he comes back (after an entry, else -1) those that ended since. */
int feed_jobs(struct ctx *cx, struct feed *f, int64_t after, struct sort sort, struct buf *out);

/* The first words to a viewer at this position, and those to one whose log was taken back behind it. */
void feed_greet(struct sort sort, int64_t seq, struct buf *out);
void feed_reset(struct sort sort, int64_t seq, struct buf *out);

#endif

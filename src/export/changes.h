/*
** changes.h - the change log for those who watch: what happened since, and what
** happened before.
**
** entry   seq, at, actor, unit, event, table, key, count, text; in a page also before
**         and after (JSON values, or null)
*/
#ifndef EXPORT_CHANGES_H
#define EXPORT_CHANGES_H

#include "base/json.h"
#include "store/store.h"

/* Calls fn for up to `limit` entries after one, oldest first. Stops when fn gives false. The texts live during the
** call; table is empty when no table changed. */
struct change_told {
  int64_t seq;
  struct str event, table, json;
};
typedef bool change_told_fn(void *arg, const struct change_told *c);
int changes_since(struct ctx *cx, struct db *db, int64_t after, int64_t limit, change_told_fn *fn, void *arg);

/* When an entry was written, UTC microseconds; 0 when there is none. */
int64_t changes_time(struct ctx *cx, struct db *db, int64_t seq);

struct change_filter {
  const char *unit, *event, *table, *key, *actor; /* NULL: any */
  int64_t from, to;                               /* instants, from inclusive; 0: any */
  int64_t before;                                 /* a seq; 0: from the newest on */
  int64_t limit;
};

/* An array of entries, newest first, without those that whoever acts may not see (model/visible.h). *total counts all that fit the filter, *next is the
** seq to go on before, 0 at the end. */
int changes_page(struct ctx *cx, struct db *db, const struct change_filter *f, struct jw *w, const char *key,
                 int64_t *total, int64_t *next);

#endif

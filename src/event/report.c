#include "event/report.h"

#include <stdlib.h>

#include "event/group.h"
#include "event/internal.h"
#include "event/measure.h"
#include "event/park.h"
#include "store/column.h"

enum { GROUPS_MOST = 1000 };

/* ---- groups ---- */

static int64_t minute(struct ctx *cx, struct db *db, const char *topic, const char *group, int64_t *errors) {
  struct stmt *s = db_ask(cx, db, SQL_event_minute_of, topic, group, cx->now / 60000000 - 1);
  bool there = stmt_row(cx, s);
  int64_t events = there ? col_int(s, 0) : 0;
  if (errors) *errors = there ? col_int(s, 1) : 0;
  stmt_done(s);
  return events;
}

static int look(struct ctx *cx, struct db *db, const char *topic, const char *group, struct reading *r) {
  struct topic *t;
  *r = (struct reading){ .topic = topic, .group = group, .member = "" };
  return topic_find(cx, db, topic, &t) || group_look(cx, db, t, r) ? cx->code : OK;
}

static void waited(struct group_report *g, struct str blob) {
  struct histogram h;
  histogram_read(&h, blob);
  g->p50_us = histogram_percentile(&h, 0.5);
  g->p95_us = histogram_percentile(&h, 0.95);
  g->p99_us = histogram_percentile(&h, 0.99);
}

static bool listed(const struct group_report *list, size_t count, const struct consumer *c) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].topic, c->topic) == 0 && strcmp(list[i].group, c->group) == 0) return true;
  return false;
}

static int by_name(const void *a, const void *b) {
  const struct group_report *x = a, *y = b;
  int order = strcmp(x->topic, y->topic);
  return order ? order : strcmp(x->group, y->group);
}

static int stand(struct ctx *cx, struct db *db, struct group_report *g) {
  struct reading r;
  if (look(cx, db, g->topic, g->group, &r)) return cx->code;
  for (int i = 0; i < r.count; i++) g->lag += r.place[i].end - r.place[i].next;
  g->members = r.members - 1; /* the one that looks is none */
  g->parked = parked_waiting(cx, db, g->topic, g->group);
  g->rate_minute = minute(cx, db, g->topic, g->group, NULL);
  return cx->code;
}

int groups_report(struct ctx *cx, struct db *db, const char *topic, struct group_report **out,
                  size_t *count) {
  struct group_report *list = ctx_alloc(cx, GROUPS_MOST * sizeof *list);
  *count = 0;
  struct stmt *s = db_ask(cx, db, SQL_event_groups, topic);
  while (stmt_row(cx, s)) {
    if (*count == GROUPS_MOST) continue;
    struct group_report *g = &list[(*count)++];
    *g = (struct group_report){ .topic = col_dup(cx, s, 0),
                                .group = col_dup(cx, s, 1),
                                .help = col_dup(cx, s, 2),
                                .outside = col_int(s, 3) != 0,
                                .active = col_int(s, 4) != 0,
                                .consumed = col_int(s, 5),
                                .errors = col_int(s, 6),
                                .cause = col_dup(cx, s, 7) };
    waited(g, col_str(s, 8));
  }
  for (int i = 0; consumer_at(i) && *count < GROUPS_MOST; i++) {
    const struct consumer *c = consumer_at(i);
    if ((topic && strcmp(c->topic, topic) != 0) || listed(list, *count, c)) continue;
    list[(*count)++] =
        (struct group_report){ .topic = c->topic, .group = c->group, .help = c->help, .active = true };
  }
  qsort(list, *count, sizeof *list, by_name);
  for (size_t i = 0; i < *count && !cx->code; i++) stand(cx, db, &list[i]);
  *out = list;
  return cx->code;
}

static int positions_json(struct ctx *cx, struct db *db, const struct group_report *g, struct jw *w) {
  struct reading r;
  jw_array(w, "positions");
  if (look(cx, db, g->topic, g->group, &r)) r.count = 0;
  for (int i = 0; i < r.count; i++) {
    const struct place *p = &r.place[i];
    struct stmt *s = db_ask(cx, db, SQL_event_lease_of, g->topic, g->group, p->partition);
    bool held = stmt_row(cx, s) && !p->unheld;
    jw_record(w, NULL, "partition", p->partition, "next", p->next, "end", p->end, "fence", p->fence, "member",
              held ? ctx_strdup(cx, col_str(s, 0)) : NULL);
    stmt_done(s);
  }
  jw_close(w, ']');
  return cx->code;
}

static void group_json(struct ctx *cx, struct db *db, const struct group_report *g, struct jw *w) {
  jw_object(w, NULL);
  jw_put(w, "topic", g->topic, "group", g->group, "help", g->help, "outside", g->outside, "active", g->active,
         "lag", g->lag, "consumed", g->consumed);
  positions_json(cx, db, g, w);
  jw_record(w, "latency", "p50_ms", arg_real((double)g->p50_us / 1000, 3), "p95_ms",
            arg_real((double)g->p95_us / 1000, 3), "p99_ms", arg_real((double)g->p99_us / 1000, 3));
  jw_put(w, "rate_minute", g->rate_minute, "errors", g->errors, "cause", g->cause, "parked", g->parked,
         "members", g->members);
  jw_close(w, '}');
}

int groups_json(struct ctx *cx, struct db *db, const char *topic, struct jw *w, const char *key) {
  struct group_report *list;
  size_t count;
  if (groups_report(cx, db, topic, &list, &count)) return cx->code;
  jw_array(w, key);
  for (size_t i = 0; i < count; i++) group_json(cx, db, &list[i], w);
  jw_close(w, ']');
  return cx->code;
}

/* ---- topics ---- */

struct size {
  int64_t events, bytes, plain, segments;
};

static void partitions_json(struct ctx *cx, struct db *db, const struct topic *t, struct size *all,
                            struct jw *w) {
  struct stmt *s = db_stmt(cx, db, t->changes ? SQL_event_sizes_changes : SQL_event_sizes);
  if (!t->changes) stmt_text(s, 1, t->name);
  jw_array(w, "partitions");
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, "partition: int, first: int, next: int, bytes: int");
    jw_close(w, '}');
    all->events += col_int(s, 2) - col_int(s, 1);
    all->bytes += col_int(s, 3);
    all->plain += col_int(s, 4);
    all->segments += col_int(s, 5);
  }
  jw_close(w, ']');
}

static void topic_json(struct ctx *cx, struct db *db, const struct topic *t, struct jw *w) {
  struct size all = { 0 };
  int64_t errors;
  jw_object(w, NULL);
  jw_put(w, "name", t->name, "help", t->help, "source", t->changes ? "changes" : "published");
  jw_array(w, "types");
  for (int i = 0; i < t->type_count; i++) jw_str(w, NULL, t->types[i].name);
  jw_close(w, ']');
  partitions_json(cx, db, t, &all, w);
  jw_put(w, "events", all.events, "bytes", all.bytes, "bytes_plain", all.plain, "segments", all.segments,
         "retention_days", t->retention_days, "retention_bytes", t->retention_bytes);
  jw_int(w, "rate_minute", minute(cx, db, t->name, "", &errors));
  jw_int(w, "refused_minute", errors);
  jw_int(w, "parked", parked_waiting(cx, db, t->name, NULL));
  groups_json(cx, db, t->name, w, "groups");
  jw_close(w, '}');
}

int topics_json(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct topic *topics;
  size_t count;
  if (topic_list(cx, db, &topics, &count)) return cx->code;
  jw_array(w, key);
  for (size_t i = 0; i < count && !cx->code; i++) topic_json(cx, db, &topics[i], w);
  jw_close(w, ']');
  return cx->code;
}

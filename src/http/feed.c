#include "http/feed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "export/changes.h"
#include "gate/websocket.h"
#include "http/tasks.h"
#include "job/job.h"
#include "model/permission.h"
#include "model/visible.h"
#include "store/change.h"

enum { ENTRIES_AT_ONCE = 200, PAGES = 16, SORTS = 4, OP_BYTES = 48 };
static const size_t PAGE_BYTES = KIB(64); /* a page ends when it has grown so far */

/* An entry in the text of its page. */
struct entry {
  int64_t seq;
  uint64_t need; /* whoever has one of these permissions may see it */
  char op[OP_BYTES];
  size_t at, n; /* its JSON */
};

struct composed {
  bool used;
  struct sort sort;
  struct buf bytes;
};

struct page {
  int64_t after, last;
  bool used;
  struct entry entries[ENTRIES_AT_ONCE];
  int count;
  struct buf text;
  struct composed composed[SORTS];
  int next; /* of composed, to be used for another sort */
};

struct feed {
  struct tenant *tenant;
  struct tasks *tasks;
  struct db *db; /* of the look */
  struct content content;
  unsigned version;
  struct page pages[PAGES];
  int next; /* of pages */
  struct {  /* what was composed last, for the next who is equally far */
    bool used;
    struct sort sort;
    struct feed_clocks from, to;
    struct buf bytes;
  } news;
};

/* ---- life ---- */

struct feed *feed_new(struct tenant *tenant, struct tasks *tasks) {
  struct feed *f = xcalloc(1, sizeof *f);
  f->tenant = tenant;
  f->tasks = tasks;
  for (int i = 0; i < PAGES; i++) {
    buf_init(&f->pages[i].text, 2 * LIMIT_BODY_BYTES);
    for (int j = 0; j < SORTS; j++) buf_init(&f->pages[i].composed[j].bytes, 3 * LIMIT_BODY_BYTES);
  }
  buf_init(&f->news.bytes, LIMIT_BODY_BYTES);
  return f;
}

void feed_free(struct feed *f) {
  for (int i = 0; i < PAGES; i++) {
    buf_clear(&f->pages[i].text);
    for (int j = 0; j < SORTS; j++) buf_clear(&f->pages[i].composed[j].bytes);
  }
  buf_clear(&f->news.bytes);
  free(f);
}

struct tenant *feed_tenant(const struct feed *f) {
  return f->tenant;
}

/* ---- is there anything ---- */

bool feed_changed(struct feed *f) {
  struct content now;
  if (!tenant_content(f->tenant, &now)) return f->version++, true;
  bool same = content_same(&now, &f->content);
  f->content = now;
  f->version += !same;
  return !same;
}

struct feed_clocks feed_clocks(struct tasks *tasks) {
  return (struct feed_clocks){ job_notices_clock(), tasks_clock(tasks) };
}

unsigned feed_version(const struct feed *f) { return f->version; }
void feed_look_again(struct feed *f) { f->content = (struct content){ 0 }; }

/* ---- a page of the log ---- */

/* RECORD_UPDATED is "update", RUN_COMPLETED is "run_completed". */
static void op_of(struct str event, char out[static OP_BYTES]) {
  static const char *const verbs[][2] = {
    { "RECORD_CREATED", "create" },
    { "RECORD_UPDATED", "update" },
    { "RECORD_DELETED", "delete" },
    { "RECORD_RESTORED", "restore" },
  };
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (str_eq(event, str_of(verbs[i][0]))) event = str_of(verbs[i][1]);
  str_copy(out, OP_BYTES, event);
  for (char *p = out; *p; p++) *p = (char)tolower((unsigned char)*p);
}

static bool take_entry(void *arg, const struct change_told *c) {
  struct page *p = arg;
  struct entry *e = &p->entries[p->count++];
  *e = (struct entry){ .seq = c->seq, .need = table_readers(c->table), .at = p->text.n, .n = c->json.n };
  op_of(c->event, e->op);
  buf_str(&p->text, c->json);
  p->last = c->seq;
  return p->text.n < PAGE_BYTES;
}

static void forget(struct page *p) {
  p->used = false;
  p->count = 0;
  if (p->text.room > KIB(64)) buf_clear(&p->text); /* a long log is rare */
  buf_reset(&p->text);
  for (int i = 0; i < SORTS; i++) {
    struct buf *b = &p->composed[i].bytes;
    p->composed[i].used = false;
    if (b->room > KIB(64)) buf_clear(b);
    buf_reset(b);
  }
}

int feed_begin(struct ctx *cx, struct feed *f, int64_t *end) {
  struct change_end last = { 0 };
  f->news.used = false;
  for (int i = 0; i < PAGES; i++)
    if (f->pages[i].used) forget(&f->pages[i]);
  if (tenant_read(cx, f->tenant, &f->db) || change_last(cx, f->db, &last)) return cx->code;
  *end = last.seq;
  return OK;
}

static struct page *page_after(struct ctx *cx, struct feed *f, int64_t after) {
  for (int i = 0; i < PAGES; i++)
    if (f->pages[i].used && f->pages[i].after == after) return &f->pages[i];
  struct page *p = &f->pages[f->next++ % PAGES];
  forget(p);
  p->after = p->last = after;
  if (changes_since(cx, f->db, after, ENTRIES_AT_ONCE, take_entry, p)) return NULL;
  p->used = true;
  return p;
}

/* ---- composing ---- */

/* {"type":"data-update","op":"update",... and the members of the entry. */
static void put_frame(struct buf *out, const char *type, const char *op, struct str json) {
  struct buf text;
  buf_init(&text, json.n + 256);
  buf_printf(&text, "{\"type\":\"%s\",", type);
  if (op) buf_printf(&text, "\"op\":\"%s\",", op);
  buf_add(&text, json.p + 1, json.n - 1);
  websocket_put(out, WS_TEXT, buf_view(&text));
  buf_clear(&text);
}

static void put_event(struct buf *out, const char *name, struct str json) {
  buf_printf(out, "event: %s\ndata: ", name);
  buf_str(out, json);
  buf_puts(out, "\n\n");
}

static void put_entry(struct buf *out, const struct page *p, const struct entry *e, struct sort sort) {
  struct str json = { p->text.p + e->at, e->n };
  if (!(e->need & sort.permissions)) return;
  if (sort.socket) {
    put_frame(out, "data-update", e->op, json);
    return;
  }
  buf_printf(out, "id: %lld\n", (long long)e->seq);
  put_event(out, "change", json);
}

static bool same_sort(struct sort a, struct sort b) {
  return a.socket == b.socket && a.permissions == b.permissions;
}

static const struct buf *compose(struct page *p, struct sort sort) {
  for (int i = 0; i < SORTS; i++)
    if (p->composed[i].used && same_sort(p->composed[i].sort, sort)) return &p->composed[i].bytes;
  struct composed *c = &p->composed[p->next++ % SORTS];
  buf_reset(&c->bytes);
  c->used = true;
  c->sort = sort;
  for (int i = 0; i < p->count; i++) put_entry(&c->bytes, p, &p->entries[i], sort);
  return &c->bytes;
}

int feed_page(struct ctx *cx, struct feed *f, int64_t after, struct sort sort, struct str *bytes,
              int64_t *last) {
  struct page *p = page_after(cx, f, after);
  if (!p) return cx->code;
  *bytes = buf_view(compose(p, sort));
  *last = p->last;
  return OK;
}

/* ---- jobs and imports ---- */

struct telling {
  struct buf *out;
  struct sort sort;
  const char *name;
};

static void take_news(void *arg, struct str json) {
  struct telling *t = arg;
  if (t->sort.socket)
    put_frame(t->out, t->name, NULL, json);
  else
    put_event(t->out, t->name, json);
}

static bool sees(struct sort sort, enum permission_group group) {
  return (sort.permissions & PERMISSION_READ(group)) != 0;
}

static void compose_news(struct feed *f, struct feed_clocks from, struct feed_clocks now, struct sort sort) {
  const char *slug = tenant_slug(f->tenant);
  struct telling t = { &f->news.bytes, sort, "progress" };
  buf_reset(&f->news.bytes);
  if (now.tasks != from.tasks && sees(sort, GROUP_DATA))
    tasks_tell(f->tasks, slug, from.tasks, take_news, &t);
  t.name = "job";
  if (now.jobs != from.jobs && sees(sort, GROUP_WORK)) job_notices_tell(slug, from.jobs, take_news, &t);
}

static bool same_clocks(struct feed_clocks a, struct feed_clocks b) {
  return a.jobs == b.jobs && a.tasks == b.tasks;
}

struct str feed_news(struct feed *f, struct feed_clocks *clocks, struct sort sort) {
  if (!f->news.used || !same_clocks(f->news.from, *clocks) || !same_sort(f->news.sort, sort)) {
    f->news.used = true;
    f->news.sort = sort;
    f->news.from = *clocks;
    f->news.to = feed_clocks(f->tasks);
    compose_news(f, f->news.from, f->news.to, sort);
  }
  *clocks = f->news.to;
  return buf_view(&f->news.bytes);
}

int feed_jobs(struct ctx *cx, struct feed *f, int64_t after, struct sort sort, struct buf *out) {
  struct telling t = { out, sort, "job" };
  if (!sees(sort, GROUP_WORK)) return OK;
  return job_tell_since(cx, f->db, after >= 0 ? changes_time(cx, f->db, after) : INT64_MAX, take_news, &t);
}

/* ---- positions ---- */

static void put_position(struct buf *out, struct sort sort, const char *type, int64_t seq) {
  char json[64];
  int n = snprintf(json, sizeof json, "{\"seq\":%lld}", (long long)seq);
  if (sort.socket) {
    put_frame(out, type, NULL, (struct str){ json, (size_t)n });
    return;
  }
  buf_printf(out, "id: %lld\n", (long long)seq);
  put_event(out, type, (struct str){ json, (size_t)n });
}

/* An id without an event: a client that has seen none yet knows where it is, too. */
void feed_greet(struct sort sort, int64_t seq, struct buf *out) {
  if (sort.socket)
    put_position(out, sort, "ready", seq);
  else
    buf_printf(out, "retry: 3000\nid: %lld\n\n", (long long)seq);
}

void feed_reset(struct sort sort, int64_t seq, struct buf *out) { put_position(out, sort, "reset", seq); }

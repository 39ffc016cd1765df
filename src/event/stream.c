/*
** stream.c - how a stream becomes transactions.
**
**   reader   cuts the bytes into batches of whole lines, when there are enough of them or no more
**            have come yet
**   parsers  make events of a batch, several batches at once
**   writer   the caller: publishes batches in their order, several in one transaction as long as others
**            are on their way, at most COMMIT_EVENTS and COMMIT_SECONDS
**
** A batch goes round: FREE -> FILLED -> PARSING -> PARSED -> FREE, always by whoever has it; the
** lock is held for the change of state only. The ring bounds the memory, whatever the file's length. The more
** events share a commit, the fewer times are the pages of the ledger's index written.
*/
#include "event/stream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "event/internal.h"
#include "event/scan.h"

enum {
  RING = 4,
  BATCH_EVENTS = 8192, /* few enough to be in the processor's cache when the writer comes to them */
  PARSERS = 2,
  READ_BYTES = 1 << 20,
  BATCH_BYTES = 8 << 20,
  SLICE_EVENTS = 2048, /* of a body, in one transaction */
  LINE_MOST = 1 << 20,
  COMMIT_EVENTS = 131072
};
static const double COMMIT_SECONDS = 1;
static const size_t PAGES_BYTES = (size_t)96
                                  << 20; /* the ledger's indexes are changed everywhere by every batch */

enum state { FREE, FILLED, PARSING, PARSED };

struct batch {
  enum state state;
  struct buf text;    /* whole lines */
  int64_t first_line; /* the number of the first one */
  size_t lines;
  struct ctx cx; /* what the events stand in, while it is PARSED */
  struct event *events;
  size_t count;
};

struct stream {
  const struct topic *topic;
  int fd;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct batch ring[RING];
  int64_t filled, parsing, written; /* batches so far: of the reader, the parsers, the writer */
  bool ended;                       /* the reader: nothing comes after `filled` */
  atomic_bool stop;
  int error; /* errno of a read */

  char chunk[READ_BYTES]; /* the reader's, as well as what follows */
  struct buf carry;       /* the beginning of the line that is not whole yet */
  bool cutting;           /* that line is too long: its rest is dropped */
  int64_t lines;
};

/* ---- the reader ---- */

/* Bytes that come next; 0 at the end, and when all is to stop. */
static size_t read_some(struct stream *s, char *to, size_t room, bool *more) {
  struct pollfd p = { .fd = s->fd, .events = POLLIN };
  ssize_t n = -1;
  while (n < 0 && !s->stop) {
    if (poll(&p, 1, 100) == 0) continue;
    n = read(s->fd, to, room);
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
      s->error = errno;
      return 0;
    }
  }
  *more = n > 0 && poll(&p, 1, 0) > 0;
  return n > 0 ? (size_t)n : 0;
}

/* The end of the last line of the first BATCH_EVENTS, from the end of those that were counted on. */
static size_t whole_lines(struct str text, size_t at, size_t *lines) {
  while (*lines < BATCH_EVENTS) {
    const char *end = memchr(text.p + at, '\n', text.n - at);
    if (!end) break;
    at = (size_t)(end - text.p) + 1;
    ++*lines;
  }
  return at;
}

/* Adds what was read, without the rest of a line that is too long. */
static void add_read(struct stream *s, struct buf *text, struct str more) {
  while (more.n) {
    const char *end = memchr(more.p, '\n', more.n);
    size_t n = end ? (size_t)(end - more.p) + 1 : more.n;
    if (!s->cutting) buf_add(text, more.p, n);
    if (end && s->cutting) buf_char(text, '\n');
    if (end) s->cutting = false;
    more.p += n;
    more.n -= n;
    if (!end) {
      const char *last = memrchr(text->p ? text->p : "", '\n', text->n);
      size_t line = text->n - (last ? (size_t)(last - text->p) + 1 : 0);
      if (line > LINE_MOST) s->cutting = true;
    }
  }
}

/* Fills a batch with whole lines; false when there are none any more. */
static bool fill(struct stream *s, struct batch *b) {
  bool end = false;
  buf_reset(&b->text);
  buf_str(&b->text, buf_view(&s->carry));
  buf_reset(&s->carry);
  b->lines = 0;
  size_t cut = whole_lines(buf_view(&b->text), 0, &b->lines);
  bool more = cut == 0 || poll(&(struct pollfd){ .fd = s->fd, .events = POLLIN }, 1, 0) > 0;
  while (b->lines < BATCH_EVENTS && !end && !(cut && (!more || b->text.n >= BATCH_BYTES))) {
    size_t n = read_some(s, s->chunk, sizeof s->chunk, &more);
    end = n == 0;
    add_read(s, &b->text, (struct str){ s->chunk, n });
    if (end && b->text.n && b->text.p[b->text.n - 1] != '\n') buf_char(&b->text, '\n');
    cut = whole_lines(buf_view(&b->text), cut, &b->lines);
  }
  buf_add(&s->carry, b->text.p + cut, b->text.n - cut);
  b->text.n = cut;
  b->first_line = s->lines + 1;
  s->lines += (int64_t)b->lines;
  return b->lines > 0;
}

static struct batch *at(struct stream *s, int64_t i) { return &s->ring[i % RING]; }

static void *reader_main(void *arg) {
  struct stream *s = arg;
  bool any = true;
  pthread_setname_np(pthread_self(), "events reader");
  while (any) {
    pthread_mutex_lock(&s->lock);
    struct batch *b = at(s, s->filled);
    while (b->state != FREE && !s->stop) pthread_cond_wait(&s->changed, &s->lock);
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    any = !stop && fill(s, b);
    pthread_mutex_lock(&s->lock);
    if (any) b->state = FILLED, s->filled++;
    if (!any) s->ended = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
  }
  return NULL;
}

/* ---- the parsers ---- */

static void parse_batch(const struct topic *t, struct batch *b) {
  struct str text = buf_view(&b->text);
  ctx_begin(&b->cx, "events");
  b->events = xmalloc((b->lines + 1) * sizeof *b->events);
  b->count = 0;
  for (int64_t line = b->first_line; text.n; line++) {
    const char *end = memchr(text.p, '\n', text.n);
    struct str one = { text.p, (size_t)(end - text.p) };
    text.p += one.n + 1;
    text.n -= one.n + 1;
    if (one.n == 0 || str_trim(one).n == 0) continue;
    struct event *e = &b->events[b->count++];
    if (event_parse(&b->cx, t, one, e)) ctx_forgive(&b->cx);
    e->line = line;
  }
}

static void *parser_main(void *arg) {
  struct stream *s = arg;
  pthread_setname_np(pthread_self(), "events parser");
  pthread_mutex_lock(&s->lock);
  while (true) {
    while (s->parsing == s->filled && !s->ended && !s->stop) pthread_cond_wait(&s->changed, &s->lock);
    if (s->stop || s->parsing == s->filled) break;
    struct batch *b = at(s, s->parsing++);
    b->state = PARSING;
    pthread_mutex_unlock(&s->lock);
    parse_batch(s->topic, b);
    pthread_mutex_lock(&s->lock);
    b->state = PARSED;
    pthread_cond_broadcast(&s->changed);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

/* ---- the writer ---- */

static void tell(struct ctx *cx, struct publish_result *r, const struct event *events, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const struct event *e = &events[i];
    r->taken += e->outcome == EVENT_TAKEN;
    r->known += e->outcome == EVENT_KNOWN;
    r->refused += e->outcome == EVENT_REFUSED;
    if (e->outcome == EVENT_REFUSED && r->told < REFUSALS_TOLD)
      r->refusals[r->told++] =
          (struct refusal){ e->line, e->id.p ? ctx_strdup(cx, e->id) : NULL, ctx_strdup(cx, str_of(e->why)) };
  }
}

struct commit {
  struct stream *stream;
  struct ctx *cx;               /* of the whole: what is told lives there */
  struct publish_result result; /* as it is when the commit succeeds */
};

/* The next batch, when it is parsed; waits for it as long as it is on its way. */
static struct batch *next_batch(struct stream *s, bool first) {
  pthread_mutex_lock(&s->lock);
  struct batch *b = at(s, s->written);
  while (first ? b->state != PARSED && !(s->ended && s->written == s->filled)
               : b->state == FILLED || b->state == PARSING)
    pthread_cond_wait(&s->changed, &s->lock);
  bool ready = b->state == PARSED;
  pthread_mutex_unlock(&s->lock);
  return ready ? b : NULL;
}

static void free_batch(struct stream *s, struct batch *b) {
  free(b->events);
  b->events = NULL;
  ctx_end(&b->cx);
  pthread_mutex_lock(&s->lock);
  b->state = FREE;
  s->written++;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

/* A transaction of its own: without the savepoint of tenant_write, which would keep a copy of every page
** that is changed. */
static int commit_some(struct ctx *cx, struct db *db, void *arg) {
  struct commit *c = arg;
  double until = time_seconds() + COMMIT_SECONDS;
  size_t events = 0;
  struct publishing p;
  struct batch *b;
  db_cache(db, PAGES_BYTES);
  if (db_begin(cx, db)) return cx->code;
  publishing_begin(cx, db, c->stream->topic, &p);
  while (!cx->code && events < COMMIT_EVENTS && time_seconds() < until &&
         (b = next_batch(c->stream, events == 0))) {
    events += b->count;
    if (b->count && !publishing_add(cx, &p, b->events, b->count, true))
      tell(c->cx, &c->result, b->events, b->count);
    free_batch(c->stream, b);
  }
  return publishing_end(cx, &p) ? (int)cx->code : db_commit(cx, db);
}

static int shrink(struct ctx *cx, struct db *db, void *arg) {
  (void)cx, (void)arg;
  db_cache(db, 0);
  return OK;
}

static int write_all(struct ctx *cx, struct tenant *t, struct stream *s, struct publish_result *out) {
  struct commit c = { .stream = s, .cx = cx, .result = *out };
  while (next_batch(s, true)) {
    struct ctx one; /* its memory goes with the transaction */
    ctx_begin(&one, cx->actor);
    if (tenant_write_alone(&one, t, commit_some, &c)) fail_from(cx, &one);
    ctx_end(&one);
    if (cx->code) return cx->code;
    *out = c.result;
  }
  return tenant_write(cx, t, shrink, NULL);
}

static void stream_end(struct stream *s) {
  for (int i = 0; i < RING; i++) {
    struct batch *b = &s->ring[i];
    if (b->state == PARSED) free_batch(s, b);
    buf_clear(&b->text);
  }
  buf_clear(&s->carry);
}

static int run(struct ctx *cx, struct tenant *t, struct stream *s, struct publish_result *out) {
  pthread_t reader, parser[PARSERS];
  int parsers = 0;
  if (pthread_create(&reader, NULL, reader_main, s) != 0)
    return fail(cx, E_FAIL, NULL, "no thread could be started");
  while (parsers < PARSERS && pthread_create(&parser[parsers], NULL, parser_main, s) == 0) parsers++;
  if (parsers) write_all(cx, t, s, out);
  pthread_mutex_lock(&s->lock);
  s->stop = true;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  pthread_join(reader, NULL);
  for (int i = 0; i < parsers; i++) pthread_join(parser[i], NULL);
  if (!parsers) fail(cx, E_FAIL, NULL, "no thread could be started");
  if (s->error) fail(cx, E_FAIL, NULL, "the events cannot be read: %s", strerror(s->error));
  return cx->code;
}

static int find(struct ctx *cx, struct tenant *t, const char *topic, struct topic **out) {
  struct db *db;
  *out = NULL;
  if (tenant_read(cx, t, &db) || topic_find(cx, db, topic, out)) return cx->code;
  tenant_read_end(db);
  if (!(*out)->changes) return OK;
  return fail(cx, E_INVALID, "topic", "topic %s reads the change log; nothing is published to it", topic);
}

int event_publish_stream(struct ctx *cx, struct tenant *t, const char *topic, int fd,
                         struct publish_result *out) {
  struct topic *found;
  double began = time_seconds();
  *out = (struct publish_result){ .topic = topic };
  if (find(cx, t, topic, &found)) return cx->code;
  struct stream *s = xcalloc(1, sizeof *s);
  s->topic = found;
  s->fd = fd;
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  for (int i = 0; i < RING; i++) buf_init(&s->ring[i].text, SIZE_MAX / 2);
  buf_init(&s->carry, SIZE_MAX / 2);
  run(cx, t, s, out);
  stream_end(s);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->changed);
  free(s);
  out->seconds = time_seconds() - began;
  return cx->code;
}

/* ---- what is in memory ---- */

struct text_publish {
  const struct topic *topic;
  struct event *events;
  size_t count;
};

static int publish_slice(struct ctx *cx, struct db *db, void *arg) {
  struct text_publish *p = arg;
  return event_publish_to(cx, db, p->topic, p->events, p->count, true);
}

struct elements {
  struct event *events;
  size_t count;
};

static void add_element(struct elements *l, struct str json, int64_t line) {
  l->events = xmore(l->events, l->count, sizeof *l->events);
  memset(&l->events[l->count], 0, sizeof *l->events);
  l->events[l->count].body = json;
  l->events[l->count++].line = line;
}

static void cut_lines(struct elements *l, struct str text) {
  for (int64_t line = 1; text.n; line++) {
    const char *end = memchr(text.p, '\n', text.n);
    struct str one = { text.p, end ? (size_t)(end - text.p) : text.n };
    size_t step = one.n + (end != NULL);
    text.p += step;
    text.n -= step;
    if (str_trim(one).n) add_element(l, one, line);
  }
}

/* [event, event]; from where it is no array any more, all the rest is one bad element. */
static void cut_array(struct ctx *cx, struct elements *l, struct str text) {
  struct scan s;
  struct str one;
  char c;
  scan_init(&s, cx, text);
  scan_char(&s, '[');
  if (scan_peek(&s, &c) && c == ']') return;
  for (int64_t i = 1;; i++) {
    const char *from = s.p;
    bool whole = scan_raw(&s, &one);
    bool last = whole && scan_peek(&s, &c) && c == ']' && (s.p++, scan_end(&s));
    if (!whole || (!last && !scan_char(&s, ','))) {
      add_element(l, (struct str){ from, (size_t)(s.end - from) }, i);
      return;
    }
    add_element(l, one, i);
    if (last) return;
  }
}

/* One event over several lines, as an editor lays it out. */
static bool single(struct ctx *cx, struct str text) {
  struct scan s;
  struct str one;
  scan_init(&s, cx, text);
  return memchr(text.p, '\n', text.n) && scan_raw(&s, &one) && scan_end(&s);
}

/* Whoever writes meanwhile waits for the slice that has its turn, not for all of a body: hundreds of thousands of events
** fit into one. */
static int publish_elements(struct ctx *cx, struct tenant *t, const struct topic *topic, struct elements *l,
                            struct publish_result *out) {
  for (size_t from = 0; from < l->count; from += SLICE_EVENTS) {
    size_t n = l->count - from < SLICE_EVENTS ? l->count - from : SLICE_EVENTS;
    struct text_publish p = { topic, l->events + from, n };
    if (tenant_write(cx, t, publish_slice, &p)) return cx->code;
    tell(cx, out, p.events, n);
  }
  return OK;
}

int event_publish_text(struct ctx *cx, struct tenant *t, const char *topic, struct str text,
                       struct publish_result *out) {
  struct elements l = { 0 };
  struct topic *found;
  double began = time_seconds();
  *out = (struct publish_result){ .topic = topic };
  if (find(cx, t, topic, &found)) return cx->code;
  text = str_trim(text);
  if (text.n && text.p[0] == '[')
    cut_array(cx, &l, text);
  else if (single(cx, text))
    add_element(&l, text, 1);
  else
    cut_lines(&l, text);
  publish_elements(cx, t, found, &l, out);
  free(l.events);
  out->seconds = time_seconds() - began;
  return cx->code;
}

void publish_result_json(struct jw *w, const char *key, const struct publish_result *r) {
  jw_object(w, key);
  jw_put(w, "topic", r->topic, "taken", r->taken, "known", r->known, "refused", r->refused);
  jw_array(w, "refusals");
  for (int i = 0; i < r->told; i++) {
    jw_object(w, NULL);
    jw_int(w, "line", r->refusals[i].line);
    if (r->refusals[i].id)
      jw_str(w, "id", str_of(r->refusals[i].id));
    else
      jw_text(w, "id", NULL);
    jw_text(w, "why", r->refusals[i].why);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_close(w, '}');
}

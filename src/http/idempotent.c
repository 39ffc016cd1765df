/*
** idempotent.c - a request that is sent again does what it asks for once, and gets the same reply.
**
** A client that got no answer cannot know whether its order was taken. With an Idempotency-Key of its own making
** (draft-ietf-httpapi-idempotency-key-header) it may ask again for a day: the reply stands in the tenant's
** file, put there by write_once in the transaction that did the work, so that there is never one without
** the other, whatever is killed when.
**
**   - A key belongs to who sent it. The same key with another method, address or body is 422: it is a mistake of
**     the client, and answering it with the old reply would hide that.
**   - While the first is under way in this process, a second is 409. In another process, it waits for the
**     writer, and finds the reply then.
**   - Only what went well is kept: after a failure nothing has happened, and asking again may go better.
**   - Handlers whose work is not one transaction (an upload, an import) do not call write_once; their reply
**     is put down right after it. A crash between the two repeats the work: that is all they can promise.
*/
#include "http/idempotent.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"

enum { KEY_MOST = 255 };
#define READ_MOST MIB(8)  /* a body that is larger goes to the disk and is not compared */
#define REPLY_MOST MIB(1) /* of a reply that is kept */
static const int64_t KEPT_FOR = INT64_C(86400000000);

struct under_way {
  struct under_way *next;
  const char *tenant, *user, *key;
};

struct once {
  pthread_mutex_t lock;
  struct under_way *first;
};

/* Of one request, in its arena. */
struct once_call {
  struct under_way mine;
  unsigned char request[SHA256_SIZE];
  bool kept; /* the reply is in the file */
};

struct once *once_new(void) {
  struct once *o = xcalloc(1, sizeof *o);
  pthread_mutex_init(&o->lock, NULL);
  return o;
}

void once_free(struct once *o) {
  if (!o) return;
  pthread_mutex_destroy(&o->lock);
  free(o);
}

/* ---- under way ---- */

static bool same_call(const struct under_way *a, const struct under_way *b) {
  return !strcmp(a->key, b->key) && !strcmp(a->user, b->user) && !strcmp(a->tenant, b->tenant);
}

static bool enter(struct once *o, struct under_way *mine) {
  pthread_mutex_lock(&o->lock);
  const struct under_way *u = o->first;
  while (u && !same_call(u, mine)) u = u->next;
  if (!u) {
    mine->next = o->first;
    o->first = mine;
  }
  pthread_mutex_unlock(&o->lock);
  return !u;
}

static void leave(struct once *o, struct under_way *mine) {
  pthread_mutex_lock(&o->lock);
  struct under_way **at = &o->first;
  while (*at != mine) at = &(*at)->next;
  *at = mine->next;
  pthread_mutex_unlock(&o->lock);
}

/* ---- the file ---- */

static int give_again(struct request *rq, struct ctx *cx, struct stmt *s) {
  if (!str_eq(col_str(s, 0), (struct str){ (const char *)rq->once->request, SHA256_SIZE })) {
    rq->status = 422;
    fail(cx, E_INVALID, "Idempotency-Key",
         "this Idempotency-Key was used for another request; a new request takes a new key");
  } else if (col_null(s, 4)) {
    fail(cx, E_CONFLICT, "Idempotency-Key", "this was done already, and its reply was too large to be kept");
  } else {
    rq->status = (int)col_int(s, 1);
    rq->location = col_dup(cx, s, 2);
    rq->etag = col_dup(cx, s, 3);
    rq->content = str_of(col_dup(cx, s, 4));
    rq->once->kept = rq->repeated = true;
  }
  stmt_done(s);
  return cx->code;
}

/* rq->content.p is set when it is there. */
static int look_up(struct request *rq, struct ctx *cx, struct db *db) {
  struct stmt *s =
      db_ask(cx, db, SQL_reply_find, rq->once->mine.user, rq->once->mine.key, cx->now - KEPT_FOR);
  return stmt_row(cx, s) ? give_again(rq, cx, s) : (int)cx->code;
}

static void finish_json(struct request *rq) {
  if (rq->content.p) return;
  jw_close(&rq->json, '}');
  rq->content = buf_view(&rq->body);
}

static int put_down(struct request *rq, struct ctx *cx, struct db *db) {
  finish_json(rq);
  struct stmt *s = db_ask(cx, db, SQL_reply_forget, cx->now - KEPT_FOR);
  if (stmt_run(cx, s)) return cx->code;
  s = db_ask(cx, db, SQL_reply_put, rq->once->mine.user, rq->once->mine.key, cx->now,
             arg_blob(rq->once->request, SHA256_SIZE), rq->status ? rq->status : 200, rq->location, rq->etag);
  if (rq->content.n <= REPLY_MOST && !rq->streams) stmt_str(s, 8, rq->content);
  rq->once->kept = true;
  return stmt_run(cx, s);
}

/* ---- the way ---- */

static bool key_fits(const char *key) {
  size_t n = 0;
  while (key[n] > 0x20 && key[n] < 0x7f) n++;
  return n > 0 && n <= KEY_MOST && !key[n];
}

/* Method, address and body; of a body that goes to the disk its length. */
static int fingerprint(struct request *rq, unsigned char out[static SHA256_SIZE]) {
  struct str body = STR("");
  if (rq->body_left && rq->route->body_max && rq->route->body_max <= READ_MOST && body_text(rq, &body))
    return rq->cx->code;
  const char *head =
      ctx_printf(rq->cx, "%s %s?%s %lld\n", rq->method, rq->path, rq->query, (long long)rq->body_stated);
  struct buf all;
  buf_init(&all, READ_MOST + KIB(64));
  buf_puts(&all, head);
  buf_str(&all, body);
  sha256_of(all.p, all.n, out);
  buf_clear(&all);
  return OK;
}

static int look_before(struct request *rq) {
  struct ctx aside; /* its end gives the reader back before the handler wants one */
  struct db *db;
  ctx_begin(&aside, rq->cx->actor);
  if (!tenant_read(&aside, rq->tenant, &db)) look_up(rq, rq->cx, db);
  return ctx_end_inside(rq->cx, &aside);
}

/* A token by itself: two may have one name. */
static const char *sender_of(const struct identity *who) {
  return who->user_id[0] || who->open ? who->email : who->session;
}

int once_begin(struct request *rq, bool *done) {
  const char *key = wire_header(rq, "Idempotency-Key", NULL);
  *done = false;
  if (!key || rq->head || !strcmp(rq->method, "GET") || rq->route->secret || !rq->tenant) return OK;
  if (!key_fits(key))
    return refuse(rq, 400, E_INVALID,
                  "Idempotency-Key is 1 to 255 characters without blanks, such as a UUID");
  struct once_call *call = ctx_alloc(rq->cx, sizeof *call);
  if (fingerprint(rq, call->request)) return rq->cx->code;
  call->mine =
      (struct under_way){ .tenant = tenant_slug(rq->tenant), .user = sender_of(rq->who), .key = key };
  if (!enter(rq->server->once, &call->mine)) {
    rq->retry_after = 1;
    return fail(rq->cx, E_CONFLICT, "Idempotency-Key",
                "a request with this Idempotency-Key is under way; ask again in a moment");
  }
  rq->once = call;
  if (look_before(rq)) return rq->cx->code;
  *done = rq->content.p != NULL;
  return OK;
}

static int put_down_alone(struct ctx *cx, struct db *db, void *arg) { return put_down(arg, cx, db); }

void once_end(struct request *rq) {
  struct once_call *call = rq->once;
  if (!call) return;
  bool good = !rq->cx->code && rq->status < 400;
  if (good && !call->kept) tenant_write(rq->cx, rq->tenant, put_down_alone, rq);
  leave(rq->server->once, &call->mine);
}

/* ---- a write ---- */

/* What a request is like before its work, for the writer may have it done twice. */
struct write {
  struct request *rq;
  write_fn *fn;
  void *arg;
  struct request before;
  size_t body_bytes;
};

static int run(struct ctx *cx, struct db *db, void *arg) {
  struct write *w = arg;
  if (look_up(w->rq, cx, db) || w->rq->content.p) return cx->code;
  if (w->fn(cx, db, w->arg)) return cx->code;
  return put_down(w->rq, cx, db);
}

static int run_once(struct ctx *cx, struct db *db, void *arg) {
  const struct write *w = arg;
  return w->fn(cx, db, w->arg);
}

static void again(void *arg) {
  struct write *w = arg;
  struct buf body = w->rq->body; /* its memory may have moved meanwhile */
  body.n = w->body_bytes;
  body.full = w->before.body.full;
  if (body.p) body.p[body.n] = 0;
  *w->rq = w->before;
  w->rq->body = body;
  if (w->rq->once) w->rq->once->kept = false;
}

int write_once(struct request *rq, write_fn *fn, void *arg) {
  struct write w = { rq, fn, arg, *rq, rq->body.n };
  return tenant_write_again(rq->cx, rq->tenant, rq->once ? run : run_once, again, &w);
}

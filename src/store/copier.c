#include "store/copier.h"

#include "store/tenant.h"

static void *copy_main(void *arg) {
  struct copier *c = arg;
  pthread_setname_np(pthread_self(), "checkpoint");
  if (!tenant_copy_wal(c->to_file, c->wal_bytes)) c->held = true;
  db_rollback(c->pin);
  atomic_store(&c->done, true);
  return NULL;
}

static void close_both(struct copier *c) {
  db_close(c->to_file);
  db_close(c->pin);
  c->to_file = c->pin = NULL;
}

static int open_both(struct ctx *cx, struct tenant *t) {
  struct copier *c = &t->copier;
  if (c->to_file && !db_is_current(c->to_file, t->path)) close_both(c);
  if (c->to_file) return OK;
  if (db_open(cx, t->path, t->label, DB_WRITE, &c->to_file)) return cx->code;
  if (db_open(cx, t->path, t->label, DB_READ, &c->pin)) close_both(c);
  return cx->code;
}

/* BEGIN alone reads nothing. */
static int begin_to_read(struct ctx *cx, struct db *pin) {
  if (db_begin(cx, pin)) return cx->code;
  struct stmt *s = db_compose(cx, pin, "SELECT count(*) FROM sqlite_schema");
  if (stmt_row(cx, s)) stmt_done(s);
  return cx->code;
}

bool copier_busy(struct copier *c) { return c->runs && !atomic_load(&c->done); }

/* What cannot be done now is done after a later commit. */
void copier_start(struct tenant *t) {
  struct copier *c = &t->copier;
  struct ctx aside;
  ctx_begin(&aside, "store");
  if (!open_both(&aside, t)) {
    atomic_store(&c->done, false);
    bool pinned = begin_to_read(&aside, c->pin) == OK;
    c->runs = pinned && pthread_create(&c->thread, NULL, copy_main, c) == 0;
    if (!c->runs) db_rollback(c->pin);
  }
  ctx_end(&aside);
}

void copier_wait(struct tenant *t) {
  struct copier *c = &t->copier;
  if (c->runs) pthread_join(c->thread, NULL);
  c->runs = false;
}

void copier_close(struct tenant *t) {
  copier_wait(t);
  close_both(&t->copier);
}

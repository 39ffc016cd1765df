#include "store/change.h"

#include "store/db.h"

enum { SEQ, HLC, AT, ACTOR, UNIT, EVENT, TABLE, KEY, BEFORE, AFTER, COUNT, TEXT, HASH };

/* A column in the digest: its length, so that no two entries read alike, then
** its text. NULL is told apart from empty by a length of -1. */
static void digest_str(struct sha256 *h, struct str s) {
  int64_t n = s.p ? (int64_t)s.n : -1;
  sha256_add(h, &n, sizeof n);
  if (s.p) sha256_add(h, s.p, s.n);
}

static void digest_int(struct sha256 *h, int64_t v) { sha256_add(h, &v, sizeof v); }

struct entry {
  int64_t seq, hlc, at, count;
  struct str actor, unit, event, table, key, before, after, text;
};

static void digest(const unsigned char *previous, const struct entry *e, unsigned char *out) {
  struct sha256 *h = sha256_new();
  sha256_add(h, previous, SHA256_SIZE);
  digest_int(h, e->seq);
  digest_int(h, e->hlc);
  digest_int(h, e->at);
  digest_str(h, e->actor);
  digest_str(h, e->unit);
  digest_str(h, e->event);
  digest_str(h, e->table);
  digest_str(h, e->key);
  digest_str(h, e->before);
  digest_str(h, e->after);
  digest_int(h, e->count);
  digest_str(h, e->text);
  sha256_end(h, out);
  sha256_free(h);
}

int change_last(struct ctx *cx, struct db *db, struct change_end *out) {
  *out = (struct change_end){ 0 };
  struct stmt *s = db_stmt(cx, db, SQL_change_last);
  if (!stmt_row(cx, s)) return cx->code;
  struct str hash = col_str(s, 2);
  out->seq = col_int(s, 0);
  out->hlc = col_int(s, 1);
  if (hash.n == SHA256_SIZE) memcpy(out->hash, hash.p, SHA256_SIZE);
  stmt_done(s);
  return OK;
}

/* The end as this connection left it, when nothing came behind it. What it did not write itself may be of any unit. */
static int last_known(struct ctx *cx, struct db *db, struct change_end *out) {
  struct moment now;
  bool known = stmt_moment(db_stmt(cx, db, SQL_change_last), &now);
  if (!known || now.age != db->log_end_at.age || now.count != db->log_end_at.count) {
    change_new_stretch(db);
    return change_last(cx, db, out);
  }
  *out = db->log_end;
  return OK;
}

static void keep_last(struct ctx *cx, struct db *db, const struct entry *e, const unsigned char *hash) {
  db->log_end = (struct change_end){ .seq = e->seq, .hlc = e->hlc };
  memcpy(db->log_end.hash, hash, sizeof db->log_end.hash);
  if (!str_copy(db->log_unit, sizeof db->log_unit, e->unit)) change_new_stretch(db);
  if (!stmt_moment(db_stmt(cx, db, SQL_change_last), &db->log_end_at)) db->log_end_at = (struct moment){ 0 };
}

void change_new_stretch(struct db *db) { db->log_unit[0] = 0; }

int change_append(struct ctx *cx, struct db *db, const struct change *c) {
  struct change_end last;
  if (last_known(cx, db, &last)) return cx->code;
  int64_t clock = cx->now / 1000 << 16;
  struct entry e = {
    .seq = last.seq + 1,
    .hlc = clock > last.hlc ? clock : last.hlc + 1,
    .at = cx->now,
    .count = c->count,
    .actor = str_of(cx->actor),
    .unit = str_of(c->unit ? c->unit : cx->id),
    .event = str_of(c->event),
    .table = str_of(c->table),
    .key = str_of(c->key),
    .before = c->before,
    .after = c->after,
    .text = str_of(c->text),
  };
  unsigned char hash[SHA256_SIZE];
  digest(last.hash, &e, hash);

  bool goes_on = e.unit.n && str_eq(e.unit, str_of(db->log_unit));
  struct stmt *s = db_stmt(cx, db, goes_on ? SQL_change_add_on : SQL_change_add);
  stmt_int(s, SEQ + 1, e.seq);
  stmt_int(s, HLC + 1, e.hlc);
  stmt_int(s, AT + 1, e.at);
  stmt_str(s, ACTOR + 1, e.actor);
  stmt_str(s, UNIT + 1, e.unit);
  stmt_str(s, EVENT + 1, e.event);
  stmt_str(s, TABLE + 1, e.table);
  stmt_str(s, KEY + 1, e.key);
  stmt_str(s, BEFORE + 1, e.before);
  stmt_str(s, AFTER + 1, e.after);
  stmt_int(s, COUNT + 1, e.count);
  stmt_str(s, TEXT + 1, e.text);
  stmt_blob(s, HASH + 1, hash, sizeof hash);
  if (!stmt_run(cx, s)) keep_last(cx, db, &e, hash);
  return cx->code;
}

static struct str column(const struct stmt *s, int i) {
  return col_null(s, i) ? (struct str){ NULL, 0 } : col_str(s, i);
}

/* Walks from the entry after `from`, whose hash is `previous`. */
static int walk(struct ctx *cx, struct db *db, int64_t from, unsigned char *previous, int64_t *bad,
                int64_t *last) {
  unsigned char hash[SHA256_SIZE];
  *bad = 0;
  *last = from;
  struct stmt *s = db_stmt(cx, db, SQL_change_walk);
  stmt_int(s, 1, from);
  while (stmt_row(cx, s)) {
    struct entry e = {
      .seq = col_int(s, SEQ),
      .hlc = col_int(s, HLC),
      .at = col_int(s, AT),
      .count = col_int(s, COUNT),
      .actor = column(s, ACTOR),
      .unit = column(s, UNIT),
      .event = column(s, EVENT),
      .table = column(s, TABLE),
      .key = column(s, KEY),
      .before = column(s, BEFORE),
      .after = column(s, AFTER),
      .text = column(s, TEXT),
    };
    digest(previous, &e, hash);
    bool fits = e.seq == *last + 1 && str_eq(col_str(s, HASH), (struct str){ (char *)hash, SHA256_SIZE });
    if (!fits) {
      *bad = *last + 1;
      stmt_done(s);
      return OK;
    }
    *last = e.seq;
    memcpy(previous, hash, SHA256_SIZE);
  }
  return cx->code;
}

int change_verify(struct ctx *cx, struct db *db, int64_t *bad, int64_t *last) {
  unsigned char nothing[SHA256_SIZE] = { 0 };
  return walk(cx, db, 0, nothing, bad, last);
}

int change_verify_units(struct ctx *cx, struct db *db, int64_t *bad) {
  *bad = db_int(cx, db, SQL_change_astray, 0);
  return cx->code;
}

int change_verify_since(struct ctx *cx, struct db *db, const char *unit, int64_t *bad, int64_t *last) {
  unsigned char previous[SHA256_SIZE] = { 0 };
  int64_t from = 0;
  struct stmt *s = db_stmt(cx, db, SQL_change_before_unit);
  stmt_text(s, 1, unit);
  while (stmt_row(cx, s)) {
    struct str hash = col_str(s, 1);
    from = col_int(s, 0);
    if (hash.n == SHA256_SIZE) memcpy(previous, hash.p, SHA256_SIZE);
  }
  return cx->code ? (int)cx->code : walk(cx, db, from, previous, bad, last);
}

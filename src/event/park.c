#include "event/park.h"

#include "base/hash.h"

enum { PARKED_BYTES = 1 << 20 }; /* of a body that is kept: beyond it, nobody repairs it by hand */

int event_park(struct ctx *cx, struct db *db, const char *topic, const char *group, const struct event *e,
               const char *reason) {
  unsigned char digest[SHA256_SIZE];
  struct str body = e->body.p ? e->body : STR("");
  bool cut = body.n > PARKED_BYTES;
  sha256_of(body.p, body.n, digest);
  if (cut) body.n = PARKED_BYTES;
  struct stmt *s = db_stmt(cx, db, SQL_event_park);
  stmt_text(s, 1, topic);
  stmt_text(s, 2, group);
  stmt_str(s, 3, e->id);
  if (*group) stmt_int(s, 4, e->partition), stmt_int(s, 5, e->offset);
  stmt_blob(s, 6, digest, sizeof digest);
  stmt_blob(s, 7, body.p, body.n);
  stmt_int(s, 8, cut);
  stmt_text(s, 9, reason);
  stmt_int(s, 10, e->line);
  stmt_int(s, 11, cx->now);
  stmt_text(s, 12, cx->actor);
  stmt_text(s, 13, cx->id);
  return stmt_run(cx, s);
}

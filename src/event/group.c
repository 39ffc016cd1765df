#include "event/group.h"

#include <stdlib.h>

#include "base/boot.h"
#include "event/internal.h"

static int64_t lease_us(void) {
#ifdef OUTPOST_TEST
  const char *ms = getenv("OUTPOST_LEASE_MS");
  if (ms) return strtoll(ms, NULL, 10) * 1000;
#endif
  return (int64_t)LEASE_SECONDS * 1000000;
}

int group_check_name(struct ctx *cx, const char *field, const char *name) {
  size_t n = strlen(name);
  bool ok = n > 0 && n <= GROUP_BYTES;
  for (size_t i = 0; i < n && ok; i++) {
    char c = name[i];
    ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || memchr("._:-", c, 4);
  }
  return ok ? OK
            : fail(cx, E_INVALID, field, "%s has to be 1 to %d of letters, digits, . _ : and -", field,
                   GROUP_BYTES);
}

/* ---- how it stands ---- */

static bool holds(struct str member, int64_t until, struct str boot) {
  return member.n && until > boot_now() && str_eq(boot, str_of(boot_id())) && process_alive(member);
}

static int look_at_members(struct ctx *cx, struct db *db, struct reading *r) {
  struct stmt *s = db_ask(cx, db, SQL_event_members, r->topic, r->group);
  r->members = 1; /* itself */
  r->among = false;
  while (stmt_row(cx, s)) {
    if (!holds(col_str(s, 0), col_int(s, 1), col_str(s, 2))) continue;
    if (str_eq(col_str(s, 0), str_of(r->member)))
      r->among = col_int(s, 1) > boot_now() + lease_us() * 2 / 3;
    else
      r->members++;
  }
  return cx->code;
}

int group_look(struct ctx *cx, struct db *db, const struct topic *t, struct reading *r) {
  if (look_at_members(cx, db, r)) return cx->code;
  r->count = r->mine = 0;
  struct stmt *s =
      db_ask(cx, db, t->changes ? SQL_event_places_changes : SQL_event_places, t->name, r->group);
  while (stmt_row(cx, s)) {
    if (r->count == EVENT_PARTITIONS) continue;
    struct place *p = &r->place[r->count++];
    struct str member = col_str(s, 5);
    bool held = holds(member, col_int(s, 6), col_str(s, 7));
    bool own = held && str_eq(member, str_of(r->member));
    *p = (struct place){ .partition = (int)col_int(s, 0),
                         .first = col_int(s, 1),
                         .end = col_int(s, 2),
                         .next = col_int(s, 3),
                         .fence = col_int(s, 4),
                         .mine = own,
                         .stale = own && col_int(s, 6) < boot_now() + lease_us() * 2 / 3,
                         .unheld = !held };
    if (p->next < p->first) p->next = p->first;
    r->mine += own;
  }
  return cx->code;
}

static int share(const struct reading *r) { return (r->count + r->members - 1) / r->members; }

bool group_should_claim(const struct reading *r) {
  int most = share(r);
  if (!r->among || r->mine > most) return true;
  for (int i = 0; i < r->count; i++) {
    const struct place *p = &r->place[i];
    if (p->stale || (p->unheld && r->mine < most)) return true;
  }
  return false;
}

/* ---- claims ---- */

static int ensure(struct ctx *cx, struct db *db, const struct topic *t, const char *help, bool outside,
                  const struct reading *r) {
  if (db_act(cx, db, SQL_event_group_add, r->topic, r->group, help, outside, cx->now)) return cx->code;
  for (int i = 0; i < t->partitions && !cx->code; i++) {
    db_act(cx, db, SQL_event_position_add, r->topic, r->group, i);
  }
  return cx->code;
}

static int drop_dead(struct ctx *cx, struct db *db, const struct reading *r) {
  struct str dead[32];
  int count = 0;
  struct stmt *s = db_ask(cx, db, SQL_event_members, r->topic, r->group);
  while (stmt_row(cx, s))
    if (count < 32 && !holds(col_str(s, 0), col_int(s, 1), col_str(s, 2)))
      dead[count++] = str_of(ctx_strdup(cx, col_str(s, 0)));
  for (int i = 0; i < count && !cx->code; i++) {
    db_act(cx, db, SQL_event_member_drop, r->topic, r->group, dead[i]);
  }
  return cx->code;
}

static int sign_up(struct ctx *cx, struct db *db, const struct reading *r) {
  return db_act(cx, db, SQL_event_member_put, r->topic, r->group, r->member, boot_now() + lease_us(),
                boot_id(), cx->now);
}

static int lease(struct ctx *cx, struct db *db, const struct reading *r, struct place *p, bool take) {
  struct stmt *s = db_ask(cx, db, take ? SQL_event_lease_take : SQL_event_lease_renew, r->topic, r->group,
                          p->partition, r->member, boot_now() + lease_us(), boot_id());
  p->fence += take;
  p->mine = true;
  p->stale = p->unheld = false;
  return stmt_run(cx, s);
}

static int give_back(struct ctx *cx, struct db *db, const struct reading *r, struct place *p) {
  struct stmt *s = db_ask(cx, db, SQL_event_lease_drop, r->topic, r->group, p->partition);
  p->mine = false;
  return stmt_run(cx, s);
}

int group_claim(struct ctx *cx, struct db *db, const struct topic *t, const char *help, bool outside,
                struct reading *r) {
  if (ensure(cx, db, t, help, outside, r) || drop_dead(cx, db, r) || sign_up(cx, db, r) ||
      group_look(cx, db, t, r))
    return cx->code;
  int most = share(r), held = 0;
  for (int i = 0; i < r->count && !cx->code; i++) {
    struct place *p = &r->place[i];
    if (!p->mine) continue;
    if (held < most)
      held++, lease(cx, db, r, p, false);
    else
      give_back(cx, db, r, p);
  }
  for (int i = 0; i < r->count && held < most && !cx->code; i++)
    if (r->place[i].unheld) held++, lease(cx, db, r, &r->place[i], true);
  r->mine = held;
  return cx->code;
}

int group_move(struct ctx *cx, struct db *db, const struct reading *r, int partition, int64_t fence,
               int64_t next) {
  struct stmt *s = db_ask(cx, db, SQL_event_position_move, r->topic, r->group, partition, r->member, fence,
                          boot_now(), boot_id(), next, cx->now);
  if (stmt_run(cx, s)) return cx->code;
  if (db_changes(db) == 1) return OK;
  return fail(
      cx, E_CONFLICT, "fence",
      "the lease of %s on partition %d of %s was lost, or the offset is behind what was committed: poll "
      "again",
      r->group, partition, r->topic);
}

int group_leave(struct ctx *cx, struct db *db, const char *topic, const char *group, const char *member) {
  static const enum sql_id steps[] = { SQL_event_member_drop, SQL_event_lease_drop_all };
  for (int i = 0; i < 2 && !cx->code; i++) {
    db_act(cx, db, steps[i], topic, group, member);
  }
  return cx->code;
}

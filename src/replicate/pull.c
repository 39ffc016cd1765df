#include "replicate/pull.h"

#include <stdlib.h>

#include "base/time.h"
#include "replicate/pull_rows.h"
#include "replicate/shipped.h"
#include "replicate/state.h"

enum { PULL_TURN = 3 /* seconds */ };

const char PULL_CONFLICTS[] = "conflict";

/* ---- positions ---- */

int pull_position_read(struct ctx *cx, struct db *db, const char *table, struct position *at) {
  *at = (struct position){ .last_key = "", .shape = "" };
  struct stmt *s = db_ask(cx, db, SQL_pull_get, table);
  if (!stmt_row(cx, s)) return cx->code;
  *at = (struct position){ col_dup(cx, s, 0), col_dup(cx, s, 1), col_dup(cx, s, 2), col_dup(cx, s, 3) };
  stmt_done(s);
  return OK;
}

int pull_position_save(struct ctx *cx, struct db *db, const char *table, const struct position *at) {
  return db_act(cx, db, SQL_pull_put, table, at->since, at->upto, at->last_key, at->shape);
}

/* "xmin:xmax:..." */
int64_t pull_snapshot_end(const char *snapshot) {
  const char *colon = snapshot ? strchr(snapshot, ':') : NULL;
  return colon ? strtoll(colon + 1, NULL, 10) : 0;
}

/* Where a pass begins or goes on. A snapshot that ends behind now is of another headquarters. */
static void position_ready(const struct pull *pl, struct position *at, const char *shape) {
  bool anew = strcmp(at->shape, shape) != 0 || pull_snapshot_end(at->since) > pull_snapshot_end(pl->now) ||
              pull_snapshot_end(at->upto) > pull_snapshot_end(pl->now);
  if (anew) *at = (struct position){ .last_key = "" };
  at->shape = shape;
  if (!at->upto) at->upto = pl->now;
}

static void position_next(struct position *at, const char *last_key, bool end) {
  at->last_key = end ? "" : last_key;
  if (!end) return;
  at->since = at->upto;
  at->upto = NULL;
}

/* ---- a page ---- */

struct page {
  const struct pull *pl;
  const struct entity *e; /* NULL: conflicts */
  struct pg_rows *rows;
  struct position *at; /* as it is after the page; NULL: rows that were parked */
};

static int apply_page(struct ctx *cx, struct db *db, void *arg) {
  const struct page *page = arg;
  struct pulled p = { .pl = page->pl, .e = page->e };
  if (pulled_begin(cx, db, &p)) return cx->code;
  for (int i = 0; i < pg_rows_count(page->rows) && !cx->code; i++)
    if (page->e)
      pulled_record(cx, db, &p, page->rows, i);
    else
      pulled_conflict(cx, db, page->rows, i);
  if (cx->code || !page->at) return cx->code;
  return pull_position_save(cx, db, page->e ? page->e->table : PULL_CONFLICTS, page->at);
}

/* In a unit of work of its own: a first load may be long. */
static int page_of(const struct pull *pl, struct ctx *cx, const struct entity *e, struct position *at,
                   const char *sql, bool *end) {
  struct page page = { pl, e, NULL, at };
  if (pg_ask(cx, pl->pg, &page.rows, sql, pl->u.organization, pl->u.origin, at->since, at->upto,
             at->last_key))
    return cx->code;
  int n = pg_rows_count(page.rows);
  *end = n < PULL_PAGE;
  const char *last = n ? ctx_strdup(pl->cx, pg_text(page.rows, n - 1, 0)) : at->last_key;
  if (n == 0 && at->since &&
      pull_snapshot_end(at->upto) - pull_snapshot_end(at->since) < PULL_SNAPSHOTS_BETWEEN && !*at->last_key)
    return OK;
  position_next(at, last, *end);
  return tenant_write(cx, pl->tenant, apply_page, &page);
}

static int pull_table(struct pull *pl, const struct entity *e, const char *shape, const char *sql,
                      bool *more) {
  const char *table = e ? e->table : PULL_CONFLICTS;
  struct position at;
  struct db *db;
  bool end = false;
  if (tenant_read(pl->cx, pl->tenant, &db) || pull_position_read(pl->cx, db, table, &at)) return pl->cx->code;
  tenant_read_end(db);
  position_ready(pl, &at, shape);
  while (!end && !pl->cx->code) {
    struct ctx page;
    if (time_seconds() - pl->begun > PULL_TURN) {
      *more = true;
      return OK;
    }
    ctx_begin(&page, "headquarters");
    page_of(pl, &page, e, &at, pull_rows_sql(pl, &page, e, at.since != NULL, sql), &end);
    ctx_end_inside(pl->cx, &page);
  }
  return pl->cx->code;
}

static int pull_parked(struct pull *pl, const struct entity *e) {
  struct ctx page;
  struct db *db;
  ctx_begin(&page, "headquarters");
  if (!tenant_read(&page, pl->tenant, &db)) {
    struct page one = { pl, e, NULL, NULL };
    struct stmt *s = db_ask(&page, db, SQL_pull_parked, e->table);
    const char *keys = stmt_row(&page, s) ? col_dup(&page, s, 0) : NULL;
    stmt_done(s);
    tenant_read_end(db);
    if (keys && !page.code &&
        !pg_ask(&page, pl->pg, &one.rows, pull_keys_sql(pl, &page, e), pl->u.organization, pl->u.origin,
                keys))
      tenant_write(&page, pl->tenant, apply_page, &one);
  }
  return ctx_end_inside(pl->cx, &page);
}

bool pull_comes_down(const struct entity *e) { return e->sync == SYNC_DOWN || e->sync == SYNC_BOTH; }

int pull_may_change(struct ctx *cx, struct db *db, const struct entity *e) {
  if (!pull_comes_down(e)) return OK;
  struct stmt *s = db_ask(cx, db, SQL_pull_read_only, e->table);
  bool kept = stmt_row(cx, s);
  if (kept) stmt_done(s);
  if (!kept) return cx->code;
  return fail(
      cx, E_CONFLICT, NULL,
      "headquarters keeps %s for itself: a %s is changed there, and the change comes down; here it can only "
      "be read",
      e->table, e->name);
}

/* Tables with news; first of all the rows, then those that wait for others. */
static int pull_tables(struct pull *pl, const struct pull_look *look, bool *more) {
  const struct entity *e;
  const bool *news = look->news + 1;
  for (int i = 0, n = 0; (e = entity_at(i)) && !pl->cx->code; i++)
    if (pull_comes_down(e) && news[n++] && pull_has(pl, e->table, "id"))
      pull_table(pl, e, pull_shape(pl, e), NULL, more);
  for (int i = 0, n = 0; (e = entity_at(i)) && !pl->cx->code; i++)
    if (pull_comes_down(e) && news[n++] && pull_has(pl, e->table, "id")) pull_parked(pl, e);
  if (!pl->cx->code && look->news[0]) pull_table(pl, NULL, pl->hq, PULL_CONFLICTS_SQL, more);
  return pl->cx->code || *more ? (int)pl->cx->code : pull_look_done(pl, look);
}

int pull_some(struct ctx *cx, struct tenant *t, struct pg *p, bool *requests, bool *more) {
  struct pull pl = { .cx = cx, .tenant = t, .pg = p, .begun = time_seconds() };
  struct pull_look look;
  struct db *db;
  *more = false;
  *requests = true;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &pl.u) || pull_look(&pl, db, &look))
    return cx->code;
  *requests = look.requests;
  if (!look.any || pull_begin(&pl)) return cx->code;
  if (look.all && shipped_send(&pl)) return cx->code;
  return pull_tables(&pl, &look, more);
}

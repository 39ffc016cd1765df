#include "base/limits.h"
#include "model/dataset.h"
#include "model/entity.h"
#include "replicate/holdings.h"
#include "replicate/verify_internal.h"
#include "store/change.h"

#include <stdio.h>

enum { ORIGINS = 64, SEALS_PATIENCE = 3600 };

/* A part of this file's story that stands under one origin at headquarters: entries behind `from`, up to `to`. */
struct part {
  int64_t origin, from, to;
};

struct parts {
  struct part part[ORIGINS];
  int count;
};

/* Where the rows of a lane stand, and up to which entry they were sent. */
struct lane_parts {
  struct parts parts;
  int64_t sent;
};

/* ---- what stands where ---- */

static int read_origins(struct verifying *v) {
  struct stmt *s = db_stmt(v->cx, v->db, SQL_sync_origins);
  v->origins = "{";
  for (int n = 0; stmt_row(v->cx, s); n++)
    v->origins = ctx_printf(v->cx, "%s%s%lld", v->origins, n ? "," : "", (long long)col_int(s, 0));
  v->origins = ctx_printf(v->cx, "%s}", v->origins);
  return v->cx->code;
}

/* Where a lane began under each origin; each goes up to where the next one began. */
static int read_parts(struct verifying *v, enum sync_lane_id id, struct lane_parts *lanes) {
  struct parts *out = &lanes->parts;
  int64_t *sent = &lanes->sent;
  struct sync_lane lane;
  struct pg_rows *rows;
  out->count = 0;
  *sent = 0;
  if (sync_lane_read(v->cx, v->db, id, &lane)) return v->cx->code;
  *sent = lane.seq;
  if (pg_ask(v->cx, v->pg, &rows,
             "SELECT o.origin, coalesce((b.position_from::json ->> 'seq')::bigint, o.fork_seq, 0) FROM "
             "outpost.origin AS o LEFT JOIN outpost.batch AS b ON b.organization_id = o.organization_id AND "
             "b.origin = o.origin AND b.lane = $3 AND b.sequence = 1 WHERE o.organization_id = $1::uuid AND "
             "o.origin = ANY ($2::int[]) ORDER BY o.epoch",
             v->up.organization, v->origins, sync_lane_names[id]))
    return v->cx->code;
  for (int i = 0; i < pg_rows_count(rows) && i < ORIGINS; i++) {
    out->part[i] = (struct part){ pg_int(rows, i, 0), pg_int(rows, i, 1), *sent };
    if (i) out->part[i - 1].to = out->part[i].from;
    out->count++;
  }
  return OK;
}

/* ---- the rows of each table ---- */

static int each_entry(struct verifying *v, struct ranged *r) {
  struct stmt *s = db_ask(v->cx, v->db, SQL_sync_log_between, r->from, r->to);
  while (stmt_row(v->cx, s))
    if (ranged_take(v, r, s)) break;
  stmt_done(s);
  return v->cx->code;
}

static int each_of_runs(struct verifying *v, struct ranged *r) {
  for (int i = 0; i < r->run_count && !v->cx->code; i++) {
    struct stmt *s = r->sql ? db_compose(v->cx, v->db, r->sql) : db_stmt(v->cx, v->db, r->id);
    stmt_int(s, 1, r->runs[i]);
    stmt_text(s, 2, "");
    stmt_int(s, 3, INT64_MAX);
    if (r->sql) stmt_text(s, 4, "");
    if (r->sql) stmt_text(s, 5, "\xf4\x8f\xbf\xbf"); /* behind every key */
    while (stmt_row(v->cx, s))
      if (ranged_take(v, r, s)) break;
    stmt_done(s);
  }
  return v->cx->code;
}

/* ---- one table ---- */

struct report {
  struct jw *w;
  const char *table; /* of the line that is open; parts of one table are one line */
  int64_t rows;
  bool same;
};

static void close_line(struct report *to) {
  if (!to->table) return;
  jw_record(to->w, NULL, "table", to->table, "rows", to->rows, "same", to->same);
  to->table = NULL;
}

static void add_line(struct verifying *v, struct report *to, const char *table, int64_t rows,
                     struct difference *found) {
  if (to->table && strcmp(to->table, table) != 0) close_line(to);
  if (!to->table) *to = (struct report){ to->w, table, 0, true };
  to->rows += rows;
  v->compared += rows;
  if (!found) return;
  to->same = false;
  if (!v->first) v->first = found;
}

static int compare(struct verifying *v, struct ranged *r, struct report *to) {
  struct difference *found = NULL;
  int64_t rows = 0;
  if (ranged_compare(v, r, &rows, &found)) return v->cx->code;
  add_line(v, to, r->like.table, rows, found);
  return OK;
}

static int compare_log(struct verifying *v, const struct parts *parts, struct report *to) {
  for (int i = 0; i < parts->count && !v->cx->code; i++) {
    const struct part *p = &parts->part[i];
    struct ranged r = { .like = { .table = "change_log",
                                  .columns =
                                      "seq,hlc,at,actor,unit,event,tbl,key,before,after,count,text,hash",
                                  .keys = "seq" },
                        .kinds = "iisttttttt"
                                 "itx",
                        .each = each_entry,
                        .from = p->from,
                        .to = p->to,
                        .condition = ctx_printf(v->cx, "origin = %lld AND seq > %lld AND seq <= %lld",
                                                (long long)p->origin, (long long)p->from, (long long)p->to) };
    compare(v, &r, to);
  }
  return v->cx->code;
}

/* The runs of a part; counting: only those whose rows count. */
static int runs_of(struct verifying *v, const struct part *p, int64_t sent, bool counting, int64_t **out,
                   int *count, const char **list) {
  int room = 0;
  struct buf text;
  buf_init(&text, SIZE_MAX);
  *count = 0;
  *out = NULL;
  struct stmt *s = db_ask(v->cx, v->db, SQL_sync_runs_between, p->from, p->to, sent);
  while (stmt_row(v->cx, s)) {
    if (counting && !col_int(s, 1)) continue;
    if (*count == room) {
      int64_t *more = ctx_alloc(v->cx, (size_t)(room = room ? room * 2 : 64) * sizeof *more);
      if (*count) memcpy(more, *out, (size_t)*count * sizeof *more);
      *out = more;
    }
    buf_printf(&text, "%s%lld", text.n ? "," : "", (long long)col_int(s, 0));
    (*out)[(*count)++] = col_int(s, 0);
  }
  *list = ctx_take(v->cx, &text);
  return v->cx->code;
}

/* A table whose rows belong to runs. */
static int compare_of_runs(struct verifying *v, struct ranged *r, const struct lane_parts *lane,
                           bool counting, struct report *to) {
  const struct parts *parts = &lane->parts;
  for (int i = 0; i < parts->count && !v->cx->code; i++) {
    int64_t *runs;
    const char *list;
    if (runs_of(v, &parts->part[i], lane->sent, counting, &runs, &r->run_count, &list)) return v->cx->code;
    r->runs = runs;
    r->condition = ctx_printf(v->cx, "origin = %lld AND %s = ANY ('{%s}'::bigint[])",
                              (long long)parts->part[i].origin, r->like.of ? r->like.of : "run", list);
    compare(v, r, to);
  }
  return v->cx->code;
}

static int stock_until(struct verifying *v, int64_t seq, int64_t *out) {
  *out = 0;
  *out = stmt_number(v->cx, db_ask(v->cx, v->db, SQL_sync_stock_until, seq), *out);
  return v->cx->code;
}

/* What left for files that a policy has deleted since is at headquarters alone. */
static const char *not_purged(struct verifying *v) {
  struct buf out;
  buf_init(&out, LIMIT_BODY_BYTES);
  struct stmt *s = db_stmt(v->cx, v->db, SQL_sync_purged);
  while (stmt_row(v->cx, s))
    buf_printf(&out,
               " AND NOT (warehouse = %s AND id BETWEEN %lld AND %lld AND (extract(epoch FROM at) * "
               "1000000)::bigint BETWEEN %lld AND %lld)",
               pg_literal(v->cx, v->pg, col_dup(v->cx, s, 0)), (long long)col_int(s, 1),
               (long long)col_int(s, 2), (long long)col_int(s, 3), (long long)col_int(s, 4));
  return ctx_take(v->cx, &out);
}

static int compare_moves(struct verifying *v, struct ranged *r, const struct parts *parts,
                         struct report *to) {
  const char *but = not_purged(v);
  for (int i = 0; i < parts->count && !v->cx->code; i++) {
    const struct part *p = &parts->part[i];
    if (stock_until(v, p->from, &r->from) || stock_until(v, p->to, &r->to)) return v->cx->code;
    r->condition = ctx_printf(v->cx, "origin = %lld AND id > %lld AND id <= %lld%s", (long long)p->origin,
                              (long long)r->from, (long long)r->to, but);
    compare(v, r, to);
  }
  return v->cx->code;
}

/* Rules are told once, whatever run they judged, and under whichever origin that was. */
static int each_rule_set(struct verifying *v, struct ranged *r) {
  struct stmt *s = db_ask(v->cx, v->db, SQL_sync_rule_sets, r->to);
  while (stmt_row(v->cx, s))
    if (ranged_take(v, r, s)) break;
  stmt_done(s);
  return v->cx->code;
}

static int compare_rule_sets(struct verifying *v, struct ranged *r, const struct lane_parts *lane,
                             struct report *to) {
  r->each = each_rule_set;
  r->to = lane->sent;
  r->like.keys = "sha256";
  r->condition = ctx_printf(v->cx,
                            "origin = (SELECT min(x.origin) FROM outpost.rule_set x WHERE x.organization_id "
                            "= rule_set.organization_id AND x.sha256 = rule_set.sha256 AND x.origin = ANY "
                            "('%s'::int[])) AND sha256 IN (SELECT x.sha256 FROM outpost.run_rule_set x WHERE "
                            "x.organization_id = rule_set.organization_id AND x.origin = ANY ('%s'::int[]))",
                            v->origins, v->origins);
  return compare(v, r, to);
}

static int compare_streams(struct verifying *v, const struct lane_parts *rows,
                           const struct lane_parts *checks, const struct lane_parts *raw, struct report *to) {
  const struct stream *st;
  for (int i = 0; (st = stream_at(i)) && !v->cx->code; i++) {
    struct ranged r = { .like = st->like, .kinds = st->kinds, .id = st->sql, .each = each_of_runs };
    const struct lane_parts *lane = strcmp(st->lane, "raw") == 0      ? raw
                                    : strcmp(st->lane, "checks") == 0 ? checks
                                                                      : rows;
    if (lane == checks && !checks->sent) continue; /* headquarters may have no tables for it yet */
    if (st->by) r.like.keys = st->by;
    if (st->when == STREAM_STOCK) {
      r.each = ranged_moves;
      compare_moves(v, &r, &rows->parts, to);
    } else if (r.like.keys)
      compare_of_runs(v, &r, lane, false, to);
    else
      compare_rule_sets(v, &r, lane, to);
  }
  const struct dataset *d;
  for (int i = 0; (d = dataset_at(i)) && !v->cx->code; i++) {
    struct ranged r = { .each = each_of_runs, .dataset = d };
    stream_versions(v->cx, d, &r.like, &r.kinds, &r.sql);
    compare_of_runs(v, &r, rows, true, to);
  }
  return v->cx->code;
}

static int compare_records(struct verifying *v, int64_t log_sent, struct report *to) {
  const struct entity *e;
  for (int i = 0; (e = entity_at(i)) && !v->cx->code; i++) {
    struct difference *found = NULL;
    int64_t rows = 0;
    if (e->sync == SYNC_NONE) continue;
    if (!records_compare(v, e, log_sent, &rows, &found)) add_line(v, to, e->table, rows, found);
  }
  return v->cx->code;
}

/* ---- the seals ---- */

static int check_seals(struct verifying *v, struct jw *w, int64_t *bad) {
  struct pg_rows *rows;
  pg_patience(v->pg, SEALS_PATIENCE);
  *bad = 0;
  if (pg_ask(v->cx, v->pg, &rows,
             "SELECT c.problem FROM unnest($2::int[]) AS o, outpost.check_chain($1::uuid, o) AS c UNION ALL "
             "SELECT b.problem FROM unnest($2::int[]) AS o, outpost.check_batches($1::uuid, o) AS b",
             v->up.organization, v->origins))
    return v->cx->code;
  jw_array(w, "seals");
  *bad = pg_rows_count(rows);
  for (int i = 0; i < *bad; i++) jw_str(w, NULL, pg_text(rows, i, 0));
  jw_close(w, ']');
  return OK;
}

static void write_first(const struct verifying *v, struct jw *w) {
  const struct difference *d = v->first;
  if (!d) {
    jw_text(w, "first", NULL);
    return;
  }
  jw_record(w, "first", "table", d->table, "key", d->key, "column", d->column, "here", d->here, "there",
            d->there, "text", d->text);
}

static int add_behind(struct verifying *v, enum sync_lane_id id, int64_t *rows) {
  struct sync_lane lane;
  struct sync_behind behind;
  if (sync_lane_read(v->cx, v->db, id, &lane) || sync_lane_behind(v->cx, v->db, &lane, &behind))
    return v->cx->code;
  *rows += behind.rows;
  return OK;
}

static const char *sentence(struct ctx *cx, const struct verifying *v, int64_t bad, int64_t behind,
                            int64_t rows) {
  const char *unsent = "";
  if (behind || rows)
    unsent = ctx_printf(cx, "; %lld entries of the log and %lld rows are not sent yet", (long long)behind,
                        (long long)rows);
  if (v->first) return ctx_printf(cx, "not the same: %s%s", v->first->text, unsent);
  if (bad) return ctx_printf(cx, "the rows are the same, but headquarters' seals do not hold%s", unsent);
  return ctx_printf(cx, "both sides hold the same: %lld rows compared%s", (long long)v->compared, unsent);
}

int sync_verify(struct ctx *cx, struct tenant *t, struct pg *p, struct jw *w, bool *same) {
  struct verifying v = { .cx = cx, .pg = p };
  struct lane_parts log, rows, checks, raw;
  struct report to = { .w = w };
  struct change_end end;
  int64_t bad;
  if (tenant_read(cx, t, &v.db) || sync_upstream_need(cx, v.db, &v.up) || read_origins(&v) ||
      change_last(cx, v.db, &end))
    return cx->code;
  if (read_parts(&v, LANE_LOG, &log) || read_parts(&v, LANE_ROWS, &rows) ||
      read_parts(&v, LANE_CHECKS, &checks) || read_parts(&v, LANE_RAW, &raw))
    return cx->code;
  checks.parts = rows.parts; /* what is said of a run stands where the run stands */
  jw_object(w, NULL);
  jw_array(w, "tables");
  if (compare_log(&v, &log.parts, &to) || compare_streams(&v, &rows, &checks, &raw, &to) ||
      compare_records(&v, log.sent, &to))
    return cx->code;
  close_line(&to);
  jw_close(w, ']');
  if (check_seals(&v, w, &bad)) return cx->code;
  int64_t behind = end.seq - log.sent, rows_behind = 0;
  if (add_behind(&v, LANE_ROWS, &rows_behind) || add_behind(&v, LANE_CHECKS, &rows_behind) ||
      add_behind(&v, LANE_RAW, &rows_behind))
    return cx->code;
  *same = !v.first && !bad;
  jw_bool(w, "same", *same);
  jw_text(w, "sentence", sentence(cx, &v, bad, behind, rows_behind));
  write_first(&v, w);
  jw_put(w, "compared", v.compared, "not_sent", behind, "rows_not_sent", rows_behind, "to_pull", v.to_pull);
  holdings_json(w, "stays");
  jw_close(w, '}');
  return OK;
}

#include "ingest/undo.h"

#include "base/log.h"
#include "base/time.h"
#include "ingest/checks.h"
#include "ingest/derive.h"
#include "ingest/follow_up.h"
#include "ingest/totals.h"
#include "ingest/versions.h"
#include "model/entity.h"
#include "store/change.h"
#include "store/column.h"

/* One undo or redo on its way. */
struct move {
  struct tenant *tenant;
  const char *name;
  struct db *db;
  const struct kept_run *run;
  struct undo_result *out;
  int64_t at; /* when and by whom, as the log has it */
  const char *actor;
};

/* ---- SQL over a dataset's tables: ?1 is the run, ?2 and ?3 its smallest and largest key ---- */

static struct stmt *prepare(struct ctx *cx, const struct move *m, const char *sql) {
  struct stmt *s = db_once(cx, m->db, sql);
  if (!s) return NULL;
  if (strstr(sql, "?1")) stmt_int(s, 1, m->run->id);
  if (strstr(sql, "?2")) stmt_str(s, 2, m->run->key_min);
  if (strstr(sql, "?3")) stmt_str(s, 3, m->run->key_max);
  return s;
}

static int run_sql(struct ctx *cx, const struct move *m, const char *sql, int64_t *changed) {
  if (stmt_run(cx, prepare(cx, m, sql))) return cx->code;
  if (changed) *changed = db_changes(m->db);
  return OK;
}

/* Of each key that is among the run's, the version below the top with the highest rank: a
** subquery w. (With max(), SQLite's other columns are those of the row that has it.) Where
** the past is that of one run, its rows are them. */
static const char *next_below(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  const char *columns = "p.key, p.run, p.record";
  struct stmt *s = db_once(cx, m->db,
                           ctx_printf(cx, "SELECT (SELECT min(run) FROM %s) = (SELECT max(run) FROM %s)",
                                      d->past_table, d->past_table));
  bool one = stmt_row(cx, s) && col_int(s, 0);
  if (s) stmt_done(s);
  for (int i = 0; i < d->field_count; i++)
    columns = ctx_printf(cx, "%s, p.%s AS %s", columns, d->fields[i].name, d->fields[i].name);
  if (one)
    return ctx_printf(cx, "(SELECT %s FROM %s p WHERE p.key BETWEEN ?2 AND ?3) w", columns, d->past_table);
  return ctx_printf(
      cx,
      "(WITH ranks AS MATERIALIZED (SELECT id, rank FROM run) SELECT %s, max(r.rank << 31 | r.id) FROM %s p "
      "CROSS JOIN ranks r ON r.id = p.run WHERE p.key BETWEEN ?2 AND ?3 GROUP BY p.key) w",
      columns, d->past_table);
}

static int figures(struct ctx *cx, const struct move *m, int64_t *out) {
  const struct dataset *d = m->run->dataset;
  struct stmt *s =
      db_once(cx, m->db,
              ctx_printf(cx, "SELECT coalesce(sum(orders), 0)%s FROM %s",
                         dataset_total_columns(cx, d, "coalesce(sum(", "), 0)"), d->current_table));
  if (!stmt_row(cx, s)) return cx->code;
  for (int i = 0; i < stmt_columns(s); i++) out[i] = col_int(s, i);
  stmt_done(s);
  return OK;
}

/* ---- what stays ---- */

/* Rows that the run made and somebody changed since: all are counted, some named. */
static int name_kept(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  const char *sql =
      ctx_printf(cx,
                 "SELECT p.key, r.uuid, r.actor, r.started_at, r.kind FROM %s p JOIN %s x ON x.key = p.key "
                 "JOIN run r ON r.id = x.run WHERE p.run = ?1 ORDER BY p.key LIMIT %d",
                 d->past_table, d->table, UNDO_NAMED);
  struct stmt *s = prepare(cx, m, sql);
  m->out->kept_rows = ctx_alloc(cx, UNDO_NAMED * sizeof *m->out->kept_rows);
  while (stmt_row(cx, s)) {
    bool edit = str_eq(col_str(s, 4), STR("edit"));
    m->out->kept_rows[m->out->kept_named++] =
        (struct undo_row){ .key = col_dup(cx, s, 0),
                           .run = col_dup(cx, s, 1),
                           .actor = col_dup(cx, s, 2),
                           .at = col_int(s, 3),
                           .reason = edit ? "a person changed it since" : "a later import changed it" };
  }
  return cx->code;
}

static int keep(struct ctx *cx, const struct move *m, const char *key, const char *reason) {
  return db_act(cx, m->db, SQL_undo_kept_add, m->run->id, key, reason);
}

/* Rows that would be gone although a record of this entity speaks of them. */
static int block_for(struct ctx *cx, const struct move *m, const struct entity *e) {
  const struct dataset *d = m->run->dataset;
  const char *sql = ctx_printf(
      cx,
      "SELECT DISTINCT x.key FROM %s e JOIN %s x ON x.key = e.%s WHERE x.run = ?1 AND e.deleted_at IS NULL "
      "AND e.%s = '%s' AND NOT EXISTS (SELECT 1 FROM %s p WHERE p.key = x.key)",
      e->table, d->table, e->hooks.row_key, e->hooks.row_dataset, d->name, d->past_table);
  struct stmt *s = prepare(cx, m, sql);
  const char *reason = ctx_printf(cx, "a %s speaks of it", e->name);
  while (stmt_row(cx, s)) keep(cx, m, ctx_strdup(cx, col_str(s, 0)), reason);
  return cx->code;
}

static int block(struct ctx *cx, const struct move *m) {
  for (int i = 0; entity_at(i) && !cx->code; i++)
    if (entity_at(i)->hooks.row_key) block_for(cx, m, entity_at(i));
  return cx->code;
}

/* What an entry of the log says stayed. */
static int block_as_noted(struct ctx *cx, const struct move *m, struct str entry) {
  struct jv *root, *list;
  if (jv_parse(cx, entry, &root)) return cx->code;
  list = jv_get(root, "kept");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++)
    keep(cx, m, ctx_strdup(cx, jv_text(jv_get(jv_at(list, i), "key"))),
         ctx_strdup(cx, jv_text(jv_get(jv_at(list, i), "reason"))));
  return cx->code;
}

static int name_blocked(struct ctx *cx, const struct move *m) {
  struct stmt *s = db_ask(cx, m->db, SQL_undo_kept_list, m->run->id);
  m->out->blocked_rows = ctx_alloc(cx, UNDO_NAMED * sizeof *m->out->blocked_rows);
  while (stmt_row(cx, s))
    if (m->out->blocked++ < UNDO_NAMED)
      m->out->blocked_rows[m->out->blocked_named++] =
          (struct undo_row){ .key = col_dup(cx, s, 0), .reason = col_dup(cx, s, 1) };
  return cx->code;
}

/* ---- undo ---- */

/* Versions that are below others go; what is above them stays. */
static int leave_below(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  if (totals_count_rows(cx, m->db, d, ctx_printf(cx, "%s WHERE run = ?1", d->past_table), m->run->id, NULL))
    return cx->code; /* the run's totals, which are given back below, count them */
  return run_sql(cx, m, ctx_printf(cx, "DELETE FROM %s WHERE run = ?1", d->past_table), &m->out->kept);
}

/* A version is in one place: what is on top now leaves the past, and counts. Often that is
** all there is in the past, and then nothing need be looked up. */
static int leave_past(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  struct stmt *s = db_once(cx, m->db, ctx_printf(cx, "SELECT count(*) FROM %s", d->past_table));
  bool all = stmt_row(cx, s) && col_int(s, 0) == m->out->restored;
  if (cx->code) return cx->code;
  stmt_done(s);
  const char *where =
      all ? ""
          : ctx_printf(cx,
                       " AS p WHERE p.run <> ?1 AND p.key BETWEEN ?2 AND ?3 AND p.run = (SELECT run "
                       "FROM %s x WHERE x.key = p.key)",
                       d->table);
  const char *from = ctx_printf(cx, "%s%s", d->past_table, where);
  if (totals_count_rows(cx, m->db, d, from, all ? 0 : m->run->id,
                        all ? NULL : (struct str[]){ m->run->key_min, m->run->key_max }))
    return cx->code;
  return run_sql(cx, m, ctx_printf(cx, "DELETE FROM %s", from), NULL);
}

/* Where the run is on top of something, that comes back. */
static int restore(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  const char *set = "run = w.run, record = w.record";
  struct stmt *s = db_once(cx, m->db, ctx_printf(cx, "SELECT 1 FROM %s LIMIT 1", d->past_table));
  if (!stmt_row(cx, s)) return cx->code;
  stmt_done(s);
  for (int i = 0; i < d->field_count; i++)
    set = ctx_printf(cx, "%s, %s = w.%s", set, d->fields[i].name, d->fields[i].name);
  const char *back = ctx_printf(cx, "UPDATE %s AS x SET %s FROM %s WHERE x.key = w.key AND x.run = ?1",
                                d->table, set, next_below(cx, m));
  if (run_sql(cx, m, back, &m->out->restored)) return cx->code;
  return m->out->restored ? leave_past(cx, m) : OK;
}

static int remove_rows(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  const char *but = m->out->blocked ? " AND key NOT IN (SELECT key FROM undo_kept WHERE run = ?1)" : "";
  if (m->out->blocked &&
      totals_count_rows(
          cx, m->db, d,
          ctx_printf(cx, "%s WHERE key IN (SELECT key FROM undo_kept WHERE run = ?1)", d->table), m->run->id,
          NULL))
    return cx->code;
  return run_sql(cx, m,
                 ctx_printf(cx, "DELETE FROM %s WHERE run = ?1 AND key BETWEEN ?2 AND ?3%s", d->table, but),
                 &m->out->removed);
}

static int reopen(struct ctx *cx, const struct move *m) {
  if (db_act(cx, m->db, SQL_reject_reopen, m->run->id)) return cx->code;
  m->out->reopened = db_changes(m->db);
  return OK;
}

static int mark_undone(struct ctx *cx, const struct move *m) {
  return db_act(cx, m->db, SQL_undone_add, m->run->id, m->at, m->actor);
}

/* Everything but the log. What stays is known already (block). */
static int undo_rows(struct ctx *cx, const struct move *m) {
  const struct dataset *d = m->run->dataset;
  int rc = name_blocked(cx, m);
  if (!rc) rc = leave_below(cx, m);
  if (!rc) rc = restore(cx, m);
  if (!rc) rc = remove_rows(cx, m);
  if (!rc) rc = totals_count(cx, m->db, d, m->run->id, -1);
  if (!rc) rc = totals_tidy(cx, m->db, d);
  if (!rc) rc = reopen(cx, m);
  if (!rc) rc = mark_undone(cx, m);
  return rc;
}

/* The entry says which rows stayed, so that a replay need not ask today's records. */
static const char *entry_of(struct ctx *cx, const struct move *m, int64_t crc) {
  struct buf out;
  struct jw w;
  jw_begin(&w, &out, LIMIT_REPLY_BYTES);
  jw_put(&w, "run", m->run->id, "removed", m->out->removed, "restored", m->out->restored, "changed_since",
         m->out->kept, "reopened", m->out->reopened, "kept_crc", crc);
  jw_array(&w, "kept");
  struct stmt *s = db_ask(cx, m->db, SQL_undo_kept_list, m->run->id);
  while (stmt_row(cx, s)) {
    jw_object(&w, NULL);
    columns_write(&w, s, 0, "key, reason");
    jw_close(&w, '}');
  }
  jw_close(&w, ']');
  jw_close(&w, '}');
  if (out.full)
    fail(cx, E_LIMIT, "run", "records speak of too many rows of run %s for all of them to be noted",
         m->run->uuid);
  return ctx_take(cx, &out);
}

static int note_undo(struct ctx *cx, const struct move *m) {
  struct check_subject subject = {
    .dataset = m->run->dataset, .run = m->run->id, .key_min = m->run->key_min, .key_max = m->run->key_max
  };
  int64_t crc = 0; /* of what stayed */
  if (m->out->blocked && checks_digest(cx, m->db, &subject, &crc, NULL, NULL)) return cx->code;
  const char *entry = entry_of(cx, m, crc);
  return change_append(
      cx, m->db,
      &(struct change){ .event = "RUN_UNDONE",
                        .unit = m->run->uuid,
                        .table = m->run->dataset->table,
                        .after = str_of(entry),
                        .count = m->out->removed + m->out->restored,
                        .text = ctx_printf(cx,
                                           "the run was undone: %lld rows removed, %lld restored, "
                                           "%lld changed since, %lld blocked, %lld exceptions "
                                           "open again",
                                           (long long)m->out->removed, (long long)m->out->restored,
                                           (long long)m->out->kept, (long long)m->out->blocked,
                                           (long long)m->out->reopened) });
}

/* ---- what depends on it ---- */

static void depend(struct ctx *cx, struct undo_result *out, const char *kind, int64_t count,
                   const char *text) {
  if (count == 0 || cx->code) return;
  out->dependent[out->dependent_count++] =
      (struct undo_dependent){ kind, count, ctx_printf(cx, "%lld %s", (long long)count, text) };
}

static int64_t count_of(struct ctx *cx, const struct move *m, enum sql_id id) {
  struct stmt *s = db_ask(cx, m->db, id, m->run->id);
  if (id == SQL_undo_duplicates) stmt_text(s, 2, m->run->dataset_name);
  int64_t n = stmt_row(cx, s) ? col_int(s, 0) : 0;
  if (s) stmt_done(s);
  return n;
}

static int list_dependents(struct ctx *cx, const struct move *m) {
  depend(
      cx, m->out, "exceptions", count_of(cx, m, SQL_undo_duplicates),
      "records of later imports were rejected because a row of this run had their key; they stay exceptions");
  depend(cx, m->out, "corrections", count_of(cx, m, SQL_undo_corrected),
         "of its exceptions were corrected; the corrected rows belong to runs of their own and stay");
  depend(cx, m->out, "reviews", count_of(cx, m, SQL_undo_reviews),
         "decisions about its exceptions leave the desk with it");
  return cx->code;
}

/* ---- redo ---- */

static int forget_undone(struct ctx *cx, const struct move *m) {
  static const enum sql_id statements[] = { SQL_undone_remove, SQL_undo_kept_forget };
  for (int i = 0; i < 2 && !cx->code; i++) {
    db_act(cx, m->db, statements[i], m->run->id);
  }
  return cx->code;
}

static int check_same(struct ctx *cx, const struct move *m, const struct flow_result *flow,
                      const struct load_result *load) {
  if (strcmp(flow->sha256, m->run->sha256) == 0 && load->clean == m->run->clean &&
      load->rejected == m->run->rejected && (int64_t)load->clean_crc == m->run->clean_crc)
    return OK;
  return fail(cx, E_CONFLICT, "run",
              "run %s comes out differently from its original bytes; nothing was changed", m->run->uuid);
}

/* Everything but the log: the rows are derived again, each to its place in the stack. */
static int redo_rows(struct ctx *cx, struct move *m) {
  struct derived d;
  if (run_derive(cx, m->tenant, m->db, m->run, LOADER_REDO, &d) || check_same(cx, m, &d.flow, &d.load) ||
      forget_undone(cx, m))
    return cx->code;
  m->out->replaced = d.load.updated + d.load.unchanged;
  m->out->below = d.load.below;
  m->out->there = d.load.there;
  m->out->settled = d.load.settled;
  m->out->placed = d.load.clean - m->out->replaced - d.load.below - d.load.there;
  return OK;
}

static int note_redo(struct ctx *cx, const struct move *m) {
  return change_append(
      cx, m->db,
      &(struct change){
          .event = "RUN_REDONE",
          .unit = m->run->uuid,
          .table = m->run->dataset->table,
          .after = str_of(ctx_printf(cx, "{\"run\":%lld}", (long long)m->run->id)),
          .count = m->run->clean,
          .text = ctx_printf(cx,
                             "the run was redone: %lld rows placed, %lld in the place of older ones, "
                             "%lld below newer ones, %lld had stayed, %lld exceptions settled",
                             (long long)m->out->placed, (long long)m->out->replaced, (long long)m->out->below,
                             (long long)m->out->there, (long long)m->out->settled) });
}

/* ---- all of it ---- */

static int check_state(struct ctx *cx, const struct move *m) {
  const struct kept_run *r = m->run;
  if (strcmp(r->state, "done") != 0)
    return fail(cx, E_CONFLICT, "run", "run %s is %s: there is nothing of it that could be %s", r->uuid,
                r->state, m->out->redo ? "redone" : "undone");
  if (!r->dataset) return fail(cx, E_NOT_FOUND, NULL, "this program has no dataset %s", r->dataset_name);
  if (r->undone && !m->out->redo)
    return fail(cx, E_CONFLICT, "run", "run %s is undone already; `outpost redo` brings it back", r->uuid);
  if (!r->undone && m->out->redo) return fail(cx, E_CONFLICT, "run", "run %s is not undone", r->uuid);
  struct stmt *s = db_ask(cx, m->db, SQL_undo_in_its_place, r->id);
  bool other = m->out->redo && stmt_row(cx, s);
  if (other)
    fail(cx, E_CONFLICT, "run", "run %s stands in the place of this one; undo that first",
         ctx_strdup(cx, col_str(s, 0)));
  if (other) stmt_done(s);
  return cx->code;
}

static int undo_all(struct ctx *cx, struct move *m) {
  int rc = name_kept(cx, m);
  if (!rc) rc = list_dependents(cx, m);
  if (!rc) rc = block(cx, m);
  if (!rc) rc = undo_rows(cx, m);
  if (!rc) rc = note_undo(cx, m);
  if (!rc) rc = follow_up_order(cx, m->db, m->run->dataset);
  return rc;
}

static int redo_all(struct ctx *cx, struct move *m) {
  return redo_rows(cx, m) || note_redo(cx, m) || follow_up_order(cx, m->db, m->run->dataset) ? (int)cx->code
                                                                                             : OK;
}

static int move_alone(struct ctx *cx, struct db *db, void *arg) {
  struct move *m = arg;
  struct undo_result *out = m->out;
  struct kept_run run;
  cx->now = time_now();
  m->db = db;
  m->run = &run;
  m->at = cx->now;
  m->actor = cx->actor;
  int rc = db_begin(cx, db);
  if (!rc) rc = kept_find(cx, db, m->name, &run);
  if (!rc) rc = check_state(cx, m);
  if (!rc) out->run = run.uuid, out->dataset = run.dataset;
  if (!rc) rc = figures(cx, m, out->before);
  if (!rc) rc = out->redo ? redo_all(cx, m) : undo_all(cx, m);
  if (!rc) rc = figures(cx, m, out->after);
  if (!rc && !out->dry_run) rc = db_commit(cx, db);
  db_rollback(db);
  return rc;
}

static int move(struct ctx *cx, struct tenant *t, const char *run, bool redo, bool dry_run,
                struct undo_result *out) {
  double began = time_seconds();
  struct move m = { .tenant = t, .name = run, .out = out };
  *out = (struct undo_result){ .redo = redo, .dry_run = dry_run };
  if (tenant_write_alone(cx, t, move_alone, &m)) return cx->code;
  out->seconds = time_seconds() - began;
  if (!dry_run)
    log_line(LOG_INFO, cx, redo ? "RUN_REDONE" : "RUN_UNDONE", "run %s, %.3f s", out->run, out->seconds);
  return OK;
}

int undo_run(struct ctx *cx, struct tenant *t, const char *run, bool dry_run, struct undo_result *out) {
  return move(cx, t, run, false, dry_run, out);
}

int redo_run(struct ctx *cx, struct tenant *t, const char *run, bool dry_run, struct undo_result *out) {
  return move(cx, t, run, true, dry_run, out);
}

int undo_apply(struct ctx *cx, struct db *db, const struct kept_run *run, struct undo_result *out) {
  struct kept_run now; /* somebody may have undone it since `run` was read */
  struct move m = { .db = db, .run = &now, .out = out, .at = cx->now, .actor = cx->actor };
  *out = (struct undo_result){ .run = run->uuid };
  return kept_by_id(cx, db, run->id, &now) || check_state(cx, &m) || undo_all(cx, &m) ? cx->code : OK;
}

int undo_replay(struct ctx *cx, struct db *db, const struct kept_run *run, struct str entry, int64_t at,
                const char *actor) {
  struct undo_result ignored = { .run = run->uuid };
  struct move m = { .db = db, .run = run, .out = &ignored, .at = at, .actor = actor };
  return block_as_noted(cx, &m, entry) || undo_rows(cx, &m) ? cx->code : OK;
}

int redo_replay(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run) {
  struct undo_result ignored = { .run = run->uuid, .redo = true };
  struct move m = { .tenant = t, .db = db, .run = run, .out = &ignored };
  return redo_rows(cx, &m);
}

/* ---- JSON ---- */

static void write_figures(struct jw *w, const char *key, const struct dataset *d, const int64_t *figure) {
  int n = 1;
  jw_object(w, key);
  jw_int(w, "orders", figure[0]);
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].total) jw_decimal(w, d->fields[i].name, figure[n++], d->fields[i].scale, 2);
  jw_close(w, '}');
}

static void write_rows(struct jw *w, const char *key, const struct undo_row *rows, int count) {
  jw_array(w, key);
  for (int i = 0; i < count; i++) {
    jw_object(w, NULL);
    jw_put(w, "key", rows[i].key, "reason", rows[i].reason);
    if (rows[i].run) jw_put(w, "run", rows[i].run, "actor", rows[i].actor, "at", arg_time(rows[i].at));
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

void undo_json(struct jw *w, const char *key, const struct undo_result *r) {
  jw_object(w, key);
  jw_put(w, "run", r->run, "action", r->redo ? "redo" : "undo", "dry_run", r->dry_run);
  jw_object(w, "rows");
  if (r->redo) {
    jw_put(w, "placed", r->placed, "replaced", r->replaced, "below", r->below, "there", r->there, "settled",
           r->settled);
  } else {
    jw_put(w, "removed", r->removed, "restored", r->restored, "kept", r->kept, "blocked", r->blocked,
           "reopened", r->reopened);
  }
  jw_close(w, '}');
  write_rows(w, "kept", r->kept_rows, r->kept_named);
  write_rows(w, "blocked", r->blocked_rows, r->blocked_named);
  jw_array(w, "dependents");
  for (int i = 0; i < r->dependent_count; i++)
    jw_record(w, NULL, "kind", r->dependent[i].kind, "count", r->dependent[i].count, "text",
              r->dependent[i].text);
  jw_close(w, ']');
  jw_object(w, "figures");
  write_figures(w, "before", r->dataset, r->before);
  write_figures(w, "after", r->dataset, r->after);
  jw_close(w, '}');
  jw_real(w, "seconds", r->seconds, 3);
  jw_close(w, '}');
}

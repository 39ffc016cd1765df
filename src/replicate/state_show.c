/*
** state_show.c - how replication stands, as JSON for the page, the API and the terminal.
**
**   state     none        not enrolled
**             up to date  headquarters holds everything
**             sending     something is behind and the link is there
**             waiting     it went wrong and is tried again
**             refused     headquarters does not let us in: somebody must do something
**             paused      by a person
*/
#include "base/time.h"
#include "replicate/pg.h"
#include "replicate/schema.h"
#include "replicate/state.h"
#include "replicate/went_back.h"

struct shown {
  struct sync_upstream up;
  struct sync_lane lane[LANE_COUNT];
  struct sync_behind behind[LANE_COUNT];
  int64_t rows, bytes, speed, holds_until, contact_at;
  const char *error, *error_code; /* NULL: none */
  int64_t since, tries, next_try;
  int64_t there; /* the number of headquarters' schema; 0: not known */
  int64_t put_back_at,
      comes_back; /* when the file was put back, 0: not; entries that headquarters holds beyond it, as far as is known */
};

static int read_lanes(struct ctx *cx, struct db *db, struct shown *o) {
  for (int i = 0; i < LANE_COUNT; i++) {
    if (sync_lane_read(cx, db, i, &o->lane[i]) || sync_lane_behind(cx, db, &o->lane[i], &o->behind[i]))
      return cx->code;
    o->rows += o->behind[i].rows;
    o->bytes += o->behind[i].bytes;
  }
  return OK;
}

/* "db.example.com:5432/hq": the rest of the dsn is nobody's business who looks. */
static const char *place_of(struct ctx *cx, const char *dsn) {
  const char *host, *port, *name;
  if (pg_dsn_part(cx, dsn, "host", &host) || pg_dsn_part(cx, dsn, "port", &port) ||
      pg_dsn_part(cx, dsn, "dbname", &name))
    return NULL;
  return ctx_printf(cx, "%s%s%s/%s", host ? host : "", port ? ":" : "", port ? port : "", name ? name : "");
}

static int read_put_back(struct ctx *cx, struct db *db, struct shown *o) {
  struct stmt *s = db_stmt(cx, db, SQL_sync_put_back);
  if (!stmt_row(cx, s)) return cx->code;
  int64_t beyond = o->lane[LANE_LOG].seq - col_int(s, 0) + 1;
  o->put_back_at = col_int(s, 1);
  o->comes_back = beyond > 0 ? beyond : 0;
  stmt_done(s);
  return OK;
}

static int read_all(struct ctx *cx, struct db *db, struct shown *o) {
  *o = (struct shown){ 0 };
  if (sync_upstream_read(cx, db, &o->up) || !o->up.enrolled) return cx->code;
  if (read_lanes(cx, db, o) || read_put_back(cx, db, o) || sync_holds_until(cx, db, &o->holds_until))
    return cx->code;
  o->speed = db_int(cx, db, SQL_sync_speed, 0);
  o->there = db_int(cx, db, SQL_sync_there, 0);
  o->contact_at = db_int(cx, db, SQL_sync_last_contact, 0);
  struct stmt *s = db_stmt(cx, db, SQL_sync_error_get);
  if (!stmt_row(cx, s)) return cx->code;
  o->error_code = col_dup(cx, s, 0);
  o->error = col_dup(cx, s, 1);
  o->since = col_int(s, 2);
  o->tries = col_int(s, 3);
  o->next_try = col_int(s, 4);
  stmt_done(s);
  return OK;
}

static const char *state_of(const struct shown *o) {
  if (!o->up.enrolled) return "none";
  if (o->up.paused) return "paused";
  if (o->error) return strcmp(o->error_code, err_name(E_DENIED)) ? "waiting" : "refused";
  return o->rows || !o->contact_at ? "sending" : "up to date";
}

/* 14:32 on the day itself, otherwise with the date. */
static const char *moment(struct ctx *cx, int64_t us) {
  char iso[TIME_SIZE];
  time_iso(iso, us);
  if (us / DAY_US == cx->now / DAY_US) return ctx_printf(cx, "%.5s UTC", iso + 11);
  return ctx_printf(cx, "%.10s %.5s UTC", iso, iso + 11);
}

static const char *put_back(struct ctx *cx, const struct shown *o) {
  const char *when = moment(cx, o->put_back_at);
  if (!o->comes_back)
    return ctx_printf(
        cx, "the file was put back at %s: what headquarters holds beyond it comes back with the next sync",
        when);
  return ctx_printf(
      cx, "the file was put back at %s: %lld entries that headquarters holds come back with the next sync",
      when, (long long)o->comes_back);
}

/* Programs of other ages work together; what that means is said once all else is well. */
static const char *ages(struct ctx *cx, const struct shown *o) {
  int here = upstream_version();
  if (!o->there || o->there == here) return "";
  if (o->there > here)
    return ctx_printf(
        cx,
        "; headquarters' schema %lld is newer than this program (%d): what this program does not know "
        "stays there, and comes when it is updated",
        (long long)o->there, here);
  return ctx_printf(
      cx,
      "; headquarters' schema %lld is older than this program (%d): what it has no place for is kept in "
      "its log until outpost upstream init of the newer program is run there",
      (long long)o->there, here);
}

static const char *sentence_of(struct ctx *cx, const struct shown *o) {
  if (!o->up.enrolled)
    return "this tenant is not enrolled at headquarters: outpost upstream enroll --dsn ... does it";
  const char *until =
      o->holds_until ? ctx_printf(cx, "headquarters holds everything up to %s", moment(cx, o->holds_until))
                     : "headquarters holds nothing of it yet";
  if (o->put_back_at) until = put_back(cx, o);
  if (o->up.paused) return ctx_printf(cx, "paused; %s", until);
  if (o->error) return ctx_printf(cx, "%s. %s", o->error, until);
  if (o->put_back_at) return until;
  if (!o->rows) return ctx_printf(cx, "%s%s", until, ages(cx, o));
  if (o->rows == 1) return ctx_printf(cx, "%s; 1 row is on its way", until);
  return ctx_printf(cx, "%s; %lld rows are on their way", until, (long long)o->rows);
}

/* As whom, and how far the line is to be trusted (libpq's sslmode). */
static int put_connection(struct ctx *cx, struct jw *w, const struct shown *o) {
  const char *tls;
  if (!o->up.enrolled) return jw_text(w, "connection", NULL), OK;
  if (pg_dsn_part(cx, o->up.dsn, "sslmode", &tls)) return cx->code;
  jw_record(w, "connection", "role", o->up.role, "tls", tls);
  return OK;
}

static void put_lanes(struct jw *w, const struct shown *o) {
  jw_array(w, "lanes");
  for (int i = 0; o->up.enrolled && i < LANE_COUNT; i++)
    jw_record(w, NULL, "lane", o->lane[i].name, "sequence", o->lane[i].sequence, "position",
              arg_json(str_of(o->lane[i].position)), "behind_rows", o->behind[i].rows, "behind_bytes",
              o->behind[i].bytes, "behind_since", arg_time_known(o->behind[i].since), "confirmed_at",
              arg_time_known(o->lane[i].confirmed_at));
  jw_close(w, ']');
}

static void put_forecast(struct jw *w, const struct shown *o) {
  jw_object(w, "forecast");
  jw_put(w, "rows", o->rows, "bytes", o->bytes);
  if (o->speed)
    jw_int(w, "seconds", (o->bytes + o->speed - 1) / o->speed);
  else
    jw_text(w, "seconds", NULL);
  jw_int(w, "measured_bytes_per_second", o->speed);
  jw_close(w, '}');
}

/* Of a thousand rows, over the last days; null when nothing went up. */
static int put_cost(struct ctx *cx, struct db *db, struct jw *w) {
  struct stmt *s = db_stmt(cx, db, SQL_sync_cost);
  if (!stmt_row(cx, s)) return cx->code;
  jw_object(w, "cost");
  jw_int(w, "rows", col_int(s, 0));
  if (col_null(s, 1)) {
    jw_put(w, "statements_a_thousand_rows", NULL, "bytes_a_thousand_rows", NULL);
  } else {
    jw_put(w, "statements_a_thousand_rows", arg_number(col_int(s, 1), 1, 1), "bytes_a_thousand_rows",
           col_int(s, 2));
  }
  jw_close(w, '}');
  stmt_done(s);
  return OK;
}

static void put_error(struct jw *w, const struct shown *o) {
  if (!o->error) return jw_text(w, "error", NULL);
  jw_record(w, "error", "code", o->error_code, "sentence", o->error, "since", arg_time(o->since), "tries",
            o->tries, "next_try", arg_time(o->next_try));
}

static int put_receipt(struct ctx *cx, struct db *db, struct jw *w) {
  struct stmt *s = db_stmt(cx, db, SQL_sync_last_receipt);
  if (!stmt_row(cx, s)) return jw_text(w, "last_receipt", NULL), cx->code;
  jw_record(w, "last_receipt", "lane", col_str(s, 0), "sequence", col_int(s, 1), "received_at",
            arg_time_known(col_int(s, 2)), "receipt", col_str(s, 3));
  stmt_done(s);
  return OK;
}

static int put_metered(struct ctx *cx, struct db *db, struct jw *w, const struct shown *o) {
  int64_t left;
  if (sync_metered_left(cx, db, &left)) return cx->code;
  if (!o->up.metered_bytes) return jw_text(w, "metered", NULL), OK;
  jw_record(w, "metered", "bytes_a_day", o->up.metered_bytes, "left_today", left);
  return OK;
}

int sync_state_json(struct ctx *cx, struct db *db, struct jw *w, const char *key) {
  struct shown o;
  if (read_all(cx, db, &o)) return cx->code;
  jw_object(w, key);
  jw_bool(w, "enrolled", o.up.enrolled);
  jw_text(w, "state", state_of(&o));
  jw_text(w, "sentence", sentence_of(cx, &o));
  jw_bool(w, "went_back", o.error && str_starts(str_of(o.error), STR(WENT_BACK)));
  jw_put(w, "paused", o.up.paused, "name", o.up.name, "organization", o.up.organization, "edge", o.up.edge);
  jw_text(w, "upstream", o.up.enrolled ? place_of(cx, o.up.dsn) : NULL);
  if (put_connection(cx, w, &o)) return cx->code;
  jw_put(w, "origin", o.up.origin, "epoch", o.up.epoch, "enrolled_at", arg_time_known(o.up.enrolled_at),
         "holds_until", arg_time_known(o.holds_until), "contact_at", arg_time_known(o.contact_at));
  put_lanes(w, &o);
  put_forecast(w, &o);
  jw_int(w, "schema", upstream_version());
  if (o.there)
    jw_int(w, "upstream_schema", o.there);
  else
    jw_text(w, "upstream_schema", NULL);
  jw_time_known(w, "put_back_at", o.put_back_at);
  jw_int(w, "conflicts", db_int(cx, db, SQL_conflict_open, 0));
  put_error(w, &o);
  if (put_cost(cx, db, w) || put_receipt(cx, db, w) || put_metered(cx, db, w, &o)) return cx->code;
  jw_close(w, '}');
  return cx->code;
}

static void put_batches(struct ctx *cx, struct stmt *s, struct jw *w) {
  jw_array(w, "batches");
  while (stmt_row(cx, s))
    jw_record(w, NULL, "lane", col_str(s, 0), "sequence", col_int(s, 1), "rows", col_int(s, 2), "bytes",
              col_int(s, 3), "made_at", arg_time(col_int(s, 4)), "confirmed_at",
              arg_time_known(col_int(s, 5)), "hash", col_str(s, 6), "receipted",
              arg_bool(col_int(s, 7) != 0));
  jw_close(w, ']');
}

int sync_history_json(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key) {
  struct stmt *s = db_ask(cx, db, SQL_sync_history_list, limit);
  if (!s) return cx->code;
  jw_object(w, key);
  jw_array(w, "history");
  while (stmt_row(cx, s))
    jw_record(w, NULL, "id", col_int(s, 0), "at", arg_time(col_int(s, 1)), "kind", col_str(s, 2), "text",
              col_str(s, 3));
  jw_close(w, ']');
  if (cx->code || !(s = db_stmt(cx, db, SQL_sync_batches_list))) return cx->code;
  stmt_int(s, 1, limit);
  put_batches(cx, s, w);
  jw_close(w, '}');
  return cx->code;
}

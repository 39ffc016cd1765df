/*
** state.h - what an edge knows of its way to headquarters: the tables of migration 0019_sync.
**
** Everything is read and written in transactions of the tenant's file. Who moves a lane does it after
** headquarters has committed; when nobody knows whether it has, headquarters is asked first (lane.sequence there).
**
** Lanes, in the order of business: what people did before what they imported, that before how it was judged, and that before the
** files' own bytes.
** A position is a JSON text that only push reads further than "seq": the last entry of the log that is wholly there.
**
** A tenant that is not enrolled has no row of sync_upstream, and nothing here happens.
*/
#ifndef REPLICATE_STATE_H
#define REPLICATE_STATE_H

#include "base/hash.h"
#include "base/json.h"
#include "store/store.h"

enum sync_lane_id { LANE_LOG, LANE_ROWS, LANE_CHECKS, LANE_RAW, LANE_COUNT };
extern const char *const sync_lane_names[LANE_COUNT]; /* "log", "rows", "checks", "raw" */

#define SYNC_PULL_LOOK "*" /* the row of sync_pull that is of no table: see pull_look.c */
#define SYNC_PULL_READ_ONLY                                                                                  \
  "read only "                 /* how the shape of a table begins that headquarters keeps for itself */
#define SYNC_SECRET "upstream" /* the name of the role's password, see notify/secret.h */

struct sync_upstream {
  bool enrolled;
  const char *dsn;                /* without the password */
  const char *organization;       /* uuid, lower case */
  const char *edge, *role, *name; /* uuid of the edge, its login at headquarters, what people call it */
  int64_t enrolled_at;
  bool paused;
  int64_t metered_bytes; /* a day; 0: not metered */
  int64_t origin, epoch; /* the current ones */
  const char *instance;  /* of this file, see epoch.h */
};
/* Texts live as long as the unit of work. enrolled is false when it is not. */
int sync_upstream_read(struct ctx *cx, struct db *db, struct sync_upstream *out);
/* Enrolment, inside tenant_write: the row, the first origin with its instance, the lanes at nothing, SYNC_ENROLLED.
** Enrolled again at the same place, the lanes stay where they are when the origin is the one that it was. */
int sync_upstream_save(struct ctx *cx, struct db *db, const struct sync_upstream *u);
/* E_NOT_FOUND when the tenant is not enrolled, saying how that is done. */
int sync_upstream_need(struct ctx *cx, struct db *db, struct sync_upstream *out);
/* The same by itself: no state of the file is held when it returns. */
int sync_upstream_look(struct ctx *cx, struct tenant *t, struct sync_upstream *out);

/* What people ask, each in a write of its own. */
int sync_pause(struct ctx *cx, struct tenant *t);
int sync_resume(struct ctx *cx, struct tenant *t);
int sync_meter(struct ctx *cx, struct tenant *t, int64_t bytes_a_day); /* 0: not metered */

struct sync_lane {
  const char *name;
  int64_t sequence;     /* of the last batch that headquarters confirmed; 0: none */
  const char *position; /* "{}" at the beginning */
  unsigned char batch_hash[SHA256_SIZE];
  int64_t confirmed_at; /* 0: never */
  int64_t seq;          /* of the position */
};
int sync_lane_read(struct ctx *cx, struct db *db, enum sync_lane_id lane, struct sync_lane *out);
int sync_lane_look(struct ctx *cx, struct tenant *t, enum sync_lane_id lane,
                   struct sync_lane *out);          /* by itself */
enum sync_lane_id sync_lane_named(struct str name); /* LANE_COUNT: there is none */
/* Inside tenant_write. */
int sync_lane_save(struct ctx *cx, struct db *db, const struct sync_lane *lane);

/* What a lane still has to send: entries of the log and their bytes; rows of runs; bytes of files. Rows and bytes of the
** latter two are estimates where a run is half sent. */
struct sync_behind {
  int64_t rows, bytes;
  int64_t since; /* when the first of it was written; 0: nothing is behind */
};
int sync_lane_behind(struct ctx *cx, struct db *db, const struct sync_lane *lane, struct sync_behind *out);
/* Headquarters holds everything that was done until then, UTC microseconds: the least of the lanes; 0: nothing. */
int sync_holds_until(struct ctx *cx, struct db *db, int64_t *out);

/* After a confirmed batch, in the transaction that moves the lane: what went up and how long it took, for the forecast, and what
** headquarters was asked for it: statements, and the bytes of all of them with their values. */
struct sync_sent {
  int64_t rows, bytes, took_us, statements, spoken;
};
int sync_note_sent(struct ctx *cx, struct db *db, const struct sync_sent *sent);
/* What may still go up today over a metered link, INT64_MAX when there is none. */
int sync_metered_left(struct ctx *cx, struct db *db, int64_t *left);

/* ---- how it goes ---- */

/* The last failure, with the next try in the future; cleared by success. *first: it was all right, or went wrong otherwise, before. */
int sync_error_set(struct ctx *cx, struct db *db, enum err code, const char *sentence, int64_t next_try,
                   bool *first);
int sync_error_clear(struct ctx *cx, struct db *db);
/* A line of the history: "epoch", "a new epoch was opened, because ...". */
int sync_history_add(struct ctx *cx, struct db *db, const char *kind, const char *text);

/* The whole state as JSON, the shape of GET /api/sync; see state_show.c. */
int sync_state_json(struct ctx *cx, struct db *db, struct jw *w, const char *key);
/* {"history":[...]}: the last lines, newest first, and the last batches. */
int sync_history_json(struct ctx *cx, struct db *db, int64_t limit, struct jw *w, const char *key);

#endif

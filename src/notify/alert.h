/*
** alert.h - what people should know of: an inbox that says everything once.
**
** An alert speaks of a subject (an item in a warehouse, a job, a graph) under a
** kind, and has a state there (low, out). While it is not resolved there is one
** alert for a kind and subject: raised again in the same state it is only counted,
** in another state it changes and is open again.
**
** Every state of an alert goes out once over every route (the records of
** alert_route): a row of alert_notice marks it in the transaction that enqueues
** the mail or request, so neither a crash nor a flapping state sends it twice.
** What was settled by itself and is back within an hour is the same alert again.
**
** Both writing functions are called inside tenant_write, with what caused them.
*/
#ifndef NOTIFY_ALERT_H
#define NOTIFY_ALERT_H

#include "base/json.h"
#include "model/entity.h"
#include "store/store.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

struct alert {
  const char *kind, *subject, *state;
  enum severity severity;
  const char *title;   /* in a few words: the subject of a mail */
  const char *text;    /* in sentences; may be NULL */
  struct str detail;   /* a JSON object; p NULL: {} */
  const char *address; /* the page that shows more, "#/stock"; may be NULL */
  bool hold;           /* what goes out waits for alert_send_held */
};

/* *fresh: it was not there in this state. */
int alert_raise(struct ctx *cx, struct db *db, const struct alert *a, bool *fresh);

/* Its cause is gone; nothing happens when there is none. */
int alert_settle(struct ctx *cx, struct db *db, const char *kind, const char *subject);

/* Sends what was held of a kind: one mail for each alert, or one for all of a route when
** there are more than ALERT_DIGEST_FROM. *sent counts the mails and requests. */
enum { ALERT_DIGEST_FROM = 5 };
int alert_send_held(struct ctx *cx, struct db *db, const char *kind, int64_t *sent);

/* What people do with one. E_NOT_FOUND; E_CONFLICT when it is resolved already. */
int alert_acknowledge(struct ctx *cx, struct db *db, const char *id, const char *note);
int alert_resolve(struct ctx *cx, struct db *db, const char *id, const char *note);

/* An array, newest first. status: open, acknowledged, resolved, all, or NULL: not resolved.
** kind NULL: of every kind. */
int alert_list(struct ctx *cx, struct db *db, const char *status, const char *kind, int64_t limit,
               struct jw *w, const char *key);
/* {"open":..,"acknowledged":..,"resolved":..} */
int alert_counts(struct ctx *cx, struct db *db, struct jw *w, const char *key);

extern const struct entity_hooks alert_route_hooks;

/* Something of the machinery failed; critical or a warning. */
int alert_failure(struct ctx *cx, struct db *db, const char *kind, const char *subject, bool critical,
                  const char *title, const char *text, const char *address);

/* ---- for parts that may not know this folder: main.c hands these to them (failures.c) ---- */

/* One alert for a kind of job: a mail about mails that cannot be sent is not sent again and again. */
int alert_job_dead(struct ctx *cx, struct db *db, int64_t id, const char *kind, const char *cause);
/* Settled when a run of the graph is done. */
int alert_graph_ended(struct ctx *cx, struct db *db, const char *graph, int64_t run, const char *state);
int alert_slots_missed(struct ctx *cx, struct db *db, const char *schedule, int64_t count, int64_t last,
                       const char *reason);

#endif

/*
** tasks.h - imports that run while their clients do something else.
**
** Each has a thread and a unit of work of its own. What is known of it can be asked for
** while it works and for a while afterwards; with the server it is forgotten, while the
** run that it made stays.
*/
#ifndef HTTP_TASKS_H
#define HTTP_TASKS_H

#include "http/request.h"
#include "ingest/import.h"

struct tasks; /* of a server */
struct tasks *tasks_new(struct server *server);
void tasks_stop(struct tasks *tasks); /* cancels what works, and lets no more begin */
void tasks_free(struct tasks *tasks); /* waits until all have ended */

struct task_order {
  struct tenant *tenant;
  const struct dataset *dataset;
  const char *name;    /* of the file */
  const char *path;    /* where it lies */
  const char *upload;  /* its upload: goes when it was imported */
  bool upload_is_ours; /* nobody else knows it: goes in any case */
  const char *rejudge; /* a run whose kept bytes are judged again, instead of a file */
  bool update;         /* rows whose key is there replace what is there */
  uint64_t bytes;
  bool dry_run;
  struct dialect dialect;
  struct mapping_request mapping;
};

/* id receives its number. E_BUSY when too many are at work. */
int task_start(struct request *rq, const struct task_order *o, char id[static 37]);

/* Its document, as {import, name, as, dry_run, state, rows, clean, rejected, bytes, bytes_total,
** seconds, seconds_left, message, run, result}. E_NOT_FOUND. */
int task_show(struct request *rq, struct tenant *tenant, const char *id);
int tasks_list(struct request *rq, struct tenant *tenant, int64_t *total);

/* Waits a moment for it to end. E_CONFLICT when it is over already. */
int task_cancel(struct request *rq, struct tenant *tenant, const char *id);

/* For live events: a number that grows with everything that happens to a task, and
** the documents, without results, of those of a tenant that changed after `since`. */
uint64_t tasks_clock(struct tasks *tasks);
typedef void task_told_fn(void *arg, struct str json);
void tasks_tell(struct tasks *tasks, const char *slug, uint64_t since, task_told_fn *fn, void *arg);

#endif

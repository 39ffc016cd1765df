/*
** bulk.h - files that are handed in: a job of the queue bulk-upload each.
**
** The file waits in DIR/bulk/TENANT/ until it was imported. The job imports it in savepoints of 1,000 rows
** (ingest/load.h) and marks itself in the transaction that stores the run, so a file is imported once, whatever
** is killed when. What follows from its rows is ordered there, too (ingest/follow_up.h).
**
** The breaker `bulk-upload` stands before the door: after three failures of the system nothing more is taken
** for a minute.
*/
#ifndef CONNECT_BULK_H
#define CONNECT_BULK_H

#include "base/json.h"
#include "job/breaker.h"
#include "job/job.h"

#define BULK_BREAKER "bulk-upload"

struct bulk_order {
  const char *source; /* the file's name, for people */
  const char *path;   /* where it lies: on the disk for good (fsync) */
  int64_t bytes;
  const char *sha256;
  struct {
    const char *dataset, *unique; /* unique: NULL, as the rules say */
    bool update;
    int64_t batch; /* rows of a savepoint; 0: as the dataset says */
  } options;
};

/* DIR/bulk/TENANT, made when it is not there. */
int bulk_folder(struct ctx *cx, struct tenant *t, const char **out);

/* Inside tenant_write. E_BUSY: the breaker is open, *breaker says how long. */
int bulk_enqueue(struct ctx *cx, struct db *db, const struct bulk_order *o, struct breaker *breaker,
                 int64_t *id);

/* {job_id, status, source, bytes, progress (0 to 100), total_records, processed_records, failed_records, batches,
** failed_batches, duration_ms, run, cause, followed, errors: [...], breaker}; E_NOT_FOUND. status: queued, processing,
** completed, failed, cancelled. */
int bulk_status(struct ctx *cx, struct tenant *t, struct db *db, int64_t id, struct jw *w, const char *key);
/* The newest ones, without their errors. */
int bulk_list(struct ctx *cx, struct tenant *t, struct db *db, int64_t limit, struct jw *w, const char *key);

extern const struct job_kind bulk_upload_kind;

#endif

/*
** import.h - a file becomes a run: the seven steps of the pipeline under one
** run id.
**
**   1 initialisation   profile of the file, mapping, rules; run noted as running
**   2 ingestion        original bytes kept, chunk by chunk
**   3 validation       every control on every record
**   4 exceptions       rejected records with all their faults
**   5 transformation   typed clean rows under their unique key
**   6 analytics        totals by the group fields
**   7 completion       self-audit; run noted as done
**
** Steps 2 to 7 are one transaction: a run is there as a whole or not at all. The
** note that it began is a transaction before it, so that a run that died is
** known, too: whoever opens the tenant next marks it as interrupted.
*/
#ifndef INGEST_IMPORT_H
#define INGEST_IMPORT_H

#include <stdatomic.h>

#include "ingest/mapping.h"
#include "store/store.h"

/* How far an import is. */
struct import_progress {
  uint64_t bytes, bytes_total;
  int64_t rows, clean, rejected;
  int64_t batches, failed_batches; /* savepoints, see load.h */
};

struct import_request {
  const struct dataset *dataset;
  const struct input *input;
  struct dialect dialect;
  struct mapping_request mapping;
  const char *kind; /* of the run: NULL is a file; "correction" is set for exception files that come back */
  bool update;      /* a row takes the place of an older one with its key; else it is rejected */
  int batch;        /* rows of a savepoint (load.h); 0: as the dataset says */
  bool whole;       /* one rejected row, and nothing is stored: E_INVALID with its faults */
  bool dry_run;     /* everything happens, and is then rolled back */
  bool remember; /* maps and unique key, when they are stated, are kept for the next file of these headings */
  /* Called from time to time on the calling thread; may be NULL. */
  void (*progress)(void *arg, const struct import_progress *p);
  void *progress_arg;
  /* The import ends with E_CONFLICT "cancelled", and nothing of it is stored, soon after
  ** this became true; may be NULL. */
  const atomic_bool *stop;
  /* Called at the end of a dry run, while its rows are still there; may be NULL. */
  int (*look)(struct ctx *cx, struct db *db, int64_t run, void *arg);
  void *look_arg;
  /* Called in the transaction that stores the run, at its end: what is to be true if and only if the run is
  ** there. May be NULL. */
  int (*also)(struct ctx *cx, struct db *db, const char *run, void *arg);
  void *also_arg;
};

enum { CATEGORIES_MAX = 8 };

struct import_result {
  char run[37];
  char sha256[65];
  int64_t read, clean, rejected;
  int64_t updated, unchanged; /* of the clean: took an older row's place; said the same as it */
  int64_t edits;              /* of the updated: the older row was what a person had made of it */
  /* So many rows have the key of an earlier row of the file, and these headings make the key. NULL: hardly any. Where
  ** many have it, each may well be a row of its own, such as a line of an order, and the key too short for the file. */
  int64_t repeated;
  const char *repeated_key;
  int64_t batches, failed_batches;
  struct {
    char name[32];
    int64_t rows;
  } category[CATEGORIES_MAX];
  int category_count;
  /* JSON, as outcome.h says; they live as long as cx. */
  const char *sample, *controls, *figures;
  const char *settings; /* JSON, how the file was read: settings.h */
  bool reconciled;      /* all checks of the self-audit hold */
  double seconds;
  double reading, validation; /* of work: cutting and digesting the file; parsing and judging its rows */
};

int import_run(struct ctx *cx, struct tenant *t, const struct import_request *r, struct import_result *out);

/* The original bytes of a run once more, read as they were read then and judged by the
** rules of today: a new run, which stands in the place of the old one, and the old one
** is undone, in one transaction. r: progress, stop and dry_run count. */
int import_again(struct ctx *cx, struct tenant *t, const char *run, const struct import_request *r,
                 struct import_result *out);

/* Marks runs as interrupted whose process has died. For tenant_set_hook. */
int import_recover(struct ctx *cx, struct tenant *t);

/* Of so many rows that were read, so many have the key of an earlier one: is it the key that is to be looked at? Some
** repetitions are in many a file. */
bool import_key_repeats(int64_t repeated, int64_t read);
/* "repeated": {"rows", "key"}, or null when hardly any row was: key is NULL */
void import_repeated_json(struct jw *w, int64_t rows, const char *key);

/* {"dry_run"?, "run", "source", "sha256", "rows", "rejected", "repeated", "reconciled", ...} */
void import_result_json(struct jw *w, const struct import_request *r, const struct import_result *result);

#endif

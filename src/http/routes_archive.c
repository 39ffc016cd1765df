/* routes_archive.c - what lies in files, and the copies of a tenant's file. POST /api/jobs orders archive_run,
** backup_daily and backup_drill. */
#include "archive/archive.h"
#include "archive/backups.h"
#include "http/routes.h"

int archive_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : archive_list(rq->cx, db, &rq->json, "data");
}

int backups_show(struct request *rq) {
  struct db *db;
  int rc = db_find(rq, &db);
  return rc ? rc : backups_status(rq->cx, db, &rq->json, "data");
}

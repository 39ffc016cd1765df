/* routes_archive.c - what lies in files, and the copies of a tenant's file. POST /api/jobs orders archive_run,
** backup_daily and backup_drill. */
#include "archive/archive.h"
#include "archive/backups.h"
#include "http/routes.h"

static int archive_show(struct request *rq) { return archive_list(rq->cx, rq->db, &rq->json, "data"); }

static int backups_show(struct request *rq) { return backups_status(rq->cx, rq->db, &rq->json, "data"); }

/* ---- the addresses ---- */

const struct route archive_routes[] = {
  { "GET", "/api/archive", archive_show, "archive.read", "The files that old rows were moved to.",
    .reply = "[{table, month, place: text?, part: int, path, rows: int, bytes: int, first_id: int, last_id: "
             "int, first_at: text?, last_at: text?, sha256, archived_at, archived_by, purged_at: text?}]",
    .reads = true },
  { "GET", "/api/backups", backups_show, "archive.read",
    "The copies that were made by themselves, and how old the newest is.",
    .reply = "{copies: [{file, made_at, last_change: int, bytes: int, sha256, verified_at, drilled_at: "
             "text?}], age_seconds: int?, drilled_at: text?}",
    .reads = true },
  { 0 },
};

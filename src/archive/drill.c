/*
** drill.c - the newest copy restored into a folder aside, and compared. backups.h says
** with what.
*/
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/backups.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/time.h"
#include "store/backup.h"
#include "store/change.h"

struct drill {
  const char *folder, *path; /* aside; of the copy */
  int64_t id;
  struct drill_result *out;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  return remove(path);
}

static void remove_folder(void *folder) { nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* ---- tables ---- */

static int digest_table(struct ctx *cx, struct db *db, const char *table, char hex[static SHA256_HEX],
                        int64_t *rows) {
  unsigned char digest[SHA256_SIZE];
  struct stmt *s = db_once(cx, db, ctx_printf(cx, "SELECT * FROM \"%s\"", table));
  struct sha256 *h = sha256_new();
  int columns = s ? stmt_columns(s) : 0;
  while (stmt_row(cx, s)) {
    for (int i = 0; i < columns; i++) {
      struct str v = col_str(s, i);
      int64_t n = col_null(s, i) ? -1 : (int64_t)v.n;
      sha256_add(h, &n, sizeof n);
      if (n > 0) sha256_add(h, v.p, v.n);
    }
    ++*rows;
  }
  sha256_end(h, digest);
  sha256_free(h);
  hex_encode(hex, digest, sizeof digest);
  return cx->code;
}

struct name {
  const char *text;
  struct name *next;
};

static int table_names(struct ctx *cx, struct db *db, struct name **out) {
  struct stmt *s = db_stmt(cx, db, SQL_backup_tables);
  *out = NULL;
  for (struct name **last = out; stmt_row(cx, s); last = &(*last)->next) {
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->text = col_dup(cx, s, 0);
  }
  return cx->code;
}

/* The log of the restored file has one entry more, and is compared by its hashes. */
static int compare_tables(struct ctx *cx, struct db *copy, struct db *restored, struct drill_result *out) {
  struct name *names;
  char a[SHA256_HEX], b[SHA256_HEX];
  int64_t unused = 0;
  if (table_names(cx, copy, &names)) return cx->code;
  for (struct name *n = names; n; n = n->next) {
    if (strcmp(n->text, "change_log") == 0) continue;
    if (digest_table(cx, copy, n->text, a, &out->rows) || digest_table(cx, restored, n->text, b, &unused))
      return cx->code;
    if (strcmp(a, b) != 0)
      return fail(cx, E_FAIL, NULL, "the table %s came out differently when %s was restored", n->text,
                  out->file);
    out->tables++;
  }
  return OK;
}

static int hash_at(struct ctx *cx, struct db *db, int64_t seq, char hex[static SHA256_HEX]) {
  hex[0] = 0;
  struct stmt *s = db_ask(cx, db, SQL_change_hash, seq);
  if (!stmt_row(cx, s)) return cx->code;
  struct str hash = col_str(s, 0);
  if (hash.n == SHA256_SIZE) hex_encode(hex, hash.p, hash.n);
  stmt_done(s);
  return OK;
}

/* The copy's log ends where the log in use was once, and the restored one goes on from there. */
static int compare_logs(struct ctx *cx, struct db *live, struct db *copy, struct db *restored,
                        struct drill_result *out) {
  struct change_end end;
  char a[SHA256_HEX], b[SHA256_HEX], c[SHA256_HEX];
  int64_t bad, last;
  if (change_last(cx, copy, &end) || hash_at(cx, live, end.seq, a) || hash_at(cx, restored, end.seq, b))
    return cx->code;
  hex_encode(c, end.hash, SHA256_SIZE);
  out->last_seq = end.seq;
  if (strcmp(a, c) != 0)
    return fail(cx, E_FAIL, NULL, "the log of %s is no beginning of the log in use", out->file);
  if (change_verify(cx, restored, &bad, &last)) return cx->code;
  return bad == 0 && last == end.seq + 1 && strcmp(b, c) == 0
             ? OK
             : fail(cx, E_FAIL, NULL, "the log does not hold together when %s was restored", out->file);
}

/* ---- the drill ---- */

static int restore_aside(struct ctx *cx, struct drill *d, const char *slug, struct db **restored) {
  struct store *s;
  struct tenant *t;
  const char *kept;
  remove_folder((void *)(uintptr_t)d->folder); /* of a drill that was killed */
  ctx_defer(cx, remove_folder, (void *)(uintptr_t)d->folder);
  if (store_init(cx, d->folder) || store_open(cx, d->folder, &s) || tenant_add(cx, s, slug, slug) ||
      backup_restore(cx, s, slug, d->path, &kept) || tenant_inspect(cx, s, slug, &t))
    return cx->code;
  return tenant_read(cx, t, restored);
}

static int newest(struct ctx *cx, struct tenant *t, struct db *live, struct drill *d) {
  struct stmt *s = db_stmt(cx, live, SQL_backup_made_newest);
  if (!stmt_row(cx, s))
    return cx->code ? (int)cx->code
                    : fail(cx, E_NOT_FOUND, NULL,
                           "there is no copy of tenant %s to be tried; `outpost backup run` makes one",
                           tenant_slug(t));
  d->id = col_int(s, 0);
  d->path = ctx_printf(cx, "%s/backups/%s", store_dir(tenant_store(t)), ctx_strdup(cx, col_str(s, 1)));
  d->folder = ctx_printf(cx, "%s/backups/.drill-%s", store_dir(tenant_store(t)), tenant_slug(t));
  d->out->file = d->path;
  stmt_done(s);
  return OK;
}

static int note_drill(struct ctx *cx, struct db *db, void *arg) {
  const struct drill *d = arg;
  return db_act(cx, db, SQL_backup_made_drilled, d->id, time_now());
}

static int compare_all(struct ctx *cx, struct tenant *t, struct drill *d) {
  struct db *live, *copy, *restored;
  if (tenant_read(cx, t, &live) || newest(cx, t, live, d) || backup_open(cx, d->path, &copy)) return cx->code;
  if (restore_aside(cx, d, tenant_slug(t), &restored)) return cx->code;
  return compare_logs(cx, live, copy, restored, d->out) || compare_tables(cx, copy, restored, d->out)
             ? (int)cx->code
             : OK;
}

int backups_drill(struct ctx *cx, struct tenant *t, struct drill_result *out) {
  struct ctx aside;
  struct drill d = { .out = out };
  double began = time_seconds();
  *out = (struct drill_result){ 0 };
  ctx_begin(&aside, cx->actor);
  if (compare_all(&aside, t, &d)) fail_from(cx, &aside);
  if (out->file) out->file = ctx_strdup(cx, str_of(out->file));
  ctx_end(&aside);
  out->seconds = time_seconds() - began;
  return cx->code ? (int)cx->code : tenant_write(cx, t, note_drill, &d);
}

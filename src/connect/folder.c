/*
** folder.c - a watched folder: files that somebody puts into DIR/inbox/TENANT/FOLDER are
** imported, and moved to done/ or failed/ below it. Settings:
**
**   folder    its name: letters, digits, - and _ (no path: nothing outside the data folder is read)
**   dataset   what the rows are: sales when not said, or invoices
**   existing  reject (when not said) or update: what becomes of a row whose key is there
**
** A file that was changed within the last two seconds, or whose name begins with a dot or ends in
** .part or .tmp, is still being written and waits. Links are not followed.
**
** Once each: a file whose bytes were imported under its name already, by a run that counts, is only
** moved. So a crash between the import and the move stores nothing twice.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/hash.h"
#include "base/limits.h"
#include "connect/connector.h"
#include "format/input.h"
#include "ingest/import.h"

enum { FILES_MOST = 1000, SETTLE_SECONDS = 2, AHEAD_SECONDS = 60, PIECE = 1 << 18 };

struct folder {
  struct job *job;
  const char *path;
  const struct dataset *dataset;
  bool update;
  struct connector_result *out;
};

/* ---- settings ---- */

static bool is_name(struct str s) {
  if (!s.n || s.n > LIMIT_SLUG) return false;
  for (size_t i = 0; i < s.n; i++)
    if (!s.p[i] || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", s.p[i]))
      return false;
  return true;
}

static int check_folder(struct ctx *cx, const struct jv *settings) {
  struct str folder = jv_text(jv_get(settings, "folder")), dataset = jv_text(jv_get(settings, "dataset"));
  struct str existing = jv_text(jv_get(settings, "existing"));
  if (!folder.p || !is_name(folder))
    return fail(
        cx, E_INVALID, "settings",
        "a folder has a name of letters, digits, - and _: {\"folder\":\"orders\",\"dataset\":\"sales\"}");
  if (dataset.p && !dataset_find(ctx_strdup(cx, dataset)))
    return fail(cx, E_INVALID, "settings", "there is no dataset " STR_FMT "; there are %s", STR_ARG(dataset),
                dataset_names());
  if (existing.p && !str_eq(existing, STR("reject")) && !str_eq(existing, STR("update")))
    return fail(cx, E_INVALID, "settings", "existing is reject or update, not " STR_FMT, STR_ARG(existing));
  return OK;
}

static int make(struct ctx *cx, const char *path) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return OK;
  return fail(cx, E_FAIL, "folder", "%s could not be made: %s", path, strerror(errno));
}

static int open_folder(struct ctx *cx, const struct connector *c, struct folder *f) {
  struct tenant *t = job_tenant(f->job);
  if (check_folder(cx, c->settings)) return cx->code;
  struct str dataset = jv_text(jv_get(c->settings, "dataset"));
  const char *inbox = ctx_printf(cx, "%s/inbox", store_dir(tenant_store(t)));
  const char *mine = ctx_printf(cx, "%s/%s", inbox, tenant_slug(t));
  f->path = ctx_printf(cx, "%s/" STR_FMT, mine, STR_ARG(jv_text(jv_get(c->settings, "folder"))));
  f->dataset = dataset.p ? dataset_find(ctx_strdup(cx, dataset)) : dataset_at(0);
  f->update = str_eq(jv_text(jv_get(c->settings, "existing")), STR("update"));
  if (!f->dataset)
    return fail(cx, E_INVALID, "settings", "say what the rows are: {\"dataset\":...}; there are %s",
                dataset_names());
  if (make(cx, inbox) || make(cx, mine) || make(cx, f->path) || make(cx, ctx_printf(cx, "%s/done", f->path)))
    return cx->code;
  return make(cx, ctx_printf(cx, "%s/failed", f->path));
}

/* ---- files ---- */

static bool ends(const char *name, const char *with) {
  size_t n = strlen(name), m = strlen(with);
  return n >= m && !strcmp(name + n - m, with);
}

/* By the machine's own clock, which is the one that files are stamped with. One from the future
** was stamped before the clock was set back: nobody knows how old it is, and it is taken. */
static bool is_ready(const struct folder *f, struct ctx *cx, const char *name) {
  struct timespec now;
  struct stat st;
  if (*name == '.' || ends(name, ".part") || ends(name, ".tmp")) return false;
  if (lstat(ctx_printf(cx, "%s/%s", f->path, name), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - st.st_mtime >= SETTLE_SECONDS || st.st_mtime - now.tv_sec > AHEAD_SECONDS;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int list_files(struct ctx *cx, const struct folder *f, char **names, size_t *count) {
  DIR *d = opendir(f->path);
  struct dirent *e;
  *count = 0;
  if (!d) return fail(cx, E_FAIL, "folder", "%s cannot be read: %s", f->path, strerror(errno));
  while (*count < FILES_MOST && (e = readdir(d)))
    if (is_ready(f, cx, e->d_name)) names[(*count)++] = ctx_strdup(cx, str_of(e->d_name));
  closedir(d);
  qsort(names, *count, sizeof *names, by_name);
  return OK;
}

static int digest_of(struct ctx *cx, const struct input *in, char hex[static SHA256_HEX]) {
  unsigned char digest[SHA256_SIZE];
  struct sha256 *h = sha256_new();
  char *piece = ctx_alloc(cx, PIECE);
  uint64_t at = 0;
  size_t got = PIECE;
  while (got == PIECE && !input_read(cx, in, at, piece, PIECE, &got)) {
    sha256_add(h, piece, got);
    at += got;
  }
  sha256_end(h, digest);
  sha256_free(h);
  hex_encode(hex, digest, sizeof digest);
  return cx->code;
}

static int is_imported(struct ctx *cx, struct tenant *t, const struct input *in, const char *name,
                       bool *yes) {
  char hex[SHA256_HEX];
  struct db *db;
  if (digest_of(cx, in, hex) || tenant_read(cx, t, &db)) return cx->code;
  *yes = stmt_exists(cx, db_ask(cx, db, SQL_connector_imported, hex, name));
  return cx->code;
}

/* To done/ or failed/; a name that is taken there gets the time in front. */
static int move(struct ctx *cx, const struct folder *f, const char *name, const char *to) {
  const char *from = ctx_printf(cx, "%s/%s", f->path, name),
             *target = ctx_printf(cx, "%s/%s/%s", f->path, to, name);
  struct stat st;
  if (lstat(target, &st) == 0)
    target = ctx_printf(cx, "%s/%s/%lld-%s", f->path, to, (long long)cx->now, name);
  if (rename(from, target) == 0) return OK;
  return fail(cx, E_FAIL, "folder", "%s could not be moved: %s", from, strerror(errno));
}

static void write_why(struct ctx *cx, const struct folder *f, const char *name, const char *why) {
  FILE *file = fopen(ctx_printf(cx, "%s/failed/%s.why.txt", f->path, name), "we");
  if (!file) return; /* the job's log says it, too */
  fprintf(file, "%s\n", why);
  fclose(file);
}

/* One file in a unit of work of its own. What is wrong with the file is no failure of the folder. */
static int take(struct ctx *cx, struct folder *f, const char *name) {
  struct import_request r = { .dataset = f->dataset, .update = f->update };
  struct import_result result;
  struct tenant *t = job_tenant(f->job);
  struct input *in;
  bool known = false;
  dialect_init(&r.dialect);
  if (input_open_as(cx, ctx_printf(cx, "%s/%s", f->path, name), name, store_dir(tenant_store(t)), &in) ||
      is_imported(cx, t, in, name, &known))
    return cx->code;
  r.input = in;
  if (!known && import_run(cx, t, &r, &result)) return cx->code;
  crash_point("folder");
  if (known)
    job_log(f->job, "%s was imported already", name);
  else
    job_log(f->job, "%s: %lld rows, %lld of them rejected", name, (long long)result.read,
            (long long)result.rejected);
  return move(cx, f, name, "done");
}

static int take_one(struct ctx *cx, struct folder *f, const char *name) {
  struct ctx one;
  ctx_begin(&one, cx->actor);
  one.now = cx->now;
  int rc = take(&one, f, name);
  if (rc == E_INVALID || rc == E_LIMIT || rc == E_CONFLICT) {
    job_log(f->job, "%s was not imported: %s", name, one.message);
    write_why(cx, f, name, one.message);
    rc = move(cx, f, name, "failed");
    f->out->refused++;
  } else if (rc) {
    fail_from(cx, &one);
  } else {
    f->out->items++;
  }
  ctx_end(&one);
  return rc;
}

static int sync_folder(struct ctx *cx, struct job *job, const struct connector *c,
                       struct connector_result *out) {
  struct folder f = { .job = job, .out = out };
  char **names = ctx_alloc(cx, FILES_MOST * sizeof *names);
  size_t count;
  if (open_folder(cx, c, &f) || list_files(cx, &f, names, &count)) return cx->code;
  for (size_t i = 0; i < count && !job_stopped(job); i++) {
    job_progress(job, (int64_t)i, (int64_t)count, names[i]);
    if (take_one(cx, &f, names[i])) return cx->code;
  }
  return OK;
}

const struct connector_driver folder_driver = {
  .type = "folder", .help = "files that are put into a folder", .check = check_folder, .sync = sync_folder
};

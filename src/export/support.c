#include "export/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/version.h"
#include "export/doctor.h"
#include "store/column.h"

enum { RUNS_SHOWN = 500, CHANGES_SHOWN = 2000, LOG_BYTES = 512 * 1024 };

static const char *settings = "[]";
void support_set_settings(const char *json) { settings = json; }

static const char README[] =
    "This is a support bundle of Outpost: states, counts and times of a data folder, for somebody\n"
    "who is to find out what is wrong with it.\n\n"
    "version.json    the program, its libraries, the system\n"
    "settings.json   the settings in force; values that may be secret are not shown\n"
    "doctor.json     what `outpost doctor` finds\n"
    "log.jsonl       the end of the log; texts that may hold data were taken out\n"
    "tenants/        of every tenant: its file, its last runs, its last changes\n\n"
    "Not in it: rows, original bytes, cells, headings, names of files and of people (a hash stands\n"
    "for each), messages of failed runs, rules that people made, what changes were about, the\n"
    "signing key. Look through it before you send it: these are plain files.\n";

struct bundle {
  struct ctx *cx;
  struct archive *archive;
  struct buf buf;
  struct jw w; /* of the file that is being made */
};

static void file_begin(struct bundle *b) {
  buf_reset(&b->buf);
  jw_init(&b->w, &b->buf);
}

static void file_end(struct bundle *b, const char *name) {
  buf_char(&b->buf, '\n');
  archive_add(b->archive, name, buf_view(&b->buf));
}

/* ---- what stands for a text that is not shown ---- */

/* "file-1f2e3d4c5b6a": the same text has the same hash everywhere in the bundle. */
static void put_hashed(struct jw *w, const char *key, const char *what, struct str text, const char *end) {
  unsigned char sum[SHA256_SIZE];
  char hex[SHA256_HEX], name[128];
  sha256_of(text.p, text.n, sum);
  hex_encode(hex, sum, 6);
  snprintf(name, sizeof name, "%s-%s%s", what, hex, end);
  jw_text(w, key, name);
}

/* The ending tells how a file was read; any other ending could be a name. */
static const char *known_ending(struct str name) {
  static const char *const endings[] = { ".csv.gz", ".csv",   ".tsv",    ".txt",
                                         ".json",   ".jsonl", ".ndjson", ".gz" };
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t n = strlen(endings[i]);
    if (name.n > n && str_eq_nocase((struct str){ name.p + name.n - n, n }, str_of(endings[i])))
      return endings[i];
  }
  return "";
}

/* ---- the program and the machine ---- */

static void add_version(struct bundle *b) {
  struct utsname u;
  file_begin(b);
  jw_object(&b->w, NULL);
  jw_text(&b->w, "outpost", OUTPOST_VERSION);
  jw_object(&b->w, "libraries");
  for (int i = 0; version_libs[i].name; i++) jw_text(&b->w, version_libs[i].name, version_libs[i].version);
  jw_close(&b->w, '}');
  if (uname(&u) == 0) jw_put(&b->w, "system", u.sysname, "release", u.release, "machine", u.machine);
  jw_int(&b->w, "processors", sysconf(_SC_NPROCESSORS_ONLN));
  jw_int(&b->w, "memory_bytes", (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
  jw_time_known(&b->w, "made", b->cx->now);
  jw_close(&b->w, '}');
  file_end(b, "version.json");
}

static void tell(void *arg, const char *section, bool ok, const char *text) {
  struct bundle *b = arg;
  jw_record(&b->w, NULL, "section", section, "ok", ok, "text", text);
}

static int add_doctor(struct bundle *b, struct store *s) {
  file_begin(b);
  jw_array(&b->w, NULL);
  if (doctor_look(b->cx, s, tell, b)) return b->cx->code;
  jw_close(&b->w, ']');
  file_end(b, "doctor.json");
  return OK;
}

/* ---- the log ---- */

static bool only(struct str s, const char *allowed) {
  for (size_t i = 0; i < s.n; i++)
    if (!s.p[i] || !strchr(allowed, s.p[i])) return false;
  return s.n > 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static struct str upto(struct str s, const char *stop) {
  size_t n = 0;
  while (n < s.n && !strchr(stop, s.p[n])) n++;
  return (struct str){ s.p, n };
}

/* "GET /api/runs/... 200 in 1.2 ms": the method, the noun of the address when there is such
** an address, the status and the duration. */
static void put_request(struct jw *w, struct str text) {
  struct str method = upto(text, " "), rest = { text.p + method.n, text.n - method.n };
  struct str path = upto(str_trim(rest), " ");
  rest = str_trim((struct str){ path.p + path.n, (size_t)(text.p + text.n - path.p) - path.n });
  struct str status = upto(rest, " ");
  struct str noun =
      str_starts(path, STR("/api/")) ? upto((struct str){ path.p + 5, path.n - 5 }, "/?") : STR("");
  if (only(method, UPPER)) jw_str(w, "method", method);
  if (only(status, DIGITS)) jw_str(w, "status", status);
  if (only(noun, LOWER) && !str_eq(status, STR("404"))) jw_str(w, "noun", noun);
  rest = str_trim((struct str){ status.p + status.n, rest.n - status.n });
  struct str duration =
      str_starts(rest, STR("in ")) ? upto((struct str){ rest.p + 3, rest.n - 3 }, " ") : STR("");
  if (only(duration, DIGITS ".")) jw_str(w, "milliseconds", duration);
}

/* Which texts hold nothing but the program's own words. */
static void put_message(struct jw *w, struct str event, struct str text) {
  if (str_eq(event, STR("IMPORT_COMPLETE")) && only(text, LOWER UPPER DIGITS " ,.:-"))
    jw_str(w, "message", text);
  else if (str_eq(event, STR("COMMAND_FAILED")) && only(upto(text, ":"), LOWER " -"))
    jw_str(w, "command", upto(text, ":"));
  else if (str_eq(event, STR("request")))
    put_request(w, text);
  else
    jw_text(w, "message", NULL);
}

static void put_log_line(struct bundle *b, const struct jv *line) {
  struct str event = jv_text(jv_get(line, "event"));
  static const char *const names[] = { "time", "level", "unit" };
  jw_init(&b->w, &b->buf);
  jw_object(&b->w, NULL);
  for (int i = 0; i < 3; i++) {
    struct str v = jv_text(jv_get(line, names[i]));
    if (v.p && only(v, LOWER DIGITS "-:.TZ")) jw_str(&b->w, names[i], v);
  }
  if (event.p && only(event, LOWER UPPER "_")) {
    jw_str(&b->w, "event", event);
    put_message(&b->w, event, jv_text(jv_get(line, "message")));
  }
  jw_close(&b->w, '}');
  buf_char(&b->buf, '\n');
}

/* Whole lines of the last bytes. A log that is not there is an empty one. */
static struct str log_tail(struct ctx *cx, struct store *s) {
  struct stat st;
  char *text = ctx_alloc(cx, LOG_BYTES);
  int fd = open(ctx_printf(cx, "%s/logs/outpost.jsonl", store_dir(s)), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) st.st_size = 0;
  off_t from = st.st_size > LOG_BYTES ? st.st_size - LOG_BYTES : 0;
  ssize_t n = fd < 0 ? 0 : pread(fd, text, LOG_BYTES, from);
  if (fd >= 0) close(fd);
  struct str tail = { text, n > 0 ? (size_t)n : 0 };
  size_t skip = from > 0 ? upto(tail, "\n").n : 0;
  return (struct str){ tail.p + skip, tail.n - skip };
}

static void add_log(struct bundle *b, struct store *s) {
  char ignored[128];
  struct str rest = log_tail(b->cx, s);
  file_begin(b);
  while (rest.n > 0) {
    struct str line = upto(rest, "\n");
    struct jv *v = line.n ? jv_parse_raw(line, ignored, sizeof ignored) : NULL;
    if (v) put_log_line(b, v);
    if (v) jv_free(v);
    size_t step = line.n + (line.n < rest.n);
    rest.p += step;
    rest.n -= step;
  }
  archive_add(b->archive, "log.jsonl", buf_view(&b->buf));
}

/* ---- tenants ---- */

static void put_size(struct ctx *cx, struct jw *w, const char *key, const char *path, const char *more) {
  struct stat st;
  if (stat(ctx_printf(cx, "%s%s", path, more), &st) == 0) jw_int(w, key, (int64_t)st.st_size);
}

static int put_counts(struct bundle *b, struct ctx *cx, struct db *db) {
  static const char *const names[] = { "runs_done", "runs_failed",  "runs_undone",     "runs_interrupted",
                                       "runs_now",  "records_read", "records_rejected" };
  struct stmt *s = db_ask(cx, db, SQL_governance_runs, NULL, INT64_MIN, INT64_MAX);
  if (!stmt_row(cx, s)) return cx->code;
  for (int i = 0; i < 7; i++) jw_int(&b->w, names[i], col_int(s, i));
  stmt_done(s);
  s = db_ask(cx, db, SQL_governance_audits, NULL, INT64_MIN, INT64_MAX);
  if (!stmt_row(cx, s)) return cx->code;
  columns_write(&b->w, s, 0, "audits_passed: int, audits_failed: int");
  stmt_done(s);
  return OK;
}

static int write_file(struct bundle *b, struct ctx *cx, struct tenant *t, struct db *db) {
  static const char *const numbers[] = { "page_size", "pages", "free_pages", NULL, "schema", "log_entries" };
  jw_object(&b->w, NULL);
  put_size(cx, &b->w, "bytes", tenant_path(t), "");
  put_size(cx, &b->w, "wal_bytes", tenant_path(t), "-wal");
  struct stmt *s = db_stmt(cx, db, SQL_support_file);
  if (!stmt_row(cx, s)) return cx->code;
  for (int i = 0; i < 6; i++)
    if (numbers[i]) jw_int(&b->w, numbers[i], col_int(s, i));
  jw_str(&b->w, "journal_mode", col_str(s, 3));
  stmt_done(s);
  if (put_counts(b, cx, db)) return cx->code;
  jw_array(&b->w, "objects");
  s = db_stmt(cx, db, SQL_schema_objects);
  while (stmt_row(cx, s)) jw_text(&b->w, NULL, ctx_printf(cx, "%s %s", col_dup(cx, s, 0), col_dup(cx, s, 1)));
  jw_close(&b->w, ']');
  jw_close(&b->w, '}');
  return cx->code;
}

static int put_controls(struct bundle *b, struct ctx *cx, struct db *db, int64_t run) {
  struct stmt *s = db_ask(cx, db, SQL_support_run_controls, run);
  jw_array(&b->w, "failed");
  while (stmt_row(cx, s)) {
    jw_object(&b->w, NULL);
    if (col_int(s, 4) == 1)
      jw_str(&b->w, "control", col_str(s, 0));
    else
      put_hashed(&b->w, "control", "rule", col_str(s, 0), "");
    columns_write(&b->w, s, 1, "version: int, kind, records: int");
    jw_close(&b->w, '}');
  }
  jw_close(&b->w, ']');
  return cx->code;
}

static int put_run(struct bundle *b, struct ctx *cx, struct db *db, const struct stmt *s) {
  enum {
    ID,
    UUID,
    DATASET,
    SOURCE,
    STATE,
    KIND,
    STARTED,
    ENDED,
    ACTOR,
    BYTES,
    ENCODING = 16,
    MESSAGE,
    AUDITED,
    UNDONE
  };
  static const char *const numbers[] = { "bytes",   "read",      "clean",       "rejected",
                                         "updated", "unchanged", "memory_bytes" };
  struct jw *w = &b->w;
  jw_object(w, NULL);
  columns_write(w, s, UUID, "run, dataset");
  put_hashed(w, "source", "file", col_str(s, SOURCE), known_ending(col_str(s, SOURCE)));
  columns_write(w, s, STATE, "state, kind, started: known, ended: known");
  put_hashed(w, "actor", "actor", col_str(s, ACTOR), "");
  for (int i = 0; i < 7; i++) jw_int(w, numbers[i], col_int(s, BYTES + i));
  struct str encoding = col_str(s, ENCODING);
  if (!col_null(s, ENCODING) && only(encoding, LOWER UPPER DIGITS "-_")) jw_str(w, "encoding", encoding);
  if (!col_null(s, MESSAGE)) jw_int(w, "message_length", col_int(s, MESSAGE));
  columns_write(w, s, AUDITED, "audited: bool, undone: bool");
  int rc = put_controls(b, cx, db, col_int(s, ID));
  jw_close(w, '}');
  return rc;
}

static int write_runs(struct bundle *b, struct ctx *cx, struct tenant *t, struct db *db) {
  (void)t;
  struct stmt *s = db_ask(cx, db, SQL_support_runs, RUNS_SHOWN);
  jw_array(&b->w, NULL);
  while (stmt_row(cx, s) && !put_run(b, cx, db, s)) continue;
  jw_close(&b->w, ']');
  return cx->code;
}

static int write_changes(struct bundle *b, struct ctx *cx, struct tenant *t, struct db *db) {
  (void)t;
  struct stmt *s = db_ask(cx, db, SQL_support_log, CHANGES_SHOWN);
  jw_array(&b->w, NULL);
  while (stmt_row(cx, s)) {
    jw_object(&b->w, NULL);
    columns_write(&b->w, s, 0, "seq: int, at: known");
    put_hashed(&b->w, "actor", "actor", col_str(s, 2), "");
    columns_write(&b->w, s, 3, "unit, event, table: text?, count: int");
    jw_close(&b->w, '}');
  }
  jw_close(&b->w, ']');
  return cx->code;
}

/* Each part in a unit of work of its own: what cannot be read is told, and the rest goes on. */
static void add_tenant(struct bundle *b, struct store *store, const char *slug) {
  static const struct {
    const char *name;
    int (*write)(struct bundle *b, struct ctx *cx, struct tenant *t, struct db *db);
  } parts[] = { { "file.json", write_file }, { "runs.json", write_runs }, { "changes.json", write_changes } };
  const char *problem = NULL;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    struct ctx aside;
    struct tenant *t;
    struct db *db;
    ctx_begin(&aside, b->cx->actor);
    file_begin(b);
    bool opened = !tenant_inspect(&aside, store, slug, &t) && !tenant_read(&aside, t, &db);
    if (opened && !parts[i].write(b, &aside, t, db))
      file_end(b, ctx_printf(b->cx, "tenants/%s/%s", slug, parts[i].name));
    else
      problem = ctx_printf(b->cx, "%s%s: %s\n", problem ? problem : "", parts[i].name, aside.message);
    ctx_end(&aside);
  }
  if (problem) archive_add(b->archive, ctx_printf(b->cx, "tenants/%s/problem.txt", slug), str_of(problem));
}

static void bundle_free(void *arg) {
  struct bundle *b = arg;
  buf_clear(&b->buf);
}

int support_bundle(struct ctx *cx, struct store *s, struct str *out) {
  const struct tenant_info *list;
  size_t count;
  struct bundle *b = ctx_alloc(cx, sizeof *b);
  b->cx = cx;
  b->archive = archive_new(cx, cx->now, LIMIT_REPLY_BYTES);
  buf_init(&b->buf, LIMIT_REPLY_BYTES);
  ctx_defer(cx, bundle_free, b);
  archive_add(b->archive, "README.txt", str_of(README));
  add_version(b);
  archive_add(b->archive, "settings.json", str_of(settings));
  if (add_doctor(b, s)) return cx->code;
  add_log(b, s);
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  for (size_t i = 0; i < count; i++) add_tenant(b, s, list[i].slug);
  return archive_end(cx, b->archive, out);
}

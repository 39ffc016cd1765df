#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"

static const enum level threshold = LOG_INFO;
static bool on_stderr;
static int file = -1;
static char place[PATH_MAX], earlier[PATH_MAX]; /* of the file, and of the one before it */

enum { LINES_A_LOOK = 256 }; /* between two looks at how large the file is */

void log_to_stderr(bool on) { on_stderr = on; }

static int open_file(void) { return open(place, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600); }

/* Is the file still the one at its place? */
static bool is_there(struct stat *mine) {
  struct stat there;
  return fstat(file, mine) == 0 && stat(place, &there) == 0 && there.st_ino == mine->st_ino &&
         there.st_dev == mine->st_dev;
}

/* A file that has become long is put aside, in place of the one before. Several processes write to it: the lock decides
** who does it, the others find another file there. The descriptor stays the same one, so nobody who writes just now
** has to know. */
static void turn_over(void) {
  struct stat mine;
  if (flock(file, LOCK_EX | LOCK_NB) != 0) return;
  bool there = is_there(&mine);
  if (there && mine.st_size >= LIMIT_LOG_BYTES) there = rename(place, earlier) != 0;
  flock(file, LOCK_UN);
  int fresh = there ? -1 : open_file();
  if (fresh < 0) return;
  dup3(fresh, file, O_CLOEXEC);
  close(fresh);
}

void log_open(const char *path) {
  size_t stem = strlen(path) - strlen(".jsonl");
  if (file >= 0) close(file);
  snprintf(place, sizeof place, "%s", path);
  snprintf(earlier, sizeof earlier, "%.*s.1.jsonl", (int)stem, path);
  file = open_file();
  if (file >= 0) turn_over();
}

/* One call: lines of threads and processes do not mix. There is nowhere left to
** complain when it fails. */
static void keep_line(const char *p, size_t n) {
  static atomic_uint lines;
  static atomic_flag looks = ATOMIC_FLAG_INIT;
  ssize_t written = write(file, p, n);
  (void)written;
  if (atomic_fetch_add(&lines, 1) % LINES_A_LOOK || atomic_flag_test_and_set(&looks)) return;
  turn_over();
  atomic_flag_clear(&looks);
}

/* ---- stderr ----
**
** Who is to read it may not: then lines are dropped and counted, since a request must never wait for a pipe. Its flags
** are not ours to change, the terminal or the other end may be shared: a pipe that poll(2) calls writable takes
** PIPE_BUF bytes at once, a socket is asked not to wait, and a file never does. */

static pthread_mutex_t stderr_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t dropped; /* lines since the last one that was written whole */
static bool torn;       /* the last one is there in part */

static ssize_t send_piece(const char *p, size_t n) {
  struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
  static mode_t kind; /* 0: not yet looked at */
  struct stat st;
  if (!kind && fstat(STDERR_FILENO, &st) == 0) kind = st.st_mode & S_IFMT;
  if (kind == S_IFSOCK) return send(STDERR_FILENO, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  return kind == S_IFREG || poll(&ready, 1, 0) == 1 ? write(STDERR_FILENO, p, n) : -1;
}

static bool push_piece(const char *p, size_t n) {
  ssize_t sent = send_piece(p, n);
  if (sent > 0) torn = p[sent - 1] != '\n';
  return sent == (ssize_t)n;
}

static bool push(const char *p, size_t n) {
  if (torn && !push_piece("\n", 1)) return false;
  for (size_t at = 0; at < n; at += PIPE_BUF)
    if (!push_piece(p + at, n - at < PIPE_BUF ? n - at : PIPE_BUF)) return false;
  return true;
}

static bool tell_dropped(bool journal) {
  char line[256], at[TIME_SIZE];
  int n = snprintf(line, sizeof line,
                   "%s{\"time\":\"%s\",\"level\":\"warning\",\"event\":\"LOG_DROPPED\",\"lines\":%lld,"
                   "\"message\":\"nobody read these lines here; the log file has them\"}\n",
                   journal ? "<4>" : "", time_iso(at, time_now()), (long long)dropped);
  return push(line, (size_t)n);
}

static void tell_stderr(const char *p, size_t n, bool journal) {
  pthread_mutex_lock(&stderr_lock);
  if (dropped && tell_dropped(journal)) dropped = 0;
  if (dropped || !push(p, n)) dropped++;
  pthread_mutex_unlock(&stderr_lock);
}

static void put_fields(struct jw *w, const struct log_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (fields[i].text)
      jw_text(w, fields[i].name, fields[i].text);
    else
      jw_int(w, fields[i].name, fields[i].number);
  }
}

static void put_line(enum level level, const struct ctx *cx, const char *event,
                     const struct log_field *fields, size_t count, const char *fmt, va_list ap) {
  static const char *const names[] = {
    [LOG_ERR] = "error", [LOG_WARN] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
  };
  if (level > threshold) return;
  char text[1024], at[TIME_SIZE];
  vsnprintf(text, sizeof text, fmt, ap);

  struct buf line;
  struct jw w;
  buf_init(&line, KIB(16));
  bool journal = getenv("JOURNAL_STREAM") != NULL;
  if (journal) buf_printf(&line, "<%d>", level);
  size_t priority = line.n;
  jw_init(&w, &line);
  jw_object(&w, NULL);
  jw_text(&w, "time", time_iso(at, time_now()));
  jw_put(&w, "level", names[level], "event", event);
  if (cx) jw_text(&w, "unit", cx->id);
  put_fields(&w, fields, count);
  jw_text(&w, "message", text);
  jw_close(&w, '}');
  buf_char(&line, '\n');
  if (on_stderr) tell_stderr(line.p, line.n, journal);
  if (file >= 0) keep_line(line.p + priority, line.n - priority);
  buf_clear(&line);
}

void log_line(enum level level, const struct ctx *cx, const char *event, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put_line(level, cx, event, NULL, 0, fmt, ap);
  va_end(ap);
}

void log_event(enum level level, const struct ctx *cx, const char *event, const struct log_field *fields,
               size_t count, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  put_line(level, cx, event, fields, count, fmt, ap);
  va_end(ap);
}

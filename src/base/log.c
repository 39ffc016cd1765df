#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"

static enum level threshold = LOG_INFO;
static bool on_stderr;
static int file = -1;
void log_set_level(enum level least_important) { threshold = least_important; }

void log_to_stderr(bool on) { on_stderr = on; }

void log_open(const char *path) {
  if (file >= 0) close(file);
  file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* One call: lines of threads and processes do not mix. There is nowhere left to
** complain when it fails. */
static void write_line(int fd, const char *p, size_t n) {
  ssize_t written = write(fd, p, n);
  (void)written;
}

void log_line(enum level level, const struct ctx *cx, const char *event, const char *fmt, ...) {
  static const char *const names[] = {
    [LOG_ERR] = "error", [LOG_WARN] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
  };
  if (level > threshold) return;
  char text[1024], at[TIME_SIZE];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);

  struct buf line;
  struct jw w;
  buf_init(&line, KIB(16));
  if (getenv("JOURNAL_STREAM")) buf_printf(&line, "<%d>", level);
  size_t priority = line.n;
  jw_init(&w, &line);
  jw_object(&w, NULL);
  jw_text(&w, "time", time_iso(at, time_now()));
  jw_text(&w, "level", names[level]);
  jw_text(&w, "event", event);
  if (cx) jw_text(&w, "unit", cx->id);
  jw_text(&w, "message", text);
  jw_close(&w, '}');
  buf_char(&line, '\n');
  if (on_stderr) write_line(STDERR_FILENO, line.p, line.n);
  if (file >= 0) write_line(file, line.p + priority, line.n - priority);
  buf_clear(&line);
}

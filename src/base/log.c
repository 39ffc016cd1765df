#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"

static const enum level threshold = LOG_INFO;
static bool on_stderr;
static int file = -1;

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
  if (getenv("JOURNAL_STREAM")) buf_printf(&line, "<%d>", level);
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
  if (on_stderr) write_line(STDERR_FILENO, line.p, line.n);
  if (file >= 0) write_line(file, line.p + priority, line.n - priority);
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

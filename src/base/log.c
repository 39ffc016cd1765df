#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"

static enum level threshold = LOG_INFO;
void log_set_level(enum level least_important) { threshold = least_important; }

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
  jw_init(&w, &line);
  jw_object(&w, NULL);
  jw_text(&w, "time", time_iso(at, time_now()));
  jw_text(&w, "level", names[level]);
  jw_text(&w, "event", event);
  if (cx) jw_text(&w, "unit", cx->id);
  jw_text(&w, "message", text);
  jw_close(&w, '}');
  buf_char(&line, '\n');
  ssize_t written = write(STDERR_FILENO, line.p, line.n); /* one call: lines of threads do not mix */
  (void)written;                                          /* nowhere left to complain */
  buf_clear(&line);
}

/*
** log.h - one JSON object a line: on a file, once one is opened, and on stderr
** when a server runs there.
**
** Lines on stderr start with a syslog priority ("<6>") when it is a journal, so
** that journald files them. What nobody takes from there is dropped, counted (LOG_DROPPED) and kept in the file alone:
** nothing waits for a reader. Logging happens at the three ends (reply, job result,
** process exit) and at the beginning and end of runs, nowhere else.
*/
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/ctx.h"

enum level { LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_to_stderr(bool on);
/* Appends to a file, NAME.jsonl, from now on; where it cannot be opened, there is none. One that has grown to
** LIMIT_LOG_BYTES becomes NAME.1.jsonl, in place of the one before. */
void log_open(const char *path);
/* event is a stable name ("import_done"); the rest a sentence. */
void log_line(enum level level, const struct ctx *cx, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with members of their own in the object. */
struct log_field {
  const char *name;
  const char *text; /* NULL: the number */
  int64_t number;
};
void log_event(enum level level, const struct ctx *cx, const char *event, const struct log_field *fields,
               size_t count, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif

/*
** log.h - one JSON object a line on stderr.
**
** Lines start with a syslog priority ("<6>") when stderr is a journal, so that
** journald files them.
*/
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/ctx.h"

enum level { LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_set_level(enum level least_important);
/* event is a stable name ("import_done"); the rest a sentence. */
void log_line(enum level level, const struct ctx *cx, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif

/*
** stream.h - publishing many events: a file, standard input, the body of a request.
**
** An event a line (JSON lines); a text that begins with '[' is an array of them. What is refused is
** parked with the reason and the number of its line (of its element, in an array), and the others go on.
** A batch is acknowledged by its commit: after a crash, publish the same again; what was taken is known then.
*/
#ifndef EVENT_STREAM_H
#define EVENT_STREAM_H

#include "event/event.h"

enum { REFUSALS_TOLD = 100 };

struct refusal {
  int64_t line;
  const char *id; /* NULL when it could not be read */
  const char *why;
};

struct publish_result {
  const char *topic;
  int64_t taken, known, refused;
  struct refusal refusals[REFUSALS_TOLD]; /* the first ones */
  int told;
  double seconds;
};

/* From a file descriptor to its end, in bounded memory: one thread reads, two parse, the caller writes. */
int event_publish_stream(struct ctx *cx, struct tenant *t, const char *topic, int fd,
                         struct publish_result *out);

/* What is in memory already. */
int event_publish_text(struct ctx *cx, struct tenant *t, const char *topic, struct str text,
                       struct publish_result *out);

/* {topic, taken, known, refused, refusals: [{line, id, why}]} */
void publish_result_json(struct jw *w, const char *key, const struct publish_result *r);

#endif

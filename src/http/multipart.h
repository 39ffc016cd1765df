/*
** multipart.h - a form with a file (multipart/form-data, RFC 7578) read as it comes, in pieces of any size.
**
** Strict, because what is lenient here is how parts are smuggled: the body begins with the boundary, lines end
** with CR LF, every part says Content-Disposition: form-data with a name, nothing follows the last boundary
** but an empty line. At most MULTIPART_PARTS parts with MULTIPART_HEAD bytes of headers each. No byte of a
** part is held but what may yet be a boundary.
*/
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/ctx.h"

enum { MULTIPART_PARTS = 16, MULTIPART_HEAD = 4096, MULTIPART_BOUNDARY = 70, MULTIPART_NAME = 256 };

struct multipart_part {
  char name[MULTIPART_NAME], filename[MULTIPART_NAME];
  bool is_file; /* it has a filename */
};

/* Each part: begin, data as often as there is some, end. What they return other than OK ends the reading. */
struct multipart_ops {
  int (*begin)(struct ctx *cx, void *arg, const struct multipart_part *part);
  int (*data)(struct ctx *cx, void *arg, const char *p, size_t n);
  int (*end)(struct ctx *cx, void *arg);
};

struct multipart;

/* content_type: of the request, "multipart/form-data; boundary=...". E_INVALID says what is wrong with it. */
int multipart_new(struct ctx *cx, const char *content_type, const struct multipart_ops *ops, void *arg,
                  struct multipart **out);
int multipart_push(struct ctx *cx, struct multipart *m, const char *p, size_t n);
/* There is no more: E_INVALID when the last boundary has not come. */
int multipart_end(struct ctx *cx, struct multipart *m);

#endif

/*
** fuzz_multipart.c - any bytes as a form, in pieces of any size. The first byte says how large the pieces
** are. In one piece and in many the same parts come out, with the same bytes, and the same is refused.
*/
#include <stdlib.h>

#include "base/buf.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

struct seen {
  struct buf all; /* what came, written down */
  int open;
};

static int begin(struct ctx *cx, void *arg, const struct multipart_part *part) {
  struct seen *s = arg;
  must(s->open++ == 0);
  must(memchr(part->name, 0, sizeof part->name) && memchr(part->filename, 0, sizeof part->filename));
  must(part->is_file || !part->filename[0]);
  buf_printf(&s->all, "<%s|%s|%d>", part->name, part->filename, part->is_file);
  return cx->code;
}

static int take(struct ctx *cx, void *arg, const char *p, size_t n) {
  struct seen *s = arg;
  must(s->open == 1 && n > 0);
  buf_add(&s->all, p, n);
  return cx->code;
}

static int end(struct ctx *cx, void *arg) {
  struct seen *s = arg;
  must(s->open-- == 1);
  buf_puts(&s->all, "</>");
  return cx->code;
}

static const struct multipart_ops ops = { begin, take, end };

/* The content type stands in the first line, the rest is the body. */
static int read_form(struct str input, size_t piece, struct seen *s) {
  struct ctx cx;
  struct multipart *m;
  char type[200] = "";
  const char *line = memchr(input.p, '\n', input.n);
  size_t head = line ? (size_t)(line - input.p) : input.n;
  str_copy(type, sizeof type, (struct str){ input.p, head });
  struct str body = { input.p + head + (line != NULL), input.n - head - (line != NULL) };
  buf_init(&s->all, 1 << 22);
  s->open = 0;
  ctx_begin(&cx, "fuzz");
  int rc = multipart_new(&cx, type, &ops, s, &m);
  for (size_t at = 0; !rc && at < body.n; at += piece)
    rc = multipart_push(&cx, m, body.p + at, body.n - at < piece ? body.n - at : piece);
  if (!rc) rc = multipart_end(&cx, m);
  must(!rc == !cx.code && (rc == 0 || cx.message[0]));
  must(rc || s->open == 0);
  ctx_end(&cx);
  return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct seen whole, pieces;
  if (size < 2) return 0;
  struct str input = { (const char *)data + 1, size - 1 };
  int a = read_form(input, SIZE_MAX / 2, &whole), b = read_form(input, 1 + data[0] % 37, &pieces);
  must(a == b && str_eq(buf_view(&whole.all), buf_view(&pieces.all)));
  buf_clear(&whole.all);
  buf_clear(&pieces.all);
  return 0;
}

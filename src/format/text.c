/*
** text.c - a piece of a file as something to look at: decoded, whatever it holds.
*/
#include "format/internal.h"

void text_show(const char *encoding, struct str raw, struct buf *out) {
  struct decoder *d = decoder_new(encoding);
  struct buf text;
  buf_init(&text, out->max);
  decoder_run(d, raw, &text);
  decoder_free(d);
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i])
      buf_char(out, text.p[i]);
    else
      buf_puts(out, "\xe2\x90\x80"); /* the picture of a NUL */
  buf_clear(&text);
}

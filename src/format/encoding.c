/*
** encoding.c - from the bytes of a file to UTF-8, and the shadow in which
** records are found without decoding.
**
** Two bytes of a double-byte encoding may look like ASCII: the second byte of
** a Shift-JIS character can be a backslash, that of a GB18030 character a pipe.
** In the shadow every such byte is 0x80, so that a search for quotes and
** delimiters is a search for single bytes again. A UTF-16 unit becomes one byte.
**
** Shift-JIS is decoded as CP932, what Windows writes under that name.
*/
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "format/internal.h"

/* ---- shadows ---- */

enum shadow shadow_of(const char *encoding) {
  static const struct {
    const char *name;
    enum shadow how;
  } known[] = {
    { "SHIFT_JIS", SHADOW_SJIS }, { "GB18030", SHADOW_GBK },   { "BIG5", SHADOW_GBK },
    { "BIG5-HKSCS", SHADOW_GBK }, { "UTF-16LE", SHADOW_16LE }, { "UTF-16BE", SHADOW_16BE },
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(encoding, known[i].name) == 0) return known[i].how;
  return SHADOW_SAME;
}

static size_t shadow_wide(const unsigned char *p, size_t n, size_t low, char *out) {
  size_t units = n / 2;
  for (size_t i = 0; i < units; i++) {
    unsigned char c = p[2 * i + low], high = p[2 * i + 1 - low];
    out[i] = (char)(high || c >= 0x80 ? 0x80 : c);
  }
  if (n % 2) out[units++] = (char)0x80; /* half a unit: the file was cut */
  return units;
}

static bool leads(enum shadow how, unsigned char c) {
  if (how == SHADOW_SJIS) return (c >= 0x81 && c <= 0x9f) || (c >= 0xe0 && c <= 0xfc);
  return c >= 0x81 && c <= 0xfe;
}

size_t shadow_make(enum shadow how, const char *s, size_t n, char *out) {
  const unsigned char *p = (const unsigned char *)s;
  if (how == SHADOW_16LE) return shadow_wide(p, n, 0, out);
  if (how == SHADOW_16BE) return shadow_wide(p, n, 1, out);
  for (size_t i = 0; i < n; i++) {
    out[i] = (char)(p[i] < 0x80 ? p[i] : 0x80);
    /* A byte below 0x30 is no second byte: a damaged character must not hide a line end. */
    if (leads(how, p[i]) && i + 1 < n && p[i + 1] >= 0x30) out[++i] = (char)0x80;
  }
  return n;
}

/* ---- decoding ---- */

struct decoder {
  iconv_t cd; /* (iconv_t)-1 for UTF-8 */
  size_t unit;
};

static const char *iconv_name(const char *encoding) {
  return strcmp(encoding, "SHIFT_JIS") == 0 ? "CP932" : encoding;
}

struct decoder *decoder_new(const char *encoding) {
  struct decoder *d = xmalloc(sizeof *d);
  bool plain = strcmp(encoding, "UTF-8") == 0;
  d->cd = plain ? (iconv_t)-1 : iconv_open("UTF-8", iconv_name(encoding));
  d->unit = shadow_unit(shadow_of(encoding));
  return d;
}

void decoder_free(struct decoder *d) {
  if (!d) return;
  if (d->cd != (iconv_t)-1) iconv_close(d->cd);
  free(d);
}

static bool run_utf8(struct str raw, struct buf *out) {
  bool good = true;
  size_t from = 0, i = 0;
  while (i < raw.n) {
    size_t step = utf8_step(raw.p + i, raw.n - i);
    if (!step) {
      buf_add(out, raw.p + from, i - from);
      buf_puts(out, "\xef\xbf\xbd");
      from = i + 1;
      good = false;
    }
    i += step ? step : 1;
  }
  buf_add(out, raw.p + from, raw.n - from);
  return good;
}

bool decoder_run(struct decoder *d, struct str raw, struct buf *out) {
  if (d->cd == (iconv_t)-1) return run_utf8(raw, out);
  bool good = true;
  char *in = (char *)(uintptr_t)raw.p, piece[4096];
  size_t left = raw.n;
  iconv(d->cd, NULL, NULL, NULL, NULL);
  while (left > 0) {
    char *to = piece;
    size_t room = sizeof piece;
    size_t r = iconv(d->cd, &in, &left, &to, &room);
    int why = errno;
    buf_add(out, piece, sizeof piece - room);
    if (r != (size_t)-1 || why == E2BIG) continue;
    good = false; /* not a character: one unit is replaced and the rest read on */
    buf_puts(out, "\xef\xbf\xbd");
    size_t step = left < d->unit ? left : d->unit;
    in += step;
    left -= step;
  }
  return good;
}

bool encoding_known(const char *name) {
  if (strcmp(name, "UTF-16") == 0 || shadow_of(name) >= SHADOW_16LE) return true;
  iconv_t cd = iconv_open("UTF-8", iconv_name(name));
  if (cd == (iconv_t)-1) return false;
  char ascii[96], back[400];
  for (size_t i = 0; i < 95; i++) ascii[i] = (char)(' ' + i);
  ascii[95] = '\n';
  char *in = ascii, *to = back;
  size_t left = sizeof ascii, room = sizeof back;
  bool same = iconv(cd, &in, &left, &to, &room) == 0 && room == sizeof back - sizeof ascii &&
              memcmp(ascii, back, sizeof ascii) == 0;
  iconv_close(cd);
  return same;
}

size_t bom_length(const char *encoding, const char *p, size_t n) {
  if (strcmp(encoding, "UTF-8") == 0) return n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  if (strcmp(encoding, "UTF-16LE") == 0) return n >= 2 && memcmp(p, "\xff\xfe", 2) == 0 ? 2 : 0;
  if (strcmp(encoding, "UTF-16BE") == 0) return n >= 2 && memcmp(p, "\xfe\xff", 2) == 0 ? 2 : 0;
  return strcmp(encoding, "GB18030") == 0 && n >= 4 && memcmp(p, "\x84\x31\x95\x33", 4) == 0 ? 4 : 0;
}

/*
** mail_make.c - the bytes of a mail, by RFC 5322 (form), RFC 2045 (quoted-printable) and
** RFC 2047 (encoded words).
**
** Everything goes out as ASCII in short lines: what is not ASCII in a header becomes encoded
** words, the text is always quoted-printable. So no server on the way has a reason to
** change it, whatever it supports.
*/
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/mail.h"

enum {
  LINE = 76,       /* of the text, without its end */
  WORD_BYTES = 42, /* of text in one encoded word: 56 as base64, 68 with its frame */
  ADDRESS_MOST = 254,
  LOCAL_MOST = 64,
  SUBJECT_MOST = 500,
};

/* ---- addresses ---- */

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Parts of the given characters, separated by single dots. */
static bool dotted(struct str s, const char *chars) {
  size_t part = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != '.' && (s.p[i] == 0 || !strchr(chars, s.p[i]))) return false;
    if (s.p[i] == '.' && part == 0) return false;
    part = s.p[i] == '.' ? 0 : part + 1;
  }
  return part > 0;
}

static bool is_address(struct str s) {
  const char *at = memchr(s.p, '@', s.n);
  if (!at || s.n > ADDRESS_MOST) return false;
  struct str local = { s.p, (size_t)(at - s.p) }, domain = { at + 1, s.n - local.n - 1 };
  return local.n <= LOCAL_MOST && dotted(local, ALNUM "!#$%&'*+-/=?^_`{|}~") && dotted(domain, ALNUM "-");
}

/* One line of text that means nothing but itself. */
static bool is_line(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
  return utf8_valid(s);
}

static struct str unquote(struct ctx *cx, struct str name) {
  char *to = ctx_alloc(cx, name.n + 1);
  size_t n = 0;
  if (name.n < 2 || name.p[0] != '"' || name.p[name.n - 1] != '"') return name;
  for (size_t i = 1; i + 1 < name.n; i++) {
    if (name.p[i] == '\\' && i + 2 < name.n) i++;
    to[n++] = name.p[i];
  }
  return (struct str){ to, n };
}

int mail_address_read(struct ctx *cx, const char *field, const char *text, struct mail_address *out) {
  struct str s = str_trim(str_of(text)), address = s, name = STR("");
  const char *open = s.n && s.p[s.n - 1] == '>' ? memrchr(s.p, '<', s.n) : NULL;
  if (open) {
    name = unquote(cx, str_trim((struct str){ s.p, (size_t)(open - s.p) }));
    address = (struct str){ open + 1, (size_t)(s.p + s.n - open) - 2 };
  }
  if (!is_line(str_of(text)))
    return fail(cx, E_INVALID, field, "a mail address has no line breaks and control characters");
  if (!is_address(address))
    return fail(cx, E_INVALID, field,
                "'" STR_FMT
                "' is no mail address (name@example.org; a domain with other than ASCII letters in "
                "its xn-- form)",
                (int)(address.n < 100 ? address.n : 100), address.p);
  *out = (struct mail_address){ ctx_strdup(cx, name), ctx_strdup(cx, address) };
  return OK;
}

/* ---- headers ---- */

/* Encoded words, one a line; none cuts a character in two. */
static void put_encoded(struct buf *out, struct str text) {
  for (size_t i = 0; i < text.n;) {
    size_t n = 0, step;
    while (i + n < text.n && (step = utf8_step(text.p + i + n, text.n - i - n)) > 0 && n + step <= WORD_BYTES)
      n += step;
    if (i) buf_puts(out, "\r\n ");
    buf_puts(out, "=?UTF-8?B?");
    base64_put(out, text.p + i, n);
    buf_puts(out, "?=");
    i += n;
  }
}

static bool is_ascii(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] >= 0x80) return false;
  return true;
}

static void put_text(struct buf *out, struct str text) {
  bool plain = is_ascii(text) && text.n <= 60 && !memmem(text.p, text.n, "=?", 2);
  if (plain)
    buf_str(out, text);
  else
    put_encoded(out, text);
}

/* "Name" <address>, the address on a line of its own when there is a name. */
static void put_address(struct buf *out, const struct mail_address *a) {
  struct str name = str_of(a->name);
  if (name.n == 0) {
    buf_puts(out, a->address);
    return;
  }
  if (is_ascii(name) && name.n <= 60 && !memmem(name.p, name.n, "=?", 2)) {
    buf_char(out, '"');
    for (size_t i = 0; i < name.n; i++) {
      if (name.p[i] == '"' || name.p[i] == '\\') buf_char(out, '\\');
      buf_char(out, name.p[i]);
    }
    buf_char(out, '"');
  } else {
    put_encoded(out, name);
  }
  buf_printf(out, "\r\n <%s>", a->address);
}

static void put_date(struct buf *out, int64_t at) {
  static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  int64_t seconds = at / 1000000, day = seconds / 86400, rest = seconds % 86400;
  int y, m, d;
  date_civil((int32_t)day, &y, &m, &d);
  buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[day % 7], d, months[m - 1], y,
             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

/* ---- text ---- */

static size_t line_end(struct str s, size_t i) {
  if (s.p[i] == '\n') return 1;
  if (s.p[i] != '\r') return 0;
  return i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
}

/* Every byte as itself or as =XX; a line that gets too long is broken with a = at its end.
** Blanks before a line's end, which servers drop, and a dot at its beginning, which has a
** meaning to them, are always written as =XX. */
static void put_quoted(struct buf *out, struct str s) {
  size_t column = 0;
  for (size_t i = 0; i < s.n;) {
    size_t end = line_end(s, i);
    if (end) {
      buf_puts(out, "\r\n");
      column = 0;
      i += end;
      continue;
    }
    unsigned char c = (unsigned char)s.p[i++];
    bool last = i == s.n || line_end(s, i);
    bool same = c > 0x20 && c < 0x7f && c != '=' && !(c == '.' && column == 0);
    if ((c == ' ' || c == '\t') && !last) same = true;
    if (column + (same ? 1 : 3) > LINE - 1) {
      buf_puts(out, "=\r\n");
      column = 0;
      if (c == '.') same = false;
    }
    if (same)
      buf_char(out, (char)c);
    else
      buf_printf(out, "=%02X", c);
    column += same ? 1 : 3;
  }
  if (column) buf_puts(out, "\r\n");
}

/* ---- the mail ---- */

static int check(struct ctx *cx, const struct mail *m) {
  struct str subject = str_of(m->subject), text = str_of(m->text);
  if (subject.n > SUBJECT_MOST || !is_line(subject))
    return fail(cx, E_INVALID, "subject", "a mail's subject is one line of at most %d bytes", SUBJECT_MOST);
  if (text.n > LIMIT_BODY_BYTES || !utf8_valid(text))
    return fail(cx, E_INVALID, "text", "a mail's text is UTF-8 of at most %zu bytes", LIMIT_BODY_BYTES);
  if (m->to_count == 0 || m->to_count > MAIL_TO_MOST)
    return fail(cx, E_INVALID, "to", "a mail has 1 to %d recipients", MAIL_TO_MOST);
  if (!dotted(str_of(m->id), ALNUM "-_"))
    return fail(cx, E_INVALID, "id", "a mail's id is letters, digits, - and .");
  return OK;
}

static int put_headers(struct ctx *cx, const struct mail *m, struct buf *out) {
  struct mail_address a;
  put_date(out, m->at);
  if (mail_address_read(cx, "from", m->from, &a)) return cx->code;
  buf_puts(out, "From: ");
  put_address(out, &a);
  buf_printf(out, "\r\nMessage-ID:\r\n <%s%s>", m->id, strchr(a.address, '@'));
  for (size_t i = 0; i < m->to_count; i++) {
    if (mail_address_read(cx, "to", m->to[i], &a)) return cx->code;
    buf_puts(out, i ? ",\r\n " : "\r\nTo: ");
    put_address(out, &a);
  }
  buf_puts(out, "\r\nSubject: ");
  put_text(out, str_of(m->subject));
  buf_puts(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
  return OK;
}

int mail_make(struct ctx *cx, const struct mail *m, struct str *out) {
  struct buf bytes;
  if (check(cx, m)) return cx->code;
  buf_init(&bytes, 4 * LIMIT_BODY_BYTES);
  if (!put_headers(cx, m, &bytes)) put_quoted(&bytes, str_of(m->text));
  *out = (struct str){ ctx_strdup(cx, buf_view(&bytes)), bytes.n };
  buf_clear(&bytes);
  return cx->code;
}

/* fuzz_mail.c - whatever an order says (recipients, subject, text; a line each, the text the rest), a mail that is made has
** the headers that it should have and no others, in short lines of ASCII; and an address has one at sign and no blanks. */
#include <stdint.h>
#include <stdlib.h>

#include "net/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str line(struct str *rest) {
  const char *end = memchr(rest->p, 1, rest->n); /* not a line break: those are what it is about */
  struct str one = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
  size_t step = one.n + (end != NULL);
  *rest = (struct str){ rest->p + step, rest->n - step };
  return one;
}

/* Headers begin lines; what begins with a blank goes on. */
static void check_headers(const char *text) {
  static const char *const known[] = { "Date: ",         "From: ",         "Message-ID:",
                                       "To: ",           "Subject: ",      "Auto-Submitted: ",
                                       "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: " };
  size_t next = 0;
  while (strncmp(text, "\r\n", 2) != 0) {
    const char *end = strstr(text, "\r\n");
    if (!end) abort();
    if (*text != ' ') {
      if (next == sizeof known / sizeof *known || strncmp(text, known[next], strlen(known[next])) != 0)
        abort();
      next++;
    }
    text = end + 2;
  }
  if (next != sizeof known / sizeof *known) abort();
}

static void check_lines(struct str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++, n++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c >= 0x7f || (c < 0x20 && c != '\t' && c != '\r' && c != '\n')) abort();
    if (c == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')) abort();
    if (c == '\n' && (i == 0 || s.p[i - 1] != '\r')) abort();
    if (c == '\n') n = (size_t)-1;
    if (n != (size_t)-1 && n > 400) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct mail_address a;
  struct str rest = { (const char *)data, size }, made;
  ctx_begin(&cx, "fuzz");
  const char *to[2] = { ctx_strdup(&cx, line(&rest)), ctx_strdup(&cx, line(&rest)) };
  const char *from = ctx_strdup(&cx, line(&rest)), *subject = ctx_strdup(&cx, line(&rest));
  struct mail m = {
    .from = from, .to = to, .to_count = 2, .subject = subject, .text = ctx_strdup(&cx, rest), .id = "x"
  };
  if (!mail_address_read(&cx, "to", to[0], &a) &&
      (strchr(a.address, '@') != strrchr(a.address, '@') || strpbrk(a.address, " <>\r\n,")))
    abort();
  ctx_forgive(&cx);
  if (!mail_make(&cx, &m, &made)) {
    check_headers(made.p);
    check_lines(made);
  }
  ctx_end(&cx);
  return 0;
}

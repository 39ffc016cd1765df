/* The bytes of a mail. */
#include <stdio.h>

#include "net/mail.h"
#include "unit.h"

static struct ctx cx;
static const char *const to_one[] = { "a@example.org" };
static const struct mail plain = { .from = "Outpost <out@post.example>",
                                   .to = to_one,
                                   .to_count = 1,
                                   .subject = "Stock is low",
                                   .text = "Hello\n",
                                   .id = "job-7",
                                   .at = 0 };

static const char *made(struct mail m) {
  struct str out = { 0 };
  ctx_begin(&cx, "test");
  if (mail_make(&cx, &m, &out)) return NULL;
  return out.p;
}

static void refused(struct mail m, const char *field) {
  CHECK(made(m) == NULL);
  CHECK_INT(cx.code, E_INVALID);
  CHECK_STR(cx.field, field);
  ctx_end(&cx);
}

UNIT(mail_form, "a mail has the headers of RFC 5322, in lines that end in CRLF") {
  const char *text = made(plain);
  CHECK_STR(text, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
                  "From: \"Outpost\"\r\n <out@post.example>\r\n"
                  "Message-ID:\r\n <job-7@post.example>\r\n"
                  "To: a@example.org\r\n"
                  "Subject: Stock is low\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                  "Hello\r\n");
  ctx_end(&cx);
}

UNIT(mail_date, "the date is the day it was, with the right name") {
  struct mail m = plain;
  m.at = INT64_C(1709208000) * 1000000; /* 2024-02-29T12:00:00Z, a Thursday */
  const char *text = made(m);
  CHECK(text && strstr(text, "Date: Thu, 29 Feb 2024 12:00:00 +0000\r\n"));
  ctx_end(&cx);
}

/* Longest line, and whether all is ASCII without a lone CR or LF. */
static size_t longest(const char *text) {
  size_t most = 0, n = 0;
  for (const char *p = text; *p; p++) {
    CHECK((unsigned char)*p < 0x80);
    if (*p == '\n') CHECK(p > text && p[-1] == '\r');
    if (*p == '\r') CHECK(p[1] == '\n');
    n = *p == '\n' ? 0 : n + 1;
    if (n > most + 1) most = n - 1; /* without the CR */
  }
  return most;
}

UNIT(mail_lines, "whatever the text is, lines are short and ASCII") {
  char text[4096] = "", subject[500] = "";
  for (int i = 0; i < 120; i++) memcpy(subject + i * 3, "\xe2\x82\xac", 4);
  struct mail m = plain;
  m.subject = subject;
  m.text = text;
  for (int i = 0; i < 1000; i++) text[i] = i % 7 ? 'x' : i % 3 ? ' ' : '.';
  const char *out = made(m);
  if (CHECK(out)) CHECK(longest(out) <= 78);
  ctx_end(&cx);
  for (int i = 0; i < 1000; i++) memcpy(text + i * 3, "\xe2\x82\xac", 4);
  out = made(m);
  if (CHECK(out)) CHECK(longest(out) <= 78);
  ctx_end(&cx);
}

UNIT(mail_quoted, "blanks at the end, dots at the beginning and equals signs are quoted") {
  struct mail m = plain;
  m.text = "end \r\n.dot\rtab\t\n1=1\n\nlast";
  const char *out = made(m);
  CHECK_STR(strstr(out, "\r\n\r\n"), "\r\n\r\nend=20\r\n=2Edot\r\ntab=09\r\n1=3D1\r\n\r\nlast\r\n");
  ctx_end(&cx);
}

UNIT(mail_injection, "a line break in a subject, an address or a name makes no further header") {
  static const char *const bad_to[] = { "a@example.org\r\nBcc: b@example.org",
                                        "a@example.org\n",
                                        "\"x\r\nBcc: b@example.org\" <a@example.org>",
                                        "a@example.org, b@example.org",
                                        "a@b@c",
                                        "a b@example.org",
                                        "",
                                        "<a@example.org",
                                        "@example.org",
                                        "a@",
                                        "a@exa mple.org",
                                        "a@example..org",
                                        ".a@example.org",
                                        "a@ex\xc3\xa4mple.org",
                                        "a@example.org>" };
  struct mail m = plain;
  m.subject = "Hi\r\nBcc: b@example.org";
  refused(m, "subject");
  m.subject = "Hi\nthere";
  refused(m, "subject");
  m.subject = "\xff";
  refused(m, "subject");
  m = plain;
  for (size_t i = 0; i < sizeof bad_to / sizeof *bad_to; i++) {
    m.to = &bad_to[i];
    refused(m, "to");
  }
  m = plain;
  m.from = "x\r\nBcc: b <out@post.example>";
  refused(m, "from");
  m = plain;
  m.id = "x>\r\nBcc: b@example.org";
  refused(m, "id");
  m = plain;
  m.text = "\xc3";
  refused(m, "text");
}

UNIT(mail_names, "a name is quoted, or encoded when it is not ASCII") {
  static const char *const names[] = { "Anna \"A\" M\xc3\xbcller <a@example.org>",
                                       "\"Q \\\"x\\\"\" <q@example.org>" };
  struct mail m = plain;
  m.to = names;
  m.to_count = 2;
  const char *out = made(m);
  if (CHECK(out)) {
    CHECK(strstr(out, "To: =?UTF-8?B?QW5uYSAiQSIgTcO8bGxlcg==?=\r\n <a@example.org>,\r\n"));
    CHECK(strstr(out, " \"Q \\\"x\\\"\"\r\n <q@example.org>\r\n"));
  }
  ctx_end(&cx);
}

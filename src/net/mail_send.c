/*
** mail_send.c - one mail, one recipient, one SMTP conversation, through libcurl.
**
** What a server said to what is known from two callbacks: libcurl shows every command that
** it sends (the debug function) and every line that comes back (the header function). So
** a refusal can be told apart by where it came: before MAIL, something is wrong between
** this machine and the server, and it is tried again; from MAIL on, it is about this mail.
**
** The moment that matters is the end of DATA. Before the last byte is sent, the mail has not
** been taken, whatever happens; when a 2xx has come back, it has. Between these two
** nobody on this side can know (RFC 1047), and the answer is MAIL_UNKNOWN.
*/
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "net/dial.h"
#include "net/mail.h"

struct talk {
  struct dial dial;
  const struct mail_watch *watch;
  struct str left; /* bytes of the mail that are not sent yet */
  bool mailing;    /* MAIL was said: what comes now is about this mail */
  bool ended;      /* its last byte was given to libcurl, which then says what ends DATA */
  bool answered;   /* the server has said what becomes of it */
  int code;        /* of the last whole reply */
  int refusal;     /* the last one of 400 or more; what comes after it is the answer to QUIT */
  const char *refusal_words;
  struct buf reply; /* that one, or the one that is coming */
  bool reply_over;  /* it is whole: the next line begins another one */
  struct mail_answer *out;
};

/* ---- libcurl calls back ---- */

/* libcurl asks until it has as many bytes as were stated: the last one comes by itself. */
static size_t on_read(char *to, size_t one, size_t n, void *arg) {
  struct talk *t = arg;
  size_t room = one * n, part = t->left.n < 2 ? t->left.n : t->left.n - 1;
  if (part > room) part = room;
  if (t->left.n == 1) {
    if (t->watch->before_end && t->watch->before_end(t->watch->arg)) return CURL_READFUNC_ABORT;
    t->ended = true;
  }
  memcpy(to, t->left.p, part);
  t->left = (struct str){ t->left.p + part, t->left.n - part };
  return part;
}

static int on_command(CURL *curl, curl_infotype type, char *p, size_t n, void *arg) {
  struct talk *t = arg;
  (void)curl;
  if (type == CURLINFO_HEADER_OUT && n > 5 && memcmp(p, "MAIL ", 5) == 0) {
    t->mailing = true;
    t->refusal = 0;
  }
  return 0;
}

static const char *words_of(struct talk *t) { return ctx_strdup(t->dial.cx, str_trim(buf_view(&t->reply))); }

/* The reply to the end of DATA. */
static void settle(struct talk *t) {
  t->answered = true;
  *t->out = (struct mail_answer){ t->code < 300   ? MAIL_TAKEN
                                  : t->code < 500 ? MAIL_LATER
                                                  : MAIL_NEVER,
                                  t->code, words_of(t) };
  if (t->out->end == MAIL_TAKEN && t->watch->taken) t->watch->taken(t->watch->arg, t->out);
}

/* "250-SIZE 1000", "250 fine": a blank after the code ends the reply. */
static size_t on_reply(char *p, size_t one, size_t n, void *arg) {
  struct talk *t = arg;
  struct str line = { p, one * n };
  int64_t code;
  if (line.n < 4 || !str_to_int((struct str){ p, 3 }, &code) || t->answered) return one * n;
  if (t->reply_over) buf_reset(&t->reply);
  if (!t->reply_over && t->reply.n) buf_char(&t->reply, ' ');
  for (size_t i = t->reply.n ? 4 : 0; i < line.n; i++)
    if (p[i] >= 0x20 && p[i] < 0x7f) buf_char(&t->reply, p[i]);
  t->reply_over = p[3] != '-';
  if (!t->reply_over) return one * n;
  t->code = (int)code;
  if (t->ended)
    settle(t);
  else if (code >= 400) {
    t->refusal = t->code;
    t->refusal_words = words_of(t);
  }
  return one * n;
}

/* ---- the conversation ---- */

static bool is_host(const char *z) {
  size_t n = strspn(z, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:");
  return n && n == strlen(z) && n < 254;
}

/* What we call ourselves: the machine's name, where that may be said. */
static const char *own_name(struct ctx *cx) {
  char name[254] = "";
  gethostname(name, sizeof name - 1);
  return is_host(name) && !strchr(name, ':') && !strchr(name, '_') ? ctx_strdup(cx, str_of(name))
                                                                   : "localhost";
}

static int check(struct ctx *cx, const struct mail_server *s) {
  if (!s->host || !is_host(s->host))
    return fail(cx, E_INVALID, "host",
                "a mail server's host is a name or an address, such as mail.example.org");
  if (s->port < 1 || s->port > 65535)
    return fail(cx, E_INVALID, "port", "a port is a number from 1 to 65535");
  if (s->security == MAIL_PLAIN && s->user && *s->user)
    return fail(cx, E_INVALID, "security", "a password is not sent without TLS: security is starttls or tls");
  return OK;
}

/* Where to, how encrypted, as whom. */
static int reach(struct talk *t, const struct mail_server *s) {
  struct ctx *cx = t->dial.cx;
  bool six = strchr(s->host, ':') != NULL;
  if (dial_begin(&t->dial, "smtp,smtps", s->seconds ? s->seconds : 120)) return cx->code;
  CURL *c = t->dial.curl;
  curl_easy_setopt(c, CURLOPT_URL,
                   ctx_printf(cx, "%s://%s%s%s:%d/%s", s->security == MAIL_TLS ? "smtps" : "smtp",
                              six ? "[" : "", s->host, six ? "]" : "", s->port, own_name(cx)));
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(s->security == MAIL_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (s->user && *s->user) {
    curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
    curl_easy_setopt(c, CURLOPT_PASSWORD, s->password ? s->password : "");
  }
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_reply);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(c, CURLOPT_VERBOSE, 1L); /* to on_command only */
  curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_command);
  curl_easy_setopt(c, CURLOPT_DEBUGDATA, t);
  curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L); /* servers do not like to be kept waiting for QUIT */
  return OK;
}

static void load(struct talk *t, const char *from, const char *to) {
  struct ctx *cx = t->dial.cx;
  CURL *c = t->dial.curl;
  t->dial.list = curl_slist_append(NULL, ctx_printf(cx, "<%s>", to));
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, ctx_printf(cx, "<%s>", from));
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, t->dial.list);
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->left.n);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(c, CURLOPT_READDATA, t);
}

/* It came to no reply to the end of DATA. */
static void tell_failure(struct talk *t) {
  const struct dial *d = &t->dial;
  enum mail_end end = t->ended ? MAIL_UNKNOWN : t->mailing && t->refusal >= 500 ? MAIL_NEVER : MAIL_LATER;
  *t->out = (struct mail_answer){ end, t->refusal,
                                  t->refusal ? t->refusal_words : ctx_strdup(d->cx, str_of(d->cx->message)) };
}

static const struct net_rules none;
static const struct mail_watch nobody;

static void talk_begin(struct talk *t, struct ctx *cx, const struct mail_server *server,
                       struct net_rules *rules) {
  *rules = none;
  rules->authorities = server->authorities;
  *t = (struct talk){ .dial = { .cx = cx,
                                .rules = rules,
                                .host = server->host,
                                .trusted = true,
                                .plain = server->security == MAIL_PLAIN },
                      .watch = &nobody,
                      .reply_over = true };
  buf_init(&t->reply, KIB(2));
}

static void talk_end(struct talk *t) {
  dial_end(&t->dial);
  buf_clear(&t->reply);
}

int mail_send(struct ctx *cx, const struct mail_server *server, const char *from, const char *to,
              struct str bytes, const struct mail_watch *watch, struct mail_answer *out) {
  struct net_rules rules;
  struct talk t;
  *out = (struct mail_answer){ .words = "" };
  if (check(cx, server)) return cx->code;
  talk_begin(&t, cx, server, &rules);
  t.out = out;
  t.left = bytes;
  if (watch) t.watch = watch;
  t.dial.stopped = t.watch->stopped;
  t.dial.stopped_arg = t.watch->arg;
  if (!reach(&t, server)) {
    load(&t, from, to);
    dial_run(&t.dial);
    if (!t.answered && (cx->code == OK || cx->code == E_BUSY)) tell_failure(&t);
    if (t.answered || cx->code == E_BUSY) ctx_forgive(cx); /* *out says it */
  }
  talk_end(&t);
  return cx->code;
}

int mail_probe(struct ctx *cx, const struct mail_server *server, struct mail_answer *out) {
  struct net_rules rules;
  struct talk t;
  *out = (struct mail_answer){ .end = MAIL_TAKEN, .words = "" };
  if (check(cx, server)) return cx->code;
  talk_begin(&t, cx, server, &rules);
  t.out = out;
  if (!reach(&t, server)) {
    curl_easy_setopt(t.dial.curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(t.dial.curl, CURLOPT_CUSTOMREQUEST, "NOOP");
    if (dial_run(&t.dial) == E_BUSY) {
      tell_failure(&t);
      ctx_forgive(cx);
    }
  }
  talk_end(&t);
  return cx->code;
}

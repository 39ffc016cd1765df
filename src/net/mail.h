/*
** mail.h - a mail: making its bytes (mail_make.c) and handing them to a server (mail_send.c).
*/
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include "net/net.h"

enum { MAIL_TO_MOST = 100 };

/* ---- the bytes ---- */

struct mail {
  const char *from;      /* "alerts@example.org" or "Outpost <alerts@example.org>" */
  const char *const *to; /* the same form */
  size_t to_count;       /* 1 .. MAIL_TO_MOST */
  const char *subject;   /* one line of UTF-8 */
  const char *text;      /* UTF-8; lines end as they like */
  const char
      *id; /* letters, digits, dots and dashes; the same for every attempt: Message-ID <id@domain of from> */
  int64_t at; /* UTC microseconds: Date */
};

/* The message as RFC 5322 and MIME have it: lines end in CRLF, no line is longer than 78 bytes,
** all is ASCII. *out lives as long as the unit of work. E_INVALID names the part that
** cannot be sent: line breaks in a subject or an address would be further headers. */
int mail_make(struct ctx *cx, const struct mail *m, struct str *out);

struct mail_address {
  const char *name;    /* "" when there is none */
  const char *address; /* local@domain, ASCII */
};
int mail_address_read(struct ctx *cx, const char *field, const char *text, struct mail_address *out);

/* ---- sending ---- */

enum mail_security {
  MAIL_PLAIN,    /* no TLS, and no password either */
  MAIL_STARTTLS, /* TLS is asked for, and nothing is sent without it */
  MAIL_TLS,      /* TLS from the first byte */
};

struct mail_server {
  const char *host;
  int port;
  enum mail_security security;
  const char *user, *password; /* NULL or "": no login */
  struct str authorities;      /* see net.h */
  int seconds;                 /* for one mail; 0: 120 */
};

enum mail_end {
  MAIL_TAKEN,   /* the server has it, and answers for it */
  MAIL_LATER,   /* not now: nobody there, a login that fails, a code of 4xx. It has not been taken */
  MAIL_NEVER,   /* 5xx about sender, recipient or content: it would say so again */
  MAIL_UNKNOWN, /* the last byte went out, and no answer came back: it may have been taken */
};

struct mail_answer {
  enum mail_end end;
  int code;          /* of SMTP; 0: there was no answer */
  const char *words; /* the server's, or what went wrong before it could say any */
};

/* What the sender wants to know while a mail is under way; all may be NULL. */
struct mail_watch {
  void *arg;
  /* All but the end was sent. Only after this has returned OK the end is sent, which is
  ** when the server may take it. Otherwise the connection is cut, and it has not been taken. */
  int (*before_end)(void *arg);
  /* It was taken: called before anything else is said to the server. */
  void (*taken)(void *arg, const struct mail_answer *answer);
  bool (*stopped)(void *arg); /* true cuts the connection */
};

/* Hands the bytes of mail_make to a server for one recipient. OK whenever *out says what
** came of it; E_INVALID, E_DENIED, E_FAIL for what is wrong on this side. The host of the server
** may be in a private network: whoever enters a mail server means that one. */
int mail_send(struct ctx *cx, const struct mail_server *server, const char *from, const char *to,
              struct str bytes, const struct mail_watch *watch, struct mail_answer *out);

/* Connects, encrypts and logs in, and leaves again: MAIL_TAKEN when that went well. */
int mail_probe(struct ctx *cx, const struct mail_server *server, struct mail_answer *out);

#endif

/*
** mail_job.c - the job kind mail_send: {"to", "subject", "text"}, and perhaps "server" (a name) and "key".
**
** Each recipient has a row of the outbox and a conversation of its own: one that is refused
** does not hold the others up, and each is known to be sent or not. What a crash does
** to it stands in outbox.h.
**
** Attempts are ended early by what concerns all recipients (no connection, a login that
** fails): the rest would wait as long for the same answer.
*/
#include <stdlib.h>

#include "notify/mail.h"
#include "notify/outbox.h"

#include "base/crash.h"

struct letter {
  struct ctx *cx;
  struct job *job;
  struct mail_settings set;
  struct mail mail; /* without recipients and id */
  struct mail_address to[MAIL_TO_MOST];
  const char *shown[MAIL_TO_MOST]; /* as they stand in the header */
  size_t count;
  const char *cause;     /* what the keys are made from */
  struct outbox_row row; /* of the recipient at work */
  size_t waiting, dead;
  const char *last_words; /* of those that wait or are dead, for the job's cause */
};

/* ---- the order ---- */

static int add_recipient(struct letter *l, const char *text) {
  struct ctx *cx = l->cx;
  if (l->count == MAIL_TO_MOST)
    return fail(cx, E_LIMIT, "to", "a mail has at most %d recipients", MAIL_TO_MOST);
  if (mail_address_read(cx, "to", text, &l->to[l->count])) return cx->code;
  for (size_t i = 0; i < l->count; i++)
    if (strcmp(l->to[i].address, l->to[l->count].address) == 0) return OK; /* one mail is enough */
  l->shown[l->count++] = text;
  return OK;
}

/* An array of addresses, or a text with commas (no name has one, then). */
static int read_recipients(struct letter *l, const struct jv *to) {
  struct ctx *cx = l->cx;
  struct str rest = jv_text(to);
  for (size_t i = 0; i < jv_size(to); i++)
    if (add_recipient(l, ctx_strdup(cx, jv_text(jv_at(to, i))))) return cx->code;
  while (rest.n) {
    const char *comma = memchr(rest.p, ',', rest.n);
    struct str part = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n };
    rest = (struct str){ rest.p + part.n + !!comma, rest.n - part.n - !!comma };
    if (add_recipient(l, ctx_strdup(cx, part))) return cx->code;
  }
  return l->count ? OK : fail(cx, E_INVALID, "to", "a mail has at least one recipient");
}

static const char *text_of(struct ctx *cx, const struct jv *o, const char *name) {
  struct str s = jv_text(jv_get(o, name));
  return s.p ? ctx_strdup(cx, s) : NULL;
}

static int read_order(struct letter *l) {
  struct ctx *cx = l->cx;
  const struct jv *o = job_payload(l->job);
  const char *key = text_of(cx, o, "key");
  l->mail.subject = text_of(cx, o, "subject");
  l->mail.text = text_of(cx, o, "text");
  l->cause = key ? ctx_printf(cx, "key %s", key) : ctx_printf(cx, "job %lld", (long long)job_id(l->job));
  if (!l->mail.subject || !l->mail.text)
    return fail(cx, E_INVALID, "payload", "a mail has \"to\", \"subject\" and \"text\"");
  return read_recipients(l, jv_get(o, "to"));
}

/* Without a mail server, mails wait for one. */
static int read_server(struct letter *l, struct db *db, size_t i) {
  struct ctx *cx = l->cx;
  (void)i;
  int rc =
      mail_settings_read(cx, job_tenant(l->job), db, text_of(cx, job_payload(l->job), "server"), &l->set);
  if (rc != E_NOT_FOUND) return rc;
  const char *why = ctx_strdup(cx, str_of(cx->message));
  ctx_forgive(cx);
  return fail(cx, E_BUSY, "mail_server", "%s", why);
}

/* The row of recipient i, with the bytes of this mail unless it was made by an earlier attempt. */
static int make_row(struct letter *l, struct db *db, size_t i) {
  struct ctx *cx = l->cx;
  struct mail_address from;
  struct mail m = l->mail;
  m.from = l->set.sender;
  m.to = l->shown;
  m.to_count = l->count;
  m.at = cx->now;
  l->row = (struct outbox_row){ .channel = "mail", .target = l->to[i].address, .subject = m.subject };
  if (mail_address_read(cx, "from", m.from, &from) ||
      outbox_key(cx, db, l->cause, l->to[i].address, &l->row.key))
    return cx->code;
  m.id = l->row.key;
  l->row.sender = from.address;
  if (mail_make(cx, &m, &l->row.body)) return cx->code;
  return outbox_put(cx, l->job, &l->row);
}

/* A reader is given back before anybody outside is asked: it would keep the write-ahead log from
** being reset. */
static int with_reader(struct letter *l, int (*fn)(struct letter *, struct db *, size_t), size_t i) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, l->cx->actor);
  if (tenant_read(&aside, job_tenant(l->job), &db))
    fail_from(l->cx, &aside);
  else
    fn(l, db, i);
  ctx_end(&aside);
  return l->cx->code;
}

/* ---- sending ---- */

static int before_end(void *arg) {
  struct letter *l = arg;
  int rc = outbox_mark(l->cx, l->job, &l->row, "ending", 0, NULL);
  crash_point("mail: before its last byte");
  return rc;
}

static void taken(void *arg, const struct mail_answer *answer) {
  struct letter *l = arg;
  crash_point("mail: taken, not yet noted");
  outbox_mark(l->cx, l->job, &l->row, "sent", answer->code, answer->words);
  crash_point("mail: noted");
}

static bool stopped(void *arg) { return job_stopped(((const struct letter *)arg)->job); }

static int keep(struct letter *l, const struct mail_answer *a, const char *state) {
  bool waits = strcmp(state, "waiting") == 0 || strcmp(state, "ending") == 0;
  l->waiting += waits;
  l->dead += !waits;
  l->last_words = ctx_printf(l->cx, "%s: %s", l->row.target, a->words);
  job_log(l->job, "%s", l->last_words);
  return outbox_mark(l->cx, l->job, &l->row, state, a->code, a->words);
}

/* Nobody knows whether it arrived: a person decides, where the settings say so. */
static int hold(struct letter *l) {
  static const struct mail_answer doubt = {
    .words = "it may have been taken before the answer was lost; retry the job to send it again"
  };
  return keep(l, &doubt, "unclear");
}

static int send_row(struct letter *l, bool *onward) {
  struct ctx *cx = l->cx;
  struct mail_answer a;
  struct mail_watch watch = { .arg = l, .before_end = before_end, .taken = taken, .stopped = stopped };
  if (outbox_begin(cx, l->job, &l->row)) return cx->code;
  if (mail_send(cx, &l->set.server, l->row.sender, l->row.target, l->row.body, &watch, &a)) return cx->code;
  if (a.end == MAIL_TAKEN) {
    job_log(l->job, "%s: %s", l->row.target, a.words);
    return cx->code;
  }
  *onward = a.end == MAIL_NEVER || (a.end == MAIL_LATER && a.code >= 400);
  if (a.end == MAIL_UNKNOWN && l->set.hold) return hold(l);
  return keep(l, &a, a.end == MAIL_NEVER ? "dead" : a.end == MAIL_UNKNOWN ? "ending" : "waiting");
}

/* An earlier attempt has found that out. */
static int still_dead(struct letter *l) {
  l->dead++;
  l->last_words = ctx_printf(l->cx, "%s: %s", l->row.target, l->row.answer);
  return OK;
}

static bool in_state(const struct letter *l, const char *state) { return strcmp(l->row.state, state) == 0; }

static int deliver(struct letter *l, size_t i, bool *onward) {
  bool again = job_attempt(l->job) > 1;
  if (with_reader(l, make_row, i) || in_state(l, "sent")) return l->cx->code;
  if (in_state(l, "dead") || (in_state(l, "unclear") && again)) return still_dead(l);
  if (in_state(l, "ending") && l->set.hold) return hold(l);
  if (in_state(l, "ending"))
    job_log(l->job, "%s: it may have been taken by the server before; sent again under the same Message-ID",
            l->row.target);
  return send_row(l, onward);
}

static int outcome(const struct letter *l) {
  struct ctx *cx = l->cx;
  if (l->waiting) return fail(cx, E_BUSY, NULL, "%s", l->last_words);
  if (l->dead) return fail(cx, E_INVALID, NULL, "%s", l->last_words);
  return OK;
}

static int run(struct ctx *cx, struct job *job) {
  struct letter *l = ctx_alloc(cx, sizeof *l);
  bool onward = true;
  l->cx = cx;
  l->job = job;
  if (read_order(l) || with_reader(l, read_server, 0)) return cx->code;
  for (size_t i = 0; i < l->count && onward; i++) {
    if (job_stopped(job)) return fail(cx, E_BUSY, NULL, "stopped after %zu of %zu recipients", i, l->count);
    if (deliver(l, i, &onward)) return cx->code;
    job_progress(job, (int64_t)i + 1, (int64_t)l->count, NULL);
  }
  return outcome(l);
}

const struct job_kind mail_send_kind = {
  .name = "mail_send",
  .queue = "email-queue",
  .help = "sends a mail: {\"to\", \"subject\", \"text\"}",
  .need = "system.write",
  .run = run,
};

/*
** outbox.h - what goes out to people and programs, once.
**
** A mail waits as a job of the kind mail_send, ordered in the transaction that causes it; a
** request as one of webhook_send. Without a network they wait, and are tried again with
** the backoff of their queue. At its first attempt a job writes a row of the outbox for
** each recipient: the bytes, which are the same at every attempt, and a key that is the same
** for ever. The key is the Message-ID of a mail and the Idempotency-Key of a request.
**
** The states of a row, and what a crash in each of them means:
**
**   waiting   not begun, or refused for now                    begun again
**   sending   committed before the connection is opened         begun again: the receiver cannot have taken it
**   ending    committed before the last byte is sent           it may have been taken: see below
**   sent      committed as soon as the receiver's 2xx is read    nothing: it is over
**   dead      refused for good, with the receiver's words        until a person retries the job
**   unclear   was `ending`, and a person shall decide             until a person retries the job
**
** So nothing is sent twice that can be known to have been taken, wherever the process dies. What
** remains is the time from the last byte to the commit after the answer: the receiver's
** own time, mostly. No protocol can close it (RFC 1047): the receiver has it, and we do
** not know. Then it is sent again with the same key, and a receiver that keeps keys
** drops the second one, as mail servers and readers do with a Message-ID; `repeats` counts these. Who
** prefers a mail that may be missing to one that may be there twice sets hold_unclear at the
** mail server: it becomes `unclear`, and the job dead.
*/
#ifndef NOTIFY_OUTBOX_H
#define NOTIFY_OUTBOX_H

#include "job/engine.h"
#include "job/job.h"

extern const struct job_kind mail_send_kind, webhook_send_kind;
extern const struct engine_part webhooks_part; /* tells webhooks of the change log (webhook_tell.c) */

struct outbox_row {
  int64_t id;
  const char *key, *channel, *sender, *target, *subject;
  struct str body;
  const char *state, *answer; /* when it was read */
  int64_t tries;
};

/* For jobs: makes the row unless there is one of its key, and reads what is there now. A dead one begins
** again with the first attempt of a job, which is when a person has retried it. */
int outbox_put(struct ctx *cx, struct job *job, struct outbox_row *row);
/* `sending`: E_CONFLICT when the job was lost. */
int outbox_begin(struct ctx *cx, struct job *job, const struct outbox_row *row);
/* Any other state. What was sent is noted even if the job was lost meanwhile. */
int outbox_mark(struct ctx *cx, struct job *job, const struct outbox_row *row, const char *state, int code,
                const char *answer);

/* A key: 32 digits that depend on the tenant, and on these two alone. */
int outbox_key(struct ctx *cx, struct db *db, const char *cause, const char *target, const char **out);

/* An array, newest first. state, channel: NULL for all; before: ids below it, 0 from the newest on. */
int outbox_list(struct ctx *cx, struct db *db, const char *state, const char *channel, int64_t before,
                int64_t limit, struct jw *w, const char *key);

#endif

/* mail.h - a tenant's mail server, and trying it. */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "model/entity.h"
#include "net/mail.h"
#include "store/store.h"

struct mail_settings {
  const char *id, *name, *sender; /* of the record; sender as net/mail.h has `from` */
  bool hold;
  struct mail_server server; /* with the password */
};

/* The mail server of that name, or the first one (name NULL). E_NOT_FOUND: there is none that is active. */
int mail_settings_read(struct ctx *cx, struct tenant *t, struct db *db, const char *name,
                       struct mail_settings *out);

/* Sends a short mail at once, past the outbox, and says what came of it. */
int mail_test(struct ctx *cx, struct tenant *t, const char *name, const char *to, struct mail_answer *out);

extern const struct entity_hooks mail_server_hooks, webhook_hooks, net_allow_hooks;

#endif

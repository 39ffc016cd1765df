/*
** connector.h - outside systems that data comes from: records of the entity `connector`,
** each of a type that a driver knows.
**
** A connector that is not paused is due when it was never read, and from its next_sync_at on:
** the beginning of the next hour, day or week (UTC, Monday), so that a schedule that fires
** a second early or late never skips one. `manual` is due only when somebody asks. One whose last
** reading failed stays due: status error and error_message say why, until a reading succeeds.
**
** The graph sync_connectors maps a task connector_sync over those that are due, at most one of
** each at a time.
**
** TO ADD A TYPE OF CONNECTOR
**   1. a file of this folder with one struct connector_driver; its settings stand in its head
**   2. its declaration at the end of this header, and connector_driver_register in connectors_register (connector.c)
**   3. a scenario with a server that behaves as the vendor's documents say
*/
#ifndef CONNECT_CONNECTOR_H
#define CONNECT_CONNECTOR_H

#include "base/json.h"
#include "job/job.h"
#include "model/entity.h"

struct connector {
  const char *id, *name, *type, *frequency;
  const char *credentials;   /* the name of a secret, or NULL */
  const struct jv *settings; /* an object */
  int64_t last_sync_at;      /* 0: never */
};

struct connector_result {
  int64_t items, refused; /* what came: files, records; those that could not be taken */
};

struct connector_driver {
  const char *type, *help;
  /* What a record must say, before it is saved. May be NULL. */
  int (*check)(struct ctx *cx, const struct jv *settings);
  /* Fetches what is new. Runs at least once: what came is stored with a key, so that it counts once. */
  int (*sync)(struct ctx *cx, struct job *job, const struct connector *c, struct connector_result *out);
};

/* The rules of the entity, the kind of job connector_sync, the lister `connectors`. */
void connectors_register(void);

extern const struct connector_driver folder_driver;

#endif

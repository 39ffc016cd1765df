/*
** event.h - topics: streams of events that are kept, and read by groups.
**
** A topic is a row of the table topic: its fields, its event types and what each
** requires are data. An event is a JSON object with eventId, eventType, timestamp
** (ISO 8601 with a zone), the topic's fields, and whatever else it brings, which is
** kept. A CloudEvents 1.0 envelope (structured mode) is understood, too.
**
** Publishing: event_publish stands inside the transaction of the write that causes
** the events, so that there is no event without its row and no row without its event.
** Each event comes out of it TAKEN (it is in the log), KNOWN (this id was there
** before, with the same content) or REFUSED (parked with the reason, see park.h).
** One bad event never stops the others.
**
** A topic may have a door, which decides in place of the list of known ids: the
** ledger of the stock is the door of inventory-events.
**
** Consuming: a consumer group has a position in every partition of its topic. A
** handler runs in the transaction that moves the position, so its effect in the
** tenant's file happens exactly once (consume.h).
**
** A partition is the CRC-32 of the event's key modulo the topic's partitions; the key
** is the topic's key fields joined by '/', for inventory-events warehouseId/sku. Within a partition
** events keep their order, and offsets count from 0 without a gap.
*/
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/json.h"
#include "model/entity.h"
#include "store/store.h"

enum {
  EVENT_FIELDS = 16,         /* fields of a topic's own, at most */
  EVENT_PARTITIONS = 64,     /* of a topic, at most */
  EVENT_ID_BYTES = 128,      /* of an event id */
  EVENT_BYTES = 64 << 10,    /* of one event as JSON */
  EVENT_BATCH = 32768,       /* events in one call of event_publish or of a consumer, at most */
  EVENT_AHEAD_SECONDS = 600, /* an event may be so far ahead of the trusted clock */
};

enum event_outcome {
  EVENT_RAW,  /* only body is set: event_publish reads it */
  EVENT_READ, /* event_parse has been there */
  EVENT_TAKEN,
  EVENT_KNOWN,
  EVENT_REFUSED,
};

/* The value of one of the topic's fields. */
struct event_value {
  struct str text; /* of a text: what it says; of anything else: as it is written. p NULL: it is not there */
  int64_t number;  /* decimal: at scale 4; integer; instant: UTC us; boolean: 0 or 1 */
};

struct event {
  struct str id, type, key;               /* as they read, without JSON's escapes */
  struct str body;                        /* the JSON object, compact; plain form, never an envelope */
  int64_t at;                             /* its own time, UTC us */
  struct event_value value[EVENT_FIELDS]; /* by the topic's fields */
  int partition;                          /* from here on: when it is in the log */
  int64_t offset;
  int64_t published_at; /* UTC us */
  int64_t line;         /* of the file it came from, from 1; 0: none */
  enum event_outcome outcome;
  const char *why; /* it was refused */
};

/* The fields of inventory-events, in the order of its row in the table. */
enum inventory_event_field {
  INVENTORY_SKU,
  INVENTORY_WAREHOUSE,
  INVENTORY_QUANTITY, /* quantityChange, at scale 4, with its sign */
  INVENTORY_REFERENCE,
  INVENTORY_NOTES,
  INVENTORY_LOCATION,
  INVENTORY_LOT,
  INVENTORY_SERIAL,
  INVENTORY_UNIT_COST, /* at scale 4 */
  INVENTORY_DEVICE,
  INVENTORY_DEVICE_SEQ,
};

/* ---- topics ---- */

enum event_field_kind { EVENT_TEXT, EVENT_DECIMAL, EVENT_INTEGER, EVENT_INSTANT, EVENT_BOOLEAN, EVENT_JSON };
struct event_field {
  struct str name;
  enum event_field_kind kind;
};

struct event_type {
  struct str name;
  uint32_t required; /* a bit for each field */
};

struct topic {
  const char *name, *help;
  bool changes; /* reads the change log; nothing can be published to it */
  int partitions;
  struct event_field fields[EVENT_FIELDS];
  int field_count;
  struct event_type *types;
  int type_count;
  int keys[EVENT_FIELDS]; /* fields that make the key */
  int key_count;
  int64_t retention_days, retention_bytes; /* 0: without end */
  bool beyond_groups;                      /* retention does not wait for slow groups */
};

extern const struct entity_hooks topic_hooks; /* of the entity topic */

/* Lives as long as the unit of work. E_NOT_FOUND names the topics that there are. */
int topic_find(struct ctx *cx, struct db *db, const char *name, struct topic **out);

/* Reads one event, plain or in an envelope: out->body is its plain, compact form. Strict:
** E_INVALID says what is wrong with it (as does out->why), and out->id, if it could be read, whose
** it was. Texts live as long as `json` and the unit of work. Needs no database: any thread. */
int event_parse(struct ctx *cx, const struct topic *t, struct str json, struct event *out);

/* ---- publishing ---- */

/* What a topic does with events before they are in its log, in the same transaction: sets
** outcome of each to EVENT_TAKEN, EVENT_KNOWN or EVENT_REFUSED (and why). Those that are EVENT_REFUSED
** already are to be left alone. Without a door a list of ids decides.
** The same id with other content is to be refused. It is opened once in a transaction, however many batches
** come through; what it keeps back may be written when it is closed. */
struct topic_door {
  const char *topic;
  void *(*open)(struct ctx *cx, struct db *db); /* never NULL; what failed is in cx */
  int (*take)(struct ctx *cx, void *open, struct event *events, size_t n);
  int (*close)(struct ctx *cx, void *open); /* gives it back; writes only when cx has not failed */
};
void topic_door_register(const struct topic_door *d);

/* Inside tenant_write. n is at most EVENT_BATCH. Makes one entry of the change log
** (EVENTS_PUBLISHED) if any was taken. */
int event_publish(struct ctx *cx, struct db *db, const char *topic, struct event *events, size_t n);

/* The same for events that the program makes itself: a JSON object each. Fails when one is refused. */
int event_emit(struct ctx *cx, struct db *db, const char *topic, struct str json);

/* ---- consuming ---- */

struct consumer {
  const char *topic, *group, *help;
  /* In the transaction that moves the group's position. E_INVALID, E_NOT_FOUND, E_DENIED, E_LIMIT and
  ** E_CONFLICT are the event's fault: the batch is halved until that event stands alone, and it is
  ** parked. E_BUSY and E_FAIL are tried again. The events may be of several partitions, those of one
  ** partition are together and in their order. */
  int (*handle)(struct ctx *cx, struct db *db, const struct event *events, size_t n);
  bool brief; /* it asks for id, type, at, body and the place in the log; key and value are not set */
};
void consumer_register(const struct consumer *c);
void consumer_register_test_groups(void);  /* in test builds, see test_groups.c */
const struct consumer *consumer_at(int i); /* NULL beyond the last */

#endif

/*
** request.h - one request on its way through this folder.
**
**   http.c       listens, starts and stops; hands every connection to request_serve
**   request.c    the way of a request, and the checks on it
**   routes.c     the table of routes; find.c finds one; routes_NOUN.c the handlers behind it
**   body.c       the body of a request
**   identify.c   who asks, and whether he may
**   tenants.c    which tenant is meant
**   assets.c     the page's files
**   reply.c      what goes back: one form for success, one for failure
**   stream.c     a reply that is sent while it is made
**   spool.c      what of it the client takes later
**   wire.c       reads from and writes to the client's connection, which the gate holds (gate/gate.h)
*/
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <pthread.h>

#include "auth/identity.h"
#include "base/json.h"
#include "http/http.h"

enum { PARAMS = 2, STREAM_PART = 32 << 10 };

struct gate;
struct gate_conn;
struct mg_connection;
struct cache;
struct cache_look;
struct once;
struct once_call;
struct rate;
struct kept_upload;
struct opened;
struct spool;
struct hub;
struct tasks;
struct auth;
struct trust;
struct route;

/* What all requests share. */
struct server {
  struct store *store;
  int64_t started;       /* UTC microseconds */
  atomic_int port;       /* the real one; known only when requests may already come */
  const char *www;       /* folder of --www, or NULL */
  struct trust *trust;   /* the certificate that is shown; NULL: plain HTTP, on loopback only */
  struct gate *gate;     /* what is between clients and us */
  struct opened *opened; /* tenants' files, shared with the engine */
  struct auth *auth;     /* who a token stands for */
  struct cache *cache;   /* of replies */
  struct once *once;     /* requests with an Idempotency-Key that are under way */
  struct rate *rate;     /* how often who has asked */
  const char *origins;   /* whose pages may use the API, see cors.c; NULL: our own alone */

  pthread_mutex_t uploads_lock; /* over these two, see uploads.c */
  struct kept_upload *uploads;
  int upload_count;

  struct tasks *tasks;  /* imports that run in the background */
  struct hub *hub;      /* who watches what happens */
  atomic_bool stopping; /* what lasts is to end */
};

struct request {
  struct ctx *cx;
  struct server *server;
  struct mg_connection *wire; /* of civetweb: the request line, and nothing else */
  struct gate_conn *conn;     /* of the client */
  const struct route *route;  /* NULL until it is found */
  const struct entity
      *entity; /* whose records the address is about; NULL: of none, or of one that there is not */
  const struct identity *who; /* who asks; NULL: nobody has logged in, which only open routes see */
  struct tenant *tenant;      /* whom the route is about; NULL: nobody (route.apart, route.open) */
  struct db *db;              /* its file as of one moment, for a route that reads */
  const char *method, *path, *query;
  const char *their_id, *trace; /* X-Request-Id, and the id of traceparent; or NULL */
  const char *param[PARAMS]; /* what stood for the first and the second {id}, or for the star; never NULL */
  bool head;                 /* the client wants no body */
  bool malformed;            /* the gate refuses it: nothing of the above but conn is there */
  bool own_page;             /* sent by this server's own page, as the browser says */
  bool foreign;              /* sent by a page of another origin that may: its cookies do not count */
  bool preflight;            /* it only asks what may be asked from there */
  int64_t rate_limit, rate_left, rate_reset; /* requests a minute, and seconds; rate_limit 0: there is none */

  /* The body of the request, see body.c. */
  bool body_left;      /* there is more of it */
  int64_t body_stated; /* its length, -1 when that is not known */
  int64_t body_read;
  struct str body_known; /* p NULL: not read yet, as a whole */

  /* The reply, as the handler makes it. */
  int status;             /* 0: by the outcome; set it last, when all went well */
  int retry_after;        /* seconds, with a failure; 0: it says nothing */
  const char *type;       /* of the body; NULL is JSON */
  const char *etag;       /* quoted; NULL: made from the body */
  bool packed;            /* the content is compressed for this client, the etag that of what it was before */
  const char *encoding;   /* of the body, or NULL */
  const char *link;       /* the Link header, or NULL */
  const char *location;   /* the Location header, or NULL */
  const char *allow;      /* the Allow header, or NULL */
  const char *cookies;    /* whole lines of Set-Cookie, or NULL */
  const char *upgrade;    /* the Upgrade header, or NULL */
  struct buf body;        /* JSON is composed here */
  struct jw json;         /* at the top level of the envelope */
  struct str content;     /* what is sent when it is not the JSON; p NULL: the JSON */
  struct once_call *once; /* it has an Idempotency-Key, see idempotent.c */
  bool repeated;          /* the reply is that of the first time */
  struct cache_look *cache_look; /* the reply may be kept, see cache.c; NULL: it may not */

  /* A reply that is sent while it is made, see stream.c. */
  const char *attachment; /* the name under which a browser saves it */
  struct buf pending;     /* not yet sent */
  struct spool *spool;    /* what the client takes later, see spool.c; NULL: nothing */
  bool streams;           /* the handler wants it so */
  bool streamed;          /* the head is out */
  bool endless;           /* the connection is somebody else's now, see hub.h */
  bool gone;              /* the client is not there any more */
  bool closes;            /* no further request on this connection */
};

typedef int route_fn(struct request *rq);

/* request.c */
void request_serve(struct server *server, struct mg_connection *wire, struct gate_conn *conn);
/* What the gate refused, before there was a request to speak of. */
void request_refuse_malformed(struct server *server, struct gate_conn *conn, int status,
                              const char *sentence);
/* Fails with an HTTP status of its own instead of the one that belongs to the code. */
int refuse(struct request *rq, int status, enum err code, const char *sentence);
/* A parameter of the query, decoded: *out is NULL when it is absent or empty. */
int query_text(struct request *rq, const char *name, const char **out);
/* Several of them: query_texts(rq, { "from", &from }, { "to", &to }). */
struct query_text {
  const char *name, **out;
};
#define query_texts(rq, ...) query_texts_all((rq), (const struct query_text[]){ __VA_ARGS__, { NULL, NULL } })
int query_texts_all(struct request *rq, const struct query_text *list);
/* One of the few words that the route's row has for it. */
int query_choice(struct request *rq, const char *name, const char **out);
int query_int(struct request *rq, const char *name, int64_t least, int64_t most, int64_t otherwise,
              int64_t *out);
/* true for 1, true and yes; false for 0, false, no and when it is absent. */
int query_flag(struct request *rq, const char *name, bool *out);
/* A parameter that may be repeated: the n-th value, from 0 on; NULL beyond the last. */
int query_repeated(struct request *rq, const char *name, size_t n, const char **out);

/* All parameters, decoded: size_t at = 0; while (query_next(rq, &at, &name, &value)). false at the end,
** and when one cannot be read (cx->code). */
bool query_next(struct request *rq, size_t *at, const char **name, const char **value);
/* The Link header: the same question once more, with one parameter set to where the next page begins; NULL: there is none. */
void link_next(struct request *rq, const char *name, const char *value);

/* body.c: for routes with a body_max. All of them answer with 400, 413 or 415 by themselves. */
/* The body as a JSON object; 422 says what is wrong with it. */
int body_json(struct request *rq, struct jv **out);
/* The same with no members but these, "kind, queue, payload": what is misspelled is not passed over. */
int body_members(struct request *rq, const char *names, struct jv **out);
int body_members_if_any(struct request *rq, const char *names, struct jv **out); /* empty: NULL */
int body_allow(struct request *rq, struct jv *object, const char *names);        /* of an object within */
/* A member that is a text; NULL when it is null or not there. */
int member_text(struct request *rq, const struct jv *body, const char *name, const char **out);
/* The whole body, at most body_max bytes. */
int body_text(struct request *rq, struct str *out);
/* The next bytes of a body that is too large to be held; *got is 0 at its end. */
int body_next(struct request *rq, void *to, size_t room, size_t *got);

/* A row of a table at the end of routes_NOUN.c: the first five without their names, an empty row at the end. */
struct route {
  const char *method;  /* GET answers HEAD, too */
  const char *pattern; /* {id} stands for one segment, at most twice; a star at the end for all the rest.
                          Of two that fit the first is taken: /things/new stands before /things/{id} */
  route_fn *handle;
  /* Who may use it: a permission (model/permission.h); "record.read" and "record.write" for those of the
     entity that it is about; "login" for everybody who has logged in. A route says that or `open`. */
  const char *need;
  const char *help; /* one sentence for people who write clients */
  /* What it takes and gives, for /openapi.json, in the words of shape.h. query: "limit: int, state: open|done";
     body: "{kind!, payload: object}", or @ for a record, or other types, "*text/csv|application/json"; reply: the data and what stands beside
     it, "[{id, name}]; total: int", with other statuses than 200 before it, "201|200 @". */
  const char *query, *body, *reply;
  size_t body_max;                                             /* of the request; 0: it has none */
  enum { ENTITY_NONE, ENTITY_BY_NAME, ENTITY_BY_PATH } entity; /* the first {id} is that of one */
  bool apart;  /* about no tenant: what it says is the same for all, or of several */
  bool reads;  /* the handler finds the tenant's file in rq->db; `cached` says so, too */
  bool secret; /* what it is told or tells is written down nowhere, not even for a client that asks again */
  bool open;   /* for everybody, logged in or not */
  bool fixed;  /* the reply is of the program alone, and the same for all who may ask: no write changes it */
  bool quiet;  /* asked so often that it is logged only when it fails */
  bool
      cached; /* the reply depends on the address, who asks and what the handler reads of the tenant's file: see cache.c */
};
int route_find(struct request *rq); /* 404 405 */

/* problems.c */
const char *problem_name(int status);  /* the end of the type of a failure */
const char *problem_title(int status); /* NULL: not one of ours */

/* identify.c */
int request_identify(struct request *rq); /* 401 */
int request_allow(struct request *rq);    /* 403 */
/* May he? E_DENIED says what is missing: for what only a handler knows. */
int request_need(struct request *rq, const char *permission);
/* A cookie of the request; p NULL: there is none. */
struct str cookie_find(struct request *rq, const char *name);
/* With the reply: the token and what refreshes it ("" and 0 take them away). */
void cookies_set(struct request *rq, const char *token, int64_t seconds, const char *refresh,
                 int64_t refresh_seconds);
const char *cookie_refresh_name(const struct request *rq);

/* tenants.c */
/* The tenant of who asks; in open mode the one that the query names, or the only one there is. */
int tenant_find(struct request *rq);                             /* rq->tenant; 404 */
bool tenant_visible(const struct request *rq, const char *slug); /* is it that one, or are all visible? */
int tenant_opened(struct request *rq, const char *slug, struct tenant **out);

/* idempotent.c: tenant_write on the tenant of the request, for one that may be sent again. With an Idempotency-Key
** what fn did and what it composed - rq->json, rq->status, rq->location, rq->etag, all of it inside fn - is one commit;
** a repetition gets that reply, and fn is not called. fn may be called twice (tenant_write_again); the request is then as
** it was before, and arg has to do with what fn left in it. */
int write_once(struct request *rq, write_fn *fn, void *arg);

/* assets.c */
int asset_check_folder(struct ctx *cx, const char *dir);
int asset_serve(struct request *rq);

/* reply.c */
const char *reply_etag(struct ctx *cx, struct str body); /* quoted: of these bytes */
/* The tags of If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1), one after another, quoted: while (etag_next(&list, &tag,
** &weak)). What is no tag ends the list. etag_any: it is the star that stands for whatever there is. */
bool etag_next(const char **list, struct str *tag, bool *weak);
bool etag_any(const char *list);
void reply_begin(struct request *rq); /* opens the envelope of a success */
void reply_send(struct request *rq);  /* what the handler made, or the failure in cx */
/* For a reply that goes on after the request: its head, after which the connection is handed over. */
void reply_endless(struct request *rq);
void reply_upgrade(struct request *rq, const char *protocol, const char *lines);
void reply_head(struct request *rq, bool failed, struct buf *head); /* for stream.c */

/* stream.c: a handler that sends much calls reply_stream once and then reply_write
** (an export_write_fn) as often as it likes. What fails before the first bytes are
** out becomes an ordinary failure; what fails later cuts the reply short, so that
** the client sees that it is not whole. */
void reply_stream(struct request *rq, const char *type, const char *attachment); /* attachment: may be NULL */
int reply_write(struct ctx *cx, void *rq, const char *p, size_t n);
void stream_part(struct request *rq, struct str bytes); /* to the client */
void stream_end(struct request *rq);                    /* called by reply_send */

/* spool.c */
/* It goes to the client later, as the client is slow; false: now. */
bool spool_keep(struct request *rq, struct str bytes);
void spool_send(struct request *rq); /* all of it, however long the client takes */

/* wire.c */
const char *wire_method(const struct request *rq);
const char *wire_path(const struct request *rq);  /* as it was sent, without the query */
const char *wire_query(const struct request *rq); /* as it was sent; "" when there is none */
bool wire_old(const struct request *rq);          /* HTTP/1.0 */
const char *wire_list(const struct request *rq,
                      const char *name); /* of a list: what all lines of it say, or NULL */
const char *wire_host(const struct request *rq, const char **scheme); /* as gate_host */
/* The first header of that name, or NULL; *count (may be NULL) of them there are. */
const char *wire_header(const struct request *rq, const char *name, int *count);
const char *wire_address(const struct request *rq);    /* of the client, numeric */
int64_t wire_body_stated(const struct request *rq);    /* the length of the body; -1 when it is not told */
void wire_close_after(struct request *rq);             /* no further request on this connection */
bool wire_closes(const struct request *rq);            /* there will be none, for this or another reason */
bool wire_write(struct request *rq, struct str bytes); /* false: the client went away, or is too slow */
bool wire_write_parts(struct request *rq, const struct str *parts, int count); /* the same; at most 8 */
size_t wire_room(struct request *rq); /* so many bytes are written without waiting for the client */
/* Bytes of the body; 0 at its end; -1 when it is broken off or too slow. */
int64_t wire_read(struct request *rq, void *to, size_t room);
void wire_done(
    struct request *rq); /* the reply is made; the connection and its headers are another request's */

#endif

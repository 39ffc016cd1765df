/*
** uploads.h - files that were sent here and wait to be imported: DIR/uploads/<id>.
**
** An upload is a means and no record: it is kept for a day at most, goes when it was
** imported, and does not outlive the server.
*/
#ifndef HTTP_UPLOADS_H
#define HTTP_UPLOADS_H

#include "http/request.h"

enum { UPLOAD_NAME = 201, UPLOAD_LOOK = 64 << 20 /* of a body, before the disk is looked at again */ };

struct upload {
  char id[37], tenant[64], name[UPLOAD_NAME], sha256[65], path[4096];
  int64_t bytes, at;
};

/* Makes the folder, and removes what an earlier server left there. */
int uploads_begin(struct ctx *cx, struct server *server);
void uploads_end(struct server *server); /* removes them all */
void uploads_reap(struct server *server, int64_t now);

/* The body of the request, on the disk while it comes. 507 when the disk is too full for it. */
int upload_receive(struct request *rq, struct tenant *tenant, const char *name, struct upload *out);
int upload_find(struct request *rq, struct tenant *tenant, const char *id, struct upload *out);
void upload_remove(struct server *server, const char *id);

/* The last part of what may be a path, without control characters. */
int upload_name(struct request *rq, const char *name, char out[static UPLOAD_NAME]);
/* A file without a name, to be closed, beside them; -1: the disk has no room for so many bytes and some to work with, or it
** cannot be. */
int uploads_scratch(struct request *rq, int64_t room);
/* 507 when the disk has no room for so many bytes more and some to work with. */
int upload_room(struct request *rq, const char *dir, int64_t more);

#endif

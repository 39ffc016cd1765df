/*
** idempotent.h - a request that is sent again does what it asks for once, and gets the same reply.
*/
#ifndef HTTP_IDEMPOTENT_H
#define HTTP_IDEMPOTENT_H

#include "http/request.h"

struct once; /* what is under way in this process */
struct once *once_new(void);
void once_free(struct once *o);

/* Around the handler of a request that changes something and has an Idempotency-Key; nothing for others.
** once_begin fails with 409 while the same key is under way, and with 422 when it was used for another request;
** when the reply is known, rq->content is it and *done says so. */
int once_begin(struct request *rq, bool *done);
void once_end(struct request *rq);

#endif

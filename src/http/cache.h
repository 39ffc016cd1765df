/*
** cache.h - replies that are kept as long as they are still right.
*/
#ifndef HTTP_CACHE_H
#define HTTP_CACHE_H

#include "http/request.h"

struct cache;

struct cache *cache_new(void);
void cache_free(struct cache *c);

/* Around the handler of a route with .cached: true when the reply is there already. Otherwise the handler
** runs, and cache_keep puts down what it made. */
bool cache_find(struct request *rq);
void cache_keep(struct request *rq);
/* The reply will not be kept: it is sent while it is made. Nobody is to wait for it any more. */
void cache_let_go(struct request *rq);

#endif

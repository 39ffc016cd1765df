/*
** cors.h - pages of other origins that may use the API.
*/
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "http/request.h"

/* Is the origin one of those that `serve --allow-origin` names? "https://a.example, acme=http://localhost:3000"; tenant NULL: for
** any of them. */
bool cors_allows(const struct request *rq, const char *origin, const char *tenant);
/* Once it is known which tenant a request is about: 403 for a page that is on the list for others alone. */
int cors_check_tenant(struct request *rq, const char *tenant);
/* An OPTIONS request: what may be asked from there. true: that is all there is to do, and the reply is made. */
bool cors_preflight(struct request *rq);
void cors_head(const struct request *rq, struct buf *head);

#endif

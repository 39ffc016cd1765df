/*
** gzip.h - replies for clients that take them compressed.
*/
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include "http/request.h"

/* Does the client say so? "gzip" stands in Accept-Encoding and is not ruled out there by q=0. */
bool gzip_taken(const struct request *rq);

/* The bytes as gzip, quickly rather than small; the caller frees them. p NULL: it would not pay, or cannot be had. */
struct str gzip_pack(struct str bytes);

#endif

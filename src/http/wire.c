/*
** wire.c - civetweb's connection as the rest of this folder sees it.
*/
#include <civetweb.h>

#include "http/request.h"

static const struct mg_request_info *info(const struct request *rq) { return mg_get_request_info(rq->wire); }
static const char *text(const char *z) { return z ? z : ""; }

const char *wire_method(const struct request *rq) { return text(info(rq)->request_method); }
const char *wire_path(const struct request *rq) { return text(info(rq)->request_uri); }
const char *wire_query(const struct request *rq) { return text(info(rq)->query_string); }
const char *wire_address(const struct request *rq) { return text(info(rq)->remote_addr); }
bool wire_old(const struct request *rq) {
  return !rq->malformed && !strcmp(text(info(rq)->http_version), "1.0");
}

const char *wire_header(const struct request *rq, const char *name, int *count) {
  const struct mg_request_info *in = info(rq);
  const char *first = NULL;
  int found = 0;
  for (int i = 0; i < in->num_headers && !rq->malformed; i++) {
    if (!str_eq_nocase(str_of(in->http_headers[i].name), str_of(name))) continue;
    if (!found++) first = in->http_headers[i].value;
  }
  if (count) *count = found;
  return first;
}

/* civetweb reads as many headers as its array holds and drops the rest without
** a word, so a full array may be one that was cut. */
bool wire_headers_cut(const struct request *rq) { return info(rq)->num_headers >= MG_MAX_HEADERS; }

void wire_close_after(struct request *rq) { mg_disable_connection_keep_alive(rq->wire); }

bool wire_write(struct request *rq, struct str bytes) {
  /* A client that went away is not our failure. */
  return !bytes.n || mg_write(rq->wire, bytes.p, bytes.n) == (int)bytes.n;
}

int64_t wire_read(struct request *rq, void *to, size_t room) {
  const char *expect = wire_header(rq, "Expect", NULL);
  if (!rq->body_read && expect && str_eq_nocase(str_of(expect), STR("100-continue")))
    wire_write(rq, STR("HTTP/1.1 100 Continue\r\n\r\n"));
  return mg_read(rq->wire, to, room);
}

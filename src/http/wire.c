/*
** wire.c - where a request comes from and where its reply goes, as the rest of this folder sees it: the request line
** from civetweb, which gave it to this worker, and all else from the gate, which holds the connection.
*/
#include <civetweb.h>

#include "gate/gate.h"
#include "http/request.h"

static const struct mg_request_info *info(const struct request *rq) { return mg_get_request_info(rq->wire); }
static const char *text(const char *z) { return z ? z : ""; }

const char *wire_method(const struct request *rq) { return text(info(rq)->request_method); }
const char *wire_path(const struct request *rq) { return text(info(rq)->request_uri); }
const char *wire_query(const struct request *rq) { return text(info(rq)->query_string); }
bool wire_old(const struct request *rq) { return !rq->malformed && gate_old(rq->conn); }

const char *wire_header(const struct request *rq, const char *name, int *count) {
  if (count) *count = 0;
  return rq->malformed || !rq->conn ? NULL : gate_header(rq->conn, name, count);
}

const char *wire_list(const struct request *rq, const char *name) {
  const char *line, *all = NULL;
  int at = 0;
  while (!rq->malformed && rq->conn && (line = gate_header_next(rq->conn, name, &at)))
    all = all ? ctx_printf(rq->cx, "%s, %s", all, line) : line;
  return all;
}

const char *wire_host(const struct request *rq, const char **scheme) { return gate_host(rq->conn, scheme); }
const char *wire_address(const struct request *rq) { return gate_peer(rq->conn)->address; }
int64_t wire_body_stated(const struct request *rq) { return gate_body_stated(rq->conn); }

void wire_close_after(struct request *rq) { rq->closes = true; }
bool wire_closes(const struct request *rq) {
  return rq->closes || rq->malformed || !gate_keeps(rq->conn) || !gate_body_whole(rq->conn);
}

bool wire_write_parts(struct request *rq, const struct str *parts, int count) {
  return gate_send_parts(rq->conn, parts, count);
}
bool wire_write(struct request *rq, struct str bytes) { return wire_write_parts(rq, &bytes, 1); }

size_t wire_room(struct request *rq) { return gate_room(rq->conn); }

int64_t wire_read(struct request *rq, void *to, size_t room) { return gate_read(rq->conn, to, room); }

void wire_done(struct request *rq) {
  gate_done(rq->conn, !rq->closes);
  rq->conn = NULL;
}

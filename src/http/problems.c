/*
** problems.c - what can go wrong, for people who write clients: a name for each status that a failure has, which is the end of
** its type (RFC 9457), and a page at that address.
*/
#include "http/request.h"
#include "http/routes.h"

struct problem {
  int status;
  const char *name, *title, *help;
};

static const struct problem problems[] = {
  { 400, "malformed", "Bad Request",
    "The request cannot be read: it is no HTTP, its length is unclear, or its body is no JSON (numbers of "
    "endless digits, more than 48 levels and the same member twice count as that). Sending it again will not "
    "help." },
  { 401, "not-logged-in", "Unauthorized",
    "Nobody has said who asks, or the token has ended or was taken back. Log in at POST /api/auth/login and "
    "send the token as Authorization: Bearer." },
  { 403, "denied", "Forbidden",
    "Who asks may not do this. The sentence names the permission that it takes." },
  { 404, "not-found", "Not Found", "There is nothing at this address, or nothing for who asks." },
  { 405, "method", "Method Not Allowed",
    "The address is right, the method is not; the header Allow has those that are." },
  { 409, "conflict", "Conflict",
    "Somebody was first, or the state of things forbids it. The sentence says what stands in the way." },
  { 412, "changed", "Precondition Failed",
    "The record is not at the version of If-Match any more. Read it again, and decide." },
  { 413, "too-large", "Content Too Large", "More was sent or asked for than the address takes at once." },
  { 415, "media-type", "Unsupported Media Type", "The body is of a type that this address does not take." },
  { 421, "misdirected", "Misdirected Request", "The server was called by a name that is not its own." },
  { 422, "invalid", "Unprocessable Content",
    "The request can be read, and something in it is wrong. `errors` names each field that is, its place in "
    "the body as a JSON pointer, and what would be right; `detail` is the sentence of the first." },
  { 426, "upgrade", "Upgrade Required",
    "This address speaks WebSocket, and the request does not ask for that." },
  { 428, "precondition", "Precondition Required", "This takes If-Match with the version that was read." },
  { 429, "rate", "Too Many Requests",
    "Too much was asked in a minute. Retry-After says when to go on; RateLimit says how much is left." },
  { 431, "headers", "Request Header Fields Too Large",
    "The headers of the request are too many or too long." },
  { 500, "failure", "Internal Server Error",
    "Something is wrong with the machine or the program. The log tells more under the id that `instance` "
    "ends with." },
  { 503, "busy", "Service Unavailable",
    "Something is locked, full or starting. Retry-After says when to try again." },
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

static const struct problem *problem_of(int status) {
  const struct problem *other = NULL;
  for (int i = 0; i < PROBLEMS; i++) {
    if (problems[i].status == status) return &problems[i];
    if (problems[i].status == (status < 500 ? 400 : 500)) other = &problems[i];
  }
  return other;
}

const char *problem_name(int status) { return problem_of(status)->name; }

const char *problem_title(int status) {
  const struct problem *p = problem_of(status);
  return p->status == status ? p->title : NULL;
}

int problems_list(struct request *rq) {
  jw_array(&rq->json, "data");
  for (int i = 0; i < PROBLEMS; i++)
    jw_record(&rq->json, NULL, "type", ctx_printf(rq->cx, "/problems/%s", problems[i].name), "status",
              problems[i].status, "title", problems[i].title, "help", problems[i].help);
  jw_close(&rq->json, ']');
  jw_int(&rq->json, "total", PROBLEMS);
  return OK;
}

int problem_page(struct request *rq) {
  for (int i = 0; i < PROBLEMS; i++) {
    const struct problem *p = &problems[i];
    if (strcmp(p->name, rq->param[0]) != 0) continue;
    rq->content = str_of(
        ctx_printf(rq->cx,
                   "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>%d %s</title>\n"
                   "<h1>%d %s</h1>\n<p>%s</p>\n",
                   p->status, p->title, p->status, p->title, p->help));
    rq->type = "text/html; charset=utf-8";
    return OK;
  }
  return fail(rq->cx, E_NOT_FOUND, NULL, "there is no such problem; GET /api/problems lists them");
}

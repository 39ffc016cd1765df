/*
** routes_trust.c - what a device needs to know to trust this server, told to everybody: whoever comes for the
** first time has not logged in, and there is no secret in it.
*/
#include "gate/trust.h"
#include "http/routes.h"

static int trust_show(struct request *rq) {
  struct trust *t = rq->server->trust;
  jw_object(&rq->json, "data");
  jw_bool(&rq->json, "secure", t != NULL);
  if (t) trust_write(t, &rq->json);
  jw_close(&rq->json, '}');
  return OK;
}

static int send_authority(struct request *rq, bool der) {
  if (!rq->server->trust)
    return refuse(rq, 404, E_NOT_FOUND, "this server speaks plain HTTP, to this machine only");
  int rc = trust_authority(rq->cx, rq->server->trust, der, &rq->content);
  rq->type = der ? "application/x-x509-ca-cert" : "application/x-pem-file";
  rq->attachment = der ? "outpost-authority.crt" : "outpost-authority.pem";
  return rc;
}

static int authority_get(struct request *rq) { return send_authority(rq, true); }
static int authority_pem_get(struct request *rq) { return send_authority(rq, false); }

/* ---- the addresses ---- */

const struct route trust_routes[] = {
  { "GET", "/api/trust", trust_show, NULL,
    "The certificate of this server: names, until when, fingerprint, and the authority that devices have to "
    "trust; {\"secure\": false} on plain HTTP.",
    .reply = "{secure: bool, source?, names?: [text], from?, until?, fingerprint?, issuer?, public?: bool, "
             "authority?: {name, fingerprint, until, bounds: [text]}}",
    .open = true },
  { "GET", "/ca.crt", authority_get, NULL,
    "The authority's certificate (DER), as phones and Windows want it.",
    .reply = "*application/x-x509-ca-cert", .open = true },
  { "GET", "/ca.pem", authority_pem_get, NULL, "The same as PEM.", .reply = "*application/x-pem-file",
    .open = true },
  { 0 },
};

/*
** enroll.h - who may come in at headquarters: edges. An edge is one tenant's file on one device.
**
** Enrolling it makes, at headquarters, the organization when it is the first of its edges, the edge with the public key
** that its batches are signed with, its first origin, and a login role of its own, outpost_SLUG_XXXXXXXX, a member of the
** group outpost_edge and, in outpost.member, of this one organization. The role's password is random, nobody ever sees it:
** PostgreSQL is given its SCRAM verifier, the tenant's file keeps it sealed (notify/secret.h), with the way there.
**
** Several devices of one organization: each has its own edge. Its slug and id are those of the tenant that was enrolled
** first; the others name it. A tenant that was enrolled before stays in its organization.
**
** A file that was revoked and is enrolled again at the same organization is the edge that it was, with another role: what it has
** brought is not brought a second time, and counts once. With another signing key it is another edge.
**
** Revoking an edge takes its membership, its privileges, its login and its open connections, in this order: from the commit
** on it sees nothing, a moment later it is out. What it brought stays.
**
** All of it is done by an administrator: his connection may create roles, and belongs to outpost_owner (see schema.h).
*/
#ifndef REPLICATE_ENROLL_H
#define REPLICATE_ENROLL_H

#include "base/json.h"
#include "replicate/pg.h"
#include "store/store.h"

struct upstream_edge {
  const char *organization_id, *organization; /* its slug */
  const char *edge_id, *role, *name;
  int64_t origin, epoch;
  const char *instance; /* of its file, see epoch.h */
  bool again;           /* it was revoked and comes back */
};

/* organization: the slug of one that is there, or of a new one; NULL: its own. name NULL: that of this machine. E_CONFLICT when the tenant is enrolled already, and its
** edge was not revoked; then *out is what it is enrolled as. */
int upstream_enroll(struct ctx *cx, struct pg *p, struct tenant *t, const char *organization,
                    const char *name, struct upstream_edge *out);

/* who: the edge's id, its role, or its name where only one edge has it. *ended: connections that it had. */
int upstream_revoke(struct ctx *cx, struct pg *p, const char *who, struct upstream_edge *out, int64_t *ended);

/* An array of all edges, by organization. */
int upstream_list(struct ctx *cx, struct pg *p, struct jw *w);

#endif

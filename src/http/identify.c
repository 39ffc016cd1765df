/*
** identify.c - who asks, and whether he may: two steps on the way of every request.
**
** Deny by default: a route without a word about who may use it serves nobody. What a
** handler is not asked to decide it cannot get wrong.
*/
#include "http/request.h"
#include "model/entity.h"

int request_identify(struct request *rq) {
  static const struct identity local = {
    .email = "local", .name = "local", .permissions = PERMISSION_ALL, .open = true
  };
  rq->who = &local;
  return OK;
}

int request_need(struct request *rq, const char *permission) {
  if (rq->who && identity_may(rq->who, permission)) return OK;
  rq->status = 403;
  return fail(rq->cx, E_DENIED, NULL, "this takes the permission %s, which the role %s does not have",
              permission, rq->who ? rq->who->role : "of nobody");
}

/* "record.write" of a stock_item: "stock.write". What is no entity is not found, later. */
static const char *need_of(struct request *rq) {
  const char *need = rq->route->need;
  if (!need || strncmp(need, "record.", 7) != 0) return need;
  return rq->entity ? ctx_printf(rq->cx, "%s.%s", rq->entity->access, need + 7) : "login";
}

int request_allow(struct request *rq) {
  if (rq->route->open) return OK;
  const char *need = need_of(rq);
  if (need && rq->who && strcmp(need, "login") == 0) return OK;
  return need ? request_need(rq, need) : refuse(rq, 403, E_DENIED, "nobody may use this address");
}

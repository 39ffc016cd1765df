/*
** request.h - what headquarters asks of an edge: a row of outpost.request (a kind of job and its payload) becomes a job here, once,
** whatever breaks on the way.
**
**   waiting    somebody at headquarters wrote it:  INSERT INTO outpost.request (organization_id, edge_id, kind, payload) ...
**   taken      the job is ordered: sync_request has its number, the job has the request's id as its unique key
**   done       the job is done; `result` is what it kept
**   failed     it cannot be ordered, or the job is dead; `result` says why: {"error": "..."}
**   cancelled  somebody here cancelled the job, or somebody there the request, before it was taken
*/
#ifndef REPLICATE_REQUEST_H
#define REPLICATE_REQUEST_H

#include "replicate/pg.h"
#include "store/store.h"

/* Takes what is waiting (waiting: there may be something), and tells how what was taken ended. Called outside of any
** transaction. */
int request_some(struct ctx *cx, struct tenant *t, struct pg *p, bool waiting, bool *more);

#endif

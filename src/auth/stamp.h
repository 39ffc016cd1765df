/*
** stamp.h - a number that changes whenever something about accounts does, for all
** processes that have this data folder open: roles, passwords, who is active, sessions
** that were ended.
**
** Who a token stands for is looked up once and remembered with the number; as long as it
** stays, nothing can have changed. Reading it is one load from memory that the
** processes share (DIR/accounts.stamp), so that it costs a request nothing.
**
** The number moves after the commit, never before it: else somebody could look
** in between and remember what is about to be wrong. So whoever changes something says so
** inside the transaction (stamp_touch), and the writer's thread moves the number when the
** commit is on the disk. A process that dies between the two is why what is remembered is
** also looked up again every second.
*/
#ifndef AUTH_STAMP_H
#define AUTH_STAMP_H

#include "store/store.h"

struct stamp;
/* A folder that cannot be written has a number that never changes. */
struct stamp *stamp_open(const char *dir);
void stamp_close(struct stamp *s);
uint64_t stamp_now(const struct stamp *s);

void stamp_move(const char *dir);       /* at once: what changed is in no tenant's file */
void stamp_touch(void);                 /* in a transaction: it changes something */
void stamp_committed(struct tenant *t); /* a committed_hook */

#endif

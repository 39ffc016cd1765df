/*
** permission.h - what somebody may do: read or write in a group of things.
**
** A permission is GROUP.read or GROUP.write; who may write may read. A role is a set
** of them, as text in its record ("sales.write stock.read", * for every group) and as a
** bit each in memory. Every route says what it needs, every entity says to which group
** its records belong; the groups are this table and nothing else.
**
** TO ADD A GROUP: 1. its value here, 2. its row in permission.c, 3. in a migration what
** the shipped roles may do with it (admin and auditor have every group by their *).
*/
#ifndef MODEL_PERMISSION_H
#define MODEL_PERMISSION_H

#include "base/ctx.h"

enum permission_group {
  GROUP_SALES,
  GROUP_DATA,
  GROUP_STOCK,
  GROUP_WORK,
  GROUP_ALERTS,
  GROUP_ARCHIVE,
  GROUP_PEOPLE,
  GROUP_SYSTEM,
  GROUP_AUDIT,
  GROUP_SYNC,
  GROUP_COUNT
};

struct permission_row {
  const char *name, *help;
};
extern const struct permission_row permission_groups[GROUP_COUNT];

#define PERMISSION_READ(group) (UINT64_C(1) << (2 * (group)))
#define PERMISSION_WRITE(group) (UINT64_C(2) << (2 * (group)))
#define PERMISSION_ALL ((UINT64_C(1) << (2 * GROUP_COUNT)) - 1)

/* The bit of "stock.write"; 0 when there is no such permission. */
uint64_t permission_bit(struct str name);

/* A list as a role has it, blanks or commas between: all bits, those that follow included
** (write gives read). E_INVALID names what is no permission. */
int permissions_read(struct ctx *cx, struct str list, uint64_t *out);

/* E_DENIED when whoever acts has not all of them: nobody gives, takes or becomes more than he may himself. It names the
** first that is missing; what: "the account a@b.example". */
int permissions_within(struct ctx *cx, uint64_t permissions, const char *what);

/* One after the other, "sales.read"; NULL at the end: uint64_t left = mask; while (permission_next(&left, name)) */
enum { PERMISSION_SIZE = 24 };
const char *permission_next(uint64_t *left, char out[static PERMISSION_SIZE]);

#endif

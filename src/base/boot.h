/*
** boot.h - a clock for leases, and who is alive.
**
** Leases are measured by the time since the machine was started, which nobody sets and
** which counts sleep; a lease of an earlier start of the machine is over.
*/
#ifndef BASE_BOOT_H
#define BASE_BOOT_H

#include "base/str.h"

int64_t boot_now(void);    /* microseconds since this start of the machine */
const char *boot_id(void); /* tells the starts of the machine apart */

/* Names this process: pid, when it began, and something random. */
enum { PROCESS_NAME = 64 };
const char *process_name(void);

/* Whether a process of that name may still be there; what is no such name counts as there. */
bool process_alive(struct str name);

#endif

/*
** names.h - what a server is called: "pc-7", "pc-7.local", "192.168.1.7", "fd00::7".
**
** A bound is what an authority may speak for: "local" (that name and all below it), an
** address, or a network, "10.0.0.0/8".
*/
#ifndef GATE_NAMES_H
#define GATE_NAMES_H

#include "base/ctx.h"

enum { NAMES_MOST = 64, NAME_BYTES = 254 };

/* Without doubles; what does not fit is left out. */
struct names {
  size_t count;
  char text[NAMES_MOST][NAME_BYTES];
};
void names_add(struct names *list, struct str name);        /* in lower case */
bool names_have(const struct names *list, struct str name); /* upper and lower case are the same */
bool names_allow(const struct names *bounds, const char *name);
const char *names_text(struct ctx *cx, const struct names *list); /* "a, b and c" */

/* What this machine is called: localhost, its name, that with .local, the addresses of its interfaces. */
void names_of_machine(struct names *list);
/* What an authority of this machine is bound to: the machine itself, and private networks. */
void names_bounds_of_machine(struct names *list);

/* Host and port of "pc-7:8443", "[::1]:8443"; 0 when none is told, -1 when it is no number. */
int64_t name_split(const char *authority, struct str *host);
bool name_valid(const char *name); /* an address, or a host name of letters, digits and hyphens */
/* 4 or 16 bytes of an address, 0 when it is none. */
size_t name_address(const char *name, unsigned char bytes[static 16]);
/* Address and mask of a network or an address: 8 or 32 bytes; 0 when it is neither. */
size_t name_network(const char *bound, unsigned char bytes[static 32]);

#endif

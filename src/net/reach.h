/* reach.h - which peers a call may be connected to; see net.h. Private to net/. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <sys/socket.h>

#include "net/net.h"

/* Can anybody on the internet be reached there, and nobody on this machine or its network? */
bool reach_public(const struct sockaddr *peer);
/* Does an entry of the allow-list cover this name, or this address? */
bool reach_named(const struct net_rules *rules, const char *host);
bool reach_listed(const struct net_rules *rules, const struct sockaddr *peer);
/* "192.168.1.7", for messages */
const char *reach_text(const struct sockaddr *peer, char *out, size_t size);

#endif

/*
** reach.c - which peers a call may be connected to.
**
** All addresses are compared as the 16 bytes of IPv6; those of IPv4 stand in ::ffff:0:0/96,
** and those that carry one of IPv4 inside (NAT64, 6to4) are taken for it.
*/
#include "net/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct network {
  unsigned char address[16];
  int bits;
};

/* IANA's registries of special-purpose addresses: what is not globally reachable. */
static const char *const special[] = {
  "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
  "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
  "203.0.113.0/24", "224.0.0.0/4",  "240.0.0.0/4",    "::/128",         "::1/128",        "64:ff9b:1::/48",
  "100::/64",       "2001::/23",    "2001:db8::/32",  "3fff::/20",      "5f00::/16",      "fc00::/7",
  "fe80::/10",      "fec0::/10",    "ff00::/8",
};

static void widen(unsigned char out[16], const unsigned char v4[4]) {
  static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };
  memcpy(out, prefix, 12);
  memcpy(out + 12, v4, 4);
}

/* Addresses that lead to one of IPv4. */
static void unwrap(unsigned char a[16]) {
  static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
  static const unsigned char compatible[12] = { 0 };
  unsigned char v4[4];
  bool low = !memcmp(a, compatible, 12) && (a[12] || a[13] || a[14] || a[15] > 1);
  if (a[0] == 0x20 && a[1] == 0x02)
    memcpy(v4, a + 2, 4);
  else if (low || !memcmp(a, nat64, 12))
    memcpy(v4, a + 12, 4);
  else
    return;
  widen(a, v4);
}

static bool address_of(const struct sockaddr *peer, unsigned char out[16]) {
  if (peer->sa_family == AF_INET)
    widen(out, (const unsigned char *)&((const struct sockaddr_in *)peer)->sin_addr);
  else if (peer->sa_family == AF_INET6)
    memcpy(out, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
  else
    return false;
  unwrap(out);
  return true;
}

/* "10.0.0.0/8", "::1" */
static bool network_read(const char *text, struct network *out) {
  char address[INET6_ADDRSTRLEN];
  unsigned char v4[4];
  const char *slash = strchr(text, '/');
  int64_t bits = -1;
  if (!str_copy(address, sizeof address, (struct str){ text, slash ? (size_t)(slash - text) : strlen(text) }))
    return false;
  if (slash && (!str_to_int(str_of(slash + 1), &bits) || bits < 0)) return false;
  bool narrow = inet_pton(AF_INET, address, v4) == 1;
  if (narrow)
    widen(out->address, v4);
  else if (inet_pton(AF_INET6, address, out->address) != 1)
    return false;
  int most = narrow ? 32 : 128;
  if (bits > most) return false;
  out->bits = (int)(bits < 0 ? most : bits) + (narrow ? 96 : 0);
  return true;
}

static bool network_holds(const struct network *net, const unsigned char a[16]) {
  int whole = net->bits / 8, rest = net->bits % 8;
  if (memcmp(net->address, a, (size_t)whole) != 0) return false;
  return !rest || ((net->address[whole] ^ a[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

bool reach_public(const struct sockaddr *peer) {
  unsigned char a[16];
  struct network net;
  if (!address_of(peer, a)) return false;
  for (size_t i = 0; i < sizeof special / sizeof *special; i++)
    if (network_read(special[i], &net) && network_holds(&net, a)) return false;
  return true;
}

bool reach_listed(const struct net_rules *rules, const struct sockaddr *peer) {
  unsigned char a[16];
  struct network net;
  if (!address_of(peer, a)) return false;
  for (size_t i = 0; i < rules->count; i++)
    if (network_read(rules->allowed[i], &net) && network_holds(&net, a)) return true;
  return false;
}

bool reach_named(const struct net_rules *rules, const char *host) {
  struct str name = str_of(host);
  if (name.n && name.p[name.n - 1] == '.') name.n--;
  for (size_t i = 0; i < rules->count; i++) {
    struct str entry = str_of(rules->allowed[i]), end = name;
    if (entry.n && entry.p[0] == '.' && name.n > entry.n)
      end = (struct str){ name.p + name.n - entry.n, entry.n };
    if (str_eq_nocase(end, entry)) return true;
  }
  return false;
}

const char *reach_text(const struct sockaddr *peer, char *out, size_t size) {
  const void *a = peer->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)peer)->sin6_addr
                                              : &((const struct sockaddr_in *)peer)->sin_addr;
  const char *text = inet_ntop(peer->sa_family, a, out, (socklen_t)size);
  return text ? text : "an address of an unknown kind";
}

static bool is_name(const char *z) {
  size_t n = strspn(z, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
  return n && n == strlen(z) && n < 254 && strspn(z, "0123456789.") < n && !strstr(z, "..");
}

int net_check_allowed(struct ctx *cx, const char *field, const char *entry) {
  struct network net;
  if (network_read(entry, &net) || is_name(entry)) return OK;
  return fail(cx, E_INVALID, field,
              "'%s' is no address (192.168.1.7), network (192.168.1.0/24) or host name (odoo.lan, .lan)",
              entry);
}

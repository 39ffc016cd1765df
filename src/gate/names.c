#include "gate/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

/* ---- lists ---- */

void names_add(struct names *list, struct str name) {
  char *to = list->text[list->count < NAMES_MOST ? list->count : 0];
  if (!name.n || list->count == NAMES_MOST || names_have(list, name) || !str_copy(to, NAME_BYTES, name))
    return;
  for (; *to; to++) *to = (char)tolower((unsigned char)*to);
  list->count++;
}

bool names_have(const struct names *list, struct str name) {
  for (size_t i = 0; i < list->count; i++)
    if (str_eq_nocase(str_of(list->text[i]), name)) return true;
  return false;
}

const char *names_text(struct ctx *cx, const struct names *list) {
  const char *text = list->count ? list->text[0] : "";
  for (size_t i = 1; i < list->count; i++)
    text = ctx_printf(cx, "%s%s%s", text, i + 1 < list->count ? ", " : " and ", list->text[i]);
  return text;
}

/* ---- one name ---- */

size_t name_address(const char *name, unsigned char bytes[static 16]) {
  if (inet_pton(AF_INET, name, bytes) == 1) return 4;
  return inet_pton(AF_INET6, name, bytes) == 1 ? 16 : 0;
}

size_t name_network(const char *bound, unsigned char bytes[static 32]) {
  char address[NAME_BYTES];
  struct str text = str_of(bound);
  const char *slash = strchr(bound, '/');
  int64_t bits = -1;
  if (slash) text.n = (size_t)(slash - bound);
  if (!str_copy(address, sizeof address, text) || (slash && !str_to_int(str_of(slash + 1), &bits))) return 0;
  size_t n = name_address(address, bytes);
  if (!n || bits > (int64_t)n * 8) return 0;
  if (!slash) bits = (int64_t)n * 8;
  for (size_t i = 0; i < n; i++) {
    int64_t here = bits - (int64_t)i * 8;
    unsigned mask = here >= 8 ? 0xff : here <= 0 ? 0 : 0xff << (8 - here);
    bytes[n + i] = (unsigned char)mask;
    bytes[i] &= bytes[n + i];
  }
  return n * 2;
}

static bool host_valid(const char *name) {
  size_t label = 0, n = strlen(name);
  for (const char *p = name; *p; p++) {
    bool letter = isalnum((unsigned char)*p), hyphen = *p == '-' && label && p[1] && p[1] != '.';
    if (*p == '.' && label && p[1])
      label = 0;
    else if ((letter || hyphen) && label < 63)
      label++;
    else
      return false;
  }
  return n > 0 && n < NAME_BYTES;
}

int64_t name_split(const char *authority, struct str *host) {
  const char *bracket = strrchr(authority, ']'), *colon = strrchr(bracket ? bracket : authority, ':');
  int64_t port = 0;
  *host = (struct str){ authority, colon ? (size_t)(colon - authority) : strlen(authority) };
  if (colon && (!str_to_int(str_of(colon + 1), &port) || port <= 0)) port = -1;
  return port;
}

/* What looks like an address and is none ("1.2.3.400") is no name either. */
bool name_valid(const char *name) {
  unsigned char bytes[16];
  const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
  return name_address(name, bytes) || (host_valid(name) && last[strspn(last, "0123456789")]);
}

/* ---- bounds ---- */

static bool in_network(const unsigned char *address, size_t n, const unsigned char *network) {
  for (size_t i = 0; i < n; i++)
    if ((address[i] & network[n + i]) != network[i]) return false;
  return true;
}

static bool bound_allows(const char *bound, const char *name) {
  unsigned char address[16], network[32];
  size_t n = name_address(name, address), wide = name_network(bound, network);
  if (n || wide) return n && wide == n * 2 && in_network(address, n, network);
  struct str whole = str_of(name), end = str_of(bound);
  if (whole.n < end.n) return false;
  struct str tail = { whole.p + whole.n - end.n, end.n };
  return str_eq_nocase(tail, end) && (whole.n == end.n || tail.p[-1] == '.');
}

bool names_allow(const struct names *bounds, const char *name) {
  for (size_t i = 0; i < bounds->count; i++)
    if (bound_allows(bounds->text[i], name)) return true;
  return false;
}

/* ---- this machine ---- */

static void add_host(struct names *list, bool local) {
  char host[HOST_NAME_MAX + 1] = "", dotted[HOST_NAME_MAX + 8];
  if (gethostname(host, sizeof host - 1) != 0 || !name_valid(host)) return;
  struct str whole = str_of(host), first = { host, strcspn(host, ".") };
  names_add(list, whole);
  names_add(list, first);
  if (!local || !str_copy(dotted, sizeof dotted - 6, first)) return;
  memcpy(dotted + first.n, ".local", 7);
  names_add(list, str_of(dotted));
}

/* An address of a link cannot stand in an address bar. */
static const void *address_of(const struct ifaddrs *i) {
  const struct sockaddr *a = i->ifa_addr;
  if (!a || !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK)) return NULL;
  if (a->sa_family == AF_INET) return &((const struct sockaddr_in *)(const void *)a)->sin_addr;
  if (a->sa_family != AF_INET6) return NULL;
  const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
  return IN6_IS_ADDR_LINKLOCAL(six) ? NULL : six;
}

static void add_interfaces(struct names *list) {
  struct ifaddrs *all, *i;
  char text[INET6_ADDRSTRLEN];
  if (getifaddrs(&all) != 0) return;
  for (i = all; i; i = i->ifa_next) {
    const void *address = address_of(i);
    if (address && inet_ntop(i->ifa_addr->sa_family, address, text, sizeof text))
      names_add(list, str_of(text));
  }
  freeifaddrs(all);
}

void names_of_machine(struct names *list) {
  add_host(list, true);
  names_add(list, STR("localhost"));
  names_add(list, STR("127.0.0.1"));
  names_add(list, STR("::1"));
  add_interfaces(list);
}

/* Domains that belong to nobody on the internet (RFC 6762, 8375; "internal" was put aside by ICANN), and
** networks that are not routed there (RFC 1918, 3927, 4193, 6598). */
void names_bounds_of_machine(struct names *list) {
  static const char *const ours[] = {
    "localhost",     "local",      "lan",           "home.arpa",      "internal",
    "127.0.0.0/8",   "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "100.64.0.0/10", "::1",        "fc00::/7",
  };
  struct names addresses = { 0 };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) names_add(list, str_of(ours[i]));
  add_host(list, false);
  add_interfaces(&addresses);
  for (size_t i = 0; i < addresses.count; i++)
    if (!names_allow(list, addresses.text[i])) names_add(list, str_of(addresses.text[i]));
}

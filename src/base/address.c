#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void address_network(const char *address, char out[static ADDRESS_SIZE]) {
  struct in6_addr a;
  size_t n = strcspn(address, "%"); /* fe80::1%eth0 */
  snprintf(out, ADDRESS_SIZE, "%.*s", (int)(n < ADDRESS_SIZE ? n : ADDRESS_SIZE - 1), address);
  if (inet_pton(AF_INET6, out, &a) != 1) return;
  if (IN6_IS_ADDR_V4MAPPED(&a)) {
    inet_ntop(AF_INET, a.s6_addr + 12, out, ADDRESS_SIZE);
  } else if (!IN6_IS_ADDR_LOOPBACK(&a)) {
    memset(a.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &a, out, ADDRESS_SIZE);
  }
}

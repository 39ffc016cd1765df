#include "base/address.h"
#include "unit.h"

UNIT(address_networks, "of IPv6 a /64 is one, and IPv4 is IPv4 however it is written") {
  static const char *const cases[][2] = {
    { "192.0.2.7", "192.0.2.7" },
    { "127.0.0.1", "127.0.0.1" },
    { "::ffff:192.0.2.7", "192.0.2.7" },
    { "::FFFF:c000:0207", "192.0.2.7" },
    { "::1", "::1" },
    { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
    { "2001:db8:1:2::", "2001:db8:1:2::" },
    { "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::" },
    { "2001:db8:1:3::1", "2001:db8:1:3::" },
    { "fe80::1234%eth0", "fe80::" },
    { "::2", "::" },
    { "", "" },
    { "a name", "a name" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char network[ADDRESS_SIZE];
    address_network(cases[i][0], network);
    CHECK_STR(network, cases[i][1]);
  }
  char network[ADDRESS_SIZE], longest[100];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = 0;
  address_network(longest, network);
  CHECK_INT((int64_t)strlen(network), ADDRESS_SIZE - 1);
}

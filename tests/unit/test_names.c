#include "gate/names.h"

#include <stdio.h>

#include "unit.h"

UNIT(name_forms, "an address or a host name is a name, and nothing else") {
  static const char *const good[] = {
    "localhost", "pc-7",     "pc-7.local", "shop.example.com",     "1.2.3.4", "::1",
    "fd00::7",   "3com.com", "a",          "xn--bcher-kva.example"
  };
  static const char *const bad[] = { "",        ".",    "a.",    ".a",    "a..b",      "-a",
                                     "a-",      "a_b",  "a b",   "1.2.3", "1.2.3.400", "a.123",
                                     "*.a.com", "a:80", "[::1]", "a/b",   "a\nb",      "ü.de" };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!CHECK(name_valid(good[i]))) CHECK_STR(good[i], "a good name");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (!CHECK(!name_valid(bad[i]))) CHECK_STR(bad[i], "a bad name");
}

static bool allowed(const char *bound, const char *name) {
  struct names bounds = { 0 };
  names_add(&bounds, str_of(bound));
  return names_allow(&bounds, name);
}

/* RFC 5280, 4.2.1.10: a name satisfies a constraint by having labels in front of it. */
UNIT(name_bounds, "a bound allows itself and what is below it") {
  CHECK(allowed("local", "pc-7.local"));
  CHECK(allowed("local", "LOCAL"));
  CHECK(allowed("local", "a.b.Local"));
  CHECK(!allowed("local", "pc-7.notlocal"));
  CHECK(!allowed("local", "local.example.com"));
  CHECK(!allowed("shop.example.com", "example.com"));
  CHECK(allowed("10.0.0.0/8", "10.255.0.1"));
  CHECK(!allowed("10.0.0.0/8", "11.0.0.1"));
  CHECK(allowed("172.16.0.0/12", "172.31.255.255"));
  CHECK(!allowed("172.16.0.0/12", "172.32.0.0"));
  CHECK(allowed("100.64.0.0/10", "100.127.0.1"));
  CHECK(allowed("192.0.2.7", "192.0.2.7"));
  CHECK(!allowed("192.0.2.7", "192.0.2.8"));
  CHECK(allowed("fc00::/7", "fd12::1"));
  CHECK(!allowed("fc00::/7", "2001:db8::1"));
  CHECK(!allowed("fc00::/7", "10.0.0.1"));
  CHECK(!allowed("10.0.0.0/8", "::ffff:10.0.0.1"));
  CHECK(!allowed("4", "1.2.3.4"));
  CHECK(!names_allow(&(struct names){ 0 }, "localhost"));
}

UNIT(name_networks, "a network is cut to its bits") {
  unsigned char bytes[32];
  CHECK_INT(name_network("10.1.2.3/8", bytes), 8);
  CHECK(memcmp(bytes, "\x0a\0\0\0\xff\0\0\0", 8) == 0);
  CHECK_INT(name_network("172.16.9.9/12", bytes), 8);
  CHECK(memcmp(bytes, "\xac\x10\0\0\xff\xf0\0\0", 8) == 0);
  CHECK_INT(name_network("fdff::1/7", bytes), 32);
  CHECK_INT(bytes[0], 0xfc);
  CHECK_INT(bytes[16], 0xfe);
  CHECK_INT(name_network("10.0.0.0/33", bytes), 0);
  CHECK_INT(name_network("10.0.0/8", bytes), 0);
  CHECK_INT(name_network("10.0.0.0/x", bytes), 0);
  CHECK_INT(name_network("local", bytes), 0);
}

UNIT(name_lists, "a list has no doubles and an end") {
  struct names list = { 0 };
  char name[16];
  names_add(&list, STR("PC-7.Local"));
  names_add(&list, STR("pc-7.local"));
  CHECK_INT(list.count, 1);
  CHECK_STR(list.text[0], "pc-7.local");
  for (int i = 0; i < 2 * NAMES_MOST; i++) {
    int n = snprintf(name, sizeof name, "n%d", i);
    names_add(&list, (struct str){ name, (size_t)n });
  }
  CHECK_INT(list.count, NAMES_MOST);
  struct names machine = { 0 };
  names_of_machine(&machine);
  CHECK(names_have(&machine, STR("localhost")));
  CHECK(names_have(&machine, STR("127.0.0.1")));
  for (size_t i = 0; i < machine.count; i++) CHECK(name_valid(machine.text[i]));
}

/* Which peers may be dialled, and what an address may look like. */
#include <arpa/inet.h>

#include "net/http_client.h"
#include "net/reach.h"
#include "unit.h"

static union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} peer;

static const struct sockaddr *at(const char *text) {
  memset(&peer, 0, sizeof peer);
  peer.v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, text, &peer.v6.sin6_addr) == 1) return &peer.any;
  peer.v4.sin_family = AF_INET;
  CHECK_INT(inet_pton(AF_INET, text, &peer.v4.sin_addr), 1);
  return &peer.any;
}

UNIT(net_special,
     "addresses of this machine and of private networks are not public, however they are written") {
  static const char *const refused[] = {
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fe80::1",
    "fc00::1",
    "fdff::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
  };
  static const char *const fine[] = { "1.1.1.1",          "172.32.0.1",     "172.15.255.255",
                                      "11.0.0.1",         "100.128.0.1",    "2606:4700::1111",
                                      "64:ff9b::101:101", "2002:101:101::", "::ffff:8.8.8.8" };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (!CHECK(!reach_public(at(refused[i])))) CHECK_STR(refused[i], "refused");
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
    if (!CHECK(reach_public(at(fine[i])))) CHECK_STR(fine[i], "fine");
}

UNIT(net_listed, "an allow-list holds addresses, networks, names and ends of names") {
  static const char *const list[] = { "10.1.0.0/15", "192.168.7.7", "fd00:1::/33", "odoo.lan",
                                      ".example.org" };
  const struct net_rules r = { .allowed = list, .count = 5 };
  CHECK(reach_listed(&r, at("10.0.255.255")) && reach_listed(&r, at("10.1.255.255")));
  CHECK(!reach_listed(&r, at("10.2.0.0")) && reach_listed(&r, at("::ffff:10.1.0.1")));
  CHECK(reach_listed(&r, at("192.168.7.7")) && !reach_listed(&r, at("192.168.7.8")));
  CHECK(reach_listed(&r, at("fd00:1:7fff::1")) && !reach_listed(&r, at("fd00:1:8000::1")));
  CHECK(reach_named(&r, "odoo.lan") && reach_named(&r, "ODOO.LAN.") && !reach_named(&r, "x.odoo.lan"));
  CHECK(reach_named(&r, "a.example.org") && !reach_named(&r, "example.org") &&
        !reach_named(&r, "badexample.org"));
}

UNIT(net_entries, "an entry of the allow-list that means nothing is refused") {
  static const char *const good[] = { "10.0.0.0/8", "::1", "fd00::/8", "erp", "a-b.lan", ".lan" };
  static const char *const bad[] = { "",           "10.0.0.0/33", "10.0.0", "fd00::/129",
                                     "http://erp", "a b",         "..",     "10.0.0.0/-1" };
  struct ctx cx;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    ctx_begin(&cx, "test");
    CHECK_INT(net_check_allowed(&cx, "peer", good[i]), OK);
    ctx_end(&cx);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ctx_begin(&cx, "test");
    if (!CHECK_INT(net_check_allowed(&cx, "peer", bad[i]), E_INVALID)) CHECK_STR(bad[i], "refused");
    ctx_end(&cx);
  }
}

static int call(const char *url, const struct net_rules *rules, char message[512]) {
  struct ctx cx;
  struct http_answer a;
  ctx_begin(&cx, "test");
  int rc = http_call(&cx, rules, &(struct http_call){ .url = url, .seconds = 5 }, &a);
  str_copy(message, 512, str_of(cx.message));
  ctx_end(&cx);
  return rc;
}

UNIT(net_refused, "a call to this machine is refused however its address is spelled") {
  static const char *const urls[] = {
    "http://127.0.0.1/",  "http://127.1/",      "http://0x7f000001/",
    "http://2130706433/", "http://0177.0.0.1/", "http://[::ffff:127.0.0.1]/",
    "http://[::1]/",      "http://localhost/",  "http://169.254.169.254/latest/",
    "http://0/",          "https://127.0.0.1/", "https://[::1]/",
  };
  static const char *const wrong[] = { "gopher://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "ftp://1.1.1.1/",
                                       "//x",
                                       "",
                                       "https://user:word@erp.example/",
                                       "https://",
                                       "smtp://1.1.1.1" };
  static const struct net_rules none;
  char text[512];
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
    if (!CHECK_INT(call(urls[i], &none, text), E_DENIED)) CHECK_STR(text, urls[i]);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (!CHECK_INT(call(wrong[i], &none, text), E_INVALID)) CHECK_STR(text, wrong[i]);
}

UNIT(net_allowed, "an allowed peer that does not answer is tried again later") {
  static const char *const list[] = { "127.0.0.1" };
  const struct net_rules r = { .allowed = list, .count = 1 };
  char text[512];
  CHECK_INT(call("http://127.0.0.1:1/", &r, text), E_BUSY);
  CHECK_INT(call("http://127.0.0.2:1/", &r, text), E_DENIED);
}

#include "model/permission.h"

#include <stdio.h>

const struct permission_row permission_groups[GROUP_COUNT] = {
  [GROUP_SALES] = { "sales", "stores, products, orders, invoices, predictions and the dashboard" },
  [GROUP_DATA] = { "data", "imports, runs, exceptions, rules, figures and tables" },
  [GROUP_STOCK] = { "stock", "items, warehouses, movements, levels and proposals to order" },
  [GROUP_WORK] = { "work", "jobs, schedules, graphs, topics and connectors" },
  [GROUP_ALERTS] = { "alerts", "what people should know of, and who is told" },
  [GROUP_ARCHIVE] = { "archive", "old rows, copies, how long things are kept" },
  [GROUP_PEOPLE] = { "people", "accounts, roles, sessions and tokens" },
  [GROUP_SYSTEM] = { "system", "settings, secrets, mail, details of health, the support bundle" },
  [GROUP_AUDIT] = { "audit", "the change log, governance, proofs and the catalogue" },
  [GROUP_SYNC] = { "sync", "exchange with other places" },
};

/* The read bits are the even ones; who may write may read. */
static const uint64_t READS = PERMISSION_ALL / 3;
static uint64_t with_reads(uint64_t bits) { return bits | (bits & ~READS) >> 1; }

static uint64_t verb_bits(struct str verb, uint64_t reads) {
  if (str_eq(verb, STR("read"))) return reads;
  return str_eq(verb, STR("write")) ? reads << 1 : 0;
}

uint64_t permission_bit(struct str name) {
  const char *dot = memchr(name.p, '.', name.n);
  if (!dot) return 0;
  struct str group = { name.p, (size_t)(dot - name.p) }, verb = { dot + 1, name.n - group.n - 1 };
  for (int i = 0; i < GROUP_COUNT; i++)
    if (str_eq(group, str_of(permission_groups[i].name))) return verb_bits(verb, PERMISSION_READ(i));
  return 0;
}

static uint64_t bits_of(struct str word) {
  bool every = str_starts(word, STR("*."));
  return with_reads(every ? verb_bits((struct str){ word.p + 2, word.n - 2 }, READS) : permission_bit(word));
}

static const char *group_names(struct ctx *cx) {
  const char *names = permission_groups[0].name;
  for (int i = 1; i < GROUP_COUNT; i++) names = ctx_printf(cx, "%s, %s", names, permission_groups[i].name);
  return names;
}

int permissions_read(struct ctx *cx, struct str list, uint64_t *out) {
  static const char blanks[] = " \t\r\n,";
  *out = 0;
  for (size_t at = 0; at < list.n;) {
    struct str word = { list.p + at, 0 };
    while (at + word.n < list.n && !strchr(blanks, word.p[word.n])) word.n++;
    at += word.n ? word.n : 1;
    if (!word.n) continue;
    uint64_t bits = bits_of(word);
    if (!bits)
      return fail(
          cx, E_INVALID, "permissions",
          "'%.40s' is no permission; one is GROUP.read or GROUP.write, * for every group, of the groups %s",
          ctx_strdup(cx, word), group_names(cx));
    *out |= bits;
  }
  return OK;
}

int permissions_within(struct ctx *cx, uint64_t permissions, const char *what) {
  uint64_t left = permissions & ~cx->may;
  char name[PERMISSION_SIZE];
  if (!permission_next(&left, name)) return OK;
  return fail(
      cx, E_DENIED, NULL,
      "%.150s has the permission %s, and whoever asks has not: nobody may give or change more than he "
      "has himself",
      what, name);
}

const char *permission_next(uint64_t *left, char out[static PERMISSION_SIZE]) {
  for (int i = 0; i < 2 * GROUP_COUNT; i++) {
    if (!(*left >> i & 1)) continue;
    *left &= ~(UINT64_C(1) << i);
    snprintf(out, PERMISSION_SIZE, "%s.%s", permission_groups[i / 2].name, i % 2 ? "write" : "read");
    return out;
  }
  return NULL;
}

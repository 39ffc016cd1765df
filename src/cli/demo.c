/*
** demo.c - `outpost serve --demo`: something to look at, in a minute and without reading anything.
**
** Makes the data folder, the tenant `demo`, and a year of invoices, as far as they are not there. Its account
** gets a new random password with every start, which is printed, so it is for loopback alone.
*/
#include <stdio.h>
#include <unistd.h>

#include "auth/account.h"
#include "base/base64.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/cli.h"
#include "field/generate.h"
#include "format/input.h"
#include "ingest/import.h"

static const char SLUG[] = "demo", EMAIL[] = "demo@example.org";

static const char *new_password(struct ctx *cx) {
  unsigned char bytes[12];
  struct buf text;
  random_bytes(bytes, sizeof bytes);
  buf_init(&text, KIB(1));
  base64url_put(&text, bytes, sizeof bytes);
  return ctx_take(cx, &text);
}

static int make_tenant(struct ctx *cx, struct store *s) {
  const struct tenant_info *list;
  size_t count;
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i].slug, SLUG) == 0) return OK;
  return tenant_add(cx, s, SLUG, "Demo");
}

static int make_account(struct ctx *cx, struct tenant *t, const char *password) {
  struct account a;
  struct account_new new = { EMAIL, "Demo", "admin", password, false };
  struct db *db;
  char id[37] = "";
  if (tenant_read(cx, t, &db)) return cx->code;
  int rc = account_by_email(cx, db, EMAIL, &a);
  tenant_read_end(db); /* before anything is written */
  if (!rc) return account_set_password(cx, t, a.id, password, false, NULL);
  if (rc != E_NOT_FOUND) return rc;
  ctx_forgive(cx);
  return account_add(cx, t, &new, id);
}

static int write_file(struct ctx *cx, void *arg, const char *p, size_t n) {
  return fwrite(p, 1, n, arg) == n ? OK : fail(cx, E_FAIL, NULL, "the invoices could not be written down");
}

static int write_invoices(struct ctx *cx, const char *path) {
  FILE *f = fopen(path, "we");
  if (!f) return fail(cx, E_FAIL, NULL, "%s cannot be written", path);
  struct generate_invoices g = { .stores = 211,
                                 .products = 424,
                                 .invoices = 14464,
                                 .seed = 1,
                                 .until = (int32_t)(cx->now / DAY_US),
                                 .write = write_file,
                                 .arg = f };
  generate_invoices(cx, &g);
  if (fclose(f) != 0 && !cx->code) fail(cx, E_FAIL, NULL, "%s could not be written", path);
  return cx->code;
}

static bool has_runs(struct ctx *cx, struct tenant *t) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  struct stmt *s = tenant_read(&aside, t, &db) ? NULL : db_compose(&aside, db, "SELECT 1 FROM run LIMIT 1");
  bool any = s && stmt_row(&aside, s);
  ctx_end(&aside);
  return any;
}

static int make_data(struct ctx *cx, struct tenant *t) {
  const char *dir = store_dir(tenant_store(t)), *path = ctx_printf(cx, "%s/invoices-demo.csv", dir);
  struct import_request r = { .dataset = dataset_find("invoices") };
  struct import_result result;
  struct input *in = NULL;
  dialect_init(&r.dialect);
  if (has_runs(cx, t)) return OK;
  int rc = write_invoices(cx, path);
  if (!rc) rc = input_open(cx, path, dir, &in);
  r.input = in;
  if (!rc) rc = import_run(cx, t, &r, &result);
  unlink(path);
  return rc ? rc : cli_follow(cx, t);
}

int demo_prepare(struct ctx *cx, const struct cli *c) {
  const char *dir = cli_get(c, "data"), *password = new_password(cx);
  struct ctx made; /* its end closes the tenant, which the server opens for itself */
  struct store *s;
  struct tenant *t;
  ctx_begin(&made, cx->actor);
  if (!store_init(&made, dir ? dir : "./outpost-data") && !cli_store(&made, c, &s) &&
      !make_tenant(&made, s) && !tenant_open(&made, s, SLUG, &t) && !make_account(&made, t, password))
    make_data(&made, t);
  if (made.code) fail_from(cx, &made);
  ctx_end(&made);
  if (cx->code) return cx->code;
  return cli_print(cx, "log in as %s with the password %s\n", EMAIL, password) || cli_flush(cx);
}

#include "gate/authority.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/key_file.h"
#include "base/log.h"
#include "base/time.h"

enum { LEAF_DAYS = 396, LEAF_DAYS_LEFT = 60, AUTHORITY_YEARS = 20, PEM_MOST = 64 << 10, TRIES = 200 };
static const char what[] = "the authority's key";

static const char *path_of(struct ctx *cx, const char *dir, const char *file) {
  return ctx_printf(cx, "%s/keys/%s", dir, file);
}

/* ---- files that only their owner may read ---- */

/* Of two processes that make one at once the second gets E_BUSY and finds that of the first. */
static int put_file(struct ctx *cx, const char *path, struct buf *pem, bool replace) {
  struct file_out *out;
  const char *slash = strrchr(path, '/');
  int rc = file_make_folders(cx, ctx_strdup(cx, (struct str){ path, (size_t)(slash - path) }));
  if (!rc) rc = file_begin(cx, &out, path, replace);
  if (!rc && !replace && access(path, F_OK) == 0)
    rc = fail(cx, E_CONFLICT, NULL, "%s was made by another process just now", path);
  if (!rc) rc = file_write(cx, out, pem->p, pem->n);
  if (!rc) rc = file_end(cx, out);
  explicit_bzero(pem->p, pem->n);
  buf_clear(pem);
  return rc;
}

/* Somebody else makes it just now: his will do. */
static bool was_first(struct ctx *cx) {
  if (cx->code != E_BUSY && cx->code != E_CONFLICT) return false;
  ctx_forgive(cx);
  nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
  return true;
}

/* ---- the authority ---- */

int authority_find(struct ctx *cx, const char *dir, struct authority **out) {
  const char *path = path_of(cx, dir, "tls-authority.pem"), *pem;
  char *text = ctx_alloc(cx, PEM_MOST);
  size_t n;
  struct authority *a = *out = NULL;
  if (key_file_read(cx, what, path, text, PEM_MOST - 1, &n)) return cx->code;
  if (access(path, F_OK) != 0) return OK;
  pem = text;
  a = ctx_alloc(cx, sizeof *a);
  if (certificate_read(cx, path, pem, pem, &a->certificate) || !a->certificate->chain.ca_istrue) {
    ctx_forgive(cx);
    explicit_bzero(text, n);
    return fail(
        cx, E_FAIL, NULL,
        "%s is not this machine's authority; put the right file back from a copy, or move it away: then "
        "a new one is made, which every device has to trust anew",
        path);
  }
  explicit_bzero(text, n);
  certificate_bounds(&a->certificate->chain, &a->bounds);
  *out = a;
  return OK;
}

static int make_authority(struct ctx *cx, const char *dir, const struct names *names, bool replace) {
  struct names bounds = { 0 };
  struct buf pem;
  int64_t start = date_days(2026, 1, 1) * DAY_US, now = cx->now > start ? cx->now : start;
  struct validity v = { start < cx->now ? start : cx->now - DAY_US, now + AUTHORITY_YEARS * 365 * DAY_US };
  names_bounds_of_machine(&bounds);
  for (size_t i = 0; i < names->count; i++)
    if (!names_allow(&bounds, names->text[i])) names_add(&bounds, str_of(names->text[i]));
  buf_init(&pem, PEM_MOST);
  if (certificate_make_authority(cx, &bounds, v, &pem)) {
    buf_clear(&pem);
    return cx->code;
  }
  if (put_file(cx, path_of(cx, dir, "tls-authority.pem"), &pem, replace)) return cx->code;
  log_line(LOG_INFO, cx, "authority_made", "a certificate authority was made; devices have to trust it once");
  return OK;
}

int authority_replace(struct ctx *cx, const char *dir, const struct names *names) {
  return make_authority(cx, dir, names, true);
}

/* Makes one when there is none; `names` belong to what a new one may speak for. */
static int authority_open(struct ctx *cx, const char *dir, const struct names *names,
                          struct authority **out) {
  for (int i = 0; i < TRIES; i++) {
    if (authority_find(cx, dir, out)) return cx->code;
    if (*out && certificate_until(&(*out)->certificate->chain) > cx->now) return OK;
    if (make_authority(cx, dir, names, *out != NULL) && !was_first(cx)) return cx->code;
  }
  return fail(cx, E_BUSY, NULL, "another process makes the authority's key and does not come to an end");
}

/* ---- the server's certificate ---- */

/* Out of those asked for, which must all be, and those of the machine, which may be. */
static int names_to_certify(struct ctx *cx, const struct authority *a, const struct names *asked,
                            struct names *out) {
  struct names machine = { 0 };
  names_of_machine(&machine);
  for (size_t i = 0; i < asked->count; i++) {
    if (!names_allow(&a->bounds, asked->text[i]))
      return fail(cx, E_INVALID, "name",
                  "the authority of this machine was made without the name %s and may not vouch for it; "
                  "`outpost tls renew --authority --name %s` makes another, which every device has to trust "
                  "anew",
                  asked->text[i], asked->text[i]);
    names_add(out, str_of(asked->text[i]));
  }
  for (size_t i = 0; i < machine.count; i++)
    if (names_allow(&a->bounds, machine.text[i])) names_add(out, str_of(machine.text[i]));
  return OK;
}

static bool is_signed_by(mbedtls_x509_crt *leaf, mbedtls_x509_crt *authority) {
  const uint32_t times = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
  uint32_t flags = 0; /* what cx->now says of the times is what counts */
  mbedtls_x509_crt_verify(leaf, authority, NULL, NULL, &flags, NULL, NULL);
  return (flags & ~times) == 0;
}

static bool still_good(struct ctx *cx, const char *path, const struct authority *a,
                       const struct names *names) {
  struct ctx aside;
  struct certificate *c;
  struct names held;
  const char *pem;
  ctx_begin(&aside, cx->actor);
  bool good = access(path, F_OK) == 0 && !certificate_text(&aside, path, &pem) &&
              !certificate_read(&aside, path, pem, pem, &c);
  if (good) {
    certificate_names(&c->chain, &held);
    good = is_signed_by(&c->chain, &a->certificate->chain) && certificate_from(&c->chain) <= cx->now &&
           certificate_until(&c->chain) > cx->now + LEAF_DAYS_LEFT * DAY_US;
    for (size_t i = 0; good && i < names->count; i++) good = names_have(&held, str_of(names->text[i]));
  }
  ctx_end(&aside);
  return good;
}

static int make_leaf(struct ctx *cx, const char *path, const struct authority *a, const struct names *names) {
  const mbedtls_x509_crt *above = &a->certificate->chain;
  struct validity v = { cx->now - DAY_US, cx->now + LEAF_DAYS * DAY_US };
  struct buf pem;
  if (v.from < certificate_from(above)) v.from = certificate_from(above);
  if (v.until > certificate_until(above)) v.until = certificate_until(above);
  buf_init(&pem, PEM_MOST);
  if (certificate_make_leaf(cx, a->certificate, names, v, &pem)) {
    buf_clear(&pem);
    return cx->code;
  }
  if (put_file(cx, path, &pem, true)) return cx->code;
  log_line(LOG_INFO, cx, "certificate_made", "the server's certificate was made anew, for %s",
           names_text(cx, names));
  return OK;
}

int authority_certify(struct ctx *cx, const char *dir, const struct names *names, bool anew,
                      const char **file) {
  const char *path = *file = path_of(cx, dir, "tls-server.pem");
  struct authority *a;
  struct names all = { 0 };
  if (authority_open(cx, dir, names, &a) || names_to_certify(cx, a, names, &all)) return cx->code;
  for (int i = 0; i < TRIES; i++) {
    if (!anew && still_good(cx, path, a, &all)) return OK;
    if (!make_leaf(cx, path, a, &all)) return OK;
    if (!was_first(cx)) return cx->code;
  }
  return fail(cx, E_BUSY, NULL, "another process makes the server's certificate and does not come to an end");
}

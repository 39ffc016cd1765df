#include "gate/trust.h"

#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "gate/authority.h"

enum { PEM_MOST = 128 << 10, DN_ROOM = 256, TIMES_OF_A_FILE = 4, SOON_DAYS = 21 };

enum source { SOURCE_FILES, SOURCE_IMPORTED, SOURCE_OWN };
static const char *const source_names[] = { "files", "imported", "own" };

/* A certificate as it is told of. */
struct facts {
  enum source source;
  struct names names;
  int64_t from, until;
  char fingerprint[FINGERPRINT_SIZE], issuer[DN_ROOM], file[512];
  bool is_public;
  /* of the own authority */
  char authority[DN_ROOM], authority_fingerprint[FINGERPRINT_SIZE];
  int64_t authority_until;
  struct names bounds;
};

struct trust {
  struct trust_options options;
  struct tls *tls;
  int64_t warned_at;
  int64_t stamp[2 * TIMES_OF_A_FILE]; /* by which it is seen that its files have changed */
  pthread_mutex_t lock;               /* over the next three */
  struct facts facts;
  struct names machine;
  char *authority_pem;
};

/* ---- which files ---- */

struct files {
  enum source source;
  const char *cert, *key;
};

static const char *imported_path(struct ctx *cx, const char *dir) {
  return ctx_printf(cx, "%s/keys/tls-imported.pem", dir);
}

/* `make`: what the own authority has to give is made when it is due. */
static int choose(struct ctx *cx, const struct trust_options *o, bool make, struct files *f) {
  const char *imported = imported_path(cx, o->dir);
  *f = (struct files){ SOURCE_FILES, o->cert_file, o->key_file ? o->key_file : o->cert_file };
  if (o->cert_file) return OK;
  *f = (struct files){ SOURCE_IMPORTED, imported, imported };
  if (access(imported, F_OK) == 0) return OK;
  *f = (struct files){ .source = SOURCE_OWN, .cert = ctx_printf(cx, "%s/keys/tls-server.pem", o->dir) };
  if (make) authority_certify(cx, o->dir, &o->own, false, &f->cert);
  f->key = f->cert;
  return cx->code;
}

static void stamp_of(const struct files *f, int64_t stamp[static 2 * TIMES_OF_A_FILE]) {
  const char *const path[2] = { f->cert, f->key };
  struct stat st;
  for (int i = 0; i < 2; i++) {
    int64_t *to = stamp + (ptrdiff_t)i * TIMES_OF_A_FILE;
    if (stat(path[i], &st) != 0) memset(&st, 0, sizeof st);
    to[0] = (int64_t)st.st_ino;
    to[1] = st.st_mtim.tv_sec;
    to[2] = st.st_mtim.tv_nsec;
    to[3] = st.st_size;
  }
}

/* ---- what a certificate says ---- */

/* Would a browser trust it that knows the public authorities only? */
static bool check_public(struct ctx *cx, struct certificate *c, const char *authorities) {
  mbedtls_x509_crt known;
  uint32_t flags = 0;
  if (!authorities) return false;
  mbedtls_x509_crt_init(&known);
  bool trusted = mbedtls_x509_crt_parse_file(&known, authorities) >= 0 &&
                 mbedtls_x509_crt_verify(&c->chain, &known, NULL, NULL, &flags, NULL, NULL) == 0;
  mbedtls_x509_crt_free(&known);
  return trusted && certificate_until(&c->chain) > cx->now;
}

static int look_at_authority(struct ctx *cx, const char *dir, struct facts *facts) {
  struct authority *a;
  if (authority_find(cx, dir, &a) || !a) return cx->code;
  const mbedtls_x509_crt *crt = &a->certificate->chain;
  mbedtls_x509_dn_gets(facts->authority, DN_ROOM, &crt->subject);
  certificate_fingerprint(crt, facts->authority_fingerprint);
  facts->authority_until = certificate_until(crt);
  facts->bounds = a->bounds;
  return OK;
}

static int look(struct ctx *cx, const struct trust_options *o, const struct files *f, struct facts *facts) {
  const char *pem;
  struct certificate *c;
  if (certificate_text(cx, f->cert, &pem) || certificate_read(cx, f->cert, pem, NULL, &c)) return cx->code;
  *facts = (struct facts){ .source = f->source,
                           .from = certificate_from(&c->chain),
                           .until = certificate_until(&c->chain) };
  certificate_names(&c->chain, &facts->names);
  certificate_fingerprint(&c->chain, facts->fingerprint);
  mbedtls_x509_dn_gets(facts->issuer, DN_ROOM, &c->chain.issuer);
  str_copy(facts->file, sizeof facts->file, str_of(f->cert));
  if (f->source == SOURCE_OWN) return look_at_authority(cx, o->dir, facts);
  facts->is_public = check_public(cx, c, o->authorities);
  return OK;
}

static void write_names(struct jw *w, const char *key, const struct names *names) {
  jw_array(w, key);
  for (size_t i = 0; i < names->count; i++) jw_text(w, NULL, names->text[i]);
  jw_close(w, ']');
}

static void write_facts(struct jw *w, const struct facts *f) {
  char at[TIME_SIZE];
  jw_text(w, "source", source_names[f->source]);
  write_names(w, "names", &f->names);
  jw_text(w, "from", time_iso(at, f->from));
  jw_put(w, "until", time_iso(at, f->until), "fingerprint", f->fingerprint, "issuer", f->issuer, "public",
         f->is_public);
  if (f->source != SOURCE_OWN) return;
  jw_object(w, "authority");
  jw_put(w, "name", f->authority, "fingerprint", f->authority_fingerprint, "until",
         time_iso(at, f->authority_until));
  write_names(w, "bounds", &f->bounds);
  jw_close(w, '}');
}

int trust_report(struct ctx *cx, const struct trust_options *o, struct jw *w) {
  struct files f;
  struct facts facts = { 0 };
  if (choose(cx, o, false, &f)) return cx->code;
  if (access(f.cert, F_OK) != 0)
    return fail(cx, E_NOT_FOUND, NULL,
                "there is no certificate yet; `outpost serve --tls` or `outpost tls renew` makes one");
  if (look(cx, o, &f, &facts)) return cx->code;
  write_facts(w, &facts);
  jw_text(w, "file", facts.file);
  return OK;
}

int trust_authority_pem(struct ctx *cx, const char *dir, const char **pem) {
  unsigned char *text = ctx_alloc(cx, PEM_MOST);
  struct authority *a;
  size_t n;
  if (authority_find(cx, dir, &a)) return cx->code;
  if (!a)
    return fail(cx, E_NOT_FOUND, NULL,
                "there is no authority yet; `outpost serve --tls` or `outpost tls renew` makes one");
  const mbedtls_x509_buf *raw = &a->certificate->chain.raw;
  if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", raw->p,
                               raw->len, text, PEM_MOST, &n) != 0)
    return fail(cx, E_FAIL, NULL, "the authority's certificate cannot be written");
  *pem = (const char *)text;
  return OK;
}

/* ---- of a running server ---- */

/* Somebody should know in time, whoever it is that renews it: said once a day. */
static void warn_of_end(struct ctx *cx, struct trust *t, const struct facts *f) {
  char at[TIME_SIZE];
  t->warned_at = cx->now;
  if (f->source == SOURCE_OWN || f->until > cx->now + SOON_DAYS * DAY_US) return;
  log_line(LOG_WARN, cx, "certificate_ends",
           "the certificate %s %s on %.10s; browsers refuse it from then on", f->file,
           f->until < cx->now ? "ended" : "ends", time_iso(at, f->until));
}

static bool knows(void *trust, struct str host) { return trust_knows(trust, host); }

static int take(struct ctx *cx, struct trust *t, const struct files *f) {
  struct facts *facts = ctx_alloc(cx, sizeof *facts);
  const char *pem = NULL;
  int rc = look(cx, &t->options, f, facts);
  if (!rc && f->source == SOURCE_OWN) rc = trust_authority_pem(cx, t->options.dir, &pem);
  if (!rc && t->tls) rc = tls_replace(cx, t->tls, f->cert, f->key);
  if (!rc && !t->tls)
    rc = tls_new(cx, f->cert, f->key, &(struct tls_names){ .known = knows, .arg = t }, &t->tls);
  if (rc) return rc;
  pthread_mutex_lock(&t->lock);
  t->facts = *facts;
  free(t->authority_pem);
  t->authority_pem = pem ? strdup(pem) : NULL;
  pthread_mutex_unlock(&t->lock);
  warn_of_end(cx, t, facts);
  return OK;
}

int trust_refresh(struct ctx *cx, struct trust *t) {
  struct files f;
  struct names *machine = ctx_alloc(cx, sizeof *machine);
  int64_t stamp[2 * TIMES_OF_A_FILE];
  names_of_machine(machine);
  for (size_t i = 0; i < t->options.own.count; i++) names_add(machine, str_of(t->options.own.text[i]));
  pthread_mutex_lock(&t->lock);
  t->machine = *machine;
  pthread_mutex_unlock(&t->lock);
  if (choose(cx, &t->options, true, &f)) return cx->code;
  stamp_of(&f, stamp);
  if (t->tls && cx->now - t->warned_at > DAY_US) warn_of_end(cx, t, &t->facts);
  if (t->tls && memcmp(stamp, t->stamp, sizeof stamp) == 0) return OK;
  if (take(cx, t, &f)) return cx->code;
  memcpy(t->stamp, stamp, sizeof stamp);
  return OK;
}

int trust_open(struct ctx *cx, const struct trust_options *o, struct trust **out) {
  struct trust *t = *out = xcalloc(1, sizeof *t);
  t->options = *o;
  pthread_mutex_init(&t->lock, NULL);
  for (size_t i = 0; i < o->own.count; i++)
    if (!name_valid(o->own.text[i]))
      fail(cx, E_INVALID, "name", "'%s' is no name of a server; an example is shop.example.com",
           o->own.text[i]);
  if (!cx->code && !trust_refresh(cx, t)) return OK;
  trust_free(t);
  *out = NULL;
  return cx->code;
}

void trust_free(struct trust *t) {
  if (!t) return;
  tls_free(t->tls);
  free(t->authority_pem);
  pthread_mutex_destroy(&t->lock);
  free(t);
}

struct tls *trust_tls(struct trust *t) {
  return t->tls;
}

/* "*.example.com" stands for one label in front. */
static bool fits(const struct names *names, struct str host) {
  const char *dot = memchr(host.p, '.', host.n);
  if (names_have(names, host)) return true;
  for (size_t i = 0; dot && i < names->count; i++) {
    struct str rest = { dot, host.n - (size_t)(dot - host.p) };
    if (names->text[i][0] == '*' && str_eq_nocase(str_of(names->text[i] + 1), rest)) return true;
  }
  return false;
}

bool trust_knows(struct trust *t, struct str host) {
  if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
    host = (struct str){ host.p + 1, host.n - 2 };
  pthread_mutex_lock(&t->lock);
  bool known = fits(&t->machine, host) || fits(&t->facts.names, host);
  pthread_mutex_unlock(&t->lock);
  return known;
}

const char *trust_name(struct trust *t, char out[static NAME_BYTES]) {
  pthread_mutex_lock(&t->lock);
  const struct names *own = &t->options.own, *names = own->count ? own : &t->facts.names;
  str_copy(out, NAME_BYTES, names->count ? str_of(names->text[0]) : STR("localhost"));
  pthread_mutex_unlock(&t->lock);
  return out;
}

bool trust_is_public(struct trust *t) {
  pthread_mutex_lock(&t->lock);
  bool yes = t->facts.is_public;
  pthread_mutex_unlock(&t->lock);
  return yes;
}

void trust_write(struct trust *t, struct jw *w) {
  pthread_mutex_lock(&t->lock);
  write_facts(w, &t->facts);
  pthread_mutex_unlock(&t->lock);
}

/* Between the first line and the last one is the DER, as base64. */
static int der_of(struct ctx *cx, const char *pem, struct str *out) {
  mbedtls_pem_context block;
  size_t used;
  mbedtls_pem_init(&block);
  int rc = mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                   (const unsigned char *)pem, NULL, 0, &used);
  if (!rc)
    *out =
        (struct str){ ctx_strdup(cx, (struct str){ (const char *)block.buf, block.buflen }), block.buflen };
  mbedtls_pem_free(&block);
  return rc ? fail(cx, E_FAIL, NULL, "the authority's certificate cannot be read") : OK;
}

int trust_authority(struct ctx *cx, struct trust *t, bool der, struct str *out) {
  pthread_mutex_lock(&t->lock);
  const char *pem = t->authority_pem ? ctx_strdup(cx, str_of(t->authority_pem)) : NULL;
  pthread_mutex_unlock(&t->lock);
  if (!pem)
    return fail(cx, E_NOT_FOUND, NULL,
                "this server shows a certificate of another authority; there is nothing here to trust");
  *out = str_of(pem);
  return der ? der_of(cx, pem, out) : OK;
}

/* ---- importing ---- */

static int check_purpose(struct ctx *cx, const char *file, struct certificate *c) {
  char at[TIME_SIZE];
  const mbedtls_x509_crt *crt = &c->chain;
  if (certificate_until(crt) <= cx->now)
    return fail(cx, E_INVALID, "cert", "the certificate in %s ended on %.10s", file,
                time_iso(at, certificate_until(crt)));
  if (crt->ca_istrue)
    return fail(
        cx, E_INVALID, "cert",
        "the certificate in %s is an authority's, as `openssl req -x509` makes them: whoever takes its "
        "key could pass for anybody; `-addext basicConstraints=CA:FALSE` makes one of a server",
        file);
  if (mbedtls_x509_crt_check_extended_key_usage(crt, MBEDTLS_OID_SERVER_AUTH,
                                                MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
    return fail(cx, E_INVALID, "cert", "the certificate in %s is not made for servers", file);
  return OK;
}

/* A browser takes a chain only if each certificate was made by the next. */
static const char *warning_of(struct ctx *cx, const struct certificate *c) {
  struct names names;
  certificate_names(&c->chain, &names);
  if (!names.count) return "it names no host as an alternative name, so no browser will take it";
  if (certificate_from(&c->chain) > cx->now) return "it is not valid yet";
  for (const mbedtls_x509_crt *a = &c->chain; a->next; a = a->next)
    if (a->issuer_raw.len != a->next->subject_raw.len ||
        memcmp(a->issuer_raw.p, a->next->subject_raw.p, a->issuer_raw.len) != 0)
      return "its chain is out of order: each certificate must be followed by that of its issuer";
  return NULL;
}

int trust_import(struct ctx *cx, const char *dir, const char *cert_file, const char *key_file,
                 const char **warning) {
  const char *chain, *key, *path = imported_path(cx, dir);
  struct certificate *c;
  struct file_out *out;
  if (certificate_text(cx, cert_file, &chain) || certificate_text(cx, key_file, &key) ||
      certificate_read(cx, cert_file, chain, key, &c) || check_purpose(cx, cert_file, c))
    return cx->code;
  *warning = warning_of(cx, c);
  if (file_make_folders(cx, ctx_printf(cx, "%s/keys", dir)) || file_begin(cx, &out, path, true) ||
      file_write(cx, out, chain, strlen(chain)) || file_write(cx, out, "\n", 1))
    return cx->code;
  if (strcmp(cert_file, key_file) != 0) file_write(cx, out, key, strlen(key));
  return cx->code ? (int)cx->code : file_end(cx, out);
}

int trust_forget(struct ctx *cx, const char *dir) {
  const char *path = imported_path(cx, dir);
  if (unlink(path) != 0 && errno == ENOENT)
    return fail(cx, E_NOT_FOUND, NULL, "no certificate was imported; the own authority's is shown");
  return access(path, F_OK) == 0 ? fail(cx, E_FAIL, NULL, "%s cannot be removed: %s", path, strerror(errno))
                                 : file_sync_folder_of(cx, path);
}

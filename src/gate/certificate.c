#include "gate/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"

enum { TEXT_MOST = 64 << 10, CHAIN_MOST = 8, RSA_BITS_LEAST = 2048, DNS_NAME = 2, IP_ADDRESS = 7 };

/* ---- what we cannot read and need not ---- */

/* An extension that mbedtls does not know, such as name constraints, is no reason to refuse a certificate
** that we show and do not judge. */
static int pass_over(void *unused, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int critical,
                     const unsigned char *p, const unsigned char *end) {
  (void)unused, (void)crt, (void)oid, (void)critical, (void)p, (void)end;
  return 0;
}

/* ---- reading ---- */

static void wipe(void *text) { mbedtls_platform_zeroize(text, TEXT_MOST); }

int certificate_text(struct ctx *cx, const char *file, const char **text) {
  char *p = ctx_alloc(cx, TEXT_MOST);
  struct stat st = { 0 };
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    const char *why = fd < 0 ? strerror(errno) : "it is no file";
    if (fd >= 0) close(fd);
    return fail(cx, E_DENIED, "cert", "%s cannot be read: %s", file, why);
  }
  ctx_defer(cx, wipe, p);
  ssize_t n = read(fd, p, TEXT_MOST - 1);
  close(fd);
  if (n <= 0 || n == TEXT_MOST - 1)
    return fail(cx, E_INVALID, "cert", "%s is no PEM file: it is %s", file, n > 0 ? "too large" : "empty");
  if ((st.st_mode & S_IROTH) && strstr(p, "PRIVATE KEY-----"))
    return fail(cx, E_DENIED, "key",
                "everybody on this machine can read the private key in %s; `chmod 600` it", file);
  *text = p;
  return OK;
}

static int read_one(struct ctx *cx, const char *file, const char *pem, size_t *used,
                    mbedtls_x509_crt *chain) {
  mbedtls_pem_context block;
  mbedtls_pem_init(&block);
  int rc = mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                   (const unsigned char *)pem, NULL, 0, used);
  if (!rc) rc = mbedtls_x509_crt_parse_der_with_ext_cb(chain, block.buf, block.buflen, 1, pass_over, NULL);
  mbedtls_pem_free(&block);
  return rc ? fail(cx, E_INVALID, "cert", "%s holds a certificate that cannot be read (-0x%04x)", file,
                   (unsigned)-rc)
            : OK;
}

static int read_chain(struct ctx *cx, const char *file, const char *pem, mbedtls_x509_crt *chain) {
  int count = 0;
  while ((pem = strstr(pem, "-----BEGIN CERTIFICATE-----"))) {
    size_t used = 0;
    if (count++ == CHAIN_MOST)
      return fail(cx, E_LIMIT, "cert", "%s holds more than %d certificates", file, CHAIN_MOST);
    if (read_one(cx, file, pem, &used, chain)) return cx->code;
    pem += used;
  }
  return count ? OK
               : fail(cx, E_INVALID, "cert",
                      "%s holds no certificate: a PEM file has a line -----BEGIN CERTIFICATE-----", file);
}

static bool key_is_strong(const mbedtls_pk_context *key) {
  if (mbedtls_pk_can_do(key, MBEDTLS_PK_RSA)) return mbedtls_pk_get_bitlen(key) >= RSA_BITS_LEAST;
  return mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) && mbedtls_pk_get_bitlen(key) >= 256;
}

static int read_key(struct ctx *cx, const char *file, const char *pem, struct certificate *c) {
  int rc = mbedtls_pk_parse_key(&c->key, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0);
  if (rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED)
    return fail(cx, E_INVALID, "key", "the key of %s is locked by a password; `openssl pkey` takes it off",
                file);
  if (rc)
    return fail(cx, E_INVALID, "key",
                "the key of %s cannot be read: a PEM file with an RSA or EC key is wanted", file);
  if (!key_is_strong(&c->key))
    return fail(cx, E_INVALID, "key", "the key of %s is too weak: RSA from %d bits on, or EC from 256", file,
                RSA_BITS_LEAST);
  if (mbedtls_pk_check_pair(&c->chain.pk, &c->key) != 0)
    return fail(
        cx, E_INVALID, "key",
        "key and certificate of %s do not belong together: the first certificate of the file must be the "
        "server's own, made for this key",
        file);
  return OK;
}

int certificate_load(struct ctx *cx, const char *file, const char *chain, const char *key,
                     struct certificate *out) {
  mbedtls_x509_crt_init(&out->chain);
  mbedtls_pk_init(&out->key);
  if (read_chain(cx, file, chain, &out->chain)) return cx->code;
  return key ? read_key(cx, file, key, out) : OK;
}

void certificate_free(struct certificate *c) {
  mbedtls_pk_free(&c->key);
  mbedtls_x509_crt_free(&c->chain);
}

static void free_it(void *arg) { certificate_free(arg); }

int certificate_read(struct ctx *cx, const char *file, const char *chain, const char *key,
                     struct certificate **out) {
  struct certificate *c = *out = ctx_alloc(cx, sizeof *c);
  int rc = certificate_load(cx, file, chain, key, c);
  ctx_defer(cx, free_it, c);
  return rc;
}

/* ---- looking ---- */

static int64_t instant(const mbedtls_x509_time *t) {
  int64_t seconds = (int64_t)t->hour * 3600 + t->min * 60 + t->sec;
  return date_days(t->year, t->mon, t->day) * DAY_US + seconds * 1000000;
}
int64_t certificate_from(const mbedtls_x509_crt *crt) { return instant(&crt->valid_from); }
int64_t certificate_until(const mbedtls_x509_crt *crt) { return instant(&crt->valid_to); }

const char *certificate_fingerprint(const mbedtls_x509_crt *crt, char out[static FINGERPRINT_SIZE]) {
  unsigned char sum[SHA256_SIZE];
  sha256_of(crt->raw.p, crt->raw.len, sum);
  for (int i = 0; i < SHA256_SIZE; i++) snprintf(out + i * 3, 4, "%02X:", sum[i]);
  out[FINGERPRINT_SIZE - 1] = 0;
  return out;
}

static void add_address(struct names *out, const unsigned char *p, size_t n) {
  char text[INET6_ADDRSTRLEN];
  if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6, p, text, sizeof text))
    names_add(out, str_of(text));
}

void certificate_names(const mbedtls_x509_crt *crt, struct names *out) {
  out->count = 0;
  for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s && s->buf.p; s = s->next) {
    int kind = s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
    if (kind == DNS_NAME) names_add(out, (struct str){ (const char *)s->buf.p, s->buf.len });
    if (kind == IP_ADDRESS) add_address(out, s->buf.p, s->buf.len);
  }
}

/* An address and a mask: "10.0.0.0/8". */
static void add_network(struct names *out, const unsigned char *p, size_t n) {
  char text[INET6_ADDRSTRLEN], whole[INET6_ADDRSTRLEN + 16];
  int bits = 0;
  if ((n != 8 && n != 32) || !inet_ntop(n == 8 ? AF_INET : AF_INET6, p, text, sizeof text)) return;
  for (size_t i = n / 2; i < n; i++) bits += __builtin_popcount(p[i]);
  snprintf(whole, sizeof whole, "%s/%d", text, bits);
  names_add(out, str_of(whole));
}

/* NameConstraints (RFC 5280, 4.2.1.10): SEQUENCE { [0] { SEQUENCE { GeneralName }, ... } }. */
static int read_bounds(void *arg, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int critical,
                       const unsigned char *start, const unsigned char *end) {
  unsigned char *p = (unsigned char *)(uintptr_t)start;
  size_t n;
  (void)crt, (void)critical;
  if (MBEDTLS_OID_CMP(MBEDTLS_OID_NAME_CONSTRAINTS, oid) != 0 ||
      mbedtls_asn1_get_tag(&p, end, &n, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0 ||
      mbedtls_asn1_get_tag(&p, end, &n, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED) != 0)
    return 0;
  for (const unsigned char *all = p + n;
       p < all && mbedtls_asn1_get_tag(&p, all, &n, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) == 0 &&
       n > 0;) {
    unsigned char *base = p, kind = *base++ & MBEDTLS_ASN1_TAG_VALUE_MASK;
    p += n;
    if (mbedtls_asn1_get_len(&base, p, &n) != 0) return 0;
    if (kind == DNS_NAME) names_add(arg, (struct str){ (const char *)base, n });
    if (kind == IP_ADDRESS) add_network(arg, base, n);
  }
  return 0;
}

void certificate_bounds(const mbedtls_x509_crt *crt, struct names *out) {
  mbedtls_x509_crt again;
  out->count = 0;
  mbedtls_x509_crt_init(&again);
  mbedtls_x509_crt_parse_der_with_ext_cb(&again, crt->raw.p, crt->raw.len, 1, read_bounds, out);
  mbedtls_x509_crt_free(&again);
}

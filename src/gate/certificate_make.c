/*
** certificate_make.c - the two kinds of certificates that we make.
**
** mbedtls writes what is common to all of them. Extensions that it has no function for are
** put together here as DER, which is written from its end to its beginning.
*/
#include <mbedtls/asn1write.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/time.h"
#include "gate/certificate.h"

enum { PEM_ROOM = 32 << 10, EXTENSION_ROOM = 20 << 10, SERIAL_BYTES = 16, SUBJECT_ROOM = 128 };

struct maker {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context dice;
  mbedtls_pk_context key; /* of the new certificate */
  mbedtls_x509write_cert crt;
  mbedtls_mpi serial;
};

static void maker_free(void *arg) {
  struct maker *m = arg;
  mbedtls_mpi_free(&m->serial);
  mbedtls_x509write_crt_free(&m->crt);
  mbedtls_pk_free(&m->key);
  mbedtls_ctr_drbg_free(&m->dice);
  mbedtls_entropy_free(&m->entropy);
}

/* Every step returns 0 or an error of mbedtls, and the first one is told. */
static int made(struct ctx *cx, int rc) {
  return rc ? fail(cx, E_FAIL, NULL, "a certificate could not be made (-0x%04x)", (unsigned)-rc) : OK;
}

static int maker_new(struct ctx *cx, struct maker **out) {
  struct maker *m = *out = ctx_alloc(cx, sizeof *m);
  mbedtls_entropy_init(&m->entropy);
  mbedtls_ctr_drbg_init(&m->dice);
  mbedtls_pk_init(&m->key);
  mbedtls_x509write_crt_init(&m->crt);
  mbedtls_mpi_init(&m->serial);
  ctx_defer(cx, maker_free, m);
  int rc = mbedtls_ctr_drbg_seed(&m->dice, mbedtls_entropy_func, &m->entropy, NULL, 0);
  if (!rc) rc = mbedtls_pk_setup(&m->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (!rc)
    rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(m->key), mbedtls_ctr_drbg_random,
                             &m->dice);
  return made(cx, rc);
}

/* ---- extensions ---- */

struct der {
  unsigned char *start, *p; /* what was written is from p to the end */
  unsigned char bytes[EXTENSION_ROOM];
  int rc; /* the first error */
};

static struct der *der_new(struct ctx *cx) {
  struct der *d = ctx_alloc(cx, sizeof *d);
  d->start = d->bytes;
  d->p = d->bytes + EXTENSION_ROOM;
  return d;
}
static size_t der_size(const struct der *d) { return (size_t)(d->bytes + EXTENSION_ROOM - d->p); }

/* mbedtls returns how many bytes it wrote, or an error. */
static void der_check(struct der *d, int written) {
  if (written < 0 && !d->rc) d->rc = written;
}

/* Length and tag in front of what was written since `before` bytes. */
static void der_wrap(struct der *d, size_t before, unsigned char tag) {
  if (d->rc) return;
  der_check(d, mbedtls_asn1_write_len(&d->p, d->start, der_size(d) - before));
  if (!d->rc) der_check(d, mbedtls_asn1_write_tag(&d->p, d->start, tag));
}

static void der_raw(struct der *d, const void *bytes, size_t n, unsigned char tag) {
  size_t before = der_size(d);
  if (d->rc) return;
  der_check(d, mbedtls_asn1_write_raw_buffer(&d->p, d->start, bytes, n));
  der_wrap(d, before, tag);
}

enum {
  SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE,
  PERMITTED = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_CONTEXT_SPECIFIC,
  DNS_NAME = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2,
  IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7,
};

static int put(struct maker *m, const struct der *d, const char *oid, size_t oid_n, int critical) {
  if (d->rc) return d->rc;
  return mbedtls_x509write_crt_set_extension(&m->crt, oid, oid_n, critical, d->p, der_size(d));
}

/* SubjectAltName (RFC 5280, 4.2.1.6): a SEQUENCE of GeneralName. */
static int put_names(struct ctx *cx, struct maker *m, const struct names *names) {
  struct der *d = der_new(cx);
  unsigned char address[16];
  for (size_t i = names->count; i-- > 0;) {
    const char *name = names->text[i];
    size_t n = name_address(name, address);
    der_raw(d, n ? (const void *)address : name, n ? n : strlen(name), n ? IP_ADDRESS : DNS_NAME);
  }
  der_wrap(d, 0, SEQUENCE);
  return put(m, d, MBEDTLS_OID_SUBJECT_ALT_NAME, MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0);
}

/* NameConstraints (RFC 5280, 4.2.1.10): SEQUENCE { [0] { SEQUENCE { GeneralName }, ... } }. */
static int put_bounds(struct ctx *cx, struct maker *m, const struct names *bounds) {
  struct der *d = der_new(cx);
  unsigned char network[32];
  for (size_t i = bounds->count; i-- > 0;) {
    const char *bound = bounds->text[i];
    size_t before = der_size(d), n = name_network(bound, network);
    der_raw(d, n ? (const void *)network : bound, n ? n : strlen(bound), n ? IP_ADDRESS : DNS_NAME);
    der_wrap(d, before, SEQUENCE);
  }
  der_wrap(d, 0, PERMITTED);
  der_wrap(d, 0, SEQUENCE);
  return put(m, d, MBEDTLS_OID_NAME_CONSTRAINTS, MBEDTLS_OID_SIZE(MBEDTLS_OID_NAME_CONSTRAINTS), 1);
}

/* Good for servers, and for nothing else. */
static int put_purpose(struct ctx *cx, struct maker *m) {
  struct der *d = der_new(cx);
  der_raw(d, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH), MBEDTLS_ASN1_OID);
  der_wrap(d, 0, SEQUENCE);
  return put(m, d, MBEDTLS_OID_EXTENDED_KEY_USAGE, MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0);
}

/* ---- what all have in common ---- */

/* UTC, "20240229235959". */
static const char *moment(char out[static TIME_SIZE], int64_t us) {
  char iso[TIME_SIZE];
  time_iso(iso, us);
  snprintf(out, TIME_SIZE, "%.4s%.2s%.2s%.2s%.2s%.2s", iso, iso + 5, iso + 8, iso + 11, iso + 14, iso + 17);
  return out;
}

/* At least 64 bits of it must be random; above zero, so without the topmost bit. */
static int set_serial(struct maker *m) {
  unsigned char bytes[SERIAL_BYTES];
  random_bytes(bytes, sizeof bytes);
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  int rc = mbedtls_mpi_read_binary(&m->serial, bytes, sizeof bytes);
  return rc ? rc : mbedtls_x509write_crt_set_serial(&m->crt, &m->serial);
}

static int set_common(struct maker *m, mbedtls_pk_context *issuer, struct validity v) {
  char from[TIME_SIZE], until[TIME_SIZE];
  mbedtls_x509write_crt_set_version(&m->crt, MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(&m->crt, MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(&m->crt, &m->key);
  mbedtls_x509write_crt_set_issuer_key(&m->crt, issuer);
  int rc = set_serial(m);
  if (!rc) rc = mbedtls_x509write_crt_set_validity(&m->crt, moment(from, v.from), moment(until, v.until));
  if (!rc) rc = mbedtls_x509write_crt_set_subject_key_identifier(&m->crt);
  return rc ? rc : mbedtls_x509write_crt_set_authority_key_identifier(&m->crt);
}

static int finish(struct ctx *cx, struct maker *m, struct buf *pem) {
  unsigned char *text = ctx_alloc(cx, PEM_ROOM);
  int rc = mbedtls_pk_write_key_pem(&m->key, text, PEM_ROOM);
  if (!rc) buf_puts(pem, (const char *)text);
  mbedtls_platform_zeroize(text, PEM_ROOM);
  if (!rc) rc = mbedtls_x509write_crt_pem(&m->crt, text, PEM_ROOM, mbedtls_ctr_drbg_random, &m->dice);
  if (!rc) buf_puts(pem, (const char *)text);
  if (pem->full) return fail(cx, E_LIMIT, NULL, "the certificate is too large");
  return made(cx, rc);
}

/* ---- the two kinds ---- */

/* Two appliances of one name are told apart by the number. */
static const char *authority_subject(char out[static SUBJECT_ROOM]) {
  unsigned char number[3];
  char host[48] = "", hex[8];
  gethostname(host, sizeof host - 1);
  random_bytes(number, sizeof number);
  snprintf(out, SUBJECT_ROOM, "CN=Outpost %s %s,O=Outpost", name_valid(host) ? host : "appliance",
           hex_encode(hex, number, sizeof number));
  return out;
}

int certificate_make_authority(struct ctx *cx, const struct names *bounds, struct validity v,
                               struct buf *pem) {
  struct maker *m;
  char subject[SUBJECT_ROOM];
  if (maker_new(cx, &m)) return cx->code;
  authority_subject(subject);
  int rc = set_common(m, &m->key, v);
  if (!rc) rc = mbedtls_x509write_crt_set_subject_name(&m->crt, subject);
  if (!rc) rc = mbedtls_x509write_crt_set_issuer_name(&m->crt, subject);
  if (!rc) rc = mbedtls_x509write_crt_set_basic_constraints(&m->crt, 1, 0);
  if (!rc)
    rc = mbedtls_x509write_crt_set_key_usage(&m->crt,
                                             MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN);
  if (!rc) rc = put_purpose(cx, m);
  if (!rc) rc = put_bounds(cx, m, bounds);
  return rc ? made(cx, rc) : finish(cx, m, pem);
}

int certificate_make_leaf(struct ctx *cx, struct certificate *authority, const struct names *names,
                          struct validity v, struct buf *pem) {
  struct maker *m;
  char issuer[SUBJECT_ROOM * 2], subject[SUBJECT_ROOM];
  if (maker_new(cx, &m)) return cx->code;
  /* A common name may have 64 characters. Browsers look at the alternative names only. */
  bool fits = names->count && strlen(names->text[0]) <= 64;
  snprintf(subject, sizeof subject, "CN=%.64s,O=Outpost", fits ? names->text[0] : "outpost");
  int rc = mbedtls_x509_dn_gets(issuer, sizeof issuer, &authority->chain.subject);
  rc = rc < 0 ? rc : set_common(m, &authority->key, v);
  if (!rc) rc = mbedtls_x509write_crt_set_subject_name(&m->crt, subject);
  if (!rc) rc = mbedtls_x509write_crt_set_issuer_name(&m->crt, issuer);
  if (!rc) rc = mbedtls_x509write_crt_set_basic_constraints(&m->crt, 0, -1);
  if (!rc) rc = mbedtls_x509write_crt_set_key_usage(&m->crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
  if (!rc) rc = put_purpose(cx, m);
  if (!rc) rc = put_names(cx, m, names);
  return rc ? made(cx, rc) : finish(cx, m, pem);
}

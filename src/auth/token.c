#include "auth/token.h"

#include "base/base64.h"
#include "base/ids.h"
#include "base/json.h"

static const char ISSUER[] = "outpost";

/* ---- writing ---- */

static void put_part(struct buf *out, struct buf *json) {
  base64url_put(out, json->p, json->n);
  buf_reset(json);
}

static void header_write(struct buf *json, const char *kid) {
  struct jw w;
  jw_init(&w, json);
  jw_record(&w, NULL, "alg", "HS256", "typ", "JWT", "kid", kid);
}

static void claims_write(struct buf *json, const struct claims *c) {
  struct jw w;
  jw_init(&w, json);
  jw_record(&w, NULL, "iss", ISSUER, "aud", c->tenant, "sub", c->user_id, "jti", c->session, "role", c->role,
            "iat", c->issued, "nbf", c->not_before, "exp", c->expires);
}

const char *token_write(struct ctx *cx, const struct token_key *key, const struct claims *claims) {
  unsigned char mac[SHA256_SIZE];
  struct buf out, json;
  buf_init(&out, TOKEN_MOST);
  buf_init(&json, TOKEN_MOST);
  header_write(&json, key->kid);
  put_part(&out, &json);
  buf_char(&out, '.');
  claims_write(&json, claims);
  put_part(&out, &json);
  hmac_sha256((struct str){ (const char *)key->bytes, TOKEN_KEY_SIZE }, buf_view(&out), mac);
  buf_char(&out, '.');
  base64url_put(&out, mac, sizeof mac);
  const char *text = ctx_strdup(cx, buf_view(&out));
  buf_clear(&json);
  buf_clear(&out);
  return text;
}

/* ---- reading ---- */

/* Up to the next point; *rest goes behind it. */
static struct str next_part(struct str *rest) {
  const char *dot = memchr(rest->p, '.', rest->n);
  struct str part = { rest->p, dot ? (size_t)(dot - rest->p) : rest->n };
  *rest = dot ? (struct str){ dot + 1, rest->n - part.n - 1 } : (struct str){ rest->p + rest->n, 0 };
  return part;
}

static struct jv *json_of(struct str part) {
  char error[80];
  struct buf text;
  buf_init(&text, TOKEN_MOST);
  struct jv *v = base64url_get(&text, part) ? jv_parse_raw(buf_view(&text), error, sizeof error) : NULL;
  buf_clear(&text);
  if (v && jv_kind(v) == JV_OBJECT) return v;
  jv_free(v);
  return NULL;
}

static bool says(const struct jv *object, const char *name, const char *value) {
  const struct jv *v = jv_get(object, name);
  return jv_kind(v) == JV_STRING && str_eq(jv_text(v), str_of(value));
}

static bool copies(const struct jv *object, const char *name, char *to, size_t size) {
  const struct jv *v = jv_get(object, name);
  struct str text = jv_text(v);
  return jv_kind(v) == JV_STRING && text.n > 0 && !memchr(text.p, 0, text.n) && str_copy(to, size, text);
}

static bool counts(const struct jv *object, const char *name, int64_t *to) {
  const struct jv *v = jv_get(object, name);
  return jv_kind(v) == JV_NUMBER && str_to_int(jv_text(v), to) && *to >= 0;
}

/* The key that the header names, if it is a header as we write it. */
static const struct token_key *key_of(const struct token_keys *keys, struct str part) {
  const struct token_key *found = NULL;
  struct jv *header = json_of(part);
  bool ours = header && jv_size(header) == 3 && says(header, "alg", "HS256") && says(header, "typ", "JWT");
  for (int i = 0; i < keys->count && ours && !found; i++)
    if (says(header, "kid", keys->key[i].kid)) found = &keys->key[i];
  jv_free(header);
  return found;
}

static bool signature_fits(const struct token_key *key, struct str text, struct str part) {
  unsigned char mac[SHA256_SIZE];
  struct buf given;
  buf_init(&given, SHA256_SIZE);
  hmac_sha256((struct str){ (const char *)key->bytes, TOKEN_KEY_SIZE }, text, mac);
  bool fits = base64url_get(&given, part) && !given.full && given.n == sizeof mac &&
              bytes_same(given.p, mac, sizeof mac);
  buf_clear(&given);
  return fits;
}

static bool claims_read(struct str part, struct claims *c) {
  struct jv *v = json_of(part);
  bool good = v && jv_size(v) == 8 && says(v, "iss", ISSUER) &&
              copies(v, "aud", c->tenant, sizeof c->tenant) &&
              copies(v, "sub", c->user_id, sizeof c->user_id) && uuid_valid(str_of(c->user_id)) &&
              copies(v, "jti", c->session, sizeof c->session) && uuid_valid(str_of(c->session)) &&
              copies(v, "role", c->role, sizeof c->role) && counts(v, "iat", &c->issued) &&
              counts(v, "nbf", &c->not_before) && counts(v, "exp", &c->expires);
  jv_free(v);
  return good;
}

bool token_read(const struct token_keys *keys, struct str token, struct claims *out) {
  *out = (struct claims){ 0 };
  if (token.n > TOKEN_MOST) return false;
  struct str rest = token, header = next_part(&rest), claims = next_part(&rest), signature = rest;
  struct str text = { token.p, (size_t)(signature.p - token.p) };
  if (!header.n || !claims.n || !signature.n) return false;
  text.n--; /* the point before the signature */
  const struct token_key *key = key_of(keys, header);
  return key && signature_fits(key, text, signature) && claims_read(claims, out);
}

/* ---- opaque ones ---- */

static void digest(struct str token, unsigned char stored[static SHA256_SIZE]) {
  sha256_of(token.p, token.n, stored);
}

const char *opaque_write(struct ctx *cx, const char *prefix, const char *tenant,
                         unsigned char stored[static SHA256_SIZE]) {
  unsigned char secret[OPAQUE_SECRET];
  struct buf out;
  random_bytes(secret, sizeof secret);
  buf_init(&out, TOKEN_MOST);
  buf_printf(&out, "%s.%s.", prefix, tenant);
  base64url_put(&out, secret, sizeof secret);
  const char *text = ctx_take(cx, &out);
  digest(str_of(text), stored);
  return text;
}

bool opaque_read(const char *prefix, struct str token, char tenant[static LIMIT_SLUG + 1],
                 unsigned char stored[static SHA256_SIZE]) {
  enum { SECRET_TEXT = 43 }; /* of 32 bytes */
  static const char SLUG[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  if (token.n > TOKEN_MOST) return false;
  struct str rest = token;
  if (!str_eq(next_part(&rest), str_of(prefix))) return false;
  struct str slug = next_part(&rest);
  size_t plain = 0;
  while (plain < slug.n && memchr(SLUG, slug.p[plain], sizeof SLUG - 1)) plain++;
  if (!slug.n || plain < slug.n || rest.n != SECRET_TEXT || !str_copy(tenant, LIMIT_SLUG + 1, slug))
    return false;
  digest(token, stored);
  return true;
}

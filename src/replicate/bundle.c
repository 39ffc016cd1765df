#include "replicate/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/deflate.h"
#include "base/file.h"
#include "base/json.h"
#include "replicate/apply.h"
#include "replicate/push_internal.h"
#include "replicate/shipped.h"

#define MAGIC "outpost-bundle-1\n"
enum { LEVEL = 6, LENGTHS = 16 };

/* ---- out ---- */

/* The digest of what stands before a frame becomes that of what stands before the next. */
static void add_frame(unsigned char digest[static SHA256_SIZE], const unsigned char *lengths,
                      struct str packed) {
  struct sha256 *h = sha256_new();
  sha256_add(h, digest, SHA256_SIZE);
  sha256_add(h, lengths, LENGTHS);
  sha256_add(h, packed.p, packed.n);
  sha256_end(h, digest);
  sha256_free(h);
}

struct writing {
  struct file_out *file;
  unsigned char digest[SHA256_SIZE];
  struct buf plain, packed;
  int64_t bytes;
};

static int put(struct ctx *cx, struct writing *w, const void *p, size_t n) {
  w->bytes += (int64_t)n;
  return file_write(cx, w->file, p, n);
}

static void put_length(unsigned char *to, uint64_t n) {
  for (int i = 0; i < 8; i++) to[i] = (unsigned char)(n >> 8 * i);
}

static int put_frame(struct ctx *cx, struct writing *w) {
  unsigned char lengths[LENGTHS];
  buf_reset(&w->packed);
  deflate_pack(&w->packed, buf_view(&w->plain), LEVEL);
  put_length(lengths, w->packed.n);
  put_length(lengths + 8, w->plain.n);
  if (put(cx, w, lengths, sizeof lengths) || put(cx, w, w->packed.p, w->packed.n)) return cx->code;
  add_frame(w->digest, lengths, buf_view(&w->packed));
  buf_reset(&w->plain);
  return OK;
}

static int put_head(struct ctx *cx, struct writing *w, struct tenant *t, const struct sync_upstream *up) {
  struct jw j;
  struct db *db;
  jw_init(&j, &w->plain);
  jw_object(&j, NULL);
  jw_text(&j, "organization", up->organization);
  jw_text(&j, "edge", up->edge);
  jw_text(&j, "name", up->name);
  jw_int(&j, "origin", up->origin);
  jw_time(&j, "made_at", cx->now);
  if (tenant_read(cx, t, &db) || shipped_write(cx, db, &j, "shipped")) return cx->code;
  tenant_read_end(db);
  jw_close(&j, '}');
  sha256_of(MAGIC, strlen(MAGIC), w->digest);
  return put(cx, w, MAGIC, strlen(MAGIC)) ? (int)cx->code : put_frame(cx, w);
}

/* The signature is over all that stands before this frame. */
static int put_end(struct ctx *cx, struct writing *w, const struct sign_key *key, int64_t batches) {
  unsigned char signature[SIGNATURE_MAX];
  char hex[2 * SIGNATURE_MAX + 1];
  size_t n;
  struct jw j;
  if (sign_hash(cx, key, w->digest, signature, &n)) return cx->code;
  jw_init(&j, &w->plain);
  jw_record(&j, NULL, "batches", batches, "signature", hex_encode(hex, signature, n));
  return put_frame(cx, w);
}

static int note_waiting(struct ctx *cx, struct db *db, void *batch) {
  return push_note(cx, db, &((const struct up_batch *)batch)->seal);
}

/* One batch in a unit of work of its own; the lane, here alone, goes on behind it. */
static int export_one(struct ctx *cx, struct push *u, struct writing *w, struct sync_lane *lane, bool *more,
                      struct bundle_told *out) {
  struct ctx one;
  struct up_batch b;
  bool whole;
  up_init(&b);
  ctx_begin(&one, cx->actor);
  int rc = push_compose(&one, u, lane, &b, &whole);
  *more = !rc && b.rows > 0 && !up_seal(&one, u->key, &b);
  if (*more) {
    bundle_encode(&b, &w->plain);
    rc = put_frame(&one, w) || tenant_write(&one, u->tenant, note_waiting, &b);
    lane->sequence = b.seal.sequence;
    lane->position = ctx_strdup(cx, str_of(b.seal.position_to));
    memcpy(lane->batch_hash, b.seal.hash, SHA256_SIZE);
    out->batches++;
    out->rows += b.rows;
  }
  up_clear(&b);
  return ctx_end_inside(cx, &one);
}

static int export_lanes(struct ctx *cx, struct push *u, struct writing *w, struct bundle_told *out) {
  for (int i = 0; i < LANE_COUNT; i++) {
    struct sync_lane lane;
    bool more = !sync_lane_look(cx, u->tenant, i, &lane);
    while (more && !cx->code) export_one(cx, u, w, &lane, &more, out);
    if (cx->code) return cx->code;
  }
  return OK;
}

static int open_push(struct ctx *cx, struct tenant *t, struct push *u, struct sync_upstream *up) {
  if (sync_upstream_look(cx, t, up)) return cx->code;
  *u = (struct push){ .tenant = t, .organization = up->organization, .origin = up->origin };
  return sign_key_open(cx, store_dir(tenant_store(t)), &u->key);
}

int bundle_export(struct ctx *cx, struct tenant *t, const char *path, struct bundle_told *out) {
  struct writing w = { .bytes = 0 };
  struct sync_upstream up;
  struct push u;
  *out = (struct bundle_told){ 0 };
  buf_init(&w.plain, SIZE_MAX);
  buf_init(&w.packed, SIZE_MAX);
  int rc = open_push(cx, t, &u, &up);
  if (!rc) rc = file_begin(cx, &w.file, path, false);
  if (!rc) rc = put_head(cx, &w, t, &up);
  if (!rc) rc = export_lanes(cx, &u, &w, out);
  if (!rc && out->batches) rc = put_end(cx, &w, u.key, out->batches);
  if (!rc && out->batches) rc = file_end(cx, w.file);
  out->bytes = w.bytes;
  buf_clear(&w.plain);
  buf_clear(&w.packed);
  return rc;
}

/* ---- in ---- */

struct reading {
  FILE *file;
  const char *path;
  struct buf packed, plain;
  unsigned char digest[SHA256_SIZE], before[SHA256_SIZE]; /* with the last frame, and of all before it */
  struct jv *head;
};

static int cut(struct ctx *cx, const struct reading *r) {
  return fail(cx, E_INVALID, "bundle", "%s was cut: it has no end; copy it once more", r->path);
}

static uint64_t length_of(const unsigned char *p) {
  uint64_t n = 0;
  for (int i = 7; i >= 0; i--) n = n << 8 | p[i];
  return n;
}

static bool read_bytes(struct reading *r, struct buf *to, size_t n) {
  char piece[1 << 16];
  buf_reset(to);
  while (n) {
    size_t want = n < sizeof piece ? n : sizeof piece, got = fread(piece, 1, want, r->file);
    if (!got) return false;
    buf_add(to, piece, got);
    n -= got;
  }
  return true;
}

/* The next frame into r->plain. */
static int read_frame(struct ctx *cx, struct reading *r) {
  unsigned char lengths[LENGTHS];
  if (fread(lengths, 1, sizeof lengths, r->file) != sizeof lengths) return cut(cx, r);
  uint64_t packed = length_of(lengths), plain = length_of(lengths + 8);
  if (packed > BATCH_BYTES_MOST || plain > 2 * (uint64_t)BATCH_BYTES_MOST)
    return fail(cx, E_INVALID, "bundle", "%s is damaged: a part of it is said to be too long", r->path);
  if (!read_bytes(r, &r->packed, (size_t)packed)) return cut(cx, r);
  memcpy(r->before, r->digest, SHA256_SIZE);
  add_frame(r->digest, lengths, buf_view(&r->packed));
  char *to = xmalloc((size_t)plain + 1);
  buf_reset(&r->plain);
  if (deflate_unpack(buf_view(&r->packed), to, (size_t)plain))
    buf_add(&r->plain, to, (size_t)plain);
  else
    fail(cx, E_INVALID, "bundle", "%s is damaged: copy it once more", r->path);
  free(to);
  return cx->code;
}

static bool at_end(struct reading *r) {
  int c = fgetc(r->file);
  if (c != EOF) ungetc(c, r->file);
  return c == EOF;
}

static int begin_reading(struct ctx *cx, struct reading *r, const char *path) {
  char magic[sizeof MAGIC] = "";
  *r = (struct reading){ .file = fopen(path, "rb"), .path = path };
  buf_init(&r->packed, SIZE_MAX);
  buf_init(&r->plain, SIZE_MAX);
  if (!r->file) return fail(cx, E_NOT_FOUND, "bundle", "%s cannot be read: %s", path, strerror(errno));
  if (fread(magic, 1, strlen(MAGIC), r->file) != strlen(MAGIC) || strcmp(magic, MAGIC) != 0)
    return fail(cx, E_INVALID, "bundle", "%s is no bundle that `outpost sync bundle export` wrote", path);
  sha256_of(MAGIC, strlen(MAGIC), r->digest);
  if (read_frame(cx, r)) return cx->code;
  return jv_parse(cx, str_of(ctx_strdup(cx, buf_view(&r->plain))), &r->head);
}

static void end_reading(struct reading *r) {
  if (r->file) fclose(r->file);
  buf_clear(&r->packed);
  buf_clear(&r->plain);
}

static const char *head_word(struct ctx *cx, const struct reading *r, const char *name) {
  struct str text = jv_text(jv_get(r->head, name));
  if (!text.p) fail(cx, E_INVALID, "bundle", "%s is damaged: its head says no %s", r->path, name);
  return text.p ? ctx_strdup(cx, text) : "";
}

/* ---- at headquarters ---- */

struct importing {
  struct pg *pg;
  struct applier *applier;
  const char *organization, *edge, *name, *key; /* the edge's public key, as headquarters has it */
  int64_t origin;
  struct bundle_told *told;
  struct buf frames; /* the digest behind each frame that was looked at */
  bool looked; /* at all of them: what is applied must be the same, whatever the stick says the second time */
  int64_t first[LANE_COUNT]; /* batch of each lane; 0: none */
};

static int find_edge(struct ctx *cx, struct importing *m, const struct reading *r) {
  struct pg_rows *rows;
  m->organization = head_word(cx, r, "organization");
  m->edge = head_word(cx, r, "edge");
  m->name = head_word(cx, r, "name");
  if (cx->code) return cx->code;
  if (pg_ask(cx, m->pg, &rows,
             "SELECT e.public_key, o.origin, e.revoked_at IS NOT NULL FROM outpost.edge AS e JOIN "
             "outpost.origin AS o ON o.organization_id = e.organization_id AND o.edge_id = e.edge_id WHERE "
             "e.organization_id::text = $1 AND e.edge_id::text = $2 AND o.origin::text = $3",
             m->organization, m->edge, head_word(cx, r, "origin")))
    return cx->code;
  if (pg_rows_count(rows) == 0)
    return fail(
        cx, E_DENIED, "bundle",
        "headquarters does not know the edge '%.60s' that made this bundle: it belongs to another one",
        m->name);
  if (str_eq(pg_text(rows, 0, 2), STR("t")))
    return fail(cx, E_DENIED, "bundle", "the edge '%.60s' that made this bundle was revoked", m->name);
  m->key = ctx_strdup(cx, pg_text(rows, 0, 0));
  m->origin = pg_int(rows, 0, 1);
  return OK;
}

static bool is_signed(const char *key, const unsigned char *digest, struct str hex) {
  unsigned char signature[SIGNATURE_MAX];
  size_t n;
  return hex.p && hex_decode(signature, sizeof signature, hex, &n) && sign_verify(key, digest, signature, n);
}

typedef int batch_fn(struct ctx *cx, struct importing *m, struct up_batch *b);

static int check_batch(struct ctx *cx, struct importing *m, struct up_batch *b) {
  const struct seal *s = &b->seal;
  enum sync_lane_id lane = sync_lane_named(str_of(s->lane));
  if (strcmp(s->organization, m->organization) != 0 || s->origin != m->origin)
    return fail(cx, E_INVALID, "bundle",
                "batch %lld of lane %.20s is of another edge or organization than the bundle",
                (long long)s->sequence, s->lane);
  if (lane < LANE_COUNT && (!m->first[lane] || s->sequence < m->first[lane])) m->first[lane] = s->sequence;
  if (sign_verify(m->key, s->hash, s->signature, s->signature_size)) return OK;
  return fail(cx, E_DENIED, "bundle", "batch %lld of lane %.20s was not signed by the edge '%.60s'",
              (long long)s->sequence, s->lane, m->name);
}

/* Is what headquarters has under this number the same batch? */
static int is_there(struct ctx *cx, struct importing *m, const struct seal *s, bool *same) {
  struct pg_rows *rows;
  if (pg_ask(cx, m->pg, &rows,
             "SELECT hash FROM outpost.batch WHERE organization_id = $1::uuid AND origin = $2::int AND lane "
             "= $3 AND sequence = $4::bigint",
             s->organization, s->origin, s->lane, s->sequence))
    return cx->code;
  *same = pg_rows_count(rows) == 1 &&
          str_eq(pg_text(rows, 0, 0), (struct str){ (const char *)s->hash, SHA256_SIZE });
  return OK;
}

static int apply_batch(struct ctx *cx, struct importing *m, struct up_batch *b) {
  const struct seal *s = &b->seal;
  struct apply_lane there;
  bool same = false;
  if (apply_lane(cx, m->applier, s->organization, s->origin, s->lane, &there)) return cx->code;
  if (there.sequence < s->sequence - 1)
    return fail(cx, E_CONFLICT, "bundle",
                "batch %lld of lane %s comes first: import the bundle that was made before this one",
                (long long)there.sequence + 1, s->lane);
  if (there.sequence >= s->sequence) {
    if (is_there(cx, m, s, &same)) return cx->code;
    m->told->known += same;
    if (same) return OK;
    return fail(cx, E_CONFLICT, "bundle",
                "headquarters has another batch %lld of lane %s: the edge was here, or another bundle; let "
                "the edge read the receipt of that, and make a new one",
                (long long)s->sequence, s->lane);
  }
  if (apply_rows(cx, m->applier, b) || apply_changes(cx, m->applier, b) || apply_commit(cx, m->applier, b)) {
    pg_rollback(m->pg);
    return cx->code;
  }
  m->told->batches++;
  m->told->rows += b->rows;
  return OK;
}

static int compare_frame(struct ctx *cx, struct importing *m, const struct reading *r, int64_t i) {
  size_t at = (size_t)i * SHA256_SIZE;
  if (!m->looked) return buf_add(&m->frames, r->digest, SHA256_SIZE), OK;
  if (at + SHA256_SIZE <= m->frames.n && memcmp(m->frames.p + at, r->digest, SHA256_SIZE) == 0) return OK;
  return fail(cx, E_CONFLICT, "bundle", "%s is not what it was a moment ago: copy it once more", r->path);
}

/* Every batch of the file, each in a unit of work of its own, and then its end. */
static int each_batch(struct ctx *cx, struct importing *m, const char *path, batch_fn *fn) {
  struct reading r;
  int64_t count = 0, said = -1;
  begin_reading(cx, &r, path);
  while (!cx->code && said < 0) {
    struct ctx one;
    struct up_batch b;
    if (read_frame(cx, &r) || compare_frame(cx, m, &r, count)) break;
    ctx_begin(&one, cx->actor);
    up_init(&b);
    if (at_end(&r)) {
      struct jv *v;
      if (jv_parse(&one, buf_view(&r.plain), &v) || !str_to_int(jv_text(jv_get(v, "batches")), &said))
        cut(cx, &r);
      else if (!is_signed(m->key, r.before, jv_text(jv_get(v, "signature"))))
        fail(cx, E_DENIED, "bundle",
             "%s was changed on its way: the signature of the edge '%.60s' does not hold", path, m->name);
      else if (said != count)
        cut(cx, &r);
    } else if (!bundle_decode(&one, buf_view(&r.plain), &b))
      fn(&one, m, &b);
    count++;
    up_clear(&b);
    ctx_end_inside(cx, &one);
  }
  const struct jv *shipped = jv_get(r.head, "shipped");
  if (m->looked && shipped && !cx->code) shipped_put(cx, m->pg, m->organization, m->origin, shipped);
  end_reading(&r);
  m->looked = true;
  return cx->code;
}

/* Of the batches from the first one in the bundle on: before it the edge knew everything confirmed. */
static int write_receipt(struct ctx *cx, struct importing *m, const char *path) {
  struct file_out *file;
  struct pg_rows *rows;
  const char *lanes = "", *first = "";
  for (int i = 0; i < LANE_COUNT; i++) {
    lanes = ctx_printf(cx, "%s%s%s", lanes, i ? "," : "", sync_lane_names[i]);
    first =
        ctx_printf(cx, "%s%s%lld", first, i ? "," : "", (long long)(m->first[i] ? m->first[i] : INT64_MAX));
  }
  m->told->receipt = ctx_printf(cx, "%s.receipt", path);
  if (pg_ask(
          cx, m->pg, &rows,
          "SELECT json_build_object('format', 'outpost-receipt-1', 'organization', $1::text, 'edge', "
          "$3::text, 'origin', $2::int, 'batches', (SELECT json_agg(json_build_object('lane', b.lane, "
          "'sequence', b.sequence, 'hash', encode(b.hash, 'hex'), 'received_at', (extract(epoch FROM "
          "b.received_at) * 1000000)::bigint, 'receipt', encode(b.receipt, 'hex')) ORDER BY b.lane, "
          "b.sequence) FROM outpost.batch AS b WHERE b.organization_id = $1::text::uuid AND b.origin = "
          "$2::int AND b.sequence >= coalesce(($5::bigint[])[array_position($4::text[], b.lane)], 1)))::text",
          m->organization, m->origin, m->edge, ctx_printf(cx, "{%s}", lanes), ctx_printf(cx, "{%s}", first)))
    return cx->code;
  struct str text = pg_text(rows, 0, 0);
  if (file_begin(cx, &file, m->told->receipt, true) || file_write(cx, file, text.p, text.n)) return cx->code;
  return file_end(cx, file);
}

int bundle_import(struct ctx *cx, struct pg *p, const char *path, struct bundle_told *out) {
  struct importing m = { .pg = p, .told = out };
  struct reading r;
  *out = (struct bundle_told){ 0 };
  if (!begin_reading(cx, &r, path)) find_edge(cx, &m, &r);
  end_reading(&r);
  if (cx->code || apply_open(cx, p, &m.applier)) return cx->code;
  buf_init(&m.frames, SIZE_MAX);
  if (!each_batch(cx, &m, path, check_batch)) each_batch(cx, &m, path, apply_batch);
  buf_clear(&m.frames);
  return cx->code ? (int)cx->code : write_receipt(cx, &m, path);
}

/* bundle_receipt.c - what headquarters says of a bundle comes back to the edge. */
#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "replicate/bundle.h"
#include "replicate/state.h"

#define RECEIPT_BYTES MIB(64)

static int read_file(struct ctx *cx, const char *path, struct jv **out) {
  char piece[1 << 16];
  struct buf text;
  FILE *f = fopen(path, "rb");
  if (!f) return fail(cx, E_NOT_FOUND, "receipt", "%s cannot be read: %s", path, strerror(errno));
  buf_init(&text, RECEIPT_BYTES);
  for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) buf_add(&text, piece, n);
  fclose(f);
  bool is_receipt = !text.full && !jv_parse(cx, buf_view(&text), out) &&
                    str_eq(jv_text(jv_get(*out, "format")), STR("outpost-receipt-1"));
  buf_clear(&text);
  if (is_receipt) return OK;
  ctx_forgive(cx);
  return fail(cx, E_INVALID, "receipt",
              "%s is no receipt that headquarters wrote for a bundle, or it was cut", path);
}

struct taking {
  const struct jv *receipt;
  struct bundle_told *told;
};

/* The batch as this file made it: its position, if it has this hash. */
static int find_batch(struct ctx *cx, struct db *db, int64_t origin, const struct jv *b,
                      const char **position, struct str *hash) {
  struct str lane = jv_text(jv_get(b, "lane")), said = jv_text(jv_get(b, "hash"));
  int64_t sequence = 0;
  *position = NULL;
  str_to_int(jv_text(jv_get(b, "sequence")), &sequence);
  struct stmt *s = db_ask(cx, db, SQL_sync_batch_find, origin, lane, sequence, said);
  if (!stmt_row(cx, s)) return cx->code;
  *position = col_dup(cx, s, 0);
  *hash = (struct str){ ctx_strdup(cx, col_str(s, 1)), col_str(s, 1).n };
  stmt_done(s);
  return OK;
}

static int confirm(struct ctx *cx, struct db *db, int64_t origin, const struct jv *b) {
  int64_t sequence = 0, at = 0;
  unsigned char receipt[SHA256_SIZE];
  struct str hex = jv_text(jv_get(b, "receipt"));
  size_t n;
  str_to_int(jv_text(jv_get(b, "sequence")), &sequence);
  str_to_int(jv_text(jv_get(b, "received_at")), &at);
  if (!hex.p || !hex_decode(receipt, sizeof receipt, hex, &n))
    return fail(cx, E_INVALID, "receipt", "the receipt is damaged: copy it once more");
  return db_act(cx, db, SQL_sync_batch_confirm, origin, jv_text(jv_get(b, "lane")), sequence, cx->now, at,
                arg_blob(receipt, n));
}

static int take_one(struct ctx *cx, struct db *db, const struct sync_upstream *up, const struct jv *b,
                    struct bundle_told *told) {
  struct sync_lane lane;
  const char *position;
  struct str hash;
  int64_t sequence = 0;
  str_to_int(jv_text(jv_get(b, "sequence")), &sequence);
  enum sync_lane_id id = sync_lane_named(jv_text(jv_get(b, "lane")));
  if (id == LANE_COUNT) return fail(cx, E_INVALID, "receipt", "the receipt names a lane that there is not");
  if (sync_lane_read(cx, db, id, &lane)) return cx->code;
  if (sequence <= lane.sequence) {
    told->known++;
    return OK;
  }
  if (find_batch(cx, db, up->origin, b, &position, &hash)) return cx->code;
  if (!position || sequence != lane.sequence + 1)
    return fail(cx, E_CONFLICT, "receipt",
                "headquarters has a batch %lld of lane %s that this file did not make: the receipt is of "
                "another bundle or file",
                (long long)sequence, lane.name);
  struct sync_lane moved = {
    .name = lane.name, .sequence = sequence, .position = position, .confirmed_at = cx->now
  };
  if (hash.n == SHA256_SIZE) memcpy(moved.batch_hash, hash.p, SHA256_SIZE);
  told->batches++;
  return sync_lane_save(cx, db, &moved) ? (int)cx->code : confirm(cx, db, up->origin, b);
}

static int take(struct ctx *cx, struct db *db, void *arg) {
  struct taking *t = arg;
  struct sync_upstream up;
  int64_t origin = 0;
  if (sync_upstream_need(cx, db, &up)) return cx->code;
  str_to_int(jv_text(jv_get(t->receipt, "origin")), &origin);
  if (!str_eq(jv_text(jv_get(t->receipt, "organization")), str_of(up.organization)) ||
      !str_eq(jv_text(jv_get(t->receipt, "edge")), str_of(up.edge)) || origin != up.origin)
    return fail(cx, E_CONFLICT, "receipt", "this is the receipt of another edge, organization or epoch");
  const struct jv *batches = jv_get(t->receipt, "batches");
  for (size_t i = 0; i < jv_size(batches); i++)
    if (take_one(cx, db, &up, jv_at(batches, i), t->told)) return cx->code;
  return OK;
}

int bundle_receipt(struct ctx *cx, struct tenant *t, const char *path, struct bundle_told *out) {
  struct jv *receipt;
  struct taking taking = { .told = out };
  *out = (struct bundle_told){ 0 };
  if (read_file(cx, path, &receipt)) return cx->code;
  taking.receipt = receipt;
  return tenant_write(cx, t, take, &taking);
}

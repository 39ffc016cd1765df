#include "replicate/receipt.h"

#include "base/json.h"
#include "replicate/merkle.h"
#include "replicate/state.h"

static void add_int(struct buf *out, int64_t v) {
  struct buf digits;
  buf_init(&digits, 32);
  buf_int(&digits, v);
  merkle_value(out, buf_view(&digits));
  buf_clear(&digits);
}

static void add_hex(struct buf *out, const unsigned char *hash) {
  char hex[SHA256_HEX];
  merkle_value(out, str_of(hex_encode(hex, hash, SHA256_SIZE)));
}

void seal_hash(const struct seal *s, unsigned char out[static SHA256_SIZE]) {
  struct buf text;
  buf_init(&text, SIZE_MAX);
  merkle_value(&text, STR("outpost-batch-1"));
  merkle_value(&text, str_of(s->organization));
  add_int(&text, s->origin);
  merkle_value(&text, str_of(s->lane));
  add_int(&text, s->sequence);
  add_hex(&text, s->previous);
  merkle_value(&text, str_of(s->position_from));
  merkle_value(&text, str_of(s->position_to));
  add_int(&text, s->first_seq);
  add_int(&text, s->last_seq);
  add_int(&text, s->rows);
  add_int(&text, s->bytes);
  merkle_value(&text, str_of(s->sections));
  add_hex(&text, s->root);
  add_int(&text, s->made_at);
  sha256_of(text.p, text.n, out);
  buf_clear(&text);
}

static struct str first_line(struct str copy) {
  const char *end = memchr(copy.p, '\n', copy.n);
  return (struct str){ copy.p, end ? (size_t)(end - copy.p) : copy.n };
}

static struct str last_line(struct str copy) {
  size_t end = copy.n - 1, from = end;
  while (from > 0 && copy.p[from - 1] != '\n') from--;
  return (struct str){ copy.p + from, end - from };
}

static int write_section(struct ctx *cx, struct jw *w, struct buf *leaves, const struct seal_section *s,
                         int64_t *rows) {
  size_t before = leaves->n;
  if (merkle_leaves(cx, leaves, s->table, s->copy, rows)) return cx->code;
  jw_object(w, NULL);
  jw_put(w, "table", s->table, "columns", s->columns, "rows", *rows, "leaves",
         (int64_t)(leaves->n - before) / SHA256_SIZE);
  if (s->keys && *rows) {
    jw_text(w, "keys", s->keys);
    copy_keys(cx, w, "first", s->columns, s->keys, first_line(s->copy));
    copy_keys(cx, w, "last", s->columns, s->keys, last_line(s->copy));
  }
  jw_close(w, '}');
  return cx->code;
}

static void free_buf(void *b) { buf_clear(b); }

static struct buf *new_buf(struct ctx *cx) {
  struct buf *b = ctx_alloc(cx, sizeof *b);
  buf_init(b, SIZE_MAX);
  ctx_defer(cx, free_buf, b);
  return b;
}

int seal_rows(struct ctx *cx, const struct seal_section *sections, int count, struct seal *seal) {
  struct buf *leaves = new_buf(cx), *text = new_buf(cx);
  struct jw w;
  jw_init(&w, text);
  jw_array(&w, NULL);
  seal->rows = seal->bytes = 0;
  for (int i = 0; i < count; i++) {
    int64_t rows;
    if (write_section(cx, &w, leaves, &sections[i], &rows)) return cx->code;
    seal->rows += rows;
    seal->bytes += (int64_t)sections[i].copy.n;
  }
  jw_close(&w, ']');
  seal->sections = text->p;
  seal->leaves = buf_view(leaves);
  merkle_root(seal->leaves, seal->root);
  return OK;
}

int seal_sign(struct ctx *cx, const struct sign_key *key, struct seal *seal) {
  seal_hash(seal, seal->hash);
  return key ? sign_hash(cx, key, seal->hash, seal->signature, &seal->signature_size) : OK;
}

/* ---- receipts ---- */

enum { RECEIPTS = 500 };

/* Of one lane, from a batch on. */
struct fetched {
  int64_t origin, from;
  const char *lane;
  const struct pg_rows *rows;
};

static int store_receipts(struct ctx *cx, struct db *db, void *arg) {
  const struct fetched *f = arg;
  for (int i = 0; i < pg_rows_count(f->rows); i++) {
    struct str hash = pg_text(f->rows, i, 1), receipt = pg_text(f->rows, i, 2);
    struct stmt *s = db_ask(cx, db, SQL_sync_receipt_set, f->origin, f->lane, pg_int(f->rows, i, 0),
                            arg_blob(hash.p, hash.n), arg_blob(receipt.p, receipt.n), pg_int(f->rows, i, 3));
    if (stmt_run(cx, s)) return cx->code;
    if (db_changes(db) != 1)
      return fail(cx, E_CONFLICT, "receipt", "headquarters has another batch %lld of lane %s than this file",
                  (long long)pg_int(f->rows, i, 0), f->lane);
  }
  return OK;
}

static int first_without(struct ctx *cx, struct tenant *t, const char **organization, struct fetched *f,
                         int64_t *to) {
  struct sync_upstream up;
  struct db *db;
  f->lane = NULL;
  if (tenant_read(cx, t, &db) || sync_upstream_need(cx, db, &up)) return cx->code;
  *organization = up.organization;
  struct stmt *s = db_stmt(cx, db, SQL_sync_receipt_next);
  if (!stmt_row(cx, s)) return cx->code;
  *f = (struct fetched){ col_int(s, 0), col_int(s, 2), col_dup(cx, s, 1), NULL };
  *to = col_int(s, 3);
  stmt_done(s);
  tenant_read_end(db);
  return OK;
}

int receipt_fetch(struct ctx *cx, struct tenant *t, struct pg *p, bool *more) {
  struct fetched f;
  struct pg_rows *rows;
  const char *organization = NULL;
  int64_t to = 0;
  *more = false;
  if (first_without(cx, t, &organization, &f, &to) || !f.lane) return cx->code;
  if (pg_ask(cx, p, &rows,
             "SELECT sequence, hash, receipt, (extract(epoch FROM received_at) * 1000000)::bigint FROM "
             "outpost.batch WHERE organization_id = $1::uuid AND origin = $2::int AND lane = $3 AND sequence "
             "BETWEEN $4::bigint AND $5::bigint AND receipt IS NOT NULL ORDER BY sequence LIMIT $6::bigint",
             organization, f.origin, f.lane, f.from, to, RECEIPTS))
    return cx->code;
  f.rows = rows;
  *more = pg_rows_count(rows) > 0;
  return *more ? tenant_write(cx, t, store_receipts, &f) : OK;
}

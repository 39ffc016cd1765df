#include "replicate/receipt.h"

#include "base/json.h"
#include "replicate/merkle.h"

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
  jw_text(w, "table", s->table);
  jw_text(w, "columns", s->columns);
  jw_int(w, "rows", *rows);
  jw_int(w, "leaves", (int64_t)(leaves->n - before) / SHA256_SIZE);
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

int seal_make(struct ctx *cx, const struct sign_key *key, const struct seal_section *sections, int count,
              struct seal *seal) {
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
  seal_hash(seal, seal->hash);
  return sign_hash(cx, key, seal->hash, seal->signature, &seal->signature_size);
}

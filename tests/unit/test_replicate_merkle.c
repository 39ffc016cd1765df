#include "replicate/merkle.h"

#include "replicate/receipt.h"
#include "unit.h"

static const char *hex_of(const unsigned char *hash) {
  static char hex[SHA256_HEX];
  return hex_encode(hex, hash, SHA256_SIZE);
}

static void leaf_of(struct buf *leaves, const char *data, size_t n) {
  unsigned char text[32] = { 0 }, out[SHA256_SIZE];
  memcpy(text + 1, data, n);
  sha256_of(text, n + 1, out);
  buf_add(leaves, out, sizeof out);
}

/* The tree that implementations of RFC 6962 are tested with. */
UNIT(merkle_vectors, "a Merkle tree has the published roots") {
  static const char *const root[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  };
  static const struct str data[] = { STR(""),         STR("\x00"),
                                     STR("\x10"),     STR("\x20\x21"),
                                     STR("\x30\x31"), STR("\x40\x41\x42\x43"),
                                     STR("PQRSTUVW"), STR("`abcdefghijklmno") };
  struct buf leaves;
  buf_init(&leaves, 8 * SHA256_SIZE);
  for (int n = 0; n <= 8; n++) {
    unsigned char out[SHA256_SIZE];
    if (n) leaf_of(&leaves, data[n - 1].p, data[n - 1].n);
    merkle_root(buf_view(&leaves), out);
    CHECK_STR(hex_of(out), root[n]);
  }
  buf_clear(&leaves);
}

/* 600 rows of three columns: a number, a text with a tab and a backslash or NULL, and an empty text. */
static void rows_600(struct buf *copy) {
  for (int i = 1; i <= 600; i++) {
    buf_printf(copy, "%d\t", i);
    if (i % 7)
      buf_printf(copy, "n\\t%d\\\\\xc3\xbc", i);
    else
      buf_puts(copy, "\\N");
    buf_puts(copy, "\t\n");
  }
}

static bool is_copy(const char *text) {
  struct ctx cx;
  struct buf leaves;
  int64_t rows;
  ctx_begin(&cx, "test");
  buf_init(&leaves, 4096);
  int code = merkle_leaves(&cx, &leaves, "sale", str_of(text), &rows);
  buf_clear(&leaves);
  ctx_end(&cx);
  return code == OK;
}

/* The hashes were computed with node from the description in the headers. */
UNIT(seal_known, "leaves, sections and the hash of a batch are what their description says") {
  struct ctx cx;
  struct buf copy;
  struct sign_key *key;
  ctx_begin(&cx, "test");
  buf_init(&copy, 1 << 20);
  rows_600(&copy);
  struct seal_section section = { "sale", "record,name,empty", "record", buf_view(&copy) };
  struct seal seal = { .organization = "00000000-0000-0000-0000-000000000001",
                       .lane = "log",
                       .origin = 3,
                       .sequence = 2,
                       .position_from = "{\"seq\":0}",
                       .first_seq = 1,
                       .last_seq = 600,
                       .made_at = 1700000000000000 };
  memset(seal.previous, 0x11, sizeof seal.previous);
  if (!CHECK_INT(sign_key_open(&cx, unit_dir(), &key), OK)) return;
  if (!CHECK_INT(seal_rows(&cx, &section, 1, &seal) || seal_sign(&cx, key, &seal), OK)) return;
  CHECK_INT(seal.rows, 600);
  CHECK_INT(seal.leaves.n, 3 * SHA256_SIZE);
  CHECK_STR(seal.sections, "[{\"table\":\"sale\",\"columns\":\"record,name,empty\",\"rows\":600,\"leaves\":3,"
                           "\"keys\":\"record\",\"first\":[\"1\"],\"last\":[\"600\"]}]");
  CHECK_STR(hex_of(seal.root), "440ade23165523b845511f5dfebbdcac3d10d1f7f65b20f48fef2866e4654df8");
  CHECK_STR(hex_of(seal.hash), "3fda75208ac4ea98144876b55273cb75cc1e2b9f96ec8d2c7b45351a86f2a18f");
  CHECK(sign_verify(key->pem, seal.hash, seal.signature, seal.signature_size));
  section.keys = "record,other";
  CHECK_INT(seal_rows(&cx, &section, 1, &seal), E_INVALID);
  buf_clear(&copy);
  ctx_end(&cx);
}

UNIT(seal_empty, "a batch without rows has the root of nothing") {
  struct ctx cx;
  struct sign_key *key;
  ctx_begin(&cx, "test");
  struct seal seal = { .organization = "x", .lane = "log" };
  if (!CHECK_INT(sign_key_open(&cx, unit_dir(), &key), OK)) return;
  CHECK_INT(seal_rows(&cx, NULL, 0, &seal) || seal_sign(&cx, key, &seal), OK);
  CHECK_STR(seal.sections, "[]");
  CHECK_STR(hex_of(seal.root), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  ctx_end(&cx);
}

UNIT(copy_refused, "what is no COPY text is refused") {
  CHECK(is_copy(""));
  CHECK(is_copy("\n"));
  CHECK(is_copy("a\tb\n\\N\t\\\\N\n"));
  CHECK(!is_copy("a"));
  CHECK(!is_copy("a\\\n"));
  CHECK(!is_copy("a\\q\n"));
  CHECK(!is_copy("\\Nx\n"));
}

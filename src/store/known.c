#include "store/known.h"

#include <stdlib.h>

#include "base/hash.h"

enum { ROWS = 8192, KEPT_MOST = 4096 /* bytes of a key and its row */ };

/* Each has one place; who comes later takes it. */
struct place {
  const struct stmt *stmt;
  uint64_t hash;
  struct moment moment;
  size_t key_bytes;
  char *key;
  struct known_row *row; /* behind the key, in the same piece of memory; NULL: there is none */
};

struct known {
  uint64_t age;
  uint64_t count[TABLES_COUNTED], told[TABLES_COUNTED]; /* told: those that known_written gave */
  bool open;                                            /* in a transaction that known_begin saw */
  int64_t version;
  struct place *rows;
};

/* ---- what is written ---- */

static void on_rollback(void *arg) {
  struct known *k = arg;
  k->age++;
  k->open = false;
}

static int on_commit(void *arg) {
  struct known *k = arg;
  k->open = false;
  return 0;
}

struct known *known_new(sqlite3 *lite) {
  struct known *k = xcalloc(1, sizeof *k);
  k->age = 1; /* no moment has 0 */
  sqlite3_rollback_hook(lite, on_rollback, k);
  sqlite3_commit_hook(lite, on_commit, k);
  return k;
}

void known_free(struct known *k) {
  if (!k) return;
  for (int i = 0; k->rows && i < ROWS; i++) free(k->rows[i].key);
  free(k->rows);
  free(k);
}

/* A statement that nobody keeps is run right after this, or in the step in which it is compiled anew. */
void known_see(struct known *k, struct uses *uses, int action, const char *name) {
  bool reads = action == SQLITE_READ || action == SQLITE_SELECT;
  bool writes = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
  bool undoes =
      (action == SQLITE_SAVEPOINT || action == SQLITE_TRANSACTION) && name && strcmp(name, "ROLLBACK") == 0;
  if (undoes) k->age++;
  if (undoes && uses) uses->undoes = true;
  if (!name || !*name || !(reads || writes)) return;
  int number = table_number(name);
  if (writes) k->count[number]++;
  if (uses) tables_add(writes ? &uses->writes : &uses->reads, number);
}

void known_step(struct known *k, const struct uses *uses) {
  if (uses->undoes) k->age++;
  if (!uses->writes.any) return;
  for (int i = 0; i < TABLES_COUNTED / 64; i++)
    for (uint64_t bits = uses->writes.bit[i]; bits; bits &= bits - 1)
      k->count[i * 64 + __builtin_ctzll(bits)]++;
}

void known_begin(struct known *k, int64_t version) {
  if (version != k->version) k->age++;
  k->version = version;
  k->open = true;
}

void known_written(struct known *k, struct tables *out) {
  *out = (struct tables){ 0 };
  for (int i = 0; i < TABLES_COUNTED; i++) {
    if (k->count[i] != k->told[i]) tables_add(out, i);
    k->told[i] = k->count[i];
  }
}

bool known_is_current(const struct known *k, int64_t version) { return version == k->version; }

/* Counts only grow: their sum is the same when each of them is. */
bool known_moment(const struct known *k, const struct uses *uses, struct moment *out) {
  *out = (struct moment){ .age = k->age };
  for (int i = 0; i < TABLES_COUNTED / 64; i++)
    for (uint64_t bits = uses->reads.bit[i]; bits; bits &= bits - 1)
      out->count += k->count[i * 64 + __builtin_ctzll(bits)];
  return k->open;
}

/* ---- rows ---- */

struct known_row *known_read(struct ctx *cx, const struct stmt *s) {
  int count = stmt_columns(s);
  size_t bytes = sizeof(struct known_row) + (size_t)count * sizeof(struct known_cell);
  size_t at = bytes;
  for (int i = 0; i < count; i++) bytes += col_null(s, i) ? 0 : col_str(s, i).n + 1;
  struct known_row *row = ctx_alloc(cx, bytes);
  row->count = count;
  row->bytes = bytes;
  for (int i = 0; i < count; i++) {
    struct str text = col_null(s, i) ? (struct str){ 0 } : col_str(s, i);
    row->cell[i].number = col_int(s, i);
    if (!text.p) continue;
    row->cell[i].text = (struct str){ memcpy((char *)row + at, text.p, text.n), text.n };
    at += text.n + 1;
  }
  return row;
}

struct known_row *known_text(struct ctx *cx, struct str text) {
  size_t at = sizeof(struct known_row) + sizeof(struct known_cell);
  struct known_row *row = ctx_alloc(cx, at + text.n + 1);
  row->count = 1;
  row->bytes = at + text.n + 1;
  row->cell[0].text = (struct str){ memcpy((char *)row + at, text.p, text.n), text.n };
  str_to_int(text, &row->cell[0].number);
  return row;
}

static struct place *place_of(struct known *k, const struct stmt *s, struct str key, uint64_t *hash) {
  if (!k->rows) k->rows = xcalloc(ROWS, sizeof *k->rows);
  *hash = hash64(key.p, key.n) ^ hash64(&s, sizeof s);
  return &k->rows[*hash % ROWS];
}

struct known_row *known_copy(void *to, const struct known_row *from) {
  struct known_row *row = memcpy(to, from, from->bytes);
  for (int i = 0; i < row->count; i++)
    if (row->cell[i].text.p) row->cell[i].text.p = (char *)to + (from->cell[i].text.p - (const char *)from);
  return row;
}

bool known_find(struct known *k, struct ctx *cx, const struct stmt *s, const struct uses *uses,
                struct str key, const struct known_row **out) {
  struct moment now;
  uint64_t hash;
  if (!known_moment(k, uses, &now)) return false;
  const struct place *p = place_of(k, s, key, &hash);
  if (p->stmt != s || p->hash != hash || p->moment.age != now.age || p->moment.count != now.count)
    return false;
  if (p->key_bytes != key.n || memcmp(p->key, key.p, key.n) != 0) return false;
  *out = p->row ? known_copy(ctx_alloc(cx, p->row->bytes), p->row) : NULL;
  return true;
}

void known_keep(struct known *k, const struct stmt *s, const struct uses *uses, struct str key,
                const struct known_row *row) {
  struct moment now;
  uint64_t hash;
  size_t before_row = (key.n + 15) & ~(size_t)15;
  if (!known_moment(k, uses, &now) || before_row + (row ? row->bytes : 0) > KEPT_MOST) return;
  struct place *p = place_of(k, s, key, &hash);
  char *kept = xrealloc(p->key, before_row + (row ? row->bytes : 0) + 1);
  memcpy(kept, key.p, key.n);
  *p = (struct place){ s, hash, now, key.n, kept, row ? known_copy(kept + before_row, row) : NULL };
}

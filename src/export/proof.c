#include "export/proof.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/version.h"
#include "ingest/checks.h"
#include "ingest/kept.h"
#include "ingest/spans.h"
#include "model/visible.h"
#include "store/column.h"

static const size_t FLUSH_BYTES = 65536;

struct proof {
  struct ctx *cx;
  struct db *db;
  const struct proof_request *request;
  struct kept_run run;
  struct buf buf;
  struct jw w; /* of the line that is being written */
  struct sha256 *hash;
  export_write_fn *write;
  void *arg;
};

/* ---- lines ---- */

static int flush(struct proof *p) {
  if (p->buf.full) return fail(p->cx, E_LIMIT, NULL, "a line of the proof is too large");
  sha256_add(p->hash, p->buf.p, p->buf.n);
  int rc = p->buf.n ? p->write(p->cx, p->arg, p->buf.p, p->buf.n) : OK;
  buf_reset(&p->buf);
  return rc;
}

static void line_begin(struct proof *p, const char *kind) {
  jw_init(&p->w, &p->buf);
  jw_object(&p->w, NULL);
  jw_text(&p->w, "kind", kind);
}

static int line_end(struct proof *p) {
  jw_close(&p->w, '}');
  buf_char(&p->buf, '\n');
  return p->buf.n >= FLUSH_BYTES || p->buf.full ? flush(p) : (int)p->cx->code;
}

/* The writer's text is open while the digits are added to its buffer. */
static void put_base64(struct proof *p, const char *key, const void *bytes, size_t n) {
  jw_raw(&p->w, key, STR("\""));
  base64_put(&p->buf, bytes, n);
  buf_char(&p->buf, '"');
}

/* Exactly its bytes, whatever they are. */
static void put_exact(struct proof *p, const char *key, const struct stmt *s, int i) {
  struct str v = col_str(s, i);
  if (col_null(s, i)) {
    jw_text(&p->w, key, NULL);
  } else if (utf8_valid(v)) {
    jw_str(&p->w, key, v);
  } else {
    jw_object(&p->w, key);
    put_base64(p, "base64", v.p, v.n);
    jw_close(&p->w, '}');
  }
}

static void put_sealed(struct proof *p, const struct stmt *s, int count) {
  jw_object(&p->w, "sealed");
  for (int i = 0; i < count; i++) put_exact(p, col_name(s, i), s, i);
  jw_close(&p->w, '}');
}

/* A line for every row of a fixed statement whose ?1 is the run. */
static int put_table(struct proof *p, const char *kind, enum sql_id id) {
  struct stmt *s = db_ask(p->cx, p->db, id, p->run.id);
  while (stmt_row(p->cx, s)) {
    line_begin(p, kind);
    put_sealed(p, s, stmt_columns(s));
    if (line_end(p)) break;
  }
  return p->cx->code;
}

/* ---- what it is about ---- */

static void put_dataset(struct proof *p) {
  static const char *const kinds[] = {
    [FIELD_TEXT] = "text", [FIELD_CODE] = "code", [FIELD_DATE] = "date", [FIELD_DECIMAL] = "decimal"
  };
  const struct dataset *d = p->run.dataset;
  jw_object(&p->w, "dataset");
  jw_put(&p->w, "name", d->name, "key_field", d->key_field);
  jw_array(&p->w, "fields");
  for (int i = 0; i < d->field_count; i++) {
    const struct field *f = &d->fields[i];
    jw_record(&p->w, NULL, "name", f->name, "kind", kinds[f->kind], "scale", f->scale, "group", f->group,
              "total", f->total);
  }
  jw_close(&p->w, ']');
  jw_close(&p->w, '}');
}

static int put_undone(struct proof *p) {
  struct stmt *s = db_ask(p->cx, p->db, SQL_proof_undone, p->run.id);
  bool undone = stmt_row(p->cx, s);
  if (!undone) {
    jw_text(&p->w, "undone", NULL);
    return p->cx->code;
  }
  jw_object(&p->w, "undone");
  columns_write(&p->w, s, 0, "at: instant, actor");
  jw_close(&p->w, '}');
  stmt_done(s);
  if (p->request->rows)
    return fail(
        p->cx, E_CONFLICT, "rows",
        "run %s is undone, so that its rows are not there; ask for the proof without rows, or redo the run",
        p->run.uuid);
  return OK;
}

static int put_header(struct proof *p) {
  const struct sign_key *key = p->request->key;
  struct stmt *s = db_stmt(p->cx, p->db, SQL_proof_tenant);
  if (!stmt_row(p->cx, s))
    return p->cx->code ? (int)p->cx->code : fail(p->cx, E_FAIL, NULL, "the file does not say whose it is");
  line_begin(p, "header");
  jw_put(&p->w, "format", "outpost-proof/1", "created", arg_time(p->cx->now), "program",
         "outpost " OUTPOST_VERSION, "schema", col_int(s, 3));
  jw_object(&p->w, "tenant");
  columns_write(&p->w, s, 0, "id, slug, name");
  jw_close(&p->w, '}');
  stmt_done(s);
  jw_text(&p->w, "run", p->run.uuid);
  if (put_undone(p)) return p->cx->code;
  put_dataset(p);
  jw_record(&p->w, "with", "rows", p->request->rows, "log", p->request->log);
  jw_record(&p->w, "key", "algorithm", "ECDSA-P256-SHA256", "pem", key->pem, "fingerprint", key->fingerprint);
  return line_end(p);
}

static int put_run(struct proof *p) {
  struct stmt *s = db_ask(p->cx, p->db, SQL_proof_rule_set, p->run.id);
  const char *sum = stmt_row(p->cx, s) ? col_dup(p->cx, s, 0) : NULL;
  if (sum) stmt_done(s);
  s = db_ask(p->cx, p->db, SQL_proof_run, p->run.id);
  if (!stmt_row(p->cx, s)) return p->cx->code;
  line_begin(p, "run");
  jw_text(&p->w, "rules_sha256", sum);
  put_sealed(p, s, stmt_columns(s));
  stmt_done(s);
  return line_end(p);
}

/* ---- figures ---- */

/* Overall (f NULL), or by a field: the figures as the report shows them. */
static int put_figures(struct proof *p, const struct field *f) {
  struct ctx *cx = p->cx;
  const struct dataset *d = p->run.dataset;
  bool code = f && f->kind == FIELD_CODE;
  const char *name = !f ? "NULL" : code ? "term.text" : ctx_printf(cx, "x.%s", f->name);
  const char *from = ctx_printf(cx, "FROM %s x%s", d->total_table,
                                code ? ctx_printf(cx, " JOIN term ON term.id = x.%s", f->name) : "");
  const char *group = f ? ctx_printf(cx, "GROUP BY x.%s ORDER BY 1", f->name) : "";
  struct stmt *s =
      db_once(cx, p->db,
              ctx_printf(cx, "SELECT %s, coalesce(sum(orders), 0)%s %s WHERE x.run = ?1 %s", name,
                         dataset_total_columns(cx, d, "coalesce(sum(", "), 0)"), from, group));
  if (s) stmt_int(s, 1, p->run.id);
  while (stmt_row(cx, s)) {
    char day[DATE_SIZE];
    line_begin(p, "figure");
    jw_text(&p->w, "group", f ? f->name : NULL);
    if (f && !code)
      jw_text(&p->w, "name", date_iso(day, (int32_t)col_int(s, 0)));
    else
      put_exact(p, "name", s, 0);
    jw_int(&p->w, "orders", col_int(s, 1));
    for (int i = 0, n = 2; i < d->field_count; i++)
      if (d->fields[i].total) jw_decimal(&p->w, d->fields[i].name, col_int(s, n++), d->fields[i].scale, 2);
    if (line_end(p)) break;
  }
  return cx->code;
}

/* The stored totals, cell by cell, in the order of their digest; texts of codes behind them. */
static int put_cells(struct proof *p) {
  struct ctx *cx = p->cx;
  const struct dataset *d = p->run.dataset;
  const char *columns = "x.orders", *texts = "", *joins = "";
  int sealed = 1, i, n;
  for (i = 0; i < d->field_count; i++) {
    const struct field *f = &d->fields[i];
    if (!f->group && !f->total) continue;
    columns = ctx_printf(cx, "%s, x.%s", columns, f->name);
    sealed++;
    if (f->kind != FIELD_CODE) continue;
    texts = ctx_printf(cx, "%s, t%d.text AS %s", texts, i, f->name);
    joins = ctx_printf(cx, "%s LEFT JOIN term t%d ON t%d.id = x.%s", joins, i, i, f->name);
  }
  struct stmt *s = db_once(
      cx, p->db,
      ctx_printf(cx, "SELECT %s%s FROM %s x%s WHERE x.run = ?1", columns, texts, d->total_table, joins));
  if (s) stmt_int(s, 1, p->run.id);
  while (stmt_row(cx, s)) {
    line_begin(p, "cell");
    put_sealed(p, s, sealed);
    jw_object(&p->w, "names");
    for (n = sealed; n < stmt_columns(s); n++) put_exact(p, col_name(s, n), s, n);
    jw_close(&p->w, '}');
    if (line_end(p)) break;
  }
  return cx->code;
}

static int put_all_figures(struct proof *p) {
  const struct dataset *d = p->run.dataset;
  if (put_figures(p, NULL)) return p->cx->code;
  for (int i = 0; i < d->field_count; i++)
    if (d->fields[i].group && put_figures(p, &d->fields[i])) return p->cx->code;
  return put_cells(p);
}

/* ---- rows ---- */

enum { KEY, RECORD, FIRST_FIELD };

static void put_value(struct proof *p, const struct field *f, const struct stmt *s, int i) {
  char day[DATE_SIZE];
  if (col_null(s, i))
    jw_text(&p->w, f->name, NULL);
  else if (f->kind == FIELD_DATE)
    jw_text(&p->w, f->name, date_iso(day, (int32_t)col_int(s, i)));
  else if (f->kind == FIELD_DECIMAL)
    jw_decimal(&p->w, f->name, col_int(s, i), f->scale, 0);
  else
    put_exact(p, f->name, s, i);
}

static int put_row(struct proof *p, const struct spans *spans, const struct stmt *s) {
  const struct dataset *d = p->run.dataset;
  struct record_span span;
  if (!spans_find(spans, col_int(s, RECORD), &span))
    return fail(p->cx, E_FAIL, NULL,
                "run %s has a clean row of record %lld, but no such record; run `outpost verify`",
                p->run.uuid, (long long)col_int(s, RECORD));
  line_begin(p, "row");
  put_exact(p, "key", s, KEY);
  jw_put(&p->w, "record", col_int(s, RECORD), "line", span.line, "offset", span.offset, "length",
         span.length);
  jw_object(&p->w, "values");
  for (int i = 0; i < d->field_count; i++) put_value(p, &d->fields[i], s, FIRST_FIELD + i);
  jw_close(&p->w, '}');
  return line_end(p);
}

/* Those on top, and those that a later run took the place of. */
static int put_rows_of(struct proof *p, const struct spans *spans, const char *table) {
  struct ctx *cx = p->cx;
  const struct dataset *d = p->run.dataset;
  const char *columns, *joins;
  checks_row_columns(cx, d, &columns, &joins);
  struct stmt *s =
      db_once(cx, p->db,
              ctx_printf(cx, "SELECT %s FROM %s x%s WHERE x.run = ?1 AND x.key BETWEEN ?2 AND ?3", columns,
                         table, joins));
  if (!s) return cx->code;
  stmt_bind(s, p->run.id, p->run.key_min, p->run.key_max);
  while (stmt_row(cx, s) && !put_row(p, spans, s)) continue;
  return cx->code;
}

static int put_exceptions(struct proof *p) {
  enum { SEALED = 7 };
  struct stmt *s = db_ask(p->cx, p->db, SQL_proof_exceptions, p->run.id);
  while (stmt_row(p->cx, s)) {
    line_begin(p, "exception");
    put_sealed(p, s, SEALED);
    jw_put(&p->w, "state", col_str(s, SEALED), "length", col_int(s, SEALED + 1));
    if (line_end(p)) break;
  }
  return p->cx->code;
}

static int put_rows(struct proof *p) {
  struct spans *spans;
  if (!p->request->rows) return OK;
  int rc = spans_open(p->cx, p->db, p->run.id, &spans);
  if (!rc) rc = put_rows_of(p, spans, p->run.dataset->table);
  if (!rc) rc = put_rows_of(p, spans, p->run.dataset->past_table);
  return rc ? rc : put_exceptions(p);
}

/* ---- the log ---- */

struct gap {
  int64_t from, to; /* from 0: there is none */
  char previous[SHA256_HEX], hash[SHA256_HEX];
};

static int put_gap(struct proof *p, struct gap *g) {
  if (!g->from) return OK;
  line_begin(p, "gap");
  jw_put(&p->w, "from", g->from, "to", g->to, "previous", g->previous, "hash", g->hash);
  g->from = 0;
  return line_end(p);
}

static int put_entry(struct proof *p, const struct stmt *s, const char *previous, const char *hash) {
  enum { HASH = 12 };
  line_begin(p, "entry");
  for (int i = 0; i < HASH; i++) put_exact(p, col_name(s, i), s, i);
  if (previous) jw_text(&p->w, "previous", previous);
  jw_text(&p->w, "hash", hash);
  return line_end(p);
}

static void hash_of(const struct stmt *s, char hex[static SHA256_HEX]) {
  struct str h = col_str(s, 12);
  hex_encode(hex, h.p, h.n < SHA256_SIZE ? h.n : SHA256_SIZE);
}

static int put_log(struct proof *p) {
  enum { TBL = 6 };
  char previous[SHA256_HEX], hash[SHA256_HEX];
  struct gap gap = { 0 };
  bool first = true;
  memset(previous, '0', sizeof previous - 1);
  previous[sizeof previous - 1] = 0;
  struct stmt *s = db_ask(p->cx, p->db, SQL_proof_log, p->run.uuid);
  while (stmt_row(p->cx, s)) {
    bool own = col_int(s, 13) == 1, before = first && !own;
    bool told = own || (p->request->log && table_visible(p->cx, col_str(s, TBL)));
    hash_of(s, hash);
    if (!before && !told) {
      if (!gap.from) memcpy(gap.previous, previous, sizeof previous), gap.from = col_int(s, 0);
      gap.to = col_int(s, 0);
      memcpy(gap.hash, hash, sizeof hash);
    } else if (!before) {
      if (put_gap(p, &gap) || put_entry(p, s, first ? previous : NULL, hash)) break;
      first = false;
    }
    memcpy(previous, hash, sizeof hash);
  }
  return p->cx->code ? (int)p->cx->code : put_gap(p, &gap);
}

/* ---- the end ---- */

static int put_signature(struct proof *p) {
  unsigned char hash[SHA256_SIZE], signature[SIGNATURE_MAX];
  size_t n;
  if (flush(p)) return p->cx->code;
  sha256_end(p->hash, hash);
  if (sign_hash(p->cx, p->request->key, hash, signature, &n)) return p->cx->code;
  line_begin(p, "signature");
  jw_put(&p->w, "algorithm", "ECDSA-P256-SHA256", "fingerprint", p->request->key->fingerprint);
  put_base64(p, "signature", signature, n);
  line_end(p);
  return p->cx->code ? (int)p->cx->code : flush(p);
}

static void proof_free(void *arg) {
  struct proof *p = arg;
  buf_clear(&p->buf);
  sha256_free(p->hash);
}

int proof_write(struct ctx *cx, struct db *db, const struct proof_request *r, export_write_fn *write,
                void *arg) {
  struct proof *p = ctx_alloc(cx, sizeof *p);
  *p = (struct proof){ .cx = cx, .db = db, .request = r, .write = write, .arg = arg, .hash = sha256_new() };
  buf_init(&p->buf, LIMIT_REPLY_BYTES);
  ctx_defer(cx, proof_free, p);
  if (kept_find(cx, db, r->run, &p->run)) return cx->code;
  if (strcmp(p->run.state, "done") != 0)
    return fail(cx, E_CONFLICT, "run", "run %s is %s: only what was stored can be proved", p->run.uuid,
                p->run.state);
  if (!p->run.dataset)
    return fail(cx, E_NOT_FOUND, NULL, "this program has no dataset %s", p->run.dataset_name);
  int rc = put_header(p);
  if (!rc) rc = put_run(p);
  if (!rc) rc = put_table(p, "control", SQL_proof_controls);
  if (!rc) rc = put_table(p, "category", SQL_proof_categories);
  if (!rc) rc = put_table(p, "check", SQL_proof_checks);
  if (!rc) rc = put_all_figures(p);
  if (!rc) rc = put_rows(p);
  if (!rc) rc = put_log(p);
  return rc ? rc : put_signature(p);
}

#include "ingest/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "ingest/checks.h"
#include "ingest/kept.h"
#include "record/record.h"
#include "store/change.h"

static void find(struct ctx *cx, struct verdict *v, const char *check, const char *run, bool ok,
                 const char *text) {
  v->finding = ctx_more(cx, v->finding, v->count, sizeof *v->finding);
  v->finding[v->count++] = (struct finding){ check, run, ok, text };
  v->bad += !ok;
}

/* A failure of the examination is a finding, too: what cannot be read is not proved. */
static bool settle(struct ctx *cx, struct verdict *v, const char *check, const char *run) {
  if (!cx->code) return true;
  find(cx, v, check, run, false, ctx_strdup(cx, str_of(cx->message)));
  ctx_forgive(cx);
  return false;
}

/* ---- raw ---- */

static int64_t bad_chunk(struct ctx *cx, struct db *db, int64_t run, int64_t *chunks) {
  int64_t bad = -1;
  struct stmt *s = db_ask(cx, db, SQL_raw_chunk_crcs, run);
  for (*chunks = 0; stmt_row(cx, s); ++*chunks) {
    struct str index = col_str(s, 1), bytes = col_str(s, 2);
    uint32_t crc = crc32_of(crc32_of(0, bytes.p, bytes.n), index.p, index.n);
    if (crc != (uint32_t)col_int(s, 0) && bad < 0) bad = col_int(s, 3);
  }
  return bad;
}

static void verify_raw(struct ctx *cx, struct db *db, const struct kept_run *run, struct verdict *v) {
  unsigned char sum[SHA256_SIZE];
  char hex[SHA256_HEX];
  int64_t chunks, bytes = 0, damaged = bad_chunk(cx, db, run->id, &chunks);
  if (!settle(cx, v, "raw", run->uuid)) return;
  if (damaged >= 0) {
    find(cx, v, "raw", run->uuid, false,
         ctx_printf(cx, "the original bytes from offset %lld on are not those that came in",
                    (long long)damaged));
    return;
  }
  struct sha256 *h = sha256_new();
  struct stmt *s = db_ask(cx, db, SQL_raw_chunk_crcs, run->id);
  while (stmt_row(cx, s)) {
    struct str piece = col_str(s, 2);
    sha256_add(h, piece.p, piece.n);
    bytes += (int64_t)piece.n;
  }
  sha256_end(h, sum);
  sha256_free(h);
  if (!settle(cx, v, "raw", run->uuid)) return;
  bool ok =
      strcmp(hex_encode(hex, sum, sizeof sum), run->sha256 ? run->sha256 : "") == 0 && bytes == run->bytes;
  find(cx, v, "raw", run->uuid, ok,
       ok ? ctx_printf(cx, "%lld bytes of %s, SHA-256 %.16s...", (long long)bytes, run->source, hex)
          : ctx_printf(
                cx, "the kept bytes of %s are not those that came in: %lld bytes of %lld, SHA-256 %s, not %s",
                run->source, (long long)bytes, (long long)run->bytes, hex, run->sha256));
}

/* ---- rows ---- */

/* The digests as they stand in the chain, which a changed row of `run` cannot follow. */
static bool sealed_as(struct ctx *cx, struct db *db, const struct kept_run *run) {
  int64_t described, settled;
  if (checks_digest_run(cx, db, run->id, &described) || checks_digest_settled(cx, db, run->id, &settled))
    return false;
  struct stmt *s = db_ask(cx, db, SQL_run_sealed, run->uuid);
  if (!stmt_row(cx, s)) return false;
  bool same = str_eq(col_str(s, 0), str_of(run->sha256)) && col_int(s, 1) == run->clean_crc &&
              col_int(s, 2) == run->reject_crc && col_int(s, 3) == run->total_crc &&
              col_int(s, 4) == described && (run->undone ? settled == 0 : col_int(s, 5) == settled) &&
              col_int(s, 6) == run->updated && col_int(s, 7) == run->unchanged;
  stmt_done(s);
  return same;
}

static bool audit_sealed(struct ctx *cx, struct db *db, const struct kept_run *run) {
  int64_t stored;
  if (checks_digest_audit(cx, db, run->id, &stored)) return false;
  struct stmt *s = db_ask(cx, db, SQL_audit_sealed, run->uuid);
  if (!stmt_row(cx, s)) return stored == 0; /* not audited yet: then nothing may be there */
  bool same = col_int(s, 0) == stored;
  stmt_done(s);
  return same;
}

/* Does the log say that the run counts, or when, by whom and but for which rows it was
** undone, as the tables have it? Of an undone run only what was kept may be there: *clean
** becomes its digest. */
static bool undone_as_noted(struct ctx *cx, struct db *db, const struct kept_run *run, int64_t *clean) {
  struct stmt *s = db_ask(cx, db, SQL_undo_sealed, run->uuid);
  bool undone = false;
  const char *entry = "{}";
  if (stmt_row(cx, s)) {
    undone = str_eq(col_str(s, 0), STR("RUN_UNDONE"));
    if (undone) *clean = col_int(s, 1), entry = col_dup(cx, s, 2);
    stmt_done(s);
  }
  s = db_ask(cx, db, SQL_undo_differs, run->id, entry, run->uuid);
  bool differs = stmt_row(cx, s) && col_int(s, 0) != 0;
  if (s) stmt_done(s);
  return undone == run->undone && !differs;
}

static void verify_rows(struct ctx *cx, struct db *db, const struct kept_run *run, struct verdict *v) {
  struct check_subject subject = { .dataset = run->dataset,
                                   .run = run->id,
                                   .run_uuid = run->uuid,
                                   .key_min = run->key_min,
                                   .key_max = run->key_max };
  int64_t clean, rejects, totals;
  int64_t expected = run->clean_crc;
  bool sealed = sealed_as(cx, db, run), audited = audit_sealed(cx, db, run);
  bool counted = undone_as_noted(cx, db, run, &expected);
  if (!cx->code) checks_digest(cx, db, &subject, &clean, &rejects, &totals);
  if (!settle(cx, v, "rows", run->uuid)) return;
  const char *wrong = !sealed    ? "the run's own figures, settings or controls, or the exceptions that it "
                                   "settled, are not those of the change log"
                      : !audited ? "the stored self-audit is not the one that was made"
                      : !counted ? "whether it is undone is not what the change log says"
                      : clean != expected          ? "clean rows were changed, added or removed"
                      : rejects != run->reject_crc ? "exceptions were changed, added or removed"
                      : totals != run->total_crc   ? "stored totals were changed"
                                                   : NULL;
  find(cx, v, "rows", run->uuid, !wrong,
       wrong ? wrong
       : run->undone
           ? ctx_printf(cx, "undone; %lld exceptions are as they were written", (long long)run->rejected)
           : ctx_printf(cx, "%lld clean rows and %lld exceptions are as they were written",
                        (long long)run->clean, (long long)run->rejected));
}

/* ---- the five checks, the raw side judged anew ---- */

/* Duplicates, and rows that the database refused, are known only to the tables: their part is what the exceptions
** of these rules alone add up to, judged from their own kept bytes. */
struct rejudge {
  struct db *db;
  const struct dataset *dataset;
  struct check_subject *subject;
  int64_t run;
  const char *unique, *stored; /* the names of the rules; stored: NULL where there is none */
};

static bool was_duplicate(struct ctx *cx, const struct rejudge *r, int64_t record) {
  return stmt_exists(cx, db_ask(cx, r->db, SQL_reject_only_by, r->run << 32 | record, r->unique, r->stored));
}

static int take_duplicates(struct ctx *cx, void *arg, const struct load_batch *b) {
  struct rejudge *r = arg;
  for (uint32_t i = 0; i < b->row_count && !cx->code; i++) {
    const struct judged *j = &b->rows[i];
    if (j->first_fault >= 0 || !was_duplicate(cx, r, (int64_t)j->record)) continue;
    for (int f = 0; f < r->dataset->field_count; f++)
      if (r->dataset->fields[f].total) r->subject->duplicate_sums[f] += j->values[f].number;
  }
  return cx->code;
}

static int rejudge(struct ctx *cx, struct db *db, struct db *reader, const struct kept_run *run,
                   struct check_subject *subject) {
  const struct input *in;
  struct judge_setup setup;
  struct flow_result result;
  struct rejudge r = { .db = db, .dataset = run->dataset, .subject = subject, .run = run->id };
  if (kept_open(cx, reader, run, &in) || kept_setup(cx, in, run, &setup)) return cx->code;
  r.unique = setup.rules->rule[setup.rules->unique].name;
  if (setup.rules->stored >= 0) r.stored = setup.rules->rule[setup.rules->stored].name;
  struct flow_setup flow = { .input = in, .judge = &setup, .take = take_duplicates, .arg = &r };
  if (flow_run(cx, &flow, &result)) return cx->code;
  subject->records = result.records;
  memcpy(subject->raw_sums, result.sums, sizeof subject->raw_sums);
  return OK;
}

static void subject_of(const struct kept_run *run, struct check_subject *s) {
  *s = (struct check_subject){ .dataset = run->dataset,
                               .run = run->id,
                               .run_uuid = run->uuid,
                               .records = run->read,
                               .key_min = run->key_min,
                               .key_max = run->key_max };
}

/* The raw side from the kept bytes, by a reader of its own for the flow's thread. */
static int judge_again(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run,
                       struct check_subject *subject) {
  struct ctx aside;
  struct db *reader;
  ctx_begin(&aside, "verify");
  if (!tenant_read(&aside, t, &reader)) rejudge(&aside, db, reader, run, subject);
  if (aside.code) fail_from(cx, &aside);
  ctx_end(&aside);
  return cx->code;
}

static void verify_figures(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run,
                           struct verdict *v) {
  struct check_subject subject;
  struct check checks[CHECK_COUNT];
  subject_of(run, &subject);
  subject.chain_holds = v->chain_holds;
  if (judge_again(cx, t, db, run, &subject) || checks_run(cx, db, &subject, checks)) {
    settle(cx, v, "figures", run->uuid);
    return;
  }
  for (int i = 0; i < CHECK_COUNT; i++)
    find(cx, v, checks[i].name, run->uuid, checks[i].ok,
         checks[i].ok ? checks[i].text
                      : ctx_printf(cx, "%s: expected %s, found %s", checks[i].text, checks[i].expected,
                                   checks[i].actual));
}

int verify_audit(struct ctx *cx, struct tenant *t, struct db *db, int64_t id) {
  struct check_subject subject;
  struct check checks[CHECK_COUNT];
  struct kept_run run;
  if (kept_by_id(cx, db, id, &run)) return cx->code;
  subject_of(&run, &subject);
  if (judge_again(cx, t, db, &run, &subject) || checks_run(cx, db, &subject, checks)) return cx->code;
  return checks_commit(cx, db, id, run.uuid, checks);
}

/* ---- all ---- */

/* A commit between the reader's state and the look at the mark looks like a loss:
** a reader that comes later than the mark tells them apart. */
static void check_mark_again(struct ctx *cx, struct tenant *t) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, "verify");
  if (!tenant_read(&aside, t, &db) && !tenant_check_mark(&aside, t, db)) ctx_forgive(cx);
  ctx_end(&aside);
}

static void verify_file(struct ctx *cx, struct tenant *t, struct db *db, struct verdict *v) {
  int64_t bad, last = 0;
  if (!db_integrity(cx, db)) find(cx, v, "file", NULL, true, "SQLite finds the file sound");
  settle(cx, v, "file", NULL);
  if (tenant_check_mark(cx, t, db)) check_mark_again(cx, t);
  if (!cx->code) find(cx, v, "high_water", NULL, true, "all that was acknowledged is there");
  settle(cx, v, "high_water", NULL);
  if (!change_verify(cx, db, &bad, &last)) {
    v->chain_holds = bad == 0;
    if (!bad) change_verify_units(cx, db, &bad);
    find(cx, v, "change_log", NULL, bad == 0,
         bad ? ctx_printf(cx, "the change log does not hold together at entry %lld", (long long)bad)
             : ctx_printf(cx, "%lld entries hold together", (long long)last));
  }
  settle(cx, v, "change_log", NULL);
}

/* Tables, indices, triggers, views: as this program makes them. */
static int check_schema(struct ctx *cx, struct db *db, struct db *pristine) {
  struct stmt *a = db_stmt(cx, db, SQL_schema_objects), *b = db_stmt(cx, pristine, SQL_schema_objects);
  bool more = true;
  while (more && !cx->code) {
    more = stmt_row(cx, a);
    bool same = more == stmt_row(cx, b);
    for (int i = 0; more && same && i < 4; i++) same = str_eq(col_str(a, i), col_str(b, i));
    if (!same && !cx->code)
      fail(cx, E_FAIL, NULL, "the schema is not this program's%s%s", more ? ", see " : "",
           more ? ctx_strdup(cx, col_str(a, 1)) : "");
  }
  if (a) stmt_done(a);
  return cx->code;
}

static void verify_records(struct ctx *cx, struct db *db, struct verdict *v) {
  struct db *pristine;
  int rc = db_pristine(cx, &pristine);
  if (!rc) rc = check_schema(cx, db, pristine);
  if (!rc) rc = tenant_check_ledger(cx, db);
  if (!rc) find(cx, v, "schema", NULL, true, "tables and ledger are those of this program");
  settle(cx, v, "schema", NULL);
  for (int i = 0; !rc && entity_at(i); i++) rc = record_check(cx, db, pristine, entity_at(i));
  if (!rc)
    find(cx, v, "records", NULL, true,
         ctx_printf(cx, "every record (%s) is as the change log says", entity_names()));
  settle(cx, v, "records", NULL);
}

/* An exception is settled by a run, whose digest then covers it, or it is open. */
static void verify_verdicts(struct ctx *cx, struct db *db, struct verdict *v) {
  int64_t unfounded = db_int(cx, db, SQL_verdicts_unfounded, 0);
  if (!settle(cx, v, "verdicts", NULL)) return;
  find(cx, v, "verdicts", NULL, unfounded == 0,
       unfounded ? ctx_printf(cx, "%lld exceptions are in a state that no run brought them to",
                              (long long)unfounded)
                 : "every settled exception was settled by a run");
}

/* What counts now is the sum of the rows that are there. */
static void verify_current(struct ctx *cx, struct db *db, struct verdict *v) {
  for (int i = 0; dataset_at(i); i++) {
    const struct dataset *d = dataset_at(i);
    bool same;
    if (!checks_current(cx, db, d, &same))
      find(cx, v, "current", NULL, same,
           ctx_printf(cx, "the sums of all %s that count now are %sthose of the rows", d->name,
                      same ? "" : "NOT "));
    settle(cx, v, "current", NULL);
  }
}

static void verify_run(struct ctx *cx, struct tenant *t, struct db *db, const struct kept_run *run,
                       struct verdict *v) {
  verify_raw(cx, db, run, v);
  if (!run->dataset) return;
  verify_rows(cx, db, run, v);
  if (!run->undone) verify_figures(cx, t, db, run, v); /* else there are no rows to compare with */
}

/* ---- what others prove ---- */

enum { PARTS_MOST = 16 };
static struct {
  const char *check;
  verify_part_fn *fn;
} parts[PARTS_MOST];
static int part_count;

void verify_register(const char *check, verify_part_fn *fn) {
  if (part_count == PARTS_MOST) abort();
  parts[part_count].check = check;
  parts[part_count++].fn = fn;
}

struct found {
  struct ctx *cx;
  struct verdict *v;
};

static void note_found(void *arg, const char *check, bool ok, const char *text) {
  struct found *f = arg;
  find(f->cx, f->v, check, NULL, ok, text);
}

static void verify_parts(struct ctx *cx, struct db *db, struct verdict *v) {
  struct found f = { cx, v };
  for (int i = 0; i < part_count; i++) {
    parts[i].fn(cx, db, note_found, &f);
    settle(cx, v, parts[i].check, NULL);
  }
}

int verify_tenant(struct ctx *cx, struct store *s, const char *slug, struct verdict *out) {
  struct tenant *t;
  struct db *db;
  struct kept_run *runs;
  size_t count = 0;
  *out = (struct verdict){ 0 };
  if (tenant_inspect(cx, s, slug, &t)) {
    if (cx->code == E_FAIL) settle(cx, out, "file", NULL); /* damaged: that is the answer */
    return cx->code;
  }
  if (tenant_read(cx, t, &db)) {
    settle(cx, out, "file", NULL);
    return OK;
  }
  verify_file(cx, t, db, out);
  verify_records(cx, db, out);
  verify_verdicts(cx, db, out);
  verify_current(cx, db, out);
  verify_parts(cx, db, out);
  if (kept_list(cx, db, &runs, &count)) settle(cx, out, "runs", NULL);
  for (size_t i = 0; i < count; i++) verify_run(cx, t, db, &runs[i], out);
  return OK;
}

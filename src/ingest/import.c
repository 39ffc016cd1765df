#include "ingest/import.h"

#include <sys/resource.h>

#include "base/ids.h"
#include "base/log.h"
#include "base/time.h"
#include "ingest/checks.h"
#include "ingest/correct.h"
#include "ingest/follow_up.h"
#include "ingest/memory.h"
#include "ingest/outcome.h"
#include "ingest/review.h"
#include "ingest/settings.h"
#include "ingest/undo.h"
#include "ingest/verify.h"
#include "store/change.h"

struct job {
  struct tenant *tenant;
  const struct import_request *request;
  struct import_result *result;
  struct profile *profile;
  struct mapping mapping;
  struct rules *rules;
  int64_t run, started;
  struct judge_setup setup;
  struct loader_setup how;
  struct loader *loader;
  const struct kept_run *again; /* the run that this one stands for, or NULL */
  struct flow_result flow;
  struct load_result load;
  struct check checks[CHECK_COUNT];
  uint64_t bytes_done;
  struct sample sample;
};

/* ---- the log ---- */

static int note(struct ctx *cx, struct db *db, const struct job *job, const char *event, const char *table,
                const char *range, int64_t count, const char *text) {
  cx->now = time_now();
  return change_append(cx, db,
                       &(struct change){ .event = event,
                                         .unit = job->result->run,
                                         .table = table,
                                         .after = str_of(range),
                                         .count = count,
                                         .text = text });
}

/* ---- step 1 ---- */

static int prepare(struct ctx *cx, struct db *db, struct job *job) {
  const struct import_request *r = job->request;
  struct mapping_request mapping = r->mapping;
  cx->now = time_now(); /* the run begins when it has the right to write, not when it began to wait */
  if (rules_load(cx, db, r->dataset, &job->rules)) return cx->code;
  if (memory_recall(cx, db, r->dataset, job->profile, &mapping)) return cx->code;
  if (!mapping.unique) mapping.unique = job->rules->unique_fields;
  if (mapping_make(cx, r->dataset, job->profile, &mapping, &job->mapping)) return cx->code;
  job->setup = (struct judge_setup){ .dataset = r->dataset,
                                     .profile = job->profile,
                                     .mapping = &job->mapping,
                                     .rules = job->rules,
                                     .today = (int32_t)(cx->now / DAY_US) };
  job->started = cx->now;
  uuid7(job->result->run, cx->now);
  return OK;
}

/* The rules as they are now, kept with the run. */
static int keep_rules(struct ctx *cx, struct db *db, const struct rules *rules,
                      char sha256[static SHA256_HEX]) {
  unsigned char sum[SHA256_SIZE];
  sha256_of(rules->json, strlen(rules->json), sum);
  hex_encode(sha256, sum, sizeof sum);
  return db_act(cx, db, SQL_rule_set_add, sha256, rules->json);
}

static int add_run(struct ctx *cx, struct db *db, struct job *job) {
  const struct import_request *r = job->request;
  char rule_set[SHA256_HEX];
  if (keep_rules(cx, db, job->rules, rule_set)) return cx->code;
  job->run = db_int(cx, db, SQL_run_next, 1);
  struct stmt *s = db_ask(cx, db, SQL_run_add, job->run, job->result->run, r->dataset->name,
                          input_name(r->input), cx->now, cx->actor, (int64_t)input_size(r->input));
  struct settings_run run = { .kind = r->kind, .update = r->update };
  if (job->again) run.replaces = job->again->uuid, run.rank = job->again->rank;
  job->result->settings = settings_write(cx, &run, r->dataset, job->profile, &job->mapping);
  stmt_text(s, 8, job->result->settings);
  stmt_text(s, 9, rule_set);
  if (stmt_run(cx, s)) return cx->code;
  return note(cx, db, job, "RUN_STARTED", "run", NULL, 0,
              ctx_printf(cx, "import of %s as %s began", input_name(r->input), r->dataset->name));
}

/* ---- steps 2 to 6: rows go by ---- */

static int check_stop(struct ctx *cx, const struct job *job) {
  const atomic_bool *stop = job->request->stop;
  return stop && atomic_load(stop) ? fail(cx, E_CONFLICT, NULL, "cancelled") : OK;
}

static int take(struct ctx *cx, void *arg, const struct load_batch *b) {
  struct job *job = arg;
  if (check_stop(cx, job) || loader_add(cx, job->loader, b)) return cx->code;
  job->bytes_done += b->raw->n;
  sample_add(&job->sample, &job->setup, b);
  if (!job->request->progress) return OK;
  struct import_progress p = { .bytes = job->bytes_done, .bytes_total = input_size(job->request->input) };
  struct load_result sofar;
  loader_so_far(job->loader, &sofar);
  p.clean = sofar.clean;
  p.rejected = sofar.rejected;
  p.rows = p.clean + p.rejected;
  p.batches = sofar.batches;
  p.failed_batches = sofar.failed_batches;
  job->request->progress(job->request->progress_arg, &p);
  return OK;
}

static int load_rows(struct ctx *cx, struct db *db, struct job *job) {
  int batch = job->request->batch ? job->request->batch : job->request->dataset->batch;
  struct flow_setup flow = {
    .input = job->request->input, .judge = &job->setup, .take = take, .arg = job, .records = (uint32_t)batch
  };
  job->how = (struct loader_setup){ .judge = &job->setup,
                                    .run = job->run,
                                    .rank = job->again ? job->again->rank : job->run,
                                    .update = job->request->update,
                                    .mode = LOADER_ALL,
                                    .batch = batch,
                                    .rows_expected = job->profile->rows_estimate,
                                    .at = job->started,
                                    .actor = cx->actor };
  if (loader_new(cx, db, &job->how, &job->loader)) return cx->code;
  if (flow_run(cx, &flow, &job->flow)) return cx->code;
  return loader_end(cx, job->loader, &job->load);
}

/* Of a run that is stored as a whole or not at all: the first row that was rejected, and why. */
static int refuse_rejected(struct ctx *cx, struct job *job) {
  if (!job->request->whole || job->load.rejected == 0) return OK;
  struct jv *root, *fault;
  if (jv_parse(cx, str_of(sample_end(cx, &job->sample)), &root)) return cx->code;
  fault = jv_at(jv_get(jv_at(root, 0), "faults"), 0);
  const char *field = ctx_strdup(cx, jv_text(jv_get(fault, "field")));
  return fail(cx, E_INVALID, field, STR_FMT, STR_ARG(jv_text(jv_get(fault, "reason"))));
}

static int store_controls(struct ctx *cx, struct db *db, struct job *job) {
  for (int i = 0; i < job->rules->count && !cx->code; i++) {
    const struct rule *r = &job->rules->rule[i];
    int64_t failed = job->flow.failed[i] + loader_failed(&job->load, job->rules, i);
    db_act(cx, db, SQL_run_control_add, job->run, i + 1, r->name, r->version, r->stage,
           rule_kind_name(r->kind), r->field >= 0 ? job->request->dataset->fields[r->field].name : NULL,
           r->category, failed);
  }
  for (int i = 0; i < job->load.category_count && !cx->code; i++) {
    db_act(cx, db, SQL_run_category_add, job->run, job->load.category[i].name, job->load.category[i].rows);
  }
  return cx->code;
}

/* One entry for each table that a step filled: it names the range of rows. */
static int note_steps(struct ctx *cx, struct db *db, struct job *job) {
  const struct load_result *l = &job->load;
  const char *range = ctx_printf(cx, "{\"run\":%lld}", (long long)job->run);
  int rc = note(cx, db, job, "DATA_INGESTED", "raw_chunk", range, l->read,
                ctx_printf(cx, "%lld records and %llu bytes were kept, SHA-256 %s", (long long)l->read,
                           (unsigned long long)job->flow.bytes, job->flow.sha256));
  if (!rc)
    rc = note(cx, db, job, "DATA_VALIDATED", "run_control", range, l->read * job->rules->count,
              ctx_printf(cx, "%d controls judged %lld records", job->rules->count, (long long)l->read));
  if (!rc)
    rc = note(cx, db, job, "EXCEPTIONS_STORED", "reject", range, l->rejected,
              ctx_printf(cx, "%lld records were rejected and kept", (long long)l->rejected));
  if (!rc)
    rc =
        note(cx, db, job, "DATA_TRANSFORMED", job->request->dataset->table, range, l->clean,
             ctx_printf(cx,
                        "%lld clean rows were stored; in %lld of them digits beyond those that are kept were "
                        "rounded half to even",
                        (long long)l->clean, (long long)job->flow.rounded));
  if (!rc)
    rc = note(cx, db, job, "ANALYTICS_CREATED", job->request->dataset->total_table, range, l->clean,
              "totals by group were stored");
  return rc;
}

/* ---- step 7 ---- */

static void subject_of(const struct job *job, struct check_subject *s) {
  *s = (struct check_subject){ .dataset = job->request->dataset,
                               .run = job->run,
                               .run_uuid = job->result->run,
                               .records = job->flow.records,
                               .key_min = job->load.key_min,
                               .key_max = job->load.key_max,
                               .key_mid = job->load.key_mid };
  const struct dataset *d = job->request->dataset;
  memcpy(s->raw_sums, job->flow.sums, sizeof s->raw_sums);
  memcpy(s->duplicate_sums, job->load.duplicate_sums, (size_t)d->field_count * sizeof *s->duplicate_sums);
}

static int audit(struct ctx *cx, struct db *db, void *arg) {
  struct job *job = arg;
  struct check_subject subject;
  subject_of(job, &subject);
  if (!job->request->dry_run) subject.tenant = job->tenant;
  if (checks_run(cx, db, &subject, job->checks)) return cx->code;
  job->result->reconciled = checks_all_ok(job->checks);
  return OK;
}

static int finish_run(struct ctx *cx, struct db *db, struct job *job) {
  const struct load_result *l = &job->load;
  struct check_subject subject;
  struct rusage usage;
  int64_t total_crc, run_crc, settled_crc;
  subject_of(job, &subject);
  if (checks_digest(cx, db, &subject, NULL, NULL, &total_crc)) return cx->code;
  getrusage(RUSAGE_SELF, &usage);
  struct stmt *s =
      db_ask(cx, db, SQL_run_finish, job->run, time_now(), job->flow.sha256, l->read, l->clean, l->rejected,
             (int64_t)l->clean_crc, (int64_t)l->reject_crc, total_crc, (int64_t)usage.ru_maxrss * 1024,
             (int64_t)job->flow.bytes, l->key_min, l->key_max, l->updated, l->unchanged);
  if (stmt_run(cx, s)) return cx->code;
  if (checks_digest_run(cx, db, job->run, &run_crc)) return cx->code;
  if (checks_digest_settled(cx, db, job->run, &settled_crc)) return cx->code;
  /* The digests go into the chain: who changes a row must change all that follows. */
  const char *after = ctx_printf(
      cx,
      "{\"run\":%lld,\"sha256\":\"%s\",\"clean_crc\":%lld,\"reject_crc\":%lld,"
      "\"total_crc\":%lld,\"run_crc\":%lld,\"settled_crc\":%lld,\"updated\":%lld,\"unchanged\":%lld,"
      "\"repeated\":%lld}",
      (long long)job->run, job->flow.sha256, (long long)l->clean_crc, (long long)l->reject_crc,
      (long long)total_crc, (long long)run_crc, (long long)settled_crc, (long long)l->updated,
      (long long)l->unchanged, (long long)l->repeated);
  return note(cx, db, job, "RUN_COMPLETED", "run", after, l->read,
              ctx_printf(cx, "%lld records: %lld clean, %lld rejected", (long long)l->read,
                         (long long)l->clean, (long long)l->rejected));
}

static int undo_again(struct ctx *cx, struct db *db, const struct job *job) {
  struct undo_result ignored;
  return job->again ? undo_apply(cx, db, job->again, &ignored) : OK;
}

static int steps(struct ctx *cx, struct db *db, struct job *job) {
  int rc = undo_again(cx, db, job);
  if (!rc) rc = load_rows(cx, db, job);
  if (!rc) rc = refuse_rejected(cx, job);
  if (!rc) rc = store_controls(cx, db, job);
  if (!rc) rc = note_steps(cx, db, job);
  if (!rc && job->again) rc = review_carry(cx, db, job->again->id, job->run);
  if (!rc && (job->again || job->load.clean)) rc = follow_up_order(cx, db, job->request->dataset);
  if (!rc) rc = finish_run(cx, db, job);
  if (!rc && job->request->also) rc = job->request->also(cx, db, job->result->run, job->request->also_arg);
  if (!rc) rc = check_stop(cx, job);
  return rc;
}

/* The audit reads the committed rows, and is stored by a transaction of its own. A
** process that dies in between leaves a run without an audit, which import_recover
** makes up for. */
static int audit_committed(struct ctx *cx, struct db *db, struct job *job) {
  if (tenant_read_committed(cx, job->tenant, audit, job)) return cx->code;
  return checks_commit(cx, db, job->run, job->result->run, job->checks);
}

/* ---- failure ---- */

static int end_run(struct ctx *cx, struct db *db, int64_t run, const char *uuid, const char *state,
                   const char *why) {
  if (db_act(cx, db, SQL_run_fail, run, state, cx->now, why)) return cx->code;
  bool failed = strcmp(state, "failed") == 0;
  return change_append(cx, db,
                       &(struct change){ .event = failed ? "RUN_FAILED" : "RUN_INTERRUPTED",
                                         .unit = uuid,
                                         .table = "run",
                                         .count = 0,
                                         .text = why });
}

/* In a unit of work of its own: the failure of the run is still the caller's. On
** a full disk even this may fail; then the next to open the tenant notes it. */
static void note_failure(const struct ctx *cx, struct db *db, const struct job *job) {
  struct ctx aside;
  ctx_begin(&aside, cx->actor);
  int rc = db_begin(&aside, db);
  if (!rc) rc = end_run(&aside, db, job->run, job->result->run, "failed", cx->message);
  if (!rc) rc = db_commit(&aside, db);
  if (rc) db_rollback(db);
  ctx_end(&aside);
}

/* ---- transactions ---- */

static int import_dry(struct ctx *cx, struct db *db, struct job *job) {
  int rc = db_begin(cx, db);
  if (!rc) rc = add_run(cx, db, job);
  if (!rc) rc = steps(cx, db, job);
  if (!rc) rc = audit(cx, db, job);
  if (!rc && job->request->look) rc = job->request->look(cx, db, job->run, job->request->look_arg);
  db_rollback(db);
  return rc;
}

static int import_alone(struct ctx *cx, struct db *db, void *arg) {
  struct job *job = arg;
  if (check_stop(cx, job) || prepare(cx, db, job)) return cx->code;
  if (job->request->dry_run) return import_dry(cx, db, job);
  if (db_begin(cx, db)) return cx->code;
  if (add_run(cx, db, job) || db_commit(cx, db)) {
    db_rollback(db);
    return cx->code;
  }
  int rc = db_begin(cx, db);
  if (!rc) rc = steps(cx, db, job);
  if (!rc) rc = db_commit(cx, db);
  if (!rc) return audit_committed(cx, db, job);
  db_rollback(db);
  note_failure(cx, db, job);
  return rc;
}

bool import_key_repeats(int64_t repeated, int64_t read) {
  enum { ONE_IN = 20 };
  return repeated * ONE_IN > read;
}

static void note_repeated(struct ctx *cx, const struct job *job) {
  job->result->repeated = job->load.repeated;
  if (import_key_repeats(job->load.repeated, job->load.read))
    job->result->repeated_key = mapping_unique(cx, job->profile, &job->mapping, column_heading);
}

static void count_categories(const struct job *job) {
  for (int i = 0; i < job->load.category_count; i++) {
    str_copy(job->result->category[i].name, sizeof job->result->category[i].name,
             str_of(job->load.category[i].name));
    job->result->category[i].rows = job->load.category[i].rows;
  }
  job->result->category_count = job->load.category_count;
}

/* As it was read then: dialect, and how dates and numbers of each column are written. */
static int profile_again(struct ctx *cx, struct job *job) {
  return profile_file(cx, job->request->input, &job->request->dialect, &job->profile) ||
                 settings_formats(cx, str_of(job->again->settings), job->profile)
             ? cx->code
             : OK;
}

static int import_one(struct ctx *cx, struct tenant *t, const struct import_request *r,
                      const struct kept_run *again, struct import_result *out) {
  double began = time_seconds();
  struct job *job = ctx_alloc(cx, sizeof *job);
  *out = (struct import_result){ 0 };
  *job = (struct job){ .tenant = t, .request = r, .result = out, .again = again };
  sample_begin(cx, &job->sample);
  if (again ? profile_again(cx, job) : correct_adopt(cx, t, &job->request, &job->profile)) return cx->code;
  log_line(LOG_INFO, cx, "IMPORT_START", "%s as %s, %llu bytes%s", input_name(r->input), r->dataset->name,
           (unsigned long long)input_size(r->input), r->dry_run ? ", test run" : "");
  if (tenant_write_alone(cx, t, import_alone, job)) return cx->code;
  str_copy(out->sha256, sizeof out->sha256, str_of(job->flow.sha256));
  out->read = job->load.read;
  out->clean = job->load.clean;
  out->rejected = job->load.rejected;
  out->updated = job->load.updated;
  out->unchanged = job->load.unchanged;
  out->edits = job->load.edits;
  out->batches = job->load.batches;
  out->failed_batches = job->load.failed_batches;
  out->sample = sample_end(cx, &job->sample);
  out->controls = outcome_controls(cx, job->rules, job->flow.failed, &job->load);
  out->figures = outcome_figures(cx, r->dataset, job->load.clean, job->flow.sums, job->load.duplicate_sums);
  count_categories(job);
  note_repeated(cx, job);
  if (r->remember && !r->dry_run) memory_keep(cx, t, r, job->profile, &job->mapping);
  out->reading = job->flow.reading;
  out->validation = job->flow.judging;
  out->seconds = time_seconds() - began;
  log_line(out->reconciled ? LOG_INFO : LOG_ERR, cx, "IMPORT_COMPLETE",
           "run %s: %lld read, %lld clean, %lld rejected, self-audit %s, %.3f s", out->run,
           (long long)out->read, (long long)out->clean, (long long)out->rejected,
           out->reconciled ? "passed" : "FAILED", out->seconds);
  return OK;
}

int import_run(struct ctx *cx, struct tenant *t, const struct import_request *r, struct import_result *out) {
  return import_one(cx, t, r, NULL, out);
}

/* The reader of the old bytes is one of its own: the import reads them while it writes. */
static int again_from(struct ctx *cx, struct ctx *reading, struct tenant *t, const char *name,
                      const struct import_request *r, struct import_result *out) {
  struct kept_run run;
  struct db *db;
  struct import_request again = *r;
  int rc = tenant_read(reading, t, &db);
  if (!rc) rc = kept_find(reading, db, name, &run);
  if (!rc && (strcmp(run.state, "done") != 0 || run.undone))
    rc = fail(reading, E_CONFLICT, "run", "run %s does not count: it is %s", run.uuid,
              run.undone ? "undone" : run.state);
  if (!rc && !run.dataset)
    rc = fail(reading, E_NOT_FOUND, NULL, "this program has no dataset %s", run.dataset_name);
  if (!rc) rc = kept_open(reading, db, &run, &again.input);
  if (!rc) rc = settings_read(reading, str_of(run.settings), &again.dialect, &again.mapping);
  if (rc) return fail_from(cx, reading);
  again.dataset = run.dataset;
  /* What a person made stays a person's, and a correction a correction. */
  bool file = strcmp(run.kind, "file") == 0;
  again.kind = file ? "rejudge" : run.kind;
  again.update = run.update;
  return import_one(cx, t, &again, &run, out);
}

int import_again(struct ctx *cx, struct tenant *t, const char *run, const struct import_request *r,
                 struct import_result *out) {
  struct ctx reading;
  ctx_begin(&reading, cx->actor);
  again_from(cx, &reading, t, run, r, out);
  ctx_end(&reading);
  return cx->code;
}

void import_repeated_json(struct jw *w, int64_t rows, const char *key) {
  if (key)
    jw_record(w, "repeated", "rows", rows, "key", key);
  else
    jw_text(w, "repeated", NULL);
}

void import_result_json(struct jw *w, const struct import_request *r, const struct import_result *result) {
  jw_object(w, NULL);
  if (r->dry_run) jw_bool(w, "dry_run", true);
  jw_put(w, "run", result->run, "source", input_name(r->input), "sha256", result->sha256);
  jw_record(w, "rows", "read", result->read, "clean", result->clean, "rejected", result->rejected, "created",
            result->clean - result->updated - result->unchanged, "updated", result->updated, "unchanged",
            result->unchanged);
  jw_object(w, "rejected");
  for (int i = 0; i < result->category_count; i++)
    jw_int(w, result->category[i].name, result->category[i].rows);
  jw_close(w, '}');
  import_repeated_json(w, result->repeated, result->repeated_key);
  jw_put(w, "reconciled", result->reconciled, "seconds", arg_real(result->seconds, 3));
  jw_object(w, "stages"); /* seconds of work of the threads, which work at the same time */
  jw_put(w, "reading", arg_real(result->reading, 3), "validation", arg_real(result->validation, 3));
  jw_close(w, '}');
  jw_real(w, "rows_per_second", result->seconds > 0 ? (double)result->read / result->seconds : 0, 0);
  jw_close(w, '}');
}

/* ---- runs whose process has died ---- */

static int note_interrupted(struct ctx *cx, struct db *db) {
  if (db_begin(cx, db)) return cx->code;
  struct stmt *s = db_stmt(cx, db, SQL_run_unfinished);
  while (stmt_row(cx, s))
    end_run(cx, db, col_int(s, 0), ctx_strdup(cx, col_str(s, 1)), "interrupted",
            "the process ended in the middle of the import; nothing of it was stored. Import the file again");
  if (!cx->code) db_commit(cx, db);
  db_rollback(db);
  return cx->code;
}

static int recover_alone(struct ctx *cx, struct db *db, void *tenant) {
  if (note_interrupted(cx, db)) return cx->code;
  int64_t run;
  while ((run = db_int(cx, db, SQL_run_unaudited, 0)) != 0 && !cx->code) verify_audit(cx, tenant, db, run);
  return cx->code;
}

/* Only the one who may write knows that no other process is at work on a run. What
** goes wrong here must not keep people from their file: it is logged, and tried
** again when the tenant is opened next. */
int import_recover(struct ctx *cx, struct tenant *t) {
  struct ctx aside;
  struct db *db;
  ctx_begin(&aside, cx->actor);
  bool unfinished = !tenant_read(&aside, t, &db) && (db_int(&aside, db, SQL_run_unfinished, 0) != 0 ||
                                                     db_int(&aside, db, SQL_run_unaudited, 0) != 0);
  ctx_end(&aside);
  if (!unfinished) return OK;
  ctx_begin(&aside, cx->actor);
  tenant_write_if_free(&aside, t, recover_alone, t);
  if (aside.code && aside.code != E_BUSY) log_line(LOG_WARN, cx, "RECOVERY_FAILED", "%s", aside.message);
  ctx_end(&aside);
  return OK;
}

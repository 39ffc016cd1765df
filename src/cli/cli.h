/*
** cli.h - the commands of the terminal. One table (commands.c) is behind the
** parsing of options, --help, the man page and the shell's completion.
**
** TO ADD A COMMAND: 1. a row in the table of commands.c, 2. its function in the
** file of its noun, 3. options that no command has yet: a row in `options`.
**
** Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with exceptions where
** --strict asks for it, 4 no such thing, 5 conflict, 75 try again later.
*/
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/json.h"
#include "store/store.h"

enum {
  EXIT_DONE = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_EXCEPTIONS = 3,
  EXIT_NOT_FOUND = 4,
  EXIT_CONFLICT = 5,
  EXIT_AGAIN = 75
};

struct option_spec {
  const char *name;
  const char *value; /* placeholder, NULL for a flag */
  const char *help;
};

struct cli;
struct command {
  const char *name;     /* "tenant add": one or two words */
  const char *operands; /* "SLUG", "[RUN]", "" */
  const char *options;  /* names, separated by blanks */
  const char *summary;
  const char *details; /* an example and remarks */
  int (*run)(struct ctx *cx, struct cli *c);
};
struct command_group {
  const char *title, *first; /* its first command; the others follow it in the table */
};
extern const struct command commands[];
extern const struct command_group command_groups[];
extern const struct option_spec options[];

enum { ARGS_MAX = 256 };
struct cli {
  const struct command *command;
  const char *name[ARGS_MAX], *value[ARGS_MAX]; /* options as given */
  int option_count;
  const char *operand[ARGS_MAX];
  int operand_count;
  int exit_code; /* what a command that succeeded exits with */

  struct buf out; /* a JSON document, written by ... */
  struct jw json; /* ... this, and printed by cli_print_json(cx, &c->out), or read again for people */
};

int cli_main(int argc, char **argv);

/* The last one given; else the environment's OUTPOST_OPTION; else the line
** "option = value" of the configuration file; else NULL. */
const char *cli_get(const struct cli *c, const char *option);
/* The same, and where it comes from: "option", "environment", a file's name. */
const char *cli_origin(const struct cli *c, const char *option, const char **from);
bool cli_has(const struct cli *c, const char *option);
int cli_int(struct ctx *cx, const struct cli *c, const char *option, int64_t otherwise, int64_t *out);
const char *cli_operand(const struct cli *c, int i, const char *otherwise);

/* --data and --tenant, opened. A folder with one tenant needs no --tenant. */
int cli_store(struct ctx *cx, const struct cli *c, struct store **out);
int cli_slug(struct ctx *cx, const struct cli *c, struct store *s, const char **slug);
int cli_tenant(struct ctx *cx, const struct cli *c, struct tenant **out);
/* What follows from rows that began or ceased to count (ingest/follow.h) is done here, unless a server is
** quicker. */
int cli_follow(struct ctx *cx, struct tenant *t);
int cli_read(struct ctx *cx, const struct cli *c, struct db **out);

/* Which certificate is meant: --name, --cert and --cert-key, and the data folder. */
struct trust_options;
int cli_trust_options(struct ctx *cx, const struct cli *c, struct trust_options *o);

/* Out: everything that a command prints goes through here, so that a full disk
** or a closed pipe is noticed. */
int cli_print(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_write(struct ctx *cx, void *unused, const char *p, size_t n); /* an export_write_fn */
int cli_flush(struct ctx *cx); /* what was printed is out of our hands */
bool cli_color(void);

/* The JSON document of a command. */
int cli_print_json(struct ctx *cx, struct buf *out);

/* For `serve --demo`: a tenant, an account and some data, where there are none; the password is printed. */
int demo_prepare(struct ctx *cx, const struct cli *c);

/* One line from the terminal, which does not show it, or from standard input. */
enum { CLI_SECRET = 4200 };
int cli_secret(struct ctx *cx, const char *what, char line[static CLI_SECRET]);
bool cli_asks(void); /* there is somebody at the terminal who answers */

/* A list, as JSON where it is asked for, else as a table: c->out is an array of objects, or an object
** whose member `list` is it. Ends with a column without a key. */
struct cli_column {
  const char *key, *title;
  int width; /* at least, as printf has it: -24 is to the left, 6 to the right */
};
int cli_print_list(struct ctx *cx, struct cli *c, const char *list, const struct cli_column *columns,
                   const char *none);

/* The settings in force and where each comes from, as JSON for a support bundle: of
** what is no setting of the program, and of what may be a secret, the name alone. */
const char *cli_settings(struct ctx *cx, const struct cli *c);

int cli_usage(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What somebody decides about a record, with --reason: one write, and what became of it. */
typedef int decide_fn(struct ctx *cx, struct db *db, const char *id, const char *note);
int cli_decide(struct ctx *cx, struct cli *c, const char *id, decide_fn *act, const char *done);

/* ---- the verbs, by noun ---- */
int cmd_init(struct ctx *cx, struct cli *c);
int cmd_tenant_add(struct ctx *cx, struct cli *c);
int cmd_tenant_list(struct ctx *cx, struct cli *c);
int cmd_migrate(struct ctx *cx, struct cli *c);
int cmd_prove(struct ctx *cx, struct cli *c);
int cmd_governance(struct ctx *cx, struct cli *c);
int cmd_catalogue(struct ctx *cx, struct cli *c);
int cmd_support_bundle(struct ctx *cx, struct cli *c);
int cmd_backup_create(struct ctx *cx, struct cli *c);
int cmd_backup_verify(struct ctx *cx, struct cli *c);
int cmd_backup_restore(struct ctx *cx, struct cli *c);
int cmd_generate_sales(struct ctx *cx, struct cli *c);
int cmd_generate_invoices(struct ctx *cx, struct cli *c);
int cmd_peek(struct ctx *cx, struct cli *c);
int cmd_import(struct ctx *cx, struct cli *c);
int cmd_undo(struct ctx *cx, struct cli *c);
int cmd_redo(struct ctx *cx, struct cli *c);
int cmd_edit(struct ctx *cx, struct cli *c);
int cmd_runs(struct ctx *cx, struct cli *c);
int cmd_run_show(struct ctx *cx, struct cli *c);
int cmd_exceptions(struct ctx *cx, struct cli *c);
int cmd_exception_show(struct ctx *cx, struct cli *c);
int cmd_exception_fix(struct ctx *cx, struct cli *c);
int cmd_exception_accept(struct ctx *cx, struct cli *c);
int cmd_exception_reopen(struct ctx *cx, struct cli *c);
int cmd_exception_assign(struct ctx *cx, struct cli *c);
int cmd_export(struct ctx *cx, struct cli *c);
int cmd_backup_run(struct ctx *cx, struct cli *c);
int cmd_backup_drill(struct ctx *cx, struct cli *c);
int cmd_backup_list(struct ctx *cx, struct cli *c);
int cmd_archive_run(struct ctx *cx, struct cli *c);
int cmd_archive_list(struct ctx *cx, struct cli *c);
int cmd_archive_rows(struct ctx *cx, struct cli *c);
int cmd_archive_hold(struct ctx *cx, struct cli *c);
int cmd_archive_export(struct ctx *cx, struct cli *c);
int cmd_why(struct ctx *cx, struct cli *c);
int cmd_impact(struct ctx *cx, struct cli *c);
int cmd_verify(struct ctx *cx, struct cli *c);
int cmd_rebuild(struct ctx *cx, struct cli *c);
int cmd_upstream_init(struct ctx *cx, struct cli *c);
int cmd_upstream_enroll(struct ctx *cx, struct cli *c);
int cmd_upstream_revoke(struct ctx *cx, struct cli *c);
int cmd_upstream_list(struct ctx *cx, struct cli *c);
int cmd_sync(struct ctx *cx, struct cli *c);
int cmd_sync_bundle(struct ctx *cx, struct cli *c);
int cmd_sync_verify(struct ctx *cx, struct cli *c);
int cmd_sync_status(struct ctx *cx, struct cli *c);
int cmd_sync_pause(struct ctx *cx, struct cli *c);
int cmd_sync_resume(struct ctx *cx, struct cli *c);
int cmd_sync_metered(struct ctx *cx, struct cli *c);
int cmd_sync_conflicts(struct ctx *cx, struct cli *c);
int cmd_sync_take(struct ctx *cx, struct cli *c);
int cmd_sync_keep(struct ctx *cx, struct cli *c);
int cmd_sync_reopen(struct ctx *cx, struct cli *c);
int cmd_doctor(struct ctx *cx, struct cli *c);
int cmd_config(struct ctx *cx, struct cli *c);
int cmd_record_entities(struct ctx *cx, struct cli *c);
int cmd_record_list(struct ctx *cx, struct cli *c);
int cmd_record_save(struct ctx *cx, struct cli *c);
int cmd_record_delete(struct ctx *cx, struct cli *c);
int cmd_record_restore(struct ctx *cx, struct cli *c);
int cmd_record_history(struct ctx *cx, struct cli *c);
int cmd_rules(struct ctx *cx, struct cli *c);
int cmd_rules_try(struct ctx *cx, struct cli *c);
int cmd_rules_promote(struct ctx *cx, struct cli *c);
int cmd_jobs_list(struct ctx *cx, struct cli *c);
int cmd_jobs_show(struct ctx *cx, struct cli *c);
int cmd_jobs_add(struct ctx *cx, struct cli *c);
int cmd_jobs_retry(struct ctx *cx, struct cli *c);
int cmd_jobs_edit(struct ctx *cx, struct cli *c);
int cmd_jobs_cancel(struct ctx *cx, struct cli *c);
int cmd_jobs_replay_dead(struct ctx *cx, struct cli *c);
int cmd_jobs_work(struct ctx *cx, struct cli *c);
int cmd_events_publish(struct ctx *cx, struct cli *c);
int cmd_events_work(struct ctx *cx, struct cli *c);
int cmd_stock_import(struct ctx *cx, struct cli *c);
int cmd_stock_levels(struct ctx *cx, struct cli *c);
int cmd_stock_history(struct ctx *cx, struct cli *c);
int cmd_stock_adjust(struct ctx *cx, struct cli *c);
int cmd_stock_count(struct ctx *cx, struct cli *c);
int cmd_stock_transfer(struct ctx *cx, struct cli *c);
int cmd_stock_replay(struct ctx *cx, struct cli *c);
int cmd_alerts_list(struct ctx *cx, struct cli *c);
int cmd_alerts_ack(struct ctx *cx, struct cli *c);
int cmd_alerts_resolve(struct ctx *cx, struct cli *c);
int cmd_stock_reorder(struct ctx *cx, struct cli *c);
int cmd_metrics_list(struct ctx *cx, struct cli *c);
int cmd_metrics_import(struct ctx *cx, struct cli *c);
int cmd_events_keep(struct ctx *cx, struct cli *c);
int cmd_events_tail(struct ctx *cx, struct cli *c);
int cmd_events_topics(struct ctx *cx, struct cli *c);
int cmd_events_groups(struct ctx *cx, struct cli *c);
int cmd_events_lag(struct ctx *cx, struct cli *c);
int cmd_events_parked(struct ctx *cx, struct cli *c);
int cmd_events_replay(struct ctx *cx, struct cli *c);
int cmd_events_discard(struct ctx *cx, struct cli *c);
int cmd_stock_aggregate(struct ctx *cx, struct cli *c);
int cmd_stock_metrics(struct ctx *cx, struct cli *c);
int cmd_stock_quality(struct ctx *cx, struct cli *c);
int cmd_stock_snapshot(struct ctx *cx, struct cli *c);
int cmd_stock_scan(struct ctx *cx, struct cli *c);
int cmd_mail_test(struct ctx *cx, struct cli *c);
int cmd_mail_password(struct ctx *cx, struct cli *c);
int cmd_mail_list(struct ctx *cx, struct cli *c);
int cmd_webhook_secret(struct ctx *cx, struct cli *c);
int cmd_webhook_list(struct ctx *cx, struct cli *c);
int cmd_tls_show(struct ctx *cx, struct cli *c);
int cmd_tls_ca(struct ctx *cx, struct cli *c);
int cmd_tls_renew(struct ctx *cx, struct cli *c);
int cmd_tls_import(struct ctx *cx, struct cli *c);
int cmd_tls_forget(struct ctx *cx, struct cli *c);
int cmd_user_add(struct ctx *cx, struct cli *c);
int cmd_user_list(struct ctx *cx, struct cli *c);
int cmd_user_passwd(struct ctx *cx, struct cli *c);
int cmd_user_role(struct ctx *cx, struct cli *c);
int cmd_user_disable(struct ctx *cx, struct cli *c);
int cmd_user_enable(struct ctx *cx, struct cli *c);
int cmd_user_pin(struct ctx *cx, struct cli *c);
int cmd_user_unlock(struct ctx *cx, struct cli *c);
int cmd_token_create(struct ctx *cx, struct cli *c);
int cmd_token_list(struct ctx *cx, struct cli *c);
int cmd_token_revoke(struct ctx *cx, struct cli *c);
int cmd_token_rotate_key(struct ctx *cx, struct cli *c);
int cmd_session_list(struct ctx *cx, struct cli *c);
int cmd_session_revoke(struct ctx *cx, struct cli *c);
int cmd_serve(struct ctx *cx, struct cli *c);
int cmd_schedule_list(struct ctx *cx, struct cli *c);
int cmd_schedule_show(struct ctx *cx, struct cli *c);
int cmd_schedule_run(struct ctx *cx, struct cli *c);
int cmd_schedule_pause(struct ctx *cx, struct cli *c);
int cmd_schedule_resume(struct ctx *cx, struct cli *c);
int cmd_schedule_next(struct ctx *cx, struct cli *c);
int cmd_dag_list(struct ctx *cx, struct cli *c);
int cmd_dag_runs(struct ctx *cx, struct cli *c);
int cmd_dag_run(struct ctx *cx, struct cli *c);
int cmd_dag_backfill(struct ctx *cx, struct cli *c);
int cmd_dag_status(struct ctx *cx, struct cli *c);
int cmd_dag_retry(struct ctx *cx, struct cli *c);
int cmd_dag_clear(struct ctx *cx, struct cli *c);
int cmd_dag_cancel(struct ctx *cx, struct cli *c);
int cmd_version(struct ctx *cx, struct cli *c);
int cmd_help(struct ctx *cx, struct cli *c);

#endif

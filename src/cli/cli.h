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
typedef int command_fn(struct ctx *cx, struct cli *c);

struct command {
  const char *name;     /* "tenant add": one or two words */
  const char *operands; /* "SLUG", "[RUN]", "" */
  const char *options;  /* names, separated by blanks */
  const char *summary;
  const char *details; /* an example and remarks */
  command_fn *run;
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
  struct jw json; /* ... this, and printed by cli_show, cli_answer or cli_print_list */
};

int cli_main(int argc, char **argv);

/* The last one given; else the environment's OUTPOST_OPTION; else the line
** "option = value" of the configuration file; else NULL. */
const char *cli_get(const struct cli *c, const char *option);
/* The same, and where it comes from: "option", "environment", a file's name. */
const char *cli_origin(const struct cli *c, const char *option, const char **from);
bool cli_has(const struct cli *c, const char *option);
int cli_int(struct ctx *cx, const struct cli *c, const char *option, int64_t otherwise, int64_t least,
            int64_t most, int64_t *out);
/* An instant or the beginning of a day, and a day alone; *us stays as it is without the option. */
int cli_time(struct ctx *cx, const struct cli *c, const char *option, int64_t *us);
int cli_day(struct ctx *cx, const struct cli *c, const char *option, int64_t *us);
/* An option that may be repeated, one value after another, from *at = 0 on; NULL: these were all. */
const char *cli_next(const struct cli *c, const char *option, int *at);
/* --as; the first dataset need not be named. */
struct dataset;
int cli_dataset(struct ctx *cx, const struct cli *c, const struct dataset **out);
const char *cli_operand(const struct cli *c, int i, const char *otherwise);

/* --data and --tenant, opened. A folder with one tenant needs no --tenant. */
int cli_store(struct ctx *cx, const struct cli *c, struct store **out);
int cli_slug(struct ctx *cx, const struct cli *c, struct store *s, const char **slug);
int cli_tenant(struct ctx *cx, const struct cli *c, struct tenant **out);
/* What follows from rows that began or ceased to count (ingest/follow.h) is done here, unless a server is
** quicker. */
int cli_follow(struct ctx *cx, struct tenant *t);
int cli_read(struct ctx *cx, const struct cli *c, struct db **out);
/* Of how a file was read (ingest/settings.h) what a person should look at: what was odd, which columns are no field. */
int cli_print_noted(struct ctx *cx, const struct jv *settings);

/* Which certificate is meant: --name, --cert and --cert-key, and the data folder. */
struct trust_options;
int cli_trust_options(struct ctx *cx, const struct cli *c, struct trust_options *o);

/* A file whose key repeats, with a row for each line of an order, say: what could be done about it. key: NULL, hardly
** any does. what: "import with" or the like. */
int cli_print_repeated(struct ctx *cx, int64_t rows, struct str key, const char *what);

/* Out: everything that a command prints goes through here, so that a full disk
** or a closed pipe is noticed. */
int cli_print(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_write(struct ctx *cx, void *unused, const char *p, size_t n); /* an export_write_fn */
int cli_flush(struct ctx *cx); /* what was printed is out of our hands */
bool cli_color(void);

/* ---- the document of a command (say.c) ----
**
** A command writes what it has to say into c->json. With --json that is what it prints; people read it in words, which these
** find for it. What stands in braces is a member of the object:
**
**   cli_answer(cx, c, "{file}: {rows:10} rows of {table.name:-24} since {at:.10}[, by {actor}] {ok?good:BAD}\n");
**
** A width is that of printf; .10 the first ten bytes, and 2024-02-29T12:00:00.000000Z loses its T by it; {} is the value itself,
** {list.0} the first of a list. What is not there is a dash, and a part in brackets that it or an empty text stands in is left out: in
** "[ (deleted){deleted_at:.0}]" it is asked for alone. {ok?good:BAD} is the first when the member is true, else the second. */
int cli_answer(struct ctx *cx, struct cli *c, const char *pattern);
typedef void cli_show_fn(struct ctx *cx, const struct jv *document);
int cli_show(struct ctx *cx, struct cli *c, cli_show_fn *show);
int cli_print_json(struct ctx *cx, struct buf *out); /* for programs alone */

/* For who shows it piece by piece. */
int cli_say(struct ctx *cx, const struct jv *object, const char *pattern);
int cli_say_each(struct ctx *cx, const struct jv *list, const char *pattern);
bool cli_is(const struct jv *object, const char *key); /* it is true */

/* For `serve --demo`: a tenant, an account and some data, where there are none; the password is printed. */
int demo_prepare(struct ctx *cx, const struct cli *c);

/* One line from the terminal, which does not show it, or from standard input. */
enum { CLI_SECRET = 4200 };
int cli_secret(struct ctx *cx, const char *what, char line[static CLI_SECRET]);
bool cli_asks(void); /* there is somebody at the terminal who answers */

/* An array of objects as a table. Ends with a column without a key. */
struct cli_column {
  const char *key, *title;
  int width; /* at least, as printf has it: -24 is to the left, 6 to the right */
};
int cli_print_list(struct ctx *cx, struct cli *c, const struct cli_column *columns, const char *none);

/* The settings in force and where each comes from, as JSON for a support bundle: of
** what is no setting of the program, and of what may be a secret, the name alone. */
const char *cli_settings(struct ctx *cx, const struct cli *c);

int cli_usage(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What somebody decides about a record, with --reason: one write, and what became of it. */
int cli_decide(struct ctx *cx, struct cli *c, const char *id, decide_fn *act, const char *done);

/* ---- the verbs, by noun ---- */
/* cmd_data.c */
command_fn cmd_init, cmd_tenant_add, cmd_tenant_list, cmd_migrate, cmd_backup_create, cmd_backup_verify,
    cmd_backup_restore, cmd_backup_run, cmd_backup_drill, cmd_backup_list;
/* cmd_governance.c */
command_fn cmd_prove, cmd_governance, cmd_catalogue, cmd_support_bundle;
/* cmd_generate.c */
command_fn cmd_generate_sales, cmd_generate_invoices;
/* cmd_import.c */
command_fn cmd_peek, cmd_import;
/* cmd_undo.c */
command_fn cmd_undo, cmd_redo, cmd_edit;
/* cmd_show.c */
command_fn cmd_runs, cmd_run_show, cmd_export, cmd_verify, cmd_rebuild;
/* cmd_exceptions.c */
command_fn cmd_exceptions, cmd_exception_show, cmd_exception_fix, cmd_exception_accept, cmd_exception_reopen,
    cmd_exception_assign;
/* cmd_archive.c */
command_fn cmd_archive_run, cmd_archive_list, cmd_archive_rows, cmd_archive_hold, cmd_archive_export;
/* cmd_why.c */
command_fn cmd_why, cmd_impact;
/* cmd_upstream.c */
command_fn cmd_upstream_init, cmd_upstream_enroll, cmd_upstream_revoke, cmd_upstream_list;
/* cmd_sync.c */
command_fn cmd_sync, cmd_sync_status, cmd_sync_pause, cmd_sync_resume, cmd_sync_metered;
/* cmd_sync_proof.c */
command_fn cmd_sync_bundle, cmd_sync_resend, cmd_sync_verify;
/* cmd_conflicts.c */
command_fn cmd_sync_conflicts, cmd_sync_take, cmd_sync_keep, cmd_sync_rename, cmd_sync_reopen;
/* cmd_doctor.c */
command_fn cmd_doctor, cmd_config;
/* cmd_record.c */
command_fn cmd_record_entities, cmd_record_list, cmd_record_save, cmd_record_delete, cmd_record_restore,
    cmd_record_history, cmd_record_import;
/* cmd_rules.c */
command_fn cmd_rules, cmd_rules_try, cmd_rules_promote;
/* cmd_jobs.c */
command_fn cmd_jobs_list, cmd_jobs_show, cmd_jobs_add, cmd_jobs_retry, cmd_jobs_edit, cmd_jobs_cancel,
    cmd_jobs_replay_dead, cmd_jobs_work;
/* cmd_events.c */
command_fn cmd_events_publish, cmd_events_work, cmd_events_keep, cmd_events_tail, cmd_events_topics,
    cmd_events_groups, cmd_events_lag, cmd_events_parked, cmd_events_replay, cmd_events_discard;
/* cmd_stock.c */
command_fn cmd_stock_import, cmd_stock_levels, cmd_stock_history, cmd_stock_adjust, cmd_stock_count,
    cmd_stock_transfer, cmd_stock_replay, cmd_stock_aggregate, cmd_stock_metrics, cmd_stock_quality,
    cmd_stock_snapshot, cmd_stock_scan;
/* cmd_alerts.c */
command_fn cmd_alerts_list, cmd_alerts_ack, cmd_alerts_resolve, cmd_metrics_list, cmd_metrics_import;
/* cmd_reorder.c */
command_fn cmd_stock_reorder;
/* cmd_mail.c */
command_fn cmd_mail_test, cmd_mail_password, cmd_mail_list, cmd_webhook_secret, cmd_webhook_list;
/* cmd_tls.c */
command_fn cmd_tls_show, cmd_tls_ca, cmd_tls_renew, cmd_tls_import, cmd_tls_forget;
/* cmd_user.c */
command_fn cmd_user_add, cmd_user_list, cmd_user_passwd, cmd_user_role, cmd_user_disable, cmd_user_enable,
    cmd_user_pin, cmd_user_unlock, cmd_token_create, cmd_token_list, cmd_token_revoke, cmd_token_rotate_key,
    cmd_session_list, cmd_session_revoke;
/* cmd_serve.c */
command_fn cmd_serve;
/* cmd_schedule.c */
command_fn cmd_schedule_list, cmd_schedule_show, cmd_schedule_run, cmd_schedule_pause, cmd_schedule_resume,
    cmd_schedule_next;
/* cmd_dag.c */
command_fn cmd_dag_list, cmd_dag_runs, cmd_dag_run, cmd_dag_backfill, cmd_dag_status, cmd_dag_retry,
    cmd_dag_clear, cmd_dag_cancel;
/* help.c */
command_fn cmd_version, cmd_help;

#endif

#include "cli/cli.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/config.h"
#include "model/dataset.h"
#include "net/net.h"

static bool wrong_usage; /* the one failure that is not told by its code */

/* ---- options ---- */

static const char *given(const struct cli *c, const char *option) {
  for (int i = c->option_count - 1; i >= 0; i--)
    if (strcmp(c->name[i], option) == 0) return c->value[i];
  return NULL;
}

const char *cli_origin(const struct cli *c, const char *option, const char **from) {
  const char *value = given(c, option);
  *from = "option";
  return value ? value : config_get(option, from);
}

const char *cli_get(const struct cli *c, const char *option) {
  const char *from;
  return is_setting(option) && strcmp(option, "name") ? cli_origin(c, option, &from) : given(c, option);
}

bool cli_has(const struct cli *c, const char *option) { return given(c, option) != NULL; }

int cli_int(struct ctx *cx, const struct cli *c, const char *option, int64_t otherwise, int64_t least,
            int64_t most, int64_t *out) {
  const char *text = cli_get(c, option);
  *out = otherwise;
  if (!text) return OK;
  if (!str_to_int(str_of(text), out))
    return cli_usage(cx, "--%s takes a whole number, not '%s'", option, text);
  if (*out >= least && *out <= most) return OK;
  if (most == INT64_MAX)
    return cli_usage(cx, "--%s takes %lld or more, not %s", option, (long long)least, text);
  return cli_usage(cx, "--%s is %lld to %lld, not %s", option, (long long)least, (long long)most, text);
}

int cli_time(struct ctx *cx, const struct cli *c, const char *option, int64_t *us) {
  const char *text = cli_get(c, option);
  if (!text || time_parse_iso(str_of(text), us)) return OK;
  return cli_usage(cx, "--%s takes 2024-02-29 or 2024-02-29T12:00:00Z, not '%s'", option, text);
}

int cli_day(struct ctx *cx, const struct cli *c, const char *option, int64_t *us) {
  const char *text = cli_get(c, option);
  if (!text || (strlen(text) == 10 && time_parse_iso(str_of(text), us))) return OK;
  return cli_usage(cx, "--%s takes a day such as 2024-02-29, not '%s'", option, text);
}

const char *cli_next(const struct cli *c, const char *option, int *at) {
  while (*at < c->option_count)
    if (strcmp(c->name[(*at)++], option) == 0) return c->value[*at - 1];
  return NULL;
}

int cli_dataset(struct ctx *cx, const struct cli *c, const struct dataset **out) {
  const char *as = cli_get(c, "as");
  *out = as ? dataset_find(as) : dataset_at(0);
  return *out ? OK : cli_usage(cx, "there is no dataset %s; there are %s", as, dataset_names());
}

const char *cli_operand(const struct cli *c, int i, const char *otherwise) {
  return i < c->operand_count ? c->operand[i] : otherwise;
}

int cli_usage(struct ctx *cx, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  wrong_usage = true;
  return fail(cx, E_INVALID, NULL, "%s", text);
}

static const struct option_spec *find_option(const struct command *command, struct str name) {
  for (int i = 0; options[i].name; i++) {
    if (!str_eq(name, str_of(options[i].name))) continue;
    for (const char *p = command->options; *p;) {
      size_t n = strcspn(p, " ");
      if (str_eq(name, (struct str){ p, n })) return &options[i];
      p += n + strspn(p + n, " ");
    }
  }
  return NULL;
}

/* --name=value, --name value, --flag, operands (-5 is one); "--" ends the options. */
static int parse_args(struct ctx *cx, struct cli *c, int argc, char **argv) {
  bool ended = false;
  for (int i = 0; i < argc; i++) {
    const char *arg = argv[i];
    if (c->option_count == ARGS_MAX || c->operand_count == ARGS_MAX)
      return cli_usage(cx, "too many arguments");
    bool number = arg[0] == '-' && (arg[1] == '.' || (arg[1] >= '0' && arg[1] <= '9'));
    if (ended || arg[0] != '-' || !arg[1] || number) {
      c->operand[c->operand_count++] = arg;
      continue;
    }
    if (strcmp(arg, "--") == 0) {
      ended = true;
      continue;
    }
    struct str name = { arg + 2, strcspn(arg + 2, "=") };
    const struct option_spec *o = arg[1] == '-' ? find_option(c->command, name) : NULL;
    if (!o)
      return cli_usage(cx, "`outpost %s` has no option %s; see `outpost help %s`", c->command->name, arg,
                       c->command->name);
    const char *value = arg[2 + name.n] == '=' ? arg + 3 + name.n : NULL;
    if (!o->value && value) return cli_usage(cx, "--%s takes no value", o->name);
    if (o->value && !value && ++i == argc)
      return cli_usage(cx, "--%s needs a value: --%s %s", o->name, o->name, o->value);
    c->name[c->option_count] = o->name;
    c->value[c->option_count++] = !o->value ? "yes" : value ? value : argv[i];
  }
  return OK;
}

/* Operands that must be there are those without brackets. */
static int check_operands(struct ctx *cx, const struct cli *c) {
  int least = 0, most = 0;
  for (const char *p = c->command->operands; *p;) {
    size_t n = strcspn(p, " ");
    bool many = (n > 3 && strncmp(p + n - 3, "...", 3) == 0) || (n > 4 && strncmp(p + n - 4, "...]", 4) == 0);
    most = many ? ARGS_MAX : most + 1;
    least += *p != '[';
    p += n + strspn(p + n, " ");
  }
  if (c->operand_count < least)
    return cli_usage(cx, "usage: outpost %s %s", c->command->name, c->command->operands);
  if (c->operand_count > most)
    return cli_usage(cx, "'%s' is one argument too many; usage: outpost %s %s", c->operand[most],
                     c->command->name, c->command->operands);
  return OK;
}

/* ---- the folder and the tenant ---- */

int cli_store(struct ctx *cx, const struct cli *c, struct store **out) {
  const char *dir = cli_get(c, "data");
  if (store_open(cx, dir ? dir : "./outpost-data", out)) return cx->code;
  log_open(ctx_printf(cx, "%s/logs/outpost.jsonl", store_dir(*out)));
  return OK;
}

int cli_slug(struct ctx *cx, const struct cli *c, struct store *s, const char **slug) {
  const struct tenant_info *list;
  size_t count;
  *slug = cli_get(c, "tenant");
  if (*slug) return OK;
  if (tenant_list(cx, s, &list, &count)) return cx->code;
  if (count == 0)
    return fail(cx, E_NOT_FOUND, "tenant", "there is no tenant yet; `outpost tenant add SLUG` makes one");
  if (count > 1) return cli_usage(cx, "there are %zu tenants here; say which with --tenant SLUG", count);
  *slug = list[0].slug;
  return OK;
}

int cli_tenant(struct ctx *cx, const struct cli *c, struct tenant **out) {
  struct store *s;
  const char *slug;
  if (cli_store(cx, c, &s) || cli_slug(cx, c, s, &slug)) return cx->code;
  return tenant_open(cx, s, slug, out);
}

int cli_read(struct ctx *cx, const struct cli *c, struct db **out) {
  struct tenant *t;
  if (cli_tenant(cx, c, &t)) return cx->code;
  return tenant_read(cx, t, out);
}

/* ---- out ---- */

static int told(struct ctx *cx, bool good) {
  if (good) return OK;
  return fail(cx, E_FAIL, NULL, "the output could not be written: %s", strerror(errno));
}

int cli_write(struct ctx *cx, void *unused, const char *p, size_t n) {
  (void)unused;
  return told(cx, fwrite(p, 1, n, stdout) == n);
}

int cli_print(struct ctx *cx, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vprintf(fmt, ap);
  va_end(ap);
  return told(cx, n >= 0);
}

int cli_flush(struct ctx *cx) { return told(cx, fflush(stdout) == 0); }

bool cli_color(void) { return isatty(STDOUT_FILENO) && !getenv("NO_COLOR"); }

/* ---- running ---- */

static int exit_code(const struct ctx *cx, const struct cli *c) {
  static const int codes[] = {
    [E_INVALID] = EXIT_FAILED, [E_NOT_FOUND] = EXIT_NOT_FOUND, [E_CONFLICT] = EXIT_CONFLICT,
    [E_DENIED] = EXIT_FAILED,  [E_LIMIT] = EXIT_FAILED,        [E_BUSY] = EXIT_AGAIN,
    [E_FAIL] = EXIT_FAILED
  };
  if (cx->code == OK) return c->exit_code;
  return wrong_usage ? EXIT_USAGE : codes[cx->code];
}

/* One line, whatever a library had to say. */
static void print_line(const char *text) {
  fputs("outpost: ", stderr);
  for (const char *p = text; *p; p++) {
    bool blank = (unsigned char)*p <= ' ';
    if (!blank || (unsigned char)p[1] > ' ') fputc(blank ? ' ' : *p, stderr);
  }
  fputc('\n', stderr);
}

static void complain(const struct ctx *cx, const struct cli *c) {
  if (!cli_has(c, "json")) {
    print_line(cx->message);
    return;
  }
  struct buf out;
  struct jw w;
  buf_init(&out, KIB(8));
  jw_init(&w, &out);
  jw_record(&w, NULL, "error", err_name(cx->code), "field", cx->field[0] ? cx->field : NULL, "message",
            cx->message);
  fprintf(stderr, "%s\n", out.p);
  buf_clear(&out);
}

/* The longest name that the arguments begin with; *words of them are taken. */
static const struct command *find_command(int argc, char **argv, int *words) {
  const struct command *found = NULL;
  for (const struct command *k = commands; k->name; k++) {
    const char *blank = strchr(k->name, ' ');
    size_t first = blank ? (size_t)(blank - k->name) : strlen(k->name);
    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], k->name, first) != 0) continue;
    if (blank && (argc < 2 || strcmp(argv[1], blank + 1) != 0)) continue;
    if (found && !blank) continue;
    found = k;
    *words = blank ? 2 : 1;
  }
  return found;
}

static bool asks_for_help(int argc, char **argv) {
  for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  return false;
}

static int run(struct ctx *cx, struct cli *c, int argc, char **argv) {
  int words = 0;
  static char *help[] = { "help" }, *version[] = { "version" };
  if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) argc = 1, argv = help;
  if (strcmp(argv[0], "--version") == 0) argc = 1, argv = version;
  c->command = find_command(argc, argv, &words);
  if (!c->command) return cli_usage(cx, "there is no command `%s`; `outpost help` lists them", argv[0]);
  if (asks_for_help(argc - words, argv + words)) {
    c->operand[c->operand_count++] = c->command->name;
    return cmd_help(cx, c);
  }
  if (parse_args(cx, c, argc - words, argv + words) || check_operands(cx, c)) return cx->code;
  net_set_authorities(cli_get(c, "ca-file"));
  return c->command->run(cx, c);
}

/* From /etc/passwd itself: getpwuid may ask a name service, and nobody is asked here. */
static void name_actor(char *out, size_t size) {
  const struct passwd *user = NULL;
  FILE *f = fopen("/etc/passwd", "re");
  while (f && (user = fgetpwent(f)) && user->pw_uid != getuid()) {
  }
  if (user)
    snprintf(out, size, "cli:%s", user->pw_name);
  else
    snprintf(out, size, "cli:%u", (unsigned)getuid());
  if (f) fclose(f);
}

int cli_main(int argc, char **argv) {
  struct ctx cx;
  struct cli c = { .exit_code = EXIT_DONE };
  char actor[64];
  name_actor(actor, sizeof actor);
  ctx_begin(&cx, actor);
  buf_init(&c.out, LIMIT_REPLY_BYTES);
  jw_init(&c.json, &c.out);
  run(&cx, &c, argc - 1, argv + 1);
  buf_clear(&c.out);
  ctx_end(&cx);
  if (fflush(stdout) != 0) told(&cx, false);
  if (cx.code) {
    complain(&cx, &c);
    if (!wrong_usage)
      log_line(LOG_ERR, &cx, "COMMAND_FAILED", "%s: %s", c.command ? c.command->name : "", cx.message);
  }
  return exit_code(&cx, &c);
}

int cli_secret(struct ctx *cx, const char *what, char line[static CLI_SECRET]) {
  struct termios shown, hidden;
  bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
  if (terminal) {
    fprintf(stderr, "%s: ", what);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  char *got = fgets(line, CLI_SECRET, stdin);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
  }
  if (!got)
    return fail(cx, E_INVALID, NULL, "there was nothing to read; give it as a line on standard input");
  line[strcspn(line, "\r\n")] = 0;
  return OK;
}

bool cli_asks(void) { return isatty(STDIN_FILENO); }

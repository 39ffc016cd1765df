/* help.c - the table of commands as help, man page and completion. */
#include <stdio.h>

#include "base/version.h"
#include "cli/cli.h"

static bool has_option(const struct command *k, const char *name) {
  for (const char *p = k->options; *p;) {
    size_t n = strcspn(p, " ");
    if (str_eq(str_of(name), (struct str){ p, n })) return true;
    p += n + strspn(p + n, " ");
  }
  return false;
}

static const char *group_beginning(const struct command *k) {
  for (const struct command_group *g = command_groups; g->title; g++)
    if (strcmp(g->first, k->name) == 0) return g->title;
  return NULL;
}

/* ---- help ---- */

static int help_all(struct ctx *cx) {
  cli_print(cx, "outpost - dirty business files in; trusted figures, exceptions and proof out\n");
  for (const struct command *k = commands; k->name; k++) {
    const char *title = group_beginning(k);
    if (title) cli_print(cx, "\n%s\n", title);
    cli_print(cx, "  %-20s %s\n", k->name, k->summary);
  }
  return cli_print(cx,
                   "\n`outpost help COMMAND` tells more. Exit codes: 0 done, 1 failed, 2 wrong usage,\n"
                   "3 done with exceptions (--strict), 4 no such thing, 5 conflict, 75 try again later.\n");
}

static int help_command(struct ctx *cx, const struct command *k) {
  char option[64];
  cli_print(cx, "outpost %s%s%s%s\n\n  %s\n", k->name, *k->operands ? " " : "", k->operands,
            *k->options ? " [OPTIONS]" : "", k->summary);
  cli_print(cx, "\n%s\n", k->details);
  if (*k->options) cli_print(cx, "\nOptions\n");
  for (int i = 0; options[i].name; i++) {
    if (!has_option(k, options[i].name)) continue;
    snprintf(option, sizeof option, "--%s %s", options[i].name, options[i].value ? options[i].value : "");
    cli_print(cx, "  %-26s %s\n", option, options[i].help);
  }
  return cx->code;
}

/* ---- man page ---- */

/* A minus that stays one, and no line that begins with a dot. */
static void man_text(struct ctx *cx, const char *text) {
  for (const char *p = text; *p; p++) {
    bool begins = p == text || p[-1] == '\n';
    if (begins && (*p == '.' || *p == '\'')) cli_print(cx, "\\&");
    if (*p == '-')
      cli_print(cx, "\\-");
    else if (*p == '\\')
      cli_print(cx, "\\e");
    else
      cli_print(cx, "%c", *p);
  }
}

static int man_page(struct ctx *cx) {
  cli_print(
      cx,
      ".TH OUTPOST 1 \"\" \"outpost %s\" \"User Commands\"\n.SH NAME\noutpost \\- dirty business files in; "
      "trusted figures, exceptions and proof out\n.SH SYNOPSIS\n.B outpost\n.I COMMAND\n[OPTIONS]\n.SH "
      "COMMANDS\n",
      OUTPOST_VERSION);
  for (const struct command *k = commands; k->name; k++) {
    const char *title = group_beginning(k);
    if (title) cli_print(cx, ".SS %s\n", title);
    cli_print(cx, ".TP\n.B outpost %s", k->name);
    cli_print(cx, " %s\n", k->operands);
    man_text(cx, k->summary);
    cli_print(cx, ".\n");
    cli_print(cx, ".nf\n");
    man_text(cx, k->details);
    cli_print(cx, "\n.fi\n");
  }
  cli_print(cx, ".SH OPTIONS\n");
  for (int i = 0; options[i].name; i++) {
    cli_print(cx, ".TP\n.BI \\-\\-%s \" %s\"\n", options[i].name, options[i].value ? options[i].value : "");
    man_text(cx, options[i].help);
    cli_print(cx, ".\n");
  }
  return cli_print(
      cx,
      ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 3 done with exceptions (\\-\\-strict), 4 no such "
      "thing, 5 conflict, 75 try again later.\n.SH ENVIRONMENT\n.B OUTPOST_DATA\nis the data folder when "
      "\\-\\-data is not given. With\n.B NO_COLOR\nset, nothing is coloured.\n");
}

/* ---- completion ---- */

static int complete_bash(struct ctx *cx) {
  cli_print(cx, "_outpost() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\"${COMP_WORDS[1]}\"\n  case "
                "\"$words\" in\n");
  for (const struct command *k = commands; k->name; k++) {
    size_t first = strcspn(k->name, " ");
    bool seen =
        k != commands && strncmp(k[-1].name, k->name, first) == 0 && strcspn(k[-1].name, " ") == first;
    if (seen) continue;
    cli_print(cx, "    %.*s) COMPREPLY=($(compgen -f -W \"", (int)first, k->name);
    for (const struct command *m = k; m->name && strncmp(m->name, k->name, first) == 0; m++) {
      if (m->name[first] == ' ') cli_print(cx, "%s ", m->name + first + 1);
      for (int i = 0; options[i].name; i++)
        if (has_option(m, options[i].name)) cli_print(cx, "--%s ", options[i].name);
    }
    cli_print(cx, "\" -- \"$cur\"));;\n");
  }
  cli_print(cx, "  esac\n  [ $COMP_CWORD -eq 1 ] && COMPREPLY=($(compgen -W \"");
  for (const struct command *k = commands; k->name; k++)
    cli_print(cx, "%.*s ", (int)strcspn(k->name, " "), k->name);
  return cli_print(cx, "\" -- \"$cur\"))\n}\ncomplete -F _outpost outpost\n");
}

int cmd_help(struct ctx *cx, struct cli *c) {
  const char *shell = cli_get(c, "completion");
  if (shell && strcmp(shell, "bash") == 0) return complete_bash(cx);
  if (shell && strcmp(shell, "zsh") == 0) {
    cli_print(cx, "autoload -U +X bashcompinit && bashcompinit\n");
    return complete_bash(cx);
  }
  if (shell) return cli_usage(cx, "--completion takes bash or zsh");
  if (cli_has(c, "man")) return man_page(cx);
  if (c->operand_count == 0) return help_all(cx);
  const char *wanted = c->operand[0];
  for (int i = 1; i < c->operand_count; i++) wanted = ctx_printf(cx, "%s %s", wanted, c->operand[i]);
  bool found = false;
  for (const struct command *k = commands; k->name; k++) {
    bool part = strncmp(k->name, wanted, strlen(wanted)) == 0 && k->name[strlen(wanted)] == ' ';
    if (strcmp(k->name, wanted) != 0 && !part) continue;
    if (found) cli_print(cx, "\n");
    found = true;
    help_command(cx, k);
  }
  return found ? (int)cx->code : cli_usage(cx, "there is no command `%s`; `outpost help` lists them", wanted);
}

int cmd_version(struct ctx *cx, struct cli *c) {
  if (cli_has(c, "json")) return cli_print(cx, "{\"version\":\"%s\"}\n", OUTPOST_VERSION);
  cli_print(cx, "outpost %s\n", OUTPOST_VERSION);
  if (!cli_has(c, "libs")) return cx->code;
  for (int i = 0; version_libs[i].name; i++)
    cli_print(cx, "  %-12s %s\n", version_libs[i].name, version_libs[i].version);
  return cx->code;
}

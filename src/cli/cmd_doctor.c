/* cmd_doctor.c - what is wrong, by connection, data and performance; and the settings. */
#include <unistd.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "export/doctor.h"

struct report {
  struct ctx *cx;
  struct cli *c;
};

/* Each as it is found: some take a while. */
static void tell(void *arg, const char *section, bool ok, const char *text) {
  const struct report *r = arg;
  if (!ok) r->c->exit_code = EXIT_FAILED;
  jw_record(&r->c->json, NULL, "section", section, "ok", ok, "text", text);
  if (!cli_has(r->c, "json")) cli_print(r->cx, "%s %-12s %s\n", ok ? "ok  " : "BAD ", section, text);
}

int cmd_doctor(struct ctx *cx, struct cli *c) {
  struct store *s;
  jw_array(&c->json, NULL);
  if (!cli_store(cx, c, &s)) doctor_look(cx, s, tell, &(struct report){ cx, c });
  jw_close(&c->json, ']');
  return cx->code || !cli_has(c, "json") ? (int)cx->code : cli_print_json(cx, &c->out);
}

/* ---- settings ---- */

int cmd_config(struct ctx *cx, struct cli *c) {
  struct jw *w = &c->json;
  jw_array(w, NULL);
  for (const struct setting *s = settings; s->name; s++) {
    const char *from, *value = cli_origin(c, s->name, &from);
    if (!value) value = s->otherwise, from = "default";
    jw_record(w, NULL, "name", s->name, "value", value, "origin", from);
    if (!cli_has(c, "json")) cli_print(cx, "%-24s %-28s %s\n", s->name, value ? value : "-", from);
  }
  jw_close(w, ']');
  if (cli_has(c, "json")) cli_print_json(cx, &c->out);
  return cli_flush(cx) ? (int)cx->code : config_check(cx);
}

/* An address with a name before the @, or something that calls itself a secret. */
static bool may_be_secret(const char *value) {
  return strchr(value, '@') || strstr(value, "://") || strcasestr(value, "password") ||
         strcasestr(value, "secret") || strcasestr(value, "token");
}

static void put_setting(struct jw *w, const char *name, const char *value, const char *from) {
  jw_object(w, NULL);
  jw_text(w, "name", name);
  if (value && !may_be_secret(value)) jw_text(w, "value", value);
  if (!value || may_be_secret(value)) jw_bool(w, "shown", false);
  jw_text(w, "origin", from);
  jw_close(w, '}');
}

/* "OUTPOST_DB_PASSWORD=..." is OUTPOST_DB_PASSWORD. What is no setting is told without its value. */
static void put_others(struct ctx *cx, struct jw *w) {
  for (char **e = environ; *e; e++)
    if (strncmp(*e, "OUTPOST_", 8) == 0)
      put_setting(w, ctx_strdup(cx, (struct str){ *e, strcspn(*e, "=") }), NULL, "environment");
  for (int i = 0; config_name(i); i++)
    if (!is_setting(config_name(i))) put_setting(w, config_name(i), NULL, "configuration file");
}

const char *cli_settings(struct ctx *cx, const struct cli *c) {
  struct buf out;
  struct jw w;
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&w, &out);
  jw_array(&w, NULL);
  for (const struct setting *s = settings; s->name; s++) {
    const char *from, *value = cli_origin(c, s->name, &from);
    if (!value) value = s->otherwise, from = "default";
    put_setting(&w, s->name, !s->told && value ? NULL : value ? value : "", from);
  }
  put_others(cx, &w);
  jw_close(&w, ']');
  return ctx_take(cx, &out);
}

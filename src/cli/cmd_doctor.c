/* cmd_doctor.c - what is wrong, by connection, data and performance; and the settings. */
#include <unistd.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "export/doctor.h"

struct report {
  struct ctx *cx;
  bool json;
  struct jw w;
  int bad;
};

static void tell(void *arg, const char *section, bool ok, const char *text) {
  struct report *r = arg;
  r->bad += !ok;
  if (!r->json) {
    cli_print(r->cx, "%s %-12s %s\n", ok ? "ok  " : "BAD ", section, text);
    return;
  }
  jw_record(&r->w, NULL, "section", section, "ok", ok, "text", text);
}

int cmd_doctor(struct ctx *cx, struct cli *c) {
  struct store *s;
  struct buf out;
  struct report r = { .cx = cx, .json = cli_has(c, "json") };
  buf_init(&out, LIMIT_REPLY_BYTES);
  jw_init(&r.w, &out);
  if (r.json) jw_array(&r.w, NULL);
  if (!cli_store(cx, c, &s)) doctor_look(cx, s, tell, &r);
  if (r.bad) c->exit_code = EXIT_FAILED;
  if (r.json && !cx->code) {
    jw_close(&r.w, ']');
    return cli_print_json(cx, &out);
  }
  buf_clear(&out);
  return cx->code;
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

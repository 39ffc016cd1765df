/* cmd_schedule.c - schedules: what is due when. */
#include "job/schedule.h"

#include "base/time.h"
#include "cli/cli.h"
#include "job/zone.h"

/* ---- for people: a table from the JSON that others get ---- */

static const char *text_of(const struct jv *object, const char *key, char *out, size_t size) {
  struct str s = jv_text(jv_get(object, key));
  str_copy(out, size, s.p ? s : STR(""));
  return out;
}

/* 2024-02-29T02:00:00.000000Z as 2024-02-29 02:00 UTC. */
static const char *minute_of(struct str iso, char out[static TIME_SIZE]) {
  str_copy(out, TIME_SIZE, iso.p ? iso : STR("-"));
  if (iso.n > 16) out[10] = ' ', out[16] = 0;
  return out;
}

static int print_line(struct ctx *cx, const struct jv *s) {
  char name[70], cron[60], words[100], next[TIME_SIZE], state[16];
  const struct jv *last = jv_get(s, "last");
  bool active = str_eq(jv_text(jv_get(s, "active")), STR("true"));
  bool overdue = jv_kind(jv_get(s, "overdue_since")) != JV_NULL;
  minute_of(jv_text(jv_at(jv_get(s, "next"), 0)), next);
  return cli_print(cx, "%-26s %-16s %-18s %-8s %s%s\n", text_of(s, "name", name, sizeof name),
                   text_of(s, "cron", cron, sizeof cron), active ? next : "paused",
                   last ? text_of(last, "state", state, sizeof state) : "",
                   text_of(s, "words", words, sizeof words),
                   overdue ? " - overdue: no server has looked since" : "");
}

static int print_list(struct ctx *cx, const struct cli *c, struct buf *out) {
  struct jv *list;
  if (!cx->code && cli_has(c, "json")) return cli_print_json(cx, out);
  int rc = cx->code ? (int)cx->code : jv_parse(cx, buf_view(out), &list);
  buf_clear(out);
  if (rc) return rc;
  cli_print(cx, "%-26s %-16s %-18s %-8s %s\n", "schedule", "cron", "next (UTC)", "last", "");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) print_line(cx, jv_at(list, i));
  return cx->code;
}

int cmd_schedule_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  struct jw *w = &c->json;
  if (cli_read(cx, c, &db)) return cx->code;
  schedule_list(cx, db, w, NULL);
  return print_list(cx, c, &c->out);
}

int cmd_schedule_show(struct ctx *cx, struct cli *c) {
  int64_t limit;
  struct db *db;
  struct jw *w = &c->json;
  if (cli_int(cx, c, "limit", 50, &limit) || cli_read(cx, c, &db)) return cx->code;
  if (limit < 1 || limit > 10000) return cli_usage(cx, "--limit is 1 to 10000");
  jw_object(w, NULL);
  if (schedule_show(cx, db, c->operand[0], w, "schedule") ||
      schedule_slots(cx, db, c->operand[0], limit, w, "slots"))
    return cx->code;
  jw_close(w, '}');
  return cli_print_json(cx, &c->out);
}

/* ---- acts ---- */

struct act {
  const char *name;
  int64_t job, run;
  bool paused;
};

static int run(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return schedule_run(cx, db, a->name, &a->job, &a->run);
}

int cmd_schedule_run(struct ctx *cx, struct cli *c) {
  struct act a = { .name = c->operand[0] };
  struct tenant *t;
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, run, &a)) return cx->code;
  if (cli_has(c, "json"))
    return cli_print(cx, a.job ? "{\"job\":%lld,\"run\":null}\n" : "{\"job\":null,\"run\":%lld}\n",
                     (long long)(a.job ? a.job : a.run));
  return cli_print(cx, a.job ? "job %lld is ordered\n" : "run %lld of the graph is ordered\n",
                   (long long)(a.job ? a.job : a.run));
}

static int pause_or_resume(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return schedule_pause(cx, db, a->name, a->paused);
}

static int set_paused(struct ctx *cx, struct cli *c, bool paused) {
  struct act a = { .name = c->operand[0], .paused = paused };
  struct tenant *t;
  struct db *db;
  struct jw *w = &c->json;
  struct jv *one;
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, pause_or_resume, &a) || tenant_read(cx, t, &db))
    return cx->code;
  if (schedule_show(cx, db, a.name, w, NULL)) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  int rc = jv_parse(cx, buf_view(&c->out), &one);
  return rc ? rc : print_line(cx, one);
}

int cmd_schedule_pause(struct ctx *cx, struct cli *c) { return set_paused(cx, c, true); }
int cmd_schedule_resume(struct ctx *cx, struct cli *c) { return set_paused(cx, c, false); }

/* ---- when ---- */

/* Wall times with their offsets, one a line. */
static int print_times(struct ctx *cx, const char *cron, const char *zone, struct buf *out) {
  struct jv *preview;
  const struct zone *z;
  char iso[ZONE_TIME_SIZE], words[300];
  int rc = jv_parse(cx, buf_view(out), &preview);
  buf_clear(out);
  if (rc || zone_find(cx, zone, &z)) return cx->code;
  cli_print(cx, "%s (%s): %s\n", cron, zone, text_of(preview, "words", words, sizeof words));
  const struct jv *next = jv_get(preview, "next");
  for (size_t i = 0; i < jv_size(next) && !cx->code; i++) {
    int64_t at;
    if (time_parse_iso(jv_text(jv_at(next, i)), &at)) cli_print(cx, "%s\n", zone_iso(iso, z, at));
  }
  return cx->code;
}

int cmd_schedule_next(struct ctx *cx, struct cli *c) {
  const char *cron = c->operand[0], *zone = cli_get(c, "zone"), *from = cli_get(c, "from");
  const char *last = cli_get(c, "until");
  bool expression = strchr(cron, ' ') || *cron == '@';
  int64_t limit, after = cx->now, until = INT64_MAX;
  struct db *db;
  struct jw *w = &c->json;
  if (cli_int(cx, c, "limit", last ? SCHEDULE_PREVIEW_MOST : 5, &limit)) return cx->code;
  if (limit < 1 || limit > SCHEDULE_PREVIEW_MOST)
    return cli_usage(cx, "--limit is 1 to %d", SCHEDULE_PREVIEW_MOST);
  if (from && !time_parse_iso(str_of(from), &after))
    return cli_usage(cx, "--from takes 2024-02-29 or 2024-02-29T12:00:00Z, not '%s'", from);
  if (from) after--;
  if (last && (strlen(last) != 10 || !time_parse_iso(str_of(last), &until)))
    return cli_usage(cx, "--until takes a day, such as 2024-02-29, not '%s'", last);
  if (last) until += DAY_US;
  if (!expression) {
    const char *its;
    if (cli_read(cx, c, &db) || schedule_when(cx, db, cron, &cron, &its)) return cx->code;
    if (!zone) zone = its;
  }
  if (!zone) zone = "UTC";
  if (schedule_preview(cx, cron, zone, after, until, limit, w, NULL)) return cx->code;
  return cli_has(c, "json") ? cli_print_json(cx, &c->out) : print_times(cx, cron, zone, &c->out);
}

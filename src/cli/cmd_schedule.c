/* cmd_schedule.c - schedules: what is due when. */
#include "job/schedule.h"

#include "base/time.h"
#include "cli/cli.h"
#include "job/zone.h"

/* ---- for people: a table from the JSON that others get ---- */

static void show_one(struct ctx *cx, const struct jv *s) {
  cli_say(cx, s,
          cli_is(s, "active") ? "{name:-26} {cron:-16} {next.0:-18.16} "
                              : "{name:-26} {cron:-16} paused             ");
  cli_say(cx, s, "{last.state:-8} {words}[ - overdue: no server has looked since{overdue_since:.0}]\n");
}

static void show_list(struct ctx *cx, const struct jv *list) {
  cli_print(cx, "%-26s %-16s %-18s %-8s %s\n", "schedule", "cron", "next (UTC)", "last", "");
  for (size_t i = 0; i < jv_size(list) && !cx->code; i++) show_one(cx, jv_at(list, i));
}

int cmd_schedule_list(struct ctx *cx, struct cli *c) {
  struct db *db;
  if (cli_read(cx, c, &db) || schedule_list(cx, db, &c->json, NULL)) return cx->code;
  return cli_show(cx, c, show_list);
}

int cmd_schedule_show(struct ctx *cx, struct cli *c) {
  int64_t limit;
  struct db *db;
  struct jw *w = &c->json;
  if (cli_int(cx, c, "limit", 50, 1, 10000, &limit) || cli_read(cx, c, &db)) return cx->code;
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
  jw_record(&c->json, NULL, "job", a.job ? arg_int(a.job) : arg_text(NULL), "run",
            a.job ? arg_text(NULL) : arg_int(a.run));
  return cli_answer(cx, c, a.job ? "job {job} is ordered\n" : "run {run} of the graph is ordered\n");
}

static int pause_or_resume(struct ctx *cx, struct db *db, void *arg) {
  struct act *a = arg;
  return schedule_pause(cx, db, a->name, a->paused);
}

static int set_paused(struct ctx *cx, struct cli *c, bool paused) {
  struct act a = { .name = c->operand[0], .paused = paused };
  struct tenant *t;
  struct db *db;
  if (cli_tenant(cx, c, &t) || tenant_write(cx, t, pause_or_resume, &a) || tenant_read(cx, t, &db) ||
      schedule_show(cx, db, a.name, &c->json, NULL))
    return cx->code;
  return cli_show(cx, c, show_one);
}

int cmd_schedule_pause(struct ctx *cx, struct cli *c) { return set_paused(cx, c, true); }
int cmd_schedule_resume(struct ctx *cx, struct cli *c) { return set_paused(cx, c, false); }

/* ---- when ---- */

/* Wall times with their offsets, one a line. */
static int print_times(struct ctx *cx, const struct jv *preview, const char *cron, const char *zone) {
  const struct jv *next = jv_get(preview, "next");
  const struct zone *z;
  char iso[ZONE_TIME_SIZE];
  if (zone_find(cx, zone, &z)) return cx->code;
  cli_print(cx, "%s (%s): ", cron, zone);
  cli_say(cx, preview, "{words}\n");
  for (size_t i = 0; i < jv_size(next) && !cx->code; i++) {
    int64_t at;
    if (time_parse_iso(jv_text(jv_at(next, i)), &at)) cli_print(cx, "%s\n", zone_iso(iso, z, at));
  }
  return cx->code;
}

int cmd_schedule_next(struct ctx *cx, struct cli *c) {
  const char *cron = c->operand[0], *zone = cli_get(c, "zone");
  bool expression = strchr(cron, ' ') || *cron == '@', ends = cli_has(c, "until");
  int64_t limit, after = cx->now, until = INT64_MAX;
  struct db *db;
  struct jv *preview;
  if (cli_int(cx, c, "limit", ends ? SCHEDULE_PREVIEW_MOST : 5, 1, SCHEDULE_PREVIEW_MOST, &limit) ||
      cli_time(cx, c, "from", &after) || cli_day(cx, c, "until", &until))
    return cx->code;
  if (cli_has(c, "from")) after--;
  if (ends) until += DAY_US;
  if (!expression) {
    const char *its;
    if (cli_read(cx, c, &db) || schedule_when(cx, db, cron, &cron, &its)) return cx->code;
    if (!zone) zone = its;
  }
  if (!zone) zone = "UTC";
  if (schedule_preview(cx, cron, zone, after, until, limit, &c->json, NULL)) return cx->code;
  if (cli_has(c, "json")) return cli_print_json(cx, &c->out);
  return jv_parse(cx, buf_view(&c->out), &preview) ? (int)cx->code : print_times(cx, preview, cron, zone);
}

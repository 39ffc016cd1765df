/*
** cron.c - reads cron expressions and finds their slots.
**
** Finding: time is cut into the spans of the zone in which the offset stays the same.
** Within a span the calendar is plain arithmetic (wall_next). At the beginning of a
** span hours that were fixed look once more at the span before it: what the wall shows
** a second time is passed over, and what it never showed is made up for.
*/
#include "job/cron.h"

#include <stdlib.h>

#include "base/time.h"

enum { SUNDAYS = 1 << 0 | 1 << 7, ALL_HOURS = (1 << 24) - 1, YEARS_AHEAD = 60, MOVE_MOST = 26 * 3600 };
#define SECOND INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)

/* ---- reading ---- */

struct field {
  const char *name;
  int least, most;
  const char *const *names; /* of the values from least on, or NULL */
  const char *example;
};

static const char *const month_names[] = { "January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December" };
static const char *const day_names[] = { "Sunday",   "Monday", "Tuesday",  "Wednesday",
                                         "Thursday", "Friday", "Saturday", "Sunday" };

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };
static const struct field fields[FIELDS] = {
  { "minute", 0, 59, NULL, "0, */15 or 5,35" },
  { "hour", 0, 23, NULL, "2, */6 or 8-17" },
  { "day of the month", 1, 31, NULL, "1, */2 or 1,15" },
  { "month", 1, 12, month_names, "1, jan-mar or */3" },
  { "day of the week", 0, 7, day_names, "1, mon-fri or sat,sun" },
};

struct reader {
  struct ctx *cx;
  const struct field *f;
  struct str whole, rest;
};

static int wrong(struct reader *r, const char *what) {
  return fail(r->cx, E_INVALID, "cron", "%s '%.40s': %s; a %s is %d to %d, such as %s", r->f->name,
              ctx_strdup(r->cx, r->whole), what, r->f->name, r->f->least, r->f->most, r->f->example);
}

static bool take(struct str *s, char c) {
  if (!s->n || *s->p != c) return false;
  s->p++, s->n--;
  return true;
}

static int take_number(struct reader *r, int *out) {
  int v = 0, digits = 0;
  while (r->rest.n && *r->rest.p >= '0' && *r->rest.p <= '9') {
    v = v * 10 + (*r->rest.p - '0');
    r->rest.p++, r->rest.n--;
    if (++digits > 4) return wrong(r, "the number is too large");
  }
  if (!digits) return wrong(r, r->rest.n ? "a number is expected" : "something is missing at its end");
  *out = v;
  return OK;
}

/* A number, or the first three letters of a name. */
static int take_value(struct reader *r, int *out) {
  for (int i = 0; r->f->names && i <= r->f->most - r->f->least; i++) {
    if (r->rest.n < 3 || !str_eq_nocase((struct str){ r->rest.p, 3 }, (struct str){ r->f->names[i], 3 }))
      continue;
    r->rest.p += 3, r->rest.n -= 3;
    *out = r->f->least + i;
    return OK;
  }
  if (take_number(r, out)) return r->cx->code;
  return *out < r->f->least || *out > r->f->most ? wrong(r, "the number is out of its range") : OK;
}

/* One part of the list: value, from-to, * , each but the value with a step. */
static int take_part(struct reader *r, uint64_t *bits) {
  int from = r->f->least, to = r->f->most, step = 1;
  bool star = take(&r->rest, '*'), range = false;
  if (!star && take_value(r, &from)) return r->cx->code;
  if (!star) to = from;
  if (!star && take(&r->rest, '-')) {
    range = true;
    if (take_value(r, &to)) return r->cx->code;
    if (r->f == &fields[WEEKDAY] && to == 0 && from > 0) to = 7; /* fri-sun */
    if (to < from) return wrong(r, "a range goes from the smaller to the greater value");
  }
  if (take(&r->rest, '/')) {
    if (!star && !range) return wrong(r, "a step needs a range or * before it");
    if (take_number(r, &step)) return r->cx->code;
    if (step < 1 || step > r->f->most) return wrong(r, "the step is 0, or longer than the field");
  }
  if (r->f == &fields[WEEKDAY] && star) to = 6;
  for (int v = from; v >= 0 && v <= to; v += step) *bits |= UINT64_C(1) << v;
  return OK;
}

static int read_field(struct ctx *cx, const struct field *f, struct str text, uint64_t *bits) {
  struct reader r = { cx, f, text, text };
  *bits = 0;
  do {
    if (take_part(&r, bits)) return cx->code;
  } while (take(&r.rest, ','));
  return r.rest.n ? wrong(&r, "it goes on where its end is expected") : OK;
}

static struct str take_word(struct str *s) {
  while (s->n && (*s->p == ' ' || *s->p == '\t')) s->p++, s->n--;
  struct str word = { s->p, 0 };
  while (s->n && *s->p != ' ' && *s->p != '\t') s->p++, s->n--, word.n++;
  return word;
}

static struct str written_out(struct str text) {
  static const struct {
    const char *name, *cron;
  } short_forms[] = {
    { "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
    { "@weekly", "0 0 * * 0" },   { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
    { "@annually", "0 0 1 1 *" },
  };
  for (size_t i = 0; i < sizeof short_forms / sizeof *short_forms; i++)
    if (str_eq_nocase(text, str_of(short_forms[i].name))) return str_of(short_forms[i].cron);
  return text;
}

/* Does any day of the calendar fit? */
static bool ever(const struct cron *c) {
  int64_t slot;
  return cron_next(c, zone_utc(), 0, &slot);
}

int cron_parse(struct ctx *cx, struct str text, struct cron *out) {
  struct str rest = written_out(str_trim(text)), word[FIELDS + 1];
  uint64_t bits[FIELDS];
  int count = 0;
  if (rest.n && *rest.p == '@')
    return fail(cx, E_INVALID, "cron",
                "'%.40s' is not known; there are @hourly, @daily, @weekly, @monthly and @yearly",
                ctx_strdup(cx, rest));
  for (; count <= FIELDS && (word[count] = take_word(&rest)).n; count++) {
  }
  if (count != FIELDS)
    return fail(
        cx, E_INVALID, "cron",
        "'%.60s' has %s fields; five are needed: minute, hour, day of the month, month, day of the week, "
        "such as 0 2 * * mon",
        ctx_strdup(cx, text), count < FIELDS ? "too few" : "too many");
  for (int i = 0; i < FIELDS; i++)
    if (read_field(cx, &fields[i], word[i], &bits[i])) return cx->code;
  uint32_t weekdays = (uint32_t)bits[WEEKDAY];
  *out = (struct cron){ .minutes = bits[MINUTE],
                        .hours = (uint32_t)bits[HOUR],
                        .days = (uint32_t)bits[DAY],
                        .months = (uint32_t)bits[MONTH],
                        .weekdays = weekdays & SUNDAYS ? weekdays | SUNDAYS : weekdays,
                        .any_day = *word[DAY].p == '*',
                        .any_weekday = *word[WEEKDAY].p == '*' };
  if (!ever(out))
    return fail(cx, E_INVALID, "cron", "'%.60s' never comes: no such day of the month is in these months",
                ctx_strdup(cx, text));
  return OK;
}

/* ---- finding, in plain calendar time ---- */

static bool day_fits(const struct cron *c, int32_t day) {
  int y, m, d, w = (day % 7 + 7 + 4) % 7; /* 1970-01-01 was a Thursday */
  date_civil(day, &y, &m, &d);
  bool by_day = c->days >> d & 1, by_weekday = c->weekdays >> w & 1;
  if (!(c->months >> m & 1)) return false;
  return c->any_day || c->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

static int lowest(uint64_t bits) { return __builtin_ctzll(bits); }

/* The first fitting second of the day at or after `second`; -1 when there is none. */
static int64_t time_next(const struct cron *c, int64_t second) {
  if (second >= DAY_SECONDS) return -1;
  int64_t minute = (second + 59) / 60, hour = minute / 60;
  if (hour >= 24) return -1;
  uint64_t later = c->minutes >> minute % 60 << minute % 60;
  if ((c->hours >> hour & 1) && later) return hour * 3600 + lowest(later) * INT64_C(60);
  uint32_t hours = hour == 23 ? 0 : c->hours >> (hour + 1) << (hour + 1);
  return hours ? lowest(hours) * INT64_C(3600) + lowest(c->minutes) * INT64_C(60) : -1;
}

/* The first fitting wall time at or after w, before `until`; false when there is none. */
static bool wall_next(const struct cron *c, int64_t w, int64_t until, int64_t *out) {
  int64_t day = w / DAY_SECONDS - (w % DAY_SECONDS < 0), last = day + YEARS_AHEAD * INT64_C(366);
  for (int64_t from = w - day * DAY_SECONDS; day <= last && day * DAY_SECONDS < until; day++, from = 0) {
    int64_t second = day_fits(c, (int32_t)day) ? time_next(c, from) : -1;
    if (second < 0) continue;
    *out = day * DAY_SECONDS + second;
    return *out < until;
  }
  return false;
}

/* ---- finding, across changes of the clock ---- */

#define TIME_LEAST (-INT64_C(62135596800)) /* the years 1 to 9999, in seconds */
#define TIME_MOST INT64_C(253402300799)

static int64_t clamp(int64_t v, int64_t least, int64_t most) {
  return v < least ? least : v > most ? most : v;
}

/* The first slot in a span at or after t (both in UTC seconds). */
static bool span_next(const struct cron *c, const struct zone_span *s, int64_t t, int64_t *out) {
  int64_t until = clamp(s->until / SECOND, TIME_LEAST, TIME_MOST),
          change = clamp(s->from / SECOND, TIME_LEAST, t);
  int64_t plain = t + s->offset, shown = change + s->before, wall, made_up;
  bool fixed = c->hours != ALL_HOURS && s->from != INT64_MIN;
  if (fixed && shown > plain && shown - (change + s->offset) <= MOVE_MOST) plain = shown; /* shown before */
  bool found = wall_next(c, plain, until + s->offset, &wall);
  if (found) *out = wall - s->offset;
  /* What the wall never showed: from `shown` up to what it showed then. */
  if (!fixed || !wall_next(c, t + s->before, change + s->offset, &made_up)) return found;
  made_up -= s->before;
  if (made_up >= until || (found && made_up >= *out)) return found;
  *out = made_up;
  return true;
}

bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *out) {
  int64_t t = clamp(after / SECOND - (after % SECOND < 0) + 1, TIME_LEAST, TIME_MOST), found = 0;
  int64_t last = t + YEARS_AHEAD * 366 * DAY_SECONDS;
  while (t < TIME_MOST && t < last) {
    struct zone_span s = zone_span_at(z, t * SECOND);
    if (span_next(c, &s, t, &found)) {
      *out = found * SECOND;
      return true;
    }
    t = clamp(s.until / SECOND, TIME_LEAST, TIME_MOST);
  }
  return false;
}

/* Looks further and further back until a slot lies before, and then goes forward to the last. */
bool cron_previous(const struct cron *c, const struct zone *z, int64_t before, int64_t *out) {
  int64_t found, slot;
  for (int64_t back = 60 * SECOND; back < YEARS_AHEAD * 366 * DAY_US; back *= 4) {
    if (before - back < TIME_LEAST * SECOND) return false;
    if (!cron_next(c, z, before - back - 1, &found) || found >= before) continue;
    while (cron_next(c, z, found, &slot) && slot < before) found = slot;
    *out = found;
    return true;
  }
  return false;
}

/* ---- words ---- */

static int count_bits(uint64_t bits) { return __builtin_popcountll(bits); }

/* The n of "every n": the values from `least` on with one distance up to the end, and no others. */
static int every(uint64_t bits, int least, int most) {
  if (count_bits(bits) < 2 || lowest(bits) != least) return 0;
  int step = lowest(bits & ~(UINT64_C(1) << least)) - least;
  uint64_t all = 0;
  for (int v = least; v <= most; v += step) all |= UINT64_C(1) << v;
  return all == bits ? step : 0;
}

/* "1, 3 and 8 to 17" */
static void list_words(struct buf *out, uint64_t bits, int most, const char *const *names, int first) {
  const char *between = "";
  for (int v = 0; v <= most; v++) {
    if (!(bits >> v & 1)) continue;
    int to = v;
    while (to < most && (bits >> (to + 1) & 1)) to++;
    if (to == v + 1) to = v; /* two are named one by one */
    bool last = to == most || !(bits >> (to + 1));
    buf_puts(out, *between && last ? " and " : between);
    for (int end = 0; end < (to > v ? 2 : 1); end++) {
      if (end) buf_puts(out, " to ");
      if (names)
        buf_puts(out, names[(end ? to : v) - first]);
      else
        buf_int(out, end ? to : v);
    }
    between = ", ";
    v = to;
  }
}

/* Single times of the day: "02:00", "02:00 and 14:30". */
static void times_words(const struct cron *c, struct buf *out) {
  int left = count_bits(c->hours) * count_bits(c->minutes);
  buf_puts(out, "at ");
  for (int h = 0; h < 24; h++)
    for (int m = 0; m < 60 && (c->hours >> h & 1); m++) {
      if (!(c->minutes >> m & 1)) continue;
      left--;
      buf_printf(out, "%02d:%02d%s", h, m, left > 1 ? ", " : left == 1 ? " and " : "");
    }
}

static void minutes_words(const struct cron *c, struct buf *out) {
  int step = every(c->minutes, 0, 59);
  if (step == 1)
    buf_puts(out, "every minute");
  else if (step && 60 % step == 0)
    buf_printf(out, "every %d minutes", step);
  else {
    buf_puts(out, count_bits(c->minutes) == 1 ? "at minute " : "at minutes ");
    list_words(out, c->minutes, 59, NULL, 0);
  }
}

static void time_words(const struct cron *c, struct buf *out) {
  enum { TIMES_NAMED = 6 };
  int step = every(c->hours, 0, 23);
  bool often = every(c->minutes, 0, 59) != 0;
  if (!step && !often && count_bits(c->hours) * count_bits(c->minutes) <= TIMES_NAMED) {
    times_words(c, out);
  } else if (step == 1 && often) {
    minutes_words(c, out);
  } else if (step == 1 || (step && 24 % step == 0)) {
    buf_printf(out, step == 1 ? "every hour, " : "every %d hours, ", step);
    minutes_words(c, out);
  } else {
    minutes_words(c, out);
    buf_puts(out, count_bits(c->hours) == 1 ? " of the hour " : " of the hours ");
    list_words(out, c->hours, 23, NULL, 0);
  }
}

void cron_words(const struct cron *c, struct buf *out) {
  bool all_days = count_bits(c->days) == 31, all_weekdays = (c->weekdays & 0x7f) == 0x7f;
  bool often = every(c->hours, 0, 23) == 1 || every(c->minutes, 0, 59);
  time_words(c, out);
  if (all_days && all_weekdays && !often && !every(c->hours, 0, 23)) buf_puts(out, " every day");
  if (!all_days) {
    buf_puts(out, count_bits(c->days) == 1 ? " on day " : " on days ");
    list_words(out, c->days, 31, NULL, 0);
    buf_puts(out, count_bits(c->months) == 12 ? " of every month" : " of the month");
  }
  if (!all_weekdays) {
    buf_puts(out, all_days ? " on " : c->any_day || c->any_weekday ? ", if it is " : " and on ");
    uint32_t days = c->weekdays & 1 && c->weekdays & 1 << 6 ? c->weekdays & ~1u : c->weekdays & 0x7f;
    list_words(out, days, 7, day_names, 0); /* Sunday stands at the end of a weekend, else at the beginning */
  }
  if (count_bits(c->months) < 12) {
    buf_puts(out, " in ");
    list_words(out, c->months, 12, month_names, 1);
  }
}

/*
** zone.c - reads RFC 8536 (TZif) files.
**
** A file is one block of 32-bit times, which only old programs need, and from
** version 2 on a second one of 64-bit times with the same shape:
**
**   "TZif" version 15 zero bytes, six counts of 4 bytes:
**   isutcnt isstdcnt leapcnt timecnt typecnt charcnt
**   timecnt times | timecnt indexes of a type | typecnt types of 6 bytes (offset 4,
**   isdst 1, name 1) | charcnt | leapcnt records | isstdcnt | isutcnt
**   "\n" a rule as in POSIX's TZ "\n"
**
** Everything is big-endian. The rule ("CET-1CEST,M3.5.0,M10.5.0/3") is worked out
** into changes like those of the table, so that only one form is asked afterwards:
** changes in order of time, each with an offset unlike the one before it. */
#include "job/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"

enum { RULE_UNTIL = 2200, TIMES_MAX = 4096, TYPES_MAX = 256, OFFSET_MAX = 26 * 3600, NAME_MAX_BYTES = 64 };
#define ZONE_FILE_BYTES KIB(64)
#define SECOND INT64_C(1000000)
/* Beyond these, in seconds, nothing can be said in microseconds. */
#define EARLIEST (INT64_MIN / SECOND + 200000)
#define LATEST (INT64_MAX / SECOND - 200000)

struct change {
  int64_t at; /* UTC seconds */
  int32_t offset;
};

struct zone {
  char name[NAME_MAX_BYTES + 1];
  struct zone *next; /* in the list of those that were read */
  int32_t first;     /* offset before the first change */
  int count;
  struct change changes[];
};

/* ---- asking ---- */

static struct zone utc = { .name = "UTC" };
const struct zone *zone_utc(void) { return &utc; }

static int64_t seconds_of(int64_t us) { return us / SECOND - (us % SECOND < 0); }

/* How many changes lie at or before t. */
static int changes_until(const struct zone *z, int64_t t) {
  int low = 0, high = z->count;
  while (low < high) {
    int mid = (low + high) / 2;
    if (z->changes[mid].at <= t)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

struct zone_span zone_span_at(const struct zone *z, int64_t t) {
  int n = changes_until(z, seconds_of(t));
  struct zone_span s = { INT64_MIN, INT64_MAX, z->first, z->first };
  if (n > 0) {
    s.from = z->changes[n - 1].at * SECOND;
    s.offset = z->changes[n - 1].offset;
    s.before = n > 1 ? z->changes[n - 2].offset : z->first;
  }
  if (n < z->count) s.until = z->changes[n].at * SECOND;
  return s;
}

const char *zone_iso(char out[static ZONE_TIME_SIZE], const struct zone *z, int64_t t) {
  char iso[TIME_SIZE];
  int offset = zone_span_at(z, t).offset, off = offset < 0 ? -offset : offset;
  time_iso(iso, (seconds_of(t) + offset) * SECOND);
  iso[19] = 0; /* whole seconds */
  if (offset == 0 && z == &utc)
    snprintf(out, ZONE_TIME_SIZE, "%sZ", iso);
  else
    snprintf(out, ZONE_TIME_SIZE, "%s%c%02d:%02d", iso, offset < 0 ? '-' : '+', off / 3600, off / 60 % 60);
  return out;
}

/* ---- building ---- */

struct builder {
  struct ctx *cx;
  const char *name;
  struct str in;  /* what is left of the file */
  struct zone *z; /* with room for all changes */
  int room;
};

static int bad(struct builder *b, const char *what) {
  return fail(b->cx, E_INVALID, "zone", "the file of the time zone %.64s cannot be read: %s", b->name, what);
}

/* Adds a change unless nothing changes. One at the same instant replaces the one before. */
static void add_change(struct builder *b, int64_t at, int32_t offset) {
  struct zone *z = b->z;
  if (z->count && z->changes[z->count - 1].at >= at) z->count--;
  int32_t now = z->count ? z->changes[z->count - 1].offset : z->first;
  if (offset == now || z->count == b->room || at < EARLIEST || at > LATEST) return;
  z->changes[z->count++] = (struct change){ at, offset };
}

/* ---- the rule at the end ---- */

struct moment { /* of a year at which an offset begins: Mm.w.d/time, Jn/time or n/time */
  char kind;    /* 'M', 'J', '0' */
  int month, week, day;
  int64_t time; /* seconds of the wall before it */
};

struct rule {
  int32_t standard, summer;
  bool has_summer;
  struct moment begins, ends; /* of summer time */
};

static bool take_char(struct str *s, char c) {
  if (!s->n || *s->p != c) return false;
  s->p++, s->n--;
  return true;
}

static bool take_number(struct str *s, int most, int *out) {
  int v = 0, digits = 0;
  for (; s->n && *s->p >= '0' && *s->p <= '9' && digits < 4; s->p++, s->n--, digits++)
    v = v * 10 + (*s->p - '0');
  *out = v;
  return digits > 0 && v <= most;
}

static bool take_name(struct str *s) {
  size_t n = 0;
  if (take_char(s, '<')) {
    while (n < s->n && s->p[n] != '>') n++;
    if (n == s->n) return false;
    s->p += n + 1, s->n -= n + 1;
    return n > 0;
  }
  while (n < s->n && ((s->p[n] | 32) >= 'a' && (s->p[n] | 32) <= 'z')) n++;
  s->p += n, s->n -= n;
  return n >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct str *s, int hours, int64_t *out) {
  int h, m = 0, sec = 0;
  bool minus = take_char(s, '-');
  if (!minus) take_char(s, '+');
  if (!take_number(s, hours, &h)) return false;
  if (take_char(s, ':') && !take_number(s, 59, &m)) return false;
  if (take_char(s, ':') && !take_number(s, 59, &sec)) return false;
  *out = (int64_t)h * 3600 + m * 60 + sec;
  if (minus) *out = -*out;
  return true;
}

static bool take_moment(struct str *s, struct moment *m) {
  if (!take_char(s, ',')) return false;
  m->time = INT64_C(2) * 3600;
  if (take_char(s, 'M')) {
    m->kind = 'M';
    if (!take_number(s, 12, &m->month) || m->month < 1 || !take_char(s, '.')) return false;
    if (!take_number(s, 5, &m->week) || m->week < 1 || !take_char(s, '.')) return false;
    if (!take_number(s, 6, &m->day)) return false;
  } else {
    m->kind = take_char(s, 'J') ? 'J' : '0';
    if (!take_number(s, 365, &m->day) || (m->kind == 'J' && m->day < 1)) return false;
  }
  return !take_char(s, '/') || take_time(s, 167, &m->time);
}

static bool take_rule(struct str s, struct rule *r) {
  int64_t west;
  if (!take_name(&s) || !take_time(&s, 24, &west)) return false;
  r->standard = (int32_t)-west; /* POSIX counts to the west */
  r->has_summer = s.n > 0;
  if (!r->has_summer) return true;
  if (!take_name(&s)) return false;
  r->summer = r->standard + 3600;
  if (s.n && *s.p != ',') {
    if (!take_time(&s, 24, &west)) return false;
    r->summer = (int32_t)-west;
  }
  return take_moment(&s, &r->begins) && take_moment(&s, &r->ends) && s.n == 0;
}

static int weekday(int32_t days) {
  return (days % 7 + 7 + 4) % 7;
} /* 1970-01-01 was a Thursday, Sunday is 0 */

/* The wall time of a moment in a year, in seconds. */
static int64_t moment_of(const struct moment *m, int year) {
  int32_t day;
  if (m->kind == 'M') {
    int32_t first = date_days(year, m->month, 1);
    day = first + (m->day - weekday(first) + 7) % 7 + (m->week - 1) * 7;
    while (m->week == 5 && !date_valid(year, m->month, day - first + 1)) day -= 7;
  } else {
    day = date_days(year, 1, 1) + m->day;
    bool leap = date_valid(year, 2, 29);
    if (m->kind == 'J' && !(leap && m->day >= 60)) day--; /* Jn counts from 1 and never 29 February */
  }
  return day * INT64_C(86400) + m->time;
}

static void apply_rule(struct builder *b, const struct rule *r) {
  int64_t last = b->z->count ? b->z->changes[b->z->count - 1].at : EARLIEST;
  int year, month, day;
  if (!r->has_summer) {
    if (!b->z->count) b->z->first = r->standard;
    return;
  }
  int64_t from = last > 0 ? last : 0;
  if (from > date_days(RULE_UNTIL, 1, 1) * INT64_C(86400)) return;
  date_civil((int32_t)(from / 86400), &year, &month, &day);
  for (year--; year <= RULE_UNTIL; year++) {
    struct change c[2] = { { moment_of(&r->begins, year) - r->standard, r->summer },
                           { moment_of(&r->ends, year) - r->summer, r->standard } };
    int first = c[0].at <= c[1].at ? 0 : 1; /* in the south summer ends before it begins */
    for (int i = 0; i < 2; i++)
      if (c[first ^ i].at > last) add_change(b, c[first ^ i].at, c[first ^ i].offset);
  }
}

/* ---- the table ---- */

static int64_t big_endian(const char *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v = v << 8 | (unsigned char)p[i];
  return n == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

struct header {
  char version;
  int64_t isut, isstd, leap, times, types, chars;
};

enum { HEADER_BYTES = 44, TYPE_BYTES = 6 };

static int read_header(struct builder *b, struct header *h) {
  const char *p = b->in.p;
  if (b->in.n < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
    return bad(b, "it does not begin as such a file does");
  *h = (struct header){ .version = p[4] };
  int64_t *counts[] = { &h->isut, &h->isstd, &h->leap, &h->times, &h->types, &h->chars };
  for (int i = 0; i < 6; i++) *counts[i] = big_endian(p + 20 + (ptrdiff_t)4 * i, 4);
  for (int i = 0; i < 6; i++)
    if (*counts[i] < 0 || *counts[i] > TIMES_MAX) return bad(b, "a count is impossible");
  if (h->types < 1 || h->types > TYPES_MAX) return bad(b, "it has no type of local time");
  b->in.p += HEADER_BYTES, b->in.n -= HEADER_BYTES;
  return OK;
}

static size_t block_bytes(const struct header *h, int width) {
  return (size_t)(h->times * (width + 1) + h->types * TYPE_BYTES + h->chars + h->leap * (width + 4) +
                  h->isstd + h->isut);
}

static int read_block(struct builder *b, const struct header *h, int width) {
  const char *times = b->in.p, *indexes = times + h->times * width, *types = indexes + h->times;
  if (b->in.n < block_bytes(h, width)) return bad(b, "it is cut off");
  if (h->leap) return bad(b, "it counts leap seconds, as instants here do not");
  for (int64_t i = 0; i < h->types; i++) {
    int64_t offset = big_endian(types + i * TYPE_BYTES, 4);
    if (offset < -OFFSET_MAX || offset > OFFSET_MAX) return bad(b, "an offset is beyond a day");
  }
  b->z->first = (int32_t)big_endian(types, 4);
  for (int64_t i = 0; i < h->times; i++) {
    unsigned type = (unsigned char)indexes[i];
    int64_t at = big_endian(times + i * width, width);
    if (type >= h->types) return bad(b, "a change has no type");
    if (i > 0 && at <= big_endian(times + (i - 1) * width, width))
      return bad(b, "its changes are not in order");
    add_change(b, at, (int32_t)big_endian(types + (size_t)type * TYPE_BYTES, 4));
  }
  b->in.p += block_bytes(h, width), b->in.n -= block_bytes(h, width);
  return OK;
}

static int read_footer(struct builder *b) {
  struct rule rule = { 0 };
  const char *end;
  if (!take_char(&b->in, '\n') || !(end = memchr(b->in.p, '\n', b->in.n)))
    return bad(b, "its rule is missing");
  struct str text = { b->in.p, (size_t)(end - b->in.p) };
  if (text.n == 0) return OK; /* nothing is said of later years */
  if (!take_rule(text, &rule)) return bad(b, "its rule makes no sense");
  apply_rule(b, &rule);
  return OK;
}

static int read_all(struct builder *b) {
  struct header h;
  if (read_header(b, &h)) return b->cx->code;
  if (h.version == 0) return read_block(b, &h, 4);
  if (b->in.n < block_bytes(&h, 4)) return bad(b, "it is cut off");
  b->in.p += block_bytes(&h, 4), b->in.n -= block_bytes(&h, 4);
  if (read_header(b, &h) || read_block(b, &h, 8)) return b->cx->code;
  return read_footer(b);
}

int zone_parse(struct ctx *cx, const char *name, struct str bytes, struct zone **out) {
  struct builder b = { .cx = cx, .name = name, .in = bytes, .room = TIMES_MAX + 2 * RULE_UNTIL };
  b.z = xcalloc(1, sizeof *b.z + (size_t)b.room * sizeof *b.z->changes);
  str_copy(b.z->name, sizeof b.z->name, str_of(name));
  if (read_all(&b)) {
    free(b.z);
    return cx->code;
  }
  *out = xrealloc(b.z, sizeof *b.z + (size_t)b.z->count * sizeof *b.z->changes);
  return OK;
}

void zone_free(struct zone *z) { free(z); }

/* ---- finding ---- */

static bool is_name(const char *name) {
  size_t n = strlen(name);
  const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  return n > 0 && n <= NAME_MAX_BYTES && strspn(name, allowed) == n && name[0] != '/' && name[n - 1] != '/';
}

static const char *folder(void) {
  const char *dir = getenv("TZDIR");
  return dir && dir[0] == '/' ? dir : "/usr/share/zoneinfo";
}

static int read_file(struct ctx *cx, const char *name, struct buf *out) {
  const char *path = ctx_printf(cx, "%s/%s", folder(), name);
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  bool file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  for (char part[4096]; file && !out->full;) {
    ssize_t n = read(fd, part, sizeof part);
    if (n <= 0) break;
    buf_add(out, part, (size_t)n);
  }
  if (fd >= 0) close(fd);
  if (file) return OK;
  if (access(folder(), R_OK))
    return fail(cx, E_INVALID, "zone", "time zones cannot be read from %s (%s): install tzdata, or use UTC",
                folder(), strerror(errno));
  return fail(cx, E_INVALID, "zone", "there is no time zone %.64s; names look like Europe/Berlin or UTC",
              name);
}

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones; /* those that were read; never freed, so that pointers stay good */

static int load(struct ctx *cx, const char *name, const struct zone **out) {
  struct buf bytes;
  struct zone *z = NULL;
  buf_init(&bytes, ZONE_FILE_BYTES);
  int rc = read_file(cx, name, &bytes);
  if (!rc) rc = zone_parse(cx, name, buf_view(&bytes), &z);
  buf_clear(&bytes);
  if (rc) return rc;
  z->next = zones;
  *out = zones = z;
  return OK;
}

int zone_find(struct ctx *cx, const char *name, const struct zone **out) {
  int rc = OK;
  *out = &utc;
  if (!strcmp(name, "UTC")) return OK;
  if (!is_name(name))
    return fail(cx, E_INVALID, "zone",
                "'%.64s' is no name of a time zone; names look like Europe/Berlin or UTC", name);
  pthread_mutex_lock(&zones_lock);
  struct zone *z = zones;
  while (z && strcmp(z->name, name)) z = z->next;
  if (z)
    *out = z;
  else
    rc = load(cx, name, out);
  pthread_mutex_unlock(&zones_lock);
  return rc;
}

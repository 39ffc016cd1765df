/*
** parse.c - one event: from JSON to struct event, strictly.
**
** Millions of small objects come by here, so this is one pass of a scanner of its own
** (scan.h): nothing is copied unless a text has escapes or there are blanks between the
** tokens. What nests (a field of kind json, or a member that the topic does not know) is
** handed to the JSON reader as it is.
**
** Refused: what is no JSON by RFC 8259, text that is not UTF-8 or holds a zero character,
** a name that stands twice, more than LIMIT_JSON_DEPTH levels, more than EVENT_BYTES; an
** unknown type; a field that its type requires and that is missing, null or blank; a value that is
** not of its field's kind; a timestamp that is no instant. Whether it lies in the future
** is asked when it is published: that needs the tenant's clock.
**
** An envelope of CloudEvents (it has "specversion") is rare: it is taken apart by the JSON
** reader, written as a plain event, and read like any other.
*/
#include <stdio.h>

#include "base/time.h"
#include "event/internal.h"
#include "event/scan.h"

enum { NAME_ID, NAME_TYPE, NAME_TIME, NAME_FIELDS, MEMBERS_MOST = 64, KEY_PART_BYTES = 256 };
static const struct str NAMES[] = { { "eventId", 7 }, { "eventType", 9 }, { "timestamp", 9 } };

struct parse {
  struct scan scan;
  struct ctx *cx;
  const struct topic *topic;
  struct event *out;
  bool envelope;
  bool lenient;  /* it was taken once: what a topic asks may have changed since */
  uint32_t seen; /* a bit for each of the three names and the fields */
  struct str unknown[MEMBERS_MOST];
  int unknown_count;
};

static int not_json(struct parse *p) {
  return fail(p->cx, E_INVALID, NULL, "it is no JSON: %s, at byte %lld",
              p->scan.why ? p->scan.why : "unreadable", (long long)(p->scan.p - p->scan.from) + 1);
}

/* ---- values ---- */

static bool blank(struct str s) { return str_trim(s).n == 0; }

static int want(struct parse *p, const char *name, const char *what, struct str raw) {
  return fail(p->cx, E_INVALID, name, "%s has to be %s, not %.60s", name, what,
              ctx_strdup(p->cx, (struct str){ raw.p, raw.n < 60 ? raw.n : 60 }));
}

static const char *name_of(struct parse *p, int i) {
  return i < NAME_FIELDS ? NAMES[i].p : p->topic->fields[i - NAME_FIELDS].name.p;
}

/* What nests: by the JSON reader, which knows depth and names that stand twice. */
static int read_nested(struct parse *p, const char *name, struct str raw) {
  char why[160];
  struct jv *v = jv_parse_raw(raw, why, sizeof why);
  if (!v) return fail(p->cx, E_INVALID, name, "%s: %s", name, why);
  jv_free(v);
  return OK;
}

static int read_text(struct parse *p, const char *name, char first, struct str *out) {
  struct str raw;
  if (first == '"') return scan_string(&p->scan, out) ? OK : not_json(p);
  if (!scan_raw(&p->scan, &raw)) return not_json(p);
  return want(p, name, "a text", raw);
}

static int read_number(struct parse *p, const char *name, int scale, struct event_value *out) {
  const char *why;
  struct str raw;
  if (!scan_raw(&p->scan, &raw)) return not_json(p);
  if (raw.p[0] != '-' && (raw.p[0] < '0' || raw.p[0] > '9')) return want(p, name, "a number", raw);
  if (!scan_decimal(raw, scale, &out->number, &why))
    return fail(p->cx, E_INVALID, name, "%s %s: %.60s", name, why, ctx_strdup(p->cx, raw));
  out->text = raw;
  return OK;
}

static int read_instant(struct parse *p, const char *name, char first, struct str *text, int64_t *out) {
  if (read_text(p, name, first, text)) return p->cx->code;
  if (time_parse_zoned(*text, out)) return OK;
  return want(p, name, "an instant with its zone, such as 2024-01-01T00:00:00Z", *text);
}

static int read_boolean(struct parse *p, const char *name, struct event_value *out) {
  if (!scan_raw(&p->scan, &out->text)) return not_json(p);
  out->number = str_eq(out->text, STR("true"));
  return out->number || str_eq(out->text, STR("false")) ? OK : want(p, name, "true or false", out->text);
}

static int read_json(struct parse *p, const char *name, char first, struct event_value *out) {
  if (!scan_raw(&p->scan, &out->text)) return not_json(p);
  return first == '{' || first == '[' ? read_nested(p, name, out->text) : OK;
}

static int read_field(struct parse *p, const struct event_field *f, char first) {
  struct event_value *v = &p->out->value[f - p->topic->fields];
  const char *name = f->name.p;
  switch (f->kind) {
  case EVENT_TEXT: return read_text(p, name, first, &v->text);
  case EVENT_DECIMAL: return read_number(p, name, 4, v);
  case EVENT_INTEGER: return read_number(p, name, 0, v);
  case EVENT_INSTANT: return read_instant(p, name, first, &v->text, &v->number);
  case EVENT_BOOLEAN: return read_boolean(p, name, v);
  case EVENT_JSON: return read_json(p, name, first, v);
  }
  return OK;
}

static int read_value(struct parse *p, int i, char first) {
  struct str text;
  struct event *e = p->out;
  switch (i) {
  case NAME_ID: return read_text(p, "eventId", first, &e->id);
  case NAME_TYPE: return read_text(p, "eventType", first, &e->type);
  case NAME_TIME: return read_instant(p, "timestamp", first, &text, &e->at);
  default: return read_field(p, &p->topic->fields[i - NAME_FIELDS], first);
  }
}

/* ---- members ---- */

static int known_name(const struct topic *t, struct str name) {
  for (int i = 0; i < NAME_FIELDS; i++)
    if (str_eq(name, NAMES[i])) return i;
  for (int i = 0; i < t->field_count; i++)
    if (str_eq(name, t->fields[i].name)) return NAME_FIELDS + i;
  return -1;
}

static int twice(struct parse *p, struct str name) {
  return fail(p->cx, E_INVALID, NULL, "the name %.60s stands twice in it",
              ctx_strdup(p->cx, (struct str){ name.p, name.n < 60 ? name.n : 60 }));
}

/* A member that the topic does not know: it is kept, and must be right by itself. */
static int read_unknown(struct parse *p, struct str name, char first) {
  struct str raw;
  for (int i = 0; i < p->unknown_count; i++)
    if (str_eq(p->unknown[i], name)) return twice(p, name);
  if (p->unknown_count == MEMBERS_MOST)
    return fail(p->cx, E_INVALID, NULL, "it has more than %d members that the topic does not know",
                MEMBERS_MOST);
  p->unknown[p->unknown_count++] = name;
  if (str_eq(name, STR("specversion"))) p->envelope = true;
  if (!scan_raw(&p->scan, &raw)) return not_json(p);
  return first == '{' || first == '[' ? read_nested(p, ctx_strdup(p->cx, name), raw) : OK;
}

static int read_member(struct parse *p) {
  struct str name, raw;
  char first;
  if (!scan_string(&p->scan, &name) || !scan_char(&p->scan, ':') || !scan_peek(&p->scan, &first))
    return not_json(p);
  int i = known_name(p->topic, name);
  if (i < 0) return read_unknown(p, name, first);
  if (p->seen & UINT32_C(1) << i) return twice(p, name);
  p->seen |= UINT32_C(1) << i;
  if (first != 'n') {
    int rc = read_value(p, i, first);
    if (!rc || !p->lenient) return rc;
    ctx_forgive(p->cx);
    if (i >= NAME_FIELDS) p->out->value[i - NAME_FIELDS] = (struct event_value){ { NULL, 0 }, 0 };
    return OK;
  }
  return scan_raw(&p->scan, &raw) ? OK : not_json(p); /* null: as if it were not there */
}

static int read_members(struct parse *p) {
  char c;
  if (!scan_char(&p->scan, '{') || !scan_peek(&p->scan, &c)) return not_json(p);
  while (c != '}') {
    if (read_member(p)) return p->cx->code;
    if (!scan_peek(&p->scan, &c)) return not_json(p);
    if (c == '}') break;
    if (!scan_char(&p->scan, ',')) return not_json(p);
  }
  p->scan.p++;
  return scan_end(&p->scan) ? OK : not_json(p);
}

/* ---- what the topic asks ---- */

static int unknown_type(struct parse *p) {
  struct buf names;
  buf_init(&names, 300);
  for (int i = 0; i < p->topic->type_count; i++)
    buf_printf(&names, "%s%s", i ? ", " : "", p->topic->types[i].name.p);
  fail(p->cx, E_INVALID, "eventType", "eventType %.60s is unknown; topic %s takes %s",
       ctx_strdup(p->cx, p->out->type), p->topic->name, names.n ? names.p : "nothing");
  buf_clear(&names);
  return p->cx->code;
}

static int check_required(struct parse *p, const struct event_type *type) {
  for (int i = 0; i < p->topic->field_count; i++) {
    const struct event_field *f = &p->topic->fields[i];
    struct str text = p->out->value[i].text;
    if (!(type->required & UINT32_C(1) << i)) continue;
    if (!text.p) return fail(p->cx, E_INVALID, f->name.p, "%s is missing", f->name.p);
    if (f->kind == EVENT_TEXT && blank(text))
      return fail(p->cx, E_INVALID, f->name.p, "%s is empty", f->name.p);
  }
  return OK;
}

static int check(struct parse *p) {
  const struct topic *t = p->topic;
  struct event *e = p->out;
  if (!e->id.p || blank(e->id)) return fail(p->cx, E_INVALID, "eventId", "eventId is missing");
  if (e->id.n > EVENT_ID_BYTES)
    return fail(p->cx, E_INVALID, "eventId", "eventId is longer than %d bytes", EVENT_ID_BYTES);
  if (!e->type.p) return fail(p->cx, E_INVALID, "eventType", "eventType is missing");
  int i = 0;
  while (i < t->type_count && !str_eq(t->types[i].name, e->type)) i++;
  if (i == t->type_count) return unknown_type(p);
  if (check_required(p, &t->types[i])) return p->cx->code;
  if (e->at == INT64_MIN) return fail(p->cx, E_INVALID, "timestamp", "timestamp is missing");
  return OK;
}

/* The key fields, joined by '/'. One alone, or none, is not copied. */
static int make_key(struct parse *p) {
  const struct topic *t = p->topic;
  struct event *e = p->out;
  size_t n = 0;
  for (int i = 0; i < t->key_count; i++) {
    const struct str part = e->value[t->keys[i]].text;
    if (part.n > KEY_PART_BYTES)
      return fail(p->cx, E_INVALID, name_of(p, NAME_FIELDS + t->keys[i]), "%s is longer than %d bytes",
                  name_of(p, NAME_FIELDS + t->keys[i]), KEY_PART_BYTES);
    n += part.n + 1;
  }
  char *to = ctx_alloc(p->cx, n + 1);
  e->key = (struct str){ to, 0 };
  for (int i = 0; i < t->key_count; i++) {
    const struct str part = e->value[t->keys[i]].text;
    if (i) *to++ = '/';
    if (part.n) memcpy(to, part.p, part.n);
    to += part.n;
  }
  e->key.n = (size_t)(to - e->key.p);
  e->partition = (int)(crc32_of(0, e->key.p, e->key.n) % (uint32_t)t->partitions);
  return OK;
}

/* ---- envelopes ---- */

static int same_or_absent(struct parse *p, const struct jv *data, const char *name,
                          const struct jv *attribute) {
  const struct jv *v = jv_get(data, name);
  if (v && !str_eq(jv_text(v), jv_text(attribute)))
    return fail(p->cx, E_INVALID, name, "%s in data is not what the envelope says", name);
  return OK;
}

/* {"specversion":"1.0","id":..,"type":..,"time":..,"data":{..}} -> {"eventId":..,"eventType":..,..} */
static int unwrap(struct parse *p, struct str json, struct str *out) {
  static const char *const attribute[] = { "id", "type", "time" };
  struct jv *root, *data;
  struct buf plain;
  struct jw w;
  if (jv_parse(p->cx, json, &root)) return p->cx->code;
  data = jv_get(root, "data");
  if (!str_eq(jv_text(jv_get(root, "specversion")), STR("1.0")))
    return fail(p->cx, E_INVALID, "specversion", "specversion has to be \"1.0\", that of CloudEvents");
  if (jv_kind(data) != JV_OBJECT)
    return fail(p->cx, E_INVALID, "data", "data has to be an object; data_base64 is not read");
  jw_begin(&w, &plain, EVENT_BYTES * 2);
  for (int i = 0; i < NAME_FIELDS; i++) {
    const struct jv *v = jv_get(root, attribute[i]);
    if (!v && i == NAME_TIME) v = jv_get(data, NAMES[i].p);
    if (jv_kind(v) != JV_STRING)
      fail(p->cx, E_INVALID, attribute[i], "%s is missing in the envelope", attribute[i]);
    if (p->cx->code || same_or_absent(p, data, NAMES[i].p, v)) break;
    jw_str(&w, NAMES[i].p, jv_text(v));
  }
  for (void *it = jv_first(data); it && !p->cx->code; it = jv_next(data, it)) {
    struct buf value;
    if (str_eq(jv_key(it), STR("eventId")) || str_eq(jv_key(it), STR("eventType")) ||
        str_eq(jv_key(it), STR("timestamp")))
      continue;
    buf_init(&value, EVENT_BYTES);
    jv_write(&value, jv_value(it));
    jw_raw(&w, ctx_strdup(p->cx, jv_key(it)), buf_view(&value));
    buf_clear(&value);
  }
  jw_close(&w, '}');
  out->p = ctx_strdup(p->cx, buf_view(&plain));
  out->n = plain.n;
  buf_clear(&plain);
  return p->cx->code;
}

/* ---- one event ---- */

static int too_long(struct ctx *cx, struct str json) {
  return fail(cx, E_INVALID, NULL, "it is too long: %zu bytes, at most %d", json.n, EVENT_BYTES);
}

static int read_plain(struct parse *p, struct str json) {
  struct event *e = p->out;
  e->at = INT64_MIN;
  scan_init(&p->scan, p->cx, json);
  if (read_members(p)) return p->cx->code;
  if (p->envelope) return OK;
  e->body = p->scan.loose ? scan_compact(p->cx, json) : json;
  return check(p) || make_key(p) ? p->cx->code : OK;
}

static int parse(struct ctx *cx, const struct topic *t, struct str json, struct event *out) {
  struct parse p = { .cx = cx, .topic = t, .out = out };
  struct str trimmed = str_trim(json), plain = { NULL, 0 };
  if (t->changes)
    return fail(cx, E_INVALID, NULL, "topic %s reads the change log; nothing is published to it", t->name);
  if (trimmed.n > EVENT_BYTES) return too_long(cx, trimmed);
  if (read_plain(&p, trimmed)) return cx->code;
  if (!p.envelope) return OK;
  struct parse inner = { .cx = cx, .topic = t, .out = out };
  if (unwrap(&p, trimmed, &plain)) return cx->code;
  *out = (struct event){ .outcome = EVENT_READ, .body = json };
  if (plain.n > EVENT_BYTES) return too_long(cx, plain);
  return read_plain(&inner, plain);
}

int event_parse(struct ctx *cx, const struct topic *t, struct str json, struct event *out) {
  *out = (struct event){ .outcome = EVENT_READ, .body = json };
  if (!parse(cx, t, json, out)) return OK;
  out->outcome = EVENT_REFUSED;
  out->why = ctx_strdup(cx, str_of(cx->message));
  return cx->code;
}

int event_reread(struct ctx *cx, const struct topic *t, struct str body, struct event *out) {
  struct parse p = { .cx = cx, .topic = t, .out = out, .lenient = true };
  struct event *e = out;
  e->id = e->type = e->key = (struct str){ NULL, 0 };
  memset(e->value, 0, sizeof *e->value * (size_t)t->field_count);
  scan_init(&p.scan, cx, body);
  e->body = body;
  return read_members(&p) || make_key(&p) ? cx->code : OK;
}

static int read_brief_member(struct parse *p) {
  struct str name, raw;
  char first;
  if (!scan_string(&p->scan, &name) || !scan_char(&p->scan, ':') || !scan_peek(&p->scan, &first))
    return not_json(p);
  for (int i = 0; i < NAME_FIELDS; i++) {
    if (!str_eq(name, NAMES[i])) continue;
    p->seen |= UINT32_C(1) << i;
    return read_value(p, i, first);
  }
  return scan_raw(&p->scan, &raw) ? OK : not_json(p);
}

int event_reread_brief(struct ctx *cx, const struct topic *t, struct str body, struct event *out) {
  const uint32_t all = (UINT32_C(1) << NAME_FIELDS) - 1;
  struct parse p = { .cx = cx, .topic = t, .out = out };
  char c = 0;
  out->id = out->type = out->key = (struct str){ NULL, 0 };
  scan_init(&p.scan, cx, body);
  out->body = body;
  if (!scan_char(&p.scan, '{')) return not_json(&p);
  while (p.seen != all && c != '}') {
    if (read_brief_member(&p)) return cx->code;
    if (!scan_peek(&p.scan, &c)) return not_json(&p);
    if (c == ',') p.scan.p++;
  }
  return OK;
}

#include "replicate/net.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "replicate/merkle.h"

enum { CELL_SEQ, CELL_UNIT = 4, CELL_TABLE = 6, CELL_KEY, CELL_BEFORE, CELL_AFTER, CELL_STAMP = 13, CELLS };

/* What happened to one record so far. Stamps of its properties, then of deleted_at and updated_at; 0: not changed. */
struct change_of {
  int entity;
  const char *key;
  int64_t first_seq, last_seq, created, latest;
  int64_t *stamps;
  size_t after; /* of the last entry, in the section */
  bool over;    /* headquarters' word came in between: what follows is another change */
  bool more;    /* there is another one of this record */
};

struct collector {
  struct ctx *cx;
  const struct entity **entities; /* by the order in which they were met */
  int entity_count;
  struct change_of **changes;
  size_t count, room;
  struct map places; /* of the change of a table and key, from 1 */
  struct buf name, table;
  const struct entity *entity; /* of that table; NULL: there is none */
  bool decided;
};

/* ---- members of an object of the log ---- */

struct member {
  struct str name, value; /* as they are written; the name without quotes */
};

static size_t string_end(struct str s, size_t i) {
  for (i++; i < s.n && s.p[i] != '"'; i++)
    if (s.p[i] == '\\') i++;
  return i + 1;
}

static size_t value_end(struct str s, size_t i) {
  for (int depth = 0; i < s.n;) {
    char c = s.p[i];
    if (c == '"') {
      i = string_end(s, i);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return i;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    i++;
  }
  return s.n;
}

static bool is_object(struct str text) {
  return text.n >= 2 && text.p[0] == '{' && text.p[text.n - 1] == '}';
}

/* The next of an object that the log composed: compact, no name has an escape. *at begins at 1. One that nothing ends is none: the
** file may be damaged. */
static bool next_member(struct str object, size_t *at, struct member *m) {
  size_t i = *at;
  if (i >= object.n || object.p[i] != '"') return false;
  size_t end = string_end(object, i);
  if (end >= object.n || object.p[end] != ':') return false;
  m->name = (struct str){ object.p + i + 1, end - i - 2 };
  size_t last = value_end(object, end + 1);
  if (last >= object.n) return false;
  m->value = (struct str){ object.p + end + 1, last - end - 1 };
  *at = last + 1;
  return true;
}

struct str log_value(struct str object, size_t *at, struct str name) {
  struct member m;
  for (int round = 0; round < 2; round++) {
    while (next_member(object, at, &m))
      if (str_eq(m.name, name)) return m.value;
    *at = 1;
  }
  return STR("null");
}

/* ---- one entry ---- */

enum { MORE_STAMPS = 2 };

/* Where a member's stamp stands; -1: it has none. */
static int place_of(const struct entity *e, struct str name) {
  if (str_eq(name, STR("deleted_at"))) return e->property_count;
  if (str_eq(name, STR("updated_at"))) return e->property_count + 1;
  return entity_property(e, name);
}

static void note_changes(const struct entity *e, struct change_of *c, struct str before, struct str after,
                         int64_t stamp) {
  struct member m;
  size_t there = 1;
  for (size_t at = 1; next_member(after, &at, &m);) {
    int place = place_of(e, m.name);
    if (place >= 0 && !str_eq(m.value, log_value(before, &there, m.name))) c->stamps[place] = stamp;
  }
}

static int entity_place(struct collector *k, const struct entity *e) {
  for (int i = 0; i < k->entity_count; i++)
    if (k->entities[i] == e) return i;
  k->entities[k->entity_count++] = e;
  return k->entity_count - 1;
}

/* Entries of one table stand together. */
static void find_entity(struct collector *k, struct str table) {
  if (str_eq(buf_view(&k->table), table)) return;
  buf_reset(&k->table);
  buf_str(&k->table, table);
  k->entity = entity_of_table(buf_view(&k->table).p);
}

static struct str name_of(struct collector *k, struct str key) {
  buf_reset(&k->name);
  buf_str(&k->name, buf_view(&k->table));
  buf_char(&k->name, ' ');
  buf_str(&k->name, key);
  return buf_view(&k->name);
}

static struct change_of *change_find(struct collector *k, const struct entity *e, struct str key) {
  bool added;
  uint64_t *place = map_put(&k->places, name_of(k, key), &added);
  struct change_of *before = added ? NULL : k->changes[*place - 1];
  if (before && !before->over) return before;
  if (before) before->more = true;
  if (k->count == k->room) {
    k->room = k->room ? 2 * k->room : 256;
    k->changes = xrealloc(k->changes, k->room * sizeof *k->changes);
  }
  struct change_of *c = ctx_alloc(k->cx, sizeof *c);
  c->more = before != NULL;
  c->entity = entity_place(k, e);
  c->key = ctx_strdup(k->cx, key);
  c->stamps = ctx_alloc(k->cx, ((size_t)e->property_count + MORE_STAMPS) * sizeof *c->stamps);
  *place = k->count + 1;
  k->changes[k->count++] = c;
  return c;
}

/* An entry that came from headquarters is no change of ours, but ours go on from it. */
static void close_change(struct collector *k, struct str key) {
  const uint64_t *place = map_get(&k->places, name_of(k, key));
  if (place) k->changes[*place - 1]->over = true;
}

static bool goes_up(const struct entity *e) { return e && (e->sync == SYNC_UP || e->sync == SYNC_BOTH); }

static int take_entry(struct collector *k, const struct str cells[static CELLS], size_t after) {
  int64_t seq, stamp;
  if (!cells[CELL_TABLE].p || !cells[CELL_KEY].p || !cells[CELL_AFTER].p) return OK;
  find_entity(k, cells[CELL_TABLE]);
  if (str_starts(cells[CELL_UNIT], STR("hq:"))) {
    close_change(k, cells[CELL_KEY]);
    return OK;
  }
  const struct entity *e = k->entity;
  k->decided = k->decided || str_eq(cells[CELL_TABLE], STR("sync_conflicts"));
  if (!goes_up(e)) return OK;
  if (!is_object(cells[CELL_AFTER]) || (cells[CELL_BEFORE].p && !is_object(cells[CELL_BEFORE])))
    return fail(k->cx, E_INVALID, "change_log",
                "an entry of the log has no whole record: " STR_FMT " " STR_FMT, STR_ARG(cells[CELL_TABLE]),
                STR_ARG(cells[CELL_KEY]));
  if (!str_to_int(cells[CELL_SEQ], &seq) || !str_to_int(cells[CELL_STAMP], &stamp))
    return fail(k->cx, E_INVALID, "change_log", "an entry of the log has no number");
  struct change_of *c = change_find(k, e, cells[CELL_KEY]);
  if (!c->first_seq) c->first_seq = seq;
  c->last_seq = seq;
  c->after = after;
  c->latest = stamp;
  if (cells[CELL_BEFORE].p)
    note_changes(e, c, cells[CELL_BEFORE], cells[CELL_AFTER], stamp);
  else
    c->created = stamp;
  return OK;
}

/* ---- what it comes to ---- */

/* No name of a property has anything that COPY would take for something else. */
static void write_mark(struct buf *out, char before, const char *name, int64_t stamp, int64_t origin) {
  buf_char(out, before);
  buf_char(out, '"');
  buf_puts(out, name);
  buf_puts(out, "\":[");
  buf_int(out, stamp);
  buf_char(out, ',');
  buf_int(out, origin);
  buf_char(out, ']');
}

static void write_marks(struct buf *out, const struct entity *e, const struct change_of *c, int64_t origin) {
  char before = '{';
  if (c->created) write_mark(out, before, "", c->created, origin), before = ',';
  for (int i = 0; i < e->property_count + MORE_STAMPS; i++) {
    if (!c->stamps[i]) continue;
    const char *name = i < e->property_count    ? e->properties[i].name
                       : i == e->property_count ? "deleted_at"
                                                : "updated_at";
    write_mark(out, before, name, c->stamps[i], origin);
    before = ',';
  }
  buf_puts(out, before == '{' ? "{}\t" : "}\t");
}

static void write_change(struct net_entity *n, const struct change_of *c, int64_t origin) {
  const struct entity *e = n->entity;
  cell_text(&n->copy, str_of(c->key));
  cell_int(&n->copy, c->first_seq);
  cell_int(&n->copy, c->last_seq);
  cell_int(&n->copy, c->latest);
  if (c->created == c->latest)
    cell_null(&n->copy);
  else
    write_marks(&n->copy, e, c, origin);
  cell_bool(&n->copy, c->created != 0);
  cell_bool(&n->copy, !c->more);
  n->copy.p[n->copy.n - 1] = '\n';
  n->afters[n->rows++] = c->after;
  if (c->more) return;
  n->alone++;
  if (c->created) n->fresh++;
}

static void clear_copies(void *arg) {
  struct net *net = arg;
  for (int i = 0; i < net->count; i++) buf_clear(&net->entities[i].copy);
}

static int by_table(const void *a, const void *b) {
  const struct net_entity *x = a, *y = b;
  return strcmp(x->entity->table, y->entity->table);
}

static void write_all(struct collector *k, int64_t origin, struct net *out) {
  struct net *kept = ctx_alloc(k->cx, sizeof *kept);
  kept->count = k->entity_count;
  kept->entities = ctx_alloc(k->cx, ((size_t)k->entity_count + 1) * sizeof *kept->entities);
  size_t *rows = ctx_alloc(k->cx, ((size_t)k->entity_count + 1) * sizeof *rows);
  for (size_t i = 0; i < k->count; i++) rows[k->changes[i]->entity]++;
  for (int i = 0; i < k->entity_count; i++) {
    kept->entities[i].entity = k->entities[i];
    kept->entities[i].afters = ctx_alloc(k->cx, (rows[i] + 1) * sizeof *kept->entities[i].afters);
    buf_init(&kept->entities[i].copy, BATCH_BYTES_MOST);
  }
  ctx_defer(k->cx, clear_copies, kept);
  for (size_t i = 0; i < k->count; i++)
    write_change(&kept->entities[k->changes[i]->entity], k->changes[i], origin);
  qsort(kept->entities, (size_t)kept->count, sizeof *kept->entities, by_table);
  *out = *kept;
  for (int i = 0; i < out->count; i++)
    if (out->entities[i].copy.full)
      fail(k->cx, E_LIMIT, "change_log", "changes of %s are too many for one batch",
           out->entities[i].entity->table);
}

/* *after: where that cell begins. */
static bool read_line(struct str line, struct buf plain[static CELLS], struct str cells[static CELLS],
                      size_t *after) {
  size_t at = 0;
  for (int i = 0; i < CELLS; i++) {
    if (i == CELL_AFTER) *after = at;
    if (!copy_value(line, &at, &plain[i], &cells[i])) return false;
  }
  return true;
}

static int read_log(struct collector *k, const struct up_section *log) {
  struct buf plain[CELLS];
  struct str cells[CELLS], copy = buf_view(&log->copy);
  for (int i = 0; i < CELLS; i++) buf_init(&plain[i], BATCH_BYTES_MOST);
  for (size_t at = 0, after = 0; at < copy.n && !k->cx->code;) {
    const char *end = memchr(copy.p + at, '\n', copy.n - at);
    struct str line = { copy.p + at, end ? (size_t)(end - copy.p) - at : 0 };
    if (!end || !read_line(line, plain, cells, &after))
      fail(k->cx, E_INVALID, "change_log", "an entry of the log cannot be read");
    else
      take_entry(k, cells, at + after);
    at += line.n + 1;
  }
  for (int i = 0; i < CELLS; i++) buf_clear(&plain[i]);
  return k->cx->code;
}

int net_make(struct ctx *cx, const struct up_section *log, int64_t origin, struct net *out) {
  struct collector k = { .cx = cx };
  int known = 0;
  while (entity_at(known)) known++;
  k.entities = ctx_alloc(cx, ((size_t)known + 1) * sizeof *k.entities);
  map_init(&k.places);
  buf_init(&k.name, 1 << 20);
  buf_init(&k.table, 1 << 20);
  if (!read_log(&k, log)) write_all(&k, origin, out);
  out->decided = k.decided;
  map_clear(&k.places);
  buf_clear(&k.name);
  buf_clear(&k.table);
  free(k.changes);
  return cx->code;
}

bool net_after(const struct up_section *log, size_t at, struct buf *plain, struct str *after) {
  return copy_value(buf_view(&log->copy), &at, plain, after) && after->p;
}

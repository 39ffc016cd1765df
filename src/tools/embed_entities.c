/*
** embed_entities.c - a host program of the build: what an entity is, from
** sql/entity/NAME.entity. Never linked into the binary.
**
**   embed_entities OUT_DIR FILE...
**
** writes OUT_DIR/entities.c, the descriptors of model/entity.h, and
** OUT_DIR/entities.sql, their tables as parts of migrations (embed_sql joins them).
**
** A file looks like this; "#" begins a comment line:
**
**   entity   stock_item            its name, that of the file
**   table    stock_items
**   since    11                    the migration that makes its table; "by hand" when a
**                                  released one did
**   help     something that is kept in stock
**   access   stock                 the permission that it takes: model/permission.h lists them
**   path     stock-items           its own address, /api/stock-items; without: /api/records/stock_item alone
**   order    category, -sku        how lists are sorted; - is downwards. Else by id
**   search   sku, name             where lists search. Else in all texts
**   sync     both                  which way its records go: up to headquarters (what holds without the
**                                  line), down from there, both, or none
**
**   sku        text required unique max 64      its code, such as LAPTOP-001
**   unit_cost  decimal 4 min 0 merge review     what one costs
**   method     choice eoq|min_max default eoq   how much is ordered
**   supplier   reference stock_supplier         who delivers it
**   note       text since 16                    came later, in migration 16
**   unique     category, name                   one record of these together
**
** Kinds: text, integer, decimal N, boolean, day, instant, json, choice a|b,
** reference ENTITY. Words after the kind, in any order: required, unique, cascade (of a reference:
** what refers to a record is deleted with it, and restored with it), unindexed (of a reference: who refers to
** a record is asked so seldom that an index would cost more than it gives), email (of a text: who gives one gives an address), min N,
** max N (of a text: characters), default V ("V" with blanks), since N, until N, and what becomes of
** changes of both sides that did not know of each other: the latest holds, merge delta (of a number that is never empty: they
** add up), merge review (a person decides). No entity of ours has a number that people count up and down: stock moves in its ledger
** alone, which adds up by itself, and reorder points, limits and prices are what somebody decided. The rest of the line is the help sentence. `unique` means among records that are not deleted.
** A property with a default is never empty. A required one that came later has one.
**
** The text of a migration depends on the lines of its number only, so a line that was
** released is not edited, except for its help. One whose choices, min or max change
** later stays, says until when, and the new one follows:
**
**   method     choice eoq|min_max default eoq until 16         how much is ordered
**   method     choice eoq|min_max|fixed default eoq since 16   how much is ordered
**
** That is why choices, min and max are kept by triggers of the table, which a migration
** can exchange, and only what follows from the kind is kept by its columns.
**
** A reference that came with migration 15 or later is a foreign key, too: that no row stands
** behind it is refused by the table itself. Those before are kept by the door alone, and verify
** looks at all of them.
**
** A table that came with migration 17 or later has no trigger for rows that are added. Before a statement that may fire
** one changes a page of 32 KiB, SQLite copies it, to be able to undo the statement alone: a fifth of the time of adding
** a record. The door looks at choices, min and max all the same, and what came past it is found by verify.
*/
#include "tools/host.h"

enum {
  MAX_ENTITIES = 256,
  MAX_LINES = 256,
  MAX_PROPERTIES = 48, /* a function of SQLite takes 127 arguments, json_object two for each */
  MAX_KEYS = 8,
  MAX_PARTS = 8,
  MAX_SCALE = 9,
  FOREIGN_KEYS_SINCE = 15, /* what was released before has none */
  ADDED_FREELY_SINCE = 17  /* see above */
};

static const char *const kind_names[] = { "text",    "integer", "decimal", "boolean",   "day",
                                          "instant", "json",    "choice",  "reference", NULL };
enum kind { TEXT, INTEGER, DECIMAL, BOOLEAN, DAY, INSTANT, JSON, CHOICE, REFERENCE };

struct property {
  int line, scale, since, until; /* since: 0 as the entity; until: 0 now */
  int born;                      /* since when there is its column */
  bool follows;                  /* upon a line of the same property */
  enum kind kind;
  bool required, unique, searched, cascade, unindexed, email;
  const char *name, *choices, *reference, *help;
  const char *min, *max, *otherwise; /* as written; NULL without */
  const char *merge;                 /* "DELTA", "REVIEW" or NULL */
};

struct key {
  int line, count;
  const struct property *of[MAX_PARTS];
};

struct entity {
  const char *path, *name, *table, *help, *order, *search;
  const char *address, *access, *sync;
  struct property properties[MAX_LINES]; /* in the order of the file, also those that held once */
  struct key keys[MAX_KEYS];
  int property_count, key_count;
  int line, since, order_line, search_line, address_line, access_line, sync_line;
  bool by_hand;
};

static struct entity entities[MAX_ENTITIES];
static int entity_count;

/* ---- words of a line ---- */

/* The same, if a number follows: else it begins a sentence. */
static bool takes_number(char **rest, const char *what) {
  char *before = *rest;
  if (takes(rest, what) && isdigit((unsigned char)(*rest)[strspn(*rest, " \t")])) return true;
  *rest = before;
  return false;
}

/* "merge delta" and "merge review"; "merge" alone begins a sentence. NULL when it is something else. */
static const char *takes_merge(char **rest) {
  char *before = *rest;
  if (takes(rest, "merge") && takes(rest, "delta")) return "DELTA";
  *rest = before;
  if (takes(rest, "merge") && takes(rest, "review")) return "REVIEW";
  *rest = before;
  return NULL;
}

static int small_number(const struct entity *e, int line, const char *what, const char *text, int most) {
  int n = text && is_digits(text) && strlen(text) < 6 ? (int)strtol(text, NULL, 10) : 0;
  if (n >= 1 && n <= most) return n;
  complain(e->path, line, "%s takes a number from 1 to %d, not \"%s\"", what, most, text ? text : "");
  return 1;
}

/* Digits with a sign and, for a decimal, up to `scale` of them behind a point: that
** number in units of 10^-scale, as text. NULL when it is not one. */
static char *scaled(const char *text, int scale) {
  const char *digits = text + (*text == '-'), *point = strchr(digits, '.');
  size_t whole = point ? (size_t)(point - digits) : strlen(digits), part = point ? strlen(point + 1) : 0;
  if (whole == 0 || whole + (size_t)scale > 18 || part > (size_t)scale || (point && part == 0)) return NULL;
  if (strspn(digits, "0123456789") != whole || (point && !is_digits(point + 1))) return NULL;
  char *out = need(malloc(24));
  long long v = strtoll(digits, NULL, 10);
  for (int i = 0; i < scale; i++) v = v * 10 + ((size_t)i < part ? point[1 + i] - '0' : 0);
  snprintf(out, 24, "%s%lld", *text == '-' && v ? "-" : "", v);
  return out;
}

/* ---- names ---- */

/* What every record has; lists can be sorted by it. */
static const char *const stamps[] = { "id",         "version",    "created_at", "created_by", "updated_at",
                                      "updated_by", "deleted_at", "deleted_by", NULL };

static bool good_name(const struct entity *e, int line, const char *name) {
  if (!is_name(name))
    complain(e->path, line, "\"%s\" is not a name: it must be made of a-z, 0-9 and _", name);
  else if (index_in(stamps, name) >= 0)
    complain(e->path, line, "\"%s\" cannot be a name: every record has that already", name);
  else if (is_sql_word(name))
    complain(e->path, line, "\"%s\" cannot be a name: it is a word of SQL", name);
  else
    return true;
  return false;
}

/* As it is now. */
static struct property *property_find(struct entity *e, const char *name) {
  for (int i = 0; i < e->property_count; i++)
    if (!e->properties[i].until && is(e->properties[i].name, name)) return &e->properties[i];
  return NULL;
}

/* How many of those that hold now stand before a line: its place in the descriptor. */
static int now_count(const struct entity *e, const struct property *end) {
  int n = 0;
  for (const struct property *p = e->properties; p < end; p++) n += !p->until;
  return n;
}

/* ---- one property ---- */

static void read_kind(struct entity *e, struct property *p, char **rest) {
  char *kind = word(rest), *of = NULL;
  int k = kind ? index_in(kind_names, kind) : -1;
  if (k < 0) {
    complain(e->path, p->line,
             "%s: \"%s\" is not a kind: text, integer, decimal N, boolean, day, instant, json, choice a|b or "
             "reference ENTITY",
             p->name, kind ? kind : "");
    k = TEXT;
  }
  p->kind = (enum kind)k;
  if (k == DECIMAL || k == CHOICE || k == REFERENCE) of = word(rest);
  if (k == DECIMAL) p->scale = small_number(e, p->line, "decimal", of, MAX_SCALE);
  if (k == CHOICE) p->choices = of ? of : "";
  if (k == REFERENCE) p->reference = of ? of : "";
  if (k != CHOICE) return;
  bool good =
      of && *of && *of != '|' && of[strlen(of) - 1] != '|' && !strstr(of, "||") && !strpbrk(of, "'\"\\");
  if (!good) complain(e->path, p->line, "%s: choices look like open|closed, not \"%s\"", p->name, p->choices);
}

/* min, max or default: the value as SQL has it. */
static const char *read_bound(struct entity *e, struct property *p, const char *what, const char *text) {
  bool length = p->kind == TEXT;
  const char *v = text ? scaled(text, p->scale) : NULL;
  if (p->kind != INTEGER && p->kind != DECIMAL && !length)
    complain(e->path, p->line, "%s: only a text, an integer or a decimal has a %s", p->name, what);
  else if (!v || (length && *v == '-'))
    complain(e->path, p->line, "%s: %s takes %s, not \"%s\"", p->name, what,
             length     ? "a number of characters"
             : p->scale ? "a decimal of its scale"
                        : "a whole number",
             text ? text : "");
  return v;
}

static bool is_choice(const char *choices, const char *text) {
  size_t n = strlen(text);
  for (const char *c = choices; *c; c += strcspn(c, "|"), c += *c == '|')
    if (strcspn(c, "|") == n && strncmp(c, text, n) == 0) return true;
  return false;
}

static void check_default(struct entity *e, const struct property *p) {
  const char *v = p->otherwise, *right = NULL;
  if (p->kind == INTEGER && !scaled(v, 0)) right = "a whole number";
  if (p->kind == DECIMAL && !scaled(v, p->scale)) right = "a decimal of its scale";
  if (p->kind == BOOLEAN && !is(v, "true") && !is(v, "false")) right = "true or false";
  if (p->kind == CHOICE && !is_choice(p->choices, v)) right = "one of its choices";
  if (p->kind == JSON && !strchr("{[\"0123456789-tfn", *v)) right = "JSON";
  if (p->kind == DAY || p->kind == INSTANT || p->kind == REFERENCE) right = "nothing: this kind has none";
  if (p->kind == TEXT && !*v) right = "a text that is not empty";
  const char *number = !right && (p->kind == INTEGER || p->kind == DECIMAL) ? scaled(v, p->scale) : NULL;
  long long n = number ? strtoll(number, NULL, 10) : 0;
  if (number && ((p->min && n < strtoll(p->min, NULL, 10)) || (p->max && n > strtoll(p->max, NULL, 10))))
    right = "what lies between its min and its max";
  if (right) complain(e->path, p->line, "%s: default takes %s, not \"%s\"", p->name, right, v);
}

/* The words behind the kind. "since when" is no number: it begins the help. */
static void read_words(struct entity *e, struct property *p, char **rest) {
  for (bool more = true; more;) {
    const char *merge = takes_merge(rest);
    if (merge)
      p->merge = merge;
    else if (takes(rest, "required"))
      p->required = true;
    else if (takes(rest, "unique"))
      p->unique = true;
    else if (p->kind == REFERENCE && takes(rest, "cascade"))
      p->cascade = true;
    else if (p->kind == REFERENCE && takes(rest, "unindexed"))
      p->unindexed = true;
    else if (p->kind == TEXT && takes(rest, "email"))
      p->email = true;
    else if (takes(rest, "min"))
      p->min = read_bound(e, p, "min", word(rest));
    else if (takes(rest, "max"))
      p->max = read_bound(e, p, "max", word(rest));
    else if (takes(rest, "default"))
      p->otherwise = word(rest);
    else if (takes_number(rest, "since"))
      p->since = small_number(e, p->line, "since", word(rest), MAX_VERSION);
    else if (takes_number(rest, "until"))
      p->until = small_number(e, p->line, "until", word(rest), MAX_VERSION);
    else
      more = false;
  }
}

static void read_property(struct entity *e, int line, char *name, char *rest) {
  struct property one = { .line = line, .name = name }, *p = &one;
  good_name(e, line, name);
  read_kind(e, p, &rest);
  read_words(e, p, &rest);
  p->born = p->since;
  if (p->otherwise) check_default(e, p);
  p->help = rest + strspn(rest, " \t");
  if (!*p->help) complain(e->path, line, "%s has no help: say for people what it is", name);
  if (p->merge && is(p->merge, "DELTA") && p->kind != INTEGER && p->kind != DECIMAL)
    complain(e->path, line, "%s: only changes of an integer or a decimal add up", name);
  if (p->merge && is(p->merge, "DELTA") && !p->required && !p->otherwise)
    complain(e->path, line, "%s: changes add up where it is never empty: required, or with a default", name);
  if (p->min && p->max && strtoll(p->min, NULL, 10) > strtoll(p->max, NULL, 10))
    complain(e->path, line, "%s: its min is above its max", name);
  if (!p->until && property_find(e, name)) complain(e->path, line, "%s has a %s already", e->name, name);
  if (e->property_count < MAX_LINES)
    e->properties[e->property_count++] = one;
  else
    complain(e->path, line, "more than %d lines of properties", MAX_LINES);
}

/* ---- a file ---- */

static void add_key(struct entity *e, int line, char *list) {
  if (e->key_count == MAX_KEYS) {
    complain(e->path, line, "more than %d unique keys", MAX_KEYS);
    return;
  }
  struct key *k = &e->keys[e->key_count++];
  k->line = line;
  for (char *name; (name = strsep(&list, ","));) {
    while (isspace((unsigned char)*name)) name++;
    name[strcspn(name, " \t")] = 0;
    const struct property *p = property_find(e, name);
    if (!p) complain(e->path, line, "unique: %s has no \"%s\" above this line", e->name, name);
    if (p && k->count == MAX_PARTS) complain(e->path, line, "unique: more than %d properties", MAX_PARTS);
    if (p && k->count < MAX_PARTS) k->of[k->count++] = p;
  }
}

static bool read_head(struct entity *e, int line, const char *name, char *rest) {
  rest += strspn(rest, " \t");
  if (is(name, "entity"))
    e->name = rest, e->line = line;
  else if (is(name, "table"))
    e->table = rest;
  else if (is(name, "help"))
    e->help = rest;
  else if (is(name, "order"))
    e->order = rest, e->order_line = line;
  else if (is(name, "search"))
    e->search = rest, e->search_line = line;
  else if (is(name, "path"))
    e->address = rest, e->address_line = line;
  else if (is(name, "access"))
    e->access = rest, e->access_line = line;
  else if (is(name, "sync"))
    e->sync = rest, e->sync_line = line;
  else if (is(name, "since") && is(rest, "by hand"))
    e->by_hand = true;
  else if (is(name, "since"))
    e->since = small_number(e, line, "since", rest, MAX_VERSION);
  else
    return false;
  return true;
}

/* Who may see it, and where. */
static void check_access(const struct entity *e) {
  if (!e->access)
    complain(e->path, 1, "no line \"access GROUP\": the permission that it takes, such as sales");
  else if (!is_name(e->access))
    complain(e->path, e->access_line, "access takes the name of a group of permissions, not \"%s\"",
             e->access);
  if (!e->address) return;
  size_t n = strspn(e->address, "abcdefghijklmnopqrstuvwxyz0123456789-");
  if (!n || e->address[n] || *e->address == '-')
    complain(e->path, e->address_line, "path takes one part of an address, such as stock-items, not \"%s\"",
             e->address);
}

static const char *const sync_names[] = { "up", "down", "both", "none", NULL };

static void check_sync(struct entity *e) {
  if (!e->sync) e->sync = sync_names[0];
  if (index_in(sync_names, e->sync) < 0)
    complain(e->path, e->sync_line, "sync is up, down, both or none, not \"%s\"", e->sync);
}

static void check_head(struct entity *e) {
  const char *base = strrchr(e->path, '/');
  size_t n = e->name ? strlen(e->name) : 0;
  base = base ? base + 1 : e->path;
  if (!e->name)
    complain(e->path, 1, "no line \"entity NAME\"");
  else if (!is_name(e->name))
    complain(e->path, e->line, "\"%s\" is not a name: it must be made of a-z, 0-9 and _", e->name);
  else if (strncmp(base, e->name, n) != 0 || !is(base + n, ".entity"))
    complain(e->path, e->line, "the entity %s must stand in %s.entity", e->name, e->name);
  if (!e->name) e->name = "";
  if (!e->table)
    complain(e->path, 1, "no line \"table NAME\"");
  else
    good_name(e, 1, e->table);
  if (!e->help || !*e->help) complain(e->path, 1, "no line \"help ...\": say for people what it is");
  if (!e->since && !e->by_hand)
    complain(e->path, 1, "no line \"since N\": the migration that makes its table");
  check_access(e);
  check_sync(e);
}

static bool same_text(const char *a, const char *b) { return a && b ? is(a, b) : a == b; }

/* Only choices, min, max and the help may be others: the column stays as it is. */
static bool same_column(const struct property *a, const struct property *b) {
  return a->kind == b->kind && a->scale == b->scale && a->required == b->required && a->unique == b->unique &&
         a->cascade == b->cascade && same_text(a->otherwise, b->otherwise) &&
         same_text(a->reference, b->reference);
}

/* The line before this one, or NULL. */
static struct property *before_it(struct entity *e, const struct property *p) {
  for (int i = 0; p->since && i < e->property_count; i++)
    if (e->properties[i].until == p->since && is(e->properties[i].name, p->name)) return &e->properties[i];
  return NULL;
}

static bool has_after(const struct entity *e, const struct property *p) {
  for (int i = 0; i < e->property_count; i++)
    if (e->properties[i].since == p->until && is(e->properties[i].name, p->name)) return true;
  return false;
}

/* Goes back from what holds now, through what held before. */
static void check_before(struct entity *e, struct property *now) {
  for (struct property *p = now, *was; (was = before_it(e, p)); p = was) {
    if (!same_column(p, was))
      complain(e->path, p->line, "%s: only choices, min and max may be others than in line %d", p->name,
               was->line);
    p->follows = true;
    now->born = was->since;
  }
}

static void check_property(struct entity *e, struct property *p) {
  if (p->until && !has_after(e, p))
    complain(e->path, p->line, "%s: there is no line for it since %d", p->name, p->until);
  if (p->since && p->since <= e->since)
    complain(e->path, p->line, "%s: since %d is not after the entity's own, %d", p->name, p->since, e->since);
  if (p->until) return;
  check_before(e, p);
  if (p->born && p->required && !p->otherwise)
    complain(e->path, p->line, "%s came later and is required: it needs a default, for the records there are",
             p->name);
  if (p->unique && e->key_count < MAX_KEYS)
    e->keys[e->key_count++] = (struct key){ .line = p->line, .count = 1, .of = { p } };
}

static void check_properties(struct entity *e) {
  int now = now_count(e, e->properties + e->property_count);
  if (now == 0) complain(e->path, 1, "%s has no properties", e->name);
  if (now > MAX_PROPERTIES) complain(e->path, 1, "more than %d properties", MAX_PROPERTIES);
  for (int i = 0; i < e->property_count; i++) check_property(e, &e->properties[i]);
}

/* "a, -b": names of properties or stamps. */
static void check_list(struct entity *e, int line, const char *what, const char *list, bool sorts) {
  char *copy = need(strdup(list)), *rest = copy;
  for (char *name; (name = strsep(&rest, ","));) {
    name += strspn(name, " \t");
    name[strcspn(name, " \t")] = 0;
    if (sorts && *name == '-') name++;
    struct property *p = property_find(e, name);
    if (p && !sorts) p->searched = true;
    if (!p && !(sorts && index_in(stamps, name) >= 0))
      complain(e->path, line, "%s: %s has no \"%s\"", what, e->name, name);
    if (p && (p->kind == JSON || (!sorts && (p->kind == INTEGER || p->kind == DECIMAL || p->kind == BOOLEAN ||
                                             p->kind == INSTANT))))
      complain(e->path, line, "%s: %s is %s", what, name, kind_names[p->kind]);
  }
  free(copy);
}

static void read_entity(const char *path) {
  struct source s;
  source_open(&s, path);
  if (entity_count == MAX_ENTITIES) die("too many entities: raise MAX_ENTITIES", path);
  struct entity *e = &entities[entity_count++];
  e->path = path;
  bool head = true;
  for (char *line; (line = source_line(&s));) {
    char *rest = line, *name = *line == '#' ? NULL : word(&rest);
    if (!name) continue;
    if (head && read_head(e, s.line, name, rest)) continue;
    head = false;
    if (is(name, "unique"))
      add_key(e, s.line, rest);
    else
      read_property(e, s.line, name, rest);
  }
  check_head(e);
  check_properties(e);
  if (e->order) check_list(e, e->order_line, "order", e->order, true);
  if (e->search) check_list(e, e->search_line, "search", e->search, false);
  for (int i = 0; i < e->property_count && !e->search; i++)
    e->properties[i].searched = e->properties[i].kind == TEXT;
}

/* ---- all of them together ---- */

static struct entity *entity_find(const char *name) {
  for (int i = 0; i < entity_count; i++)
    if (is(entities[i].name, name)) return &entities[i];
  return NULL;
}

static void check_together(void) {
  for (int i = 0; i < entity_count; i++) {
    struct entity *e = &entities[i];
    for (int k = 0; k < i; k++)
      if (e->table && entities[k].table && is(e->table, entities[k].table))
        complain(e->path, 1, "%s has the table %s already", entities[k].path, e->table);
    for (int k = 0; k < i; k++)
      if (e->address && entities[k].address && is(e->address, entities[k].address))
        complain(e->path, e->address_line, "%s has the path %s already", entities[k].path, e->address);
    for (int k = 0; k < e->property_count; k++) {
      const struct property *p = &e->properties[k];
      if (p->reference && !entity_find(p->reference))
        complain(e->path, p->line, "%s: there is no entity \"%s\"", p->name, p->reference);
    }
  }
}

/* ---- tables ---- */

static void put_quoted(FILE *f, const char *text, size_t n) {
  fputc('\'', f);
  for (size_t i = 0; i < n; i++) fprintf(f, text[i] == '\'' ? "''" : "%c", text[i]);
  fputc('\'', f);
}

static void put_default(FILE *f, const struct property *p) {
  fputs(" NOT NULL DEFAULT ", f);
  if (p->kind == BOOLEAN)
    fputs(is(p->otherwise, "true") ? "1" : "0", f);
  else if (p->kind == INTEGER || p->kind == DECIMAL)
    fputs(scaled(p->otherwise, p->scale), f);
  else
    put_quoted(f, p->otherwise, strlen(p->otherwise));
}

/* What follows from the kind. */
static void put_check(FILE *f, const struct property *p) {
  if (p->kind == BOOLEAN) fprintf(f, " CHECK (%s IN (0, 1))", p->name);
  /* date() alone takes 2023-02-29 as it is */
  if (p->kind == DAY) fprintf(f, " CHECK (%s IS date(%s, '+0 days'))", p->name, p->name);
  if (p->kind == JSON) fprintf(f, " CHECK (json_valid(%s))", p->name);
}

static void put_column(FILE *f, const struct entity *e, const struct property *p) {
  bool number = p->kind == INTEGER || p->kind == DECIMAL || p->kind == BOOLEAN || p->kind == INSTANT;
  fprintf(f, "%s %s", p->name, number ? "INTEGER" : "TEXT");
  if (p->otherwise)
    put_default(f, p);
  else if (p->required)
    fputs(" NOT NULL", f);
  put_check(f, p);
  if (p->reference && (p->since ? p->since : e->since) >= FOREIGN_KEYS_SINCE)
    fprintf(f, " REFERENCES %s(id)%s", entity_find(p->reference)->table,
            p->cascade ? " ON DELETE CASCADE" : "");
}

static void put_table(FILE *f, const struct entity *e) {
  fprintf(f, "CREATE TABLE %s (\n  id TEXT PRIMARY KEY,\n", e->table);
  for (int i = 0; i < e->property_count; i++) {
    if (e->properties[i].since) continue;
    fputs("  ", f);
    put_column(f, e, &e->properties[i]);
    fputs(",\n", f);
  }
  fputs("  version INTEGER NOT NULL DEFAULT 1,\n"
        "  created_at INTEGER NOT NULL, created_by TEXT NOT NULL,\n"
        "  updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,\n"
        "  deleted_at INTEGER, deleted_by TEXT\n) STRICT, WITHOUT ROWID;\n",
        f);
  fprintf(f,
          "CREATE TRIGGER %s_touched AFTER UPDATE ON %s WHEN new.updated_at = old.updated_at\nBEGIN\n"
          "  UPDATE %s SET updated_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), "
          "updated_by = 'sql'\n  WHERE id = new.id;\nEND;\n",
          e->table, e->table, e->table);
}

static int key_since(const struct entity *e, const struct key *k) {
  int since = e->since;
  for (int i = 0; i < k->count; i++)
    if (k->of[i]->born > since) since = k->of[i]->born;
  return since;
}

static void put_names(FILE *f, const struct key *k, const char *between) {
  for (int i = 0; i < k->count; i++) fprintf(f, "%s%s", i ? between : "", k->of[i]->name);
}

/* The indexes that came with a migration, or their end. */
static void put_indexes(FILE *f, const struct entity *e, int version, bool up) {
  for (int i = 0; i < e->key_count; i++) {
    const struct key *k = &e->keys[i];
    if (key_since(e, k) != version) continue;
    fprintf(f, up ? "CREATE UNIQUE INDEX %s_" : "DROP INDEX %s_", e->table);
    put_names(f, k, "_");
    if (up) {
      fprintf(f, " ON %s(", e->table);
      put_names(f, k, ", ");
      fputs(") WHERE deleted_at IS NULL", f);
    }
    fputs(";\n", f);
  }
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    if (!p->reference || p->unindexed || p->until || (p->born ? p->born : e->since) != version) continue;
    if (up)
      fprintf(f, "CREATE INDEX %s_of_%s ON %s(%s);\n", e->table, p->name, e->table, p->name);
    else
      fprintf(f, "DROP INDEX %s_of_%s;\n", e->table, p->name);
  }
}

/* ---- choices, min and max ---- */

/* Whether a line holds at a version, and is not kept by a released table. */
static bool holds(const struct entity *e, const struct property *p, int version) {
  if (e->by_hand && !p->since) return false;
  return version >= (p->since ? p->since : e->since) && (!p->until || version < p->until);
}

/* A statement of a trigger: refuses a value that does not hold. */
static void put_refusal(FILE *f, const struct property *p, const char *condition) {
  fprintf(f, "  SELECT RAISE(ABORT, 'CHECK constraint failed: %s') WHERE NOT (%s);\n", p->name, condition);
}

static void put_refusals(FILE *f, const struct property *p) {
  char *text = NULL, bound[128];
  size_t size = 0;
  bool length = p->kind == TEXT;
  for (int i = 0; i < 2; i++) {
    const char *limit = i ? p->max : p->min;
    if (!limit) continue;
    snprintf(bound, sizeof bound, "%snew.%s%s %s %s", length ? "length(" : "", p->name, length ? ")" : "",
             i ? "<=" : ">=", limit);
    put_refusal(f, p, bound);
  }
  if (p->kind != CHOICE) return;
  FILE *out = need(open_memstream(&text, &size));
  fprintf(out, "new.%s IN (", p->name);
  for (const char *c = p->choices; *c; c += strcspn(c, "|"), c += *c == '|') {
    if (c > p->choices) fputs(", ", out);
    put_quoted(out, c, strcspn(c, "|"));
  }
  fputc(')', out);
  fclose(out);
  put_refusal(f, p, text);
  free(text);
}

/* The inside of the triggers at a version; "" when there are none. */
static char *refusals_at(struct entity *e, int version) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = need(open_memstream(&text, &size));
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    if (holds(e, p, version)) put_refusals(out, p);
  }
  fclose(out);
  return text;
}

static bool triggers_change(struct entity *e, int version) {
  char *before = refusals_at(e, version - 1), *after = refusals_at(e, version);
  bool change = !is(before, after);
  free(before);
  free(after);
  return change;
}

static void drop_triggers(FILE *f, struct entity *e, int version) {
  char *text = refusals_at(e, version);
  if (*text && e->since < ADDED_FREELY_SINCE) fprintf(f, "DROP TRIGGER %s_fits_added;\n", e->table);
  if (*text) fprintf(f, "DROP TRIGGER %s_fits_changed;\n", e->table);
  free(text);
}

static void put_trigger(FILE *f, const struct entity *e, const char *name, const char *when,
                        const char *text) {
  fprintf(f, "CREATE TRIGGER %s_fits_%s BEFORE %s ON %s\nBEGIN\n%sEND;\n", e->table, name, when, e->table,
          text);
}

static void put_triggers(FILE *f, struct entity *e, int version) {
  char *text = refusals_at(e, version);
  if (*text && e->since < ADDED_FREELY_SINCE) put_trigger(f, e, "added", "INSERT", text);
  if (*text) put_trigger(f, e, "changed", "UPDATE", text);
  free(text);
}

/* ---- a migration ---- */

static void put_columns(FILE *f, const struct entity *e, int version) {
  for (int k = 0; k < e->property_count; k++) {
    if (e->properties[k].since != version || e->properties[k].follows) continue;
    fprintf(f, "ALTER TABLE %s ADD COLUMN ", e->table);
    put_column(f, e, &e->properties[k]);
    fputs(";\n", f);
  }
}

static void put_up(FILE *f, int version) {
  for (int i = 0; i < entity_count; i++) {
    struct entity *e = &entities[i];
    if (e->since == version)
      put_table(f, e);
    else
      put_columns(f, e, version);
    put_indexes(f, e, version, true);
    if (!triggers_change(e, version)) continue;
    drop_triggers(f, e, version - 1);
    put_triggers(f, e, version);
  }
}

/* The way up, backwards. A table takes its indexes and triggers along. */
static void put_down(FILE *f, int version) {
  for (int i = entity_count - 1; i >= 0; i--) {
    struct entity *e = &entities[i];
    bool change = triggers_change(e, version);
    if (e->since == version) {
      fprintf(f, "DROP TABLE %s;\n", e->table);
      continue;
    }
    if (change) drop_triggers(f, e, version);
    put_indexes(f, e, version, false);
    for (int k = e->property_count - 1; k >= 0; k--)
      if (e->properties[k].since == version && !e->properties[k].follows)
        fprintf(f, "ALTER TABLE %s DROP COLUMN %s;\n", e->table, e->properties[k].name);
    if (change) put_triggers(f, e, version - 1);
  }
}

/* Whether a migration has something to do for it. */
static bool concerns(const struct entity *e, int version) {
  bool own = e->since == version;
  for (int i = 0; i < e->property_count; i++) own = own || e->properties[i].since == version;
  return own;
}

static void put_sql(FILE *f) {
  fputs("-- Written by src/tools/embed_entities.c from sql/entity/: tables of entities, by migration.\n", f);
  for (int version = 1; version <= MAX_VERSION; version++) {
    const struct entity *of = NULL;
    for (int i = 0; i < entity_count && !of; i++)
      if (concerns(&entities[i], version)) of = &entities[i];
    if (!of) continue;
    fprintf(f, "-- migration: %d %s\n-- up\n", version, of->path);
    put_up(f, version);
    fputs("-- down\n", f);
    put_down(f, version);
  }
}

/* ---- descriptors ---- */

static void put_property(FILE *f, const struct property *p) {
  static const char *const kinds[] = { "TEXT",    "INTEGER", "DECIMAL", "BOOLEAN",  "DAY",
                                       "INSTANT", "JSON",    "CHOICE",  "REFERENCE" };
  fprintf(f, "  { .name = \"%s\", .kind = PROPERTY_%s", p->name, kinds[p->kind]);
  if (p->scale) fprintf(f, ", .scale = %d", p->scale);
  if (p->required && !p->otherwise) fputs(", .required = true", f);
  if (p->searched) fputs(", .searched = true", f);
  if (p->email) fputs(", .email = true", f);
  if (p->cascade) fputs(", .cascade = true", f);
  if (p->merge) fprintf(f, ", .merge = MERGE_%s", p->merge);
  if (p->born) fprintf(f, ", .since = %d", p->born);
  if (p->min) fprintf(f, ", .has_min = true, .min = %s", p->min);
  if (p->max) fprintf(f, ", .has_max = true, .max = %s", p->max);
  put_member(f, "otherwise", p->otherwise);
  put_member(f, "choices", p->choices);
  put_member(f, "reference", p->reference);
  put_member(f, "help", p->help);
  fputs(" },\n", f);
}

static void put_descriptor(FILE *f, const struct entity *e) {
  fprintf(f, "\nstatic const struct property %s_properties[] = {\n", e->name);
  for (int i = 0; i < e->property_count; i++)
    if (!e->properties[i].until) put_property(f, &e->properties[i]);
  fputs("};\n", f);
  if (!e->key_count) return;
  fprintf(f, "static const struct entity_key %s_keys[] = {\n", e->name);
  for (int i = 0; i < e->key_count; i++) {
    fprintf(f, "  { .count = %d, .property = { ", e->keys[i].count);
    for (int k = 0; k < e->keys[i].count; k++)
      fprintf(f, "%s%d", k ? ", " : "", now_count(e, e->keys[i].of[k]));
    fputs(" } },\n", f);
  }
  fputs("};\n", f);
}

static void put_code(FILE *f) {
  fputs("/* Written by src/tools/embed_entities.c from sql/entity/. */\n#include \"model/entity.h\"\n", f);
  for (int i = 0; i < entity_count; i++) put_descriptor(f, &entities[i]);
  fputs("\nconst struct entity entities_declared[] = {\n", f);
  static const char *const syncs[] = { "UP", "DOWN", "BOTH", "NONE" };
  for (int i = 0; i < entity_count; i++) {
    const struct entity *e = &entities[i];
    fprintf(f, "  { .name = \"%s\", .table = \"%s\", .sync = SYNC_%s", e->name, e->table,
            syncs[index_in(sync_names, e->sync)]);
    put_member(f, "order", e->order ? e->order : "id");
    put_member(f, "help", e->help);
    put_member(f, "path", e->address);
    put_member(f, "access", e->access);
    fprintf(f, ", .properties = %s_properties, .property_count = %d", e->name,
            now_count(e, e->properties + e->property_count));
    if (e->key_count) fprintf(f, ", .keys = %s_keys, .key_count = %d", e->name, e->key_count);
    fputs(" },\n", f);
  }
  fputs("  { 0 },\n};\n", f);
}

/* By the name of the file, which is that of the entity. */
static int by_name(const void *a, const void *b) {
  const char *x = *(char *const *)a, *y = *(char *const *)b, *p = strrchr(x, '/'), *q = strrchr(y, '/');
  return strcmp(p ? p + 1 : x, q ? q + 1 : y);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: embed_entities OUT_DIR FILE...\n", stderr);
    return 2;
  }
  qsort(argv + 2, (size_t)argc - 2, sizeof *argv, by_name);
  for (int i = 2; i < argc; i++) read_entity(argv[i]);
  if (!complaints) check_together();
  if (complaints) return 1;
  write_file(argv[1], "entities.sql", put_sql);
  write_file(argv[1], "entities.c", put_code);
  return 0;
}

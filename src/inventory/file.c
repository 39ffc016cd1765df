#include "inventory/file.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "event/event.h"
#include "format/format.h"

enum { ROWS_AT_ONCE = 4096, READ_BYTES = 256 << 10 };

/* ---- columns ---- */

enum field {
  ID,
  SKU,
  WAREHOUSE,
  QUANTITY,
  TYPE,
  DATE,
  REFERENCE,
  NOTES,
  LOCATION,
  LOT,
  SERIAL,
  COST,
  DEVICE,
  SEQUENCE,
  FIELDS
};

/* Headings in lower case with letters and digits alone; what stands first goes first. */
static const char *const headings[FIELDS] = {
  [ID] = "eventid|uuid|movementid|transactionid",
  [SKU] = "sku|itemcode|itemnumber|articlenumber|productcode|partnumber|item|article|product|artikel",
  [WAREHOUSE] = "warehouseid|warehouse|warehousecode|site|store|depot|plant|lager|branch",
  [QUANTITY] = "quantitychange|change|quantity|qty|units|menge|onhand|quantityonhand|stock|amount",
  [TYPE] = "eventtype|type|kind|movementtype|transactiontype|movement",
  [DATE] = "timestamp|date|datetime|transactiondate|movementdate|at|time|datum",
  [REFERENCE] = "referenceid|reference|ref|orderid|orderno|order|document|documentno|beleg",
  [NOTES] = "notes|note|remarks|remark|comment|reason",
  [LOCATION] = "location|bin|shelf|locationcode|place|lagerplatz",
  [LOT] = "lot|lotnumber|batch|batchnumber|lotno|batchno|charge",
  [SERIAL] = "serial|serialnumber|serialno|seriennummer",
  [COST] = "unitcost|cost|costprice|unitprice",
  [DEVICE] = "deviceid|device|scanner",
  [SEQUENCE] = "deviceseq|sequence|sequencenumber",
};

struct loader {
  struct ctx *cx; /* of the whole import */
  struct tenant *tenant;
  const struct profile *profile;
  int column[FIELDS]; /* -1: none */
  bool signs;         /* quantities have theirs */
  const char *warehouse;
  int kind;
  unsigned char digest[SHA256_SIZE];
  struct stock_file_result *out;
};

static void plain(char out[static 64], const char *heading) {
  size_t n = 0;
  for (const char *p = heading; *p && n < 63; p++) {
    char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
  }
  out[n] = '\0';
}

static bool is_taken(const struct loader *l, int column) {
  for (int i = 0; i < FIELDS; i++)
    if (l->column[i] == column) return true;
  return false;
}

static int find_column(const struct loader *l, const char *names) {
  char name[64], heading[64];
  for (const char *p = names; *p;) {
    size_t n = strcspn(p, "|");
    str_copy(name, sizeof name, (struct str){ p, n });
    for (size_t c = 0; c < l->profile->column_count; c++) {
      plain(heading, l->profile->columns[c].heading);
      if (strcmp(heading, name) == 0 && !is_taken(l, (int)c)) return (int)c;
    }
    p += n + (p[n] == '|');
  }
  return -1;
}

static const char *list_columns(const struct loader *l, bool ignored) {
  const char *list = "";
  for (size_t c = 0; c < l->profile->column_count && strlen(list) < 400; c++)
    if (!ignored || !is_taken(l, (int)c))
      list = ctx_printf(l->cx, "%s%s%s", list, *list ? ", " : "", l->profile->columns[c].heading);
  return list;
}

static int find_columns(struct loader *l) {
  char heading[64] = "";
  for (int i = 0; i < FIELDS; i++) l->column[i] = -1;
  for (int i = 0; i < FIELDS; i++) l->column[i] = find_column(l, headings[i]);
  if (l->column[SKU] < 0)
    return fail(l->cx, E_INVALID, "sku",
                "the file has no column for the item, such as sku; its columns are %s",
                list_columns(l, false));
  if (l->column[QUANTITY] < 0)
    return fail(l->cx, E_INVALID, "quantity", "the file has no column quantity; its columns are %s",
                list_columns(l, false));
  if (l->column[WAREHOUSE] < 0 && !l->warehouse)
    return fail(l->cx, E_INVALID, "warehouse",
                "the file has no column warehouse: say --warehouse CODE; its columns are %s",
                list_columns(l, false));
  plain(heading, l->profile->columns[l->column[QUANTITY]].heading);
  l->signs = strcmp(heading, "quantitychange") == 0 || strcmp(heading, "change") == 0;
  l->out->ignored = list_columns(l, true);
  return OK;
}

/* ---- a row as an event ---- */

static struct str cell(const struct loader *l, const struct row *row, int field) {
  int c = l->column[field];
  return c < 0 || (uint32_t)c >= row->count ? (struct str){ 0 } : str_trim(row->cells[c]);
}

static int kind_of(struct str text) {
  static const struct {
    const char *word;
    int kind;
  } words[] = {
    { "in", MOVE_RECEIPT },         { "purchase", MOVE_RECEIPT }, { "goods receipt", MOVE_RECEIPT },
    { "out", MOVE_SALE },           { "issue", MOVE_SALE },       { "count", MOVE_COUNT },
    { "opening", MOVE_ADJUSTMENT }, { "update", MOVE_UPDATE },    { "correction", MOVE_ADJUSTMENT }
  };
  int kind = stock_kind_find(text);
  for (size_t i = 0; i < sizeof words / sizeof *words && !kind; i++)
    if (str_eq_nocase(text, str_of(words[i].word))) kind = words[i].kind;
  return kind;
}

/* NULL when it can be read. */
static const char *read_quantity(struct ctx *cx, const struct loader *l, const struct row *row, int kind,
                                 int64_t *out) {
  struct str text = cell(l, row, QUANTITY);
  bool rounded = false;
  char decimal = l->profile->columns[l->column[QUANTITY]].decimal;
  if (!text.n) return "quantity is empty";
  if (!value_number(text, decimal ? decimal : '.', STOCK_SCALE, out, &rounded))
    return ctx_printf(cx, "quantity is no number: '%.40s'", ctx_strdup(cx, text));
  if (rounded)
    return ctx_printf(cx, "quantity has more than %d decimals: '%.40s'", STOCK_SCALE, ctx_strdup(cx, text));
  bool takes = kind == MOVE_SALE || kind == MOVE_TRANSFER_OUT || kind == MOVE_RELEASE;
  if (!l->signs && takes && *out > 0) *out = -*out;
  return NULL;
}

/* What has a zone goes on as it is; a time without one is UTC, a day its beginning. */
static const char *read_date(struct ctx *cx, const struct loader *l, const struct row *row,
                             const char **out) {
  struct str text = cell(l, row, DATE);
  char iso[DATE_SIZE];
  int32_t day;
  int64_t at;
  *out = NULL;
  if (!text.n) return NULL;
  const char *z = ctx_strdup(cx, text), *t = strpbrk(z, "Tt");
  if (t && t - z == 10) {
    bool zone = strpbrk(t, "Zz+") || strchr(t, '-');
    *out = zone ? z : ctx_printf(cx, "%sZ", z);
    return NULL;
  }
  bool minutes = text.n == 16;
  if (text.n >= 16 && z[10] == ' ' &&
      time_parse_iso(str_of(ctx_printf(cx, "%.10sT%s%sZ", z, z + 11, minutes ? ":00" : "")), &at)) {
    char full[TIME_SIZE];
    *out = ctx_strdup(cx, str_of(time_iso(full, at)));
    return NULL;
  }
  if (!value_date(text, l->profile->columns[l->column[DATE]].date_order, &day))
    return ctx_printf(cx, "date is no day: '%.40s'", z);
  *out = ctx_printf(cx, "%sT00:00:00Z", date_iso(iso, day));
  return NULL;
}

/* A UUID (version 8, RFC 9562) of the file's digest and the line. */
static const char *line_id(struct ctx *cx, const struct loader *l, int64_t line) {
  unsigned char from[SHA256_SIZE + sizeof line], sum[SHA256_SIZE];
  char hex[SHA256_HEX];
  memcpy(from, l->digest, SHA256_SIZE);
  memcpy(from + SHA256_SIZE, &line, sizeof line);
  sha256_of(from, sizeof from, sum);
  sum[6] = (unsigned char)((sum[6] & 0x0f) | 0x80);
  sum[8] = (unsigned char)((sum[8] & 0x3f) | 0x80);
  hex_encode(hex, sum, 16);
  return ctx_printf(cx, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void text_member(struct jw *w, const char *key, struct str text) {
  if (text.n) jw_str(w, key, text);
}

/* NULL when the row is an event, else why it is none. */
static const char *read_row(struct ctx *cx, const struct loader *l, const struct row *row, int64_t line,
                            struct event *e) {
  static const struct {
    enum field field;
    const char *key;
  } texts[] = { { REFERENCE, "referenceId" }, { NOTES, "notes" },    { LOCATION, "location" }, { LOT, "lot" },
                { SERIAL, "serial" },         { DEVICE, "deviceId" } };
  struct str type = cell(l, row, TYPE), id = cell(l, row, ID), warehouse = cell(l, row, WAREHOUSE);
  int kind = type.n ? kind_of(type) : l->kind;
  int64_t quantity, cost, seq;
  bool rounded = false;
  char now[TIME_SIZE];
  const char *at = NULL, *why = NULL;
  e->line = line;
  if (row->kind == ROW_BROKEN) return row->why;
  if (!kind) return ctx_printf(cx, "type '%.40s' is none that changes stock", ctx_strdup(cx, type));
  why = read_quantity(cx, l, row, kind, &quantity);
  if (!why && l->column[DATE] >= 0) why = read_date(cx, l, row, &at);
  if (why) return why;
  struct str cost_text = cell(l, row, COST), seq_text = cell(l, row, SEQUENCE);
  if (cost_text.n &&
      (!value_number(cost_text, l->profile->columns[l->column[COST]].decimal == ',' ? ',' : '.', STOCK_SCALE,
                     &cost, &rounded) ||
       rounded))
    return ctx_printf(cx, "unit cost is no number with at most 4 decimals: '%.40s'",
                      ctx_strdup(cx, cost_text));
  if (seq_text.n && !str_to_int(seq_text, &seq))
    return ctx_printf(cx, "sequence is no whole number: '%.40s'", ctx_strdup(cx, seq_text));
  struct buf b;
  struct jw w;
  jw_begin(&w, &b, EVENT_BYTES);
  jw_text(&w, "eventId", id.n ? ctx_strdup(cx, id) : line_id(cx, l, line));
  jw_text(&w, "eventType", stock_kind_name(kind));
  jw_str(&w, "sku", cell(l, row, SKU));
  jw_str(&w, "warehouseId", warehouse.n || !l->warehouse ? warehouse : str_of(l->warehouse));
  jw_number(&w, "quantityChange", quantity, STOCK_SCALE, 0);
  jw_text(&w, "timestamp", at ? at : time_iso(now, l->cx->now));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    text_member(&w, texts[i].key, cell(l, row, texts[i].field));
  if (cost_text.n) jw_number(&w, "unitCost", cost, STOCK_SCALE, 0);
  if (seq_text.n) jw_int(&w, "deviceSeq", seq);
  jw_close(&w, '}');
  if (b.full) why = "the row is longer than an event may be";
  e->body = str_of(ctx_take(cx, &b));
  return why;
}

/* ---- rows at a time ---- */

struct batch_of {
  struct event *events;
  size_t count;
};

static int publish(struct ctx *cx, struct db *db, void *arg) {
  struct batch_of *b = arg;
  return event_publish(cx, db, STOCK_TOPIC, b->events, b->count);
}

static void refuse(struct loader *l, int64_t line, struct str id, const char *why) {
  struct stock_file_result *r = l->out;
  r->refused++;
  if (r->named == STOCK_REFUSALS) return;
  if (!r->refusals) r->refusals = ctx_alloc(l->cx, STOCK_REFUSALS * sizeof *r->refusals);
  r->refusals[r->named++] =
      (struct stock_refusal){ line, id.n ? ctx_strdup(l->cx, id) : NULL, ctx_strdup(l->cx, str_of(why)) };
}

static int flush(struct loader *l, struct ctx *part, struct batch_of *b) {
  if (!b->count) return OK;
  if (tenant_write(part, l->tenant, publish, b)) return fail_from(l->cx, part);
  for (size_t i = 0; i < b->count; i++) {
    const struct event *e = &b->events[i];
    l->out->taken += e->outcome == EVENT_TAKEN;
    l->out->known += e->outcome == EVENT_KNOWN;
    if (e->outcome == EVENT_REFUSED) refuse(l, e->line, e->id, e->why);
  }
  return OK;
}

/* One part of the file: its rows as events, in a unit of work of their own. */
static int load_part(struct loader *l, struct parser *parser, const struct batch *raw, uint32_t *next,
                     uint64_t *offset, uint64_t *line) {
  struct ctx part;
  struct batch_of b = { 0 };
  struct row row;
  ctx_begin(&part, l->cx->actor);
  part.now = l->cx->now;
  b.events = ctx_alloc(&part, ROWS_AT_ONCE * sizeof *b.events);
  for (; *next < raw->count && b.count < ROWS_AT_ONCE; ++*next) {
    const struct span *s = &raw->spans[*next];
    parser_row(parser, (struct str){ raw->bytes + (*offset - raw->offset), s->length }, *offset, &row);
    if (row.kind != ROW_OUTSIDE) {
      const char *why = read_row(&part, l, &row, (int64_t)*line, &b.events[b.count]);
      l->out->rows++;
      if (why)
        refuse(l, (int64_t)*line, (struct str){ 0 }, why);
      else
        b.count++;
    }
    *offset += s->length;
    *line += s->lines;
  }
  flush(l, &part, &b);
  ctx_end(&part);
  return l->cx->code;
}

static int load_rows(struct loader *l, const struct input *in) {
  struct splitter *splitter = splitter_new(l->cx, in, l->profile, READ_BYTES);
  struct parser *parser = parser_new(l->profile);
  struct batch raw;
  batch_init(&raw);
  while (!splitter_next(l->cx, splitter, &raw) && raw.count) {
    uint32_t next = 0;
    uint64_t offset = raw.offset, line = raw.line;
    while (next < raw.count && !load_part(l, parser, &raw, &next, &offset, &line)) continue;
    if (l->cx->code) break;
  }
  batch_clear(&raw);
  parser_free(parser);
  return l->cx->code;
}

static int digest_file(struct loader *l, const struct input *in) {
  char *bytes = xmalloc(READ_BYTES);
  struct sha256 *h = sha256_new();
  size_t got = 1;
  for (uint64_t at = 0; got && !l->cx->code; at += got) {
    if (input_read(l->cx, in, at, bytes, READ_BYTES, &got)) break;
    sha256_add(h, bytes, got);
  }
  sha256_end(h, l->digest);
  sha256_free(h);
  free(bytes);
  return l->cx->code;
}

static int by_line(const void *a, const void *b) {
  const struct stock_refusal *x = a, *y = b;
  return x->line < y->line ? -1 : x->line > y->line;
}

int stock_file_load(struct ctx *cx, struct tenant *t, const char *path, const char *warehouse,
                    const char *kind, struct stock_file_result *out) {
  struct loader l = { .cx = cx, .tenant = t, .warehouse = warehouse, .kind = MOVE_ADJUSTMENT, .out = out };
  struct dialect given;
  struct profile *profile;
  struct input *in;
  *out = (struct stock_file_result){ .ignored = "" };
  if (kind) l.kind = kind_of(str_of(kind));
  if (!l.kind) return fail(cx, E_INVALID, "kind", "there is no kind of movement %.40s", kind);
  dialect_init(&given);
  if (input_open(cx, path, store_dir(tenant_store(t)), &in) || profile_file(cx, in, &given, &profile))
    return cx->code;
  l.profile = profile;
  if (find_columns(&l) || digest_file(&l, in) || load_rows(&l, in)) return cx->code;
  if (out->named) qsort(out->refusals, (size_t)out->named, sizeof *out->refusals, by_line);
  return OK;
}

void stock_file_json(struct jw *w, const char *key, const struct stock_file_result *r) {
  jw_object(w, key);
  jw_put(w, "rows", r->rows, "taken", r->taken, "known", r->known, "refused", r->refused, "ignored_columns",
         r->ignored);
  jw_array(w, "refusals");
  for (int64_t i = 0; i < r->named; i++) {
    jw_object(w, NULL);
    jw_int(w, "line", r->refusals[i].line);
    if (r->refusals[i].id) jw_text(w, "id", r->refusals[i].id);
    jw_text(w, "why", r->refusals[i].why);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  jw_close(w, '}');
}

/* Headings to fields, rules from the table, one record to values and faults, totals. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/time.h"
#include "ingest/judge.h"
#include "ingest/totals.h"
#include "model/entity.h"
#include "store/db.h"
#include "store/tenant.h"
#include "unit.h"

/* Every row of these tests is one of sales. */
static const struct dataset *sales(void) { return dataset_find("sales"); }

static struct tenant *opened(struct ctx *cx) {
  static char dir[PATH_MAX];
  struct store *s;
  struct tenant *t = NULL;
  snprintf(dir, sizeof dir, "%s/data", unit_dir());
  entity_register_declared();
  ctx_begin(cx, "test");
  if (!store_init(cx, dir) && !store_open(cx, dir, &s) && !tenant_add(cx, s, "demo", "Demo"))
    tenant_open(cx, s, "demo", &t);
  if (!CHECK_INT(cx->code, OK)) printf("%s\n", cx->message);
  return t;
}

/* ---- mapping ---- */

/* "field=column ..." of the headings given, separated by |, or the failure. */
static const char *mapped(const char *headings, const char *const *maps, int count, const char *unique) {
  static struct buf out;
  struct ctx cx;
  struct column columns[32] = { { 0 } };
  struct profile p = { .columns = columns };
  struct mapping m;
  ctx_begin(&cx, "test");
  for (const char *q = headings; *q;) {
    size_t n = strcspn(q, "|");
    columns[p.column_count].heading = ctx_strdup(&cx, (struct str){ q, n });
    columns[p.column_count++].label = "";
    q += n + (q[n] == '|');
  }
  struct mapping_request r = { .maps = maps, .map_count = count, .unique = unique };
  buf_clear(&out);
  buf_init(&out, 4096);
  if (mapping_make(&cx, sales(), &p, &r, &m)) {
    buf_printf(&out, "%s", cx.message);
  } else {
    for (int i = 0; i < sales()->field_count; i++) buf_printf(&out, "%s%d", i ? " " : "", m.column[i]);
    buf_puts(&out, " key");
    for (int i = 0; i < m.unique_count; i++) buf_printf(&out, " %d", m.unique[i]);
  }
  ctx_end(&cx);
  return out.p;
}
static const char *headings(const char *text) { return mapped(text, NULL, 0, NULL); }

UNIT(mapping_headings, "headings are compared without case, blanks, punctuation and units") {
  CHECK_STR(headings("order_id|order_date|region|product|quantity|revenue"), "0 1 2 3 4 5 key 0");
  CHECK_STR(headings("REVENUE|Quantity|PRODUCT|Region|Order-Date|order id"), "5 4 3 2 1 0 key 5");
  CHECK_STR(headings("Order No.|Invoice Date|Zone|Item Name|Qty.|Net Amount (INR)"), "0 1 2 3 4 5 key 0");
  CHECK_STR(headings("Bestellnummer|Bestelldatum|Gebiet|Artikel|Menge|Umsatz"), "0 1 2 3 4 5 key 0");
  CHECK_STR(headings("x|order_id|y|date|zone|item|qty|amount|z"), "1 3 4 5 6 7 key 1");
  CHECK_STR(headings("Order ID|Order Date|Region|Category|Product Name|Quantity|Sales"), "0 1 2 4 5 6 key 0");
}

UNIT(mapping_name_first, "a field's own name goes before its synonyms, a better synonym before a worse") {
  CHECK_STR(headings("amount|revenue|order_id|order_date|region|product|quantity"), "2 3 4 5 6 1 key 2");
  CHECK_STR(headings("category|product name|order_id|order_date|region|quantity|revenue"),
            "2 3 4 1 5 6 key 2");
}

UNIT(mapping_by_hand, "what is said goes before what is found") {
  const char *const maps[] = { "revenue=Gross", "order_id=#2", "region=zone" };
  CHECK_STR(mapped("order_id|nr|date|zone|region|item|qty|amount|gross", maps, 3, NULL), "1 2 3 5 6 8 key 1");
  CHECK_STR(mapped("order_id|nr|date|zone|region|item|qty|amount|gross", maps, 3, "order_id,nr, qty"),
            "1 2 3 5 6 8 key 1 1 6");
  const char *const missing[] = { "revenue=Grosz" };
  CHECK(strstr(mapped("order_id|date|region|item|qty|gross", missing, 1, NULL), "no column 'Grosz'") != NULL);
  const char *const unknown[] = { "price=gross" };
  CHECK(strstr(mapped("order_id|date|region|item|qty|gross", unknown, 1, NULL), "no field 'price'") != NULL);
  const char *const nothing[] = { "revenue" };
  CHECK(strstr(mapped("order_id|date|region|item|qty|gross", nothing, 1, NULL), "field=Heading") != NULL);
  const char *const outside[] = { "revenue=#7" };
  CHECK(strstr(mapped("order_id|date|region|item|qty|gross", outside, 1, NULL), "no column '#7'") != NULL);
}

UNIT(mapping_incomplete, "what is missing is named together with what there is") {
  const char *why = headings("order_id|colour|region|quantity");
  CHECK(strstr(why, "order_date, product, revenue") != NULL);
  CHECK(strstr(why, "colour") != NULL);
  CHECK(strstr(mapped("order_id|date|region|item|qty|amount", NULL, 0, "order_id,a,b"), "'a'") != NULL);
}

/* ---- rules ---- */

UNIT(rules_built_in, "the rules of a new tenant, by stage and position") {
  static const char *const stages[] = { "schema", "business", "quality", "duplicates" };
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct db *db;
  struct rules *rules;
  if (!t || tenant_read(&cx, t, &db) || !CHECK_INT(rules_try(&cx, db, sales(), &rules), OK)) return;
  int stage = 0, required = 0, typed = 0;
  for (int i = 0; i < rules->count; i++) {
    const struct rule *r = &rules->rule[i];
    if (r->version > 0) {
      while (stage < 3 && strcmp(stages[stage], r->stage) != 0) stage++;
      CHECK_STR(r->stage, stages[stage]);
    }
    required += r->kind == RULE_REQUIRED;
    typed += r->kind == RULE_TYPE;
    if (strcmp(r->name, "region_known") == 0) CHECK_INT((int64_t)r->list.count, 5);
    if (strcmp(r->name, "revenue_not_negative") == 0) CHECK(r->min && r->min_value == 0 && !r->max);
  }
  CHECK_INT(required, 6);
  CHECK(typed >= 3);
  CHECK(rules->unique >= 0 && rules->rule[rules->unique].kind == RULE_UNIQUE);
  CHECK_STR(rules->unique_fields, "order_id");
  ctx_end(&cx);
}

static int try_rules(struct ctx *cx, struct db *db, void *sql) {
  struct rules *rules;
  if (db_run(cx, db, sql) || rules_try(cx, db, sales(), &rules)) return cx->code;
  return fail(cx, E_CONFLICT, NULL, "usable");
}

UNIT(rules_unusable, "a rule that cannot be used is named") {
  static const char *const bad[] = {
    "UPDATE rule SET kind = 'magic' WHERE name = 'region_known'",
    "UPDATE rule SET field = 'colour' WHERE name = 'region_known'",
    "UPDATE rule SET params = '{\"list\":\"nowhere\"}' WHERE name = 'region_known'",
    "UPDATE rule SET params = '{}' WHERE name = 'region_known'",
    "UPDATE rule SET kind = 'pattern' WHERE name = 'region_known'",
    "UPDATE rule SET kind = 'expression', params = '{\"sql\":\"nothing(\"}' WHERE name = 'region_known'",
    "UPDATE rule SET kind = 'expression', params = '{\"sql\":\"(SELECT 1 FROM rule)\"}' WHERE name = "
    "'region_known'",
    "UPDATE rule SET kind = 'range', params = '{\"min\":\"1\"}' WHERE name = 'region_known'",
    "UPDATE rule SET kind = 'not_future' WHERE name = 'region_known'",
    "UPDATE rule SET kind = 'unique', params = '{\"fields\":[\"region\"]}' WHERE name = 'region_known'",
  };
  struct ctx cx;
  struct tenant *t = opened(&cx);
  if (!t) return;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct ctx w;
    ctx_begin(&w, "test");
    CHECK(tenant_write(&w, t, try_rules, (void *)(uintptr_t)bad[i]) != OK);
    if (!CHECK(strstr(w.message, "region_known") || strstr(w.message, "expression") ||
               strstr(w.message, "another unique rule")))
      printf("%s: %s\n", bad[i], w.message);
    ctx_end(&w);
  }
  ctx_end(&cx);
}

/* ---- the judge ---- */

struct court {
  struct ctx cx, keep;
  struct judge_setup setup;
  struct judge *judge;
  struct mapping mapping;
  struct parser *parser;
  struct value values[LIMIT_FIELDS];
  struct judged j;
};

static const char HEAD[] = "order_id,order_date,region,product,quantity,revenue\n"
                           "A1,2024-02-01,East,Dairy,2,10.50\nA2,2024-02-13,West,Snacks,3,7.25\n";

static bool convene(struct court *c) {
  struct tenant *t = opened(&c->cx);
  struct db *db;
  struct rules *rules;
  struct dialect d;
  struct profile *p;
  struct mapping_request none = { 0 };
  ctx_begin(&c->keep, "test");
  dialect_init(&d);
  if (!t || tenant_read(&c->cx, t, &db) || rules_try(&c->cx, db, sales(), &rules) ||
      profile_file(&c->cx, input_memory(&c->cx, STR(HEAD), "test"), &d, &p) ||
      mapping_make(&c->cx, sales(), p, &none, &c->mapping))
    return CHECK(false);
  c->setup = (struct judge_setup){
    .dataset = sales(), .profile = p, .mapping = &c->mapping, .rules = rules, .today = date_days(2024, 6, 1)
  };
  c->parser = parser_new(p);
  return CHECK_INT(judge_new(&c->cx, &c->setup, &c->judge), OK);
}

/* The controls that a line fails, by their names. */
static const char *verdict(struct court *c, const char *line) {
  struct row row;
  struct jv *faults;
  struct str raw = str_of(line);
  parser_row(c->parser, raw, c->setup.profile->table_begin, &row);
  c->j = (struct judged){ .record = 7, .line = 7, .values = c->values, .length = (uint32_t)raw.n };
  judge_row(c->judge, &row, raw, &c->keep, &c->j);
  const char *names = "";
  if (c->j.first_fault < 0) return names;
  struct str json = c->j.faults;
  if (json.n && json.p[json.n - 1] != ']') json = str_of(ctx_printf(&c->keep, STR_FMT "]", STR_ARG(json)));
  if (!CHECK_INT(jv_parse(&c->keep, json, &faults), OK)) return "no JSON";
  for (size_t i = 0; i < jv_size(faults); i++)
    names = ctx_printf(&c->keep, "%s%s" STR_FMT, names, i ? " " : "",
                       STR_ARG(jv_text(jv_get(jv_at(faults, i), "control"))));
  CHECK_STR(c->setup.rules->rule[c->j.first_fault].name, jv_text(jv_get(jv_at(faults, 0), "control")));
  return names;
}

static void adjourn(struct court *c) {
  parser_free(c->parser);
  ctx_end(&c->keep);
  ctx_end(&c->cx);
}

UNIT(judge_faults, "a row fails the controls that it breaks, all of them, in their order") {
  struct court c;
  if (!convene(&c)) return;
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,2,10.50\n"), "");
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,2,0\n"), "");
  CHECK_STR(verdict(&c, "B1,,East,Dairy,2,10.50\n"), "order_date_present");
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,2,-0.01\n"), "revenue_not_negative");
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,0,1\n"), "quantity_positive");
  CHECK_STR(verdict(&c, "B1,2024-02-30,Mars,Dairy,x,-1\n"),
            "quantity_is_number revenue_not_negative region_known order_date_format");
  CHECK_STR(verdict(&c, "B1,2024-06-02,East,Dairy,2,1\n"), ""); /* one day of grace */
  CHECK_STR(verdict(&c, "B1,2024-06-03,East,Dairy,2,1\n"), "order_date_not_future");
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,2,1,more\n"), "no_extra_cells");
  CHECK_STR(verdict(&c, "B1,2024-03-05,East,Dairy,2\n"), "columns_complete revenue_present");
  CHECK_STR(
      verdict(&c, " , , , , , \n"),
      "order_id_present order_date_present region_present product_present quantity_present revenue_present");
  CHECK_INT(judge_failed(c.judge)[c.setup.rules->unique], 0);
  adjourn(&c);
}

UNIT(judge_values, "values are exact, trimmed, and digested as the table will have them") {
  struct court c;
  if (!convene(&c)) return;
  CHECK_STR(verdict(&c, " B7 , 2024-03-05 ,East,\"Dairy, fresh\",2.5,\"1,234.5678\"\n"), "");
  CHECK_STR(c.j.key, "B7");
  CHECK_STR(c.values[0].text, "B7");
  CHECK_INT(c.values[1].number, date_days(2024, 3, 5));
  CHECK_STR(c.values[3].text, "Dairy, fresh");
  CHECK_INT(c.values[4].number, 25000);
  CHECK_INT(c.values[5].number, 12345678);
  CHECK_INT(judge_sums(c.judge)[4], 25000);
  CHECK_INT(judge_sums(c.judge)[5], 12345678);
  const char text[] = "B7\0007\0B7\00019787\0East\0Dairy, fresh\00025000\00012345678";
  CHECK_INT(date_days(2024, 3, 5), 19787);
  CHECK_INT(c.j.crc, crc32_of(0, text, sizeof text));
  CHECK_STR(verdict(&c, "B8,2024-03-05,East,Dairy,1,-3\n"), "revenue_not_negative");
  CHECK_INT(judge_sums(c.judge)[5], 12345678); /* of the good rows only */
  CHECK_STR(verdict(&c, "B9,2024-03-05,East,Dairy,1,100000000000\n"), "");
  CHECK_STR(verdict(&c, "B9,2024-03-05,East,Dairy,1,100000000000.01\n"), "revenue_is_number");
  adjourn(&c);
}

/* ---- totals ---- */

static int fill_totals(struct ctx *cx, struct db *db, void *arg) {
  struct totals *t = totals_new(cx, db, sales(), 5);
  uint64_t state = 1;
  int64_t *sums = arg;
  if (db_run(cx, db, "PRAGMA defer_foreign_keys=ON")) return cx->code;
  for (int i = 0; i < 20000; i++) {
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    int64_t day = (int64_t)(state >> 60), region = (int64_t)(state >> 40 & 7),
            product = (int64_t)(state >> 50 & 3);
    int64_t q = (int64_t)(state >> 20 & 0xffff), r = (int64_t)(state >> 10 & 0xfffff) - 500000;
    totals_add(t, (int64_t[GROUPS_MAX]){ 19000 + day, region, product }, (int64_t[SUMS_MAX]){ q, r });
    int64_t *cell = sums + ((day * 8 + region) * 4 + product) * 3;
    cell[0]++, cell[1] += q, cell[2] += r;
    if (i % 7000 == 6999 && totals_flush(cx, t)) return cx->code; /* a second flush adds */
  }
  return totals_flush(cx, t);
}

UNIT(totals_add_up, "totals are what the rows add up to, whenever they are flushed") {
  static int64_t sums[16 * 8 * 4 * 3];
  struct ctx cx;
  struct tenant *t = opened(&cx);
  struct db *db;
  int64_t cells = 0, wanted = 0;
  if (!t || !CHECK_INT(tenant_write(&cx, t, fill_totals, sums), OK) || tenant_read(&cx, t, &db)) return;
  struct stmt *s = db_compose(
      &cx, db, "SELECT order_date, region, product, orders, quantity, revenue FROM sale_total WHERE run = 5");
  for (; stmt_row(&cx, s); cells++) {
    const int64_t *cell = sums + (((col_int(s, 0) - 19000) * 8 + col_int(s, 1)) * 4 + col_int(s, 2)) * 3;
    for (int i = 0; i < 3; i++) CHECK_INT(col_int(s, 3 + i), cell[i]);
  }
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i += 3) wanted += sums[i] > 0;
  CHECK_INT(cells, wanted);
  CHECK(wanted > 400);
  ctx_end(&cx);
}

/* ---- one rule from another ---- */

/* A range with bounds as they are written; NULL: none. */
static struct rule range(const char *min, const char *max, const char *above, const char *below) {
  struct rule r = { .kind = RULE_RANGE, .field = 4, .min = min, .max = max, .above = above, .below = below };
  if (min) str_to_int(str_of(min), &r.min_value);
  if (max) str_to_int(str_of(max), &r.max_value);
  if (above) str_to_int(str_of(above), &r.above_value);
  if (below) str_to_int(str_of(below), &r.below_value);
  return r;
}

/* By its own words, not by rule_follows. */
static bool in_range(const struct rule *r, int64_t v) {
  return !(r->min && v < r->min_value) && !(r->max && v > r->max_value) &&
         !(r->above && v <= r->above_value) && !(r->below && v >= r->below_value);
}

UNIT(rules_follow_range, "a range follows from another only when no value passes that and fails this") {
  static const char *const bounds[] = { NULL, "0", "1", "3" };
  int follows = 0;
  for (int i = 0; i < 256; i++)
    for (int k = 0; k < 256; k++) {
      struct rule a = range(bounds[i & 3], bounds[i >> 2 & 3], bounds[i >> 4 & 3], bounds[i >> 6 & 3]);
      struct rule b = range(bounds[k & 3], bounds[k >> 2 & 3], bounds[k >> 4 & 3], bounds[k >> 6 & 3]);
      bool said = rule_follows(&a, &b);
      follows += said;
      for (int64_t v = -2; v < 6; v++)
        if (said && in_range(&b, v)) CHECK(in_range(&a, v));
      if (i == k) CHECK(said);
    }
  CHECK(follows > 1000);
  CHECK(rule_follows(&(struct rule){ .kind = RULE_RANGE, .field = 4, .min = "1", .min_value = 1 },
                     &(struct rule){ .kind = RULE_RANGE, .field = 4, .min = "2", .min_value = 2 }));
  CHECK(!rule_follows(&(struct rule){ .kind = RULE_RANGE, .field = 4, .min = "2", .min_value = 2 },
                      &(struct rule){ .kind = RULE_RANGE, .field = 4, .min = "1", .min_value = 1 }));
  CHECK(!rule_follows(&(struct rule){ .kind = RULE_RANGE, .field = 5, .min = "1", .min_value = 1 },
                      &(struct rule){ .kind = RULE_RANGE, .field = 4, .min = "1", .min_value = 1 }));
}

UNIT(rules_follow_kinds, "lists by what is in them, patterns and conditions by their text") {
  struct rule a = { .kind = RULE_REFERENCE, .field = 2, .text = "a" }, b = a;
  map_init(&a.list);
  map_init(&b.list);
  map_put(&a.list, STR("North"), NULL);
  map_put(&b.list, STR("North"), NULL);
  CHECK(rule_follows(&a, &b));
  map_put(&a.list, STR("South"), NULL);
  CHECK(rule_follows(&a, &b));
  CHECK(!rule_follows(&b, &a));
  map_put(&b.list, STR("West"), NULL);
  CHECK(!rule_follows(&a, &b));
  map_clear(&a.list);
  map_clear(&b.list);
  struct rule like = { .kind = RULE_PATTERN, .text = "A*" }, other = { .kind = RULE_PATTERN, .text = "B*" };
  CHECK(rule_follows(&like, &like));
  CHECK(!rule_follows(&like, &other));
  struct rule later = { .kind = RULE_NOT_FUTURE, .days = 5 }, now = { .kind = RULE_NOT_FUTURE };
  CHECK(rule_follows(&later, &now));
  CHECK(!rule_follows(&now, &later));
  CHECK(!rule_follows(&(struct rule){ .kind = RULE_TYPE, .field = 1 },
                      &(struct rule){ .kind = RULE_REQUIRED, .field = 1 }));
}

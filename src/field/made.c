#include "field/made.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "field/invoices.h"
#include "field/market.h"

/* ---- names ---- */

static bool before_change(const struct made_store *s, int32_t day) { return day < s->changed; }

static const char *city_of(const struct made_store *s, int32_t day) {
  const struct market_city *c = &market_cities[s->city];
  return before_change(s, day) && !s->by_name ? c->before : c->name;
}

static void put_name(struct buf *b, const struct made_store *s, int64_t i, int32_t day) {
  bool old = before_change(s, day) && s->by_name;
  buf_printf(b, "%s %s%s %lld", market_names[s->name], market_shops[s->shop], old ? " (Old)" : "",
             (long long)i + 1);
}

/* Two digits, ten of a PAN, one, Z, one: as long as a real one, and no one's. */
static void put_gstin(struct buf *b, const struct made_store *s, int64_t i) {
  buf_printf(b, "%02dOUTPO%04dX%lldZ%lld", market_cities[s->city].gst_code, (int)(i % 10000),
             (long long)(i / 10000 % 10), (long long)(i % 10));
}

static void put_day(struct buf *b, const struct made *m, int32_t day) {
  char text[DATE_SIZE];
  buf_puts(b, date_iso(text, m->asked->until - (MADE_DAYS - 1) + day));
}

/* India's financial year begins in April. */
static void put_id(struct buf *b, const struct made *m, int64_t i) {
  int year, month, day;
  date_civil(m->asked->until - (MADE_DAYS - 1) + m->lines[i].day, &year, &month, &day);
  int from = (month < 4 ? year - 1 : year) % 100;
  buf_printf(b, "INV/%02d-%02d/%06lld", from, (from + 1) % 100, (long long)i + 1);
}

/* ---- one row: the cells in the order of the fields ---- */

enum fault { SOUND, NO_CUSTOMER, BAD_DATE, BAD_QUANTITY, NEGATIVE_TOTAL, REPEATED_LINE, FAULTS };
static const char *const fault_names[] = {
  "", "no_customer", "bad_date", "bad_quantity", "negative_total", "repeated_line"
};

static void paise(struct buf *b, int64_t v) {
  dec_print(b, v, 2, 2);
  buf_char(b, ',');
}

static void put_head(struct buf *b, const struct made *m, int64_t i, enum fault f) {
  const struct made_line *l = &m->lines[i];
  const struct made_product *p = &m->products[l->product];
  put_id(b, m, i);
  if (f != SOUND && f != REPEATED_LINE) buf_puts(b, "/X");
  buf_char(b, ',');
  if (f == BAD_DATE)
    buf_puts(b, "2025-13-45");
  else
    put_day(b, m, l->day);
  if (f == NO_CUSTOMER)
    buf_char(b, ',');
  else
    buf_printf(b, ",CUST-%04d", l->store + 1);
  buf_char(b, ',');
  put_name(b, &m->stores[l->store], l->store, l->day);
  buf_printf(b, ",P-%05d,%s,", l->product + 1, p->name);
  if (f == BAD_QUANTITY)
    buf_puts(b, "a few");
  else
    buf_int(b, l->quantity);
  buf_char(b, ',');
}

static void put_party(struct buf *b, const struct made *m, int64_t i) {
  const struct made_line *l = &m->lines[i];
  const struct made_store *s = &m->stores[l->store];
  const struct market_city *c = &market_cities[s->city];
  const char *city = city_of(s, l->day);
  int pin = c->pin * 1000 + 1 + l->store % 90;
  put_gstin(b, s, l->store);
  if (i % 5) /* not every row has it */
    buf_printf(b, ",+91 9%09d,", 100000000 + l->store * 7919 % 800000000);
  else
    buf_puts(b, ",,");
  buf_printf(b, "store%04d@example.in,", l->store + 1);
  for (int k = 0; k < 2; k++) /* billed and shipped to */
    buf_printf(b, "\"%d, Market Road\",%s,%s,%d,", 1 + l->store * 13 % 400, city, c->state, pin);
  buf_printf(b, "%02d-%s,", c->gst_code, c->state);
}

static void put_goods(struct buf *b, const struct made *m, int64_t i) {
  const struct made_line *l = &m->lines[i];
  const struct made_product *p = &m->products[l->product];
  const struct market_good *g = &market_goods[p->good];
  buf_printf(b, "%s,%s,SKU-%05d,890%010d,%s,%s,", g->category, market_brands[p->brand], l->product + 1,
             l->product + 1, g->hsn, g->unit);
  if (l->free) buf_int(b, l->free);
  buf_char(b, ',');
  paise(b, p->rate);
}

static void put_tail(struct buf *b, const struct made *m, int64_t i, const struct made_amounts *a) {
  const struct made_line *l = &m->lines[i];
  const struct made_store *s = &m->stores[l->store];
  int days = 15 * (1 + l->store % 3);
  dec_print(b, s->discount, 1, 0);
  buf_char(b, ',');
  paise(b, a->discount);
  paise(b, a->taxable);
  buf_printf(b, "%d,", market_goods[m->products[l->product].good].gst);
  paise(b, a->cgst);
  paise(b, a->sgst);
  paise(b, a->igst);
  buf_puts(b, "0.00,");
  paise(b, l->round_off);
  put_day(b, m, l->day + days);
  buf_printf(b, ",Net %d,", days);
  if (i % 3 == 0) buf_printf(b, "PO-%05lld", (long long)i / 3 + 1);
  buf_printf(b, ",Route %d,", 1 + s->city % 9);
  if (l->free) buf_printf(b, "scheme: %d free", l->free);
  buf_char(b, '\n');
}

static void put_row(struct buf *b, const struct made *m, int64_t i, enum fault f) {
  struct made_amounts a;
  made_amounts(m, &m->lines[i], &a);
  put_head(b, m, i, f);
  paise(b, f == NEGATIVE_TOTAL ? -a.total : a.total);
  buf_puts(b, "1,"); /* every invoice has one line */
  put_party(b, m, i);
  put_goods(b, m, i);
  put_tail(b, m, i, &a);
}

static void put_headings(struct buf *b) {
  for (int i = 0; i < invoices_dataset.field_count; i++)
    buf_printf(b, "%s%s", i ? "," : "", invoices_dataset.fields[i].name);
  buf_char(b, '\n');
}

int made_write(struct ctx *cx, struct made *m) {
  enum { ALMOST_FULL = 1 << 18 };
  const struct generate_invoices *g = m->asked;
  struct buf out, ledger;
  int64_t due = g->poison, line = 2;
  buf_init(&out, ALMOST_FULL * 2);
  buf_init(&ledger, LIMIT_REPLY_BYTES);
  put_headings(&out);
  buf_puts(&ledger, "line,defect\n");
  for (int64_t i = 0; i < g->invoices && !cx->code; i++) {
    put_row(&out, m, i, SOUND);
    line++;
    if (random_deal(&m->dice, g->invoices - i, &due)) {
      enum fault f = (enum fault)(1 + random_below(&m->dice, FAULTS - 1));
      put_row(&out, m, i, f);
      buf_printf(&ledger, "%lld,%s\n", (long long)line++, fault_names[f]);
    }
    if (out.n > ALMOST_FULL && !g->write(cx, g->arg, out.p, out.n)) buf_reset(&out);
  }
  if (!cx->code) g->write(cx, g->arg, out.p, out.n);
  if (!cx->code && g->ledger) g->ledger(cx, g->ledger_arg, ledger.p, ledger.n);
  buf_clear(&out);
  buf_clear(&ledger);
  return cx->code;
}

/* ---- the truth ---- */

static void write_rules(const struct made *m, struct jw *w) {
  jw_array(w, "rules");
  for (int i = 0; i < m->rule_count; i++)
    jw_record(w, NULL, "first", m->products[m->rules[i].first].name, "then",
              m->products[m->rules[i].then].name, "chance", arg_decimal(m->rules[i].chance, 2, 2));
  jw_close(w, ']');
}

static void write_customer(struct jw *w, int64_t i) {
  struct buf b;
  buf_init(&b, 64);
  buf_printf(&b, "CUST-%04lld", (long long)i + 1);
  jw_str(w, "customer_id", buf_view(&b));
  buf_clear(&b);
}

static void write_rhythms(const struct made *m, struct jw *w) {
  jw_array(w, "rhythms");
  for (int64_t i = 0; i < m->asked->stores; i++) {
    jw_object(w, NULL);
    write_customer(w, i);
    jw_put(w, "interval", m->stores[i].interval, "jitter", m->stores[i].jitter, "active",
           arg_bool(m->stores[i].last == MADE_DAYS - 1));
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

static void write_variants(const struct made *m, struct jw *w) {
  struct buf text;
  buf_init(&text, 256);
  jw_array(w, "variants");
  for (int64_t i = 0; i < m->asked->stores; i++) {
    const struct made_store *s = &m->stores[i];
    if (!s->changed) continue;
    jw_object(w, NULL);
    write_customer(w, i);
    jw_text(w, "property", s->by_name ? "name" : "city");
    for (int k = 0; k < 3; k++) {
      static const char *const keys[] = { "before", "after", "since" };
      buf_reset(&text);
      if (k == 2)
        put_day(&text, m, s->changed);
      else if (s->by_name)
        put_name(&text, s, i, k ? s->changed : 0);
      else
        buf_puts(&text, city_of(s, k ? s->changed : 0));
      jw_str(w, keys[k], buf_view(&text));
    }
    jw_close(w, '}');
  }
  jw_close(w, ']');
  buf_clear(&text);
}

void made_truth(const struct made *m, struct buf *out) {
  struct jw w;
  jw_init(&w, out);
  jw_object(&w, NULL);
  jw_put(&w, "invoices", m->asked->invoices, "lines", m->asked->invoices + m->free_due, "stores",
         m->asked->stores, "products", m->asked->products, "free", m->free_due, "revenue",
         arg_decimal(m->revenue, 2, 2));
  write_rules(m, &w);
  write_rhythms(m, &w);
  write_variants(m, &w);
  jw_close(&w, '}');
}

/*
** Defects are dealt like cards: of the rows that are left, so many of each kind
** must still get it, and each row draws one with that chance (Knuth, selection
** sampling, TAOCP 3.4.2 S). So the counts are exact whatever the size, and no
** list of rows is held in memory.
*/
#include "sales/generate.h"

#include "base/buf.h"
#include "base/decimal.h"
#include "base/random.h"
#include "base/time.h"

enum defect { SOUND, MISSING_DATE, DUPLICATE_ORDER_ID, NEGATIVE_REVENUE, FORMAT_ERROR, DEFECTS };
static const char *const defect_names[] = { "", "missing_date", "duplicate_order_id", "negative_revenue",
                                            "format_error" };

static const char *const regions[] = { "North", "South", "East", "West", "Central" };
static const char *const products[] = { "Sauces", "Ready-to-Eat", "Dairy", "Snacks", "Beverages" };

struct generator {
  struct random dice;
  int64_t left, due[DEFECTS];
  int64_t sound; /* number of a sound row before this one, to be repeated; 0: none yet */
};

static enum defect draw(struct generator *g) {
  int64_t pick = random_below(&g->dice, g->left--);
  for (int d = 1; d < DEFECTS; d++) {
    if (pick >= g->due[d]) {
      pick -= g->due[d];
      continue;
    }
    if (d == DUPLICATE_ORDER_ID && !g->sound) return SOUND; /* nothing to repeat yet; it stays due */
    g->due[d]--;
    return (enum defect)d;
  }
  return SOUND;
}

static void put_date(struct generator *g, struct buf *b, enum defect d) {
  char date[DATE_SIZE];
  int32_t day = date_days(2024, 1, 1) + (int32_t)random_below(&g->dice, 366);
  if (d != MISSING_DATE) buf_puts(b, date_iso(date, day));
}

/* A value that is no date, no quantity or no revenue. */
static void put_row(struct generator *g, struct buf *b, int64_t number, enum defect d) {
  int broken = d == FORMAT_ERROR ? (int)random_below(&g->dice, 3) : -1;
  buf_printf(b, "ORD-%07lld,", (long long)(d == DUPLICATE_ORDER_ID ? g->sound : number));
  if (broken == 0)
    buf_puts(b, "2024-13-45");
  else
    put_date(g, b, d);
  buf_printf(b, ",%s,%s,", regions[random_below(&g->dice, 5)], products[random_below(&g->dice, 5)]);
  if (broken == 1)
    buf_puts(b, "abc");
  else
    buf_int(b, 1 + random_below(&g->dice, 100));
  buf_char(b, ',');
  if (broken == 2)
    buf_puts(b, "12.3.4");
  else
    dec_print(b, (1 + random_below(&g->dice, 1000000)) * (d == NEGATIVE_REVENUE ? -1 : 1), 2, 2);
  buf_char(b, '\n');
}

int generate_sales(struct ctx *cx, const struct generate_request *r) {
  enum { ALMOST_FULL = 60000 };
  struct generator g = { .dice = { r->seed }, .left = r->rows };
  struct buf out, ledger;
  g.due[MISSING_DATE] = dec_div(r->rows * 5, 100);
  g.due[DUPLICATE_ORDER_ID] = dec_div(r->rows * 2, 100);
  g.due[NEGATIVE_REVENUE] = dec_div(r->rows * 15, 1000);
  g.due[FORMAT_ERROR] = dec_div(r->rows * r->format_errors, 100000);
  buf_init(&out, 65536);
  buf_init(&ledger, 65536);
  buf_puts(&out, "order_id,order_date,region,product,quantity,revenue\n");
  buf_puts(&ledger, "line,defect\n");
  for (int64_t i = 1; i <= r->rows && !cx->code; i++) {
    enum defect d = draw(&g);
    put_row(&g, &out, i, d);
    if (d == SOUND && (!g.sound || random_below(&g.dice, 16) == 0)) g.sound = i;
    if (d != SOUND) buf_printf(&ledger, "%lld,%s\n", (long long)i + 1, defect_names[d]);
    if (out.n > ALMOST_FULL && !r->write(cx, r->arg, out.p, out.n)) buf_reset(&out);
    if (r->ledger && ledger.n > ALMOST_FULL && !r->ledger(cx, r->ledger_arg, ledger.p, ledger.n))
      buf_reset(&ledger);
    if (!r->ledger) buf_reset(&ledger);
  }
  if (!cx->code) r->write(cx, r->arg, out.p, out.n);
  if (!cx->code && r->ledger) r->ledger(cx, r->ledger_arg, ledger.p, ledger.n);
  buf_clear(&out);
  buf_clear(&ledger);
  return cx->code;
}

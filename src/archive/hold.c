/*
** hold.c - what must stay where it is, and the rules of the two entities.
*/
#include "archive/internal.h"
#include "base/time.h"
#include "model/entity.h"

static int count_row(struct ctx *cx, void *arg, const struct parquet_value *row) {
  (void)row;
  ++*(int64_t *)arg;
  return (int)cx->code;
}

/* Does the partition hold rows of this item? path: the file it lies in, NULL for the table. */
static bool has_item(struct ctx *cx, struct db *db, const struct partition *p, const char *path,
                     const char *sku) {
  const struct archive_table *t = p->table;
  int64_t found = 0;
  if (t->key_column < 0) return true;
  if (path) {
    struct archive_filter f = {
      .place = t->place ? p->place : NULL, .key = sku, .from = p->from, .to = p->to
    };
    archive_rows_each(cx, db, t, &f, count_row, &found, NULL);
    return found > 0;
  }
  struct stmt *s =
      db_once(cx, db,
              ctx_printf(cx, "SELECT 1 %s WHERE %s >= ?2 AND %s < ?3 AND %s = ?4%s%s%s LIMIT 1", t->rows,
                         t->at, t->at, t->columns[t->key_column].sql, t->place ? " AND " : "",
                         t->place ? t->place : "", t->place ? " = ?1" : ""));
  if (t->place) stmt_int(s, 1, p->place_number);
  stmt_int(s, 2, p->from);
  stmt_int(s, 3, p->to);
  stmt_text(s, 4, sku);
  bool there = stmt_row(cx, s);
  if (s) stmt_done(s);
  return there;
}

struct hold {
  const char *sku, *reason;
  struct hold *next;
};

int hold_on(struct ctx *cx, struct db *db, const struct partition *p, const char *path, const char **reason) {
  struct hold *first = NULL, **last = &first;
  char from[DATE_SIZE], until[DATE_SIZE];
  struct stmt *s =
      db_ask(cx, db, SQL_archive_holds, p->table->name, p->place, date_iso(from, (int32_t)(p->from / DAY_US)),
             date_iso(until, (int32_t)(p->to / DAY_US - 1)));
  while (stmt_row(cx, s)) {
    *last = ctx_alloc(cx, sizeof **last);
    (*last)->sku = col_dup(cx, s, 2);
    (*last)->reason = col_dup(cx, s, 5);
    last = &(*last)->next;
  }
  *reason = NULL;
  for (struct hold *h = first; h && !cx->code && !*reason; h = h->next)
    if (!h->sku || has_item(cx, db, p, path, h->sku)) *reason = h->reason;
  return cx->code;
}

/* ---- rules ---- */

static bool (*held_elsewhere)(struct str subject);
static const char *held_elsewhere_help;

void hold_subjects_register(bool (*fits)(struct str subject), const char *help) {
  held_elsewhere = fits;
  held_elsewhere_help = help;
}

static int check_days(struct ctx *cx, const struct jv *object) {
  struct str from = jv_text(jv_get(object, "from_day")), until = jv_text(jv_get(object, "until_day"));
  struct str subject = jv_text(jv_get(object, "subject"));
  bool elsewhere = subject.p && held_elsewhere && held_elsewhere(subject);
  if (!elsewhere && subject.p && !archive_table_find(ctx_strdup(cx, subject)))
    return fail(cx, E_INVALID, "subject", "nothing is held back of '" STR_FMT "'; a hold is on %s%s%s",
                STR_ARG(subject), archive_table_names(cx), held_elsewhere ? ", " : "",
                held_elsewhere ? held_elsewhere_help : "");
  if (from.n == 10 && until.n == 10 && memcmp(from.p, until.p, 10) > 0)
    return fail(cx, E_INVALID, "until_day", "the days end with " STR_FMT ", before they begin",
                STR_ARG(until));
  return OK;
}

const struct entity_hooks legal_hold_hooks = { .check_object = check_days };

/*
** routes_figures.c - figures, why they are what they are, and the rows behind them.
*/
#include "export/compare.h"
#include "export/figures.h"
#include "export/impact.h"
#include "export/trace.h"
#include "export/why.h"
#include "http/routes.h"

typedef int show_fn(struct ctx *cx, struct db *db, struct jw *w, const char *key, const struct params *p);

static int show(struct request *rq, show_fn *fn) {
  struct params p;
  struct db *db;
  int rc = params_read(rq->cx, str_of(rq->query), &p);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : fn(rq->cx, db, &rq->json, "data", &p);
}

int figures_get(struct request *rq) { return show(rq, figures_show); }
int quality_get(struct request *rq) { return show(rq, quality_show); }
int compare_get(struct request *rq) { return show(rq, compare_show); }
int impact_get(struct request *rq) { return show(rq, impact_show); }
int rows_get(struct request *rq) { return show(rq, rows_show); }
int row_get(struct request *rq) { return show(rq, row_show); }
int line_get(struct request *rq) { return show(rq, line_show); }

int why_get(struct request *rq) {
  struct params p;
  struct db *db;
  int rc = params_read(rq->cx, str_of(rq->query), &p);
  if (!rc) rc = db_find(rq, &db);
  return rc ? rc : why_show(rq->cx, db, &rq->json, "data", rq->param[0], rq->param[1], &p, NULL);
}

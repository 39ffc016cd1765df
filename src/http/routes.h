/*
** routes.h - the tables of routes, and what handlers share.
*/
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/request.h"
#include "model/dataset.h"

enum { PAGE_ROWS = 50, PAGE_ROWS_MOST = 1000 };

/* The rows of each routes_NOUN.c, an empty one at the end; those of path_routes are the entities' own addresses. */
extern const struct route auth_routes[], runs_routes[], jobs_routes[], schedules_routes[], graphs_routes[],
    governance_routes[], stock_routes[], topics_routes[], desk_routes[], records_routes[], archive_routes[],
    tables_routes[], imports_routes[], bulk_routes[], figures_routes[], row_routes[], changes_routes[],
    sync_routes[], alerts_routes[], reorder_routes[], metrics_routes[], system_routes[], rules_routes[],
    health_routes[], trust_routes[], dashboard_routes[], orders_routes[], path_routes[];
/* All of them, in the order in which they are looked through; NULL at the end. */
extern const struct route *const route_tables[];

route_fn events_stream, realtime_open; /* events.c, realtime.c */
route_fn auth_me_get;                  /* routes_auth.c: a token that ended may ask that */
route_fn problems_list, problem_page;  /* problems.c */
route_fn openapi_show, system_show;    /* openapi.c, system.c */
int openapi_count(void);               /* operations in it */

/* records_csv.c */
struct record_query;
bool csv_preferred(const struct request *rq); /* by Accept: text/csv rather than JSON */
int csv_asked(struct request *rq, bool *csv); /* by format=csv, or so */
/* The reply is the rows of {"data": [...]}, which list holds: NAME.csv. Clears list. members: the heading when there is no row. */
int rows_csv(struct request *rq, struct buf *list, const char *name, const char *members);
int records_csv(struct request *rq, struct db *db, const struct record_query *q);

/* What somebody decides about the record of the address, {"note": "..."}: one write, and its id. */
int decision_post(struct request *rq, decide_fn *act);

/* routes_dashboard.c: the store that the parameter `store` names, by its id or as the invoices call it; NULL: none is asked
** for. What names none is left as it is: such a store has nothing. */
int store_in_query(struct request *rq, const char **id);

int import_accepted(struct request *rq, const char *id); /* 202, and where to look */
/* The dataset that the query names with as, or the first there is. */
int dataset_asked(struct request *rq, const struct dataset **out);

/* routes_records.c: does something to a record, with its body and If-Match, as at /api/records, for an address that shows
** more of it than the record: `show` writes the reply. name: its id or key; nothing for RECORD_ADD. */
enum record_act { RECORD_ADD, RECORD_REPLACE, RECORD_CHANGE, RECORD_DELETE, RECORD_RESTORE };
typedef int record_show_fn(struct ctx *cx, struct db *db, const char *id, struct jw *w, const char *key);
int record_do(struct request *rq, enum record_act act, const struct entity *e, const char *name,
              record_show_fn *show);

/* The same file: If-Match and If-None-Match against the version of what the client has seen, 412; and the tag of a reply that holds a
** record and more: both its version and its bytes. */
int match_version(struct request *rq, struct ctx *cx, const char *what, const char *id, int64_t version);
const char *tag_with_version(struct request *rq, const char *what, const char *id, int64_t version);

#endif

/*
** rules.h - the controls of a dataset, as they stand in the table `rule`.
**
** Kinds are code (below), rules are rows: which field, which parameters, which
** stage and category, active or not, and a version that grows with every change.
**
**   kind         parameters               a row fails when
**   readable                              it cannot be read as a record at all
**   columns                               it is too short to hold a mapped column
**   extra_cells                           it holds more cells than there are headings
**   type                                  a value is there that is not of the field's kind
**   range        min max above below      a number is outside (decimal texts)
**   reference    list                     a text is not in that list of reference_item
**   required                              the field is empty
**   not_future   days                     a date is more than `days` after today (UTC)
**   pattern      like                     a text does not match the GLOB pattern
**   expression   sql                      the SQL condition over the fields is false
**   unique       fields                   a clean row has the same key already
**
** What storage needs is always asked, by rules of version 0 where the table has
** none that is active: that a record is readable, that a key is unique, that an
** essential field is there (`required`), that every field is of its kind (`type`).
**
** TO ADD A KIND: 1. a row above, 2. a value of rule_kind and its name in
** rules.c, 3. its parameters in rules.c:read_params, 4. its test in judge.c and its
** case in rule_follows, 5. the page's words (src/README.md has all the places).
** TO ADD A RULE: a row in `rule`; nothing to compile.
*/
#ifndef INGEST_RULES_H
#define INGEST_RULES_H

#include "base/limits.h"
#include "base/map.h"
#include "model/dataset.h"
#include "store/store.h"

enum rule_kind {
  RULE_READABLE,
  RULE_COLUMNS,
  RULE_EXTRA_CELLS,
  RULE_TYPE,
  RULE_RANGE,
  RULE_REFERENCE,
  RULE_REQUIRED,
  RULE_NOT_FUTURE,
  RULE_PATTERN,
  RULE_EXPRESSION,
  RULE_UNIQUE,
  RULE_STORED, /* the database takes the row: built in, where a dataset has savepoints */
};

struct rule {
  const char *name, *stage, *category, *message;
  int64_t version;
  enum rule_kind kind;
  int field;                                              /* -1: about the whole row */
  const char *text;                                       /* list, pattern or SQL */
  const char *min, *max, *above, *below;                  /* as written, NULL where not given */
  int64_t min_value, max_value, above_value, below_value; /* at the field's scale */
  int64_t days;
  struct map list; /* values of a reference list */
};

/* Of one dataset, the built-in ones included. */
enum { RULES_MAX = LIMIT_RULES + 2 * LIMIT_FIELDS + 3 };

struct rules {
  struct rule *rule; /* by stage as the reference has them, then by position */
  int count;
  int unique;                /* index of the rule that reports a key seen before */
  int stored;                /* ... of the one about rows that the database refuses, or -1 */
  const char *unique_fields; /* "order_id" or "a,b": what the rule has */
  const char *json;          /* all of it, for rules_from: what a run keeps */
};

/* The active rules as they stand now; they live as long as the unit of work.
** E_INVALID names the rule that cannot be used. */
int rules_load(struct ctx *cx, struct db *db, const struct dataset *d, struct rules **out);

/* The rules of a run, from the JSON that it keeps. */
int rules_from(struct ctx *cx, const struct dataset *d, struct str json, struct rules **out);

/* The same, and expressions are prepared, too: what judge_new would refuse. */
int rules_try(struct ctx *cx, struct db *db, const struct dataset *d, struct rules **out);

/* Whether every row that passes `given` passes r, whatever they are called. */
bool rule_follows(const struct rule *r, const struct rule *given);

const char *rule_kind_name(enum rule_kind kind);

#endif

/*
** expression.h - a condition written by a person, in SQL, over the fields of a
** row: quantity * 100 >= revenue. Evaluated in an empty database in memory,
** under an authorizer (no tables, no pragmas, no functions that load, write or
** are not deterministic) and with limits on steps and sizes, so that the worst
** it can do is to be wrong.
**
** Values are given as numbers or texts by the names of the fields.
*/
#ifndef STORE_EXPRESSION_H
#define STORE_EXPRESSION_H

#include "base/ctx.h"

struct expression; /* belongs to one thread */

/* names: field_count names that may be used. E_INVALID says what is wrong. */
int expression_new(struct ctx *cx, const char *text, const char *const *names, int count,
                   struct expression **out);
void expression_free(struct expression *e);

/* A value of the row to be judged: text of a number, or text; p NULL is NULL. */
void expression_bind(struct expression *e, int name, struct str value, bool number);

enum { EXPRESSION_TRUE, EXPRESSION_FALSE, EXPRESSION_UNKNOWN, EXPRESSION_ERROR };
/* UNKNOWN: NULL, as SQL has it. ERROR: *why says what happened. */
int expression_test(struct expression *e, const char **why);

#endif

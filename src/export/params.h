/*
** params.h - a question as an address asks it: region=North&from=2024-01-01.
** The page's addresses and the operands of the command line are read alike.
*/
#ifndef EXPORT_PARAMS_H
#define EXPORT_PARAMS_H

#include "base/ctx.h"

enum { PARAMS_MOST = 32, PARAM_BYTES = 2048 };

struct params {
  int count;
  const char *name[PARAMS_MOST], *value[PARAMS_MOST]; /* decoded; they live as long as the unit of work */
};

/* query: without its question mark; %41 and + are decoded. E_INVALID: what is no
** text in UTF-8, or is named twice. */
int params_read(struct ctx *cx, struct str query, struct params *out);

/* NULL when it is absent or empty. */
const char *params_get(const struct params *p, const char *name);
int params_int(struct ctx *cx, const struct params *p, const char *name, int64_t least, int64_t most,
               int64_t otherwise, int64_t *out);

/* E_INVALID when a name is none of those: a filter that is misspelt would give a
** figure that looks right. Each list is ended by NULL and may be NULL. */
int params_check(struct ctx *cx, const struct params *p, const char *const *names, const char *const *more);

/* A text as a part of an address. */
const char *params_quote(struct ctx *cx, const char *text);

#endif

/*
** config.h - settings that are not on the command line. Private to cli/.
**
** A file of lines "name = value"; # begins a comment. The first of these that
** exists is read, once: the file that OUTPOST_CONF names, ./outpost.conf,
** /etc/outpost.conf.
*/
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/ctx.h"

struct setting {
  const char *name, *otherwise;
  bool told; /* the support bundle may hold its value */
};
extern const struct setting settings[]; /* ends with one without a name */
bool is_setting(const char *name);

/* Is the file there that is named, and is every line of it a setting? E_INVALID, E_NOT_FOUND. */
int config_check(struct ctx *cx);

/* NULL when it is not set; *from names the environment's variable or the file. */
const char *config_get(const char *option, const char **from);
/* The names in the file, from 0 on; NULL beyond the last. */
const char *config_name(int i);

#endif

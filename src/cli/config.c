#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

enum { LINES_MAX = 64, LINE_MAX_BYTES = 1024 };

/* Only what stays the same from call to call can stand in a configuration. */
const struct setting settings[] = {
  { "data", "./outpost-data", true },
  { "tenant", NULL, true },
  { "listen", "127.0.0.1:8080", true },
  { "public", "no", true },
  { "tls", "no", true },
  { "name", NULL, false },
  { "cert", NULL, false },
  { "cert-key", NULL, false },
  { "www", NULL, true },
  { "workers", "4", true },
  { "rate", "100", true },
  { "rate-exempt", NULL, false },
  { "allow-origin", NULL, false },
  { "connections", "4096", true },
  { "connections-per-address", "256", true },
  { "slow-query", "250", true },
  { "ca-file", NULL, true },
  { NULL, NULL, false },
};

bool is_setting(const char *name) {
  for (const struct setting *s = settings; s->name; s++)
    if (strcmp(s->name, name) == 0) return true;
  return false;
}

static struct {
  bool read;
  const char *path;
  int count, line, bad_line; /* bad_line: the first that is no "name = value"; 0: none */
  char name[LINES_MAX][64], value[LINES_MAX][LINE_MAX_BYTES];
} file;

static void read_line(char *line) {
  char *comment = strchr(line, '#'), *equals;
  file.line++;
  if (comment) *comment = 0;
  equals = strchr(line, '=');
  if (!file.bad_line && (equals ? file.count == LINES_MAX : str_trim(str_of(line)).n))
    file.bad_line = file.line;
  if (!equals || file.count == LINES_MAX) return;
  *equals = 0;
  str_copy(file.name[file.count], sizeof file.name[0], str_trim(str_of(line)));
  str_copy(file.value[file.count], sizeof file.value[0], str_trim(str_of(equals + 1)));
  file.count++;
}

static void read_file(void) {
  const char *const places[] = { getenv("OUTPOST_CONF"), "outpost.conf", "/etc/outpost.conf" };
  char line[LINE_MAX_BYTES];
  FILE *f = NULL;
  file.read = true;
  for (int i = 0; !f && i < 3; i++)
    if (places[i] && *places[i]) f = fopen(file.path = places[i], "re");
  if (!f) return;
  while (fgets(line, sizeof line, f)) read_line(line);
  fclose(f);
}

/* "date-order" is OUTPOST_DATE_ORDER. */
static const char *variable_of(const char *option) {
  static char name[80];
  int n = snprintf(name, sizeof name, "OUTPOST_%s", option);
  for (int i = 0; i < n && name[i]; i++) {
    if (name[i] >= 'a' && name[i] <= 'z') name[i] -= 32;
    if (name[i] == '-') name[i] = '_';
  }
  return name;
}

const char *config_get(const char *option, const char **from) {
  const char *value = getenv(*from = variable_of(option));
  if (value && *value) return value;
  if (!file.read) read_file();
  *from = file.path;
  for (int i = file.count - 1; i >= 0; i--)
    if (strcmp(file.name[i], option) == 0) return file.value[i];
  *from = NULL;
  return NULL;
}

const char *config_name(int i) {
  if (!file.read) read_file();
  return i < file.count ? file.name[i] : NULL;
}

int config_check(struct ctx *cx) {
  const char *named = getenv("OUTPOST_CONF");
  if (!file.read) read_file();
  if (named && *named && file.path != named)
    return fail(cx, E_NOT_FOUND, "OUTPOST_CONF", "%s, which OUTPOST_CONF names, cannot be read", named);
  if (file.bad_line)
    return fail(cx, E_INVALID, "configuration", "line %d of %s is no `name = value`, or one too many",
                file.bad_line, file.path);
  for (int i = 0; i < file.count; i++)
    if (!is_setting(file.name[i]))
      return fail(cx, E_INVALID, "configuration", "%s: there is no setting %s", file.path, file.name[i]);
  return OK;
}

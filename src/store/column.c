#include "store/column.h"

#include <stdlib.h>

#include "base/time.h"

void column_text(struct jw *w, const char *key, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, key, NULL);
  else
    jw_str(w, key, col_str(s, i));
}

void column_time(struct jw *w, const char *key, const struct stmt *s, int i) {
  char at[TIME_SIZE];
  jw_text(w, key, col_null(s, i) ? NULL : time_iso(at, col_int(s, i)));
}

enum { KEY_SIZE = 64 };

/* "name: kind?, ..." -> its name, its kind and what NULL becomes (?, ! or 0); what is behind it. */
static const char *next_member(const char *p, char key[static KEY_SIZE], struct str *kind, char *null) {
  size_t n = strcspn(p, ",");
  struct str member = str_trim((struct str){ p, n });
  char last = member.n ? member.p[member.n - 1] : 0;
  *null = last == '?' || last == '!' ? last : 0;
  member.n -= *null != 0;
  const char *colon = memchr(member.p, ':', member.n);
  size_t name = colon ? (size_t)(colon - member.p) : member.n;
  str_copy(key, KEY_SIZE, (struct str){ member.p, name });
  *kind = colon ? str_trim((struct str){ colon + 1, member.n - name - 1 }) : STR("text");
  return p + n + (p[n] == ',');
}

static void write_one(struct jw *w, const char *key, struct str kind, const struct stmt *s, int i) {
  if (str_eq(kind, STR("text")))
    jw_str(w, key, col_str(s, i));
  else if (str_eq(kind, STR("int")))
    jw_int(w, key, col_int(s, i));
  else if (str_starts(kind, STR("number")) && kind.n == 7)
    jw_number(w, key, col_int(s, i), kind.p[6] - '0', 0);
  else if (str_eq(kind, STR("bool")))
    jw_bool(w, key, col_int(s, i) != 0);
  else if (str_eq(kind, STR("instant")))
    jw_time(w, key, col_int(s, i));
  else if (str_eq(kind, STR("known")))
    jw_time_known(w, key, col_int(s, i));
  else if (str_eq(kind, STR("any")))
    jw_raw(w, key, col_str(s, i));
  else
    abort(); /* no such kind: a mistake of whoever called */
}

void columns_write(struct jw *w, const struct stmt *s, int from, const char *members) {
  char key[KEY_SIZE];
  struct str kind;
  char null;
  for (int i = from; *members; i++) {
    members = next_member(members, key, &kind, &null);
    if (!strcmp(key, "-")) continue;
    bool none = null && col_null(s, i);
    if (none && null == '?') jw_text(w, key, NULL);
    if (!none) write_one(w, key, kind, s, i);
  }
}

int columns_list(struct ctx *cx, struct stmt *s, struct jw *w, const char *key, const char *members) {
  jw_array(w, key);
  while (stmt_row(cx, s)) {
    jw_object(w, NULL);
    columns_write(w, s, 0, members);
    jw_close(w, '}');
  }
  jw_close(w, ']');
  return cx->code;
}

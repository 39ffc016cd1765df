#include "store/column.h"

#include "base/time.h"

void column_text(struct jw *w, const char *key, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, key, NULL);
  else
    jw_str(w, key, col_str(s, i));
}

void column_int(struct jw *w, const char *key, const struct stmt *s, int i) {
  if (col_null(s, i))
    jw_text(w, key, NULL);
  else
    jw_int(w, key, col_int(s, i));
}

void column_time(struct jw *w, const char *key, const struct stmt *s, int i) {
  char at[TIME_SIZE];
  jw_text(w, key, col_null(s, i) ? NULL : time_iso(at, col_int(s, i)));
}

#include <stdlib.h>

#include "base/json.h"
#include "export/desk_index.h"
#include "unit.h"

/* Texts that look like the JSON around them. */
static const char *const nasty[] = { "",      "Nort",    "a\"b",         "\\",
                                     "\\\"",  "}",       "]},{",         "\n\t",
                                     "₹ ü",   "\",\"",   "\"control\":", "{\"control\":\"x\"}",
                                     "value", ":",       "control",      "\x01\x02",
                                     "[[[[",  "x\\\\\"y" };
enum { NASTY = sizeof nasty / sizeof *nasty };

struct wanted {
  const char *control, *field, *value;
};

static void put(struct jw *w, const struct wanted *f) {
  jw_object(w, NULL);
  jw_text(w, "control", f->control);
  jw_int(w, "version", 3);
  jw_text(w, "field", f->field);
  jw_text(w, "value", f->value);
  jw_text(w, "reason", f->value);
  jw_close(w, '}');
}

static bool same(const struct wanted *a, const struct wanted *b) {
  return !strcmp(a->control, b->control) && !strcmp(a->field ? a->field : "", b->field ? b->field : "") &&
         !strcmp(a->value, b->value);
}

UNIT(desk_faults, "the faults of an exception are found in its JSON, whatever its values are") {
  struct wanted list[NASTY * 2];
  uint64_t hash[NASTY * 2];
  struct buf json;
  struct jw w;
  buf_init(&json, 1 << 20);
  jw_init(&w, &json);
  jw_array(&w, NULL);
  for (int i = 0; i < NASTY * 2; i++) {
    list[i] =
        (struct wanted){ i % 2 ? "region_known" : "order_unique", i % 3 ? "region" : NULL, nasty[i % NASTY] };
    put(&w, &list[i]);
  }
  jw_close(&w, ']');
  struct str rest = buf_view(&json);
  struct desk_fault_text f;
  int n = 0;
  while (n < NASTY * 2 && desk_fault_next(&rest, &f)) {
    CHECK(str_eq(f.control, str_of(list[n].control)));
    CHECK_INT(f.field.p == NULL, list[n].field == NULL);
    if (f.field.p) CHECK(str_eq(f.field, STR("region")));
    hash[n++] = desk_fault_hash(&f);
  }
  CHECK_INT(n, NASTY * 2);
  CHECK(!desk_fault_next(&rest, &f));
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++) CHECK_INT(hash[i] == hash[k], same(&list[i], &list[k]));
  buf_clear(&json);
}

UNIT(desk_faults_cut, "what is no such JSON has no faults, and nothing beyond its end is read") {
  static const char whole[] = "[{\"control\":\"a\",\"field\":null,\"value\":\"x\\\"\",\"reason\":\"\"}]";
  for (size_t n = 0; n < sizeof whole; n++) {
    char *cut = xmalloc(n + 1); /* exactly so long: a sanitizer sees a byte too many */
    memcpy(cut, whole, n);
    struct str rest = { cut, n };
    struct desk_fault_text f;
    CHECK_INT(desk_fault_next(&rest, &f), n + 2 >= sizeof whole);
    free(cut);
  }
}

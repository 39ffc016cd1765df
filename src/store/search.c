#include "store/search.h"

#include "base/json.h"
#include "base/limits.h"

void search_plain(struct buf *out, struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    if (strchr("%_\\", text.p[i])) buf_char(out, '\\');
    buf_char(out, text.p[i]);
  }
}

bool search_word(const char **rest, struct str *word) {
  *rest += strspn(*rest, " \t\r\n");
  *word = (struct str){ *rest, strcspn(*rest, " \t\r\n") };
  *rest += word->n;
  return word->n > 0;
}

static void write_patterns(struct jw *w, const char *search, int *words) {
  struct buf pattern;
  struct str word;
  buf_init(&pattern, LIMIT_TEXT_BYTES);
  jw_array(w, NULL);
  for (*words = 0; search_word(&search, &word) && *words <= SEARCH_WORDS; ++*words) {
    buf_reset(&pattern);
    buf_char(&pattern, '%');
    search_plain(&pattern, word);
    buf_char(&pattern, '%');
    jw_str(w, NULL, buf_view(&pattern));
  }
  jw_close(w, ']');
  buf_clear(&pattern);
}

int search_patterns(struct ctx *cx, const char *field, const char *search, const char **out) {
  struct buf json;
  struct jw w;
  int words;
  *out = NULL;
  if (!search) return OK;
  buf_init(&json, 2 * LIMIT_TEXT_BYTES);
  jw_init(&w, &json);
  write_patterns(&w, search, &words);
  if (words && words <= SEARCH_WORDS) *out = ctx_strdup(cx, buf_view(&json));
  buf_clear(&json);
  if (words > SEARCH_WORDS) return fail(cx, E_INVALID, field, "a search has at most %d words", SEARCH_WORDS);
  return cx->code;
}

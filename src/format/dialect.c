/*
** dialect.c - what a user may state about a file, setting by setting.
**
** The table below is the list of settings: names as on the command line, what
** each may be, and how it is read. Everything that is not stated stays "detect".
*/
#include <stdlib.h>

#include "format/internal.h"

void dialect_init(struct dialect *d) {
  *d = (struct dialect){ .quote = QUOTE_AUTO, .escape = QUOTE_AUTO, .header = -1, .skip = -1 };
}

static bool set_encoding(struct dialect *d, const char *v) {
  static const char *const alias[][2] = {
    { "UTF8", "UTF-8" },
    { "UTF-8-SIG", "UTF-8" },
    { "ASCII", "UTF-8" },
    { "US-ASCII", "UTF-8" },
    { "LATIN1", "ISO-8859-1" },
    { "LATIN-1", "ISO-8859-1" },
    { "ISO8859-1", "ISO-8859-1" },
    { "ISO_8859-1", "ISO-8859-1" },
    { "CP1252", "WINDOWS-1252" },
    { "SJIS", "SHIFT_JIS" },
    { "SHIFT-JIS", "SHIFT_JIS" },
    { "CP932", "SHIFT_JIS" },
    { "WINDOWS-31J", "SHIFT_JIS" },
    { "GB2312", "GB18030" },
    { "GBK", "GB18030" },
    { "CP936", "GB18030" },
    { "UTF16", "UTF-16" },
    { "UTF16LE", "UTF-16LE" },
    { "UTF16BE", "UTF-16BE" },
  };
  char upper[sizeof d->encoding];
  if (!str_copy(upper, sizeof upper, str_of(v))) return false;
  for (char *c = upper; *c; c++)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
  for (size_t i = 0; i < sizeof alias / sizeof *alias; i++)
    if (strcmp(upper, alias[i][0]) == 0) str_copy(upper, sizeof upper, str_of(alias[i][1]));
  if (!encoding_known(upper)) return false;
  return str_copy(d->encoding, sizeof d->encoding, str_of(upper));
}

static bool set_delimiter(struct dialect *d, const char *v) {
  static const char *const word[]
                               [2] = {
                                 { "tab", "\t" },      { "\\t", "\t" },
                                 { "\\t\\t", "\t\t" }, { "comma", "," },
                                 { "pipe", "|" },      { "semicolon", ";" },
                                 { "space", " " },     { "colon", ":" },
                                 { "\\\\t", "\\t" }, /* the two characters, as some exports write them */
                               };
  for (size_t i = 0; i < sizeof word / sizeof *word; i++)
    if (strcmp(v, word[i][0]) == 0) v = word[i][1];
  if (!*v || strpbrk(v, "\r\n\"")) return false;
  return str_copy(d->delimiter, sizeof d->delimiter, str_of(v));
}

static bool one_byte(const char *v, int *out) {
  if (strcmp(v, "none") == 0) {
    *out = QUOTE_NONE;
    return true;
  }
  unsigned char c = (unsigned char)v[0];
  if (c <= 0x20 || c >= 0x7f || v[1]) return false;
  *out = c;
  return true;
}

static bool set_quote(struct dialect *d, const char *v) { return one_byte(v, &d->quote); }
static bool set_escape(struct dialect *d, const char *v) {
  if (!one_byte(v, &d->escape)) return false;
  if (d->escape == d->quote || d->escape == '"') d->escape = QUOTE_NONE; /* a doubled quote */
  return true;
}

static bool set_header(struct dialect *d, const char *v) {
  d->header = strcmp(v, "yes") == 0 ? 1 : strcmp(v, "no") == 0 ? 0 : -1;
  return d->header >= 0;
}

static bool set_skip(struct dialect *d, const char *v) {
  int64_t n;
  if (!str_to_int(str_of(v), &n) || n < 0 || n > 1000000) return false;
  d->skip = n;
  return true;
}

static bool set_decimal(struct dialect *d, const char *v) {
  if ((v[0] != '.' && v[0] != ',') || v[1]) return false;
  d->decimal = v[0];
  return true;
}

static bool set_date_order(struct dialect *d, const char *v) {
  static const char *const names[] = { "", "ymd", "dmy", "mdy" };
  for (int i = 1; i < 4; i++)
    if (strcmp(v, names[i]) == 0) d->date_order = (enum date_order)i;
  return strcmp(v, names[d->date_order]) == 0 && *v;
}

static const struct setting {
  const char *name;
  bool (*set)(struct dialect *, const char *);
  const char *may_be;
} settings[] = {
  { "encoding", set_encoding,
    "the name of a text encoding such as UTF-8, UTF-16LE, WINDOWS-1252 or SHIFT_JIS" },
  { "delimiter", set_delimiter, "1 to 7 bytes, or tab, space, comma, semicolon, pipe" },
  { "quote", set_quote, "one ASCII character, or none" },
  { "escape", set_escape, "one ASCII character, or none when quotes are doubled" },
  { "header", set_header, "yes or no" },
  { "skip", set_skip, "the number of lines before the table, 0 to 1000000" },
  { "decimal", set_decimal, "a point or a comma" },
  { "date-order", set_date_order, "dmy, mdy or ymd" },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

const char *const dialect_settings[] = { "encoding", "delimiter", "quote",      "escape", "header",
                                         "skip",     "decimal",   "date-order", NULL };

int dialect_set(struct ctx *cx, struct dialect *d, const char *name, const char *value) {
  for (size_t i = 0; i < SETTINGS; i++) {
    if (strcmp(settings[i].name, name) != 0) continue;
    struct dialect changed = *d;
    if (!settings[i].set(&changed, value))
      return fail(cx, E_INVALID, name, "%s may be %s, not \"%s\"", name, settings[i].may_be, value);
    *d = changed;
    return OK;
  }
  return fail(cx, E_INVALID, name, "there is no setting %s of a dialect", name);
}

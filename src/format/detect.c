/*
** detect.c - which encoding a file is in.
**
** A byte order mark decides; then UTF-16 by the places of its zero bytes; then
** valid UTF-8, which hardly any other text is by accident; then a double-byte
** encoding, but only when the whole file is valid in it and the characters look
** like its language; else Windows-1252 where bytes 80..9F occur, else ISO 8859-1.
** uchardet is asked where two double-byte encodings are both possible, and is
** believed only within these rules.
**
** The whole file is looked at once: eight bytes at a time while it is ASCII.
*/
#include <stdlib.h>
#include <uchardet/uchardet.h>

#include "base/utf8.h"
#include "format/internal.h"

enum { PIECE = 256 * 1024 };

struct look {
  uint64_t multi;       /* well-formed characters of two and more bytes */
  uint64_t bad, bad_at; /* bytes that are not UTF-8 */
  uint64_t nuls, nul_at;
  bool high_controls; /* 80..9F */
  bool ends_in_newline;
};

/* First byte at or after i that is not ASCII. */
static size_t skip_ascii(const char *p, size_t i, size_t n) {
  uint64_t w[4];
  while (n - i >= sizeof w) {
    memcpy(w, p + i, sizeof w);
    if ((w[0] | w[1] | w[2] | w[3]) & UINT64_C(0x8080808080808080)) break;
    i += sizeof w;
  }
  while (i < n && !(p[i] & 0x80)) i++;
  return i;
}

/* Returns how many bytes were understood: a character cut by the end of the piece is left. */
static size_t look_at(struct look *k, const char *p, size_t n, uint64_t at, bool last) {
  for (size_t i = 0;;) {
    i = skip_ascii(p, i, n);
    if (i >= n) return n;
    if (!last && n - i < 4) return i;
    size_t step = utf8_step(p + i, n - i);
    if (step) {
      k->multi++;
    } else {
      if (k->bad++ == 0) k->bad_at = at + i;
      step = 1;
    }
    for (size_t j = i; j < i + step; j++)
      if (((unsigned char)p[j] & 0xe0) == 0x80) k->high_controls = true;
    i += step;
  }
}

static void count_nuls(struct look *k, const char *p, size_t n, uint64_t at) {
  const char *z = memchr(p, 0, n);
  while (z) {
    if (k->nuls++ == 0) k->nul_at = at + (uint64_t)(z - p);
    if (k->nuls > 1000) return; /* enough to know */
    z++;
    z = memchr(z, 0, n - (size_t)(z - p));
  }
}

static int look_whole(struct ctx *cx, const struct input *in, struct look *k) {
  char *piece = xmalloc(PIECE);
  uint64_t at = 0, size = input_size(in);
  int rc = OK;
  *k = (struct look){ .nul_at = UINT64_MAX };
  while (!rc && at < size) {
    size_t got, used;
    rc = input_read(cx, in, at, piece, PIECE, &got);
    if (rc || got == 0) break;
    used = look_at(k, piece, got, at, at + got >= size);
    count_nuls(k, piece, used, at);
    k->ends_in_newline = piece[got - 1] == '\n' || piece[got - 1] == '\r';
    at += used ? used : got;
  }
  free(piece);
  return rc;
}

/* ---- UTF-16 without a mark ---- */

static size_t wide_plain(const unsigned char *p, size_t n, size_t low) {
  size_t plain = 0;
  for (size_t i = 0; i + 1 < n; i += 2) {
    unsigned char c = p[i + low];
    if (p[i + 1 - low] == 0 && (c == '\n' || c == '\r' || c == '\t' || (c >= 0x20 && c < 0x7f))) plain++;
  }
  return plain;
}

static const char *wide_without_mark(struct str head) {
  const unsigned char *p = (const unsigned char *)head.p;
  if (!memchr(head.p, 0, head.n)) return NULL;
  size_t le = wide_plain(p, head.n, 0), be = wide_plain(p, head.n, 1), units = head.n / 2;
  if (units < 2) return NULL;
  size_t share = units < 16 ? 2 : 5; /* half of a short text; a fifth of a long one, for other scripts */
  if (le * share > units && le > be * 4) return "UTF-16LE";
  if (be * share > units && be > le * 4) return "UTF-16BE";
  return NULL;
}

/* ---- double-byte encodings ---- */

struct pairs {
  size_t total, typical, usual; /* of them, those that are as the language has them */
  size_t single;                /* half-width katakana */
  bool valid;
};

static struct pairs count_sjis(struct str s) {
  struct pairs k = { .valid = true };
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < 0x80) continue;
    if (c >= 0xa1 && c <= 0xdf) {
      k.single++;
      continue;
    }
    unsigned char t = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0x40;
    if (c == 0x80 || c == 0xa0 || c > 0xfc || t < 0x40 || t == 0x7f || t > 0xfc) k.valid = false;
    k.total++;
    /* Japanese begins with 81..9F nearly always; Latin letters are beyond. Kana, or
    ** a second byte beyond ASCII: a curly quote before a letter has neither. */
    if (c <= 0x9f) k.usual++;
    if (c <= 0x9f && (c == 0x82 || c == 0x83 || t >= 0x80)) k.typical++;
    i++;
  }
  return k;
}

static struct pairs count_gb(struct str s) {
  struct pairs k = { .valid = true };
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < 0x80) continue;
    unsigned char t = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0xa1;
    k.total++;
    if (c == 0x80 || c == 0xff) k.valid = false;
    if (t >= 0x30 && t <= 0x39) {
      i += 3; /* four bytes */
      k.typical++;
      k.usual++;
      continue;
    }
    if (t < 0x40 || t == 0x7f || t == 0xff) k.valid = false;
    if (c >= 0xa1 && t >= 0xa1) k.typical++;
    if (c <= 0xd7) k.usual++; /* common characters; beyond are rare ones, and small Latin letters */
    i++;
  }
  return k;
}

/* The whole file, by the encoding's own decoder. */
static int valid_in(struct ctx *cx, const struct input *in, const char *encoding, bool *yes) {
  struct decoder *d = decoder_new(encoding);
  struct buf out;
  buf_init(&out, MIB(4));
  char *piece = xmalloc(PIECE);
  uint64_t at = 0;
  int rc = OK;
  *yes = true;
  while (*yes && at < input_size(in)) {
    size_t got, end;
    rc = input_read(cx, in, at, piece, PIECE, &got);
    if (rc || got == 0) break;
    end = got; /* to a line end: that is never inside a character */
    if (at + got < input_size(in))
      while (end > 0 && piece[end - 1] != '\n') end--;
    if (end == 0) end = got;
    buf_reset(&out);
    *yes = decoder_run(d, (struct str){ piece, end }, &out);
    at += end;
  }
  free(piece);
  buf_clear(&out);
  decoder_free(d);
  return rc;
}

static void ask_uchardet(struct str head, char out[static 32]) {
  uchardet_t u = uchardet_new();
  out[0] = 0;
  if (uchardet_handle_data(u, head.p, head.n) == 0) {
    uchardet_data_end(u);
    str_copy(out, 32, str_of(uchardet_get_charset(u)));
  }
  uchardet_delete(u);
}

static int double_byte(struct ctx *cx, const struct input *in, struct str head, struct encoding *out,
                       bool *found) {
  char guess[32];
  struct pairs sj = count_sjis(head), gb = count_gb(head);
  bool can_sj = sj.valid && sj.total > 0 && sj.typical * 10 >= sj.total * 3 &&
                sj.usual * 10 >= sj.total * 7 && sj.single <= 4 * sj.total;
  bool can_gb = gb.valid && gb.total > 0 && gb.typical * 10 >= gb.total * 8 && gb.usual * 2 >= gb.total;
  *found = false;
  if (!can_sj && !can_gb) return OK;
  ask_uchardet(head, guess);
  const char *first = can_sj ? "SHIFT_JIS" : "GB18030";
  if (can_sj && can_gb && strncmp(guess, "GB", 2) == 0) first = "GB18030";
  static const char *const others[] = { "EUC-JP", "EUC-KR", "BIG5" };
  for (size_t i = 0; can_gb && i < 3; i++)
    if (strcmp(guess, others[i]) == 0) first = others[i];
  const char *names[] = { first, can_gb ? "GB18030" : "SHIFT_JIS" };
  for (size_t i = 0; i < 2 && !*found; i++) {
    int rc = valid_in(cx, in, names[i], found);
    if (rc) return rc;
    if (!*found) continue;
    str_copy(out->name, sizeof out->name, str_of(names[i]));
    out->evidence = ctx_printf(cx, "the whole file is valid %s, and not valid UTF-8", names[i]);
  }
  return OK;
}

/* ---- what is no text, or no table ---- */

/* Workbooks are ZIP archives, and the name of its first entry tells one from others. */
static const char *known_office(struct str head) {
  enum { NAME_AT = 30 };
  static const char *const first[] = { "[Content_Types].xml", "_rels/", "docProps/", "xl/", "mimetype" };
  if (!str_starts(head, (struct str){ "PK\003\004", 4 }) || head.n < NAME_AT) return NULL;
  for (size_t i = 0; i < sizeof first / sizeof *first; i++)
    if (str_starts((struct str){ head.p + NAME_AT, head.n - NAME_AT }, str_of(first[i])))
      return "an office document, such as an Excel workbook (XLSX): save the sheet as CSV";
  return NULL;
}

/* Text, but no table: what many programs write under the name .xls, or send instead of a file. */
static const char *known_markup(struct str head) {
  static const char *const first[] = { "<!doctype html", "<html", "<?xml", "<table" };
  if (str_starts(head, (struct str){ "\xef\xbb\xbf", 3 })) head.p += 3, head.n -= 3;
  head = str_trim(head);
  for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
    size_t n = strlen(first[i]);
    if (head.n >= n && str_eq_nocase((struct str){ head.p, n }, str_of(first[i])))
      return "a web page or XML and no table: open it in a spreadsheet and save it as CSV";
  }
  return NULL;
}

static const char *known_binary(struct str head) {
  static const struct {
    struct str magic;
    const char *what;
  } known[] = {
    { { "PK\003\004", 4 }, "a ZIP archive: unpack it first, and save the sheet of a workbook (XLSX) as CSV" },
    { { "\xd0\xcf\x11\xe0", 4 }, "an old Excel or Word file: save the sheet as CSV" },
    { { "%PDF-", 5 }, "a PDF document: export the table as CSV" },
    { { "SQLite format 3", 15 }, "a SQLite database: export the table as CSV" },
    { { "\x89PNG", 4 }, "a picture" },
    { { "\xff\xd8\xff", 3 }, "a picture" },
    { { "GIF8", 4 }, "a picture" },
    { { "\x7f"
        "ELF",
        4 },
      "a program" },
    { { "7z\xbc\xaf", 4 }, "a 7-Zip archive: unpack it first" },
    { { "BZh", 3 }, "a bzip2 archive: unpack it first" },
    { { "\xfd"
        "7zXZ",
        5 },
      "an xz archive: unpack it first" },
    { { "\x28\xb5\x2f\xfd", 4 }, "a zstd archive: unpack it first" },
    { { "PAR1", 4 }, "a Parquet file: export the table as CSV" },
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_starts(head, known[i].magic) && (known[i].magic.n > 3 || memchr(head.p, 0, head.n)))
      return known[i].what;
  return NULL;
}

static int refuse_binary(struct ctx *cx, const struct input *in, struct str head, const struct look *k) {
  const char *what = known_office(head);
  if (!what) what = known_markup(head);
  if (!what) what = known_binary(head);
  const char *right = "what is read is CSV text, JSON lines or a JSON array, plain or compressed with gzip";
  if (what) return fail(cx, E_INVALID, "input", "%s is %s; %s", input_name(in), what, right);
  if (k->nul_at < head.n)
    return fail(cx, E_INVALID, "input", "%s is no text: byte %llu is zero; %s", input_name(in),
                (unsigned long long)k->nul_at + 1, right);
  size_t odd = 0;
  for (size_t i = 0; i < head.n; i++) {
    unsigned char c = (unsigned char)head.p[i];
    if (c < 0x20 && !strchr("\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f\x01", c)) odd++;
  }
  if (odd * 50 <= head.n) return OK;
  return fail(cx, E_INVALID, "input", "%s is no text: it is full of control characters; %s", input_name(in),
              right);
}

/* ---- the decision ---- */

static void decide(struct encoding *e, const char *name, const char *evidence) {
  str_copy(e->name, sizeof e->name, str_of(name));
  e->evidence = evidence;
}

static bool by_mark(struct str head, struct encoding *e) {
  static const char *const names[] = { "UTF-8", "UTF-16LE", "UTF-16BE" };
  for (size_t i = 0; i < 3; i++)
    if (bom_length(names[i], head.p, head.n)) {
      decide(e, names[i], "it begins with a byte order mark");
      return true;
    }
  return false;
}

static int by_content(struct ctx *cx, const struct input *in, struct str head, const struct look *k,
                      struct encoding *e) {
  bool found = false;
  if (k->bad == 0) {
    decide(e, "UTF-8", k->multi ? "the whole file is valid UTF-8" : "the whole file is ASCII");
    return OK;
  }
  if (k->multi >= 20 * k->bad) { /* other encodings do not have so many valid sequences */
    decide(e, "UTF-8",
           ctx_printf(cx, "%llu characters are valid UTF-8, %llu bytes are damaged",
                      (unsigned long long)k->multi, (unsigned long long)k->bad));
    e->damaged = true;
    return OK;
  }
  int rc = double_byte(cx, in, head, e, &found);
  if (rc || found) return rc;
  if (k->high_controls)
    decide(e, "WINDOWS-1252", "not valid UTF-8, and bytes 80 to 9F occur");
  else
    decide(e, "ISO-8859-1", "not valid UTF-8, and no bytes 80 to 9F occur");
  return OK;
}

int encoding_detect(struct ctx *cx, const struct input *in, struct str head, const char *given,
                    struct encoding *e) {
  struct look k;
  *e = (struct encoding){ .nul_at = UINT64_MAX };
  int rc = look_whole(cx, in, &k);
  if (rc) return rc;
  e->bad_at = k.bad_at;
  e->ends_in_newline = k.ends_in_newline;
  bool stated = *given && strcmp(given, "UTF-16") != 0;
  const char *wide = stated ? NULL : wide_without_mark(head);
  if (stated)
    decide(e, given, "as stated");
  else if (by_mark(head, e))
    ;
  else if (wide || *given)
    decide(e, wide ? wide : "UTF-16LE", "every other byte is zero");
  if (*e->name && shadow_of(e->name) >= SHADOW_16LE) {
    static const char *const newline[] = { "\n\0", "\0\n" };
    const char *want = newline[shadow_of(e->name) == SHADOW_16BE];
    char tail[2];
    size_t got = 0;
    if (input_size(in) >= 2) rc = input_read(cx, in, input_size(in) - 2, tail, 2, &got);
    e->ends_in_newline = got == 2 && memcmp(tail, want, 2) == 0;
    return rc;
  }
  rc = refuse_binary(cx, in, head, &k);
  if (rc) return rc;
  e->nul_at = k.nul_at;
  if (*e->name) { /* stated, or by its mark */
    e->damaged = k.bad > 0 && strcmp(e->name, "UTF-8") == 0;
    return OK;
  }
  return by_content(cx, in, head, &k, e);
}

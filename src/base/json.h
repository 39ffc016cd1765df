/*
** json.h - JSON out (a writer that streams into a buf) and in (parsed by
** jansson, which only this folder knows).
**
** Numbers come in as text: before jansson sees a document, every number is
** turned into a string, so that 1234567890.12 is not changed by a double.
** jv_text gives strings and numbers alike; jv_kind tells them apart.
**
** Refused: more than LIMIT_JSON_DEPTH levels, numbers of more than LIMIT_JSON_NUMBER characters, duplicate keys, anything after
** the document, text that is not UTF-8.
*/
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/args.h"
#include "base/buf.h"
#include "base/ctx.h"

/* ---- out ---- */

struct jw {
  struct buf *out;
  int depth;
  uint64_t used; /* a bit per level: something was written there already */
};

void jw_init(struct jw *w, struct buf *out);
void jw_object(struct jw *w, const char *key); /* key NULL in arrays and at the top */
void jw_array(struct jw *w, const char *key);
void jw_close(struct jw *w, char bracket);                  /* '}' or ']' */
void jw_begin(struct jw *w, struct buf *out, size_t limit); /* of a new buf: an object that is all of it */
char *jw_end(struct ctx *cx, struct jw *w);                 /* closes it: see ctx_take */
void jw_str(struct jw *w, const char *key, struct str s);
void jw_text(struct jw *w, const char *key, const char *z); /* NULL writes null */
void jw_int(struct jw *w, const char *key, int64_t v);
void jw_bool(struct jw *w, const char *key, bool v);
void jw_real(struct jw *w, const char *key, double v, int decimals);           /* durations, shares */
void jw_decimal(struct jw *w, const char *key, int64_t v, int scale, int min); /* as a string */
void jw_number(struct jw *w, const char *key, int64_t v, int scale, int min);  /* the same as a number */
void jw_time(struct jw *w, const char *key, int64_t us);       /* an instant, UTC microseconds */
void jw_time_known(struct jw *w, const char *key, int64_t us); /* the same; 0 writes null */
void jw_raw(struct jw *w, const char *key, struct str json);

/* Several members at once, name and value in turn (see args.h), and an object that has no others:
**
**   jw_put(w, "run", run->uuid, "rows", run->rows, "started", arg_time(run->started));
**   jw_record(w, NULL, "kind", kind, "count", n); */
#define jw_put(w, ...) jw_put_all((w), ARGS(__VA_ARGS__))
#define jw_record(w, key, ...) jw_record_all((w), (key), ARGS(__VA_ARGS__))
void jw_put_all(struct jw *w, int count, const struct arg *args);
void jw_record_all(struct jw *w, const char *key, int count, const struct arg *args);

/* Such an object alone, as a text of the unit of work. */
#define json_one(cx, ...) json_one_all((cx), ARGS(__VA_ARGS__))
struct str json_one_all(struct ctx *cx, int count, const struct arg *args);

void json_quote(struct buf *out, struct str s); /* bad UTF-8 becomes U+FFFD */

/* ---- in ---- */

struct jv; /* a value; the root is freed with the unit of work that parsed it */

int jv_parse(struct ctx *cx, struct str text, struct jv **root);

/* The same without a unit of work, for millions of small documents: NULL and
** a sentence in error (at most size bytes) when it cannot be read. */
struct jv *jv_parse_raw(struct str text, char *error, size_t size);
void jv_free(struct jv *root);

enum jv_kind { JV_NULL, JV_BOOL, JV_NUMBER, JV_STRING, JV_ARRAY, JV_OBJECT };
enum jv_kind jv_kind(const struct jv *v); /* JV_NULL for NULL, too */

/* Text of a string, a number ("1.50" as it was written) or a boolean ("true");
** p is NULL for anything else. Lives as long as the root. */
struct str jv_text(const struct jv *v);

struct jv *jv_get(const struct jv *object, const char *key); /* NULL when absent */
size_t jv_size(const struct jv *v);                          /* of an array or object, else 0 */
struct jv *jv_at(const struct jv *array, size_t i);

/* Members in the order of the document: for (it = jv_first(o); it; it = jv_next(o, it)) */
void *jv_first(const struct jv *object);
void *jv_next(const struct jv *object, void *it);
struct str jv_key(void *it);
struct jv *jv_value(void *it);

/* Writes a value as compact JSON; numbers are numbers again. */
void jv_write(struct buf *out, const struct jv *v);
bool jv_same(const struct jv *a, const struct jv *b); /* they are written alike */

#endif

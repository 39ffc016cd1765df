/*
** thrift.h - Apache Thrift's compact protocol, as far as Parquet's headers need it:
** structs, lists, strings, integers, booleans. Private to format/.
**
** A field is a byte (id's distance to the one before << 4 | type), or the type and the
** id as a zigzag varint where the distance is above 15; a boolean's value is its type.
** Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md
*/
#ifndef FORMAT_THRIFT_H
#define FORMAT_THRIFT_H

#include "base/buf.h"

enum thrift_type {
  THRIFT_STOP = 0,
  THRIFT_TRUE = 1,
  THRIFT_FALSE = 2,
  THRIFT_BYTE = 3,
  THRIFT_I16 = 4,
  THRIFT_I32 = 5,
  THRIFT_I64 = 6,
  THRIFT_DOUBLE = 7,
  THRIFT_BINARY = 8,
  THRIFT_LIST = 9,
  THRIFT_SET = 10,
  THRIFT_MAP = 11,
  THRIFT_STRUCT = 12
};

enum { THRIFT_DEPTH = 12 }; /* structs in structs: Parquet has 6 */

/* ---- out ---- */

struct thrift_out {
  struct buf *to;
  int last[THRIFT_DEPTH]; /* ids of the fields written last, a level each */
  int depth;
};

void thrift_begin(struct thrift_out *o, struct buf *to); /* a struct at the top; ended by thrift_end */
void thrift_struct(struct thrift_out *o, int id);        /* id 0: an element of a list */
void thrift_end(struct thrift_out *o);
void thrift_list(struct thrift_out *o, int id, enum thrift_type of, size_t count);
void thrift_i16(struct thrift_out *o, int id, int64_t v);
void thrift_i32(struct thrift_out *o, int id, int64_t v);
void thrift_i64(struct thrift_out *o, int id, int64_t v);
void thrift_bool(struct thrift_out *o, int id, bool v);
void thrift_str(struct thrift_out *o, int id, struct str s);
void thrift_varint(struct buf *to, uint64_t v); /* unsigned, no zigzag: RLE uses the same */

/* ---- in ---- */

/* Nothing is read beyond the end: after that, `bad` stays set and every value is 0. */
struct thrift_in {
  const unsigned char *p, *end;
  int last[THRIFT_DEPTH];
  int depth;
  bool bad;
};

void thrift_open(struct thrift_in *in, struct str bytes);
/* The next field of the struct that is open; false at its end. */
bool thrift_field(struct thrift_in *in, int *id, enum thrift_type *type);
/* An element of a list, or a field's value, that is a struct; left by thrift_field's false. */
void thrift_enter(struct thrift_in *in);
size_t thrift_count(struct thrift_in *in, enum thrift_type *of); /* of a list */
int64_t thrift_int(struct thrift_in *in, enum thrift_type type);
struct str thrift_text(struct thrift_in *in);
void thrift_skip(struct thrift_in *in, enum thrift_type type);
uint64_t thrift_unsigned(struct thrift_in *in);

#endif

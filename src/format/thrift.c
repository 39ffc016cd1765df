#include "format/thrift.h"

/* ---- out ---- */

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }

void thrift_varint(struct buf *to, uint64_t v) {
  unsigned char bytes[10];
  size_t n = 0;
  for (; v >= 128; v >>= 7) bytes[n++] = (unsigned char)(v | 128);
  bytes[n++] = (unsigned char)v;
  buf_add(to, bytes, n);
}

static void head(struct thrift_out *o, int id, enum thrift_type type) {
  int step = id - o->last[o->depth];
  if (id == 0) return; /* an element of a list has no head */
  if (step > 0 && step < 16) {
    buf_char(o->to, (char)(step << 4 | (int)type));
  } else {
    buf_char(o->to, (char)type);
    thrift_varint(o->to, zigzag(id));
  }
  o->last[o->depth] = id;
}

void thrift_begin(struct thrift_out *o, struct buf *to) { *o = (struct thrift_out){ .to = to }; }

void thrift_struct(struct thrift_out *o, int id) {
  head(o, id, THRIFT_STRUCT);
  o->last[++o->depth] = 0;
}

void thrift_end(struct thrift_out *o) {
  buf_char(o->to, THRIFT_STOP);
  if (o->depth > 0) o->depth--;
}

void thrift_list(struct thrift_out *o, int id, enum thrift_type of, size_t count) {
  head(o, id, THRIFT_LIST);
  if (count < 15) {
    buf_char(o->to, (char)(count << 4 | of));
    return;
  }
  buf_char(o->to, (char)(0xf0 | of));
  thrift_varint(o->to, count);
}

static void number(struct thrift_out *o, int id, enum thrift_type type, int64_t v) {
  head(o, id, type);
  thrift_varint(o->to, zigzag(v));
}

void thrift_i16(struct thrift_out *o, int id, int64_t v) { number(o, id, THRIFT_I16, v); }
void thrift_i32(struct thrift_out *o, int id, int64_t v) { number(o, id, THRIFT_I32, v); }
void thrift_i64(struct thrift_out *o, int id, int64_t v) { number(o, id, THRIFT_I64, v); }

void thrift_bool(struct thrift_out *o, int id, bool v) { head(o, id, v ? THRIFT_TRUE : THRIFT_FALSE); }

void thrift_str(struct thrift_out *o, int id, struct str s) {
  head(o, id, THRIFT_BINARY);
  thrift_varint(o->to, s.n);
  buf_str(o->to, s);
}

/* ---- in ---- */

void thrift_open(struct thrift_in *in, struct str bytes) {
  *in = (struct thrift_in){ .p = (const unsigned char *)bytes.p,
                            .end = (const unsigned char *)bytes.p + bytes.n };
}

static unsigned char byte(struct thrift_in *in) {
  if (in->p < in->end && !in->bad) return *in->p++;
  in->bad = true;
  return 0;
}

uint64_t thrift_unsigned(struct thrift_in *in) {
  uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    unsigned char b = byte(in);
    v |= (uint64_t)(b & 127) << shift;
    if (b < 128) return v;
  }
  in->bad = true;
  return 0;
}

static int64_t zagzig(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

bool thrift_field(struct thrift_in *in, int *id, enum thrift_type *type) {
  unsigned char b = byte(in);
  *type = (enum thrift_type)(b & 15);
  if (in->bad || *type == THRIFT_STOP) {
    if (in->depth > 0) in->depth--;
    return false;
  }
  int64_t next = b >> 4 ? in->last[in->depth] + (b >> 4) : zagzig(thrift_unsigned(in));
  if (next < 1 || next > 32767) in->bad = true;
  if (in->bad) return false;
  *id = in->last[in->depth] = (int)next;
  return true;
}

void thrift_enter(struct thrift_in *in) {
  if (in->depth + 1 >= THRIFT_DEPTH) {
    in->bad = true;
    return;
  }
  in->last[++in->depth] = 0;
}

size_t thrift_count(struct thrift_in *in, enum thrift_type *of) {
  unsigned char b = byte(in);
  uint64_t count = b >> 4 == 15 ? thrift_unsigned(in) : b >> 4;
  *of = (enum thrift_type)(b & 15);
  /* Every element is a byte at least: a count beyond what is left is a lie. */
  if (count > (uint64_t)(in->end - in->p)) in->bad = true;
  return in->bad ? 0 : (size_t)count;
}

int64_t thrift_int(struct thrift_in *in, enum thrift_type type) {
  switch (type) {
  case THRIFT_TRUE: return 1;
  case THRIFT_FALSE: return 0;
  case THRIFT_BYTE: return (signed char)byte(in);
  case THRIFT_I16:
  case THRIFT_I32:
  case THRIFT_I64: return zagzig(thrift_unsigned(in));
  default: in->bad = true; return 0;
  }
}

struct str thrift_text(struct thrift_in *in) {
  uint64_t n = thrift_unsigned(in);
  if (in->bad || n > (uint64_t)(in->end - in->p)) {
    in->bad = true;
    return STR("");
  }
  struct str s = { (const char *)in->p, (size_t)n };
  in->p += n;
  return s;
}

static void skip_list(struct thrift_in *in) {
  enum thrift_type of;
  size_t count = thrift_count(in, &of);
  for (size_t i = 0; i < count && !in->bad; i++) {
    if (of == THRIFT_TRUE || of == THRIFT_FALSE)
      byte(in); /* in a list a boolean is a byte of its own */
    else
      thrift_skip(in, of);
  }
}

static void skip_struct(struct thrift_in *in) {
  int id;
  enum thrift_type type;
  thrift_enter(in);
  while (!in->bad && thrift_field(in, &id, &type)) thrift_skip(in, type);
}

void thrift_skip(struct thrift_in *in, enum thrift_type type) {
  switch (type) {
  case THRIFT_BINARY: thrift_text(in); break;
  case THRIFT_LIST:
  case THRIFT_SET:
    if (in->depth + 1 >= THRIFT_DEPTH) in->bad = true;
    if (in->bad) return;
    in->depth++; /* lists in lists go no deeper than structs do */
    skip_list(in);
    in->depth--;
    break;
  case THRIFT_STRUCT: skip_struct(in); break;
  case THRIFT_DOUBLE:
    if (in->end - in->p < 8)
      in->bad = true;
    else
      in->p += 8;
    break;
  default: thrift_int(in, type); break;
  }
}

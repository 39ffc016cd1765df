#include "base/ids.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *to, size_t n) {
  for (char *p = to; n > 0;) {
    ssize_t got = getrandom(p, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) abort();
    p += got, n -= (size_t)got;
  }
}

/* Ids are made often: the kernel is asked for some at a time. */
static void random_some(unsigned char *to, size_t n) {
  static _Thread_local unsigned char kept[256];
  static _Thread_local size_t left;
  if (left < n) random_bytes(kept, left = sizeof kept);
  left -= n;
  memcpy(to, kept + left, n);
}

/* 8-4-4-4-12 digits, by hand: every request has an id, and printf takes ten times as long. */
static void put_uuid(char out[static 37], uint64_t high, uint64_t low) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0, k = 0; i < 36; i++) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      out[i] = '-';
      continue;
    }
    out[i] = digits[(k < 16 ? high >> (60 - 4 * k) : low >> (124 - 4 * k)) & 15];
    k++;
  }
  out[36] = 0;
}

/* 48 bits of milliseconds, 12 bits that count within one, 62 random bits. A
** clock that stands still or jumps back keeps counting from the last id. */
void uuid7(char out[static 37], int64_t now_us) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static uint64_t last;
  unsigned char r[8];
  random_some(r, sizeof r);

  pthread_mutex_lock(&lock);
  uint64_t tick = ((uint64_t)(now_us / 1000) << 12) | (uint64_t)(now_us % 1000 * 4);
  last = tick > last ? tick : last + 1;
  tick = last;
  pthread_mutex_unlock(&lock);

  uint64_t low = 0;
  r[0] = (unsigned char)((r[0] & 0x3f) | 0x80);
  for (int i = 0; i < 8; i++) low = low << 8 | r[i];
  put_uuid(out, (tick >> 12) << 16 | 0x7000 | (tick & 0xfff), low);
}

bool uuid_valid(struct str s) {
  if (s.n != 36) return false;
  for (size_t i = 0; i < 36; i++) {
    char c = s.p[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

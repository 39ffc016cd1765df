/*
** bare_sync.c FILE BYTES PACE SECONDS - the reference of the part `http` for the disk: appends BYTES to FILE and syncs them, PACE
** times a second, and does nothing else. Prints the p99 in ms, counted from when an append was due: a stall of the disk delays
** all that were due in it, as it does those who wait for a server (wrk, too, counts so).
**
** The file is written before, and overwritten from its beginning when it is full, as a WAL is.
*/
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 32 << 20 };

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b) {
  const double *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

static int failed(const char *what) {
  perror(what);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  size_t bytes = (size_t)atol(argv[2]);
  double step_ms = 1e3 / atof(argv[3]);
  int n = (int)(atof(argv[4]) * 1e3 / step_ms);
  if (bytes < 1 || bytes > FILE_BYTES || n < 1) return 2;
  char *data = malloc(bytes);
  double *waits = malloc((size_t)n * sizeof *waits);
  if (!data || !waits) return failed("memory");
  memset(data, 'x', bytes);
  int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed(argv[1]);
  off_t at = 0;
  for (; at + (off_t)bytes <= FILE_BYTES; at += (off_t)bytes)
    if (pwrite(fd, data, bytes, at) != (ssize_t)bytes) return failed(argv[1]);
  off_t end = at;
  if (fsync(fd)) return failed(argv[1]);
  double began = now_ms();
  for (int i = 0; i < n; i++, at += (off_t)bytes) {
    double due = began + i * step_ms, early = due - now_ms();
    if (early > 0) nanosleep(&(struct timespec){ .tv_nsec = (long)(early * 1e6) }, NULL);
    if (at >= end) at = 0;
    if (pwrite(fd, data, bytes, at) != (ssize_t)bytes || fdatasync(fd)) return failed(argv[1]);
    waits[i] = now_ms() - due;
  }
  qsort(waits, (size_t)n, sizeof *waits, ascending);
  printf("%.3f\n", waits[(size_t)n * 99 / 100]);
  close(fd);
  free(data);
  free(waits);
  return 0;
}

/*
** replay.c - runs a fuzz harness on files instead of under libFuzzer, so that
** every build can go through the seeds and the inputs that once failed.
**
**   fuzz_NAME FILE|FOLDER...     the last line is "N passed, 0 failed"
*/
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int inputs;

static int replay(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)at;
  if (type != FTW_F) return 0;
  size_t size = (size_t)st->st_size;
  uint8_t *data = malloc(size ? size : 1); /* of the exact size: a read beyond it is found */
  FILE *f = fopen(path, "rb");
  if (!data || !f || fread(data, 1, size, f) != size) {
    perror(path);
    exit(1);
  }
  fclose(f);
  fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  inputs++;
  return 0;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (nftw(argv[i], replay, 16, FTW_PHYS)) return 1;
  printf("%d passed, 0 failed\n", inputs);
  return 0;
}

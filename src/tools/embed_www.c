/*
** embed_www.c - a host program of the build: puts the page's bundle into the
** binary. Never linked into it.
**
**   embed_www DIR OUT_DIR     writes OUT_DIR/assets.h and OUT_DIR/assets.c
**
** Every file below DIR becomes a row of assets[]: gzip at level 9, without a time
** stamp, and an ETag from the SHA-256 of the content, so that the same bundle
** gives the same binary. A DIR that is not there gives an empty table.
*/
#include <dirent.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { MAX_FILES = 256, MAX_PATH = 1024 };

static char *paths[MAX_FILES]; /* below DIR, "/app.js" */
static size_t path_count;

static void die(const char *what, const char *path) {
  fprintf(stderr, "embed_www: %s: ", what);
  perror(path);
  exit(1);
}

static void *need(void *p) {
  if (!p) die("out of memory", "");
  return p;
}

static void walk(const char *root, const char *below) {
  char path[MAX_PATH];
  snprintf(path, sizeof path, "%s%s", root, below);
  DIR *dir = opendir(path);
  if (!dir) {
    if (*below) die("cannot read", path);
    return; /* no page yet */
  }
  for (struct dirent *e; (e = readdir(dir));) {
    if (e->d_name[0] == '.') continue;
    char name[MAX_PATH], full[2 * MAX_PATH];
    struct stat st;
    if (snprintf(name, sizeof name, "%s/%s", below, e->d_name) >= (int)sizeof name)
      die("path too long", below);
    snprintf(full, sizeof full, "%s%s", root, name);
    if (stat(full, &st)) die("cannot read", full);
    if (S_ISDIR(st.st_mode)) {
      walk(root, name);
    } else {
      if (path_count == MAX_FILES) die("too many files, raise MAX_FILES", full);
      paths[path_count++] = need(strdup(name));
    }
  }
  closedir(dir);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static unsigned char *read_file(const char *path, size_t *size) {
  struct stat st;
  FILE *f = fopen(path, "rb");
  if (!f || fstat(fileno(f), &st)) die("cannot read", path);
  *size = (size_t)st.st_size;
  unsigned char *bytes = need(malloc(*size + 1));
  if (fread(bytes, 1, *size, f) != *size) die("cannot read", path);
  fclose(f);
  return bytes;
}

static const char *type_of(const char *path) {
  static const char *const types[][2] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".json", "application/json" },
    { ".webmanifest", "application/manifest+json" },
    { ".txt", "text/plain; charset=utf-8" },
  };
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
    if (strcmp(dot, types[i][0]) == 0) return types[i][1];
  fprintf(stderr, "embed_www: %s: no content type is known for this name\n", path);
  exit(1);
}

static unsigned char *compress_file(const unsigned char *bytes, size_t size, size_t *out_size) {
  z_stream z = { 0 };
  if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) die("zlib", "");
  uLong room = deflateBound(&z, (uLong)size);
  unsigned char *out = need(malloc(room));
  z.next_in = (unsigned char *)bytes;
  z.avail_in = (uInt)size;
  z.next_out = out;
  z.avail_out = (uInt)room;
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) die("zlib", "");
  *out_size = z.total_out;
  deflateEnd(&z);
  return out;
}

static FILE *create(const char *dir, const char *name) {
  char path[MAX_PATH];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "w");
  if (!f) die("cannot write", path);
  return f;
}

static void put_header(FILE *f) {
  fputs("/* Written by src/tools/embed_www.c from the page's bundle. */\n"
        "#ifndef GEN_ASSETS_H\n#define GEN_ASSETS_H\n\n#include <stddef.h>\n\n"
        "struct asset {\n"
        "  const char *path; /* \"/index.html\", \"/app.js\" */\n"
        "  const char *type; /* Content-Type */\n"
        "  const char *etag; /* 16 hex digits of the content's SHA-256, without quotes */\n"
        "  const unsigned char *gzip;\n"
        "  size_t gzip_size;\n"
        "  size_t size; /* when unpacked */\n"
        "};\n"
        "extern const struct asset assets[]; /* sorted by path; one more row, all NULL, at the end */\n"
        "extern const size_t asset_count;\n\n#endif\n",
        f);
}

static void put_bytes(FILE *f, size_t i, const unsigned char *p, size_t n) {
  fprintf(f, "static const unsigned char gzip_%zu[] = {", i);
  for (size_t k = 0; k < n; k++) fprintf(f, "%s%u,", k % 24 == 0 ? "\n  " : "", p[k]);
  fputs("\n};\n\n", f);
}

/* One file's bytes go to f at once, its row of the table to rows for later. */
static void put_asset(FILE *f, FILE *rows, const char *root, size_t i) {
  char path[MAX_PATH];
  size_t size, gzip_size;
  unsigned char digest[32];
  snprintf(path, sizeof path, "%s%s", root, paths[i]);
  unsigned char *bytes = read_file(path, &size);
  mbedtls_sha256_ret(bytes, size, digest, 0);
  unsigned char *gzip = compress_file(bytes, size, &gzip_size);
  put_bytes(f, i, gzip, gzip_size);
  fprintf(rows, "  { \"%s\", \"%s\", \"", paths[i], type_of(paths[i]));
  for (int k = 0; k < 8; k++) fprintf(rows, "%02x", digest[k]);
  fprintf(rows, "\", gzip_%zu, sizeof gzip_%zu, %zu },\n", i, i, size);
  free(gzip);
  free(bytes);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: embed_www DIR OUT_DIR\n", stderr);
    return 2;
  }
  walk(argv[1], "");
  qsort(paths, path_count, sizeof *paths, by_name);

  FILE *f = create(argv[2], "assets.h");
  put_header(f);
  if (fclose(f)) die("cannot write", "assets.h");

  char *rows_text = NULL;
  size_t rows_size = 0;
  FILE *rows = need(open_memstream(&rows_text, &rows_size));
  f = create(argv[2], "assets.c");
  fputs("/* Written by src/tools/embed_www.c from the page's bundle. */\n#include \"gen/assets.h\"\n\n", f);
  for (size_t i = 0; i < path_count; i++) put_asset(f, rows, argv[1], i);
  fclose(rows);
  fprintf(f, "const struct asset assets[] = {\n%s  { 0 },\n};\nconst size_t asset_count = %zu;\n", rows_text,
          path_count);
  free(rows_text);
  if (fclose(f)) die("cannot write", "assets.c");
  return 0;
}

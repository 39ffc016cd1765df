/*
** file.h - files that are there whole or not at all, after a power cut as well.
**
** A file is written under another name, brought onto the disk, given its name, and
** then the folder that names it is brought onto the disk, too.
*/
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/ctx.h"

struct file_out {
  const char *path, *part; /* the name it will have, and the one that it is written under */
  int fd;
  int64_t bytes;
};

/* E_CONFLICT when the path is taken and `replace` is not set. Unless file_end has made it
** what it is to be, the half file is removed with the unit of work. */
int file_begin(struct ctx *cx, struct file_out **out, const char *path, bool replace);
int file_write(struct ctx *cx, void *file_out, const char *p, size_t n); /* E_FAIL: a full disk, too */
int file_end(struct ctx *cx, struct file_out *o);

int file_make_folders(struct ctx *cx, const char *path);   /* all that lie on the way, each onto the disk */
int file_sync_folder_of(struct ctx *cx, const char *path); /* the folder that it stands in */

/* The bytes and SHA-256 of a file. E_NOT_FOUND when it is not there. */
struct file_digest {
  int64_t bytes;
  char sha256[65];
};
int file_digest(struct ctx *cx, const char *path, struct file_digest *out);

#endif

/*
** key_file.h - files with keys in DIR/keys: only their owner may read them, they are
** whole or not there, and of two processes that make one at once both use the same.
*/
#ifndef BASE_KEY_FILE_H
#define BASE_KEY_FILE_H

#include <sys/types.h>

#include "base/ctx.h"

/* Its bytes, at most room; *n is 0 when there is no such file. E_DENIED when it cannot be
** read, or can be read by others. what: "the signing key", for messages. */
int key_file_read(struct ctx *cx, const char *what, const char *path, void *to, size_t room, size_t *n);
/* Makes folder and file, which is on the disk then. Somebody else's file of that name stays. */
int key_file_make(struct ctx *cx, const char *what, const char *folder, const char *path, mode_t mode,
                  struct str bytes);

#endif

/*
** input.h - the bytes of a file, readable at any offset and more than once.
**
** A pipe, and a gzip file, is first spooled to an unlinked temporary file in
** spool_dir: detection needs to look at all of it before the first row is
** judged. Reading at an offset is safe from several threads at once.
*/
#ifndef FORMAT_INPUT_H
#define FORMAT_INPUT_H

#include "base/ctx.h"

struct input;

/* path "-" is standard input. Closed when the unit of work ends.
** E_NOT_FOUND, E_DENIED, E_INVALID (a folder, a damaged gzip file), E_FAIL. */
int input_open(struct ctx *cx, const char *path, const char *spool_dir, struct input **out);
/* The same under another name: that of the file before somebody sent it here. */
int input_open_as(struct ctx *cx, const char *path, const char *name, const char *spool_dir,
                  struct input **out);

/* Bytes in memory that outlive the unit of work (tests, fuzzing, a single stored line). */
struct input *input_memory(struct ctx *cx, struct str bytes, const char *name);

/* Bytes that somebody else keeps (a run's original bytes in the tenant's file).
** read fills n bytes from offset on; it is called by one thread at a time. */
typedef int input_read_fn(struct ctx *cx, void *arg, uint64_t offset, void *to, size_t n);
struct input *input_kept(struct ctx *cx, const char *name, uint64_t size, input_read_fn *read, void *arg);

const char *input_name(const struct input *in); /* as given; "stdin" for "-" */
uint64_t input_size(const struct input *in);

/* Fills `to` from offset on; *got is less than n only at the end. */
int input_read(struct ctx *cx, const struct input *in, uint64_t offset, void *to, size_t n, size_t *got);

#endif

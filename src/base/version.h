/*
** version.h - which program this is, and what is linked into it. With static
** linking a security update of a library is a new build: `outpost version
** --libs` tells what a binary holds. The versions are those of the packages at
** build time (gen/libs.h, written by the Makefile).
*/
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define OUTPOST_VERSION "0.1.0"

struct version_lib {
  const char *name, *version;
};
extern const struct version_lib version_libs[]; /* ended by a NULL name */

#endif

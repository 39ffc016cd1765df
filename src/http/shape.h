/*
** shape.h - what a body looks like, in a few words, and the same as a JSON Schema.
**
**   shape   = type, and a ? behind it: may be null
**   type    = text int number decimal bool day instant id any object
**           | @                 a record of the entity that the address is about
**           | one of a few words: waiting|running|done
**           | [shape]           an array
**           | @NAME             a record of the entity of that name
**           | #name             as shapes.c says under that name
**           | {name, name: shape, ...}   an object; a name alone is a text; *: shape stands for all other names
**   name    with a ! behind it must be there (in a request), with a ? may be missing (in a reply);
**           "..." at the end: there may be others
**
** So "{id, state: waiting|done, error: text?, steps: [{name, ms: int}], ...}".
*/
#ifndef HTTP_SHAPE_H
#define HTTP_SHAPE_H

#include "base/json.h"

/* reply: every member is there unless it says otherwise; else none need be. self: the name of the schema
** that @ stands for, or NULL: any object. */
void shape_write(struct jw *w, const char *key, struct str shape, bool reply, const char *self);

/* shapes.c; NULL: there is none of that name. */
const char *shape_named(struct str name);

/* Is the name one of the members of the outermost object, or of a list such as "limit: int, state"? */
bool shape_has(const char *shape, const char *name);

/* The members of a list, one after another: while (shape_member(&at, &name, &type, &must)). type may be "". */
bool shape_member(const char **at, struct str *name, struct str *type, bool *must);

#endif

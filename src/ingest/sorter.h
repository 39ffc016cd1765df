/*
** sorter.h - clean rows in the order of their keys, as many as fit.
**
** Keys that come in order are appended to the table's tree. Keys that come in no
** order (UUIDs, a file sorted by something else) would each touch another page,
** and write it again and again. So they are collected here, sorted, and inserted in
** runs of some hundred thousand: pages are touched once a run.
**
** Rows are copied, packed, into one piece of memory of a fixed size. Keys of rows
** that wait can be looked up, because the table does not have them yet.
*/
#ifndef INGEST_SORTER_H
#define INGEST_SORTER_H

#include "ingest/judge.h"

struct sorter;

/* Allocates nothing before the first row. */
struct sorter *sorter_new(struct ctx *cx, const struct dataset *d,
                          int key_field); /* key_field: see load.c, or -1 */

/* Copies a row; false when it does not fit any more: flush, then add again. */
bool sorter_add(struct sorter *s, const struct judged *row);
uint64_t sorter_count(const struct sorter *s);

/* The record number of the waiting row with this key, or 0. */
uint64_t sorter_find(const struct sorter *s, struct str key, uint64_t hash);

/* Calls fn with each row by key, ascending, until it fails; then the sorter is
** empty. Texts of the row live until fn has been called for the last one. */
int sorter_flush(struct ctx *cx, struct sorter *s,
                 int (*fn)(struct ctx *cx, void *arg, const struct judged *row), void *arg);

#endif

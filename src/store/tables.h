/*
** tables.h - tables by number, and sets of them. Private to the store.
**
** SQLite's authorizer names what a statement reads and writes, through views, triggers and cascades, whenever it compiles one.
** A name has one number for all connections of the process: the tables that a reader asked of can be compared
** with those that the writer has changed.
*/
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include "store/store.h"

enum {
  TABLE_ANY = 0,                     /* what is of no table, such as a PRAGMA: every commit writes it */
  TABLE_SCHEMA = 1,                  /* what tables there are */
  TABLE_OTHERS = TABLES_COUNTED - 1, /* those that found no number of their own */
};

int table_number(const char *name);
void tables_add(struct tables *t, int number);

/* What the calling thread reads goes into the set that it has handed to store_note_reads. */
void tables_seen(int number);
void tables_seen_all(const struct tables *t);

#endif

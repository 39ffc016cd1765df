/*
** wal_file.h - the frames of a commit go to the WAL in one write. Private to the store.
**
** SQLite writes each frame of its WAL in two pieces, 24 bytes and a page (https://sqlite.org/walformat.html, 2): a commit of many small
** writes takes two hundred calls of the kernel. This layer around SQLite's own way to files keeps them back, and writes what
** lies together at once: when the frame that ends a transaction is whole, before anything is read or synced, and
** when it has become long. Other connections look for frames only after the one that ends their transaction, so what
** is kept back is never missed. All other files are SQLite's alone.
*/
#ifndef STORE_WAL_FILE_H
#define STORE_WAL_FILE_H

#include <sqlite3.h>
#include <stdbool.h>

/* Before any file is opened; a second time does nothing. */
void wal_file_register(void);

/* For a COMMIT of this connection, in a transaction: as long as it is put off, the sync that SQLite asks for after the frames
** is left to the caller. That of a WAL's new head is not. */
void wal_file_put_off_sync(sqlite3 *lite, bool put_off);

#endif

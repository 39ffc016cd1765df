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

/* Before any file is opened; a second time does nothing. */
void wal_file_register(void);

#endif

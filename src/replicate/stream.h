/*
** stream.h - what goes up to headquarters besides the log and what follows from it: the registry. A row is a table there,
** its columns, and the statement that reads them here.
**
** Tables and columns at headquarters (organization_id and origin stand before them everywhere):
**
**   change_log          seq hlc at actor unit event tbl key before:json after:json count text hash
**                       stamp: its time by headquarters' clock, HLC-shaped (clock.h)
**   <dataset's table>   run record key, then the fields: codes as their texts, a field that is the whole key is given like any
**                       other. They come in the order of run and key, so `key` is best collated "C" and part of the primary key
**   reject              run record line offset category stage faults:json raw; whether it was settled is not said here
**   reject_solved       run record solved_run note updated_at updated_by: settled, as long as solved_run counts
**   run                 run uuid dataset source state kind rank counts:bool started_at ended_at actor bytes sha256 rows_read
**                       rows_clean rows_rejected rows_updated rows_unchanged clean_crc reject_crc total_crc key_min key_max
**                       memory_bytes settings:json message undone_at undone_by
**   undo_kept           run key reason: stays although the run was undone
**   run_control         run position control version stage kind field category failed: the controls of a run, and how they did
**   run_category        run category rows
**   run_check           run position name ok:bool expected actual text
**   run_rule_set        run sha256: which of rule_set judged it
**   rule_set            sha256 json: rules and reference items as they were; sent with the first run that refers to it
**   raw_chunk           run chunk offset line record count crc records:bytes bytes:bytes
**   stock_transactions  id event_id kind item warehouse location lot serial quantity reserved on_hand_after reserved_after at
**                       recorded_at reference_id notes actor device device_seq unit_cost; names and kinds as texts,
**                       event_id as text (a UUID with its hyphens), amounts numeric(19,4)
**
** An edge inserts into all of them; it also deletes from those that it replaces run by run (BATCH_REPLACE).
**
** A stream more: 1. its statement in sql/query/replicate_push.sql, 2. a row here, 3. its table at headquarters.
*/
#ifndef REPLICATE_STREAM_H
#define REPLICATE_STREAM_H

#include "model/dataset.h"
#include "replicate/batch.h"

/* When rows of it are due, and what ?1 of its statement is then. */
enum stream_when {
  STREAM_RUN_DONE,  /* a run was completed: ?1 is its number */
  STREAM_RUN_MOVED, /* anything happened to a run: the same */
  STREAM_RUN_ENDED, /* a run was completed, or failed: the same */
  STREAM_STOCK /* movements became known: ?1 is the number before the first, ?2 the last; the first column is the number */
};

/* Its statement gives the columns in order, and then the value to go on after: ?2. ?3 is how many rows at most. */
enum { STREAM_AMOUNT_SCALE = 4 };
struct stream {
  const char *lane;
  enum stream_when when;
  enum sql_id sql;
  struct up_section like;
  const char *
      kinds; /* a letter a column: t text, i whole number, d decimal (a digit behind it: its scale, otherwise 4),
                     ** b boolean, y day, s instant, x bytes */
  const char *by; /* the order in which its statement gives the rows of ascending runs; NULL: like.keys */
};

const struct stream *stream_at(int i); /* in the order in which they go; NULL beyond the last */

/* Puts a row of the statement into the section; texts of the kinds as above. */
void stream_row(struct up_batch *b, struct up_section *section, const struct stmt *s, const char *kinds);

/* Versions of a dataset: its section, the kinds of its columns, and the statement; ?1 is the run, ?2 the key to go on after, ?3 how
** many rows, ?4 and ?5 the least and the greatest key. The last column is the key. */
void stream_versions(struct ctx *cx, const struct dataset *d, struct up_section *like, const char **kinds,
                     const char **sql);

#endif

/*
** limits.h - every maximum of the program, with its reason.
**
** No buffer without a ceiling: what exceeds one of these becomes a clear
** exception row or error, never an allocation that grows with hostile input.
*/
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

enum {
  LIMIT_COLUMNS = 4096,    /* of a table in a file: wider sheets are not records */
  LIMIT_HEADING = 256,     /* bytes of a heading that are kept for matching */
  LIMIT_FIELDS = 64,       /* fields of a dataset: a bit each in a 64-bit mask */
  LIMIT_RULES = 256,       /* active controls of one dataset */
  LIMIT_FAULTS = 32,       /* faults reported for one row; the rest is counted */
  LIMIT_UNIQUE_PARTS = 8,  /* columns of a unique key */
  LIMIT_JSON_DEPTH = 48,   /* nesting of JSON that we accept; our writer can do 63 */
  LIMIT_JSON_NUMBER = 400, /* characters of a number in JSON: the longest that a double has */
  LIMIT_SLUG = 63,         /* bytes of a tenant's short name: also a file name */
  LIMIT_TENANTS = 10000,   /* files in one data folder */
  LIMIT_AT_ONCE = 10000,   /* exceptions that one request reviews or corrects: a few seconds */
};

#define LIMIT_FIELD_BYTES MIB(1)             /* one cell: beyond it, libcsv would grow without end */
#define LIMIT_RECORD_BYTES MIB(8)            /* one record, quoted line breaks included */
#define LIMIT_SNIFF_BYTES KIB(256)           /* read to guess encoding, dialect and types */
#define LIMIT_TEXT_BYTES KIB(64)             /* a text value stored in a record */
#define LIMIT_KEY_BYTES KIB(1)               /* a unique key, all parts joined */
#define LIMIT_BODY_BYTES MIB(1)              /* an HTTP body that is not an import */
#define LIMIT_BODY_VALUES 100000             /* of a body that is JSON: ten times what any of ours has */
#define LIMIT_UPLOAD_BYTES ((size_t)8 << 30) /* an HTTP body that is a file: goes to the disk as it comes */
#define LIMIT_JOB_PAYLOAD KIB(256)           /* what a job is told: it stands in its row */
#define LIMIT_LOG_BYTES (off_t) MIB(64)      /* of the log, beside which the one before it is kept */
#define LIMIT_JOB_LOG KIB(16)                /* what an attempt says of itself */
#define LIMIT_JOB_RESULT KIB(256)            /* what a job leaves behind for who asks */
#define LIMIT_REPLY_BYTES MIB(64)            /* an HTTP reply or a JSON document that we compose */
#define LIMIT_DESK_ROWS 1000000u             /* exceptions held in memory for the desk: 60 MB */
#define LIMIT_TERMS_IN_MEMORY 200000u        /* distinct values of a coded column held in memory */
#define LIMIT_TOTALS_IN_MEMORY 200000u       /* aggregate cells held before they are flushed */

#endif

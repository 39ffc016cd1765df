#include "replicate/stream.h"

#include "base/limits.h"

static const struct stream streams[] = {
  { .lane = "rows",
    .when = STREAM_RUN_DONE,
    .like = { .table = "reject",
              .columns = "run,record,line,offset,category,stage,faults,raw",
              .keys = "run,record" },
    .kinds = "iiiitttx",
    .sql = SQL_push_reject },
  { .lane = "rows",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "run",
              .columns =
                  "run,uuid,dataset,source,state,kind,rank,counts,started_at,ended_at,actor,bytes,sha256,"
                  "rows_read,rows_clean,rows_rejected,rows_updated,rows_unchanged,clean_crc,reject_crc,total_"
                  "crc,key_min,key_max,memory_bytes,settings,message,undone_at,undone_by",
              .of = "run",
              .how = BATCH_REPLACE },
    .kinds = "itttttibsstitiiiiiiiittittst",
    .sql = SQL_push_run,
    .by = "run" },
  { .lane = "rows",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "undo_kept", .columns = "run,key,reason", .of = "run", .how = BATCH_REPLACE },
    .kinds = "itt",
    .sql = SQL_push_undo_kept,
    .by = "run,key" },
  { .lane = "rows",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "reject_solved",
              .columns = "run,record,solved_run,note,updated_at,updated_by",
              .of = "solved_run",
              .how = BATCH_REPLACE },
    .kinds = "iiitst",
    .sql = SQL_push_reject_solved,
    .by = "solved_run,run,record" },
  { .lane = "rows",
    .when = STREAM_STOCK,
    .like = { .table = "stock_transactions",
              .columns =
                  "id,event_id,kind,item,warehouse,location,lot,serial,quantity,reserved,on_hand_after,"
                  "reserved_after,at,recorded_at,reference_id,notes,actor,device,device_seq,unit_cost",
              .keys = "id" },
    .kinds = "ittttt"
             "ttddddssttttid",
    .sql = SQL_push_stock_transactions },
  { .lane = "checks",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "run_control",
              .columns = "run,position,control,version,stage,kind,field,category,failed",
              .of = "run",
              .how = BATCH_REPLACE },
    .kinds = "iititttti",
    .sql = SQL_push_run_control,
    .by = "run,position" },
  { .lane = "checks",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "run_category", .columns = "run,category,rows", .of = "run", .how = BATCH_REPLACE },
    .kinds = "iti",
    .sql = SQL_push_run_category,
    .by = "run,category" },
  { .lane = "checks",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "run_check",
              .columns = "run,position,name,ok,expected,actual,text",
              .of = "run",
              .how = BATCH_REPLACE },
    .kinds = "iitbttt",
    .sql = SQL_push_run_check,
    .by = "run,position" },
  { .lane = "checks",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "run_rule_set", .columns = "run,sha256", .of = "run", .how = BATCH_REPLACE },
    .kinds = "it",
    .sql = SQL_push_run_rule_set,
    .by = "run" },
  { .lane = "checks",
    .when = STREAM_RUN_MOVED,
    .like = { .table = "rule_set", .columns = "sha256,json", .missing = true },
    .kinds = "tt",
    .sql = SQL_push_rule_set },
  { .lane = "raw",
    .when = STREAM_RUN_ENDED,
    .like = { .table = "raw_chunk",
              .columns = "run,chunk,offset,line,record,count,crc,records,bytes",
              .keys = "run,chunk" },
    .kinds = "iiiiiiixx",
    .sql = SQL_push_raw_chunk },
};

const struct stream *stream_at(int i) {
  return i >= 0 && i < (int)(sizeof streams / sizeof *streams) ? &streams[i] : NULL;
}

static void cell(struct buf *out, const struct stmt *s, int i, char kind, int scale) {
  if (col_null(s, i)) {
    cell_null(out);
    return;
  }
  switch (kind) {
  case 'i': cell_int(out, col_int(s, i)); break;
  case 'd': cell_decimal(out, col_int(s, i), scale); break;
  case 'b': cell_bool(out, col_int(s, i) != 0); break;
  case 'y': cell_day(out, col_int(s, i)); break;
  case 's': cell_time(out, col_int(s, i)); break;
  case 'x': cell_bytes(out, col_str(s, i)); break;
  default: cell_text(out, col_str(s, i));
  }
}

/* A digit behind a d is its scale. */
void stream_row(struct up_batch *b, struct up_section *section, const struct stmt *s, const char *kinds) {
  for (int i = 0; *kinds; i++, kinds++) {
    char kind = *kinds;
    int scale = STREAM_AMOUNT_SCALE;
    if (kind == 'd' && kinds[1] >= '0' && kinds[1] <= '9') scale = *++kinds - '0';
    cell(&section->copy, s, i, kind, scale);
  }
  up_row_end(b, section);
}

/* ---- versions ---- */

static void add_field(struct buf *columns, struct buf *select, struct buf *joins, struct buf *letters,
                      const struct dataset *d, int i) {
  const struct field *f = &d->fields[i];
  buf_printf(columns, ",%s", f->name);
  if (f->kind == FIELD_CODE) {
    buf_printf(select, ", t%d.text", i);
    buf_printf(joins, " LEFT JOIN term t%d ON t%d.id = v.%s", i, i, f->name);
  } else if (strcmp(f->name, d->key_field) == 0)
    buf_printf(select, ", coalesce(v.%s, v.key)", f->name);
  else
    buf_printf(select, ", v.%s", f->name);
  if (f->kind == FIELD_DECIMAL)
    buf_printf(letters, "d%d", f->scale);
  else
    buf_char(letters, f->kind == FIELD_DATE ? 'y' : 't');
}

void stream_versions(struct ctx *cx, const struct dataset *d, struct up_section *like, const char **kinds,
                     const char **sql) {
  struct buf columns, select, joins, letters;
  buf_init(&columns, LIMIT_TEXT_BYTES);
  buf_init(&select, LIMIT_TEXT_BYTES);
  buf_init(&joins, LIMIT_TEXT_BYTES);
  buf_init(&letters, LIMIT_TEXT_BYTES);
  buf_puts(&columns, "run,record,key");
  buf_puts(&letters, "iit");
  for (int i = 0; i < d->field_count; i++) add_field(&columns, &select, &joins, &letters, d, i);
  *like = (struct up_section){ .table = d->table,
                               .columns = ctx_strdup(cx, buf_view(&columns)),
                               .keys = "run,key" };
  *kinds = ctx_strdup(cx, buf_view(&letters));
  /* A version stands in one of the two tables at any moment, and its key never changes: pages by key miss none. */
  const char *of = "WHERE v.run = ?1 AND v.key > ?2 AND v.key BETWEEN ?4 AND ?5";
  *sql = ctx_printf(cx,
                    "SELECT v.run, v.record, v.key%s, v.key FROM %s v%s %s UNION ALL "
                    "SELECT v.run, v.record, v.key%s, v.key FROM %s v%s %s ORDER BY 3 LIMIT ?3",
                    buf_view(&select).p, d->table, buf_view(&joins).p, of, buf_view(&select).p, d->past_table,
                    buf_view(&joins).p, of);
  buf_clear(&columns);
  buf_clear(&select);
  buf_clear(&joins);
  buf_clear(&letters);
}

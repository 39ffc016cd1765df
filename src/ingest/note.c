#include "ingest/note.h"

#include "model/dataset.h"
#include "record/record.h"

/* There is such a row, now or among the versions that were replaced. */
static bool row_is_there(struct ctx *cx, struct db *db, const struct dataset *d, struct str key) {
  struct stmt *s = db_compose(
      cx, db,
      ctx_printf(cx, "SELECT 1 FROM %s WHERE key = ?1 UNION ALL SELECT 1 FROM %s WHERE key = ?1 LIMIT 1",
                 d->table, d->past_table));
  if (!s) return false;
  stmt_str(s, 1, key);
  bool found = stmt_row(cx, s);
  if (found) stmt_done(s);
  return found;
}

static int check_note(struct ctx *cx, struct db *db, const char *id) {
  struct stmt *s = db_ask(cx, db, SQL_note_subject, id);
  if (!s) return cx->code;
  if (!stmt_row(cx, s)) return cx->code; /* deleted: that is allowed */
  const char *name = ctx_strdup(cx, col_str(s, 0)), *key = ctx_strdup(cx, col_str(s, 1));
  stmt_done(s);
  const struct dataset *d = dataset_find(name);
  if (!d)
    return fail(cx, E_INVALID, "dataset", "there is no dataset '%.80s'; there are %s", name, dataset_names());
  if (row_is_there(cx, db, d, str_of(key)) || cx->code) return cx->code;
  return fail(cx, E_INVALID, "key", "%s has no row '%.100s'", d->name, key);
}

const struct entity_hooks note_hooks = {
  .row_dataset = "dataset",
  .row_key = "key",
  .check_row = check_note,
};

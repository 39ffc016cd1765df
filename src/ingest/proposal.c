#include "ingest/proposal.h"

#include "record/record.h"

/* ---- through the door ---- */

enum what { SAVED, DELETED };

struct part {
  const struct entity *entity;
  const char *name;
  struct jv *list;
  char (*ids)[37]; /* of each object of the list, when it is through */
};

static bool deletes(struct jv *object) { return str_eq(jv_text(jv_get(object, "deleted")), STR("true")); }

static int apply_one(struct ctx *cx, struct db *db, const struct part *p, struct jv *object, char *id) {
  if (!deletes(object)) return record_save(cx, db, p->entity, object, id);
  struct str given = jv_text(jv_get(object, "id"));
  if (!given.p) return fail(cx, E_INVALID, "id", "what is to be deleted is named by its id");
  str_copy(id, 37, given);
  return record_delete(cx, db, p->entity, id);
}

static int apply_part(struct ctx *cx, struct db *db, const struct part *p, enum what what) {
  for (size_t i = 0; i < jv_size(p->list); i++) {
    struct jv *object = jv_at(p->list, i);
    if (deletes(object) != (what == DELETED) || !apply_one(cx, db, p, object, p->ids[i])) continue;
    const char *field =
        ctx_printf(cx, "%s[%zu]%s%s", p->name, i, cx->field[0] ? "." : "", cx->field[0] ? cx->field : "");
    str_copy(cx->field, sizeof cx->field, str_of(field));
    return cx->code;
  }
  return OK;
}

static int check(struct ctx *cx, struct jv *changes) {
  size_t count = 0;
  if (jv_kind(changes) != JV_OBJECT)
    return fail(cx, E_INVALID, NULL, "changes are an object {\"rules\": [...], \"items\": [...]}");
  for (void *it = jv_first(changes); it; it = jv_next(changes, it)) {
    struct str name = jv_key(it);
    if (!str_eq(name, STR("rules")) && !str_eq(name, STR("items")))
      return fail(cx, E_INVALID, ctx_strdup(cx, name), "changes have rules and items, and no '" STR_FMT "'",
                  STR_ARG(name));
    if (jv_kind(jv_value(it)) != JV_ARRAY)
      return fail(cx, E_INVALID, ctx_strdup(cx, name), STR_FMT " is an array of objects", STR_ARG(name));
    count += jv_size(jv_value(it));
  }
  if (count > PROPOSAL_MAX)
    return fail(cx, E_LIMIT, NULL, "at most %d changes go together, and these are %zu", PROPOSAL_MAX, count);
  return OK;
}

static void part_init(struct ctx *cx, struct part *p, const struct entity *e, const char *name,
                      struct jv *changes) {
  *p = (struct part){ .entity = e, .name = name, .list = jv_get(changes, name) };
  p->ids = ctx_alloc(cx, (jv_size(p->list) + 1) * sizeof *p->ids);
}

static int write_part(struct ctx *cx, struct db *db, const struct part *p, struct jw *w) {
  jw_array(w, p->name);
  for (size_t i = 0; i < jv_size(p->list); i++)
    if (record_get(cx, db, p->entity, p->ids[i], w, NULL)) return cx->code;
  jw_close(w, ']');
  return OK;
}

int proposal_apply(struct ctx *cx, struct db *db, struct jv *changes, struct jw *w) {
  struct part rules, items;
  if (check(cx, changes)) return cx->code;
  part_init(cx, &rules, entity_find("rule"), "rules", changes);
  part_init(cx, &items, entity_find("reference_item"), "items", changes);
  int rc = apply_part(cx, db, &items, SAVED);
  if (!rc) rc = apply_part(cx, db, &rules, DELETED);
  if (!rc) rc = apply_part(cx, db, &rules, SAVED);
  if (!rc) rc = apply_part(cx, db, &items, DELETED);
  if (!rc && w) rc = write_part(cx, db, &rules, w);
  if (!rc && w) rc = write_part(cx, db, &items, w);
  return rc;
}

/* ---- in memory ----
**
** A new, empty tenant's file in memory takes the present records and then the
** changes. So nothing is written, no writer is waited for, and what is refused
** here is what the door refuses. */

int proposal_rules(struct ctx *cx, struct db *db, const struct dataset *d, struct jv *changes,
                   struct rules **out) {
  struct db *memory;
  if (!changes) return rules_load(cx, db, d, out);
  if (check(cx, changes) || db_pristine(cx, &memory)) return cx->code;
  int rc = record_copy(cx, db, memory, entity_find("rule"));
  if (!rc) rc = record_copy(cx, db, memory, entity_find("reference_item"));
  if (!rc) rc = proposal_apply(cx, memory, changes, NULL);
  return rc ? rc : rules_load(cx, memory, d, out);
}

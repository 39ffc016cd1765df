#include "record/record.h"

/* A bound or a default in the form that a record has it. */
static void write_number(struct jw *w, const char *key, const struct property *p, int64_t v) {
  if (p->kind == PROPERTY_DECIMAL)
    jw_decimal(w, key, v, p->scale, 0);
  else
    jw_int(w, key, v);
}

static void write_default(struct jw *w, const struct property *p) {
  bool plain = p->kind == PROPERTY_INTEGER || p->kind == PROPERTY_BOOLEAN || p->kind == PROPERTY_JSON;
  if (p->otherwise && plain)
    jw_raw(w, "default", str_of(p->otherwise));
  else if (p->otherwise)
    jw_text(w, "default", p->otherwise);
}

static void write_choices(struct jw *w, const char *choices) {
  jw_array(w, "choices");
  for (size_t n; *choices; choices += n + (choices[n] == '|')) {
    n = strcspn(choices, "|");
    jw_str(w, NULL, (struct str){ choices, n });
  }
  jw_close(w, ']');
}

/* What is not there does not hold: only a decimal has a scale, only a choice has choices. */
static void property_write(struct jw *w, const struct property *p) {
  jw_object(w, NULL);
  jw_put(w, "name", p->name, "kind", property_kind_name(p->kind), "required", p->required);
  if (p->kind == PROPERTY_DECIMAL) jw_int(w, "scale", p->scale);
  if (p->has_min) write_number(w, "min", p, p->min);
  if (p->has_max) write_number(w, "max", p, p->max);
  write_default(w, p);
  if (p->choices) write_choices(w, p->choices);
  if (p->reference) jw_text(w, "reference", p->reference);
  if (p->email) jw_text(w, "format", "email");
  jw_put(w, "searched", p->searched, "help", p->help);
  jw_close(w, '}');
}

static void keys_write(struct jw *w, const struct entity *e) {
  jw_array(w, "unique");
  for (int i = 0; i < e->key_count; i++) {
    jw_array(w, NULL);
    for (int k = 0; k < e->keys[i].count; k++) jw_text(w, NULL, e->properties[e->keys[i].property[k]].name);
    jw_close(w, ']');
  }
  jw_close(w, ']');
}

void record_describe(struct jw *w, const struct entity *e) {
  jw_object(w, NULL);
  jw_put(w, "name", e->name, "table", e->table, "help", e->help, "order", e->order, "path", e->path, "access",
         e->access);
  keys_write(w, e);
  jw_array(w, "properties");
  for (int i = 0; i < e->property_count; i++) property_write(w, &e->properties[i]);
  jw_close(w, ']');
  jw_close(w, '}');
}

/*
** openapi.c - the API as a document (OpenAPI 3.1), made of the table of routes and the entities there are: what is not
** in it cannot be asked for, and what can be asked for is in it.
**
** A row of routes.c says in `query`, `body` and `reply` what it takes and gives, in the words of shape.h. An entity with a
** path has its addresses written out, each with its own properties; a row for one of them stands before.
*/
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/version.h"
#include "http/routes.h"
#include "http/shape.h"
#include "model/entity.h"

enum { OPERATIONS_MOST = 2048, ADDRESS_ROOM = 160 };

struct operation {
  char path[ADDRESS_ROOM]; /* "/api/stores/{id}" */
  const struct route *route;
  const struct entity *entity; /* NULL: of none in particular */
};

struct document {
  struct jw w;
  struct operation *all;
  int count;
};

/* ---- which operations there are ---- */

static const char *param_name(const struct route *r, int n) {
  if (r->entity == ENTITY_BY_NAME && n == 0) return "entity";
  return n == 0 || r->entity != ENTITY_NONE ? "id" : "id2";
}

/* The pattern as a template: its {id}s with names of their own, a star as {name}, the first {id} as the
** entity's path. */
static void path_of(const struct route *r, const struct entity *e, char out[static ADDRESS_ROOM]) {
  struct buf path;
  int n = 0;
  buf_init(&path, ADDRESS_ROOM - 1);
  for (const char *p = r->pattern; *p;) {
    bool id = !strncmp(p, "{id}", 4);
    if (id && e && n == 0)
      buf_puts(&path, e->path);
    else if (id)
      buf_printf(&path, "{%s}", param_name(r, n));
    else if (*p == '*')
      buf_puts(&path, "{name}");
    else
      buf_char(&path, *p);
    n += id;
    p += id ? 4 : 1;
  }
  str_copy(out, ADDRESS_ROOM, buf_view(&path));
  buf_clear(&path);
}

static void operation_add(struct document *d, const struct route *r, const struct entity *e) {
  struct operation one = { .route = r, .entity = e };
  path_of(r, e, one.path);
  for (int i = 0; i < d->count; i++)
    if (!strcmp(d->all[i].path, one.path) && !strcmp(d->all[i].route->method, r->method)) return;
  if (d->count < OPERATIONS_MOST) d->all[d->count++] = one;
}

static void operations_of(struct document *d, const struct route *r) {
  const struct entity *e;
  bool upgrades = r->reply && !strncmp(r->reply, "101", 3); /* OpenAPI has no words for a WebSocket */
  if (upgrades || !strcmp(r->pattern, "/*")) return;
  if (r->entity != ENTITY_BY_PATH) operation_add(d, r, NULL);
  for (int k = 0; r->entity == ENTITY_BY_PATH && (e = entity_at(k)); k++)
    if (e->path) operation_add(d, r, e);
}

static void operations_find(struct document *d) {
  for (int t = 0; route_tables[t]; t++)
    for (const struct route *r = route_tables[t]; r->method; r++) operations_of(d, r);
}

/* ---- parameters ---- */

static void parameter_begin(struct jw *w, const char *in, const char *name, bool required) {
  jw_object(w, NULL);
  jw_put(w, "name", name, "in", in);
  if (required) jw_bool(w, "required", true);
}

static void text_parameter(struct jw *w, const char *in, const char *name, bool required, const char *help) {
  parameter_begin(w, in, name, required);
  if (help) jw_text(w, "description", help);
  shape_write(w, "schema", STR("text"), false, NULL);
  jw_close(w, '}');
}

static void write_path_parameters(struct jw *w, const struct operation *o) {
  char name[32];
  for (const char *p = o->path; (p = strchr(p, '{')); p++) {
    str_copy(name, sizeof name, (struct str){ p + 1, strcspn(p + 1, "}") });
    text_parameter(w, "path", name, true,
                   !strcmp(name, "entity") ? "the name of an entity, see /api/entities" : NULL);
  }
}

/* "filter" is of a list of records: filter[price][gte]=10 */
static void write_filter(struct jw *w) {
  parameter_begin(w, "query", "filter", false);
  jw_put(w, "style", "deepObject", "explode", arg_bool(true));
  jw_text(w, "description",
          "filter[property]=value, or filter[property][ne, lt, lte, gt, gte or like]=value");
  jw_record(w, "schema", "type", "object");
  jw_close(w, '}');
}

static void write_query(struct jw *w, const struct route *r) {
  struct str name, type;
  bool must = false;
  char z[64];
  if (r->need && strncmp(r->pattern, "/api/", 5) == 0)
    text_parameter(w, "query", "tenant", false,
                   "which tenant is meant, where nobody has logged in and there are several");
  for (const char *at = r->query ? r->query : ""; shape_member(&at, &name, &type, &must); must = false) {
    str_copy(z, sizeof z, name);
    if (!strcmp(z, "filter")) {
      write_filter(w);
      continue;
    }
    parameter_begin(w, "query", z, must);
    shape_write(w, "schema", type, false, NULL);
    jw_close(w, '}');
  }
}

static void write_parameters(struct jw *w, const struct operation *o) {
  const char *method = o->route->method;
  bool changes = strcmp(method, "GET") != 0;
  jw_array(w, "parameters");
  write_path_parameters(w, o);
  write_query(w, o->route);
  if (changes && !o->route->open)
    text_parameter(w, "header", "Idempotency-Key", false,
                   "what is sent again with the same key takes effect once");
  if (changes && o->route->entity && strcmp(method, "POST") != 0)
    text_parameter(w, "header", "If-Match", false,
                   "the version that was read, such as \"3\"; 412 when it is another one");
  jw_close(w, ']');
}

/* ---- bodies ---- */

/* "text/csv|application/json": other types than JSON of our own. */
static void write_types(struct jw *w, const char *types) {
  char type[ADDRESS_ROOM];
  for (size_t n; *types; types += n + (types[n] == '|')) {
    n = strcspn(types, "|");
    str_copy(type, sizeof type, (struct str){ types, n });
    jw_object(w, type);
    jw_close(w, '}');
  }
}

static const char *schema_ref(const struct entity *e, const char *of, char out[static ADDRESS_ROOM]) {
  if (!e) return NULL;
  snprintf(out, ADDRESS_ROOM, "#/components/schemas/%s%s", e->name, of);
  return out;
}

static void write_request(struct jw *w, const struct operation *o) {
  const struct route *r = o->route;
  const char *shape = r->body ? r->body : "object";
  bool change = !strcmp(r->method, "PATCH");
  char ref[ADDRESS_ROOM];
  if (!r->body_max) return;
  jw_object(w, "requestBody");
  jw_object(w, "content");
  if (*shape == '*') {
    write_types(w, shape + 1);
  } else {
    jw_object(w, "application/json");
    shape_write(w, "schema", str_of(shape), false, schema_ref(o->entity, change ? "_change" : "_input", ref));
    jw_close(w, '}');
  }
  jw_close(w, '}');
  jw_close(w, '}');
}

/* A reply's `data`, and what stands beside it: "[{id}]; total: int". */
static void write_envelope(struct jw *w, const char *shape, const char *self) {
  bool open = strstr(shape, "; ...") != NULL; /* it does not say */
  size_t n = strcspn(shape, ";");
  struct str name, type;
  bool must = true;
  const char *beside = shape[n] ? shape + n + 1 : "";
  jw_object(w, "schema");
  jw_text(w, "type", "object");
  jw_object(w, "properties");
  shape_write(w, "success", STR("bool"), true, NULL);
  if (n) shape_write(w, "data", (struct str){ shape, n }, true, self);
  for (const char *at = beside; shape_member(&at, &name, &type, &must);) {
    char z[64];
    str_copy(z, sizeof z, name);
    shape_write(w, z, type, true, self);
  }
  jw_close(w, '}');
  jw_array(w, "required");
  jw_text(w, NULL, "success");
  if (n) jw_text(w, NULL, "data");
  for (const char *at = beside; shape_member(&at, &name, &type, &must); must = true)
    if (must) jw_str(w, NULL, name);
  jw_close(w, ']');
  if (!open) jw_bool(w, "additionalProperties", false);
  jw_close(w, '}');
}

static void write_success(struct jw *w, const struct operation *o, const char *status, const char *shape) {
  char ref[ADDRESS_ROOM];
  jw_object(w, status);
  jw_text(w, "description",
          !strcmp(status, "201")   ? "It was made."
          : !strcmp(status, "202") ? "It was begun."
                                   : "As asked.");
  jw_object(w, "content");
  if (*shape == '*') {
    write_types(w, shape + 1);
  } else {
    jw_object(w, "application/json");
    write_envelope(w, shape, schema_ref(o->entity, "", ref));
    jw_close(w, '}');
  }
  jw_close(w, '}');
  jw_close(w, '}');
}

static void write_failure(struct jw *w, const char *status, const char *what) {
  jw_object(w, status);
  jw_text(w, "description", what);
  jw_object(w, "content");
  jw_object(w, "application/problem+json");
  jw_object(w, "schema");
  jw_text(w, "$ref", "#/components/schemas/problem");
  for (int i = 0; i < 4; i++) jw_close(w, '}');
}

/* The statuses that a success may have stand before its shape: "201|200 @". */
static void write_responses(struct jw *w, const struct operation *o) {
  const char *shape = o->route->reply ? o->route->reply : "any; ...";
  const char *p = shape[0] >= '1' && shape[0] <= '9' ? shape : "200 ";
  if (p == shape) shape += strcspn(shape, " ") + 1;
  jw_object(w, "responses");
  for (; *p && *p != ' '; p += p[3] == '|' ? 4 : 3) {
    char status[4];
    str_copy(status, sizeof status, (struct str){ p, 3 });
    write_success(w, o, status, shape);
  }
  if (!strcmp(o->route->method, "GET"))
    jw_record(w, "304", "description", "It is still what If-None-Match names.");
  write_failure(w, "4XX", "The request is at fault: its type says how, errors where.");
  write_failure(w, "5XX", "The server cannot do it now.");
  jw_close(w, '}');
}

/* ---- operations ---- */

/* "GET /api/stores/{id}" -> "get_api_stores_id" */
static void write_id(struct jw *w, const struct operation *o) {
  char id[ADDRESS_ROOM + 8];
  size_t n = 0;
  for (const char *p = o->route->method; *p; p++) id[n++] = (char)(*p | 0x20);
  for (const char *p = o->path; *p && n < sizeof id - 1; p++) {
    bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';
    if (word || (n && id[n - 1] != '_' && *p != '}')) id[n++] = word ? *p : '_';
  }
  id[n] = 0;
  jw_text(w, "operationId", id);
}

static struct str tag_of(const char *path) {
  const char *p = !strncmp(path, "/api/", 5) ? path + 5 : path + 1;
  return (struct str){ p, strcspn(p, "/") };
}

static void write_security(struct jw *w, const struct route *r) {
  static const char *const ways[] = { "bearer", "cookie" };
  jw_array(w, "security");
  for (int i = 0; i < 2 && !r->open; i++) {
    jw_object(w, NULL);
    jw_array(w, ways[i]);
    jw_close(w, ']');
    jw_close(w, '}');
  }
  jw_close(w, ']');
}

static void write_operation(struct jw *w, const struct operation *o) {
  const char *help = o->route->help;
  char method[8];
  size_t n = 0, first = strcspn(help, ".:;");
  for (const char *p = o->route->method; *p; p++) method[n++] = (char)(*p | 0x20);
  method[n] = 0;
  jw_object(w, method);
  write_id(w, o);
  jw_array(w, "tags");
  jw_str(w, NULL, tag_of(o->path));
  jw_close(w, ']');
  jw_put(w, "summary", ((struct str){ help, first }), "description", help);
  if (o->route->need) jw_text(w, "x-permission", o->route->need);
  if (o->entity) jw_text(w, "x-access", o->entity->access);
  write_security(w, o->route);
  write_parameters(w, o);
  write_request(w, o);
  write_responses(w, o);
  jw_close(w, '}');
}

static void write_paths(struct document *d) {
  struct jw *w = &d->w;
  jw_object(w, "paths");
  for (int i = 0; i < d->count; i++) {
    int first = 0;
    while (strcmp(d->all[first].path, d->all[i].path) != 0) first++;
    if (first < i) continue;
    jw_object(w, d->all[i].path);
    for (int k = i; k < d->count; k++)
      if (!strcmp(d->all[k].path, d->all[i].path)) write_operation(w, &d->all[k]);
    jw_close(w, '}');
  }
  jw_close(w, '}');
}

/* Each word that stands behind /api/ once. */
static void write_tags(struct document *d) {
  jw_array(&d->w, "tags");
  for (int i = 0; i < d->count; i++) {
    struct str tag = tag_of(d->all[i].path);
    int first = 0;
    while (!str_eq(tag_of(d->all[first].path), tag)) first++;
    if (first < i) continue;
    jw_object(&d->w, NULL);
    const struct operation *o = &d->all[i];
    jw_put(&d->w, "name", tag, "description", o->entity ? o->entity->help : o->route->help);
    jw_close(&d->w, '}');
  }
  jw_close(&d->w, ']');
}

/* ---- schemas ---- */

static struct str kind_shape(const struct property *p, bool input, bool null, char out[static 1024]) {
  static const char *const shapes[] = {
    [PROPERTY_TEXT] = "text",    [PROPERTY_INTEGER] = "int", [PROPERTY_DECIMAL] = "decimal",
    [PROPERTY_BOOLEAN] = "bool", [PROPERTY_DAY] = "day",     [PROPERTY_INSTANT] = "instant",
    [PROPERTY_JSON] = "any",     [PROPERTY_CHOICE] = "text", [PROPERTY_REFERENCE] = "id",
  };
  bool any = input && p->kind == PROPERTY_DECIMAL; /* a number is taken, too */
  snprintf(out, 1024, "%s%s", any ? "any" : p->choices ? p->choices : shapes[p->kind], null ? "?" : "");
  return str_of(out);
}

static void write_properties(struct jw *w, const struct entity *e, bool input) {
  char shape[1024];
  jw_object(w, "properties");
  shape_write(w, "id", STR("id"), true, NULL);
  for (int i = 0; i < e->property_count; i++) {
    const struct property *p = &e->properties[i];
    bool null = !p->required && (input || !p->otherwise);
    shape_write(w, p->name, kind_shape(p, input, null, shape), true, NULL);
  }
  shape_write(w, "version", STR("int"), true, NULL);
  static const char *const stamps[] = { "created_at", "int",  "created_by", "text", "updated_at", "int",
                                        "updated_by", "text", "deleted_at", "int?", "deleted_by", "text?" };
  for (size_t i = 0; !input && i < sizeof stamps / sizeof *stamps; i += 2)
    shape_write(w, stamps[i], str_of(stamps[i + 1]), true, NULL);
  jw_close(w, '}');
}

/* Does an operation speak of it? All of them are written by now. */
static bool is_named(const struct jw *w, const struct entity *e, const char *of) {
  char ref[ADDRESS_ROOM];
  size_t n = (size_t)snprintf(ref, sizeof ref, "\"#/components/schemas/%s%s\"", e->name, of);
  return memmem(w->out->p, w->out->n, ref, n) != NULL;
}

static void write_entity(struct jw *w, const struct entity *e, const char *of) {
  bool input = *of != 0, change = !strcmp(of, "_change");
  char name[ADDRESS_ROOM];
  if (!is_named(w, e, of)) return;
  snprintf(name, sizeof name, "%s%s", e->name, of);
  jw_object(w, name);
  jw_put(w, "type", "object", "description", e->help);
  write_properties(w, e, input);
  jw_bool(w, "additionalProperties", false);
  jw_array(w, "required");
  if (!input) jw_text(w, NULL, "id");
  for (int i = 0; i < e->property_count && !change; i++)
    if (!input || (e->properties[i].required && !e->properties[i].otherwise))
      jw_text(w, NULL, e->properties[i].name);
  if (!input) jw_text(w, NULL, "version");
  jw_close(w, ']');
  jw_close(w, '}');
}

static void write_schemas(struct jw *w) {
  const struct entity *e;
  jw_object(w, "schemas");
  shape_write(w, "problem",
              STR("{type, title, status: int, detail, instance, errors: [{field, pointer?, detail}]}"), true,
              NULL);
  for (int i = 0; (e = entity_at(i)); i++) {
    if (!e->path) continue;
    write_entity(w, e, "");
    write_entity(w, e, "_input");
    write_entity(w, e, "_change");
  }
  jw_close(w, '}');
}

static void write_components(struct jw *w) {
  jw_object(w, "components");
  jw_object(w, "securitySchemes");
  jw_record(w, "bearer", "type", "http", "scheme", "bearer", "bearerFormat", "JWT");
  jw_record(w, "cookie", "type", "apiKey", "in", "cookie", "name", "__Host-outpost");
  jw_close(w, '}');
  write_schemas(w);
  jw_close(w, '}');
}

static void write_head(struct jw *w) {
  jw_text(w, "openapi", "3.1.0");
  jw_object(w, "info");
  jw_put(w, "title", "Outpost", "version", OUTPOST_VERSION, "summary",
         "Files and feeds become records here, are acted on, and can be explained.");
  jw_record(w, "license", "name", "MIT", "identifier", "MIT");
  jw_close(w, '}');
  jw_array(w, "servers");
  jw_record(w, NULL, "url", "/");
  jw_close(w, ']');
}

/* ---- once ---- */

static struct buf made; /* the same for every request: routes and entities stand before the first */
static char tag[40];
static int operation_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make(void) {
  struct ctx cx;
  struct document d = { .all = xcalloc(OPERATIONS_MOST, sizeof *d.all) };
  buf_init(&made, LIMIT_REPLY_BYTES);
  jw_init(&d.w, &made);
  operations_find(&d);
  operation_count = d.count;
  jw_object(&d.w, NULL);
  write_head(&d.w);
  write_tags(&d);
  write_paths(&d);
  write_components(&d.w);
  jw_close(&d.w, '}');
  free(d.all);
  ctx_begin(&cx, "http");
  str_copy(tag, sizeof tag, str_of(reply_etag(&cx, buf_view(&made))));
  ctx_end(&cx);
}

int openapi_count(void) {
  pthread_once(&once, make);
  return operation_count;
}

int openapi_show(struct request *rq) {
  pthread_once(&once, make);
  rq->content = buf_view(&made);
  rq->etag = tag;
  return OK;
}

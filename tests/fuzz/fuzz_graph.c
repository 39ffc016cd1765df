/*
** fuzz_graph.c - any bytes as the tasks of a graph. What is read has names, what waits for what is
** inside, and taking away what waits for nothing takes away everything.
*/
#include <stdlib.h>

#include "job/graph_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void check(struct ctx *cx, const struct tasks *t) {
  bool *in = ctx_alloc(cx, (size_t)t->count);
  must(t->count >= 1 && t->count <= GRAPH_TASKS_MOST);
  for (int i = 0; i < t->count; i++) {
    const struct task *task = &t->task[i];
    must(graph_is_name(str_of(task->name)) && task->kind && tasks_find(t, task->name) == i);
    for (int k = 0; k < task->after_count; k++) {
      must(task->after[k] >= 0 && task->after[k] < t->count);
      memset(in, 0, (size_t)t->count);
      tasks_after(t, i, in);
      must(in[i] && !in[task->after[k]]); /* nothing that it waits for comes after it */
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ctx cx;
  struct tasks tasks;
  ctx_begin(&cx, "fuzz");
  if (!tasks_read(&cx, (struct str){ (const char *)data, size }, false, &tasks))
    check(&cx, &tasks);
  else
    must(cx.message[0] != 0);
  ctx_end(&cx);
  return 0;
}

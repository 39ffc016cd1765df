/* Counters that many threads use at once. */
#include <pthread.h>

#include "base/metrics.h"
#include "unit.h"

static struct metric_family *const counted = &metric_requests, *const timed = &metric_job_seconds;

static void *count_much(void *arg) {
  (void)arg;
  for (int i = 0; i < 10000; i++) {
    metric_count(counted, i % 2 ? "GET /a" : "GET /b", "200");
    metric_observe(timed, "k", "done", i % 4 ? 0.002 : 5);
  }
  return NULL;
}

UNIT(metrics_threads, "nothing is lost when four threads count, and a series is there once") {
  pthread_t threads[4];
  struct buf out;
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, count_much, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  buf_init(&out, 1 << 20);
  metrics_write(&out);
  CHECK(strstr(out.p, "outpost_http_requests_total{route=\"GET /a\",status=\"200\"} 20000\n"));
  CHECK(strstr(out.p, "outpost_http_requests_total{route=\"GET /b\",status=\"200\"} 20000\n"));
  CHECK(strstr(out.p, "_bucket{kind=\"k\",outcome=\"done\",le=\"0.001\"} 0\n"));
  CHECK(strstr(out.p, "_bucket{kind=\"k\",outcome=\"done\",le=\"0.0025\"} 30000\n"));
  CHECK(strstr(out.p, "_bucket{kind=\"k\",outcome=\"done\",le=\"10\"} 40000\n"));
  CHECK(strstr(out.p, "_bucket{kind=\"k\",outcome=\"done\",le=\"+Inf\"} 40000\n"));
  CHECK(strstr(out.p, "_sum{kind=\"k\",outcome=\"done\"} 50060.000000\n"));
  buf_clear(&out);
}

UNIT(metrics_labels, "what would break the format is escaped") {
  struct buf out;
  buf_init(&out, 1000);
  metric_label(&out, "x", STR("a\"b\\c\nd"));
  CHECK_STR(buf_view(&out), "x=\"a\\\"b\\\\c\\nd\"");
  buf_clear(&out);
}

/* The door to libpq, as far as it goes without a server: the rest is in tests/scenario/sync_faults.test.mjs. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "replicate/pg.h"
#include "unit.h"

static struct ctx cx;

UNIT(pg_dsn,
     "a dsn is read as libpq reads it, and one that cannot be read is refused before anything is dialled") {
  const char *part;
  struct pg *p;
  ctx_begin(&cx, "test");
  CHECK_INT(pg_dsn_part(&cx, "postgresql://edge@hq.example:5433/outpost?sslmode=verify-full", "host", &part),
            OK);
  CHECK_STR(str_of(part), "hq.example");
  CHECK_INT(pg_dsn_part(&cx, "host=hq.example dbname='the house'", "dbname", &part), OK);
  CHECK_STR(str_of(part), "the house");
  CHECK_INT(pg_dsn_part(&cx, "host=hq.example", "sslmode", &part), OK);
  CHECK(part == NULL);
  CHECK_INT(pg_open(&cx, "postgresql://[::1", NULL, &p), E_INVALID);
  CHECK(p == NULL);
  ctx_forgive(&cx);
  CHECK_INT(pg_open(&cx, "host=x colour=red", NULL, &p), E_INVALID);
  CHECK(strstr(cx.message, "colour") != NULL);
  ctx_end(&cx);
}

UNIT(pg_dsn_words, "what a dsn that cannot be read is refused for holds no piece of its password") {
  static const char *const bad[] = { "host=x password=half canary-word", "host=x password='canary-word",
                                     "postgresql://a:%zzcanary-word@x/y",
                                     "postgresql://a:b@x:canary-word:1/y",
                                     "postgresql://a:half@canary-word@x/y" };
  struct pg *p;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ctx_begin(&cx, "test");
    CHECK_INT(pg_open(&cx, bad[i], NULL, &p), E_INVALID);
    CHECK(strstr(cx.message, "canary") == NULL);
    ctx_end(&cx);
  }
}

/* A socket that listens and never answers. */
static int silent(int *port) {
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t n = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 8) ||
      getsockname(fd, (struct sockaddr *)&a, &n))
    return -1;
  *port = ntohs(a.sin_port);
  return fd;
}

UNIT(pg_unreachable, "a port where nobody listens is a reason to try again") {
  struct pg *p;
  int port = 0;
  close(silent(&port));
  ctx_begin(&cx, "test");
  CHECK_INT(pg_open(&cx, ctx_printf(&cx, "host=127.0.0.1 port=%d password=canary-word", port), NULL, &p),
            E_BUSY);
  CHECK(strstr(cx.message, "cannot be reached") != NULL);
  CHECK(strstr(cx.message, "canary") == NULL);
  ctx_end(&cx);
}

static atomic_bool stop;
static void *stop_soon(void *arg) {
  (void)arg;
  usleep(200000);
  atomic_store(&stop, true);
  return NULL;
}

UNIT(pg_stopped, "who waits for a server that is silent hears the flag") {
  struct pg *p;
  int port = 0, fd = silent(&port);
  pthread_t other;
  double begun = time_seconds();
  ctx_begin(&cx, "test");
  pg_stop_when(&stop);
  pthread_create(&other, NULL, stop_soon, NULL);
  CHECK_INT(pg_open(&cx, ctx_printf(&cx, "host=127.0.0.1,127.0.0.1 port=%d", port), NULL, &p), E_BUSY);
  CHECK(strstr(cx.message, "this program ends") != NULL);
  CHECK(time_seconds() - begun < PG_CONNECT_SECONDS);
  pg_stop_when(NULL);
  pthread_join(other, NULL);
  close(fd);
  ctx_end(&cx);
}

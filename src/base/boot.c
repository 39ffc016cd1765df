#include "base/boot.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/ids.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char boot[40], self[PROCESS_NAME];

int64_t boot_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static size_t read_small(const char *path, char *to, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, to, room - 1);
  if (fd >= 0) close(fd);
  if (n < 0) n = 0;
  to[n] = 0;
  return (size_t)n;
}

/* When a process began, in clock ticks since the machine did: field 22 of /proc/PID/stat,
** counted behind the name, which may hold anything. 0: there is none, or it is dead. */
static int64_t began(int64_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
  if (!read_small(path, text, sizeof text)) return 0;
  const char *p = strrchr(text, ')');
  if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X') return 0;
  for (int field = 2; p && field < 22; field++) p = strchr(p + 1, ' ');
  return p ? strtoll(p, NULL, 10) : 0;
}

static void find_out(void) {
  uint32_t random;
  if (read_small("/proc/sys/kernel/random/boot_id", boot, sizeof boot) > 36) boot[36] = 0;
  random_bytes(&random, sizeof random);
  snprintf(self, sizeof self, "process:%d:%lld:%08x", (int)getpid(), (long long)began(getpid()), random);
}

const char *boot_id(void) {
  pthread_once(&once, find_out);
  return boot;
}

const char *process_name(void) {
  pthread_once(&once, find_out);
  return self;
}

bool process_alive(struct str name) {
  char copy[PROCESS_NAME];
  long long pid, start;
  if (!str_copy(copy, sizeof copy, name) || sscanf(copy, "process:%lld:%lld:", &pid, &start) != 2)
    return true;
  return began(pid) == start;
}

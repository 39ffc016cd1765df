#include "export/machine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

/* "VmRSS:     1234 kB" of a file of such lines; -1 when it is not there. */
static int64_t kilobytes(const char *path, const char *name) {
  char line[256];
  int64_t found = -1;
  size_t n = strlen(name);
  FILE *f = fopen(path, "re");
  while (f && found < 0 && fgets(line, sizeof line, f))
    if (strncmp(line, name, n) == 0 && line[n] == ':') found = strtoll(line + n + 1, NULL, 10);
  if (f) fclose(f);
  return found;
}

static int64_t open_files(void) {
  DIR *d = opendir("/proc/self/fd");
  int64_t n = -3; /* without ".", ".." and the folder itself */
  if (!d) return -1;
  while (readdir(d)) n++;
  closedir(d);
  return n;
}

/* When the process began: field 22 of /proc/self/stat, in ticks since the machine did. */
static double started(void) {
  char text[1024] = "";
  struct timespec up;
  FILE *f = fopen("/proc/self/stat", "re");
  if (!f) return 0;
  const char *p = fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
  fclose(f);
  for (int field = 2; p && field < 22; field++) p = strchr(p + 1, ' ');
  clock_gettime(CLOCK_BOOTTIME, &up);
  double ago = (double)up.tv_sec - (p ? (double)strtoll(p, NULL, 10) / (double)sysconf(_SC_CLK_TCK) : 0);
  return (double)time_now() / 1e6 - ago;
}

void machine_look(const char *dir, struct machine *m) {
  struct rlimit files;
  struct rusage used;
  struct statvfs disk;
  int64_t rss = kilobytes("/proc/self/status", "VmRSS"), peak = kilobytes("/proc/self/status", "VmHWM");
  *m = (struct machine){ .rss = rss * 1024,
                         .peak = peak * 1024,
                         .open_files = open_files(),
                         .most_files = -1,
                         .threads = kilobytes("/proc/self/status", "Threads"),
                         .started = started(),
                         .memory_free = kilobytes("/proc/meminfo", "MemAvailable") * 1024 };
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) m->most_files = (int64_t)files.rlim_cur;
  if (getrusage(RUSAGE_SELF, &used) == 0)
    m->cpu_seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  if (statvfs(dir, &disk) == 0) {
    m->disk_free = (int64_t)(disk.f_bavail * disk.f_frsize);
    m->disk_size = (int64_t)(disk.f_blocks * disk.f_frsize);
  }
}

/* machine.h - what the system says of this process and its disk. Private to export/. */
#ifndef EXPORT_MACHINE_H
#define EXPORT_MACHINE_H

#include "base/str.h"

struct machine {
  int64_t rss, peak, open_files, most_files, threads; /* -1: the system does not say */
  double cpu_seconds, started;                        /* UTC seconds */
  int64_t disk_free, disk_size;
  int64_t memory_free; /* of the machine */
};
void machine_look(const char *dir, struct machine *m);

#endif

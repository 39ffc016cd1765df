/*
** spool.c - a reply that is made faster than its client takes it waits on the disk.
**
** Whoever makes it reads one state of the tenant's file, and while somebody does, the WAL cannot begin anew: one client that took
** 44 seconds for a table of 36 MB made it grow to 975 MiB while others wrote. So what does not fit into the outbox goes into a
** file without a name; the client is waited for when all is made and the state was let go (request_serve). Where the disk
** has no room to spare, or much is kept for others already, it is waited for at once, as the state is needed until then.
*/
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "http/request.h"
#include "http/uploads.h"

enum { PART_ROOM = 2 * STREAM_PART + 64 }; /* what reply_flush sends at once, and its chunk's head and end */
static const int64_t SPOOLS_MOST = (int64_t)1 << 30; /* of all replies */

static atomic_llong kept; /* by all replies */

struct spool {
  int fd;
  int64_t in, out;
};

static void spool_empty(struct spool *s) {
  atomic_fetch_sub(&kept, s->in);
  s->in = s->out = 0;
}

static void spool_close(void *arg) {
  struct spool *s = arg;
  spool_empty(s);
  close(s->fd);
}

static bool begin(struct request *rq) {
  int fd = uploads_scratch(rq, SPOOLS_MOST);
  if (fd < 0) return false;
  rq->spool = ctx_alloc(rq->cx, sizeof *rq->spool);
  rq->spool->fd = fd;
  ctx_defer(rq->cx, spool_close, rq->spool);
  return true;
}

static bool append(struct spool *s, struct str bytes) {
  if (atomic_fetch_add(&kept, (long long)bytes.n) + (int64_t)bytes.n > SPOOLS_MOST) {
    atomic_fetch_sub(&kept, (long long)bytes.n);
    return false;
  }
  size_t done = 0;
  while (done < bytes.n) {
    ssize_t n = pwrite(s->fd, bytes.p + done, bytes.n - done, s->in + (int64_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += (size_t)n;
  }
  if (done == bytes.n)
    s->in += (int64_t)bytes.n;
  else
    atomic_fetch_sub(&kept, (long long)bytes.n);
  return done == bytes.n;
}

/* In its order; wait false: as much as the client takes at once. */
static void pour(struct request *rq, bool wait) {
  struct spool *s = rq->spool;
  char part[STREAM_PART];
  while (s->out < s->in && !rq->gone && (wait || wire_room(rq) >= PART_ROOM)) {
    size_t n = s->in - s->out < STREAM_PART ? (size_t)(s->in - s->out) : STREAM_PART;
    if (pread(s->fd, part, n, s->out) != (ssize_t)n) {
      rq->gone = true; /* the reply ends here, and not as if it were whole */
      return;
    }
    stream_part(rq, (struct str){ part, n });
    s->out += (int64_t)n;
  }
  if (s->out == s->in) spool_empty(s);
}

bool spool_keep(struct request *rq, struct str bytes) {
  if (!rq->spool && (wire_room(rq) >= PART_ROOM || !begin(rq))) return false;
  pour(rq, false);
  if (rq->gone) return true;
  if (!rq->spool->in && wire_room(rq) >= PART_ROOM) return false; /* it caught up */
  if (append(rq->spool, bytes)) return true;
  pour(rq, true);
  return rq->gone;
}

void spool_send(struct request *rq) {
  if (rq->spool) pour(rq, true);
}

#include "base/seat.h"

#include <pthread.h>
#include <sched.h>

#include "base/time.h"
#include "unit.h"

enum { MANY = 4096 }; /* more than there are processors */

static int freed;
static void note_freed(void *arg) { freed += *(int *)arg; }

/* Takes all seats. */
static int take_all(struct seat *s) {
  int n = 0;
  while (n < MANY && seat_take(&s[n])) n++;
  return n;
}

static bool is_posted(sem_t *wake) { return sem_trywait(wake) == 0; }

UNIT(seat_many, "there are two seats or more, and who gives his makes room for one") {
  static struct seat s[MANY];
  seat_open(NULL, NULL);
  CHECK(!seat_all_taken());
  int n = take_all(s);
  CHECK(n >= 2 && n < MANY);
  CHECK(seat_all_taken());
  CHECK(seat_give(&s[1]));
  CHECK(!seat_all_taken());
  CHECK(seat_take(&s[n]));
  CHECK(!seat_take(&s[1]));
  CHECK(!seat_give(&s[1])); /* it had none */
  for (int i = 0; i <= n; i++) seat_give(&s[i]);
  CHECK_INT(take_all(s), n);
}

UNIT(seat_again, "who waited gets one before those who have not begun, and the first comes first") {
  static struct seat s[MANY], left[2];
  sem_t wake[2];
  seat_open(NULL, NULL);
  for (int i = 0; i < 2; i++) {
    sem_init(&wake[i], 0, 0);
    CHECK(seat_take(&left[i]));
    seat_mine(&left[i]);
    CHECK(seat_leave() == &left[i]);
    CHECK(seat_leave() == NULL); /* it has none any more */
  }
  int n = take_all(s);
  seat_call(&left[0], &wake[0]);
  seat_call(&left[1], &wake[1]);
  seat_fill();
  CHECK(!is_posted(&wake[0]));
  CHECK(!seat_give(&s[0])); /* it is another's already */
  CHECK(is_posted(&wake[0]) && !is_posted(&wake[1]));
  CHECK(!seat_take(&s[0]));
  CHECK(!seat_give(&s[1]));
  CHECK(is_posted(&wake[1]));
  CHECK(seat_give(&left[0]));
  CHECK(n >= 2);
}

UNIT(seat_called, "between a call and the filling of the seats, those that are left over are for anybody") {
  static struct seat s[MANY], left;
  sem_t wake;
  sem_init(&wake, 0, 0);
  seat_open(NULL, NULL);
  CHECK(seat_take(&left));
  seat_mine(&left);
  CHECK(seat_leave() == &left);
  seat_call(&left, &wake);
  int n = take_all(s);
  CHECK(!is_posted(&wake));
  seat_fill();
  CHECK(is_posted(&wake));
  CHECK(!seat_take(&s[n]));
  CHECK(seat_give(&left));
  CHECK_INT(take_all(s + n), 1);
}

UNIT(seat_none, "who has no seat goes on at once") {
  sem_t wake;
  sem_init(&wake, 0, 0);
  seat_open(NULL, NULL);
  seat_mine(NULL);
  struct seat *left = seat_leave();
  CHECK(!left);
  seat_call(left, &wake);
  CHECK(is_posted(&wake));
  seat_return(left);
}

UNIT(seat_freed, "a seat that is left is told of, unless somebody wants it again") {
  static struct seat s[MANY], left;
  sem_t wake;
  int one = 1;
  sem_init(&wake, 0, 0);
  seat_open(note_freed, &one);
  take_all(s);
  seat_mine(&s[0]);
  CHECK(seat_leave() == &s[0]);
  CHECK_INT(freed, 1);
  CHECK(seat_take(&left));
  seat_mine(&left);
  seat_call(&s[0], &wake);
  CHECK(seat_leave() == &left);
  CHECK_INT(freed, 1);
  CHECK(is_posted(&wake));
}

UNIT(seat_long, "who has had his seat for long loses it to others, and needs none from then on") {
  static struct seat s[MANY];
  seat_open(NULL, NULL);
  int n = take_all(s);
  double now = time_seconds();
  CHECK(!seat_take_away(now));
  CHECK(seat_take_away(now + 2 * SEAT_SECONDS));
  for (int i = 0; i < n; i++) CHECK(!s[i].has);
  seat_mine(&s[0]);
  CHECK(seat_leave() == NULL);
  CHECK(seat_give(&s[0]));
  CHECK_INT(take_all(s + n), n);
}

UNIT(seat_one_too_many, "who returns has a seat at once, and makes up for it") {
  static struct seat s[MANY], left;
  seat_open(NULL, NULL);
  CHECK(seat_take(&left));
  seat_mine(&left);
  CHECK(seat_leave() == &left);
  int n = take_all(s);
  seat_return(&left);
  CHECK(left.has);
  CHECK(seat_all_taken());
  CHECK(!seat_give(&s[0]));
  CHECK(seat_all_taken());
  CHECK(seat_give(&s[1]));
  CHECK(n >= 2);
}

/* Leaves, and is called by itself. */
static void wait_a_moment(void) {
  sem_t wake;
  sem_init(&wake, 0, 0);
  seat_call(seat_leave(), &wake);
  seat_fill();
  while (sem_wait(&wake) != 0) continue;
  sem_destroy(&wake);
}

static void *work(void *arg) {
  struct seat s = { 0 };
  for (int left = 500; left;) {
    if (!seat_take(&s)) {
      sched_yield();
      continue;
    }
    seat_mine(&s);
    if (left % 3)
      wait_a_moment();
    else
      seat_return(seat_leave());
    seat_give(&s);
    left--;
  }
  seat_mine(NULL);
  return arg;
}

UNIT(seat_threads, "threads that leave and return all come to an end, and every seat is there again") {
  static struct seat s[MANY];
  pthread_t threads[16];
  seat_open(NULL, NULL);
  int n = take_all(s);
  for (int i = 0; i < n; i++) seat_give(&s[i]);
  for (int i = 0; i < 16; i++) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < 16; i++) pthread_join(threads[i], NULL);
  CHECK_INT(take_all(s), n);
}

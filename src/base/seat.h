/*
** seat.h - as many requests are worked on at once as this process has processors.
**
** More of them than that do not get done sooner: they take the processor from each other, in an order that is the
** system's and nobody's, each wants a connection to the file and a cache of its own, and who holds what the others
** wait for (the right to write) is one among dozens that want to run. With seats they come in the order in which they
** asked, and what 99 of 100 take is near to what the average takes.
**
**   - Who waits for something else than a processor has no seat: the writer's commit (store/writer.c), a client.
**     Who waited for a commit gets one again, before anybody who has not begun: it is older, and nearly done.
**   - The one who commits for others has one at once, even if there is one too many then, so that nobody waits for those who
**     wait for him, and he shares his processor with as few as possible.
**   - After SEAT_SECONDS a seat is taken away when others want one. The work goes on without, and the system shares
**     out the processors as it always does. So what takes long - a report over everything, a hashed password - does not
**     keep short ones waiting, however many of its kind there are.
**
** Nothing here waits. Seats are for the workers of a server; where nobody has taken one
** (a command, a thread of the engine), seat_leave and seat_call do nothing that costs.
*/
#ifndef BASE_SEAT_H
#define BASE_SEAT_H

#include <semaphore.h>
#include <stdbool.h>

#define SEAT_SECONDS 0.025

/* What a piece of work is known by here. Zero it. */
struct seat {
  bool has;
  double since;               /* it has */
  struct seat *older, *newer; /* of those that have one */
  struct seat *next;          /* of those that want one again */
  sem_t *wake;
};

/* `freed` is called when a seat is left and nobody wants one again, by the thread that leaves it (seat_leave). At least
** two seats. Before any thread takes one. */
void seat_open(void (*freed)(void *arg), void *arg);

bool seat_take(struct seat *s); /* false: there are no more free than others want again */
/* It has none any more. true: one is free, and nobody wants one again, so the caller may take it for another. */
bool seat_give(struct seat *s);
/* Those that have had theirs for long have none any more; true, as seat_give. */
bool seat_take_away(double now);
bool seat_all_taken(void);

/* What the calling thread works on; NULL: nothing that has a seat. */
void seat_mine(struct seat *s);

/* ---- around a wait ---- */

/* The calling thread is about to wait. Its seat, if it has one and is to get it again; else NULL. */
struct seat *seat_leave(void);
/* The wait is over for whoever left it: `wake` is posted as soon as there is a seat, at the latest by seat_fill. Of NULL
** at once. Who has many to call, and may lose the processor over it, calls all of them before he fills the seats. */
void seat_call(struct seat *left, sem_t *wake);
void seat_fill(void);
/* The calling thread has its seat again at once, though it may be one too many: others wait for what it does. */
void seat_return(struct seat *left);

#endif

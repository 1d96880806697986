/* Threads that work on one call together. They wait for the next call, and take the pieces of a phase in turn, so a
 * thread that was held up holds up nobody. What a piece computes does not depend on who takes it. */

#pragma once

#include <stdint.h>

typedef struct Team Team;

/* Threads that are worth so many multiplications: one for each MULTIPLICATIONS, at most `threads`. */
#define MULTIPLICATIONS (1 << 20) /* some 20 microseconds, what waking a thread takes */
static inline int worth(int64_t multiplications, int threads) {
    const int64_t most = multiplications / MULTIPLICATIONS;
    return most < threads ? (most < 1 ? 1 : (int)most) : threads;
}

/* work(team, argument, member) for members 0 to members - 1, of whom the caller is the first. Where another call
 * uses the threads, or there is one member, the caller does all alone. */
void run_team(void (*work)(Team *, void *, int), void *argument, int members);

/* work(team, argument, 0) by the caller as its only member, also inside the work of a team. */
void run_alone(void (*work)(Team *, void *, int), void *argument);

/* The first of the next `count` pieces of this phase, for the member that asks. */
int64_t take(Team *team, int64_t count);

/* Waits until all members are here. The next phase begins with its piece 0. */
void end_phase(Team *team);

#include "team.h"

#include <pthread.h>
#include <stdatomic.h>

#define MOST 256 /* members */
#define SPINS 2000 /* some 30 microseconds: longer than a phase of equal pieces differs where the cores are free */

struct Team {
    int members;
    _Alignas(64) atomic_int_fast64_t next;
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_int phase;
};

static pthread_mutex_t one_call = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static Team shared;
static int started; /* threads, beside the caller */
static void (*current)(Team *, void *, int);
static void *with;
static _Alignas(64) atomic_int calls[MOST]; /* of each thread: it sees that there is another */
static _Alignas(64) atomic_int finished;    /* threads that are done with the current call */
static _Alignas(64) atomic_int sleepers; /* threads that no longer spin */

static inline void rest(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until the number is another: awake for a moment, then asleep, so that a core that somebody else needs is
 * free. */
static void wait_for_change(atomic_int *number, int from) {
    for (int spins = 0; spins < SPINS; spins++) {
        if (atomic_load(number) != from) return;
        rest();
    }
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&sleepers, 1);
    while (atomic_load(number) == from) pthread_cond_wait(&wake, &lock);
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&lock);
}

/* After a number changed. A sleeper counts itself before it looks at the number for the last time. */
static void wake_sleepers(void) {
    if (!atomic_load(&sleepers)) return;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

int64_t take(Team *team, int64_t count) { return atomic_fetch_add(&team->next, count); }

void end_phase(Team *team) {
    if (team->members == 1) {
        atomic_store(&team->next, 0);
        return;
    }
    const int phase = atomic_load(&team->phase);
    if (atomic_fetch_add(&team->arrived, 1) == team->members - 1) {
        atomic_store(&team->arrived, 0);
        atomic_store(&team->next, 0);
        atomic_store(&team->phase, phase + 1);
        wake_sleepers();
        return;
    }
    wait_for_change(&team->phase, phase);
}

static void *serve(void *number) {
    const int member = (int)(intptr_t)number;
    for (int seen = 0;; seen++) {
        wait_for_change(&calls[member], seen);
        current(&shared, with, member);
        atomic_fetch_add(&finished, 1);
        wake_sleepers();
    }
    return NULL;
}

/* Threads stay with the process that started them. */
static void forget_threads(void) {
    pthread_mutex_init(&one_call, NULL);
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wake, NULL);
    started = 0;
    atomic_store(&sleepers, 0);
    atomic_store(&shared.arrived, 0);
    for (int i = 0; i < MOST; i++) atomic_store(&calls[i], 0);
}

static void start_threads(int count) {
    static int once;
    if (!once) pthread_atfork(NULL, NULL, forget_threads), once = 1;
    for (pthread_t thread; started < count; started++) {
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)(started + 1))) return;
        pthread_detach(thread);
    }
}

void run_alone(void (*work)(Team *, void *, int), void *argument) {
    Team alone = {.members = 1};
    work(&alone, argument, 0);
}

void run_team(void (*work)(Team *, void *, int), void *argument, int members) {
    members = members > MOST ? MOST : members;
    if (members <= 1 || pthread_mutex_trylock(&one_call)) {
        run_alone(work, argument);
        return;
    }
    start_threads(members - 1);
    shared.members = members < started + 1 ? members : started + 1;
    atomic_store(&shared.next, 0);
    atomic_store(&finished, 0);
    current = work, with = argument;
    const int others = shared.members - 1;
    for (int i = 1; i <= others; i++) atomic_fetch_add(&calls[i], 1);
    wake_sleepers();
    work(&shared, argument, 0);
    for (int done; (done = atomic_load(&finished)) < others;) wait_for_change(&finished, done);
    pthread_mutex_unlock(&one_call);
}

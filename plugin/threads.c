/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include <signal.h>
#include <time.h>

bool threads_start(pthread_t *ret_thread, const char *name,
                   void *(*work)(void *context), void *context)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(ret_thread, NULL, work, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == 0)
        pthread_setname_np(*ret_thread, name);
    return status == 0;
}

double threads_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void threads_init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool threads_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                  double until)
{
    struct timespec time = {.tv_sec = (time_t)until};

    time.tv_nsec = (long)((until - (double)time.tv_sec) * 1e9);
    return pthread_cond_timedwait(condition, lock, &time) == 0;
}

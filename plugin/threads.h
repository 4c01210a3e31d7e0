/* SPDX-License-Identifier: MIT
 *
 * What is the same for all threads of this program: they take no signals, and
 * they wait by the monotonic clock, in seconds.
 */
#ifndef VIRT_BACKING_THREADS_H
#define VIRT_BACKING_THREADS_H

#include <pthread.h>
#include <stdbool.h>

/* Signals are the daemon's: none is delivered to this thread. `name`, of at
 * most 15 characters, is what top and ps show. False when no thread can be had.
 */
bool threads_start(pthread_t *ret_thread, const char *name,
                   void *(*work)(void *context), void *context);

double threads_now(void);

void threads_init_condition(pthread_cond_t *condition);

/* False when it was not signalled before `until`. */
bool threads_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                  double until);

#endif

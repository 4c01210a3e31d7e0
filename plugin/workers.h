/* SPDX-License-Identifier: MIT
 *
 * Threads for what may block for ever: each does one thing at a time, and
 * whoever waits for it does so no longer than he likes. One that never comes
 * back is left behind when the program ends; there are never more of them.
 */
#ifndef VIRT_BACKING_WORKERS_H
#define VIRT_BACKING_WORKERS_H

#include "crew.h"

struct workers;

/* NULL when memory is short, or no thread can be had. */
struct workers *workers_new(size_t count);

/* Ends whoever waits, for good. From any thread. */
void workers_stop(struct workers *workers);

/* Ends the threads and frees all, unless some thread is in the midst of
 * something: false, and what it may touch must then be left as it is. Takes
 * NULL. */
bool workers_free(struct workers *workers);

/* Has a thread of its own do `work`, and waits for it until `until`. False when
 * it is not back by then: `job` is in use for ever. Also when no thread can be
 * had. */
bool workers_try(void (*work)(void *job), void *job, double until);

/* The workers as the flow sees them; good as long as they are. */
struct crew workers_crew(struct workers *workers);

#endif

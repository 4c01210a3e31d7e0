/* SPDX-License-Identifier: MIT
 *
 * A few threads that fetch from storage. A storage that does not answer may
 * hold them for ever; so each place is given no more than two at a time, one of
 * them for what is urgent, and what is not urgent has no more than half of them
 * in all: so the others' turn comes all the same.
 */
#ifndef VIRT_BACKING_PORTERS_H
#define VIRT_BACKING_PORTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct porters_task {
    uint64_t place; /* see place.h */
    void (*work)(struct porters_task *task);
    bool urgent;   /* it does not wait for those of the place that are not */
    bool returned; /* when it is done porters_collect() returns it */
    struct porters_task *next; /* this and the next: the porters' own */
    bool done;
};

struct porters;

/* NULL when memory is short, or no thread can be had. */
struct porters *porters_new(size_t count);

/* Ends the threads. What is done and was not collected, or was not begun, is
 * handed to `drop` where it is to be returned. False, and all is left as it
 * is, when some thread is in the midst of something. Takes NULL. */
bool porters_free(struct porters *porters, void (*drop)(struct porters_task *));

/* The task must last until it is done. False when memory is short. */
bool porters_give(struct porters *porters, struct porters_task *task);

bool porters_is_done(struct porters *porters, const struct porters_task *task);

/* The next of those that are done and to be returned; NULL: there is none. */
struct porters_task *porters_collect(struct porters *porters);

/* What is under way now and does not end counts as hanging from now on. */
void porters_mark(struct porters *porters);

/* Waits until nothing waits and nobody works any more, until `until` at the
 * most. What hangs does not count: it would hold up the others. */
void porters_wait(struct porters *porters, double until);

/* Ends whoever waits, for good. From any thread. */
void porters_stop(struct porters *porters);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A thread that does one thing again and again, each time for as long as
 * there is nothing to do, or as somebody else's code takes: an event loop, a
 * queue. If need be it is left behind.
 */
#ifndef VIRT_BACKING_LOOPER_H
#define VIRT_BACKING_LOOPER_H

#include <stdbool.h>

struct looper;

/* What is to be done again and again. */
struct looper_work {
    void *context;
    void (*turn)(void *context); /* until something has happened */
    void (*wake)(void *context); /* from then on turn() never takes long */
};

/* `name` is the thread's (threads.h). NULL when memory is short, or no thread
 * can be had. */
struct looper *looper_new(const char *name, const struct looper_work *work);

/* Ends the thread. False when it does not end within so many seconds: then it
 * is left behind, and what it may touch must stay as it is. Takes NULL. */
bool looper_free(struct looper *looper, double patience);

#endif

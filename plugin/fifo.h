/* SPDX-License-Identifier: MIT
 *
 * A queue of things from some threads to another: bounded, so that what comes
 * faster than it is taken costs no more than so much memory.
 */
#ifndef VIRT_BACKING_FIFO_H
#define VIRT_BACKING_FIFO_H

#include <stdbool.h>
#include <stddef.h>

struct fifo;

/* Of items of that size, at the most so many. NULL when memory is short. */
struct fifo *fifo_new(size_t item_size, size_t most);

/* Takes NULL. What is left in it is forgotten. */
void fifo_free(struct fifo *fifo);

/* Puts a copy of the item in. False where it is full, or memory is short: the
 * item is then lost, and counted. */
bool fifo_put(struct fifo *fifo, const void *item);

/* Moves the oldest item to *ret_item. False where there is none. */
bool fifo_take(struct fifo *fifo, void *ret_item);

/* The same, but waits for one. False when fifo_stop() was called and nothing
 * is left. */
bool fifo_wait(struct fifo *fifo, void *ret_item);

/* Nothing more will be put in. From any thread. */
void fifo_stop(struct fifo *fifo);

/* Number of items that were lost since the last call. */
size_t fifo_count_lost(struct fifo *fifo);

#endif

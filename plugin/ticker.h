/* SPDX-License-Identifier: MIT
 *
 * A thread that does the passes, so that whoever calls for one is never held
 * up by it for longer than he likes.
 */
#ifndef VIRT_BACKING_TICKER_H
#define VIRT_BACKING_TICKER_H

#include <stdbool.h>

struct ticker;

/* `work` is a pass; `errand` is what ticker_poke() calls for. Both are done in
 * the thread. NULL when memory is short, or no thread can be had. */
struct ticker *ticker_new(void (*work)(void *context),
                          void (*errand)(void *context), void *context);

/* Calls for a pass, unless one is under way, and waits for its end, but no
 * longer than so many seconds. */
void ticker_tick(struct ticker *ticker, double seconds);

/* Has the errand done as soon as no pass is under way. Waits for nothing. */
void ticker_poke(struct ticker *ticker);

/* Waits for the end of the pass that is under way. Takes NULL. */
void ticker_free(struct ticker *ticker);

#endif

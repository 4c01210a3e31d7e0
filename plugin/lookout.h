/* SPDX-License-Identifier: MIT
 *
 * A look at each image file in each pass: its length, its blocks, and what its
 * file system has left. Each place is looked at by itself, so that one that
 * does not answer leaves no other waiting.
 */
#ifndef VIRT_BACKING_LOOKOUT_H
#define VIRT_BACKING_LOOKOUT_H

#include "crew.h"
#include "hypervisor.h"
#include "log.h"
#include "porters.h"

struct lookout_batch;

struct lookout {
    struct porters *porters;
    const struct images *images;
    const struct log *log;
    void (*between)(void *context); /* called now and then in a wait; NULL */
    void *between_context;
    struct lookout_batch **batches; /* one a place */
    size_t count;
};

/* Forgets the last pass. */
void lookout_begin(struct lookout *lookout);

/* Has the layer looked at in this pass, if it is a file that can be. What was
 * seen of it before is forgotten. The layer must stay where it is until
 * lookout_end(). */
void lookout_add(struct lookout *lookout, struct layer *layer);

/* Begins what was added. */
void lookout_start(struct lookout *lookout);

/* Waits for it, half a second, and on as long as it goes on, but not beyond the
 * deadline. What hangs since the last pass is not waited for. */
void lookout_wait(struct lookout *lookout, const struct crew *crew,
                  double deadline);

/* Writes into the layers what was seen. Of places that have not answered by
 * now nothing is known, and the log is told once when a place is still silent
 * in the next pass, and has not got on since. */
void lookout_end(struct lookout *lookout);

/* Only when the porters have ended. */
void lookout_clear(struct lookout *lookout);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A few workers that do what may block for ever, and the time: as a table of
 * functions, so that tests drive both by hand. workers.h has the real ones.
 */
#ifndef VIRT_BACKING_CREW_H
#define VIRT_BACKING_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct crew {
    void *context;
    size_t count; /* of workers */

    /* Has a worker that is idle do `work`. `job` must last until it is idle
     * again. */
    void (*start)(void *context, size_t worker, void (*work)(void *job),
                  void *job);

    bool (*is_idle)(void *context, size_t worker);

    /* Waits until `until`, and no longer than for the next worker that becomes
     * idle. False when all is to end. */
    bool (*wait)(void *context, double until);

    /* Has whoever waits look after what he waits for. From any thread. */
    void (*wake)(void *context);

    /* Seconds, of a clock that never goes backwards. */
    double (*now)(void *context);
};

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a hypervisor tells of its own accord: libvirt's domain events of those
 * kinds that this program is concerned with.
 */
#ifndef VIRT_BACKING_EVENT_H
#define VIRT_BACKING_EVENT_H

#include "chain.h"

enum event_kind {
    EVENT_THRESHOLD, /* VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD */
    EVENT_IO_ERROR,  /* VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON */
    EVENT_STARTED, /* VIR_DOMAIN_EVENT_ID_LIFECYCLE: it has begun to run, ... */
    EVENT_RESUMED, /* ... runs again, or ... */
    EVENT_STOPPED, /* ... does not any more */
    EVENT_JOB,     /* VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2: the end of one */
    EVENT_BACKUP,  /* VIR_DOMAIN_EVENT_ID_JOB_COMPLETED: why a backup failed;
                    * comes before or after the end of a disk's */
};

enum job_end {
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_ENDED, /* nobody knows how */
};

#define EVENT_TEXT_SIZE 64
#define EVENT_REASON_SIZE 128

struct event {
    enum event_kind kind;
    unsigned char uuid[UUID_BYTES];

    /* A threshold: "vda" or "vda[3]". An I/O error: the device's alias. A job:
     * the disk's target. */
    char device[EVENT_TEXT_SIZE];

    uint64_t threshold; /* offset that was set ... */
    uint64_t excess;    /* ... and by how much a write went beyond it */

    char path[1024]; /* of the image, in the first two; "" where not said */
    char reason[EVENT_REASON_SIZE]; /* likewise, and in the last one; "enospc"
                                     * is for want of space */
    bool paused; /* the domain was paused for it; else the guest runs on, ... */
    bool ignored; /* ... and was not even told (error_policy='ignore') */

    enum job_kind job;
    enum job_end end;
};

/* Where events go. `take` is called in whatever thread dispatches them, and
 * must not wait for anything. */
struct event_sink {
    void *context;
    void (*take)(void *context, const struct event *event);
};

#endif

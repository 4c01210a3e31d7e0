/* SPDX-License-Identifier: MIT
 *
 * What was told to be wrong and is not over: there is one alarm for each, so
 * that nothing is told twice. Alarms outlive the layers that they are about:
 * whoever was told that something is wrong is told when it is over, under the
 * same names.
 */
#ifndef VIRT_BACKING_ALARMS_H
#define VIRT_BACKING_ALARMS_H

#include "hypervisor.h"
#include "notice.h"

enum alarm_kind {
    ALARM_WATERMARK, /* a layer is over its watermark */
    ALARM_IO,        /* the storage of a layer gave an I/O error */
    ALARM_FIT,       /* a job may not fit into its target */
    ALARM_JOB,       /* a job has failed */
};

struct alarm {
    enum alarm_kind kind;
    unsigned char uuid[UUID_BYTES];
    int id;                          /* of that run of the domain */
    char target[ERRAND_TARGET_SIZE]; /* of the disk; "": of none */
    unsigned index;                  /* of the layer, in the first two */
    enum job_kind job;               /* in the last two */
    struct notice notice;            /* as it was told */
    char name[NOTICE_NAME_SIZE];     /* of the domain, in a message */
    char what[NOTICE_WHAT_SIZE];     /* of the layer, likewise */
    double heard;                    /* when it was last heard of */
    uint64_t physical;               /* size of the container then */
    uint64_t over;                   /* ALARM_WATERMARK: bytes beyond it */
    uint64_t left; /* ALARM_JOB: bytes that it had still to write */
    bool paused;   /* ALARM_IO: the domain was paused for it, ... */
    bool ignored;  /* ... or runs on, and the guest does not know, ... */
    bool full;     /* ... it was for want of space, ... */
    bool deep;     /* ... or may be of an image below that layer */
};

struct alarms {
    struct alarm *alarms;
    size_t count;
    size_t room;
};

/* Whether an alarm is the same as `key` in kind, domain, disk, layer and job;
 * NULL where there is none. Good until the next is added or removed. */
struct alarm *alarms_find(const struct alarms *alarms, const struct alarm *key);

/* Any of that kind of the domain. */
struct alarm *alarms_find_any(const struct alarms *alarms, enum alarm_kind kind,
                              const unsigned char uuid[UUID_BYTES]);

/* One that says why the domain is paused. */
struct alarm *alarms_find_pause(const struct alarms *alarms,
                                const unsigned char uuid[UUID_BYTES]);

/* Adds a copy. False when memory is short. */
bool alarms_add(struct alarms *alarms, const struct alarm *alarm);

void alarms_remove(struct alarms *alarms, struct alarm *alarm);

/* Removes all of the domain. */
void alarms_remove_all(struct alarms *alarms,
                       const unsigned char uuid[UUID_BYTES]);

/* Another one stands under the same names. */
bool alarms_have_another(const struct alarms *alarms,
                         const struct alarm *alarm);

void alarms_clear(struct alarms *alarms);

#endif

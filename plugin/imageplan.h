/* SPDX-License-Identifier: MIT
 *
 * Which images are read for their metadata, and when: an image that is
 * written to when its chain is first seen or changes, when it is resized, and
 * on its way to its largest size, since what QEMU writes in between its own
 * figures tell; an image below it then, and again after InactiveInterval.
 */
#ifndef VIRT_BACKING_IMAGEPLAN_H
#define VIRT_BACKING_IMAGEPLAN_H

#include "log.h"
#include "survey.h"

/* Images of which the log was told; the oldest are forgotten. */
#define IMAGEPLAN_TOLD_MAX 256

struct imageplan_told {
    uint64_t path;       /* a hash of it and the format that was declared */
    const char *trouble; /* NULL: the place is free */
};

struct imageplan {
    struct porters *porters;
    const struct images *images;
    const struct log *log;
    double interval;   /* seconds */
    uint64_t question; /* number of the last one */
    bool told_denied;  /* the log knows that images may not be read */
    struct imageplan_told told[IMAGEPLAN_TOLD_MAX];
    size_t told_next; /* the place that is given up next */
};

/* Asks for the images of the domain that are due. True when it asked for one
 * of which nothing that still holds is known: it is worth a short wait. */
bool imageplan_ask(struct imageplan *plan, struct domain *domain, double now);

/* The domain of that UUID, NULL where it is gone. */
typedef struct domain *(*imageplan_find)(const void *context,
                                         const unsigned char uuid[UUID_BYTES]);

/* Puts what was read into the layers that it was asked for. What is no sound
 * image is told to the log, once as long as it stays so. */
void imageplan_deliver(struct imageplan *plan, imageplan_find find,
                       const void *context);

/* For a layout that was read again in the same run of the domain: moves what
 * is known of the old layers' images to those that are still in their place. */
void imageplan_carry_over(struct domain *to, struct domain *from);

#endif

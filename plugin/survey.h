/* SPDX-License-Identifier: MIT
 *
 * Reads images in threads of their own, so that a slow storage never holds up
 * a pass. A pass asks and goes on; a later one collects.
 */
#ifndef VIRT_BACKING_SURVEY_H
#define VIRT_BACKING_SURVEY_H

#include "porters.h"
#include "walk.h"

/* What was asked for, and what was found. */
struct survey {
    struct porters_task task;
    const struct images *images;
    uint64_t question;              /* its number, the asker's own */
    unsigned char uuid[UUID_BYTES]; /* of the domain that it is for */
    char *path;
    char *format;
    size_t depth;     /* 1: that image alone */
    struct walk walk; /* empty when memory was short */
};

/* Has a chain read as walk_chain() does, for a layer of that domain. `images`
 * must outlive the porters. False when memory is short. */
bool survey_ask(struct porters *porters, const struct images *images,
                uint64_t question, const unsigned char uuid[UUID_BYTES],
                const struct layer *layer, size_t depth);

/* What is done; NULL: nothing. The caller frees it. */
struct survey *survey_collect(struct porters *porters);

/* Takes NULL. */
void survey_free(struct survey *survey);

/* The same, of the survey that a task is of. */
void survey_drop(struct porters_task *task);

#endif

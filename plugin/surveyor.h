/* SPDX-License-Identifier: MIT
 *
 * Reads images in a thread of its own, so that a slow storage never holds up
 * a pass. A pass asks and goes on; a later one collects.
 */
#ifndef VIRT_BACKING_SURVEYOR_H
#define VIRT_BACKING_SURVEYOR_H

#include "walk.h"

/* What was asked for, and what was found. */
struct survey {
    uint64_t question;              /* its number, the asker's own */
    unsigned char uuid[UUID_BYTES]; /* of the domain that it is for */
    char *path;
    char *format;
    size_t depth;     /* 1: that image alone */
    struct walk walk; /* empty when memory was short */
    struct survey *next;
};

struct surveyor;

/* `images` must outlive the surveyor. NULL when memory is short, or no thread
 * can be had. */
struct surveyor *surveyor_new(const struct images *images);

/* Ends the thread after the chain that it reads. Takes NULL. */
void surveyor_free(struct surveyor *surveyor);

/* See walk_chain(). False when memory is short. */
bool surveyor_ask(struct surveyor *surveyor, uint64_t question,
                  const unsigned char uuid[UUID_BYTES], const char *path,
                  const char *format, size_t depth);

/* Waits until everything that was asked is done, `seconds` at the most. */
void surveyor_wait(struct surveyor *surveyor, double seconds);

/* What is done, in the order asked; NULL: nothing. The caller frees it. */
struct survey *surveyor_collect(struct surveyor *surveyor);

/* Takes NULL. */
void survey_free(struct survey *survey);

#endif

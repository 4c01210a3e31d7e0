/* SPDX-License-Identifier: MIT
 *
 * What a process must not have more and more of.
 */
#ifndef VIRT_BACKING_TESTS_VITALS_H
#define VIRT_BACKING_TESTS_VITALS_H

#include <stdbool.h>
#include <stddef.h>

struct vitals {
    size_t threads;
    size_t files; /* that are open */
    size_t heap;  /* bytes in use; 0 where a sanitizer hides it */
};
struct vitals vitals_take(void);

/* Heap in the second quarter of a run, and in the last: rooms that are made for
 * the most that came so far are there by then. */
struct growth {
    size_t early; /* the most */
    size_t late;  /* the least */
};
void growth_add(struct growth *growth, unsigned long done, unsigned long all);
bool growth_is_bad(const struct growth *growth);

#endif

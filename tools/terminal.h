/* SPDX-License-Identifier: MIT
 *
 * The terminal, as a program has it for itself: a screen of its own, keys one
 * by one, and the signals that have to do with it. They are let in while the
 * program waits, and at no other time.
 */
#ifndef VIRT_BACKING_TERMINAL_H
#define VIRT_BACKING_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* False, after a line on stderr, where stdout is no terminal. */
bool terminal_take(void);

/* All is as it was before. */
void terminal_leave(void);

/* When nothing can be written any more the next wait says that it is over. */
void terminal_write(const char *text, size_t length);

#define TERMINAL_KEYS 64

/* What ended a wait. */
struct terminal_news {
    bool over;    /* somebody wants the program to end */
    bool resized; /* or there is nothing on the screen any more */
    size_t count; /* of bytes that were typed */
    char typed[TERMINAL_KEYS];
};

/* Waits until `until`, or until `descriptor` can be read. */
void terminal_wait(int descriptor, double until,
                   struct terminal_news *ret_news);

#endif

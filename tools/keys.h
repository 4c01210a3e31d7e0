/* SPDX-License-Identifier: MIT
 *
 * Which keys the bytes are that a terminal sends: those of xterm and its kin.
 */
#ifndef VIRT_BACKING_KEYS_H
#define VIRT_BACKING_KEYS_H

enum key {
    KEY_NONE, /* none that means anything, or none yet */
    KEY_QUIT,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
};

/* What was typed of a key so far. Begins zeroed. */
struct keys {
    enum {
        KEYS_NOTHING,
        KEYS_ESCAPE,   /* ESC */
        KEYS_LETTER,   /* ESC O: one letter is missing */
        KEYS_NUMBER,   /* ESC [: a number, perhaps, and a letter or '~' ... */
        KEYS_REST,     /* ... which other numbers may part */
        KEYS_FUNCTION, /* ESC [ [: one letter is missing, and no key here */
    } state;
    unsigned number;
};

/* The key that ends with that byte. */
enum key keys_take(struct keys *keys, char byte);

#endif

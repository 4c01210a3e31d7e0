/* SPDX-License-Identifier: MIT
 *
 * Names may hold anything: bytes that are no characters of UTF-8 (RFC 3629),
 * and, where they go to terminals, logs and protocols of lines, control
 * characters.
 */
#ifndef VIRT_BACKING_PLAIN_H
#define VIRT_BACKING_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a byte goes on with a character that began before. */
static inline bool plain_goes_on(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The most bytes, `length` or less, behind which no character is cut in two.
 * text[length] must be there. */
static inline size_t plain_cut(const char *text, size_t length)
{
    while (length > 0 && plain_goes_on(text[length]))
        length--;
    return length;
}

/* How many bytes at the beginning of a text, which is not empty, are a
 * character; 0: none is whole there. */
size_t plain_character_length(const char *text);

/* Whether the character at the beginning is U+FFFE or U+FFFF, which XML has
 * not. */
bool plain_is_noncharacter(const char *text);

/* How many bytes at the beginning of a text are a control character: one of
 * ASCII, or of U+0080 to U+009F in UTF-8, which some terminals obey, too. 0:
 * there is none. */
size_t plain_control_length(const char *text);

/* Makes '_' of each control character. */
void plain_clean(char *text);

#endif

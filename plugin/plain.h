/* SPDX-License-Identifier: MIT
 *
 * Names may hold anything. Where they go to terminals, logs and protocols of
 * lines, they have no control characters.
 */
#ifndef VIRT_BACKING_PLAIN_H
#define VIRT_BACKING_PLAIN_H

#include <stddef.h>

/* How many bytes at the beginning of a text are a control character: one of
 * ASCII, or of U+0080 to U+009F in UTF-8, which some terminals obey, too. 0:
 * there is none. */
size_t plain_control_length(const char *text);

/* Makes '_' of each control character. */
void plain_clean(char *text);

#endif

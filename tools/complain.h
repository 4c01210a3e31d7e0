/* SPDX-License-Identifier: MIT
 *
 * What goes wrong, for people: lines on stderr, from any thread.
 */
#ifndef VIRT_BACKING_COMPLAIN_H
#define VIRT_BACKING_COMPLAIN_H

#include <stdbool.h>

#define COMPLAINT_LENGTH 1024

/* One line. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* From now on lines are kept, since stderr is part of a screen; or no more. */
void complain_quietly(bool quietly);

/* The last line that was kept since the last call. False where there is none.
 */
bool complain_take(char ret_line[COMPLAINT_LENGTH]);

#endif

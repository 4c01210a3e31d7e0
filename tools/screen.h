/* SPDX-License-Identifier: MIT
 *
 * list --watch: the table again and again on a terminal, like top, until 'q' or
 * a signal ends it.
 */
#ifndef VIRT_BACKING_SCREEN_H
#define VIRT_BACKING_SCREEN_H

#include "host.h"

/* False, after a line on stderr, where stdout is no terminal. Returns when it
 * is to end, with the terminal as it was before. */
bool screen_watch(struct host *host, const struct options *options);

#endif

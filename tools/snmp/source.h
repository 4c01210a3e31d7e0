/* SPDX-License-Identifier: MIT
 *
 * The file that the plugin writes, and its rows as they are now.
 */
#ifndef VIRT_BACKING_SNMP_SOURCE_H
#define VIRT_BACKING_SNMP_SOURCE_H

#include "rows.h"

#include <stdbool.h>

struct source;

/* `path` and `say` must outlive it. `say` is told when the file can be read,
 * and when it can't be any more, and why. NULL when memory is short. */
struct source *source_new(const char *path, void (*say)(const char *line));

/* Takes NULL. */
void source_free(struct source *source);

/* A walk is a burst of requests. Those that follow each other within so many
 * seconds are answered from the same rows, so that no row of a walk is made of
 * two; but not for longer than the second. */
#define BURST_GAP 0.5
#define BURST_MOST 5.0

/* Reads the file where it is another one than before, unless in a burst. NULL
 * where there is none, or none that holds: then nothing is known. Good until
 * the next call. `now` is in seconds, by a clock that is never set. */
const struct rows *source_rows(struct source *source, double now);

#endif

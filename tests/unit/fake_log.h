/* SPDX-License-Identifier: MIT
 *
 * A log that remembers, for tests of what is said and how often.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_LOG_H
#define VIRT_BACKING_TESTS_FAKE_LOG_H

#include "log.h"

#include <stddef.h>

extern const struct log fake_log;

/* Forgets all lines. */
void fake_log_reset(void);

/* Number of lines since the last reset, in all and of one level. */
size_t fake_log_count(void);
size_t fake_log_count_of(enum log_level level);

/* The last line; "" where there was none. */
const char *fake_log_last(void);

#endif

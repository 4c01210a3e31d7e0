/* SPDX-License-Identifier: MIT
 *
 * A check as Nagios and its kin run it: one line with performance data, and an
 * exit status.
 */
#ifndef VIRT_BACKING_CHECK_H
#define VIRT_BACKING_CHECK_H

#include "host.h"

#include <stdio.h>

/* Of the Monitoring Plugins' guidelines. */
enum check_status {
    CHECK_OK,
    CHECK_WARNING,
    CHECK_CRITICAL,
    CHECK_UNKNOWN,
};

/* Prints the result, also where there is none; returns the exit status. */
enum check_status check_print(FILE *out, struct host *host,
                              const struct options *options);

#endif

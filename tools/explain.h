/* SPDX-License-Identifier: MIT
 *
 * Shows the work: the raw figures of a disk's layers, the rule that applied
 * and the result, so that a doubter can check each number by hand.
 */
#ifndef VIRT_BACKING_EXPLAIN_H
#define VIRT_BACKING_EXPLAIN_H

#include "host.h"

#include <stdio.h>

/* options->arguments are the domain, the disk and, if any, the layer. False,
 * after a line on stderr, where there is no such thing. */
bool explain_print(FILE *out, struct host *host, const struct options *options);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The model as text that a person can write an expectation for. Nothing is
 * said of what is not known.
 */
#ifndef VIRT_BACKING_TESTS_DUMP_H
#define VIRT_BACKING_TESTS_DUMP_H

#include "chain.h"

#include <stdio.h>

/* " capacity=1 allocation=2 physical=3" */
void dump_sizes(FILE *stream, const struct sizes *sizes);

/* Lines for metadata and disks, and below each disk one for each layer. */
void dump_domain(FILE *stream, const struct domain *domain);

#endif

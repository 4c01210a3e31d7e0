/* SPDX-License-Identifier: MIT
 *
 * A list of errands (hypervisor.h). It owns what they name.
 */
#ifndef VIRT_BACKING_ERRANDS_H
#define VIRT_BACKING_ERRANDS_H

#include "hypervisor.h"

/* Appends one for the domain's present run, and sets its target. NULL when
 * memory is short or no errand can name that target. Good until the next is
 * added. */
struct errand *errands_add(struct errands *errands, enum errand_kind kind,
                           const struct domain *domain, const char *target);

void errands_swap(struct errands *one, struct errands *other);

/* True when one of them is for that domain. */
bool errands_are_for(const struct errands *errands,
                     const unsigned char uuid[UUID_BYTES]);

/* Empties the list, and keeps its memory. */
void errands_forget(struct errands *errands);

void errands_clear(struct errands *errands);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The figures of a domain in a pass: from the hypervisor's records into the
 * model, and there from raw figures to sizes.
 */
#ifndef VIRT_BACKING_FIGURES_H
#define VIRT_BACKING_FIGURES_H

#include "hypervisor.h"

/* Of one record. */
struct figure {
    struct sizes stated;
    uint64_t threshold; /* 0: none */
};

/* Takes what the records say. */
void figures_take(struct domain *domain, const struct figure *figures,
                  size_t count);

/* For hypervisors without block statistics: asks for the figures of each
 * active layer, one by one. They have the RFC's meaning already. */
void figures_ask(struct domain *domain, const struct hypervisor *hypervisor,
                 const struct domain_ref *ref);

/* Settles sizes, headroom and percent of all layers whose figures were taken.
 */
void figures_settle(struct domain *domain);

#endif

/* SPDX-License-Identifier: MIT
 *
 * On what storage a layer lies: what becomes unreachable together. Files share
 * a file system, network images a server, volumes a pool; a block device
 * stands for itself.
 */
#ifndef VIRT_BACKING_PLACE_H
#define VIRT_BACKING_PLACE_H

#include "hypervisor.h"

/* Sets `place` of all layers that have none yet, and `source` of those on
 * devices. `images` is NULL where those of this host are not to be looked at:
 * files then share a folder. */
void place_layers(struct domain *domain, const struct images *images);

/* A set of places. */
struct places {
    uint64_t *places;
    size_t count;
    size_t room;
};

/* Nothing where it is there already, or 0. */
void places_add(struct places *places, uint64_t place);

/* True where a layer of the domain lies there; 0 is nowhere. */
bool place_is_of(uint64_t place, const struct domain *domain);

/* Removes those of all layers of the domain. */
void places_remove(struct places *places, const struct domain *domain);

/* How many of the domain's layers lie there, and how many elsewhere. */
size_t places_hold(const struct places *places, const struct domain *domain);
size_t places_miss(const struct places *places, const struct domain *domain);

void places_clear(struct places *places);

#endif

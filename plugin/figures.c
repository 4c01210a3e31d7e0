/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include "sizes.h"

/* Whether a job writes to a layer below the active one, the XML says of an
 * active commit alone; else it shows in what QEMU says to have written there.
 */
static void mark_written(const struct domain *domain, const struct disk *disk,
                         struct layer *layer)
{
    uint64_t offset = layer->stated.allocation;

    if (layer->first_offset == SIZE_UNKNOWN)
        layer->first_offset = offset;
    if (domain->id == DOMAIN_OFF)
        layer->written = false;
    else if (layer->role != ROLE_CHAIN)
        layer->written = true;
    else if (layer->depth == 0)
        layer->written = !disk->readonly;
    else
        layer->written =
            layer->target || layer->crossed ||
            (offset != SIZE_UNKNOWN && offset > layer->first_offset);
}

void figures_take(struct domain *domain, const struct figure *figures,
                  size_t count)
{
    domain->settled = false;
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            if (layer->record < count) {
                layer->stated = figures[layer->record].stated;
                layer->threshold = figures[layer->record].threshold;
            }
            mark_written(domain, &domain->disks[i], layer);
        }
}

void figures_ask(struct domain *domain, const struct hypervisor *hypervisor,
                 const struct domain_ref *ref)
{
    domain->settled = true;
    for (size_t i = 0; i < domain->disk_count; i++) {
        struct disk *disk = &domain->disks[i];
        if (disk->layer_count == 0 || disk->layers[0].storage == STORAGE_NONE)
            continue;
        disk->layers[0].sizes = SIZES_UNKNOWN;
        hypervisor->block_info(hypervisor->context, ref, disk->target,
                               &disk->layers[0].sizes);
    }
}

void figures_settle(struct domain *domain)
{
    if (domain->settled)
        return;
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            sizes_settle(layer, domain->id != DOMAIN_OFF);
            sizes_derive(layer);
        }
}

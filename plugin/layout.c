/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include "cleanup.h"

#include <string.h>

/* An empty drive has a record, and no layer to tie it to. */
static bool is_empty_drive(const struct domain *domain,
                           const struct blockrecord *record)
{
    const struct disk *disk = domain_find_disk(domain, record->target);

    return disk != NULL && disk->layer_count == 0 &&
           record->stated.capacity == SIZE_UNKNOWN;
}

/* Ties the records to layers. False when one of them finds none. Records that
 * were tied before are passed over, so that it can be called again when
 * layers were added. */
static bool bind_records(struct domain *domain, const struct blockstats *stats,
                         bool *bound)
{
    bool all = true;

    for (size_t i = 0; i < stats->count; i++) {
        const struct blockrecord *record = &stats->records[i];
        if (bound[i])
            continue;
        bound[i] = record->target == NULL || chain_bind(domain, record, i) ||
                   is_empty_drive(domain, record);
        all = all && bound[i];
    }
    return all;
}

/* The domain XML is silent about the image of a backup. */
static void add_backup(struct domain *domain,
                       const struct hypervisor *hypervisor,
                       const struct domain_ref *ref)
{
    CLEANUP_FREE char *xml = hypervisor->backup_xml(hypervisor->context, ref);

    if (xml != NULL)
        domxml_read_backup(xml, domain);
}

/* Of a domain that runs the statistics say where a volume lies; of one that is
 * off the pool does. */
static void resolve_volume(struct layer *layer,
                           const struct hypervisor *hypervisor,
                           const struct blockstats *stats, bool off)
{
    const char *path = layer->record == LAYER_NO_RECORD
                           ? NULL
                           : stats->records[layer->record].path;

    if (path == NULL && !off)
        return;
    enum storage storage = hypervisor->volume_storage(
        hypervisor->context, layer->pool, layer->volume,
        path == NULL ? &layer->path : NULL);
    if (path != NULL)
        layer->path = strdup(path);
    if (layer->path != NULL)
        layer->storage = storage;
}

static void resolve_volumes(struct domain *domain,
                            const struct hypervisor *hypervisor,
                            const struct blockstats *stats)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            if (layer->storage == STORAGE_VOLUME)
                resolve_volume(layer, hypervisor, stats,
                               domain->id == DOMAIN_OFF);
        }
}

static void drop_unselected(struct domain *domain, const char *name,
                            const struct select *select)
{
    for (size_t i = domain->disk_count; i-- > 0;)
        if (!select_disk(select, name, domain->disks[i].target))
            domain_remove_disk(domain, i);
}

enum layout_outcome
layout_read(struct domain *domain, const struct hypervisor *hypervisor,
            const struct domain_ref *ref, const struct blockstats *stats,
            const struct metadata_query *query, const struct select *select,
            const char **ret_reason)
{
    CLEANUP_FREE char *xml =
        hypervisor->domain_xml(hypervisor->context, ref, ret_reason);
    if (xml == NULL)
        return *ret_reason == NULL ? LAYOUT_GONE : LAYOUT_REFUSED;

    CLEANUP_FREE bool *bound = calloc(stats->count + 1, sizeof(*bound));
    if (bound == NULL || !domxml_read(xml, query, domain)) {
        *ret_reason = "not understood";
        return LAYOUT_BAD;
    }

    /* It stopped, or started anew, since it gave its statistics. */
    if (domain->id != ref->id)
        return LAYOUT_GONE;

    bool all = bind_records(domain, stats, bound);
    if (!all) {
        add_backup(domain, hypervisor, ref);
        all = bind_records(domain, stats, bound);
    }
    drop_unselected(domain, ref->name, select);
    resolve_volumes(domain, hypervisor, stats);
    return all ? LAYOUT_DONE : LAYOUT_LOOSE;
}

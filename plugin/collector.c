/* SPDX-License-Identifier: MIT */
#include "collector.h"

#include "layout.h"
#include "naming.h"
#include "roster.h"
#include "sizes.h"

#include <stdlib.h>
#include <string.h>

struct collector {
    const struct settings *settings;
    const struct hypervisor *hypervisor;
    const struct images *images;
    const struct log *log;

    struct roster roster;
    struct inventory inventory;
    size_t room; /* of inventory.domains */

    uint64_t pass; /* number of the current one */
    double now;
};

struct collector *collector_new(const struct settings *settings,
                                const struct hypervisor *hypervisor,
                                const struct images *images,
                                const struct log *log)
{
    struct collector *collector = calloc(1, sizeof(*collector));
    if (collector == NULL)
        return NULL;

    collector->settings = settings;
    collector->hypervisor = hypervisor;
    collector->images = images;
    collector->log = log;
    return collector;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    roster_clear(&collector->roster);
    free(collector->inventory.domains);
    free(collector);
}

/* XML that can't be had or understood now will not be in ten seconds either:
 * it is read again after RefreshInterval, and the log is told once. */
static void complain(const struct collector *collector,
                     struct roster_entry *entry, const char *reason)
{
    if (!entry->complained)
        log_print(collector->log, LOG_LEVEL_ERROR,
                  "domain \"%s\" is not reported: no use of its XML: %s",
                  entry->domain.name, reason);
    entry->complained = true;
}

static bool is_due(const struct collector *collector,
                   const struct roster_entry *entry,
                   const struct domain_ref *ref, uint64_t signature)
{
    return collector->now >= entry->due || entry->signature != signature ||
           entry->domain.id != ref->id || entry->domain.name == NULL ||
           strcmp(entry->domain.name, ref->name) != 0;
}

/* Brings the entry's model up to date. A domain that vanished, or memory that
 * is short, leaves it without a layout and due at once. */
static void refresh(struct collector *collector, struct roster_entry *entry,
                    const struct domain_ref *ref,
                    const struct blockstats *stats, uint64_t signature)
{
    const struct hypervisor *hypervisor = collector->hypervisor;
    const struct settings *settings = collector->settings;
    const struct metadata_query query = {settings->metadata_ns,
                                         settings->metadata_xpath};
    double next = collector->now + settings->refresh_interval;
    bool was_loose = entry->loose && entry->signature == signature;

    entry->laid_out = false;
    entry->named = false;
    entry->due = 0;
    entry->signature = signature;
    entry->domain.id = ref->id;
    if (!text_replace(&entry->domain.name, ref->name))
        return;

    const char *reason = NULL;
    enum layout_outcome outcome =
        layout_read(&entry->domain, hypervisor, ref, stats, &query,
                    &settings->select, &reason);
    if (outcome == LAYOUT_BAD) {
        complain(collector, entry, reason);
        entry->due = next;
    }
    if (outcome == LAYOUT_BAD || outcome == LAYOUT_GONE ||
        !naming_disks(&entry->domain, &settings->instance_format))
        return;

    /* Records without a layer call for a second look in the next pass, and
     * for no more than that as long as nothing else changes. */
    entry->loose = outcome == LAYOUT_LOOSE;
    if (!entry->loose || was_loose)
        entry->due = next;
    entry->complained = false;
    entry->laid_out = true;
}

/* Asked while a connection is there: only then is it known whether it leads
 * to this host. */
static bool may_look(const struct collector *collector)
{
    const struct hypervisor *hypervisor = collector->hypervisor;

    switch (collector->settings->local_images) {
    case LOCAL_IMAGES_TRUE:
        return true;
    case LOCAL_IMAGES_FALSE:
        return false;
    case LOCAL_IMAGES_AUTO:
        break;
    }
    return hypervisor->is_local(hypervisor->context);
}

static void settle(const struct collector *collector, struct domain *domain,
                   const struct blockstats *stats)
{
    bool look = may_look(collector);

    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            layer->stated = layer->record < stats->count
                                ? stats->records[layer->record].stated
                                : SIZES_UNKNOWN;
            layer->seen = (struct look){.storage = STORAGE_UNKNOWN};
            if (look && layer->storage == STORAGE_FILE && layer->path != NULL)
                collector->images->look(layer->path, &layer->seen);
            sizes_settle(layer);
        }
}

/* Without block statistics the figures of each active layer are asked for
 * one by one; they have the RFC's meaning already. */
static void ask_sizes(const struct collector *collector, struct domain *domain,
                      const struct domain_ref *ref)
{
    const struct hypervisor *hypervisor = collector->hypervisor;

    for (size_t i = 0; i < domain->disk_count; i++) {
        struct disk *disk = &domain->disks[i];
        if (disk->layer_count == 0 || disk->layers[0].storage == STORAGE_NONE)
            continue;
        disk->layers[0].sizes = SIZES_UNKNOWN;
        hypervisor->block_info(hypervisor->context, ref, disk->target,
                               &disk->layers[0].sizes);
    }
}

static void visit(void *context, const struct domain_ref *ref,
                  const struct blockstats *stats)
{
    struct collector *collector = context;
    struct roster_entry *entry = roster_get(&collector->roster, ref->uuid);
    uint64_t signature = blockstats_signature(stats);

    if (entry == NULL)
        return;
    entry->pass = collector->pass;
    if (is_due(collector, entry, ref, signature))
        refresh(collector, entry, ref, stats, signature);
    if (!entry->laid_out)
        return;

    if (stats->supported)
        settle(collector, &entry->domain, stats);
    else
        ask_sizes(collector, &entry->domain, ref);
}

static bool make_room(struct collector *collector, size_t count)
{
    struct inventory *inventory = &collector->inventory;

    if (count <= collector->room)
        return true;
    struct domain **domains =
        realloc(inventory->domains, 2 * count * sizeof(struct domain *));
    if (domains == NULL)
        return false;
    inventory->domains = domains;
    collector->room = 2 * count;
    return true;
}

/* Names are given when the roster holds those domains alone that answered: a
 * domain that was made anew may have the name of the one before. */
static void list_domains(struct collector *collector)
{
    const struct hypervisor *hypervisor = collector->hypervisor;
    const char *hostname = hypervisor->hostname(hypervisor->context);
    struct inventory *inventory = &collector->inventory;
    const struct roster *roster = &collector->roster;

    if (!make_room(collector, roster->count))
        return;
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_entry *entry = roster->entries[i];
        if (entry->laid_out && !entry->named)
            entry->named =
                naming_host(entry, roster, &collector->settings->host_format,
                            hostname, collector->log);
        if (entry->named)
            inventory->domains[inventory->count++] = &entry->domain;
    }
}

const struct inventory *collector_read(struct collector *collector, double now)
{
    const struct hypervisor *hypervisor = collector->hypervisor;
    struct inventory *inventory = &collector->inventory;
    uint64_t calls = hypervisor->calls(hypervisor->context);

    collector->pass++;
    collector->now = now;
    inventory->count = 0;
    inventory->answered =
        hypervisor->read(hypervisor->context, visit, collector);
    if (inventory->answered) {
        roster_sweep(&collector->roster, collector->pass);
        list_domains(collector);
    }
    inventory->hostname = hypervisor->hostname(hypervisor->context);
    inventory->calls = hypervisor->calls(hypervisor->context) - calls;
    return inventory;
}

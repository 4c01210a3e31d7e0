/* SPDX-License-Identifier: MIT */
#include "collector.h"

#include "figures.h"
#include "imageplan.h"
#include "layout.h"
#include "naming.h"
#include "roster.h"
#include "volchain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_WAIT 0.25 /* seconds */

struct collector {
    const struct settings *settings;
    const struct hypervisor *hypervisor;
    const struct images *images;
    const struct log *log;

    struct imageplan plan;
    struct freespace freespace;
    struct roster roster;
    struct pools pools;
    struct inventory inventory;
    size_t room; /* of inventory.domains */

    uint64_t pass; /* number of the current one */
    double now;
    double pools_due;    /* when pools are read again */
    double inactive_due; /* when domains that are off are read again */
    bool news; /* images were asked for of which nothing is known yet */
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
    collector->inventory.pools = &collector->pools;
    collector->plan = (struct imageplan){
        .surveyor = surveyor_new(images),
        .images = images,
        .log = log,
        .interval = settings->inactive_interval,
    };
    if (collector->plan.surveyor == NULL) {
        free(collector);
        return NULL;
    }
    return collector;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    surveyor_free(collector->plan.surveyor);
    freespace_clear(&collector->freespace);
    pools_clear(&collector->pools);
    roster_clear(&collector->roster);
    free(collector->inventory.domains);
    free(collector);
}

/* The log is told once, however long it lasts. */
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

/* As in the virt plugin, an interval of 0 is never. */
static double next_refresh(const struct collector *collector)
{
    unsigned interval = collector->settings->refresh_interval;

    return interval > 0 ? collector->now + interval : INFINITY;
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
    double next = next_refresh(collector);
    bool same_run = entry->domain.id == ref->id;
    bool was_loose = entry->loose && same_run && entry->signature == signature;

    entry->laid_out = false;
    entry->named = false;
    entry->due = 0;
    entry->signature = signature;
    entry->domain.id = ref->id;
    if (!text_replace(&entry->domain.name, ref->name))
        return;

    const char *reason = NULL;
    struct domain before = {0};
    domain_move_disks(&before, &entry->domain);
    enum layout_outcome outcome =
        layout_read(&entry->domain, hypervisor, ref, stats, &query,
                    &settings->select, &reason);
    /* A chain that was followed through volumes is followed anew. */
    if (same_run && (ref->id != DOMAIN_OFF || may_look(collector)))
        imageplan_carry_over(&entry->domain, &before);
    domain_clear_disks(&before);
    if (outcome == LAYOUT_REFUSED || outcome == LAYOUT_BAD)
        complain(collector, entry, reason);
    /* What can't be understood now will not be in ten seconds either. */
    if (outcome == LAYOUT_BAD)
        entry->due = next;
    if ((outcome != LAYOUT_LOOSE && outcome != LAYOUT_DONE) ||
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

/* The images of a domain that is off elsewhere can't be read, but they may be
 * volumes of a pool there. */
static void complete_chains(const struct collector *collector,
                            struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (!domain->disks[i].given)
            volchain_complete(collector->hypervisor, &domain->disks[i]);
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

    bool look = may_look(collector);
    if (ref->id == DOMAIN_OFF && !look)
        complete_chains(collector, &entry->domain);
    if (!stats->supported) {
        figures_ask(&entry->domain, collector->hypervisor, ref);
        return;
    }
    figures_take(&entry->domain, stats, collector->images, look);
    if (look && imageplan_ask(&collector->plan, &entry->domain, collector->now))
        collector->news = true;
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

/* What is known now; of domains that are off, since they were last read. Names
 * are given when the roster holds those domains alone that answered: one that
 * was made anew may have the name of the one before. */
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

static struct domain *find_owner(const void *context,
                                 const unsigned char uuid[UUID_BYTES])
{
    const struct collector *collector = context;
    struct roster_entry *entry = roster_find(&collector->roster, uuid);

    return entry != NULL ? &entry->domain : pools_find(&collector->pools, uuid);
}

static void read_pools(struct collector *collector)
{
    const struct settings *settings = collector->settings;
    struct pools *pools = &collector->pools;
    bool look = may_look(collector);

    if (settings->select.pools.count == 0 ||
        collector->now < collector->pools_due ||
        !pools_read(pools, collector->hypervisor, settings->volumes, look))
        return;
    collector->pools_due = collector->now + settings->inactive_interval;
    for (size_t i = 0; look && i < pools->count; i++)
        if (imageplan_ask(&collector->plan, &pools->pools[i]->volumes,
                          collector->now))
            collector->news = true;
}

/* Images that are new are waited for, shortly: as a rule their figures are
 * then there from the first second. */
static void settle_all(struct collector *collector)
{
    struct inventory *inventory = &collector->inventory;

    if (collector->news)
        surveyor_wait(collector->plan.surveyor, IMAGE_WAIT);
    imageplan_deliver(&collector->plan, find_owner, collector);
    freespace_reset(&collector->freespace);
    for (size_t i = 0; i < inventory->count; i++)
        figures_settle(inventory->domains[i], &collector->freespace,
                       collector->images);
    for (size_t i = 0; i < collector->pools.count; i++)
        figures_settle(&collector->pools.pools[i]->volumes,
                       &collector->freespace, collector->images);
}

/* Domains that are off are asked for now and then, and when one has stopped:
 * it may be one of them now. */
static bool is_inactive_due(struct collector *collector)
{
    if (!collector->settings->inactive_domains ||
        collector->now < collector->inactive_due)
        return false;
    collector->inactive_due =
        collector->now + collector->settings->inactive_interval;
    return true;
}

const struct inventory *collector_read(struct collector *collector, double now)
{
    const struct hypervisor *hypervisor = collector->hypervisor;
    struct inventory *inventory = &collector->inventory;
    uint64_t calls = hypervisor->calls(hypervisor->context);

    collector->pass++;
    collector->now = now;
    collector->news = false;
    inventory->count = 0;

    bool inactive = is_inactive_due(collector);
    inventory->answered =
        hypervisor->read(hypervisor->context, inactive, visit, collector);
    if (inventory->answered) {
        if (roster_sweep(&collector->roster, collector->pass, !inactive))
            collector->inactive_due = 0;
        list_domains(collector);
        read_pools(collector);
    } else if (inactive) {
        collector->inactive_due = 0;
    }
    settle_all(collector);
    inventory->hostname = hypervisor->hostname(hypervisor->context);
    inventory->calls = hypervisor->calls(hypervisor->context) - calls;
    return inventory;
}

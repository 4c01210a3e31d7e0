/* SPDX-License-Identifier: MIT */
#include "stall.h"

#include <stdio.h>
#include <string.h>

#define DISKS_TOLD 8

static const char *storage_name(const struct layer *layer)
{
    if (layer->path != NULL)
        return layer->path;
    if (layer->server != NULL)
        return layer->server;
    return layer->pool != NULL ? layer->pool : "network";
}

/* "vda on /images/a.qcow2, vdb on ...". */
static void describe(const struct domain *domain, char *text, size_t size)
{
    size_t length = 0;
    size_t told = 0;

    text[0] = '\0';
    for (size_t i = 0; i < domain->disk_count && length < size; i++) {
        const struct disk *disk = &domain->disks[i];
        if (disk->layer_count == 0)
            continue;
        if (told++ == DISKS_TOLD) {
            snprintf(text + length, size - length, ", ...");
            return;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%s on %s",
                                   length > 0 ? ", " : "", disk->target,
                                   storage_name(&disk->layers[0]));
    }
}

static bool is_beside(const struct domain *domain, const struct domain *other)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            if (place_is_of(domain->disks[i].layers[j].place, other))
                return true;
    return false;
}

/* Those on the storage of that domain. */
static size_t count_suspects(const struct stall *stall,
                             const struct domain *domain)
{
    size_t count = 0;

    for (size_t i = 0; i < stall->roster->count; i++) {
        const struct roster_entry *entry = stall->roster->entries[i];
        count += entry->suspect && is_beside(domain, &entry->domain);
    }
    return count;
}

void stall_review(struct stall *stall)
{
    stall->count = 0;
    for (size_t i = 0; i < stall->roster->count; i++) {
        struct roster_entry *entry = stall->roster->entries[i];
        entry->suspect = !entry->stuck && entry->run != DOMAIN_OFF &&
                         places_hold(&stall->bad, &entry->domain) > 0;
        stall->count += entry->stuck || entry->suspect;
    }
}

/* Where some of its storage is bad already, that explains it. */
static void blame_storage(struct stall *stall, const struct domain *domain)
{
    if (places_hold(&stall->bad, domain) > 0)
        return;
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            places_add(&stall->bad, domain->disks[i].layers[j].place);
}

void stall_blame(struct stall *stall, struct roster_entry *entry, double now)
{
    char disks[640];
    char uuid[UUID_TEXT_SIZE];

    if (entry->stuck)
        return;
    entry->stuck = true;
    entry->tried = now;
    blame_storage(stall, &entry->domain);
    stall_review(stall);
    describe(&entry->domain, disks, sizeof(disks));
    uuid_format(uuid, entry->domain.uuid);
    log_print(stall->log, LOG_LEVEL_WARNING,
              "domain \"%s\" does not answer: %s; others on the same storage, "
              "to be asked once one of them has answered: %zu",
              entry->domain.name != NULL ? entry->domain.name : uuid, disks,
              count_suspects(stall, &entry->domain));
}

void stall_clear(struct stall *stall, struct roster_entry *entry)
{
    if (!entry->stuck && !entry->suspect)
        return;
    if (entry->stuck)
        log_print(stall->log, LOG_LEVEL_INFO, "domain \"%s\" answers again",
                  entry->domain.name);
    entry->stuck = false;
    entry->lane = NULL;
    places_remove(&stall->bad, &entry->domain);
    stall_review(stall);
}

void stall_doubt(struct roster_entry *entry)
{
    entry->tried = 0;
}

/* The lower, the likelier is an answer: storage that is good speaks for the
 * domain, such as that of the active layer where a common base is suspect. */
static long risk_of(const struct stall *stall, const struct domain *domain)
{
    return (long)places_hold(&stall->bad, domain) -
           (long)places_miss(&stall->bad, domain);
}

struct roster_entry *stall_candidate(const struct stall *stall, double now,
                                     double interval)
{
    struct roster_entry *best = NULL;
    long least = 0;

    for (size_t i = 0; i < stall->roster->count; i++) {
        struct roster_entry *entry = stall->roster->entries[i];
        if ((!entry->stuck && !entry->suspect) || entry->asked ||
            (entry->tried > 0 && now < entry->tried + interval))
            continue;
        long risk = risk_of(stall, &entry->domain);
        if (best == NULL || risk < least ||
            (risk == least && entry->tried < best->tried)) {
            best = entry;
            least = risk;
        }
    }
    return best;
}

void stall_end(struct stall *stall)
{
    places_clear(&stall->bad);
}

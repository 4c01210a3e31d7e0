/* SPDX-License-Identifier: MIT */
#include "naming.h"

#include "hash.h"
#include "identity.h"

#include <string.h>

static bool have_same_names(const struct domain *a, const struct domain *b)
{
    if (b->host == NULL || strcmp(a->host, b->host) != 0)
        return false;
    if (strcmp(a->instance, b->instance) == 0)
        return true;
    for (size_t i = 0; i < a->disk_count; i++)
        for (size_t j = 0; j < b->disk_count; j++)
            if (b->disks[j].instance != NULL &&
                strcmp(a->disks[i].instance, b->disks[j].instance) == 0)
                return true;
    return false;
}

static const struct domain *find_namesake(const struct roster *roster,
                                          const struct domain *domain)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct domain *other = &roster->entries[i]->domain;
        if (other != domain && have_same_names(domain, other))
            return other;
    }
    return NULL;
}

bool naming_disks(struct domain *domain, const struct name_format *format)
{
    char name[IDENTITY_SIZE];

    identity_domain(name, format, domain);
    if (!text_replace(&domain->instance, name))
        return false;
    for (size_t i = 0; i < domain->disk_count; i++) {
        struct disk *disk = &domain->disks[i];
        identity_disk(name, format, domain, disk->target);
        if (!text_replace(&disk->instance, name))
            return false;
    }
    return true;
}

bool naming_host(struct roster_entry *entry, const struct roster *roster,
                 const struct name_format *format, const char *hostname,
                 const struct log *log)
{
    struct domain *domain = &entry->domain;
    char name[IDENTITY_SIZE];

    identity_host(name, format, domain, hostname, entry->marked);
    uint64_t names = hash_text(hash_text(HASH_START, name), domain->instance);
    entry->unique = entry->unique && entry->names == names;
    entry->names = names;
    if (entry->unique)
        return true;
    if (!text_replace(&domain->host, name))
        return false;
    if (entry->marked)
        return true;

    const struct domain *namesake = find_namesake(roster, domain);
    entry->unique = namesake == NULL;
    if (namesake == NULL)
        return true;

    entry->marked = true;
    identity_host(name, format, domain, hostname, true);
    log_print(log, LOG_LEVEL_WARNING,
              "domains \"%s\" and \"%s\" would both be reported as \"%s\"; "
              "the latter is reported as \"%s\"",
              namesake->name, domain->name, domain->host, name);
    return text_replace(&domain->host, name);
}

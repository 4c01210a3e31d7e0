/* SPDX-License-Identifier: MIT */
#include "query.h"

#include "errands.h"
#include "grow.h"
#include "hash.h"
#include "threads.h"
#include "volchain.h"

#include <stdlib.h>
#include <string.h>

/* Seconds. What is left then comes with a later pass: a call that takes longer
 * than a pass would be taken for one that hangs. */
#define ERRANDS_TIME 1.0

/* Memory was short: the answer is not whole, and of no use. */
static void give_up(struct query *query)
{
    query->answered = false;
}

bool query_may_look(const struct settings *settings, bool local)
{
    return settings->local_images == LOCAL_IMAGES_TRUE ||
           (settings->local_images == LOCAL_IMAGES_AUTO && local);
}

static struct query_domain *add_domain(struct query *query,
                                       const struct domain_ref *ref)
{
    struct query_domain *domains =
        grow(query->domains, query->count, &query->room, sizeof(*domains));

    if (domains == NULL) {
        give_up(query);
        return NULL;
    }
    query->domains = domains;
    struct query_domain *domain = &query->domains[query->count++];
    *domain = (struct query_domain){.id = ref->id};
    memcpy(domain->uuid, ref->uuid, UUID_BYTES);
    return domain;
}

static bool make_room(struct query *query, size_t count)
{
    size_t wanted = query->figure_count + count;

    if (wanted <= query->figure_room)
        return true;
    struct figure *figures =
        realloc(query->figures, 2 * wanted * sizeof(*figures));
    if (figures == NULL)
        return false;
    query->figures = figures;
    query->figure_room = 2 * wanted;
    return true;
}

/* A domain that is busy with another's call comes back with names, paths and
 * indexes, and without sizes; an empty drive has neither. */
static bool is_whole(const struct blockstats *stats)
{
    bool images = false;

    for (size_t i = 0; i < stats->count; i++) {
        const struct blockrecord *record = &stats->records[i];
        if (record->stated.capacity != SIZE_UNKNOWN ||
            record->stated.physical != SIZE_UNKNOWN)
            return true;
        images = images || record->path != NULL || record->index != 0;
    }
    return !images;
}

static void take_figures(struct query *query, struct query_domain *domain,
                         const struct blockstats *stats)
{
    if (!make_room(query, stats->count)) {
        give_up(query);
        return;
    }
    domain->first = query->figure_count;
    domain->records = stats->count;
    for (size_t i = 0; i < stats->count; i++)
        query->figures[query->figure_count++] = (struct figure){
            stats->records[i].stated, stats->records[i].threshold};
}

/* The images of a domain that is off elsewhere can't be read, but they may be
 * volumes of a pool there. */
static void complete_chains(const struct query *query, struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (!domain->disks[i].given)
            volchain_complete(query->hypervisor, &domain->disks[i]);
}

static void lay_out(struct query *query, struct query_layout *layout,
                    const struct domain_ref *ref,
                    const struct blockstats *stats, bool look)
{
    const struct settings *settings = query->settings;
    const struct metadata_query metadata = {settings->metadata_ns,
                                            settings->metadata_xpath};
    const char *reason = NULL;

    layout->domain.id = ref->id;
    layout->outcome = layout_read(&layout->domain, query->hypervisor, ref,
                                  stats, &metadata, &settings->select, &reason);
    if (reason != NULL)
        layout->reason = strdup(reason);
    if (layout->outcome != LAYOUT_DONE && layout->outcome != LAYOUT_LOOSE)
        return;
    if (ref->id == DOMAIN_OFF && !look)
        complete_chains(query, &layout->domain);
    if (!stats->supported)
        figures_ask(&layout->domain, query->hypervisor, ref);
}

static void add_layout(struct query *query, struct query_domain *domain,
                       const struct domain_ref *ref,
                       const struct blockstats *stats, bool look)
{
    struct query_layout *layout = calloc(1, sizeof(*layout));

    if (layout == NULL || !text_replace(&layout->domain.name, ref->name)) {
        free(layout);
        give_up(query);
        return;
    }
    domain->layout = layout;
    lay_out(query, layout, ref, stats, look);
}

/* Where there are no records they can't tell whether the layout still holds,
 * nor is a chain known that was followed elsewhere. */
static bool has_layout(const struct query *query, const struct domain_ref *ref,
                       const struct blockstats *stats, uint64_t signature,
                       bool look)
{
    const struct census_entry *known = census_find(&query->census, ref->uuid);

    return known != NULL && known->fit && known->id == ref->id &&
           known->signature == signature && stats->supported &&
           (ref->id != DOMAIN_OFF || look) &&
           known->name == hash_text(HASH_START, ref->name);
}

/* As long as a domain is on its way here from another hypervisor, it is that
 * one's, which has its sizes: the QEMU here gives none, and is not to blame for
 * it. One that leaves has given some. */
static bool is_arriving(const struct query *query, const struct domain_ref *ref,
                        const struct blockstats *stats)
{
    const struct census_entry *known = census_find(&query->census, ref->uuid);

    return stats != NULL && blockstats_is_moving(stats) && !is_whole(stats) &&
           (known == NULL || known->id != ref->id || !known->arrived);
}

static void visit(void *context, const struct domain_ref *ref,
                  const struct blockstats *stats)
{
    struct query *query = context;

    if (is_arriving(query, ref, stats))
        return;
    struct query_domain *domain = add_domain(query, ref);

    if (domain == NULL || stats == NULL)
        return;
    bool local = query->hypervisor->is_local(query->hypervisor->context);
    bool look = query_may_look(query->settings, local);
    domain->answered = true;
    domain->supported = stats->supported;
    domain->whole = is_whole(stats);
    domain->running = blockstats_is_running(stats);
    domain->halted = blockstats_is_halted(stats);
    domain->signature = blockstats_signature(stats);
    take_figures(query, domain, stats);
    if (has_layout(query, ref, stats, domain->signature, look))
        return;

    add_layout(query, domain, ref, stats, look);
}

/* Newcomers fall to one part of many by their UUID. */
static bool is_mine(const struct query *query, const unsigned char *uuid)
{
    return query->newcomers &&
           hash_bytes(HASH_START, uuid, UUID_BYTES) % query->parts ==
               query->part;
}

static bool wants(void *context, const struct domain_ref *ref,
                  size_t *ret_records)
{
    const struct query *query = context;
    const struct census_entry *known = census_find(&query->census, ref->uuid);

    *ret_records = known == NULL ? 0 : known->records;
    return known == NULL ? is_mine(query, ref->uuid) : known->wanted;
}

static const unsigned char *next(void *context, size_t *position)
{
    const struct query *query = context;

    while (*position < query->census.count) {
        const struct census_entry *entry =
            &query->census.entries[(*position)++];
        if (entry->wanted && entry->runs)
            return entry->uuid;
    }
    return NULL;
}

static void put_stats(struct query *query)
{
    const struct census *census = &query->census;
    struct ask ask = {
        .inactive = query->inactive,
        .everybody = query->newcomers && query->parts == 1,
        .context = query,
        .wants = wants,
        .next = next,
    };
    const struct hypervisor *hypervisor = query->hypervisor;

    for (size_t i = 0; i < census->count; i++) {
        ask.everybody = ask.everybody && census->entries[i].wanted;
        ask.records += census->entries[i].records;
    }
    /* give_up() may say otherwise in between. */
    query->answered = true;
    bool good = (query->unlisted ? hypervisor->read_known : hypervisor->read)(
        hypervisor->context, &ask, visit, query);
    if (!good)
        query->answered = false;
}

/* Of a domain that was never heard of the XML tells its storage: that is asked
 * of libvirt, not of the QEMU. */
static void visit_busy(void *context, const struct domain_ref *ref,
                       double seconds)
{
    static const struct blockstats none = {.supported = true};
    struct query *query = context;
    struct query_domain *domain = add_domain(query, ref);

    if (domain == NULL)
        return;
    domain->busy = seconds;
    if (census_find(&query->census, ref->uuid) == NULL)
        add_layout(query, domain, ref, &none, true);
}

static void put_busy(struct query *query)
{
    query->answered = true;
    if (!query->hypervisor->read_busy(query->hypervisor->context, visit_busy,
                                      query))
        query->answered = false;
}

static void put_pools(struct query *query)
{
    bool local = query->hypervisor->is_local(query->hypervisor->context);

    query->answered =
        pools_read(&query->pools, query->hypervisor, query->settings->volumes,
                   query_may_look(query->settings, local));
}

/* Number of those at the beginning that are for one domain. */
static size_t count_of_one(const struct errand *errands, size_t count)
{
    size_t same = 1;

    while (same < count &&
           memcmp(errands[same].uuid, errands[0].uuid, UUID_BYTES) == 0)
        same++;
    return same;
}

static void put_errands(struct query *query)
{
    const struct hypervisor *hypervisor = query->hypervisor;
    struct errand *errand = query->errands.errands;
    size_t left = query->errands.count;
    double until = threads_now() + ERRANDS_TIME;
    bool good = true;

    while (left > 0 && good && threads_now() < until) {
        size_t count = count_of_one(errand, left);
        good = hypervisor->run_errands(hypervisor->context, errand, count);
        errand += count;
        left -= count;
    }
    query->errands.put = query->errands.count - left;
    query->answered = true;
}

void query_put(void *context)
{
    struct query *query = context;
    const struct hypervisor *hypervisor = query->hypervisor;
    uint64_t calls = hypervisor->calls(hypervisor->context);

    switch (query->kind) {
    case QUERY_STATS:
        put_stats(query);
        break;
    case QUERY_BUSY:
        put_busy(query);
        break;
    case QUERY_POOLS:
        put_pools(query);
        break;
    case QUERY_ERRANDS:
        put_errands(query);
        break;
    }
    const char *hostname = hypervisor->hostname(hypervisor->context);
    if (hostname != NULL && !text_replace(&query->hostname, hostname))
        give_up(query);
    query->local = hypervisor->is_local(hypervisor->context);
    query->may_write = hypervisor->may_write(hypervisor->context);
    query->calls = hypervisor->calls(hypervisor->context) - calls;
}

static void layout_free(struct query_layout *layout)
{
    if (layout == NULL)
        return;
    domain_clear(&layout->domain);
    free(layout->reason);
    free(layout);
}

void query_forget(struct query *query)
{
    for (size_t i = 0; i < query->count; i++)
        layout_free(query->domains[i].layout);
    pools_clear(&query->pools);
    errands_forget(&query->errands);
    query->count = 0;
    query->figure_count = 0;
    query->answered = false;
}

void query_clear(struct query *query)
{
    query_forget(query);
    census_clear(&query->census);
    errands_clear(&query->errands);
    free(query->domains);
    free(query->figures);
    free(query->hostname);
    *query = (struct query){0};
}

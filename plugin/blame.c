/* SPDX-License-Identifier: MIT */
#include "blame.h"

#include "errands.h"

#include <string.h>

/* Seconds: as exactly is it known how long a domain has been waited for. */
#define GRAIN 0.05

/* Whoever answers with sizes is neither stuck nor suspect. */
static void clear_all(struct stall *stall, const struct query *query)
{
    for (size_t i = 0; i < query->count && stall->count > 0; i++) {
        const struct query_domain *domain = &query->domains[i];
        struct roster_entry *entry =
            domain->answered && domain->whole
                ? roster_find(stall->roster, domain->uuid)
                : NULL;
        if (entry != NULL)
            stall_clear(stall, entry);
    }
}

static bool was_asked(const struct query *query, const unsigned char *uuid)
{
    if (query->kind == QUERY_ERRANDS)
        return errands_are_for(&query->errands, uuid);

    const struct census_entry *known = census_find(&query->census, uuid);

    return known == NULL ? query->newcomers : known->wanted;
}

static const struct query_domain *find_domain(const struct query *query,
                                              const unsigned char *uuid)
{
    for (size_t i = 0; i < query->count; i++)
        if (memcmp(query->domains[i].uuid, uuid, UUID_BYTES) == 0)
            return &query->domains[i];
    return NULL;
}

/* That libvirt did not answer says nothing of the domain. */
static void doubt_tried(struct stall *stall, const struct lane *lane)
{
    struct roster_entry *entry = roster_find(stall->roster, lane->uuid);

    if (entry != NULL)
        stall_doubt(entry);
}

/* A call that hung on somebody has come back: he has just answered, or is gone.
 * What it tells of the others is as old as the question. */
static void clear_culprits(struct stall *stall, const struct lane *lane)
{
    for (size_t i = 0; i < stall->roster->count; i++) {
        struct roster_entry *entry = stall->roster->entries[i];
        if (!entry->stuck || entry->lane != lane)
            continue;
        entry->lane = NULL;
        const struct query_domain *found =
            find_domain(&lane->query, entry->domain.uuid);
        if (lane->query.answered && found != NULL && found->whole)
            stall_clear(stall, entry);
        else
            stall_doubt(entry);
    }
}

/* A call for many domains, of which one may make it hang. */
static bool is_for_many(enum purpose purpose)
{
    return purpose == PURPOSE_SHARED || purpose == PURPOSE_ERRANDS;
}

void blame_lift(struct stall *stall, const struct lane *lane,
                enum purpose purpose)
{
    const struct query *query = &lane->query;

    if (lane->blamed && is_for_many(purpose))
        clear_culprits(stall, lane);
    else if (query->kind == QUERY_STATS && query->answered)
        clear_all(stall, query);
    else if (purpose == PURPOSE_TRY)
        doubt_tried(stall, lane);
}

/* By that answer, the call still hangs on whom it is known to hang on. */
static bool is_explained(const struct stall *stall, const struct query *busy,
                         const struct lane *lane)
{
    for (size_t i = 0; i < busy->count; i++) {
        const struct query_domain *found = &busy->domains[i];
        const struct roster_entry *entry =
            found->busy > 0 ? roster_find(stall->roster, found->uuid) : NULL;
        if (entry != NULL && entry->stuck && entry->lane == lane)
            return true;
    }
    return false;
}

/* The lane whose call hangs on a domain that has been waited for since then;
 * NULL: none does. Whom somebody else waited for before makes no call hang: he
 * comes without sizes. A call that went on may hang on another now. */
static struct lane *find_hung(struct stall *stall, struct lanes *lanes,
                              const struct query *busy,
                              const struct roster_entry *entry, double since)
{
    struct lane *hung = NULL;

    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &lanes->lanes[i];
        if (is_for_many(lane->purpose) && since + GRAIN >= lane->since &&
            was_asked(&lane->query, entry->domain.uuid) &&
            (hung == NULL || !lane->blamed) && !is_explained(stall, busy, lane))
            hung = lane;
    }
    return hung;
}

/* Of those that have been waited for as long as a call hangs, and are not known
 * to be stuck, the one with the fewest layers: what is bad about several should
 * be explained by what they have in common. */
static struct roster_entry *find_culprit(struct stall *stall,
                                         struct lanes *lanes,
                                         const struct query *busy, double least,
                                         struct lane **ret_lane)
{
    double now = lanes_now(lanes);
    struct roster_entry *best = NULL;
    size_t fewest = 0;

    for (size_t i = 0; i < busy->count; i++) {
        const struct query_domain *found = &busy->domains[i];
        struct roster_entry *entry =
            found->busy < least ? NULL
                                : roster_find(stall->roster, found->uuid);
        struct lane *lane =
            entry == NULL || entry->stuck
                ? NULL
                : find_hung(stall, lanes, busy, entry, now - found->busy);
        if (lane == NULL)
            continue;
        size_t layers = domain_count_layers(&entry->domain);
        if (best == NULL || layers < fewest) {
            best = entry;
            fewest = layers;
            *ret_lane = lane;
        }
    }
    return best;
}

static void blame(struct stall *stall, const struct lanes *lanes,
                  struct roster_entry *entry, struct lane *lane)
{
    lane->blamed = true;
    entry->lane = lane;
    stall_blame(stall, entry, lanes_now(lanes));
}

void blame_busy(struct stall *stall, struct lanes *lanes,
                const struct query *busy, double least)
{
    struct roster_entry *entry;
    struct lane *lane;

    while ((entry = find_culprit(stall, lanes, busy, least, &lane)) != NULL)
        blame(stall, lanes, entry, lane);
    for (size_t i = 0; i < busy->count; i++) {
        const struct query_domain *found = &busy->domains[i];
        entry = roster_find(stall->roster, found->uuid);
        if (entry != NULL && entry->stuck && found->busy == 0)
            stall_doubt(entry);
    }
    stall_review(stall);
}

void blame_tried(struct stall *stall, struct lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &lanes->lanes[i];
        if (lane->purpose != PURPOSE_TRY || lane->blamed)
            continue;
        struct roster_entry *entry = roster_find(stall->roster, lane->uuid);
        if (entry != NULL)
            stall_blame(stall, entry, lanes_now(lanes));
        lane->blamed = true;
    }
}

/* A migration hides who is waited for. But if just one domain answers without
 * sizes, it is that one for which a call hangs. */
void blame_unsized(struct stall *stall, struct lanes *lanes)
{
    struct lane *lane = lanes_mystery(lanes);
    struct roster_entry *culprit = NULL;

    for (size_t i = 0; lane != NULL && i < stall->roster->count; i++) {
        struct roster_entry *entry = stall->roster->entries[i];
        if (!entry->answered || entry->sized || entry->stuck ||
            !was_asked(&lane->query, entry->domain.uuid))
            continue;
        if (culprit != NULL)
            return;
        culprit = entry;
    }
    if (culprit != NULL)
        blame(stall, lanes, culprit, lane);
}

/* SPDX-License-Identifier: MIT */
#include "asker.h"

#include "blame.h"
#include "errands.h"
#include "hash.h"

#include <stdlib.h>
#include <string.h>

/* How long a domain that is tried by itself may hold up a pass, and how often
 * one is tried: shares of Timeout. */
#define TRY_WAIT 0.25
#define TRY_INTERVAL 4

struct asker {
    const struct settings *settings;
    struct roster *roster;
    const struct log *log;
    struct stall stall;
    struct lanes lanes;

    /* Of the current pass. */
    const struct asker_wish *wish;
    asker_take take;
    void *context;
    size_t answers; /* that were taken */

    bool told_full;
    bool silent; /* libvirt does not list its domains; the log knows */
};

/* --- questions ----------------------------------------------------------- */

static double timeout_of(const struct asker *asker)
{
    return asker->settings->timeout;
}

/* Domains that are off are listed with the others or not at all: so they never
 * stand in the way of asking everybody. */
static bool is_wanted(const struct roster_entry *entry)
{
    return entry->run == DOMAIN_OFF ||
           (!entry->stuck && !entry->suspect && !entry->asked);
}

/* Where something hangs XML is not read again just to be sure: that may ask for
 * the storage pools, which may hang, too. */
static bool write_census(const struct asker *asker, struct census *census,
                         double now)
{
    const struct roster *roster = asker->roster;
    bool hung = lanes_count_hung(&asker->lanes) > 0;

    if (!census_start(census, roster->count))
        return false;
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_entry *entry = roster->entries[i];
        const struct domain *domain = &entry->domain;
        struct census_entry *one = &census->entries[census->count++];
        *one = (struct census_entry){
            .id = domain->id,
            .runs = entry->run != DOMAIN_OFF,
            .arrived = entry->arrived,
            .name = hash_text(HASH_START, domain->name),
            .signature = entry->signature,
            .records = entry->records,
            .fit = now < entry->due || (hung && entry->laid_out),
        };
        memcpy(one->uuid, domain->uuid, UUID_BYTES);
    }
    return true;
}

static void want(const struct asker *asker, struct query *query)
{
    for (size_t i = 0; i < query->census.count; i++) {
        struct census_entry *entry = &query->census.entries[i];
        entry->wanted =
            is_wanted(asker->roster->entries[i]) &&
            hash_bytes(HASH_START, entry->uuid, UUID_BYTES) % query->parts ==
                query->part;
    }
}

static void mark_asked(struct asker *asker)
{
    for (size_t i = 0; i < asker->roster->count; i++)
        if (is_wanted(asker->roster->entries[i]))
            asker->roster->entries[i]->asked = true;
}

/* One call, or several side by side over parts of the domains. Where something
 * hangs no more are asked than those that are known, and without a list of all:
 * libvirt may hold on to a domain, such as one that it is ending, and then it
 * lists none. Nor is more than one lane risked then. */
static void ask_all(struct asker *asker, bool unlisted)
{
    bool hung = lanes_count_hung(&asker->lanes) > 0;
    size_t parts = hung ? 1 : asker->settings->readers;
    size_t idle = lanes_count(&asker->lanes, PURPOSE_NONE);

    if (parts > idle)
        parts = idle;
    for (size_t part = 0; part < parts; part++) {
        struct lane *lane = lanes_free(&asker->lanes);
        struct query *query = &lane->query;
        query->inactive = asker->wish->inactive && !unlisted;
        query->newcomers = !unlisted;
        query->unlisted = unlisted;
        query->part = part;
        query->parts = parts;
        if (!write_census(asker, &query->census, lanes_now(&asker->lanes)))
            break;
        want(asker, query);
        lanes_start(&asker->lanes, lane, PURPOSE_SHARED);
    }
    if (parts > 0)
        mark_asked(asker);
}

static bool ask_one(struct asker *asker, struct roster_entry *entry, double now)
{
    struct lane *lane = lanes_free(&asker->lanes);

    if (!write_census(asker, &lane->query.census, now))
        return false;
    for (size_t i = 0; i < asker->roster->count; i++)
        lane->query.census.entries[i].wanted =
            asker->roster->entries[i] == entry;
    lane->query.inactive = false;
    lane->query.newcomers = false;
    lane->query.unlisted = true;
    memcpy(lane->uuid, entry->domain.uuid, UUID_BYTES);
    entry->tried = now;
    entry->asked = true;
    lanes_start(&asker->lanes, lane, PURPOSE_TRY);
    return true;
}

/* --- answers ------------------------------------------------------------- */

static void finish(void *context, struct lane *lane, enum purpose purpose)
{
    struct asker *asker = context;
    struct query *query = &lane->query;

    blame_lift(&asker->stall, lane, purpose);
    if (lane->blamed || !query->answered)
        return;
    asker->take(asker->context, query);
    asker->answers += purpose == PURPOSE_SHARED || purpose == PURPOSE_BUSY;
    /* One that comes late does not tell since when. */
    if (purpose == PURPOSE_BUSY && query->pass == asker->lanes.pass)
        blame_busy(&asker->stall, &asker->lanes, query, timeout_of(asker) / 2);
}

struct asker *asker_new(const struct settings *settings,
                        const struct hypervisor hypervisors[LANES],
                        const struct crew *crew, struct roster *roster,
                        const struct log *log)
{
    struct asker *asker = calloc(1, sizeof(*asker));
    if (asker == NULL)
        return NULL;

    asker->settings = settings;
    asker->roster = roster;
    asker->log = log;
    asker->stall = (struct stall){.roster = roster, .log = log};
    asker->lanes.crew = crew;
    asker->lanes.finish = finish;
    asker->lanes.context = asker;
    for (size_t i = 0; i < LANES; i++) {
        asker->lanes.lanes[i].query.hypervisor = &hypervisors[i];
        asker->lanes.lanes[i].query.settings = settings;
    }
    return asker;
}

void asker_free(struct asker *asker)
{
    if (asker == NULL)
        return;
    for (size_t i = 0; i < LANES; i++)
        query_clear(&asker->lanes.lanes[i].query);
    stall_end(&asker->stall);
    free(asker);
}

/* --- what hangs ---------------------------------------------------------- */

static void tell_silent(struct asker *asker, bool silent)
{
    if (silent && !asker->silent)
        log_print(asker->log, LOG_LEVEL_ERROR,
                  "libvirt does not list its domains: until it does no more "
                  "are asked than those that are known");
    else if (!silent && asker->silent)
        log_print(asker->log, LOG_LEVEL_INFO,
                  "libvirt lists its domains again");
    asker->silent = silent;
}

/* Where something hangs libvirt tells who is waited for, and which domains
 * there are. Even that may not be answered: then it holds on to a domain, or
 * does not answer at all. */
static void ask_busy(struct asker *asker)
{
    struct lanes *lanes = &asker->lanes;
    struct lane *lane = lanes_free(lanes);

    if (lanes_count(lanes, PURPOSE_BUSY) == 0) {
        if (!write_census(asker, &lane->query.census, lanes_now(lanes)))
            return;
        lanes_start(lanes, lane, PURPOSE_BUSY);
        lanes_wait_for(lanes, PURPOSE_BUSY,
                       lanes_now(lanes) + timeout_of(asker) / 2);
    }
    if (!lanes->stopping)
        tell_silent(asker, lanes_count(lanes, PURPOSE_BUSY) > 0);
}

/* --- a pass -------------------------------------------------------------- */

static void tell_full(struct asker *asker, bool full)
{
    if (full && !asker->told_full)
        log_print(asker->log, LOG_LEVEL_ERROR,
                  "%d calls to libvirt have not come back: nothing more is "
                  "asked until one does",
                  LANES);
    asker->told_full = full;
}

static bool has_pending(const struct asker *asker)
{
    for (size_t i = 0; i < asker->roster->count; i++) {
        const struct roster_entry *entry = asker->roster->entries[i];
        if (entry->run != DOMAIN_OFF && is_wanted(entry))
            return true;
    }
    return false;
}

/* A lane is risked on a domain that may not answer only where another one is
 * left for those that do; or where there are none. */
static bool may_try(const struct asker *asker)
{
    size_t idle = lanes_count(&asker->lanes, PURPOSE_NONE);

    if (idle != 1)
        return idle > 1;
    for (size_t i = 0; i < asker->roster->count; i++) {
        const struct roster_entry *entry = asker->roster->entries[i];
        if (entry->run != DOMAIN_OFF && !entry->stuck && !entry->suspect)
            return false;
    }
    return true;
}

/* As long as a call hangs it is told when nobody waits for a domain any more
 * that is stuck, and each is tried but now and then; else in each pass. One
 * that does not answer soon ends it. */
static void try_some(struct asker *asker, double patience)
{
    struct lanes *lanes = &asker->lanes;
    double interval =
        lanes_count_hung(lanes) > 0 ? TRY_INTERVAL * timeout_of(asker) : 0;

    while (!lanes->stopping && may_try(asker) &&
           !lanes_is_under_way(lanes, PURPOSE_TRY)) {
        double now = lanes_now(lanes);
        struct roster_entry *entry =
            stall_candidate(&asker->stall, now, interval);
        if (entry == NULL || !ask_one(asker, entry, now))
            return;
        lanes_wait_for(lanes, PURPOSE_TRY, patience);
    }
}

/* With the others they are listed; where something hangs there is no list. The
 * last lane is theirs who run. */
static void ask_off(struct asker *asker)
{
    struct lane *lane = lanes_free(&asker->lanes);

    if (!asker->wish->inactive || asker->silent ||
        lanes_count(&asker->lanes, PURPOSE_NONE) < 2 ||
        lanes_count(&asker->lanes, PURPOSE_OFF) > 0 ||
        !write_census(asker, &lane->query.census, lanes_now(&asker->lanes)))
        return;
    for (size_t i = 0; i < lane->query.census.count; i++)
        lane->query.census.entries[i].wanted =
            !lane->query.census.entries[i].runs;
    lane->query.inactive = true;
    lane->query.newcomers = true;
    lane->query.unlisted = false;
    lane->query.part = 0;
    lane->query.parts = 1;
    lanes_start(&asker->lanes, lane, PURPOSE_OFF);
    lanes_wait_for(&asker->lanes, PURPOSE_OFF, asker->wish->deadline);
}

static void ask_pools(struct asker *asker)
{
    struct lane *lane = lanes_free(&asker->lanes);

    if (!asker->wish->pools || lane == NULL || asker->answers == 0 ||
        lanes_count_hung(&asker->lanes) + 1 >= LANES ||
        lanes_count(&asker->lanes, PURPOSE_POOLS) > 0)
        return;
    lanes_start(&asker->lanes, lane, PURPOSE_POOLS);
    lanes_wait_for(&asker->lanes, PURPOSE_POOLS, asker->wish->deadline);
}

/* Whom another client was asking just then is asked once more; but not in each
 * pass as long as that lasts. */
static void want_again(struct asker *asker)
{
    for (size_t i = 0; i < asker->roster->count; i++) {
        struct roster_entry *entry = asker->roster->entries[i];
        entry->asked = entry->asked && !entry->again;
        entry->again = false;
    }
}

/* A domain that was tried and answered clears those on the same storage: they
 * are asked in the same pass. Where the call for many hangs nothing more is
 * risked. */
static void ask(struct asker *asker)
{
    struct lanes *lanes = &asker->lanes;
    double deadline = asker->wish->deadline;
    double patience = lanes_now(lanes) + TRY_WAIT * timeout_of(asker);
    bool hung = lanes_count_hung(lanes) > 0;

    if (!hung || has_pending(asker))
        ask_all(asker, hung);
    lanes_wait_for(lanes, PURPOSE_SHARED, deadline);
    if (lanes->stopping || lanes_is_under_way(lanes, PURPOSE_SHARED))
        return;
    try_some(asker, patience < deadline ? patience : deadline);
    want_again(asker);
    if (has_pending(asker) && !lanes->stopping) {
        ask_all(asker, true);
        lanes_wait_for(lanes, PURPOSE_SHARED, deadline);
    }
    if (hung)
        blame_unsized(&asker->stall, lanes);
    if (hung && !lanes->stopping)
        ask_off(asker);
    if (!lanes->stopping)
        ask_pools(asker);
}

static void begin(struct asker *asker, const struct asker_wish *wish,
                  asker_take take, void *context)
{
    asker->lanes.pass++;
    asker->wish = wish;
    asker->take = take;
    asker->context = context;
    asker->answers = 0;
    for (size_t i = 0; i < asker->roster->count; i++)
        asker->roster->entries[i]->asked = asker->roster->entries[i]->again =
            false;
    stall_review(&asker->stall);
}

/* A call of the last pass for which nobody is to blame need not hang. Later it
 * is waited for where two lanes are in use: more would not help. */
static bool may_be_slow(struct asker *asker)
{
    const struct lane *mystery = lanes_mystery(&asker->lanes);

    return mystery != NULL && !asker->silent &&
           (mystery->query.pass + 1 == asker->lanes.pass ||
            lanes_count(&asker->lanes, PURPOSE_NONE) < 2);
}

bool asker_pass(struct asker *asker, const struct asker_wish *wish,
                asker_take take, void *context)
{
    struct lanes *lanes = &asker->lanes;

    begin(asker, wish, take, context);
    lanes_collect(lanes);
    blame_tried(&asker->stall, lanes);
    tell_full(asker, lanes_free(lanes) == NULL);
    if (lanes_free(lanes) == NULL)
        return asker->answers > 0;
    if (lanes_count_hung(lanes) > 0)
        ask_busy(asker);
    else
        tell_silent(asker, false);
    if (may_be_slow(asker))
        lanes_wait_for_mystery(lanes, wish->deadline);
    else if (lanes_free(lanes) != NULL)
        ask(asker);
    return asker->answers > 0;
}

/* --- errands ------------------------------------------------------------- */

void asker_run(struct asker *asker, struct errands *errands)
{
    struct lanes *lanes = &asker->lanes;
    struct lane *lane = lanes_free(lanes);

    /* A lane is left for those that are asked next. */
    if (errands->count > 0 && !lanes->stopping &&
        lanes_count(lanes, PURPOSE_NONE) > 1) {
        errands_swap(&lane->query.errands, errands);
        lanes_start(lanes, lane, PURPOSE_ERRANDS);
        lanes_wait_for(lanes, PURPOSE_ERRANDS, asker->wish->deadline);
    }
    errands_forget(errands);
}

void asker_set_between(struct asker *asker, void (*between)(void *context),
                       void *context)
{
    asker->lanes.between = between;
    asker->lanes.between_context = context;
}

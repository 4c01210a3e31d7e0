/* SPDX-License-Identifier: MIT */
#include "collector.h"

#include "fifo.h"
#include "figures.h"
#include "imageplan.h"
#include "lookout.h"
#include "model.h"
#include "naming.h"
#include "place.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define PORTERS 8 /* threads for what lies on storage */

/* So many seconds after they are due pools have a last chance to be read. */
#define POOLS_PATIENCE 120

/* Events that wait to be seen to. What is lost beyond it, passes find out. */
#define EVENTS_MOST 16384

struct collector {
    const struct settings *settings;
    const struct crew *crew;
    const struct images *images;
    const struct log *log;

    struct asker *asker;
    struct porters *porters;
    struct imageplan plan;
    struct lookout lookout;
    struct roster roster;
    struct pools pools;
    struct fifo *events;
    struct watch watch;
    struct errands errands; /* that are being planned */
    bool soon;              /* a pass would tell more of what was heard */
    struct inventory inventory;
    struct tally tally;
    size_t room; /* of inventory.domains */
    char *hostname;
    bool local; /* the hypervisor runs on this host */

    uint64_t roll; /* pass of the newest list: who is not in it is gone ... */
    bool roll_off; /* ... and it has those that are off */
    double now;    /* when the current pass began */
    struct asker_wish wish;
    double pools_due;    /* when pools are read again, ... */
    double pools_read;   /* ... and when they were last, ... */
    bool pools_lost;     /* ... which is so long ago that the log was told */
    double inactive_due; /* when domains that are off are read again */
};

static double now(const struct collector *collector)
{
    return collector->crew->now(collector->crew->context);
}

/* --- events -------------------------------------------------------------- */

void collector_hear(struct collector *collector, const struct event *event)
{
    fifo_put(collector->events, event);
    collector->crew->wake(collector->crew->context);
}

static void attend(void *context)
{
    struct collector *collector = context;
    struct event event;
    size_t lost;

    while (fifo_take(collector->events, &event))
        if (watch_take(&collector->watch, &event, now(collector)))
            collector->soon = true;
    lost = fifo_count_lost(collector->events);
    if (lost > 0)
        log_print(collector->log, LOG_LEVEL_WARNING,
                  "%zu events of libvirt came too fast", lost);
}

bool collector_attend(struct collector *collector)
{
    attend(collector);
    return collector->soon;
}

bool collector_owes(const struct collector *collector)
{
    return collector->watch.unexplained.count > 0 ||
           collector->watch.deferred.count > 0;
}

/* --- making and ending --------------------------------------------------- */

/* The last that was made, for leak checkers alone: where a thread hangs it is
 * never freed, but not lost. */
static struct collector *volatile in_use;

struct collector *collector_new(const struct settings *settings,
                                const struct hypervisor hypervisors[LANES],
                                const struct crew *crew,
                                const struct images *images,
                                const struct teller *teller,
                                const struct log *log)
{
    struct collector *collector = calloc(1, sizeof(*collector));
    in_use = collector;
    if (collector == NULL)
        return NULL;

    collector->settings = settings;
    collector->crew = crew;
    collector->images = images;
    collector->log = log;
    collector->inventory.pools = &collector->pools;
    collector->asker =
        asker_new(settings, hypervisors, crew, &collector->roster, log);
    collector->porters = porters_new(PORTERS);
    collector->plan = (struct imageplan){
        .porters = collector->porters,
        .images = images,
        .log = log,
        .interval = settings->inactive_interval,
    };
    collector->lookout = (struct lookout){
        .porters = collector->porters,
        .images = images,
        .log = log,
        .between = attend,
        .between_context = collector,
    };
    collector->events = fifo_new(sizeof(struct event), EVENTS_MOST);
    collector->watch = (struct watch){
        .settings = settings,
        .log = log,
        .roster = &collector->roster,
        .herald = {.teller = teller, .settings = settings},
    };
    if (collector->asker == NULL || collector->porters == NULL ||
        collector->events == NULL) {
        collector_free(collector);
        return NULL;
    }
    asker_set_between(collector->asker, attend, collector);
    return collector;
}

void collector_stop(struct collector *collector)
{
    porters_stop(collector->porters);
}

bool collector_free(struct collector *collector)
{
    if (collector == NULL)
        return true;
    if (!porters_free(collector->porters, survey_drop))
        return false;
    asker_free(collector->asker);
    lookout_clear(&collector->lookout);
    watch_clear(&collector->watch);
    errands_clear(&collector->errands);
    fifo_free(collector->events);
    pools_clear(&collector->pools);
    roster_clear(&collector->roster);
    tally_clear(&collector->tally);
    free(collector->inventory.domains);
    free(collector->hostname);
    free(collector);
    return true;
}

/* --- answers ------------------------------------------------------------- */

static bool may_look(const struct collector *collector)
{
    return query_may_look(collector->settings, collector->local);
}

static void take_domains(struct collector *collector, struct query *query)
{
    const struct model_rules rules = {
        .settings = collector->settings,
        .images = may_look(collector) ? collector->images : NULL,
        .log = collector->log,
        .now = collector->now,
    };

    for (size_t i = 0; i < query->count; i++) {
        struct query_domain *found = &query->domains[i];
        bool tells = found->answered || query->kind == QUERY_BUSY;
        struct roster_entry *entry =
            tells ? roster_get(&collector->roster, found->uuid)
                  : roster_find(&collector->roster, found->uuid);
        if (entry == NULL)
            continue;
        if (entry->pass <= query->pass) {
            entry->pass = query->pass;
            model_restart(entry, found->id);
        }
        if (found->answered)
            model_take(entry, query, found, &rules);
        else if (query->kind == QUERY_BUSY)
            model_meet(entry, found, &rules);
    }
}

static void take_pools(struct collector *collector, struct query *query)
{
    bool look = may_look(collector);

    if (collector->pools_lost)
        log_print(collector->log, LOG_LEVEL_INFO,
                  "storage pools are reported again");
    collector->pools_lost = false;
    collector->pools_read = collector->now;
    pools_replace(&collector->pools, &query->pools, look);
    collector->pools_due =
        collector->now + collector->settings->inactive_interval;
    for (size_t i = 0; i < collector->pools.count; i++)
        place_layers(&collector->pools.pools[i]->volumes,
                     look ? collector->images : NULL);
    for (size_t i = 0; look && i < collector->pools.count; i++)
        imageplan_ask(&collector->plan, &collector->pools.pools[i]->volumes,
                      collector->now);
}

/* While libvirt answers, and does not tell of them: figures of long ago are not
 * those of now. */
static void forget_pools(struct collector *collector)
{
    const struct settings *settings = collector->settings;

    if (!collector->inventory.answered || collector->pools_read == 0)
        collector->pools_read = collector->now;
    if (settings->select.pools.count == 0 || collector->pools_lost ||
        collector->now < collector->pools_read + settings->inactive_interval +
                             POOLS_PATIENCE)
        return;
    pools_clear(&collector->pools);
    collector->pools_lost = true;
    log_print(collector->log, LOG_LEVEL_WARNING,
              "storage pools are not reported: libvirt has not told of them "
              "for %.0f seconds",
              collector->now - collector->pools_read);
}

static void take_errands(struct collector *collector, const struct query *query)
{
    const struct errands *errands = &query->errands;

    for (size_t i = 0; i < errands->count; i++)
        watch_answer(&collector->watch, &errands->errands[i], query->put,
                     now(collector));
    watch_resume(&collector->watch, errands);
}

static void take(void *context, struct query *query)
{
    struct collector *collector = context;

    collector->inventory.calls += query->calls;
    collector->local = query->local;
    collector->watch.may_write = query->may_write;
    if (query->hostname != NULL)
        text_replace(&collector->hostname, query->hostname);
    if (query->kind == QUERY_ERRANDS)
        take_errands(collector, query);
    else if (query->kind == QUERY_POOLS)
        take_pools(collector, query);
    else
        take_domains(collector, query);
    if (query->kind == QUERY_ERRANDS || query->kind == QUERY_POOLS ||
        query->unlisted || query->pass < collector->roll)
        return;
    collector->roll = query->pass;
    collector->roll_off = query->kind == QUERY_STATS && query->inactive;
    if (collector->roll_off)
        collector->inactive_due =
            collector->now + collector->settings->inactive_interval;
}

/* --- images -------------------------------------------------------------- */

static struct domain *find_owner(const void *context,
                                 const unsigned char uuid[UUID_BYTES])
{
    const struct collector *collector = context;
    struct roster_entry *entry = roster_find(&collector->roster, uuid);

    return entry != NULL ? &entry->domain : pools_find(&collector->pools, uuid);
}

static void look_at(struct collector *collector, struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            lookout_add(&collector->lookout, &domain->disks[i].layers[j]);
    imageplan_ask(&collector->plan, domain, collector->now);
}

static bool is_looked_at(const struct roster_entry *entry)
{
    return entry->answered && entry->laid_out && !entry->domain.settled;
}

static void look_at_images(struct collector *collector)
{
    const struct roster *roster = &collector->roster;

    lookout_begin(&collector->lookout);
    for (size_t i = 0; i < roster->count && may_look(collector); i++)
        if (is_looked_at(roster->entries[i]))
            look_at(collector, &roster->entries[i]->domain);
    lookout_start(&collector->lookout);
    lookout_wait(&collector->lookout, collector->crew,
                 collector->wish.deadline);
    lookout_end(&collector->lookout);
    imageplan_deliver(&collector->plan, find_owner, collector);
}

/* --- the inventory ------------------------------------------------------- */

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

static void note_stale(struct collector *collector, struct roster_entry *entry)
{
    struct domain *domain = &entry->domain;

    domain->answered = entry->answered;
    domain->sized = entry->answered && entry->sized;
    domain->stuck = entry->stuck;
    domain->spared = entry->suspect && !entry->asked;
    domain->stale = collector->now - entry->whole;
    if (entry->run != DOMAIN_OFF && entry->whole > 0 &&
        domain->stale > collector->settings->timeout)
        collector->inventory.stalled++;
}

/* Of domains that are off what was read last holds as long as they are. */
static bool is_listed(const struct collector *collector,
                      const struct roster_entry *entry)
{
    if (entry->domain.id != DOMAIN_OFF)
        return entry->named;
    return entry->named && collector->inventory.answered &&
           entry->run == DOMAIN_OFF;
}

/* Enough is known of it for its series to get their names. */
static bool awaits_name(const struct roster_entry *entry)
{
    return !entry->named && (entry->laid_out || entry->met);
}

/* libvirt gives a name to one domain at a time: one that has that of another
 * which has come since is not what it was, or not there any more, be it that
 * nobody has listed all since (asker.c). */
static void forget_namesakes(struct collector *collector)
{
    struct roster *roster = &collector->roster;

    for (size_t i = roster->count; i-- > 0;) {
        const struct roster_entry *entry = roster->entries[i];
        if (awaits_name(entry) && entry->run != DOMAIN_OFF &&
            roster_forget_namesake(roster, entry))
            collector->inactive_due = 0;
    }
}

/* What is known now. Names are given when the roster holds those domains alone
 * that are there: one that was made anew may have the name of the one before.
 */
static void list_domains(struct collector *collector)
{
    struct inventory *inventory = &collector->inventory;
    const struct roster *roster = &collector->roster;

    if (!make_room(collector, roster->count))
        return;
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_entry *entry = roster->entries[i];
        note_stale(collector, entry);
        if (awaits_name(entry))
            entry->named =
                naming_host(entry, roster, &collector->settings->host_format,
                            collector->hostname, collector->log);
        if (is_listed(collector, entry))
            inventory->domains[inventory->count++] = &entry->domain;
    }
}

static void settle_all(struct collector *collector)
{
    struct inventory *inventory = &collector->inventory;

    for (size_t i = 0; i < inventory->count; i++)
        figures_settle(inventory->domains[i]);
    for (size_t i = 0; i < collector->pools.count; i++)
        figures_settle(&collector->pools.pools[i]->volumes);
}

/* --- a pass -------------------------------------------------------------- */

/* Domains that are off are asked for now and then, and when one has stopped:
 * it may be one of them now. */
static void make_wish(struct collector *collector)
{
    const struct settings *settings = collector->settings;

    collector->wish = (struct asker_wish){
        .inactive = settings->inactive_domains &&
                    collector->now >= collector->inactive_due,
        .pools = settings->select.pools.count > 0 &&
                 collector->now >= collector->pools_due,
        .deadline = collector->now + settings->timeout,
    };
}

static void begin(struct collector *collector)
{
    collector->now = now(collector);
    collector->soon = false;
    collector->inventory.count = 0;
    collector->inventory.calls = 0;
    collector->inventory.stalled = 0;
    for (size_t i = 0; i < collector->roster.count; i++)
        collector->roster.entries[i]->answered = false;
    porters_mark(collector->porters);
    make_wish(collector);
}

/* What there is to be asked and set beside the statistics, and what is wrong.
 */
static void look_after(struct collector *collector)
{
    watch_settle(&collector->watch, collector->now, now(collector));
    watch_plan(&collector->watch, &collector->errands);
    asker_run(collector->asker, &collector->errands);
    watch_review(&collector->watch, now(collector));
}

const struct inventory *collector_read(struct collector *collector)
{
    struct inventory *inventory = &collector->inventory;

    begin(collector);
    inventory->answered =
        asker_pass(collector->asker, &collector->wish, take, collector);
    if (inventory->answered &&
        roster_sweep(&collector->roster, collector->roll, !collector->roll_off))
        collector->inactive_due = 0;
    forget_pools(collector);
    look_at_images(collector);
    forget_namesakes(collector);
    list_domains(collector);
    settle_all(collector);
    inventory->counted = tally_count(&collector->tally, inventory->domains,
                                     inventory->count, &inventory->totals);
    look_after(collector);
    attend(collector);
    inventory->hostname = collector->hostname;
    return inventory;
}

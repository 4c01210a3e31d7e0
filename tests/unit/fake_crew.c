/* SPDX-License-Identifier: MIT */
#include "fake_crew.h"

#include "unit.h"

/* The domain on which the query would hang; NULL: it would not. */
static struct fake_domain *find_stuck(const struct fake_crew *crew,
                                      const struct query *query)
{
    if (query->kind == QUERY_ERRANDS && crew->late)
        return &crew->fake->domains[0];
    if (query->kind != QUERY_STATS)
        return NULL;
    for (size_t i = 0; i < crew->fake->count; i++) {
        struct fake_domain *domain = &crew->fake->domains[i];
        struct domain_ref ref = fake_ref(domain);
        const struct census_entry *known =
            census_find(&query->census, ref.uuid);
        bool asked = known == NULL ? query->newcomers : known->wanted;
        if (domain->name != NULL && domain->id != DOMAIN_OFF && asked &&
            domain->stuck && !domain->held)
            return domain;
    }
    return NULL;
}

static void done_before(void *job)
{
    (void)job;
}

static void start(void *context, size_t worker, void (*work)(void *job),
                  void *job)
{
    struct fake_crew *crew = context;
    struct fake_lane *lane = &crew->lanes[worker];
    struct fake_domain *stuck = find_stuck(crew, job);
    unsigned busy = 0;

    assert_null(lane->work);
    crew->started++;
    if (crew->meanwhile != NULL) {
        void (*happens)(void) = crew->meanwhile;
        crew->meanwhile = NULL;
        happens();
    }
    if (stuck == NULL && !crew->frozen) {
        work(job);
        if (!crew->slow)
            return;
        crew->slow = false;
        work = done_before;
    }
    *lane = (struct fake_lane){work, job, stuck, crew->now};
    if (stuck != NULL)
        stuck->held = true;
    for (size_t i = 0; i < LANES; i++)
        busy += crew->lanes[i].work != NULL;
    if (busy > crew->most)
        crew->most = busy;
}

static bool is_idle(void *context, size_t worker)
{
    const struct fake_crew *crew = context;

    return crew->lanes[worker].work == NULL;
}

static bool wait_until(void *context, double until)
{
    struct fake_crew *crew = context;

    crew->waits++;
    if (until > crew->now)
        crew->now = until;
    for (size_t i = 0; i < LANES; i++)
        if (crew->lanes[i].domain != NULL)
            crew->lanes[i].domain->held_seconds =
                crew->now - crew->lanes[i].since;
    return !crew->stopped;
}

static void wake(void *context)
{
    ((struct fake_crew *)context)->wakes++;
}

static double now(void *context)
{
    struct fake_crew *crew = context;

    crew->now += crew->tick;
    return crew->now;
}

struct crew fake_crew_table(struct fake_crew *crew)
{
    return (struct crew){
        .context = crew,
        .count = LANES,
        .start = start,
        .is_idle = is_idle,
        .wait = wait_until,
        .wake = wake,
        .now = now,
    };
}

void fake_crew_thaw(struct fake_crew *crew)
{
    for (size_t i = 0; i < LANES; i++) {
        struct fake_lane *lane = &crew->lanes[i];
        if (lane->work == NULL ||
            (lane->domain == NULL ? crew->frozen : lane->domain->stuck))
            continue;
        if (lane->domain != NULL)
            lane->domain->held = false;
        lane->work(lane->job);
        *lane = (struct fake_lane){0};
    }
}

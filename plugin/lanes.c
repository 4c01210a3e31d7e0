/* SPDX-License-Identifier: MIT */
#include "lanes.h"

double lanes_now(const struct lanes *lanes)
{
    return lanes->crew->now(lanes->crew->context);
}

size_t lanes_count(const struct lanes *lanes, enum purpose purpose)
{
    size_t count = 0;

    for (size_t i = 0; i < LANES; i++)
        count += lanes->lanes[i].purpose == purpose;
    return count;
}

static bool is_hung(const struct lanes *lanes, const struct lane *lane)
{
    return lane->purpose != PURPOSE_NONE && lane->query.pass != lanes->pass;
}

size_t lanes_count_hung(const struct lanes *lanes)
{
    size_t count = 0;

    for (size_t i = 0; i < LANES; i++)
        count += is_hung(lanes, &lanes->lanes[i]);
    return count;
}

bool lanes_is_under_way(const struct lanes *lanes, enum purpose purpose)
{
    for (size_t i = 0; i < LANES; i++)
        if (lanes->lanes[i].purpose == purpose &&
            lanes->lanes[i].query.pass == lanes->pass)
            return true;
    return false;
}

struct lane *lanes_free(struct lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++)
        if (lanes->lanes[i].purpose == PURPOSE_NONE)
            return &lanes->lanes[i];
    return NULL;
}

struct lane *lanes_mystery(struct lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &lanes->lanes[i];
        if (lane->purpose == PURPOSE_SHARED && is_hung(lanes, lane) &&
            !lane->blamed)
            return lane;
    }
    return NULL;
}

void lanes_start(struct lanes *lanes, struct lane *lane, enum purpose purpose)
{
    static const enum query_kind kinds[] = {
        [PURPOSE_SHARED] = QUERY_STATS, [PURPOSE_TRY] = QUERY_STATS,
        [PURPOSE_BUSY] = QUERY_BUSY,    [PURPOSE_OFF] = QUERY_STATS,
        [PURPOSE_POOLS] = QUERY_POOLS,  [PURPOSE_ERRANDS] = QUERY_ERRANDS,
    };
    size_t worker = (size_t)(lane - lanes->lanes);

    lane->query.kind = kinds[purpose];
    lane->query.answered = false;
    lane->query.pass = lanes->pass;
    lane->since = lane->query.put = lanes_now(lanes);
    lane->blamed = false;
    lane->purpose = purpose;
    lanes->crew->start(lanes->crew->context, worker, query_put, &lane->query);
}

void lanes_collect(struct lanes *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &lanes->lanes[i];
        enum purpose purpose = lane->purpose;
        if (purpose == PURPOSE_NONE ||
            !lanes->crew->is_idle(lanes->crew->context, i))
            continue;
        lane->purpose = PURPOSE_NONE;
        lanes->finish(lanes->context, lane, purpose);
        query_forget(&lane->query);
    }
}

/* False when it is time to go on. */
static bool wait_once(struct lanes *lanes, double until)
{
    if (lanes->stopping || lanes_now(lanes) >= until)
        return false;
    lanes->stopping = !lanes->crew->wait(lanes->crew->context, until);
    lanes_collect(lanes);
    if (lanes->between != NULL)
        lanes->between(lanes->between_context);
    return true;
}

void lanes_wait_for(struct lanes *lanes, enum purpose purpose, double until)
{
    lanes_collect(lanes);
    while (lanes_is_under_way(lanes, purpose) && wait_once(lanes, until))
        continue;
}

void lanes_wait_for_mystery(struct lanes *lanes, double until)
{
    while (lanes_mystery(lanes) != NULL && wait_once(lanes, until))
        continue;
}

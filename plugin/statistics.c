/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define STATS (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK)

/* NOWAIT: a domain that is busy with another's call comes back without sizes
 * instead of holding up all others. */
#define STATS_FLAGS                                                            \
    (VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |                               \
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)

/* An attempt under way. */
struct attempt {
    struct statistics *statistics;
    virConnectPtr handle;
    const struct ask *ask;
    hypervisor_visit visit;
    void *context;
    char *reason; /* why it failed, where it did */
};

/* Domains that are selected, with a NULL behind the last. */
struct roll {
    virDomainPtr *domains;
    size_t count;
};

static void roll_clear(struct roll *roll)
{
    for (size_t i = 0; i < roll->count; i++)
        virDomainFree(roll->domains[i]);
    free(roll->domains);
}

/* Before anything is freed: that forgets the last error. */
static bool fail(struct attempt *attempt)
{
    free(attempt->reason);
    attempt->reason = strdup(virGetLastErrorMessage());
    return false;
}

static bool call_roll(struct attempt *attempt, bool inactive, struct roll *roll)
{
    const struct select *select = attempt->statistics->select;
    virDomainPtr *domains = NULL;
    size_t kept = 0;

    attempt->statistics->calls++;
    int count = virConnectListAllDomains(
        attempt->handle, &domains,
        inactive ? 0 : VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0)
        return fail(attempt);
    for (int i = 0; i < count; i++)
        if (select_domain(select, virDomainGetName(domains[i])))
            domains[kept++] = domains[i];
        else
            virDomainFree(domains[i]);
    domains[kept] = NULL;
    *roll = (struct roll){domains, kept};
    return true;
}

/* False for a domain that is not to be reported: it may also have stopped since
 * it was listed as running. */
static bool identify(virDomainPtr domain, bool inactive,
                     struct domain_ref *ret_ref)
{
    unsigned id = virDomainGetID(domain);

    *ret_ref = (struct domain_ref){
        .id = id == (unsigned)-1 ? DOMAIN_OFF : (int)id,
        .name = virDomainGetName(domain),
        .handle = domain,
    };
    return (ret_ref->id != DOMAIN_OFF || inactive) && ret_ref->name != NULL &&
           virDomainGetUUID(domain, ret_ref->uuid) >= 0;
}

static void show(struct attempt *attempt, virDomainPtr domain,
                 const struct blockstats *stats)
{
    struct domain_ref ref;

    if (identify(domain, attempt->ask->inactive, &ref))
        attempt->visit(attempt->context, &ref, stats);
}

/* --- records ------------------------------------------------------------- */

static bool decode(struct blockstats *stats, const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        return param->value.i < 0 ||
               blockstats_number(stats, param->field, (uint64_t)param->value.i);
    case VIR_TYPED_PARAM_UINT:
        return blockstats_number(stats, param->field, param->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return param->value.l < 0 ||
               blockstats_number(stats, param->field, (uint64_t)param->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return blockstats_number(stats, param->field, param->value.ul);
    case VIR_TYPED_PARAM_STRING:
        return blockstats_text(stats, param->field, param->value.s);
    default:
        return true;
    }
}

static bool decode_record(struct blockstats *stats,
                          const virDomainStatsRecord *record)
{
    blockstats_reset(stats);
    for (int i = 0; i < record->nparams; i++)
        if (!decode(stats, &record->params[i]))
            return false;
    return true;
}

/* Where memory is short a domain is no more than there. */
static void show_records(struct attempt *attempt,
                         virDomainStatsRecordPtr *records, int count)
{
    struct statistics *statistics = attempt->statistics;

    for (int i = 0; i < count && !statistics->lost; i++)
        show(attempt, records[i]->dom,
             decode_record(&statistics->stats, records[i]) ? &statistics->stats
                                                           : NULL);
    if (statistics->lost)
        fail(attempt);
    virDomainStatsRecordListFree(records);
}

/* --- calls --------------------------------------------------------------- */

/* The driver has no such call, or does not know its flags (which libvirt calls
 * an invalid argument). */
static bool is_lack_of_support(int code)
{
    return code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_INVALID_ARG ||
           code == VIR_ERR_ARGUMENT_UNSUPPORTED;
}

/* libvirt has no error of its own for what exceeds the bounds of its protocol;
 * a connection that broke has the same. */
static bool is_too_large(const struct attempt *attempt, int code)
{
    return code == VIR_ERR_RPC && virConnectIsAlive(attempt->handle) == 1;
}

static void tell_large(struct statistics *statistics, virDomainPtr domain,
                       const char *reason)
{
    if (!statistics->told_large)
        log_print(statistics->log, LOG_LEVEL_ERROR,
                  "libvirt can't tell the statistics of domain \"%s\": %s",
                  virDomainGetName(domain), reason);
    statistics->told_large = true;
}

/* What is too much for one call is asked in two, down to a single domain. */
static bool ask_some(struct attempt *attempt, virDomainPtr *domains,
                     size_t count)
{
    virDomainStatsRecordPtr *records = NULL;
    virDomainPtr behind = domains[count];

    attempt->statistics->calls++;
    domains[count] = NULL;
    int got = virDomainListGetStats(domains, STATS, &records, STATS_FLAGS);
    domains[count] = behind;
    if (got >= 0) {
        show_records(attempt, records, got);
        return !attempt->statistics->lost;
    }

    int code = virGetLastErrorCode();
    fail(attempt);
    attempt->statistics->unsupported = is_lack_of_support(code);
    if (!is_too_large(attempt, code))
        return false;
    if (count > 1)
        return ask_some(attempt, domains, count / 2) &&
               ask_some(attempt, domains + count / 2, count - count / 2);
    tell_large(attempt->statistics, domains[0], attempt->reason);
    show(attempt, domains[0], NULL);
    return true;
}

/* Sorts those that are wanted to the front, in their order, and shows the
 * others. Returns the number of the former. */
static size_t pick(struct attempt *attempt, struct roll *roll, size_t *records)
{
    size_t wanted = 0;

    for (size_t i = 0; i < roll->count; i++) {
        virDomainPtr domain = roll->domains[i];
        struct domain_ref ref;
        size_t expected;
        if (!identify(domain, attempt->ask->inactive, &ref))
            continue;
        if (!attempt->ask->wants(attempt->ask->context, &ref, &expected)) {
            attempt->visit(attempt->context, &ref, NULL);
            continue;
        }
        roll->domains[i] = roll->domains[wanted];
        roll->domains[wanted] = domain;
        records[wanted++] = expected;
    }
    return wanted;
}

static bool ask_in_parts(struct attempt *attempt, virDomainPtr *domains,
                         const size_t *records, size_t count)
{
    for (size_t first = 0, next; first < count; first = next) {
        size_t sum = records[first];
        for (next = first + 1;
             next < count && sum + records[next] <= STATISTICS_RECORDS_A_CALL;
             next++)
            sum += records[next];
        if (!ask_some(attempt, domains + first, next - first))
            return false;
    }
    return true;
}

/* Where there are no statistics there are the domains all the same. */
static bool show_empty(struct attempt *attempt, virDomainPtr *domains,
                       size_t count)
{
    struct statistics *statistics = attempt->statistics;

    for (size_t i = 0; i < count && !statistics->lost; i++) {
        blockstats_reset(&statistics->stats);
        show(attempt, domains[i], &statistics->stats);
    }
    return !statistics->lost || fail(attempt);
}

/* One call for everybody. Where it fails, *ret_in_parts tells whether the
 * domains are to be asked one part after the other. */
static bool ask_everybody(struct attempt *attempt, bool *ret_in_parts)
{
    struct statistics *statistics = attempt->statistics;
    virDomainStatsRecordPtr *records = NULL;
    unsigned active =
        attempt->ask->inactive ? 0 : VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE;

    *ret_in_parts = false;
    statistics->calls++;
    int got = virConnectGetAllDomainStats(attempt->handle, STATS, &records,
                                          STATS_FLAGS | active);
    if (got >= 0) {
        show_records(attempt, records, got);
        return !statistics->lost;
    }

    int code = virGetLastErrorCode();
    fail(attempt);
    statistics->unsupported = is_lack_of_support(code);
    *ret_in_parts = statistics->unsupported || is_too_large(attempt, code);
    return false;
}

/* Those of the roll that are wanted. */
static bool ask_roll(struct attempt *attempt, struct roll *roll)
{
    struct statistics *statistics = attempt->statistics;
    size_t *records = calloc(roll->count + 1, sizeof(*records));
    size_t wanted = records == NULL ? 0 : pick(attempt, roll, records);
    bool good = records != NULL && !statistics->unsupported &&
                ask_in_parts(attempt, roll->domains, records, wanted);

    if (statistics->unsupported)
        good = show_empty(attempt, roll->domains, wanted);
    free(records);
    return good;
}

static bool ask_listed(struct attempt *attempt)
{
    struct roll roll = {0};
    bool good = call_roll(attempt, attempt->ask->inactive, &roll) &&
                ask_roll(attempt, &roll);

    roll_clear(&roll);
    return good;
}

static bool attempt_read(struct attempt *attempt)
{
    struct statistics *statistics = attempt->statistics;
    bool before = statistics->unsupported;
    bool in_parts = true;
    bool good = false;

    if (!statistics->unsupported && attempt->ask->everybody &&
        statistics->select->domains.count == 0 &&
        attempt->ask->records <= STATISTICS_RECORDS_A_CALL)
        good = ask_everybody(attempt, &in_parts);
    if (!good && in_parts)
        good = ask_listed(attempt);
    if (statistics->unsupported && !before)
        log_print(statistics->log, LOG_LEVEL_WARNING,
                  "this hypervisor gives no block statistics: sizes are known "
                  "of active layers alone");
    return good;
}

bool statistics_read(struct statistics *statistics, virConnectPtr handle,
                     const struct ask *ask, hypervisor_visit visit,
                     void *context, char **ret_reason)
{
    struct attempt attempt = {statistics, handle, ask, visit, context, NULL};

    statistics->lost = false;
    bool good = attempt_read(&attempt);
    if (!good)
        *ret_reason = attempt.reason;
    else
        free(attempt.reason);
    return good;
}

/* --- domains that are known ---------------------------------------------- */

/* A domain that is gone is passed over. */
static bool look_up(struct attempt *attempt, struct roll *roll)
{
    const struct ask *ask = attempt->ask;
    size_t room = 0;
    size_t position = 0;
    const unsigned char *uuid;

    while ((uuid = ask->next(ask->context, &position)) != NULL) {
        if (roll->count + 1 >= room) {
            room = 2 * room + 16;
            virDomainPtr *domains =
                realloc(roll->domains, room * sizeof(virDomainPtr));
            if (domains == NULL)
                return false;
            roll->domains = domains;
        }
        attempt->statistics->calls++;
        virDomainPtr domain = virDomainLookupByUUID(attempt->handle, uuid);
        if (domain == NULL && virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
            return fail(attempt);
        if (domain != NULL)
            roll->domains[roll->count++] = domain;
        roll->domains[roll->count] = NULL;
    }
    return true;
}

bool statistics_read_known(struct statistics *statistics, virConnectPtr handle,
                           const struct ask *ask, hypervisor_visit visit,
                           void *context, char **ret_reason)
{
    struct attempt attempt = {statistics, handle, ask, visit, context, NULL};
    struct roll roll = {0};

    statistics->lost = false;
    bool good = look_up(&attempt, &roll);
    if (good && roll.count > 0)
        good = ask_roll(&attempt, &roll);
    roll_clear(&roll);
    if (!good)
        *ret_reason = attempt.reason;
    else
        free(attempt.reason);
    return good;
}

/* --- who is busy --------------------------------------------------------- */

static double busy_seconds(struct statistics *statistics, virDomainPtr domain)
{
    virDomainControlInfo info;

    statistics->calls++;
    if (virDomainGetControlInfo(domain, &info, 0) < 0 ||
        info.state != VIR_DOMAIN_CONTROL_OCCUPIED)
        return 0;
    return (double)info.stateTime / 1000;
}

bool statistics_read_busy(struct statistics *statistics, virConnectPtr handle,
                          hypervisor_visit_busy visit, void *context,
                          char **ret_reason)
{
    struct attempt attempt = {.statistics = statistics, .handle = handle};
    struct roll roll = {0};

    statistics->lost = false;
    if (!call_roll(&attempt, false, &roll)) {
        *ret_reason = attempt.reason;
        return false;
    }
    for (size_t i = 0; i < roll.count && !statistics->lost; i++) {
        struct domain_ref ref;
        if (identify(roll.domains[i], false, &ref))
            visit(context, &ref, busy_seconds(statistics, roll.domains[i]));
    }
    if (statistics->lost) {
        fail(&attempt);
        *ret_reason = attempt.reason;
    }
    roll_clear(&roll);
    return !statistics->lost;
}

void statistics_clear(struct statistics *statistics)
{
    blockstats_clear(&statistics->stats);
}

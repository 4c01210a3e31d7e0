/* SPDX-License-Identifier: MIT
 *
 * What the issue calls "Never blind, never harmful", as far as it is the
 * flow's: whole passes of a collector over a hypervisor of paper, some of
 * whose domains do not answer. Time is set by hand: a pass begins every
 * INTERVAL seconds, and nothing takes time but waiting.
 */
#include "collector.h"
#include "fake_crew.h"
#include "hash.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL 10.0
#define TIMEOUT 5.0

#define MACHINES_MAX 64

/* --- the log ------------------------------------------------------------- */

#define LINES_MAX 256

static char lines[LINES_MAX][512];
static size_t line_count;

/* What the log has said of each machine. One that vanished while it was stuck
 * need not be spoken of again. */
static enum {
    SAID_NOTHING,
    SAID_STUCK,
    SAID_STUCK_AND_GONE
} said[MACHINES_MAX];
static bool said_silent;

/* "domain "vm7" ..." */
static size_t machine_of(const char *message)
{
    unsigned number = 0;

    if (sscanf(message, "domain \"vm%u\"", &number) != 1 ||
        number > MACHINES_MAX)
        fail_msg("of whom is this: %s", message);
    return number - 1;
}

/* Lines come in pairs, whatever happens. */
static void remember(enum log_level level, const char *message)
{
    bool again = strstr(message, " again") != NULL;

    (void)level;
    if (line_count < LINES_MAX)
        snprintf(lines[line_count], sizeof(lines[0]), "%s", message);
    line_count++;
    if (strncmp(message, "domain ", 7) == 0) {
        size_t machine = machine_of(message);
        if (again ? said[machine] == SAID_NOTHING : said[machine] == SAID_STUCK)
            fail_msg("told twice: %s", message);
        said[machine] = again ? SAID_NOTHING : SAID_STUCK;
    } else if (strncmp(message, "libvirt ", 8) == 0) {
        if (again != said_silent)
            fail_msg("told twice: %s", message);
        said_silent = !again;
    }
}

static const struct log test_log = {remember};

/* Number of lines that begin and end like that. */
static size_t told(const char *start, const char *end)
{
    size_t count = 0;

    assert_true(line_count <= LINES_MAX);
    for (size_t i = 0; i < line_count; i++)
        count += strncmp(lines[i], start, strlen(start)) == 0 &&
                 strstr(lines[i], end) != NULL;
    return count;
}

/* --- storages with numbers: "/7/..." lies on the 7th ---------------------- */

static uint64_t place(const char *path)
{
    unsigned number = 0;

    sscanf(path, "/%u/", &number);
    return number;
}

static const struct images images = {.place = place};

/* --- machines ------------------------------------------------------------ */

static struct fake_hypervisor fake;

static struct machine {
    char name[16];
    char xml[2048];
    unsigned asks; /* for its statistics, in the current pass */
    int runs;      /* how often it was started */
} machines[MACHINES_MAX];

/* One disk: an active layer on that storage, and below it the base that all
 * share; 0: none. The images have no format, so that nobody looks at them. */
static void lay(size_t i, unsigned storage, unsigned base)
{
    struct machine *machine = &machines[i];
    struct fake_domain *domain = &fake.domains[i];
    char backing[256] = "<backingStore/>";
    char stats[512];

    if (base != 0)
        snprintf(backing, sizeof(backing),
                 "<backingStore type='file' index='2'>"
                 "<source file='/%u/base'/><backingStore/></backingStore>",
                 base);
    snprintf(machine->xml, sizeof(machine->xml),
             "<domain><devices><disk type='file'>"
             "<source file='/%u/vm%zu' index='1'/>%s<target dev='vda'/></disk>"
             "</devices></domain>",
             storage, i + 1, backing);
    snprintf(stats, sizeof(stats),
             "block.count=%u\nblock.0.name=vda\nblock.0.path=/%u/vm%zu\n"
             "block.0.backingIndex=1\nblock.0.allocation=0\n"
             "block.0.capacity=4096\nblock.0.physical=512\n"
             "block.1.name=vda\nblock.1.path=/%u/base\n"
             "block.1.backingIndex=2\nblock.1.capacity=4096\n"
             "block.1.physical=64\n",
             base != 0 ? 2 : 1, storage, i + 1, base);
    if (base == 0)
        *strstr(stats, "block.1.name") = '\0';
    domain->xml = machine->xml;
    fake_state(domain, stats);
}

static bool is_there(size_t i)
{
    return fake.domains[i].name != NULL;
}

static bool is_healthy(size_t i)
{
    const struct fake_domain *domain = &fake.domains[i];

    return is_there(i) && domain->id != DOMAIN_OFF && !domain->stuck &&
           !domain->held;
}

static void start_machine(size_t i)
{
    fake.domains[i].name = machines[i].name;
    fake.domains[i].id = (int)(i + 1) + MACHINES_MAX * machines[i].runs++;
}

/* --- the crew: nobody works, but time passes ----------------------------- */

static struct fake_crew crew;

/* A migration or a backup of it runs: libvirt tells of that, and not of who is
 * waited for. */
static struct fake_domain *migrating;

/* libvirt itself: it may list no domains, as while it holds on to one of them,
 * or not answer at all (then crew.frozen). */
static bool listless;

/* Seconds that a call for many takes though nobody is stuck: each such call,
 * or those that ask one machine. */
static double slowness;
static struct fake_domain *slow_one;
static double held_since[MACHINES_MAX];
static double due[LANES]; /* when a slow call returns; 0: it is not */

/* The storage behind the pools does not answer. */
static bool pools_hang;

static bool is_listing(const struct query *query)
{
    return query->kind == QUERY_BUSY ||
           (query->kind == QUERY_STATS && !query->unlisted);
}

static bool is_asked(const struct query *query, struct fake_domain *domain)
{
    struct domain_ref ref = fake_ref(domain);
    const struct census_entry *known = census_find(&query->census, ref.uuid);

    if (known != NULL)
        return known->wanted;
    return query->newcomers &&
           hash_bytes(HASH_START, ref.uuid, UUID_BYTES) % query->parts ==
               query->part;
}

/* The first that the call hangs on. One that is waited for already comes back
 * without sizes (NOWAIT). */
static struct fake_domain *find_culprit(const struct query *query)
{
    for (size_t i = 0; query->kind == QUERY_STATS && i < fake.count; i++) {
        struct fake_domain *domain = &fake.domains[i];
        if (is_there(i) && domain->id != DOMAIN_OFF && domain->stuck &&
            !domain->held && is_asked(query, domain))
            return domain;
    }
    return NULL;
}

static bool is_slow(const struct query *query)
{
    size_t count = 0;

    if (slowness == 0 || query->kind != QUERY_STATS)
        return false;
    for (size_t i = 0; i < fake.count; i++)
        count += is_there(i) && is_asked(query, &fake.domains[i]);
    return slow_one == NULL ? count > 1 : is_asked(query, slow_one);
}

/* A call to it is under way: of another client, or of a lane of ours. */
static void hold(size_t i, bool held)
{
    fake.domains[i].held = held;
    fake.domains[i].held_seconds = 0;
    held_since[i] = crew.now;
}

/* Another client asks it during the next call, and no longer. */
static struct fake_domain *visited;

/* As far as it comes. */
static void go_on(struct fake_lane *lane)
{
    struct query *query = lane->job;

    lane->domain = NULL;
    lane->since = crew.now;
    if (crew.frozen || (listless && is_listing(query)) ||
        (pools_hang && query->kind == QUERY_POOLS))
        return;
    lane->domain = find_culprit(query);
    if (lane->domain != NULL) {
        hold((size_t)(lane->domain - fake.domains), true);
        return;
    }
    lane->work(query);
    *lane = (struct fake_lane){0};
}

static unsigned outstanding(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < LANES; i++)
        count += crew.lanes[i].work != NULL;
    return count;
}

static void start(void *context, size_t worker, void (*work)(void *job),
                  void *job)
{
    struct fake_lane *lane = &crew.lanes[worker];
    const struct query *query = job;

    (void)context;
    assert_null(lane->work);
    crew.started++;
    *lane = (struct fake_lane){.work = work, .job = job, .since = crew.now};
    due[worker] = is_slow(query) ? crew.now + slowness : 0;
    if (due[worker] == 0)
        go_on(lane);
    if (visited != NULL && query->kind == QUERY_STATS)
        visited->held = false;
    if (outstanding() > crew.most)
        crew.most = outstanding();
}

/* Whatever can go on does. */
static void settle(void)
{
    for (size_t i = 0; i < LANES; i++) {
        struct fake_lane *lane = &crew.lanes[i];
        if (lane->work == NULL || due[i] > crew.now ||
            (lane->domain != NULL && lane->domain->stuck))
            continue;
        due[i] = 0;
        if (lane->domain != NULL)
            lane->domain->held = false;
        go_on(lane);
    }
}

/* Until then, or until the first slow call comes back. */
static bool wait_until(void *context, double until)
{
    double first = until;

    (void)context;
    crew.waits++;
    for (size_t i = 0; i < LANES; i++)
        if (crew.lanes[i].work != NULL && due[i] > 0 && due[i] < first)
            first = due[i];
    if (first > crew.now)
        crew.now = first;
    for (size_t i = 0; i < fake.count; i++)
        if (fake.domains[i].held && &fake.domains[i] != migrating)
            fake.domains[i].held_seconds = crew.now - held_since[i];
    settle();
    return !crew.stopped;
}

/* --- what befalls machines ----------------------------------------------- */

static void freeze(size_t i)
{
    fake.domains[i].stuck = true;
}

static void thaw(size_t i)
{
    fake.domains[i].stuck = false;
    settle();
}

static void freeze_storage(unsigned storage)
{
    char start_of_path[16];

    snprintf(start_of_path, sizeof(start_of_path), "'/%u/", storage);
    for (size_t i = 0; i < fake.count; i++)
        if (is_there(i) && strstr(machines[i].xml, start_of_path) != NULL)
            freeze(i);
}

static void thaw_all(void)
{
    crew.frozen = false;
    listless = false;
    pools_hang = false;
    for (size_t i = 0; i < fake.count; i++)
        fake.domains[i].stuck = false;
    settle();
    for (size_t i = 0; i < fake.count; i++)
        fake.domains[i].held = false;
}

/* Its QEMU is killed: who waits for it does so no longer. */
static void destroy(size_t i)
{
    fake.domains[i].name = NULL;
    if (said[i] == SAID_STUCK)
        said[i] = SAID_STUCK_AND_GONE;
    thaw(i);
}

/* True where a call of ours waits for it. */
static bool is_ours(size_t i)
{
    for (size_t j = 0; j < LANES; j++)
        if (crew.lanes[j].work != NULL &&
            crew.lanes[j].domain == &fake.domains[i])
            return true;
    return false;
}

/* Its connections break: what hung comes back, without an answer. */
static void restart_libvirt(void)
{
    bool silent = fake.silent;

    fake.silent = true;
    for (size_t i = 0; i < LANES; i++) {
        struct fake_lane lane = crew.lanes[i];
        if (lane.work == NULL)
            continue;
        if (lane.domain != NULL)
            lane.domain->held = false;
        due[i] = 0;
        crew.lanes[i] = (struct fake_lane){0};
        lane.work(lane.job);
    }
    fake.silent = silent;
}

/* --- the scene ----------------------------------------------------------- */

static struct hypervisor tables[LANES];
static struct settings *settings;
static struct crew crew_of_test;
static struct collector *collector;
static const struct inventory *inventory; /* of the last pass */
static unsigned lost; /* passes that lasted until their deadline */

/* On the way from the hypervisor to the one who reads. */
struct reading {
    const struct ask *ask;
    hypervisor_visit visit;
    void *context;
    bool known[MACHINES_MAX]; /* of read_known(): who is looked up */
};

static size_t index_of(const struct domain_ref *ref)
{
    return (size_t)((struct fake_domain *)ref->handle - fake.domains);
}

static void count_visit(void *context, const struct domain_ref *ref,
                        const struct blockstats *stats)
{
    const struct reading *reading = context;

    machines[index_of(ref)].asks += stats != NULL;
    reading->visit(reading->context, ref, stats);
}

static bool count_read(void *context, const struct ask *ask,
                       hypervisor_visit visit, void *visit_context)
{
    struct reading reading = {ask, visit, visit_context, {false}};

    return fake_table(context).read(context, ask, count_visit, &reading);
}

static bool is_known(void *context, const struct domain_ref *ref,
                     size_t *ret_records)
{
    *ret_records = 0;
    return ((const struct reading *)context)->known[index_of(ref)];
}

static void visit_known(void *context, const struct domain_ref *ref,
                        const struct blockstats *stats)
{
    if (stats != NULL)
        count_visit(context, ref, stats);
}

/* Domains are looked up one by one: of no other anything is heard. */
static bool read_known(void *context, const struct ask *ask,
                       hypervisor_visit visit, void *visit_context)
{
    struct reading reading = {ask, visit, visit_context, {false}};
    const struct ask listed = {.context = &reading, .wants = is_known};
    const unsigned char *uuid;
    size_t position = 0;

    while ((uuid = ask->next(ask->context, &position)) != NULL)
        for (size_t i = 0; i < fake.count; i++) {
            struct domain_ref ref = fake_ref(&fake.domains[i]);
            if (memcmp(ref.uuid, uuid, UUID_BYTES) == 0)
                reading.known[i] = true;
        }
    return fake_table(context).read(context, &listed, visit_known, &reading);
}

static void set(const char *option, const char *value)
{
    char error[512];

    if (!settings_set(settings, option, value, error, sizeof(error)))
        fail_msg("%s", error);
}

static void open_collector(void)
{
    line_count = 0;
    memset(said, 0, sizeof(said));
    said_silent = false;
    collector = collector_new(settings, tables, &crew_of_test, &images, NULL,
                              &test_log);
    assert_non_null(collector);
}

/* All machines on storage 1. */
static void open_scene(size_t count)
{
    assert_true(count <= MACHINES_MAX);
    fake_start(&fake, count);
    memset(machines, 0, sizeof(machines));
    for (size_t i = 0; i < count; i++) {
        snprintf(machines[i].name, sizeof(machines[i].name), "vm%zu", i + 1);
        lay(i, 1, 0);
        start_machine(i);
    }
    crew = (struct fake_crew){.fake = &fake, .now = 1000};
    crew_of_test = fake_crew_table(&crew);
    crew_of_test.start = start;
    crew_of_test.wait = wait_until;
    memset(due, 0, sizeof(due));
    slowness = 0;
    slow_one = NULL;
    migrating = NULL;
    listless = false;
    pools_hang = false;
    lost = 0;
    for (size_t i = 0; i < LANES; i++) {
        tables[i] = fake_table(&fake);
        tables[i].read = count_read;
        tables[i].read_known = read_known;
    }
    settings = settings_new();
    assert_non_null(settings);
    settings->timeout = TIMEOUT;
    settings->refresh_interval = 0;
    open_collector();
}

static void close_scene(void)
{
    thaw_all();
    slowness = 0;
    while (outstanding() > 0)
        wait_until(NULL, crew.now + INTERVAL);
    assert_true(collector_free(collector));
    settings_free(settings);
    fake_stop(&fake);
}

/* collectd is stopped and started: what hangs in libvirt hangs on, and so do
 * the calls of the old process, which is gone. */
static void restart(void)
{
    assert_true(collector_free(collector));
    for (size_t i = 0; i < LANES; i++)
        crew.lanes[i] = (struct fake_lane){0};
    open_collector();
}

/* A pass, and the time until the next one. */
static void pass(void)
{
    double began = crew.now;

    for (size_t i = 0; i < fake.count; i++)
        machines[i].asks = 0;
    inventory = collector_read(collector);
    /* "A read callback returns within Timeout, always." */
    assert_true(crew.now <= began + TIMEOUT);
    /* "Never more than 3 calls outstanding in libvirtd, whatever hangs." */
    assert_true(crew.most <= 3);
    lost += crew.now >= began + TIMEOUT;
    while (crew.now < began + INTERVAL)
        wait_until(NULL, began + INTERVAL);
}

static void passes(unsigned count)
{
    while (count-- > 0)
        pass();
}

/* NULL: it is not reported. */
static const struct domain *find(size_t i)
{
    struct domain_ref ref = fake_ref(&fake.domains[i]);

    for (size_t j = 0; j < inventory->count; j++)
        if (memcmp(inventory->domains[j]->uuid, ref.uuid, UUID_BYTES) == 0)
            return inventory->domains[j];
    return NULL;
}

/* It has series of sizes in this pass. */
static bool is_fresh(size_t i)
{
    const struct domain *domain = find(i);

    return domain != NULL && domain->answered && domain->stale == 0 &&
           domain->disk_count == 1 && domain->disks[0].layer_count > 0 &&
           domain->disks[0].layers[0].sizes.capacity == 4096;
}

static size_t count_fresh(void)
{
    size_t count = 0;

    for (size_t i = 0; i < fake.count; i++)
        count += is_fresh(i);
    return count;
}

/* All that can answer have, and no others. */
static void assert_healthy_are_fresh(void)
{
    for (size_t i = 0; i < fake.count; i++)
        if (is_fresh(i) != is_healthy(i))
            fail_msg("%s is %s", machines[i].name,
                     is_fresh(i) ? "fresh" : "not fresh");
    assert_true(inventory->answered);
}

/* One call, or one for each reader, asks everybody: nobody is stuck or suspect,
 * and no lane is in use. */
static void assert_all_is_well(void)
{
    unsigned started = crew.started;
    size_t count = 0;

    pass();
    assert_healthy_are_fresh();
    for (size_t i = 0; i < fake.count; i++) {
        count += is_there(i);
        assert_int_equal(machines[i].asks, is_there(i));
    }
    assert_int_equal(crew.started, started + settings->readers);
    assert_int_equal(inventory->count, count);
    assert_int_equal(inventory->stalled, 0);
    assert_int_equal(inventory->calls, settings->readers);
    assert_int_equal(outstanding(), 0);
    for (size_t i = 0; i < MACHINES_MAX; i++)
        assert_true(said[i] != SAID_STUCK);
    assert_false(said_silent);
}

/* --- nothing hangs ------------------------------------------------------- */

static void steady_state_is_one_call_for_everybody(void **state)
{
    (void)state;
    open_scene(20);
    pass();
    assert_healthy_are_fresh();
    for (unsigned i = 0; i < 5; i++) {
        assert_all_is_well();
        assert_int_equal(fake.asked, 20);
    }
    assert_int_equal(crew.most, 0);
    assert_int_equal(crew.now, 1000 + 6 * INTERVAL);
    assert_int_equal(line_count, 0);
    close_scene();
}

/* --- one domain is stuck ------------------------------------------------- */

/* It is not known yet who it is, nor whether anybody is. */
static void pass_ends_at_its_deadline(void **state)
{
    (void)state;
    open_scene(20);
    passes(2);
    freeze(7);
    pass();
    assert_int_equal(lost, 1);
    assert_false(inventory->answered);
    assert_int_equal(count_fresh(), 0);
    /* They are still known. */
    assert_int_equal(inventory->count, 20);
    assert_int_equal(inventory->stalled, 20);
    assert_int_equal(outstanding(), 1);
    assert_int_equal(line_count, 0);
    close_scene();
}

/* Whichever it is, and whatever storage the others are on; the order in which
 * libvirt lists its domains is not that of their UUIDs. */
static void others_are_fresh_in_the_next_pass(void **state)
{
    (void)state;
    for (size_t stuck = 0; stuck < 12; stuck++)
        for (unsigned storages = 1; storages <= 12; storages += 11)
            for (unsigned step = 1; step < 12; step += 4) {
                open_scene(12);
                for (size_t i = 0; i < 12; i++) {
                    lay(i, 1 + (unsigned)i % storages, 0);
                    fake.domains[i].uuid = 1 + ((unsigned)i * step) % 13;
                }
                pass();
                freeze(stuck);
                pass();
                for (unsigned i = 0; i < 6; i++) {
                    pass();
                    assert_healthy_are_fresh();
                    assert_int_equal(inventory->count, 12);
                    assert_int_equal(inventory->stalled, 1);
                }
                assert_int_equal(lost, 1);
                assert_int_equal(crew.most, 1);
                thaw(stuck);
                assert_all_is_well();
                close_scene();
            }
}

/* "Suspects are cleared by trying one": of a mount that all share. */
static void one_among_sixty_on_the_same_storage(void **state)
{
    static const size_t who[] = {0, 1, 30, 58, 59};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(who); i++) {
        open_scene(60);
        pass();
        freeze(who[i]);
        pass();
        pass();
        if (count_fresh() != 59)
            fail_msg("with %s stuck %zu of 59 are fresh", machines[who[i]].name,
                     count_fresh());
        assert_int_equal(lost, 1);
        passes(10);
        assert_healthy_are_fresh();
        assert_int_equal(lost, 1);
        assert_int_equal(crew.most, 1);
        assert_int_equal(line_count, 1);
        close_scene();
    }
}

/* Not a storage, but two QEMUs: that the last lane is risked, where nobody is
 * well, says so. */
static void two_among_many_on_the_same_storage(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++)
        for (size_t second = 1; second < 20; second++) {
            open_scene(20);
            settings->readers = readers;
            passes(2);
            freeze(0);
            freeze(second);
            passes(3);
            for (unsigned i = 0; i < 5; i++) {
                pass();
                if (count_fresh() != 18)
                    fail_msg("%u readers, vm%zu: %zu of 18 are fresh", readers,
                             second + 1, count_fresh());
            }
            assert_true(lost <= 3);
            assert_int_equal(crew.most, 2);
            thaw_all();
            pass();
            assert_all_is_well();
            close_scene();
        }
}

/* Where somebody is well it may as well be an outage of that storage: so they
 * are not put at risk, and the rest waits until one of the two answers. */
static void two_are_stuck_and_others_are_elsewhere(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++)
        for (size_t second = 1; second < 20; second++) {
            open_scene(22);
            settings->readers = readers;
            lay(20, 2, 0);
            lay(21, 2, 0);
            passes(2);
            freeze(0);
            freeze(second);
            passes(3);
            for (unsigned i = 0; i < 5; i++) {
                pass();
                assert_true(is_fresh(20) && is_fresh(21));
            }
            assert_int_equal(crew.most, 2);
            thaw(second);
            passes(2);
            assert_int_equal(count_fresh(), 21);
            thaw_all();
            pass();
            assert_all_is_well();
            close_scene();
        }
}

static void stuck_domain_is_named_with_its_disks_and_storage(void **state)
{
    (void)state;
    open_scene(3);
    lay(1, 2, 0);
    snprintf(machines[2].xml, sizeof(machines[2].xml),
             "<domain><devices>"
             "<disk type='file'><source file='/1/a' index='1'/>"
             "<target dev='vda'/></disk>"
             "<disk type='network'><source protocol='nbd' name='x'>"
             "<host name='nbd.example' port='10809'/></source>"
             "<target dev='vdb'/></disk>"
             "</devices></domain>");
    pass();
    freeze(2);
    passes(20);
    assert_int_equal(line_count, 1);
    assert_non_null(strstr(lines[0], "\"vm3\" does not answer"));
    assert_non_null(strstr(lines[0], "vda on /1/a"));
    assert_non_null(strstr(lines[0], "vdb on nbd.example"));
    /* vm1 is on the same file system. */
    assert_non_null(strstr(lines[0], ": 1"));
    thaw(2);
    passes(20);
    assert_int_equal(line_count, 2);
    assert_string_equal(lines[1], "domain \"vm3\" answers again");
    close_scene();
}

/* "The stuck domain's sizes stop; duration-stale of that domain tells for how
 * long; count-stalled says how many." */
static void stale_time_grows_until_it_answers(void **state)
{
    (void)state;
    open_scene(3);
    pass();
    assert_int_equal(inventory->stalled, 0);
    freeze(1);
    for (unsigned i = 1; i <= 10; i++) {
        pass();
        const struct domain *domain = find(1);
        assert_non_null(domain);
        assert_false(domain->answered);
        assert_true(domain->stale == i * INTERVAL);
        assert_int_equal(inventory->stalled, i == 1 ? 3 : 1);
    }
    freeze(2);
    passes(3);
    assert_int_equal(inventory->stalled, 2);
    assert_true(find(1)->stale == 13 * INTERVAL);
    assert_true(find(2)->stale == 3 * INTERVAL);
    assert_true(is_fresh(0));
    thaw(1);
    pass();
    assert_true(is_fresh(1));
    assert_int_equal(inventory->stalled, 1);
    thaw(2);
    assert_all_is_well();
    close_scene();
}

/* It comes and goes. */
static void each_time_it_gets_stuck_is_a_pair_of_lines(void **state)
{
    (void)state;
    open_scene(5);
    pass();
    for (unsigned i = 1; i <= 20; i++) {
        freeze(3);
        passes(3);
        thaw(3);
        passes(2);
        assert_int_equal(line_count, 2 * i);
    }
    assert_all_is_well();
    assert_int_equal(crew.most, 1);
    close_scene();
}

/* As long as it hangs it costs no more than a call that asks all others and one
 * that lists them, and now and then one that asks whether it still does. */
static void a_stuck_domain_costs_little(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(4);
    passes(4);
    unsigned started = crew.started;
    passes(100);
    assert_true(crew.started - started <= 250);
    assert_int_equal(outstanding(), 1);
    assert_int_equal(lost, 1);
    close_scene();
}

/* Its call comes back with what was true long ago: a sign of life, and no
 * more. */
static void a_late_answer_is_not_reported(void **state)
{
    (void)state;
    open_scene(3);
    pass();
    freeze(1);
    passes(5);
    thaw(1);
    /* Its reading is older than that of the passes since. */
    assert_int_equal(outstanding(), 0);
    for (size_t i = 0; i < 3; i++)
        machines[i].asks = 0;
    pass();
    assert_healthy_are_fresh();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(machines[i].asks, 1);
    assert_int_equal(inventory->calls, 1);
    close_scene();
}

/* --- it goes away -------------------------------------------------------- */

static void destroyed_while_stuck(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(4);
    passes(5);
    destroy(4);
    pass();
    assert_int_equal(inventory->count, 9);
    assert_healthy_are_fresh();
    assert_int_equal(inventory->stalled, 0);
    assert_all_is_well();
    assert_int_equal(lost, 1);
    close_scene();
}

/* Before it is even known that it is stuck. */
static void destroyed_in_the_pass_that_it_hangs(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(4);
    pass();
    destroy(4);
    passes(2);
    assert_healthy_are_fresh();
    assert_all_is_well();
    assert_int_equal(line_count, 0);
    close_scene();
}

/* Its storage is no longer suspect once somebody on it answered, although the
 * one who was stuck is gone. */
static void suspects_outlive_the_culprit(void **state)
{
    (void)state;
    open_scene(25);
    for (size_t i = 0; i < 20; i++)
        lay(i, 2, 0);
    pass();
    freeze_storage(2);
    passes(6);
    assert_healthy_are_fresh();
    for (size_t i = 0; i < 20; i++)
        if (fake.domains[i].held)
            destroy(i);
    for (size_t i = 0; i < 20; i++)
        thaw(i);
    passes(2);
    assert_healthy_are_fresh();
    assert_all_is_well();
    close_scene();
}

/* The new run has nothing to do with the old one: it is asked as any domain
 * that is new. Its id alone tells: the call that waited for the QEMU that was
 * killed comes back without that domain. */
static void started_anew_with_the_same_uuid(void **state)
{
    (void)state;
    for (unsigned before = 1; before <= 8; before++) {
        open_scene(10);
        pass();
        freeze(4);
        passes(before);
        destroy(4);
        assert_int_equal(outstanding(), 0);
        start_machine(4);
        pass();
        if (!is_fresh(4))
            fail_msg("not fresh when it was stuck for %u passes", before);
        assert_healthy_are_fresh();
        assert_all_is_well();
        close_scene();
    }
}

/* Nobody is said to be waited for, so it might be a slow call; but not for
 * long. */
static void stuck_in_a_migration(void **state)
{
    (void)state;
    open_scene(60);
    passes(2);
    migrating = &fake.domains[30];
    freeze(30);
    passes(4);
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_healthy_are_fresh();
        assert_int_equal(inventory->stalled, 1);
        assert_int_equal(said[30], SAID_STUCK);
    }
    assert_int_equal(crew.most, 1);
    assert_int_equal(line_count, 1);
    thaw(30);
    pass();
    assert_all_is_well();
    assert_int_equal(line_count, 2);
    close_scene();
}

/* Over and over again. */
static void each_run_gets_stuck(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    for (unsigned i = 0; i < 10; i++) {
        freeze(4);
        passes(3);
        assert_healthy_are_fresh();
        assert_int_equal(said[4], SAID_STUCK);
        destroy(4);
        start_machine(4);
        passes(2);
        assert_healthy_are_fresh();
    }
    assert_all_is_well();
    assert_int_equal(crew.most, 1);
    close_scene();
}

/* Without ever having answered, while a call hangs on another. */
static void a_run_is_stuck_from_its_start(void **state)
{
    (void)state;
    open_scene(10);
    for (size_t i = 0; i < 10; i++)
        lay(i, 1 + (unsigned)i, 0);
    pass();
    freeze(2);
    passes(3);
    freeze(4);
    passes(3);
    destroy(4);
    start_machine(4);
    freeze(4);
    passes(3);
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_int_equal(said[4], SAID_STUCK);
        assert_int_equal(count_fresh(), 8);
        assert_int_equal(inventory->stalled, 2);
    }
    assert_int_equal(crew.most, 2);
    assert_int_equal(line_count, 3);
    thaw_all();
    pass();
    assert_all_is_well();
    close_scene();
}

/* While libvirt waits for its end it holds on to the domain, and lists none.
 */
static void being_destroyed_while_stuck(void **state)
{
    (void)state;
    for (unsigned before = 2; before <= 6; before++)
        for (unsigned during = 1; during <= 6; during++) {
            open_scene(10);
            pass();
            freeze(4);
            passes(before);
            listless = true;
            for (unsigned i = 0; i < during; i++) {
                pass();
                if (i > 0 && count_fresh() != 9)
                    fail_msg("%zu of 9 are fresh in pass %u of its end",
                             count_fresh(), i + 1);
            }
            listless = false;
            destroy(4);
            pass();
            assert_healthy_are_fresh();
            assert_all_is_well();
            assert_int_equal(inventory->count, 9);
            close_scene();
        }
}

/* --- an outage ----------------------------------------------------------- */

/* 20 of 25 hang on storage 2, which five have never heard of. How UUIDs and
 * libvirt's order go together must not matter: neither who is asked first nor
 * who is tried first. */
static void open_outage(unsigned step, unsigned readers, unsigned base)
{
    open_scene(25);
    settings->readers = readers;
    for (size_t i = 0; i < 25; i++) {
        fake.domains[i].uuid = 1 + ((unsigned)i * step) % 29;
        lay(i, i % 5 == 3 ? 1 : 2, base);
    }
}

/* "20 of 25 domains hanging on one mount must not cost more than one or two
 * deadlines, nor the other 5 more than one missed cycle." */
static void check_outage(bool restarted)
{
    if (!restarted)
        passes(2);
    freeze_storage(2);
    pass();
    for (unsigned i = 0; i < 30; i++) {
        pass();
        if (count_fresh() != 5)
            fail_msg("%zu of 5 are fresh in pass %u of the outage",
                     count_fresh(), i + 2);
        assert_healthy_are_fresh();
        /* After a new start it takes a while until that can be said. */
        assert_int_equal(inventory->stalled, restarted && i == 0 ? 0 : 20);
    }
    assert_true(lost <= 2);
    assert_true(crew.most <= 3);
    thaw_all();
    passes(2);
    assert_int_equal(count_fresh(), 25);
    assert_all_is_well();
}

static void twenty_of_twenty_five_on_one_mount(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 1, 0);
        check_outage(false);
        close_scene();
    }
}

/* The roster is empty, and nobody has ever answered: the XML that comes with
 * the answer to "who is busy" tells the storage. */
static void restarted_in_an_outage(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 1, 0);
        check_outage(true);
        close_scene();
    }
}

static void an_outage_with_two_readers(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 2, 0);
        check_outage(false);
        close_scene();
    }
}

static void restarted_in_an_outage_with_two_readers(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 2, 0);
        check_outage(true);
        close_scene();
    }
}

/* All are made from one base image, which lies on a storage that is well: that
 * one of the five answers clears the base, and not the mount. */
static void an_outage_above_a_common_base(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 1, 9);
        check_outage(false);
        close_scene();
    }
}

/* Both calls hang on the mount, and the last lane may not be risked. */
static void an_outage_above_a_common_base_with_two_readers(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 2, 9);
        check_outage(false);
        close_scene();
    }
}

/* A server with two exports. */
static void two_mounts_at_once(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 29; step++) {
        open_outage(step, 1, 0);
        for (size_t i = 0; i < 25; i++)
            if (i % 5 == 1 || i % 5 == 2)
                lay(i, 3, 0);
        passes(2);
        freeze_storage(2);
        freeze_storage(3);
        /* Each costs a deadline. */
        passes(2);
        for (unsigned i = 0; i < 10; i++) {
            pass();
            if (count_fresh() != 5)
                fail_msg("%zu of 5 are fresh, step %u", count_fresh(), step);
            assert_int_equal(inventory->stalled, 20);
        }
        assert_true(lost <= 2);
        thaw_all();
        passes(2);
        assert_all_is_well();
        close_scene();
    }
}

/* Nobody is left that answers: the last lane is risked, too. It is told all the
 * same how many are stalled. */
static void everybody_is_stuck(void **state)
{
    (void)state;
    open_scene(25);
    passes(2);
    destroy(24);
    pass();
    freeze_storage(1);
    pass();
    for (unsigned i = 0; i < 20; i++) {
        pass();
        if (inventory->stalled != 24)
            fail_msg("pass %u of the outage: %zu stalled", i + 2,
                     inventory->stalled);
    }
    lay(24, 2, 0);
    start_machine(24);
    thaw_all();
    passes(2);
    assert_all_is_well();
    close_scene();
}

/* The storage comes back, but for one machine. */
static void one_stays_stuck_after_the_outage(void **state)
{
    (void)state;
    for (size_t stuck = 0; stuck < 25; stuck++) {
        open_outage(1, 1, 0);
        passes(2);
        freeze_storage(2);
        passes(5);
        for (size_t i = 0; i < 25; i++)
            if (i != stuck)
                thaw(i);
        /* A call that hung on another may hang on this one now. */
        passes(2);
        assert_healthy_are_fresh();
        freeze(stuck);
        passes(4);
        assert_healthy_are_fresh();
        thaw(stuck);
        passes(2);
        assert_all_is_well();
        close_scene();
    }
}

/* --- a new start of collectd --------------------------------------------- */

static void restarted_while_one_is_stuck(void **state)
{
    (void)state;
    for (size_t stuck = 0; stuck < 10; stuck++) {
        open_scene(10);
        freeze(stuck);
        pass();
        assert_int_equal(lost, 1);
        for (unsigned i = 0; i < 10; i++) {
            pass();
            assert_healthy_are_fresh();
            assert_int_equal(inventory->stalled, i == 0 ? 0 : 1);
        }
        assert_int_equal(lost, 1);
        assert_int_equal(line_count, 1);
        assert_int_equal(said[stuck], SAID_STUCK);
        assert_non_null(strstr(lines[0], "vda on /1/vm"));
        thaw(stuck);
        passes(1);
        assert_all_is_well();
        close_scene();
    }
}

/* It never answered, but it is known how it is called and since when. */
static void stale_time_of_one_that_never_answered(void **state)
{
    (void)state;
    open_scene(10);
    freeze(4);
    passes(5);
    const struct domain *domain = find(4);
    assert_non_null(domain);
    assert_string_equal(domain->host, "vm5");
    assert_false(domain->answered);
    double stale = domain->stale;
    assert_true(stale > TIMEOUT && stale <= 5 * INTERVAL);
    pass();
    assert_true(find(4)->stale == stale + INTERVAL);
    close_scene();
}

/* The calls of the process that is gone hang on in libvirtd: so the domain is
 * waited for, but not by us. It is not asked for sizes that nobody can tell. */
static void restarted_while_its_old_call_hangs(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(4);
    passes(3);
    restart();
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_int_equal(count_fresh(), 9);
    }
    assert_int_equal(inventory->stalled, 1);
    assert_int_equal(lost, 1);
    fake.domains[4].held = false;
    thaw(4);
    passes(1);
    assert_all_is_well();
    close_scene();
}

/* A machine that hangs at its first start. */
static void a_newcomer_is_stuck(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++) {
        for (size_t newcomer = 0; newcomer < 10; newcomer++) {
            open_scene(10);
            settings->readers = readers;
            destroy(newcomer);
            passes(2);
            start_machine(newcomer);
            freeze(newcomer);
            pass();
            passes(3);
            assert_healthy_are_fresh();
            assert_int_equal(line_count, 1);
            assert_int_equal(said[newcomer], SAID_STUCK);
            assert_non_null(strstr(lines[0], "vda on /1/vm"));
            assert_int_equal(inventory->stalled, 1);
            thaw(newcomer);
            pass();
            assert_healthy_are_fresh();
            assert_all_is_well();
            close_scene();
        }
    }
}

/* --- libvirt itself ------------------------------------------------------ */

/* SIGSTOP to libvirtd, and SIGCONT. */
static void libvirt_is_frozen(void **state)
{
    (void)state;
    open_scene(10);
    passes(2);
    crew.frozen = true;
    passes(30);
    assert_false(inventory->answered);
    assert_int_equal(inventory->stalled, 10);
    assert_int_equal(told("libvirt ", ""), 1);
    assert_true(said_silent);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(said[i], SAID_NOTHING);
    crew.frozen = false;
    settle();
    pass();
    assert_int_equal(told("libvirt ", " again"), 1);
    passes(1);
    assert_healthy_are_fresh();
    assert_all_is_well();
    assert_int_equal(told("libvirt ", ""), 2);
    close_scene();
}

/* At the start, and for as long as you like. */
static void libvirt_is_frozen_from_the_start(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++) {
        open_scene(10);
        settings->readers = readers;
        crew.frozen = true;
        passes(200);
        assert_int_equal(inventory->count, 0);
        assert_true(line_count <= 2);
        crew.frozen = false;
        settle();
        passes(2);
        assert_healthy_are_fresh();
        assert_all_is_well();
        close_scene();
    }
}

/* One is stuck already. */
static void libvirt_is_frozen_while_one_is_stuck(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(3);
    passes(5);
    crew.frozen = true;
    passes(30);
    /* Nobody else is blamed for that. */
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(said[i], i == 3 ? SAID_STUCK : SAID_NOTHING);
    crew.frozen = false;
    settle();
    passes(2);
    assert_healthy_are_fresh();
    assert_int_equal(inventory->stalled, 1);
    thaw(3);
    passes(1);
    assert_all_is_well();
    close_scene();
}

static void libvirt_is_restarted_while_a_call_hangs(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(3);
    passes(5);
    restart_libvirt();
    /* The QEMU has been going through all this. */
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_healthy_are_fresh();
        assert_int_equal(inventory->stalled, 1);
    }
    assert_int_equal(lost, 1);
    assert_int_equal(outstanding(), 1);
    thaw(3);
    assert_all_is_well();
    assert_int_equal(line_count, 2);
    close_scene();
}

/* Its QEMU was let go in the meantime. */
static void libvirt_is_restarted_and_all_is_well(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(3);
    passes(5);
    fake.silent = true;
    thaw(3);
    pass();
    assert_false(inventory->answered);
    fake.silent = false;
    passes(1);
    assert_true(count_fresh() >= 9);
    /* One that is stuck is tried every four times Timeout. */
    passes(2);
    assert_healthy_are_fresh();
    assert_all_is_well();
    assert_int_equal(line_count, 2);
    close_scene();
}

/* --- the limit ----------------------------------------------------------- */

/* Three that have nothing in common take all three lanes. */
static void the_limit_is_told_once_and_lifted(void **state)
{
    (void)state;
    open_scene(10);
    for (size_t i = 0; i < 10; i++)
        lay(i, 1 + (unsigned)i, 0);
    pass();
    freeze(2);
    passes(3);
    freeze(5);
    passes(3);
    assert_healthy_are_fresh();
    freeze(8);
    passes(50);
    assert_int_equal(outstanding(), 3);
    assert_int_equal(crew.most, 3);
    assert_int_equal(told("3 calls to libvirt", ""), 1);
    assert_false(inventory->answered);
    /* Nothing waits for what can't come. */
    assert_true(lost <= 4);

    thaw(5);
    passes(2);
    assert_healthy_are_fresh();
    assert_int_equal(inventory->stalled, 2);
    assert_int_equal(outstanding(), 2);
    /* A second time it is told a second time. */
    freeze(4);
    passes(10);
    assert_int_equal(told("3 calls to libvirt", ""), 2);
    thaw_all();
    passes(2);
    assert_all_is_well();
    close_scene();
}

/* --- calls that are merely slow ------------------------------------------ */

/* Nobody is busy: the call is waited for and used, and no other is put beside
 * it. */
static void a_slow_call_is_waited_for_and_used(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    slowness = INTERVAL + TIMEOUT / 2;
    pass();
    assert_false(inventory->answered);
    for (unsigned i = 0; i < 10; i++) {
        unsigned started = crew.started;
        pass();
        assert_healthy_are_fresh();
        assert_int_equal(outstanding(), 0);
        assert_int_equal(inventory->stalled, 0);
        /* Who is busy, and no more. */
        assert_int_equal(crew.started, started + 1);
        /* It spoils every second pass. */
        pass();
        assert_false(inventory->answered);
        assert_int_equal(outstanding(), 1);
    }
    assert_int_equal(crew.most, 1);
    slowness = 0;
    passes(1);
    assert_all_is_well();
    assert_int_equal(line_count, 0);
    close_scene();
}

/* Or it comes back between two passes. */
static void a_call_that_is_a_bit_late_is_used(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    slowness = TIMEOUT + 1;
    pass();
    assert_false(inventory->answered);
    slowness = 0;
    pass();
    assert_healthy_are_fresh();
    assert_int_equal(line_count, 0);
    assert_all_is_well();
    close_scene();
}

/* That somebody else is stuck, who was not even asked, is no reason to throw
 * the answer away. */
static void a_slow_call_beside_a_stuck_domain(void **state)
{
    (void)state;
    open_scene(10);
    for (size_t i = 0; i < 10; i++)
        lay(i, 1 + (unsigned)i, 0);
    pass();
    freeze(3);
    passes(3);
    assert_healthy_are_fresh();
    slowness = INTERVAL + TIMEOUT / 2;
    size_t fresh = 0;
    for (unsigned i = 0; i < 20; i++) {
        pass();
        fresh += count_fresh() == 9;
        assert_true(outstanding() <= 2);
    }
    if (fresh < 8)
        fail_msg("only in %zu of 20 passes are the others fresh", fresh);
    slowness = 0;
    passes(2);
    thaw_all();
    passes(2);
    assert_all_is_well();
    close_scene();
}

/* Of several calls side by side one is slow: the others' domains do not wait
 * for it for more than a pass. */
static void a_slow_call_beside_a_fast_one(void **state)
{
    unsigned missed[20] = {0};

    (void)state;
    open_scene(20);
    settings->readers = 2;
    passes(2);
    slow_one = &fake.domains[7];
    slowness = INTERVAL + TIMEOUT / 2;
    for (unsigned i = 0; i < 20; i++) {
        pass();
        for (size_t j = 0; j < 20; j++) {
            missed[j] = is_fresh(j) ? 0 : missed[j] + 1;
            if (missed[j] > 1)
                fail_msg("%s missed two passes", machines[j].name);
        }
    }
    slowness = 0;
    pass();
    assert_all_is_well();
    assert_int_equal(line_count, 0);
    close_scene();
}

/* Domains that are off were not asked for in a call of an earlier pass: that it
 * does not tell of them does not mean that they are gone. */
static void a_late_answer_forgets_nobody_who_is_off(void **state)
{
    (void)state;
    open_scene(10);
    set("InactiveDomains", "true");
    set("InactiveInterval", "30");
    fake.domains[6].id = DOMAIN_OFF;
    for (unsigned first = 1; first <= 4; first++) {
        passes(6);
        passes(first);
        assert_int_equal(inventory->count, 10);
        slowness = INTERVAL + TIMEOUT / 2;
        pass();
        slowness = 0;
        pass();
        assert_true(inventory->answered);
        if (find(6) == NULL)
            fail_msg("lost: the slow call began after %u passes", first);
    }
    close_scene();
}

/* They are asked for now and then, whatever hangs. */
static void domains_that_are_off_outlive_an_outage(void **state)
{
    (void)state;
    open_scene(25);
    set("InactiveDomains", "true");
    set("InactiveInterval", "30");
    for (size_t i = 0; i < 20; i++)
        lay(i, 2, 0);
    for (size_t i = 0; i < 25; i += 6)
        fake.domains[i].id = DOMAIN_OFF;
    passes(3);
    for (size_t i = 0; i < 25; i++)
        if (fake.domains[i].id != DOMAIN_OFF && i < 20)
            freeze(i);
    pass();
    for (unsigned i = 0; i < 30; i++) {
        pass();
        assert_int_equal(inventory->count, 25);
        for (size_t j = 0; j < 25; j++)
            if (is_healthy(j) && !is_fresh(j))
                fail_msg("%s is not fresh", machines[j].name);
    }
    thaw_all();
    passes(2);
    assert_int_equal(inventory->count, 25);
    assert_int_equal(inventory->stalled, 0);
    close_scene();
}

static void one_that_was_off_is_started_in_an_outage(void **state)
{
    (void)state;
    open_scene(10);
    set("InactiveDomains", "true");
    fake.domains[3].id = DOMAIN_OFF;
    passes(2);
    freeze(5);
    passes(3);
    start_machine(3);
    for (unsigned i = 0; i < 5; i++) {
        pass();
        assert_int_equal(count_fresh(), 9);
        assert_true(find(3)->id != DOMAIN_OFF);
        assert_int_equal(inventory->stalled, 1);
    }
    thaw(5);
    pass();
    assert_all_is_well();
    close_scene();
}

/* What was read while it was off says nothing of it now. */
static void one_that_was_off_is_stuck_from_its_start(void **state)
{
    (void)state;
    open_scene(10);
    set("InactiveDomains", "true");
    fake.domains[3].id = DOMAIN_OFF;
    passes(2);
    assert_non_null(find(3));
    freeze(5);
    passes(3);
    start_machine(3);
    freeze(3);
    passes(2);
    assert_null(find(3));
    assert_int_equal(inventory->stalled, 2);
    thaw_all();
    passes(2);
    assert_healthy_are_fresh();
    close_scene();
}

/* They are asked for on the last lane only if libvirt lists them. */
static void those_that_are_off_blind_nobody(void **state)
{
    (void)state;
    open_scene(10);
    set("InactiveDomains", "true");
    set("InactiveInterval", "50");
    fake.domains[9].id = DOMAIN_OFF;
    passes(2);
    freeze(4);
    passes(3);
    listless = true;
    for (unsigned i = 0; i < 20; i++) {
        pass();
        assert_int_equal(count_fresh(), 8);
    }
    listless = false;
    thaw_all();
    passes(2);
    assert_healthy_are_fresh();
    close_scene();
}

/* --- pools --------------------------------------------------------------- */

static const struct fake_pool a_pool = {.uuid = 1, .name = "pool"};

static void open_scene_with_a_pool(void)
{
    open_scene(10);
    set("StoragePool", "pool");
    set("InactiveInterval", "30");
    fake.pools = &a_pool;
    fake.pool_count = 1;
}

static void pools_that_hang_hold_up_nobody(void **state)
{
    (void)state;
    open_scene_with_a_pool();
    passes(2);
    assert_int_equal(inventory->pools->count, 1);
    pools_hang = true;
    passes(4);
    assert_int_equal(outstanding(), 1);
    assert_int_equal(inventory->pools->count, 1);
    for (unsigned i = 0; i < 20; i++) {
        pass();
        assert_healthy_are_fresh();
    }
    assert_int_equal(outstanding(), 1);
    assert_int_equal(lost, 1);
    assert_int_equal(inventory->pools->count, 0);
    /* A domain on top of that. */
    freeze(3);
    pass();
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_healthy_are_fresh();
    }
    assert_int_equal(said[3], SAID_STUCK);
    assert_int_equal(outstanding(), 2);
    assert_int_equal(lost, 2);
    thaw_all();
    passes(4);
    assert_healthy_are_fresh();
    assert_int_equal(outstanding(), 0);
    close_scene();
}

/* A call that hangs until the deadline says that something is wrong: that is
 * no time to take up another lane. */
static void pools_are_not_asked_for_when_time_is_up(void **state)
{
    (void)state;
    open_scene_with_a_pool();
    passes(2);
    crew.frozen = true;
    passes(30);
    for (size_t i = 0; i < LANES; i++)
        if (crew.lanes[i].work != NULL)
            assert_int_not_equal(((struct query *)crew.lanes[i].job)->kind,
                                 QUERY_POOLS);
    crew.frozen = false;
    settle();
    passes(2);
    assert_healthy_are_fresh();
    close_scene();
}

/* --- readers ------------------------------------------------------------- */

/* The parts are disjoint, and make up the whole. */
static void each_reader_asks_its_part(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++) {
        open_scene(40);
        settings->readers = readers;
        for (unsigned i = 0; i < 4; i++) {
            unsigned started = crew.started;
            pass();
            assert_healthy_are_fresh();
            assert_int_equal(crew.started, started + readers);
            for (size_t j = 0; j < 40; j++)
                assert_int_equal(machines[j].asks, 1);
        }
        assert_int_equal(line_count, 0);
        close_scene();
    }
}

/* A reader alone can't know who is new to the others. */
static void newcomers_are_asked_by_one_reader(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++) {
        open_scene(40);
        settings->readers = readers;
        for (size_t i = 0; i < 40; i += 3)
            destroy(i);
        passes(2);
        for (size_t i = 0; i < 40; i += 3) {
            start_machine(i);
            pass();
            assert_healthy_are_fresh();
            for (size_t j = 0; j < 40; j++)
                assert_int_equal(machines[j].asks, is_there(j));
        }
        close_scene();
    }
}

/* Calls side by side are there to be faster: what is not one part's fault is
 * not its loss. */
static void one_reader_hangs_and_the_others_do_not(void **state)
{
    (void)state;
    for (size_t stuck = 0; stuck < 20; stuck++) {
        open_scene(20);
        settings->readers = 2;
        passes(2);
        freeze(stuck);
        pass();
        assert_true(inventory->answered);
        assert_true(count_fresh() > 0 && count_fresh() < 19);
        size_t stalled = inventory->stalled;
        assert_int_equal(stalled + count_fresh(), 20);
        for (unsigned i = 0; i < 10; i++) {
            pass();
            assert_healthy_are_fresh();
            assert_int_equal(inventory->stalled, 1);
        }
        assert_int_equal(lost, 1);
        thaw(stuck);
        passes(1);
        assert_all_is_well();
        close_scene();
    }
}

/* Two lanes hang: three readers make do with one. */
static void more_readers_than_lanes_that_are_free(void **state)
{
    (void)state;
    open_scene(20);
    settings->readers = 3;
    for (size_t i = 0; i < 20; i++)
        lay(i, 1 + (unsigned)i, 0);
    passes(2);
    freeze(4);
    passes(3);
    freeze(9);
    passes(3);
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_healthy_are_fresh();
        for (size_t j = 0; j < 20; j++)
            if (is_healthy(j))
                assert_int_equal(machines[j].asks, 1);
    }
    assert_int_equal(inventory->stalled, 2);
    assert_int_equal(outstanding(), 2);
    thaw_all();
    passes(2);
    assert_all_is_well();
    close_scene();
}

/* --- a domain that another client holds ---------------------------------- */

/* It is there, it does not answer, and nothing of ours hangs on it. */
static void a_domain_that_another_client_holds(void **state)
{
    (void)state;
    open_scene(10);
    passes(2);
    hold(3, true);
    for (unsigned i = 1; i <= 10; i++) {
        pass();
        assert_int_equal(count_fresh(), 9);
        const struct domain *domain = find(3);
        assert_non_null(domain);
        assert_true(domain->stale == i * INTERVAL);
        assert_true(domain->disks[0].layers[0].sizes.capacity == SIZE_UNKNOWN);
        assert_int_equal(inventory->stalled, 1);
    }
    assert_int_equal(line_count, 0);
    assert_int_equal(lost, 0);
    assert_int_equal(crew.most, 0);
    hold(3, false);
    assert_all_is_well();
    assert_int_equal(line_count, 0);
    close_scene();
}

/* As the virt plugin does beside this one. */
static void a_domain_that_another_client_asks(void **state)
{
    (void)state;
    open_scene(10);
    passes(2);
    for (unsigned i = 0; i < 5; i++) {
        visited = &fake.domains[i];
        hold(i, true);
        pass();
        visited = NULL;
        assert_healthy_are_fresh();
        assert_int_equal(inventory->calls, 2);
        assert_int_equal(machines[i].asks, 2);
        assert_int_equal(machines[9].asks, 1);
    }
    assert_all_is_well();
    assert_int_equal(line_count, 0);
    close_scene();
}

/* Nor is it blamed for the call that hangs on another. */
static void a_domain_that_another_client_holds_is_not_blamed(void **state)
{
    (void)state;
    open_scene(10);
    passes(2);
    hold(3, true);
    passes(3);
    freeze(5);
    passes(6);
    assert_int_equal(count_fresh(), 8);
    assert_int_equal(inventory->stalled, 2);
    assert_int_equal(said[5], SAID_STUCK);
    assert_int_equal(said[3], SAID_NOTHING);
    hold(3, false);
    pass();
    assert_true(is_fresh(3));
    close_scene();
}

/* Nor for one that hangs on another, as everybody knows, for long. */
static void a_domain_that_is_held_in_an_outage_is_not_blamed(void **state)
{
    (void)state;
    open_scene(30);
    for (size_t i = 0; i < 20; i++)
        lay(i, 2, 0);
    passes(2);
    freeze_storage(2);
    passes(6);
    hold(25, true);
    passes(2);
    hold(25, false);
    for (unsigned i = 0; i < 5; i++) {
        pass();
        assert_int_equal(count_fresh(), 10);
    }
    assert_int_equal(said[25], SAID_NOTHING);
    close_scene();
}

/* That another client held it up a while ago is no excuse for ever. */
static void a_domain_that_was_held_gets_stuck(void **state)
{
    (void)state;
    open_scene(10);
    passes(2);
    hold(3, true);
    pass();
    hold(3, false);
    freeze(3);
    passes(2);
    for (unsigned i = 0; i < 10; i++) {
        pass();
        assert_int_equal(count_fresh(), 9);
        assert_int_equal(inventory->stalled, 1);
    }
    assert_int_equal(said[3], SAID_STUCK);
    thaw(3);
    pass();
    assert_all_is_well();
    close_scene();
}

/* --- answers that cross --------------------------------------------------- */

/* A call that hung for long tells of those before the culprit what was true
 * when it began: one of them may have got stuck since. */
static void an_old_answer_frees_nobody(void **state)
{
    (void)state;
    open_scene(10);
    for (size_t i = 0; i < 10; i++)
        lay(i, 1 + (unsigned)i, 0);
    pass();
    freeze(5);
    passes(4);
    freeze(2);
    passes(4);
    assert_int_equal(outstanding(), 2);
    assert_int_equal(line_count, 2);
    assert_int_equal(inventory->stalled, 2);
    /* As libvirt does it, vm3 was asked before vm6, when all was well. */
    fake.domains[2].stuck = false;
    fake.domains[2].held = false;
    fake.domains[5].stuck = false;
    fake.domains[5].held = false;
    for (size_t i = 0; i < LANES; i++)
        if (crew.lanes[i].domain == &fake.domains[5])
            go_on(&crew.lanes[i]);
    fake.domains[2].stuck = true;
    fake.domains[2].held = true;
    assert_int_equal(outstanding(), 1);
    pass();
    assert_int_equal(said[5], SAID_NOTHING);
    assert_int_equal(said[2], SAID_STUCK);
    passes(5);
    assert_healthy_are_fresh();
    close_scene();
}

/* --- the end ------------------------------------------------------------- */

static void a_pass_ends_when_all_is_to_end(void **state)
{
    (void)state;
    open_scene(10);
    pass();
    freeze(3);
    crew.stopped = true;
    unsigned waits = crew.waits;
    inventory = collector_read(collector);
    assert_int_equal(crew.waits, waits + 1);
    assert_false(inventory->answered);
    assert_int_equal(outstanding(), 1);
    assert_int_equal(line_count, 0);
    close_scene();
}

/* --- whatever happens ---------------------------------------------------- */

static uint64_t random_state;

/* xorshift64*: the same on every machine. */
static unsigned chance(unsigned below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) %
           below;
}

#define STORAGES 4

static void befall_machine(size_t i)
{
    switch (chance(9)) {
    case 0:
        if (is_there(i))
            freeze(i);
        break;
    case 1:
    case 2:
    case 3:
        thaw(i);
        break;
    case 4:
        destroy(i);
        break;
    case 5:
    case 6:
        if (is_there(i))
            break;
        lay(i, 1 + chance(STORAGES), chance(2) ? 9 : 0);
        start_machine(i);
        if (chance(4) == 0)
            fake.domains[i].id = DOMAIN_OFF;
        break;
    case 7:
        if (is_healthy(i))
            hold(i, true);
        break;
    case 8:
        if (fake.domains[i].held && !fake.domains[i].stuck && !is_ours(i))
            hold(i, false);
        break;
    }
}

static void befall_libvirt(void)
{
    switch (chance(8)) {
    case 0:
        crew.frozen = true;
        break;
    case 1:
        crew.frozen = false;
        settle();
        break;
    case 2:
        listless = !listless;
        settle();
        break;
    case 3:
        slowness = chance(3) > 0 ? 0 : 1 + chance(15);
        break;
    case 4:
        fake.silent = chance(2) == 0;
        break;
    case 5:
        restart_libvirt();
        break;
    case 6:
        pools_hang = chance(2) == 0;
        settle();
        break;
    case 7:
        freeze_storage(1 + chance(STORAGES));
        break;
    }
}

static void befall(void)
{
    if (chance(20) == 0)
        thaw_all();
    else if (chance(3) == 0)
        befall_libvirt();
    else
        befall_machine(chance((unsigned)fake.count));
}

static void open_chaos(unsigned readers)
{
    open_scene(24);
    settings->readers = readers;
    set("StoragePool", "pool");
    set("InactiveDomains", "true");
    set("InactiveInterval", "50");
    fake.pools = &a_pool;
    fake.pool_count = 1;
    unsigned step = 1 + chance(40);
    for (size_t i = 0; i < fake.count; i++) {
        fake.domains[i].uuid = 1 + ((unsigned)i * step) % 41;
        lay(i, 1 + chance(STORAGES), chance(2) ? 9 : 0);
    }
}

/* After whatever happened, two passes on all is as if nothing had, and nobody
 * is lost. */
static void check_recovery(unsigned epoch)
{
    slowness = 0;
    fake.silent = false;
    thaw_all();
    while (outstanding() > 0)
        wait_until(NULL, crew.now + 1);
    passes(2);
    for (size_t i = 0; i < fake.count; i++) {
        if (is_healthy(i) && !is_fresh(i))
            fail_msg("epoch %u: %s is not fresh", epoch, machines[i].name);
        /* Who is off, and who no longer is, shows with the next list of those.
         */
        if (!is_there(i) && find(i) != NULL && find(i)->id != DOMAIN_OFF)
            fail_msg("epoch %u: %s is a ghost", epoch, machines[i].name);
        if (is_there(i) && fake.domains[i].id != DOMAIN_OFF && find(i) == NULL)
            fail_msg("epoch %u: %s is lost", epoch, machines[i].name);
        if (said[i] == SAID_STUCK)
            fail_msg("epoch %u: %s is said to be stuck", epoch,
                     machines[i].name);
    }
    assert_int_equal(inventory->stalled, 0);
    assert_int_equal(outstanding(), 0);
    assert_false(said_silent);
}

static void chaos(unsigned readers, unsigned epochs)
{
    random_state = 4 + readers;
    open_chaos(readers);
    for (unsigned epoch = 0; epoch < epochs; epoch++) {
        line_count = 0;
        for (unsigned i = 0; i < 30; i++) {
            befall();
            pass();
        }
        check_recovery(epoch);
        /* One call for each reader, but for what is asked now and then. */
        unsigned started = crew.started;
        pass();
        assert_true(crew.started <= started + readers + 1);
    }
    assert_int_equal(crew.most, 3);
    close_scene();
}

static void whatever_happens(void **state)
{
    (void)state;
    for (unsigned readers = 1; readers <= READERS_MAX; readers++)
        chaos(readers, 150);
}

static bool is_on(size_t i, unsigned storage)
{
    char start_of_path[16];

    snprintf(start_of_path, sizeof(start_of_path), "'/%u/", storage);
    return is_there(i) && strstr(machines[i].xml, start_of_path) != NULL;
}

/* Any storage, and any of its domains that stays stuck when it is back: who
 * does not lie there misses one pass, and two where a call of the last one hung
 * on. */
static void any_outage_of_one_storage(void **state)
{
    (void)state;
    random_state = 7;
    for (unsigned round = 0; round < 400; round++) {
        unsigned readers = 1 + chance(2);
        open_chaos(readers);
        /* See an_outage_above_a_common_base_with_two_readers. */
        for (size_t i = 0; readers > 1 && i < fake.count; i++)
            lay(i, 1 + chance(STORAGES), 0);
        unsigned storage = 1 + chance(STORAGES);
        passes(2);
        freeze_storage(storage);
        pass();
        for (unsigned i = 0; i < 10; i++) {
            pass();
            for (size_t j = 0; j < fake.count; j++)
                if (!is_on(j, storage) && !is_fresh(j))
                    fail_msg("round %u: %s is not fresh", round,
                             machines[j].name);
        }
        size_t last = chance((unsigned)fake.count);
        for (size_t i = 0; i < fake.count; i++)
            if (i != last)
                thaw(i);
        passes(3);
        for (size_t i = 0; i < fake.count; i++)
            if (is_healthy(i) && !is_fresh(i))
                fail_msg("round %u: %s is not fresh although it was let go",
                         round, machines[i].name);
        check_recovery(round);
        assert_true(lost <= 3);
        close_scene();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_state_is_one_call_for_everybody),
        cmocka_unit_test(pass_ends_at_its_deadline),
        cmocka_unit_test(others_are_fresh_in_the_next_pass),
        cmocka_unit_test(one_among_sixty_on_the_same_storage),
        cmocka_unit_test(two_among_many_on_the_same_storage),
        cmocka_unit_test(two_are_stuck_and_others_are_elsewhere),
        cmocka_unit_test(stuck_domain_is_named_with_its_disks_and_storage),
        cmocka_unit_test(stale_time_grows_until_it_answers),
        cmocka_unit_test(each_time_it_gets_stuck_is_a_pair_of_lines),
        cmocka_unit_test(a_stuck_domain_costs_little),
        cmocka_unit_test(a_late_answer_is_not_reported),
        cmocka_unit_test(destroyed_while_stuck),
        cmocka_unit_test(destroyed_in_the_pass_that_it_hangs),
        cmocka_unit_test(suspects_outlive_the_culprit),
        cmocka_unit_test(started_anew_with_the_same_uuid),
        cmocka_unit_test(stuck_in_a_migration),
        cmocka_unit_test(each_run_gets_stuck),
        cmocka_unit_test(a_run_is_stuck_from_its_start),
        cmocka_unit_test(being_destroyed_while_stuck),
        cmocka_unit_test(twenty_of_twenty_five_on_one_mount),
        cmocka_unit_test(restarted_in_an_outage),
        cmocka_unit_test(an_outage_with_two_readers),
        cmocka_unit_test(restarted_in_an_outage_with_two_readers),
        cmocka_unit_test(an_outage_above_a_common_base),
        cmocka_unit_test(an_outage_above_a_common_base_with_two_readers),
        cmocka_unit_test(two_mounts_at_once),
        cmocka_unit_test(everybody_is_stuck),
        cmocka_unit_test(one_stays_stuck_after_the_outage),
        cmocka_unit_test(restarted_while_one_is_stuck),
        cmocka_unit_test(stale_time_of_one_that_never_answered),
        cmocka_unit_test(restarted_while_its_old_call_hangs),
        cmocka_unit_test(a_newcomer_is_stuck),
        cmocka_unit_test(libvirt_is_frozen),
        cmocka_unit_test(libvirt_is_frozen_from_the_start),
        cmocka_unit_test(libvirt_is_frozen_while_one_is_stuck),
        cmocka_unit_test(libvirt_is_restarted_while_a_call_hangs),
        cmocka_unit_test(libvirt_is_restarted_and_all_is_well),
        cmocka_unit_test(the_limit_is_told_once_and_lifted),
        cmocka_unit_test(a_slow_call_is_waited_for_and_used),
        cmocka_unit_test(a_call_that_is_a_bit_late_is_used),
        cmocka_unit_test(a_slow_call_beside_a_stuck_domain),
        cmocka_unit_test(a_slow_call_beside_a_fast_one),
        cmocka_unit_test(a_late_answer_forgets_nobody_who_is_off),
        cmocka_unit_test(domains_that_are_off_outlive_an_outage),
        cmocka_unit_test(one_that_was_off_is_started_in_an_outage),
        cmocka_unit_test(one_that_was_off_is_stuck_from_its_start),
        cmocka_unit_test(those_that_are_off_blind_nobody),
        cmocka_unit_test(pools_that_hang_hold_up_nobody),
        cmocka_unit_test(pools_are_not_asked_for_when_time_is_up),
        cmocka_unit_test(each_reader_asks_its_part),
        cmocka_unit_test(newcomers_are_asked_by_one_reader),
        cmocka_unit_test(one_reader_hangs_and_the_others_do_not),
        cmocka_unit_test(more_readers_than_lanes_that_are_free),
        cmocka_unit_test(a_domain_that_another_client_holds),
        cmocka_unit_test(a_domain_that_another_client_asks),
        cmocka_unit_test(a_domain_that_another_client_holds_is_not_blamed),
        cmocka_unit_test(a_domain_that_is_held_in_an_outage_is_not_blamed),
        cmocka_unit_test(a_domain_that_was_held_gets_stuck),
        cmocka_unit_test(an_old_answer_frees_nobody),
        cmocka_unit_test(a_pass_ends_when_all_is_to_end),
        cmocka_unit_test(any_outage_of_one_storage),
        cmocka_unit_test(whatever_happens),
    };

    return cmocka_run_group_tests_name("asker", tests, NULL, NULL) != 0;
}

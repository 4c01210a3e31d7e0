/* SPDX-License-Identifier: MIT
 *
 * The plugin through storms: domains hang and come back, connections break,
 * libvirtd stops, calls fail or are too large, domains come and go, mounts
 * hang. After each storm all must be as if nothing had happened.
 *
 *   soak [CYCLES]    SEED=NUMBER in the environment: another course of events
 *
 * Time is short here: Timeout is 20 ms. What is asked of the plugin is told in
 * passes, so that a slow machine or a sanitizer does not matter.
 */
#include "fake_images.h"
#include "fake_libvirt.h"
#include "rig.h"
#include "threads.h"
#include "vitals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DOMAINS 24
#define DISKS 2
#define LAYERS 3
#define STORES 6
#define TIMEOUT 0.02
#define STORM 40 /* cycles */

/* Passes that may go by until all is well after a storm: a try for each domain
 * that hung, one a pass, and some for the connection. */
#define RECOVERY 30

/* Passes until all but one that hangs are there. On a machine that has its time
 * to itself it is 1; a thread that gets none for 20 ms looks like one that
 * hangs. */
#define BLIND 5

static struct rig rig;
static uint64_t dice;
static bool hung[DOMAINS];
static bool runs[DOMAINS];
static bool frozen;
static unsigned long pass_count;
static double longest_pass;
static unsigned long longest_recovery;
static unsigned long longest_blind;

static size_t roll(size_t below)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (size_t)(dice >> 11) % below;
}

static bool chance(size_t of_thousand)
{
    return roll(1000) < of_thousand;
}

static void give_up(const char *what)
{
    fprintf(stderr, "FAILED after %lu passes: %s\n", pass_count, what);
    rig_log_show();
    exit(1);
}

static void rest(double seconds)
{
    const struct timespec time = {.tv_nsec = (long)(seconds * 1e9)};

    nanosleep(&time, NULL);
}

/* --- trouble ------------------------------------------------------------- */

static const struct inventory *told; /* by the last pass of a storm */

static void hang(size_t domain, bool hang)
{
    hung[domain] = hang;
    fake_hang(domain, hang);
}

static void run(size_t domain, bool run)
{
    runs[domain] = run;
    fake_run(domain, run);
}

static void hang_store(size_t store)
{
    for (size_t i = store; i < DOMAINS; i += STORES)
        hang(i, true);
}

static void release_all(void)
{
    for (size_t i = 0; i < DOMAINS; i++)
        hang(i, false);
    for (size_t i = 0; i < DOMAINS; i++)
        fake_hold(i, false);
}

static void freeze(bool freeze)
{
    frozen = freeze;
    fake_freeze(freeze);
}

static void make_trouble(void)
{
    size_t domain = roll(DOMAINS);

    if (chance(80))
        hang(domain, true);
    if (chance(120))
        hang(roll(DOMAINS), false);
    if (chance(15))
        hang_store(roll(STORES));
    if (chance(15))
        release_all();
    if (chance(60))
        run(domain, !runs[domain]);
    if (chance(10))
        fake_hold(domain, true);
    if (chance(25))
        fake_break((unsigned)roll(6));
    if (chance(10) || (frozen && chance(200)))
        freeze(!frozen);
    if (chance(30))
        fake_fail(1 + (unsigned)roll(4));
    if (chance(30))
        fake_bound(roll(DOMAINS) * DISKS * LAYERS);
    if (chance(30))
        fake_shuffle(roll(2) == 1);
    if (chance(30))
        fake_delay((unsigned)roll(500));
    if (chance(4))
        fake_images_hang(roll(STORES), true);
    if (chance(100))
        fake_images_hang(roll(STORES), false);
}

/* libvirt tells of something, true or not. */
static void make_noise(void)
{
    struct event event = {
        .kind = (enum event_kind)roll(EVENT_JOB + 1),
        .device = "vda",
        .threshold = roll(1 << 20),
        .paused = roll(2) == 1,
        .job = (enum job_kind)(JOB_COMMIT + roll(JOB_BACKUP)),
        .end = (enum job_end)roll(JOB_CANCELLED + 1),
    };

    if (told == NULL || told->count == 0)
        return;
    const struct domain *domain = told->domains[roll(told->count)];
    memcpy(event.uuid, domain->uuid, UUID_BYTES);
    if (domain->disk_count > 0)
        snprintf(event.device, sizeof(event.device), "%s",
                 event.kind == EVENT_IO_ERROR ? "virtio-disk0"
                                              : domain->disks[0].target);
    collector_hear(rig.collector, &event);
}

/* All that is wrong is put right; who runs, the order, the bound and the delay
 * remain as they are. */
static void calm_down(void)
{
    release_all();
    freeze(false);
    fake_break(0);
    fake_fail(0);
    fake_bound(roll(2) * DISKS * LAYERS * (1 + roll(DOMAINS)));
    for (size_t i = 0; i < STORES; i++)
        fake_images_hang(i, false);
}

/* --- passes -------------------------------------------------------------- */

static const struct inventory *pass(struct rig_counts *counts)
{
    double begin = threads_now();
    const struct inventory *inventory = rig_pass(&rig, counts);
    double seconds = threads_now() - begin;

    pass_count++;
    if (seconds > longest_pass)
        longest_pass = seconds;
    if (fake_tally().most > 3)
        give_up("more than 3 calls outstanding");
    return inventory;
}

static size_t count_running(void)
{
    size_t count = 0;

    for (size_t i = 0; i < DOMAINS; i++)
        count += runs[i];
    return count;
}

static bool is_all_well(const struct rig_counts *counts)
{
    size_t domains = count_running();

    return counts->domains == (double)domains &&
           counts->layers == (double)(domains * DISKS * LAYERS) &&
           counts->stalled == 0 &&
           counts->capacities == domains * DISKS * LAYERS;
}

/* Passes until all is well. */
static void recover(const char *what)
{
    struct rig_counts counts;
    unsigned long passes = 0;

    for (pass(&counts); !is_all_well(&counts); pass(&counts)) {
        rest(2 * TIMEOUT);
        if (++passes < RECOVERY)
            continue;
        fprintf(stderr,
                "domains %g of %zu, layers %g, stalled %g, capacities %zu\n",
                counts.domains, count_running(), counts.layers, counts.stalled,
                counts.capacities);
        give_up(what);
    }
    if (passes > longest_recovery)
        longest_recovery = passes;
}

/* How many domains are on other stores than that one. */
static size_t count_others(size_t stuck)
{
    size_t count = 0;

    for (size_t i = 0; i < DOMAINS; i++)
        count += runs[i] && i % STORES != stuck % STORES;
    return count;
}

/* One domain hangs, nothing else: those on other stores must be back in the
 * next pass, and the one counts as stalled. */
static void test_one(void)
{
    size_t stuck = roll(DOMAINS);
    size_t others = count_others(stuck) * DISKS * LAYERS;
    struct rig_counts counts;
    unsigned long passes = 0;

    if (!runs[stuck])
        return;
    fake_delay(0);
    hang(stuck, true);
    for (pass(&counts); counts.capacities < others || counts.stalled < 1;
         pass(&counts)) {
        rest(2 * TIMEOUT);
        if (++passes == BLIND)
            give_up("one domain that hangs blinds others, or is not counted");
    }
    if (counts.domains != (double)count_running())
        give_up("a domain that hangs is not counted as there");
    if (passes > longest_blind)
        longest_blind = passes;
    hang(stuck, false);
    recover("a domain that hung alone does not come back");
}

/* --- the soak ------------------------------------------------------------ */

static void check_vitals(const struct vitals *before)
{
    struct fake_tally tally = fake_tally();
    struct vitals now = vitals_take();

    if (tally.connections > LANES)
        give_up("more connections than lanes");
    if (now.threads != before->threads)
        give_up("there are more threads, or less");
    if (now.files != before->files)
        give_up("there are more open files, or less");
}

/* A call that nobody waits for any more may still be under way, or its answer
 * not be freed yet. */
static void wait_for_calls(void)
{
    for (int i = 0; i < 2000; i++) {
        struct fake_tally tally = fake_tally();
        if (tally.outstanding == 0 && tally.handles == 0 && tally.answers == 0)
            return;
        rest(0.005);
    }
    give_up("calls are still outstanding, or something of libvirt's was not "
            "freed");
}

static void storm(void)
{
    struct rig_counts counts;

    for (int i = 0; i < STORM; i++) {
        make_trouble();
        for (size_t j = roll(4); j > 0; j--)
            make_noise();
        if (chance(300))
            collector_attend(rig.collector);
        told = pass(&counts);
        rest((double)roll(3) / 1000);
    }
    told = NULL;
    calm_down();
    rig.settings->readers = 1 + (unsigned)roll(READERS_MAX);
    recover("domains are missing after a storm");
    test_one();
    wait_for_calls();
}

static void start(void)
{
    const struct fake_shape shape = {.domains = DOMAINS,
                                     .disks = DISKS,
                                     .layers = LAYERS,
                                     .stores = STORES,
                                     .folder = FAKE_IMAGES_FOLDER,
                                     .networked = 2,
                                     .pools = 2,
                                     .volumes = 3};
    char text[256];

    fake_start(&shape);
    for (size_t i = 0; i < DOMAINS; i++)
        runs[i] = true;
    rig_init(&rig);
    rig.settings->timeout = TIMEOUT;
    rig.settings->refresh_interval = 1;
    rig.settings->inactive_interval = 1;
    if (!settings_set(rig.settings, "StoragePool", "pool0", text,
                      sizeof(text)) ||
        !settings_set(rig.settings, "Volumes", "true", text, sizeof(text)))
        give_up(text);
    rig_start(&rig, &fake_images);
}

int main(int argc, char **argv)
{
    const char *seed = getenv("SEED");
    unsigned long cycles = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;

    dice = (seed != NULL ? strtoul(seed, NULL, 10) : 4) * 0x9e3779b97f4a7c15ull;
    dice += dice == 0;
    for (int i = 0; i < 10; i++)
        roll(2);
    start();
    printf("soak: %lu cycles, SEED=%s\n", cycles, seed != NULL ? seed : "4");
    recover("the first passes");
    struct vitals before = vitals_take();
    struct growth growth = {0};
    while (pass_count < cycles) {
        storm();
        check_vitals(&before);
        growth_add(&growth, pass_count, cycles);
    }
    if (growth_is_bad(&growth))
        give_up("memory grows");
    printf("soak: %lu passes, %lu lines of log, longest pass %.3f s, longest "
           "recovery %lu passes, longest blindness %lu, heap %zu to %zu KiB, "
           "%zu notices\n",
           pass_count, rig_log_count(), longest_pass, longest_recovery,
           longest_blind, growth.early / 1024, growth.late / 1024,
           rig_notices());
    if (!rig_end(&rig))
        give_up("something hangs at the end");
    if (fake_tally().connections != 0)
        give_up("a connection is left");
    fake_end();
    return 0;
}

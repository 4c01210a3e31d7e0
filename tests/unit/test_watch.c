/* SPDX-License-Identifier: MIT
 *
 * What is told, when, and that nothing is told twice: events by hand, passes
 * over a fake hypervisor.
 */
#include "scene.h"

#include "event.h"

#include <stdio.h>
#include <string.h>

#define MIB (1ull << 20)

/* The threshold that this program sets for a watermark: one that nobody else
 * would. */
#define OWN(mark) ((mark) + 173)

/* A disk of 100 MiB, thin on a device of 10 MiB, over a base on one of 8. */
static const char xml_thin[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/thin' index='2'/>"
           "<backingStore type='block' index='1'><format type='qcow2'/>"
           "<source dev='/dev/base'/><backingStore/></backingStore>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

/* What the hypervisor says of it; in MiB where not said otherwise. */
static struct {
    unsigned size, end, base_size, base_end;
    unsigned long long threshold, base_threshold; /* bytes */
    bool paused, suspended;
} thin;

static const char *thin_text(void)
{
    static char text[1024];

    snprintf(text, sizeof(text),
             "state.state=%d\nstate.reason=%d\nblock.count=2\n"
             "block.0.name=vda\nblock.0.path=/dev/thin\n"
             "block.0.backingIndex=2\nblock.0.capacity=104857600\n"
             "block.0.physical=%llu\nblock.0.allocation=%llu\n"
             "block.0.threshold=%llu\n"
             "block.1.name=vda\nblock.1.path=/dev/base\n"
             "block.1.backingIndex=1\nblock.1.capacity=104857600\n"
             "block.1.physical=%llu\nblock.1.allocation=%llu\n"
             "block.1.threshold=%llu\n",
             thin.paused || thin.suspended ? 3 : 1, thin.paused ? 5 : 1,
             thin.size * MIB, thin.end * MIB, thin.threshold,
             thin.base_size * MIB, thin.base_end * MIB, thin.base_threshold);
    return text;
}

static void show(void)
{
    fake_state(&fake.domains[0], thin_text());
}

static void reset(void)
{
    thin.size = 10;
    thin.end = 4;
    thin.base_size = 8;
    thin.base_end = 0;
    thin.threshold = thin.base_threshold = 0;
    thin.paused = thin.suspended = false;
}

static void open_thin(void)
{
    open_scene(1);
    reset();
    fake.domains[0].xml = xml_thin;
    show();
}

static const char xml_above_thin[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/top' index='3'/>"
           "<backingStore type='block' index='2'><format type='qcow2'/>"
           "<source dev='/dev/thin'/>"
           "<backingStore type='block' index='1'><format type='qcow2'/>"
           "<source dev='/dev/base'/><backingStore/></backingStore>"
           "</backingStore>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

/* The thin one holds 9 MiB by now. */
static void show_above_thin(bool paused)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "state.state=%d\nstate.reason=%d\nblock.count=3\n"
             "block.0.name=vda\nblock.0.path=/dev/top\n"
             "block.0.backingIndex=3\nblock.0.capacity=104857600\n"
             "block.0.physical=10485760\nblock.0.allocation=262144\n"
             "block.1.name=vda\nblock.1.path=/dev/thin\n"
             "block.1.backingIndex=2\nblock.1.capacity=104857600\n"
             "block.1.physical=10485760\nblock.1.allocation=9437184\n"
             "block.2.name=vda\nblock.2.path=/dev/base\n"
             "block.2.backingIndex=1\nblock.2.capacity=104857600\n"
             "block.2.physical=8388608\nblock.2.allocation=0\n",
             paused ? 3 : 1, paused ? 5 : 1);
    fake.domains[0].xml = xml_above_thin;
    fake_state(&fake.domains[0], text);
}

/* With a watermark at 2 MiB, and thresholds that are set. */
static void open_armed(void)
{
    open_thin();
    set("WatermarkFree", "2M");
    pass();
    thin.threshold = OWN(8 * MIB);
    thin.base_threshold = OWN(6 * MIB);
    show();
}

static struct event event_of(enum event_kind kind, const char *device)
{
    struct event event = {.kind = kind};

    event.uuid[UUID_BYTES - 1] = 1;
    snprintf(event.device, sizeof(event.device), "%s", device);
    return event;
}

/* By a write that ends 64 KiB behind the watermark. */
static void cross(const char *device, unsigned long long mark)
{
    struct event event = event_of(EVENT_THRESHOLD, device);

    event.threshold = OWN(mark);
    event.excess = mark + 65536 - event.threshold;
    hear(&event);
    /* The device may have grown since the last pass. */
    assert_true(attend());
}

static void fail_io(const char *reason, bool paused)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    snprintf(event.reason, sizeof(event.reason), "%s", reason);
    snprintf(event.path, sizeof(event.path), "/dev/thin");
    event.paused = paused;
    hear(&event);
    attend();
}

/* The return value is attend()'s. */
static bool happen(enum event_kind kind)
{
    struct event event = event_of(kind, "");

    hear(&event);
    return attend();
}

static void hear_of_job(enum job_kind job, enum job_end end)
{
    struct event event = event_of(EVENT_JOB, "vda");

    event.job = job;
    event.end = end;
    hear(&event);
}

static bool end_job(enum job_kind job, enum job_end end)
{
    hear_of_job(job, end);
    return attend();
}

static unsigned errands(enum errand_kind kind)
{
    return fake.errands[kind];
}

static void assert_told(size_t i, enum severity severity, const char *series,
                        const char *message)
{
    char name[4 * IDENTITY_SIZE];

    if (i >= told_count)
        fail_msg("no notice %zu: %s", i, message);
    snprintf(name, sizeof(name), "%s/%s/%s-%s", told[i].host,
             told[i].plugin_instance, told[i].type, told[i].type_instance);
    assert_string_equal(told[i].message, message);
    assert_string_equal(name, series);
    assert_int_equal(told[i].severity, severity);
}

#define LAYER0 "vm1/vda/disk_headroom-layer0"
#define LAYER1 "vm1/vda/disk_headroom-layer1"
#define ERRORS "vm1/vda/count-errors"
#define COMMIT "vm1/vda/block_job-commit"

#define OVER                                                                   \
    "vm1: vda layer0 (vda[2], /dev/thin) is over its watermark by 64.0 KiB: "  \
    "1.9 MiB of 10.0 MiB left"
#define NO_SPACE                                                               \
    "vm1 is paused: vda layer0 (vda[2], /dev/thin): no space left. Make "      \
    "room, then resume it"
#define RUNS_AGAIN                                                             \
    "vm1 runs again after the error of vda layer0 (vda[2], /dev/thin)"

/* --- thresholds ---------------------------------------------------------- */

/* Backing images, too: a commit may begin at any time. */
static void every_growing_layer_has_a_threshold(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 2);
    assert_string_equal(fake.threshold_target, "vda[1]");
    assert_true(fake.threshold == OWN(6 * MIB));
    assert_int_equal(told_count, 0);
    close_scene();
}

static void percent_is_of_the_device(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkPercent", "50");
    set("WatermarkFree", "1M");
    pass();
    /* 4 MiB, from whole bytes of a hundredth and whole sectors. */
    assert_true(fake.threshold == OWN(4 * MIB));
    close_scene();
}

static void nothing_is_set_without_a_watermark(void **state)
{
    (void)state;
    open_thin();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 0);
    close_scene();
}

static void nothing_is_set_or_told_without_notifications(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    set("Notifications", "false");
    thin.end = 9;
    thin.paused = true;
    show();
    pass();
    pass();
    fail_io("enospc", true);
    assert_int_equal(errands(ERRAND_THRESHOLD), 0);
    assert_int_equal(errands(ERRAND_ERRORS), 0);
    assert_int_equal(told_count, 0);
    close_scene();
}

static void a_threshold_that_stands_is_not_set_again(void **state)
{
    (void)state;
    open_armed();
    pass();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 2);
    /* libvirtd or the VM was started anew: it is gone. */
    thin.threshold = 0;
    show();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 3);
    close_scene();
}

static void a_device_that_has_grown_has_another(void **state)
{
    (void)state;
    open_armed();
    thin.size = 20;
    show();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 3);
    assert_string_equal(fake.threshold_target, "vda[2]");
    assert_true(fake.threshold == OWN(18 * MIB));
    close_scene();
}

/* oVirt sets its own. */
static void those_of_others_are_left_alone(void **state)
{
    struct event event = event_of(EVENT_THRESHOLD, "vda[2]");

    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    thin.threshold = thin.base_threshold = 5 * MIB;
    show();
    pass();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 0);
    assert_int_equal(fake_log_count(), 1);
    assert_string_equal(fake_log_last(),
                        "domain \"vm1\": the threshold of vda[2] is somebody "
                        "else's, and stays");
    event.threshold = 9 * MIB;
    event.excess = 65536;
    hear(&event);
    attend();
    assert_int_equal(told_count, 0);
    set("WatermarkReplace", "true");
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 2);
    close_scene();
}

/* It could not be set: what stands is still this program's. */
static void what_could_not_be_set_is_tried_again(void **state)
{
    (void)state;
    open_armed();
    thin.size = 20;
    show();
    fake.errands_silent = true;
    pass();
    pass();
    fake.errands_silent = false;
    assert_int_equal(errands(ERRAND_THRESHOLD), 4);
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 5);
    assert_true(fake.threshold == OWN(18 * MIB));
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* It was started anew; with another watermark, as for the base, they are set
 * again. */
static void its_own_are_known_again(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    thin.threshold = OWN(8 * MIB);
    thin.base_threshold = OWN(7 * MIB);
    show();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 1);
    assert_string_equal(fake.threshold_target, "vda[1]");
    assert_true(fake.threshold == OWN(6 * MIB));
    assert_int_equal(fake_log_count(), 0);
    cross("vda[2]", 8 * MIB);
    assert_int_equal(told_count, 1);
    close_scene();
}

/* The chain has changed since the last pass: it is not that layer's. */
static void a_crossing_elsewhere_is_left_to_a_pass(void **state)
{
    struct event event = event_of(EVENT_THRESHOLD, "vda");

    (void)state;
    open_armed();
    event.threshold = OWN(8 * MIB);
    event.excess = 65536;
    snprintf(event.path, sizeof(event.path), "/dev/base");
    hear(&event);
    assert_true(attend());
    assert_int_equal(told_count, 0);
    close_scene();
}

/* Somebody else was asking the machine in the last pass. */
static void one_that_was_busy_is_told_of(void **state)
{
    (void)state;
    open_armed();
    fake_state(&fake.domains[0],
               "state.state=1\nstate.reason=1\nblock.count=2\n"
               "block.0.name=vda\nblock.0.path=/dev/thin\n"
               "block.0.backingIndex=2\n"
               "block.1.name=vda\nblock.1.path=/dev/base\n"
               "block.1.backingIndex=1\n");
    pass();
    cross("vda[2]", 8 * MIB);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, LAYER0, OVER);
    close_scene();
}

/* That of an earlier watermark, met before it could be set anew. */
static void an_old_one_tells_only_what_is_over(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    pass();
    cross("vda[2]", 5 * MIB);
    assert_int_equal(told_count, 0);
    close_scene();
}

static void who_may_not_write_sets_none(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    fake.readonly = true;
    pass();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 0);
    /* What is over is told all the same. */
    thin.end = 9;
    show();
    pass();
    assert_int_equal(told_count, 1);
    close_scene();
}

/* There is more to do than a pass has room for. */
static void everybody_has_his_turn(void **state)
{
    enum { DOMAINS = 250 };

    (void)state;
    open_scene(DOMAINS);
    reset();
    set("WatermarkFree", "2M");
    for (unsigned i = 0; i < DOMAINS; i++) {
        fake.domains[i].xml = xml_thin;
        fake_state(&fake.domains[i], thin_text());
    }
    fake.errands_silent = true;
    pass();
    /* Questions come first. */
    assert_int_equal(errands(ERRAND_JOB), DOMAINS);
    assert_in_range(errands(ERRAND_THRESHOLD), 200, 2 * DOMAINS - 1);
    pass();
    for (unsigned i = 0; i < DOMAINS; i++)
        assert_in_range(fake.domains[i].thresholds, 1, 4);
    close_scene();
}

/* There is more to do than there is time for: a call takes longer than all of
 * a pass may. */
static void everybody_has_his_turn_on_a_slow_connection(void **state)
{
    const struct inventory *inventory = NULL;
    bool asked[2] = {false};

    (void)state;
    open_scene(2);
    reset();
    set("WatermarkFree", "2M");
    fake.errand_time = 1001000;
    for (unsigned i = 0; i < 2; i++) {
        fake.domains[i].xml = xml_thin;
        fake_state(&fake.domains[i], thin_text());
        fake.domains[i].job =
            (struct job){JOB_COMMIT, 10 * MIB, 100 * MIB, true};
    }
    for (unsigned i = 0; i < 4; i++) {
        inventory = pass();
        for (unsigned j = 0; j < 2; j++)
            asked[j] = asked[j] || inventory->domains[j]->disks[0].job_fresh;
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_true(asked[i]);
        assert_true(fake.domains[i].thresholds > 0);
    }
    close_scene();
}

static void a_refusal_is_one_line(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    fake.refusal = "not supported";
    for (unsigned i = 0; i < REFRESH / 10; i++)
        pass();
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_string_equal(fake_log_last(),
                        "domain \"vm1\": no threshold for vda[2]: not "
                        "supported");
    assert_int_equal(errands(ERRAND_THRESHOLD), 2);
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 4);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* --- watermarks ---------------------------------------------------------- */

static void a_crossing_is_told_once(void **state)
{
    (void)state;
    open_armed();
    cross("vda", 8 * MIB);
    cross("vda[2]", 8 * MIB);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, LAYER0, OVER);
    assert_string_equal(told[0].path, "/dev/thin");
    assert_string_equal(told[0].format, "qcow2");
    assert_int_equal(told[0].index, 2);
    assert_true(told[0].left == 2 * MIB - 65536);
    /* What was written may not show yet; nor is it to be set again. */
    thin.threshold = 0;
    show();
    pass();
    thin.end = 9;
    show();
    pass();
    assert_int_equal(told_count, 1);
    assert_int_equal(errands(ERRAND_THRESHOLD), 2);
    close_scene();
}

static void room_ends_it(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    thin.threshold = 0;
    thin.end = 9;
    thin.size = 20;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, LAYER0,
                "vm1: vda layer0 (vda[2], /dev/thin) has room again: 11.0 MiB "
                "of 20.0 MiB left");
    /* In the same pass. */
    assert_true(fake.threshold == OWN(18 * MIB));
    pass();
    assert_int_equal(told_count, 2);
    close_scene();
}

static void too_little_room_does_not(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    thin.end = 10;
    thin.size = 11;
    show();
    pass();
    assert_int_equal(told_count, 1);
    close_scene();
}

/* A threshold would never tell of what is written already. */
static void what_is_written_already_is_told_by_a_pass(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    thin.end = 9;
    show();
    pass();
    thin.base_threshold = 6 * MIB;
    show();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 1);
    assert_string_equal(fake.threshold_target, "vda[1]");
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, LAYER0,
                "vm1: vda layer0 (vda[2], /dev/thin) is over its watermark by "
                "1.0 MiB: 1.0 MiB of 10.0 MiB left");
    close_scene();
}

/* 100 MiB can't outgrow 120. */
static void a_device_at_its_final_size_is_quiet(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "119M");
    thin.size = 120;
    thin.base_size = 120;
    show();
    pass();
    assert_int_equal(errands(ERRAND_THRESHOLD), 0);
    assert_int_equal(told_count, 0);
    close_scene();
}

static void growing_to_the_final_size_ends_it(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    thin.size = 120;
    thin.end = 119;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_OKAY);
    close_scene();
}

/* A commit has begun since the last pass. */
static void the_target_of_a_commit_is_told_by_its_event(void **state)
{
    (void)state;
    open_armed();
    cross("vda[1]", 6 * MIB);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, LAYER1,
                "vm1: vda layer1 (vda[1], /dev/base) is over its watermark by "
                "64.0 KiB: 1.9 MiB of 8.0 MiB left");
    close_scene();
}

/* A base that nobody writes to may be as full as it likes. */
static void hear_of_base(void)
{
    struct event event = event_of(EVENT_THRESHOLD, "vda[1]");

    event.threshold = OWN(6 * MIB);
    event.excess = 6 * MIB + 65536 - event.threshold;
    hear(&event);
}

/* The commit has just begun: it does not show in the figures of that pass. */
static void a_crossing_within_a_pass_is_told_once(void **state)
{
    (void)state;
    open_armed();
    crew.tick = 0.001;
    crew.meanwhile = hear_of_base;
    pass();
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_WARNING);
    close_scene();
}

static void who_is_not_written_is_not_told_of(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    thin.base_end = 8;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 0);
    close_scene();
}

/* --- I/O errors ---------------------------------------------------------- */

static void a_pause_is_told_at_once_and_once(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", true);
    fail_io("enospc", true);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    assert_true(told[0].left == 0);
    thin.paused = true;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_int_equal(errands(ERRAND_ERRORS), 0);
    assert_false(happen(EVENT_RESUMED));
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, ERRORS, RUNS_AGAIN);
    assert_true(told[1].left == SIZE_UNKNOWN);
    close_scene();
}

static void other_errors_have_their_reason(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("", true);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 is paused: vda layer0 (vda[2], /dev/thin) or an image "
                "below it: I/O error");
    thin.paused = true;
    show();
    assert_int_equal(pass()->domains[0]->disks[0].errors, 1);
    happen(EVENT_RESUMED);
    thin.paused = false;
    show();
    assert_int_equal(pass()->domains[0]->disks[0].errors, 0);
    fail_io("too hot", true);
    assert_told(2, SEVERITY_FAILURE, ERRORS,
                "vm1 is paused: vda layer0 (vda[2], /dev/thin) or an image "
                "below it: too hot");
    close_scene();
}

/* The event of its resumption was lost. */
static void a_pass_finds_it_running(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", true);
    thin.paused = true;
    show();
    pass();
    thin.paused = false;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, ERRORS, RUNS_AGAIN);
    close_scene();
}

/* Somebody has suspended it: it is paused, but no longer for the error. */
static void suspended_is_not_running(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", true);
    thin.suspended = true;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    thin.suspended = false;
    show();
    pass();
    assert_int_equal(told_count, 2);
    close_scene();
}

static void a_pass_finds_it_paused(void **state)
{
    (void)state;
    open_thin();
    thin.paused = true;
    show();
    fake.domains[0].error = (struct disk_error){"vda", true};
    pass();
    pass();
    assert_int_equal(errands(ERRAND_ERRORS), 1);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    close_scene();
}

static void nobody_may_know_of_which_disk(void **state)
{
    (void)state;
    open_thin();
    thin.paused = true;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(
        0, SEVERITY_FAILURE, "vm1//count-errors",
        "vm1 is paused by an I/O error, and libvirt does not say of which "
        "disk");
    happen(EVENT_RESUMED);
    assert_told(1, SEVERITY_OKAY, "vm1//count-errors", "vm1 runs again");
    close_scene();
}

/* Device grown, machine not resumed: it is still paused. */
static void room_alone_ends_no_pause(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    fail_io("enospc", true);
    thin.paused = true;
    thin.size = 20;
    thin.end = 10;
    thin.threshold = 0;
    show();
    assert_int_equal(pass()->domains[0]->disks[0].errors, 1);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[2].severity, SEVERITY_OKAY);
    assert_string_equal(told[2].type, "disk_headroom");
    pass();
    assert_int_equal(told_count, 3);
    close_scene();
}

/* The image was copied to where there is room, and the copy took its place. */
static void nor_does_another_image(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", true);
    fake.domains[0].xml =
        DOMAIN("<disk type='block'><driver type='qcow2'/>"
               "<source dev='/dev/wide' index='3'/><backingStore/>"
               "<target dev='vda'/><alias name='virtio-disk0'/></disk>");
    fake_state(&fake.domains[0],
               "state.state=3\nstate.reason=5\nblock.count=1\n"
               "block.0.name=vda\nblock.0.path=/dev/wide\n"
               "block.0.backingIndex=3\nblock.0.capacity=104857600\n"
               "block.0.physical=104857600\nblock.0.allocation=3145728\n");
    fake.domains[0].error = (struct disk_error){"vda", true};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pass()->domains[0]->disks[0].errors, 1);
    assert_int_equal(told_count, 1);
    happen(EVENT_RESUMED);
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, ERRORS, RUNS_AGAIN);
    close_scene();
}

/* libvirt knows of a disk that the user has left out. */
static void a_disk_that_is_left_out_has_its_name(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk7");

    (void)state;
    open_thin();
    pass();
    event.paused = true;
    hear(&event);
    assert_true(attend());
    thin.paused = true;
    show();
    fake.domains[0].error = (struct disk_error){"vdc", true};
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, "vm1//count-errors",
                "vm1 is paused: vdc (not reported here): no space left. Make "
                "room, then resume it");
    close_scene();
}

/* A snapshot was taken since the last pass: the error is of its overlay. */
static void an_overlay_that_is_new_is_not_mistaken(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    (void)state;
    for (unsigned paused = 0; paused < 2; paused++) {
        open_thin();
        pass();
        snprintf(event.path, sizeof(event.path), "/dev/top");
        event.paused = paused;
        hear(&event);
        assert_true(attend());
        assert_int_equal(told_count, 0);
        show_above_thin(paused);
        fake.domains[0].error = (struct disk_error){"vda", false};
        pass();
        pass();
        assert_int_equal(told_count, 1);
        assert_string_equal(told[0].path, "/dev/top");
        assert_int_equal(told[0].index, 3);
        assert_told(0, SEVERITY_FAILURE, ERRORS,
                    paused ? "vm1 is paused: vda layer0 (vda[3], /dev/top) or "
                             "an image below it: I/O error"
                           : "vm1 runs on, but its guest was told: vda layer0 "
                             "(vda[3], /dev/top) or an image below it: I/O "
                             "error");
        close_scene();
    }
}

/* A guest that was told of an error is no pause. */
static void a_pause_is_told_beside_an_error_that_was_reported(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("too hot", false);
    fail_io("enospc", true);
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    happen(EVENT_RESUMED);
    assert_int_equal(told_count, 3);
    assert_told(2, SEVERITY_OKAY, ERRORS, RUNS_AGAIN);
    close_scene();
}

static void hear_of_a_pause(void)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    strcpy(event.reason, "enospc");
    strcpy(event.path, "/dev/thin");
    event.paused = true;
    hear(&event);
}

/* The machine was paused after the figures of that pass were taken. */
static void an_older_error_ends_no_pause(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("", false);
    crew.tick = 0.001;
    crew.meanwhile = hear_of_a_pause;
    pass();
    thin.paused = true;
    show();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    close_scene();
}

static void nor_does_one_hide_a_pause_that_nobody_told_of(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("too hot", false);
    thin.paused = true;
    show();
    fake.domains[0].error = (struct disk_error){"vda", true};
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    close_scene();
}

/* libvirt does not say why; the figures of the next pass do. */
static void a_reported_error_is_explained(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("", false);
    fail_io("", false);
    assert_int_equal(told_count, 0);
    thin.end = 11;
    show();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 runs on, but its guest was told: vda layer0 (vda[2], "
                "/dev/thin): no space left");
    fail_io("", false);
    pass();
    assert_int_equal(told_count, 1);
    close_scene();
}

/* An answer that comes late is older than the error. */
static void not_by_figures_of_before(void **state)
{
    (void)state;
    open_thin();
    pass();
    crew.slow = true;
    pass();
    fail_io("", false);
    thin.end = 11;
    show();
    fake_crew_thaw(&crew);
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 runs on, but its guest was told: vda layer0 (vda[2], "
                "/dev/thin): no space left");
    close_scene();
}

static void or_it_is_not(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("", false);
    fake.silent = true;
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 runs on, but its guest was told: vda layer0 (vda[2], "
                "/dev/thin) or an image below it: I/O error");
    close_scene();
}

/* error_policy='ignore': the write is lost, and nobody else tells. */
static void a_guest_may_not_know(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    (void)state;
    open_thin();
    pass();
    event.ignored = true;
    hear(&event);
    attend();
    thin.end = 11;
    show();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 runs on, its guest was not told and data are lost: vda "
                "layer0 (vda[2], /dev/thin): no space left");
    close_scene();
}

/* werror=report */
static void a_guest_that_runs_on_is_told_of_once_a_minute(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", false);
    fail_io("enospc", false);
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 runs on, but its guest was told: vda layer0 (vda[2], "
                "/dev/thin): no space left");
    for (unsigned i = 0; i < 6; i++)
        pass();
    fail_io("enospc", false);
    assert_int_equal(told_count, 1);
    for (unsigned i = 0; i < 8; i++)
        pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, ERRORS,
                "vm1: no more errors of vda layer0 (vda[2], /dev/thin) for 60 "
                "seconds");
    close_scene();
}

/* --- several things under the same names --------------------------------- */

static void all_is_well_when_the_last_has_ended(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    (void)state;
    open_thin();
    pass();
    fail_io("too hot", false);
    snprintf(event.path, sizeof(event.path), "/dev/base");
    event.paused = true;
    hear(&event);
    attend();
    assert_int_equal(told_count, 2);
    assert_int_equal(pass()->domains[0]->disks[0].errors, 2);
    happen(EVENT_RESUMED);
    assert_int_equal(told_count, 2);
    for (unsigned i = 0; i < 8; i++)
        pass();
    assert_int_equal(told_count, 3);
    assert_int_equal(told[2].severity, SEVERITY_OKAY);
    close_scene();
}

/* Who has resumed it has made room, as a rule: that is told soon. */
static void a_pass_follows_where_a_watermark_stands(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    fail_io("enospc", true);
    assert_true(happen(EVENT_RESUMED));
    assert_int_equal(told_count, 3);
    pass();
    assert_int_equal(told_count, 3);
    close_scene();
}

static void a_domain_that_stops_ends_all(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    fail_io("enospc", true);
    happen(EVENT_STOPPED);
    assert_int_equal(told_count, 4);
    assert_told(2, SEVERITY_OKAY, ERRORS, "vm1 does not run here any more");
    assert_told(3, SEVERITY_OKAY, LAYER0, "vm1 does not run here any more");
    close_scene();
}

/* Its event comes while the pass still waits for something. */
static void one_that_stops_in_a_pass_is_over(void **state)
{
    struct event event = event_of(EVENT_STOPPED, "");

    (void)state;
    open_armed();
    thin.end = 9;
    thin.base_end = 1;
    show();
    crew.late = true;
    hear(&event);
    pass();
    assert_int_equal(told_count, 0);
    crew.late = false;
    fake_crew_thaw(&crew);
    close_scene();
}

static void so_does_one_that_is_gone_without_a_word(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    fake.domains[0].name = NULL;
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, LAYER0, "vm1 does not run here any more");
    close_scene();
}

/* libvirtd does not answer: that says nothing of the domain. */
static void silence_ends_nothing(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    fake.silent = true;
    pass();
    pass();
    assert_int_equal(told_count, 1);
    close_scene();
}

/* libvirt gives ids anew: the events of its end and its start were lost. */
static void another_run_begins_without_alarms(void **state)
{
    (void)state;
    open_armed();
    cross("vda[2]", 8 * MIB);
    end_job(JOB_COMMIT, JOB_FAILED);
    fake.domains[0].id++;
    thin.threshold = thin.base_threshold = 0;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, LAYER0, "vm1 does not run here any more");
    assert_int_equal(errands(ERRAND_THRESHOLD), 4);
    pass();
    assert_int_equal(told_count, 2);
    close_scene();
}

static void run_again(bool paused)
{
    fake.domains[0].id++;
    thin.paused = paused;
    show();
    fake.domains[0].error = (struct disk_error){"vda", true};
}

/* Between two passes it was stopped and started, and its disk is still full. */
static void an_error_of_the_next_run_is_told_once(void **state)
{
    (void)state;
    open_thin();
    pass();
    happen(EVENT_STOPPED);
    happen(EVENT_STARTED);
    fail_io("enospc", true);
    run_again(true);
    for (unsigned i = 0; i < 3; i++)
        pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    happen(EVENT_RESUMED);
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, ERRORS, RUNS_AGAIN);
    close_scene();
}

/* Of which libvirt does not tell again. */
static void so_is_one_that_its_guest_was_told_of(void **state)
{
    (void)state;
    open_thin();
    pass();
    happen(EVENT_STOPPED);
    happen(EVENT_STARTED);
    fail_io("", false);
    run_again(false);
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_FAILURE);
    close_scene();
}

/* Of the run before it is over with that. */
static void what_a_run_left_is_over_with_it(void **state)
{
    (void)state;
    open_thin();
    pass();
    happen(EVENT_STOPPED);
    happen(EVENT_STARTED);
    fail_io("enospc", true);
    happen(EVENT_STOPPED);
    happen(EVENT_STARTED);
    run_again(false);
    pass();
    pass();
    assert_int_equal(told_count, 0);
    close_scene();
}

/* No pass has seen it yet. */
static void an_error_of_a_new_one_is_told(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    (void)state;
    open_scene(2);
    reset();
    fake.domains[1].name = NULL;
    pass();
    event.uuid[UUID_BYTES - 1] = 2;
    snprintf(event.reason, sizeof(event.reason), "enospc");
    event.paused = true;
    hear(&event);
    assert_true(attend());
    fake.domains[1].name = "vm2";
    fake.domains[1].xml = xml_thin;
    thin.paused = true;
    fake_state(&fake.domains[1], thin_text());
    pass();
    assert_int_equal(errands(ERRAND_ERRORS), 0);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_FAILURE);
    assert_string_equal(told[0].host, "vm2");
    close_scene();
}

static void so_is_one_of_one_that_was_off(void **state)
{
    (void)state;
    open_thin();
    set("InactiveDomains", "true");
    fake.domains[0].id = DOMAIN_OFF;
    pass();
    happen(EVENT_STARTED);
    fail_io("enospc", true);
    assert_int_equal(told_count, 0);
    fake.domains[0].id = 7;
    thin.paused = true;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    close_scene();
}

/* It is to be armed, known or not. */
static void one_that_starts_calls_for_a_pass(void **state)
{
    struct event event = event_of(EVENT_STARTED, "");

    (void)state;
    open_thin();
    pass();
    assert_true(happen(EVENT_STARTED));
    pass();
    assert_false(attend());
    event.uuid[UUID_BYTES - 1] = 99;
    hear(&event);
    assert_true(attend());
    close_scene();
}

static void strangers_are_ignored(void **state)
{
    struct event event = event_of(EVENT_IO_ERROR, "virtio-disk0");

    (void)state;
    open_thin();
    pass();
    event.uuid[UUID_BYTES - 1] = 99;
    hear(&event);
    event = event_of(EVENT_IO_ERROR, "virtio-disk7");
    hear(&event);
    event = event_of(EVENT_THRESHOLD, "vdz[3]");
    event.threshold = 4096;
    hear(&event);
    event = event_of(EVENT_JOB, "vdz");
    event.job = JOB_COMMIT;
    hear(&event);
    assert_false(attend());
    assert_int_equal(told_count, 0);
    close_scene();
}

/* --- block jobs ---------------------------------------------------------- */

/* A commit into the base, of which there is a sign: it is being written. */
static void open_commit(void)
{
    open_thin();
    thin.base_end = 1;
    show();
    pass();
    fake.domains[0].job = (struct job){JOB_COMMIT, 10 * MIB, 100 * MIB, true};
    thin.base_end = 2;
    show();
}

static void jobs_are_asked_for_where_there_is_a_sign(void **state)
{
    const struct inventory *inventory;

    (void)state;
    open_thin();
    pass();
    assert_int_equal(errands(ERRAND_JOB), 1);
    pass();
    assert_int_equal(errands(ERRAND_JOB), 1);
    thin.base_end = 1;
    show();
    fake.domains[0].job = (struct job){JOB_COMMIT, 10 * MIB, 100 * MIB, true};
    inventory = pass();
    assert_int_equal(errands(ERRAND_JOB), 2);
    const struct disk *disk = &inventory->domains[0]->disks[0];
    assert_true(disk->job_fresh);
    assert_int_equal(disk->job.kind, JOB_COMMIT);
    /* No more than the active layer holds. */
    assert_true(disk->job_left == 4 * MIB);
    pass();
    assert_int_equal(errands(ERRAND_JOB), 3);
    close_scene();
}

static void jobs_are_not_asked_for_when_not_wanted(void **state)
{
    (void)state;
    open_thin();
    set("BlockJobs", "false");
    pass();
    assert_int_equal(errands(ERRAND_JOB), 0);
    close_scene();
}

static void a_job_that_will_not_fit_is_told_of_in_time(void **state)
{
    (void)state;
    open_commit();
    thin.end = 9;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, COMMIT,
                "vm1: the commit of vda may not fit: up to 9.0 MiB to write, "
                "6.0 MiB left for vda layer1 (vda[1], /dev/base)");
    thin.base_size = 20;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, COMMIT,
                "vm1: the commit of vda fits now: 18.0 MiB left for vda layer1 "
                "(vda[1], /dev/base)");
    close_scene();
}

static void a_job_that_is_complete_is_told_of(void **state)
{
    (void)state;
    open_commit();
    pass();
    /* The chain is another one now. */
    assert_true(end_job(JOB_COMMIT, JOB_COMPLETED));
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_OKAY, COMMIT, "vm1: the commit of vda is complete");
    close_scene();
}

static void one_that_was_cancelled_too(void **state)
{
    (void)state;
    open_commit();
    pass();
    assert_false(end_job(JOB_COMMIT, JOB_CANCELLED));
    assert_told(0, SEVERITY_OKAY, COMMIT,
                "vm1: the commit of vda was cancelled");
    close_scene();
}

/* Its end comes behind the answer, in the same pass. */
static void a_job_that_is_over_has_no_progress(void **state)
{
    (void)state;
    open_commit();
    const struct disk *disk = &pass()->domains[0]->disks[0];
    assert_true(disk->job_fresh);
    end_job(JOB_COMMIT, JOB_COMPLETED);
    assert_false(disk->job_fresh);
    close_scene();
}

/* What is in the target already need not be written once more. */
static void a_job_that_fits_is_not_told_of(void **state)
{
    (void)state;
    open_commit();
    thin.end = 4;
    thin.base_size = 8;
    thin.base_end = 2;
    show();
    pass();
    /* 3 of 4 MiB are copied, and 3 MiB are left for the fourth. */
    thin.base_end = 5;
    show();
    assert_true(pass()->domains[0]->disks[0].job_left == 1 * MIB);
    assert_int_equal(told_count, 0);
    close_scene();
}

/* Its question got no answer: there may be one all the same. */
static void a_job_is_asked_for_until_there_is_an_answer(void **state)
{
    (void)state;
    open_thin();
    fake.errands_silent = true;
    pass();
    pass();
    assert_int_equal(errands(ERRAND_JOB), 2);
    fake.errands_silent = false;
    pass();
    pass();
    assert_int_equal(errands(ERRAND_JOB), 3);
    close_scene();
}

/* A copy to a device of 1 MiB, of which 512 KiB are free. */
static void open_copy(void)
{
    open_thin();
    fake.domains[0].xml =
        DOMAIN("<disk type='block'><driver type='qcow2'/>"
               "<source dev='/dev/thin' index='2'/><backingStore/>"
               "<mirror type='block' job='copy'><format type='qcow2'/>"
               "<source dev='/dev/small' index='5'/></mirror>"
               "<target dev='vda'/><alias name='virtio-disk0'/></disk>");
    fake.domains[0].job = (struct job){JOB_COPY, 1 * MIB, 4 * MIB, false};
    fake_state(&fake.domains[0],
               "state.state=1\nblock.count=2\nblock.0.name=vda\n"
               "block.0.path=/dev/thin\nblock.0.backingIndex=2\n"
               "block.0.capacity=104857600\nblock.0.physical=10485760\n"
               "block.0.allocation=4194304\nblock.1.name=vda\n"
               "block.1.path=/dev/small\nblock.1.backingIndex=5\n"
               "block.1.capacity=104857600\nblock.1.physical=1048576\n"
               "block.1.allocation=524288\n");
    pass();
}

/* Its destination is gone by the time of the next pass. */
static void a_copy_that_failed_tells_of_its_destination(void **state)
{
    (void)state;
    open_copy();
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_WARNING);
    assert_true(end_job(JOB_COPY, JOB_FAILED));
    fake.domains[0].xml = xml_thin;
    fake.domains[0].job.kind = JOB_NONE;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_FAILURE, "vm1/vda/block_job-copy",
                "vm1: the copy of vda has failed, and may not have fit: up to "
                "3.0 MiB to write, 512.0 KiB left for vda mirror (vda[5], "
                "/dev/small)");
    assert_string_equal(told[1].path, "/dev/small");
    assert_int_equal(told[1].index, 5);
    pass();
    assert_int_equal(told_count, 2);
    close_scene();
}

/* The same, but the pass has come before the event. */
static void even_if_it_is_gone_already(void **state)
{
    (void)state;
    open_copy();
    fake.domains[0].xml = xml_thin;
    show();
    pass();
    assert_int_equal(told_count, 1);
    assert_true(end_job(JOB_COPY, JOB_FAILED));
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    assert_int_equal(told_count, 2);
    assert_string_equal(told[1].path, "/dev/small");
    close_scene();
}

static void fail_copy(void)
{
    hear_of_job(JOB_COPY, JOB_FAILED);
}

/* Whoever copies has tried again before the pass is over in which it failed. */
static void a_copy_that_is_tried_again_at_once(void **state)
{
    (void)state;
    open_copy();
    crew.tick = 0.001;
    crew.meanwhile = fail_copy;
    pass();
    fake.domains[0].job.done = 4 * MIB;
    pass();
    pass();
    assert_true(told_count >= 3);
    assert_int_equal(told[1].severity, SEVERITY_FAILURE);
    assert_told(told_count - 1, SEVERITY_OKAY, "vm1/vda/block_job-copy",
                "vm1: the copy of vda runs again");
    close_scene();
}

static void each_failure_is_told(void **state)
{
    (void)state;
    open_commit();
    thin.base_end = 8;
    thin.base_size = 20;
    show();
    pass();
    end_job(JOB_COMMIT, JOB_FAILED);
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    assert_int_equal(told_count, 1);
    /* It is so short that no pass sees it. */
    end_job(JOB_COMMIT, JOB_FAILED);
    pass();
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_FAILURE);
    /* And now one does, though it writes no further than the one before. */
    fake.domains[0].job = (struct job){JOB_COMMIT, 10 * MIB, 100 * MIB, true};
    assert_true(pass()->domains[0]->disks[0].job_left == 4 * MIB);
    assert_int_equal(told_count, 3);
    assert_told(2, SEVERITY_OKAY, COMMIT, "vm1: the commit of vda runs again");
    end_job(JOB_COMMIT, JOB_FAILED);
    pass();
    assert_int_equal(told_count, 4);
    assert_int_equal(told[3].severity, SEVERITY_FAILURE);
    close_scene();
}

/* It was tried again so soon that no pass came between. */
static void a_failure_that_is_made_good_is_not_told(void **state)
{
    (void)state;
    open_commit();
    pass();
    end_job(JOB_COMMIT, JOB_FAILED);
    fake.domains[0].job.kind = JOB_NONE;
    end_job(JOB_COMMIT, JOB_COMPLETED);
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_OKAY);
    close_scene();
}

/* What is written to the base from then on is another job's. */
static void a_job_that_is_over_writes_no_more(void **state)
{
    (void)state;
    open_commit();
    set("WatermarkFree", "2M");
    thin.base_end = 7;
    show();
    assert_true(layer_of(pass(), 0, 1)->written);
    /* Nor does it fit. */
    assert_int_equal(told_count, 2);
    fake.domains[0].job.kind = JOB_NONE;
    end_job(JOB_COMMIT, JOB_CANCELLED);
    assert_int_equal(told_count, 3);
    assert_false(layer_of(pass(), 0, 1)->written);
    assert_int_equal(told_count, 4);
    assert_told(3, SEVERITY_OKAY, LAYER1,
                "vm1: nobody writes to vda layer1 (vda[1], /dev/base) any "
                "more");
    close_scene();
}

/* The figures of the next pass tell why. */
static void a_job_that_has_failed_has_its_reason(void **state)
{
    (void)state;
    open_commit();
    pass();
    assert_true(end_job(JOB_COMMIT, JOB_FAILED));
    assert_int_equal(told_count, 0);
    thin.base_end = 9;
    show();
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, COMMIT,
                "vm1: the commit of vda has failed: no space left. 0 bytes "
                "left for vda layer1 (vda[1], /dev/base)");
    pass();
    pass();
    assert_int_equal(told_count, 1);
    end_job(JOB_COMMIT, JOB_COMPLETED);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_OKAY);
    close_scene();
}

/* It was over between two passes, and what the one before had still to write
 * says nothing of it. */
static void the_bytes_are_those_of_the_same_job(void **state)
{
    (void)state;
    open_commit();
    thin.base_size = 20;
    thin.base_end = 9;
    show();
    pass();
    pass();
    end_job(JOB_COMMIT, JOB_COMPLETED);
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    end_job(JOB_COMMIT, JOB_FAILED);
    thin.base_end = 19;
    show();
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_FAILURE, COMMIT,
                "vm1: the commit of vda has failed: libvirt does not say why. "
                "1.0 MiB left for vda layer1 (vda[1], /dev/base)");
    close_scene();
}

static void a_failure_ends_the_warning_before_it(void **state)
{
    (void)state;
    open_commit();
    thin.end = 9;
    show();
    pass();
    assert_int_equal(told_count, 1);
    end_job(JOB_COMMIT, JOB_FAILED);
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_FAILURE);
    happen(EVENT_STOPPED);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[2].severity, SEVERITY_OKAY);
    close_scene();
}

/* Its event was lost, and its chain is as it was. */
static void a_job_that_vanishes_is_told_of(void **state)
{
    (void)state;
    open_commit();
    pass();
    fake.domains[0].job.kind = JOB_NONE;
    pass();
    assert_int_equal(told_count, 0);
    pass();
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_WARNING, COMMIT,
                "vm1: the commit of vda has ended, and the chain is as it was: "
                "it failed or was cancelled");
    close_scene();
}

/* It was asked for before the event came, and is answered after it. */
static void a_late_answer_revives_no_job(void **state)
{
    (void)state;
    open_commit();
    pass();
    crew.late = true;
    pass();
    crew.late = false;
    end_job(JOB_COMMIT, JOB_COMPLETED);
    fake_crew_thaw(&crew);
    fake.domains[0].job.kind = JOB_NONE;
    for (unsigned i = 0; i < 5; i++)
        pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_OKAY, COMMIT, "vm1: the commit of vda is complete");
    close_scene();
}

/* A backup to a device of 1 MiB, of which `end` bytes are written; the disk has
 * room. */
static void show_backup(unsigned long long end)
{
    static const char xml_backup[] =
        "<domainbackup><disks><disk name='vda' type='block' index='5'>"
        "<driver type='qcow2'/><scratch dev='/dev/scratch'/></disk></disks>"
        "</domainbackup>";

    char text[1024];

    snprintf(text, sizeof(text),
             "state.state=%d\nstate.reason=%d\nblock.count=3\n"
             "block.0.name=vda\nblock.0.path=/dev/thin\n"
             "block.0.backingIndex=2\nblock.0.capacity=104857600\n"
             "block.0.physical=104857600\nblock.0.allocation=50000000\n"
             "block.1.name=vda\nblock.1.path=/dev/base\n"
             "block.1.backingIndex=1\nblock.1.capacity=104857600\n"
             "block.1.physical=8388608\nblock.1.allocation=65536\n"
             "block.2.name=vda\nblock.2.path=/dev/scratch\n"
             "block.2.backingIndex=5\nblock.2.capacity=104857600\n"
             "block.2.physical=1048576\nblock.2.allocation=%llu\n",
             thin.paused ? 3 : 1, thin.paused ? 5 : 1, end);
    fake.domains[0].backup = xml_backup;
    fake_state(&fake.domains[0], text);
}

/* It runs, and two passes have seen it. */
static void open_backup(unsigned long long done, unsigned long long whole)
{
    open_thin();
    fake.domains[0].job = (struct job){JOB_BACKUP, done, whole, false};
    show_backup(65536);
    pass();
    pass();
}

/* A backup has no sign but its image. */
static void a_backup_that_vanishes_is_forgotten(void **state)
{
    (void)state;
    open_backup(1 * MIB, 100 * MIB);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_WARNING);
    assert_string_equal(told[0].type_instance, "backup");
    show();
    for (unsigned i = 0; i < 4; i++)
        pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, "vm1/vda/block_job-backup",
                "vm1: the backup of vda has ended");
    close_scene();
}

/* In pull mode it has no measure; and libvirt names the active layer when the
 * backup's image is full. */
static void a_backup_that_is_full_is_told_by_its_image(void **state)
{
    (void)state;
    open_backup(0, 0);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].severity, SEVERITY_WARNING);
    assert_string_equal(told[0].type_instance, "backup");
    fail_io("enospc", true);
    assert_int_equal(told_count, 1);
    thin.paused = true;
    show_backup(1048576 + 65536);
    pass();
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_FAILURE, ERRORS,
                "vm1 is paused: vda scratch (vda[5], /dev/scratch): no space "
                "left. Make room, then resume it");
    close_scene();
}

/* No event told of it. */
static void so_it_is_where_a_pass_finds_it(void **state)
{
    (void)state;
    open_thin();
    fake.domains[0].job = (struct job){JOB_BACKUP, 0, 0, false};
    thin.paused = true;
    show_backup(1048576 + 65536);
    fake.domains[0].error = (struct disk_error){"vda", true};
    pass();
    assert_told(0, SEVERITY_FAILURE, ERRORS,
                "vm1 is paused: vda scratch (vda[5], /dev/scratch): no space "
                "left. Make room, then resume it");
    close_scene();
}

/* Before anybody was told that it is paused. */
static void one_that_was_resumed_is_not_told_of(void **state)
{
    (void)state;
    open_backup(0, 0);
    fail_io("enospc", true);
    happen(EVENT_RESUMED);
    pass();
    for (size_t i = 0; i < told_count; i++)
        assert_string_not_equal(told[i].type_instance, "errors");
    close_scene();
}

static bool end_backup(const char *reason)
{
    struct event event = event_of(EVENT_BACKUP, "");

    snprintf(event.reason, sizeof(event.reason), "%s", reason);
    hear(&event);
    return attend();
}

#define BACKUP "vm1/vda/block_job-backup"
#define BACKUP_FULL "vm1: the backup of vda has failed: No space left on device"

/* No pass has seen it. The hypervisor gives the reason just before, or ... */
static void a_backup_between_passes_has_its_reason(void **state)
{
    (void)state;
    open_thin();
    pass();
    assert_false(end_backup("No space left on device"));
    end_job(JOB_BACKUP, JOB_FAILED);
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, BACKUP, BACKUP_FULL);
    pass();
    assert_int_equal(told_count, 1);
    end_job(JOB_BACKUP, JOB_COMPLETED);
    assert_int_equal(told_count, 2);
    assert_told(1, SEVERITY_OKAY, BACKUP, "vm1: the backup of vda is complete");
    close_scene();
}

/* It may be in any language, and hold anything. */
static void a_reason_is_made_plain(void **state)
{
    struct event event = event_of(EVENT_BACKUP, "");

    (void)state;
    open_thin();
    pass();
    strcpy(event.reason, "a\nb\x1b");
    memset(event.reason + 4, 'x', 71);
    strcpy(event.reason + 75, "\xc3\xa4 and so on");
    hear(&event);
    end_job(JOB_BACKUP, JOB_FAILED);
    assert_int_equal(told_count, 1);
    assert_non_null(strstr(told[0].message, "has failed: a_b_xxx"));
    assert_non_null(strstr(told[0].message, "xxx..."));
    close_scene();
}

/* ... just behind. */
static void or_it_comes_later(void **state)
{
    (void)state;
    open_thin();
    pass();
    assert_true(end_job(JOB_BACKUP, JOB_FAILED));
    assert_int_equal(told_count, 0);
    end_backup("No space left on device");
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_FAILURE, BACKUP, BACKUP_FULL);
    close_scene();
}

/* It was another backup's. */
static void an_old_reason_is_none(void **state)
{
    (void)state;
    open_thin();
    pass();
    end_backup("No space left on device");
    pass();
    end_job(JOB_BACKUP, JOB_FAILED);
    pass();
    assert_told(0, SEVERITY_FAILURE, BACKUP,
                "vm1: the backup of vda has failed: libvirt does not say why");
    close_scene();
}

/* It is the disk itself: then that is told, as soon. */
static void or_it_is_not_the_backup(void **state)
{
    (void)state;
    open_backup(1 * MIB, 1 * MIB);
    fail_io("enospc", true);
    thin.paused = true;
    show_backup(65536);
    pass();
    assert_told((size_t)told_count - 1, SEVERITY_FAILURE, ERRORS, NO_SPACE);
    close_scene();
}

/* The same, and the chain is another one. */
static void a_changed_chain_tells_that_it_is_complete(void **state)
{
    (void)state;
    open_commit();
    pass();
    fake.domains[0].job.kind = JOB_NONE;
    fake.domains[0].xml =
        DOMAIN("<disk type='block'><driver type='qcow2'/>"
               "<source dev='/dev/base' index='1'/><backingStore/>"
               "<target dev='vda'/><alias name='virtio-disk0'/></disk>");
    fake_state(&fake.domains[0],
               "state.state=1\nblock.count=1\nblock.0.name=vda\n"
               "block.0.path=/dev/base\nblock.0.backingIndex=1\n"
               "block.0.capacity=104857600\nblock.0.physical=8388608\n"
               "block.0.allocation=3145728\n");
    for (unsigned i = 0; i < 4; i++)
        pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_OKAY, COMMIT, "vm1: the commit of vda is complete");
    close_scene();
}

static const char xml_base_alone[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/base' index='1'/><backingStore/>"
           "<target dev='vda'/><alias name='virtio-disk0'/></disk>");

/* `end`: of what was written, in bytes; `size`: of the device. */
static void show_base_alone(unsigned long long end, unsigned long long size)
{
    char text[512];

    snprintf(text, sizeof(text),
             "state.state=1\nblock.count=1\nblock.0.name=vda\n"
             "block.0.path=/dev/base\nblock.0.backingIndex=1\n"
             "block.0.capacity=104857600\nblock.0.physical=%llu\n"
             "block.0.allocation=%llu\n",
             size, end);
    fake.domains[0].xml = xml_base_alone;
    fake_state(&fake.domains[0], text);
}

/* After a pivot layer1 is layer0: what was told under the old name ends there.
 */
static void an_alarm_moves_with_its_layer(void **state)
{
    (void)state;
    open_armed();
    cross("vda[1]", 6 * MIB);
    show_base_alone(7 * MIB, 8 * MIB);
    pass();
    assert_int_equal(told_count, 3);
    assert_told(1, SEVERITY_OKAY, LAYER1,
                "vm1: what was vda layer1 (vda[1], /dev/base) is another layer "
                "now");
    assert_told(2, SEVERITY_WARNING, LAYER0,
                "vm1: vda layer0 (vda[1], /dev/base) is over its watermark by "
                "1.0 MiB: 1.0 MiB of 8.0 MiB left");
    pass();
    assert_int_equal(told_count, 3);
    close_scene();
}

/* The write that met the watermark does not show in the figures yet. */
static void nor_is_it_lost_before_it_shows(void **state)
{
    (void)state;
    open_armed();
    cross("vda[1]", 6 * MIB);
    show_base_alone(5 * MIB, 8 * MIB);
    pass();
    assert_int_equal(told_count, 3);
    assert_told(2, SEVERITY_WARNING, LAYER0,
                "vm1: vda layer0 (vda[1], /dev/base) is over its watermark by "
                "64.0 KiB: 1.9 MiB of 8.0 MiB left");
    close_scene();
}

/* Its device has grown, and then the pivot came, between two passes. */
static void one_that_has_room_does_not_move(void **state)
{
    (void)state;
    open_armed();
    cross("vda[1]", 6 * MIB);
    show_base_alone(7 * MIB, 16 * MIB);
    pass();
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_OKAY);
    assert_int_equal(errands(ERRAND_THRESHOLD), 3);
    show_base_alone(15 * MIB, 16 * MIB);
    pass();
    assert_told(2, SEVERITY_WARNING, LAYER0,
                "vm1: vda layer0 (vda[1], /dev/base) is over its watermark by "
                "1.0 MiB: 1.0 MiB of 16.0 MiB left");
    close_scene();
}

/* It is below another one now, and with LayerFormat index it keeps its name. */
static void an_alarm_ends_when_a_snapshot_is_taken(void **state)
{
    (void)state;
    open_thin();
    set("WatermarkFree", "2M");
    set("LayerFormat", "index");
    pass();
    cross("vda[2]", 8 * MIB);
    assert_int_equal(told_count, 1);
    show_above_thin(false);
    pass();
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].severity, SEVERITY_OKAY);
    close_scene();
}

/* The XML is read anew in that pass, and the event comes within it. */
static void an_event_within_a_new_layout_is_not_lost(void **state)
{
    struct event event = event_of(EVENT_JOB, "vda");

    (void)state;
    open_commit();
    pass();
    fake.domains[0].job.kind = JOB_NONE;
    event.job = JOB_COMMIT;
    event.end = JOB_COMPLETED;
    hear(&event);
    show_base_alone(3 * MIB, 8 * MIB);
    pass();
    assert_int_equal(told_count, 1);
    assert_told(0, SEVERITY_OKAY, COMMIT, "vm1: the commit of vda is complete");
    close_scene();
}

/* It has another name by now. */
static void an_alarm_moves_with_its_machine(void **state)
{
    (void)state;
    open_thin();
    pass();
    fail_io("enospc", true);
    fake.domains[0].name = "vm9";
    thin.paused = true;
    show();
    pass();
    pass();
    assert_int_equal(told_count, 3);
    assert_told(1, SEVERITY_OKAY, ERRORS, "vm1 is reported as vm9 now");
    assert_told(2, SEVERITY_FAILURE, "vm9/vda/count-errors", NO_SPACE);
    close_scene();
}

/* --- many ---------------------------------------------------------------- */

/* "a thousand VMs failing at once give a thousand notifications and no more" */
static void many_at_once_are_told_of_one_by_one(void **state)
{
    (void)state;
    open_scene(TOLD_MAX);
    for (unsigned i = 0; i < TOLD_MAX; i++) {
        fake.domains[i].xml = xml_thin;
        fake_state(&fake.domains[i],
                   "state.state=3\nstate.reason=5\nblock.count=1\n"
                   "block.0.name=vda\nblock.0.path=/dev/thin\n"
                   "block.0.backingIndex=2\nblock.0.capacity=104857600\n"
                   "block.0.physical=8388608\nblock.0.allocation=8388608\n");
        fake.domains[i].error = (struct disk_error){"vda", true};
    }
    for (unsigned i = 0; i < 3; i++)
        pass();
    assert_int_equal(told_count, TOLD_MAX);
    for (unsigned i = 1; i < TOLD_MAX; i++)
        assert_string_not_equal(told[i].host, told[i - 1].host);
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_growing_layer_has_a_threshold),
        cmocka_unit_test(percent_is_of_the_device),
        cmocka_unit_test(nothing_is_set_without_a_watermark),
        cmocka_unit_test(nothing_is_set_or_told_without_notifications),
        cmocka_unit_test(a_threshold_that_stands_is_not_set_again),
        cmocka_unit_test(a_device_that_has_grown_has_another),
        cmocka_unit_test(those_of_others_are_left_alone),
        cmocka_unit_test(what_could_not_be_set_is_tried_again),
        cmocka_unit_test(its_own_are_known_again),
        cmocka_unit_test(a_crossing_elsewhere_is_left_to_a_pass),
        cmocka_unit_test(one_that_was_busy_is_told_of),
        cmocka_unit_test(an_old_one_tells_only_what_is_over),
        cmocka_unit_test(who_may_not_write_sets_none),
        cmocka_unit_test(everybody_has_his_turn),
        cmocka_unit_test(everybody_has_his_turn_on_a_slow_connection),
        cmocka_unit_test(a_refusal_is_one_line),
        cmocka_unit_test(a_crossing_is_told_once),
        cmocka_unit_test(room_ends_it),
        cmocka_unit_test(too_little_room_does_not),
        cmocka_unit_test(what_is_written_already_is_told_by_a_pass),
        cmocka_unit_test(a_device_at_its_final_size_is_quiet),
        cmocka_unit_test(growing_to_the_final_size_ends_it),
        cmocka_unit_test(the_target_of_a_commit_is_told_by_its_event),
        cmocka_unit_test(a_crossing_within_a_pass_is_told_once),
        cmocka_unit_test(who_is_not_written_is_not_told_of),
        cmocka_unit_test(a_pause_is_told_at_once_and_once),
        cmocka_unit_test(other_errors_have_their_reason),
        cmocka_unit_test(a_pass_finds_it_running),
        cmocka_unit_test(suspended_is_not_running),
        cmocka_unit_test(a_pass_finds_it_paused),
        cmocka_unit_test(nobody_may_know_of_which_disk),
        cmocka_unit_test(room_alone_ends_no_pause),
        cmocka_unit_test(nor_does_another_image),
        cmocka_unit_test(a_disk_that_is_left_out_has_its_name),
        cmocka_unit_test(an_overlay_that_is_new_is_not_mistaken),
        cmocka_unit_test(a_pause_is_told_beside_an_error_that_was_reported),
        cmocka_unit_test(an_older_error_ends_no_pause),
        cmocka_unit_test(nor_does_one_hide_a_pause_that_nobody_told_of),
        cmocka_unit_test(a_reported_error_is_explained),
        cmocka_unit_test(not_by_figures_of_before),
        cmocka_unit_test(or_it_is_not),
        cmocka_unit_test(a_guest_may_not_know),
        cmocka_unit_test(a_guest_that_runs_on_is_told_of_once_a_minute),
        cmocka_unit_test(all_is_well_when_the_last_has_ended),
        cmocka_unit_test(a_pass_follows_where_a_watermark_stands),
        cmocka_unit_test(a_domain_that_stops_ends_all),
        cmocka_unit_test(one_that_stops_in_a_pass_is_over),
        cmocka_unit_test(so_does_one_that_is_gone_without_a_word),
        cmocka_unit_test(silence_ends_nothing),
        cmocka_unit_test(another_run_begins_without_alarms),
        cmocka_unit_test(an_error_of_the_next_run_is_told_once),
        cmocka_unit_test(so_is_one_that_its_guest_was_told_of),
        cmocka_unit_test(what_a_run_left_is_over_with_it),
        cmocka_unit_test(an_error_of_a_new_one_is_told),
        cmocka_unit_test(so_is_one_of_one_that_was_off),
        cmocka_unit_test(one_that_starts_calls_for_a_pass),
        cmocka_unit_test(strangers_are_ignored),
        cmocka_unit_test(jobs_are_asked_for_where_there_is_a_sign),
        cmocka_unit_test(jobs_are_not_asked_for_when_not_wanted),
        cmocka_unit_test(a_job_that_will_not_fit_is_told_of_in_time),
        cmocka_unit_test(a_job_that_is_complete_is_told_of),
        cmocka_unit_test(one_that_was_cancelled_too),
        cmocka_unit_test(a_job_that_is_over_has_no_progress),
        cmocka_unit_test(a_job_that_fits_is_not_told_of),
        cmocka_unit_test(a_job_is_asked_for_until_there_is_an_answer),
        cmocka_unit_test(a_copy_that_failed_tells_of_its_destination),
        cmocka_unit_test(even_if_it_is_gone_already),
        cmocka_unit_test(a_copy_that_is_tried_again_at_once),
        cmocka_unit_test(each_failure_is_told),
        cmocka_unit_test(a_failure_that_is_made_good_is_not_told),
        cmocka_unit_test(a_job_that_is_over_writes_no_more),
        cmocka_unit_test(a_job_that_has_failed_has_its_reason),
        cmocka_unit_test(the_bytes_are_those_of_the_same_job),
        cmocka_unit_test(a_reason_is_made_plain),
        cmocka_unit_test(a_failure_ends_the_warning_before_it),
        cmocka_unit_test(a_job_that_vanishes_is_told_of),
        cmocka_unit_test(a_late_answer_revives_no_job),
        cmocka_unit_test(a_backup_that_vanishes_is_forgotten),
        cmocka_unit_test(a_backup_that_is_full_is_told_by_its_image),
        cmocka_unit_test(so_it_is_where_a_pass_finds_it),
        cmocka_unit_test(one_that_was_resumed_is_not_told_of),
        cmocka_unit_test(a_backup_between_passes_has_its_reason),
        cmocka_unit_test(or_it_comes_later),
        cmocka_unit_test(an_old_reason_is_none),
        cmocka_unit_test(or_it_is_not_the_backup),
        cmocka_unit_test(a_changed_chain_tells_that_it_is_complete),
        cmocka_unit_test(an_alarm_moves_with_its_layer),
        cmocka_unit_test(nor_is_it_lost_before_it_shows),
        cmocka_unit_test(one_that_has_room_does_not_move),
        cmocka_unit_test(an_alarm_ends_when_a_snapshot_is_taken),
        cmocka_unit_test(an_event_within_a_new_layout_is_not_lost),
        cmocka_unit_test(an_alarm_moves_with_its_machine),
        cmocka_unit_test(many_at_once_are_told_of_one_by_one),
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL) != 0;
}

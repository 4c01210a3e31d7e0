/* SPDX-License-Identifier: MIT
 *
 * Thresholds and watermarks: what is set and told, when, and that nothing is
 * told twice. Events by hand, passes over a fake hypervisor.
 */
#include "thin.h"

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
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL) != 0;
}

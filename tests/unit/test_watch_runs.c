/* SPDX-License-Identifier: MIT
 *
 * The same of what changes under an alarm: runs, chains, names; and of many at
 * once.
 */
#include "thin.h"

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
        cmocka_unit_test(an_alarm_moves_with_its_layer),
        cmocka_unit_test(nor_is_it_lost_before_it_shows),
        cmocka_unit_test(one_that_has_room_does_not_move),
        cmocka_unit_test(an_alarm_ends_when_a_snapshot_is_taken),
        cmocka_unit_test(an_alarm_moves_with_its_machine),
        cmocka_unit_test(many_at_once_are_told_of_one_by_one),
    };

    return cmocka_run_group_tests_name("watch_runs", tests, NULL, NULL) != 0;
}

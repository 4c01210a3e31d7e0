/* SPDX-License-Identifier: MIT
 *
 * The same of I/O errors.
 */
#include "thin.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests_name("watch_errors", tests, NULL, NULL) != 0;
}

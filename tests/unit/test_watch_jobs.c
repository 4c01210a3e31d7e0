/* SPDX-License-Identifier: MIT
 *
 * The same of block jobs.
 */
#include "thin.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(an_event_within_a_new_layout_is_not_lost),
    };

    return cmocka_run_group_tests_name("watch_jobs", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "tally.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct tally tally;
static struct domain machines[3];
static struct domain *const all[] = {&machines[0], &machines[1], &machines[2]};

static int reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        machines[i].answered = machines[i].sized = true;
        machines[i].id = 1;
        assert_non_null(domain_add_disk(&machines[i], "vda"));
    }
    return 0;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(machines); i++)
        domain_clear(&machines[i]);
    tally_clear(&tally);
    return 0;
}

/* The next layer of that machine's only disk. */
static struct layer *add(size_t machine, uint64_t capacity, uint64_t allocation)
{
    struct disk *disk = &machines[machine].disks[0];
    struct layer *layer = disk_add_layer(disk);

    assert_non_null(layer);
    layer->depth = (unsigned)disk->layer_count - 1;
    layer->storage = STORAGE_FILE;
    layer->sizes.capacity = capacity;
    layer->sizes.allocation = allocation;
    return layer;
}

static struct layer *at(struct layer *layer, const char *path)
{
    assert_true(text_replace(&layer->path, path));
    return layer;
}

static struct layer *seen_as(struct layer *layer, uint64_t device,
                             uint64_t inode)
{
    layer->seen = (struct look){
        .storage = STORAGE_FILE, .device = device, .inode = inode};
    return layer;
}

static void assert_totals(uint64_t capacity, uint64_t allocation,
                          uint64_t unsized)
{
    struct totals totals;

    assert_true(tally_count(&tally, all, COUNT_OF(all), &totals));
    assert_true(totals.capacity == capacity);
    assert_true(totals.allocation == allocation);
    assert_true(totals.unsized == unsized);
}

/* --- what is counted ----------------------------------------------------- */

static void nobody_takes_nothing(void **state)
{
    (void)state;
    assert_totals(0, 0, 0);
}

static void guests_are_promised_the_active_layer_alone(void **state)
{
    (void)state;
    at(add(0, 100, 7), "/top");
    at(add(0, 80, 20), "/middle");
    at(add(0, 60, 30), "/base");
    assert_totals(100, 57, 0);
}

/* They take storage, and promise nothing more. */
static void copies_and_backups_take_storage(void **state)
{
    (void)state;
    at(add(0, 100, 7), "/top");
    struct layer *mirror = at(add(0, 100, 5), "/mirror");
    mirror->role = ROLE_MIRROR;
    mirror->depth = 0;
    struct layer *scratch = at(add(0, 100, 3), "/scratch");
    scratch->role = ROLE_SCRATCH;
    scratch->depth = 0;
    assert_totals(100, 15, 0);
}

static void what_has_no_size_of_its_own_is_no_image(void **state)
{
    (void)state;
    add(0, SIZE_UNKNOWN, SIZE_UNKNOWN)->storage = STORAGE_NONE;
    assert_totals(0, 0, 0);
}

/* --- the same image ------------------------------------------------------ */

static void a_base_that_machines_share_counts_once(void **state)
{
    char path[8];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        snprintf(path, sizeof(path), "/top%zu", i);
        at(add(i, 100, 1), path);
        at(add(i, 60, 30), "/base");
    }
    assert_totals(300, 33, 0);
    /* And the next pass begins anew. */
    assert_totals(300, 33, 0);
}

/* A link, or another mount. */
static void one_file_by_two_names_counts_once(void **state)
{
    (void)state;
    seen_as(at(add(0, 100, 10), "/a"), 8, 5);
    seen_as(at(add(1, 100, 10), "/b"), 8, 5);
    seen_as(at(add(2, 100, 10), "/a"), 8, 6);
    assert_totals(200, 20, 0);
}

static void inodes_are_those_of_a_file_system(void **state)
{
    (void)state;
    seen_as(at(add(0, 100, 10), "/a"), 8, 5);
    seen_as(at(add(1, 100, 10), "/b"), 9, 5);
    assert_totals(200, 20, 0);
}

/* Block devices are looked at where their image was read. */
static void one_device_by_two_names_counts_once(void **state)
{
    static const char *const names[] = {"/dev/vg/a", "/dev/mapper/vg-a",
                                        "/dev/vg/b"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        struct layer *layer = at(add(i, 100, 10), names[i]);
        layer->storage = STORAGE_BLOCK;
        layer->image.seen = (struct look){.storage = STORAGE_BLOCK,
                                          .device = i < 2 ? 64768 : 64769};
    }
    assert_totals(200, 20, 0);
}

/* Or where the domain's XML was, as those that nobody reads. */
static void a_device_that_is_not_read_does_so_too(void **state)
{
    const struct look seen = {.storage = STORAGE_BLOCK, .device = 64768};

    (void)state;
    struct layer *raw = at(add(0, 100, 10), "/dev/vg/a");
    raw->storage = STORAGE_BLOCK;
    raw->source = look_digest(&seen);
    raw = at(add(1, 100, 10), "/dev/mapper/vg-a");
    raw->storage = STORAGE_BLOCK;
    raw->source = look_digest(&seen);
    at(add(2, 100, 10), "/dev/dm-0")->image.seen = seen;
    assert_totals(100, 10, 0);
}

static void what_has_no_path_goes_by_its_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(machines); i++) {
        struct layer *layer = add(i, 100, 10);
        layer->storage = STORAGE_NETWORK;
        layer->source = i < 2 ? 77 : 78;
    }
    assert_totals(200, 20, 0);
}

static void what_has_no_name_is_an_image_of_its_own(void **state)
{
    (void)state;
    add(0, 100, 10);
    add(1, 100, 10);
    assert_totals(200, 20, 0);
}

/* Active for one, and the base of another. */
static void it_is_promised_where_one_guest_sees_it(void **state)
{
    (void)state;
    at(add(0, 100, 1), "/top");
    at(add(0, 60, 30), "/base");
    at(add(1, 60, 30), "/base");
    assert_totals(160, 31, 0);
}

/* --- what is not known --------------------------------------------------- */

static void an_image_counts_with_both_or_not_at_all(void **state)
{
    (void)state;
    at(add(0, 100, SIZE_UNKNOWN), "/a");
    at(add(1, SIZE_UNKNOWN, 10), "/b");
    at(add(2, 50, 5), "/c");
    at(add(2, SIZE_UNKNOWN, 4), "/base");
    assert_totals(50, 9, 2);
}

static void nothing_known_is_no_zero(void **state)
{
    (void)state;
    at(add(0, 100, SIZE_UNKNOWN), "/a");
    assert_totals(SIZE_UNKNOWN, SIZE_UNKNOWN, 1);
    at(add(1, 100, 0), "/sparse");
    assert_totals(100, 0, 1);
}

static void left_out_are_images_not_layers(void **state)
{
    (void)state;
    at(add(0, 100, SIZE_UNKNOWN), "/a");
    at(add(1, 100, SIZE_UNKNOWN), "/a");
    assert_totals(SIZE_UNKNOWN, SIZE_UNKNOWN, 1);
}

/* What a machine that hangs had, another may know, in whatever order they come.
 */
static void others_may_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        at(add(i, 100, 1), i == 0 ? "/top0" : "/top1");
        at(add(i, 60, 30), "/base");
    }
    machines[0].answered = false;
    assert_totals(100, 31, 1);
    machines[0].answered = true;
    machines[1].answered = false;
    assert_totals(100, 31, 1);
}

/* --- many ---------------------------------------------------------------- */

#define MANY 1000

/* The table grows. */
static void many_images(void **state)
{
    char path[32];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(path, sizeof(path), "/images/%zu", i / 2);
        at(add(0, 1, 3), path);
    }
    assert_totals(1, UINT64_C(3) * MANY / 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_takes_nothing, reset, clear),
        cmocka_unit_test_setup_teardown(
            guests_are_promised_the_active_layer_alone, reset, clear),
        cmocka_unit_test_setup_teardown(copies_and_backups_take_storage, reset,
                                        clear),
        cmocka_unit_test_setup_teardown(what_has_no_size_of_its_own_is_no_image,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(a_base_that_machines_share_counts_once,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(one_file_by_two_names_counts_once,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(inodes_are_those_of_a_file_system,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(one_device_by_two_names_counts_once,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(a_device_that_is_not_read_does_so_too,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(what_has_no_path_goes_by_its_source,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(what_has_no_name_is_an_image_of_its_own,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(it_is_promised_where_one_guest_sees_it,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(an_image_counts_with_both_or_not_at_all,
                                        reset, clear),
        cmocka_unit_test_setup_teardown(nothing_known_is_no_zero, reset, clear),
        cmocka_unit_test_setup_teardown(left_out_are_images_not_layers, reset,
                                        clear),
        cmocka_unit_test_setup_teardown(others_may_know, reset, clear),
        cmocka_unit_test_setup_teardown(many_images, reset, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

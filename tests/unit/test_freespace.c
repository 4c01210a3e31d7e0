/* SPDX-License-Identifier: MIT */
#include "fake_hypervisor.h"
#include "freespace.h"
#include "unit.h"

#include <stdio.h>

static unsigned asked;

/* "/device/..." has ten times as many bytes. */
static uint64_t free_space(const char *path)
{
    unsigned device = 0;

    asked++;
    assert_int_equal(sscanf(path, "/%u/", &device), 1);
    return device == 99 ? SIZE_UNKNOWN : 10 * (uint64_t)device;
}

static const struct images images = {.free_space = free_space};
static struct freespace freespace;

static int reset(void **state)
{
    (void)state;
    asked = 0;
    freespace_reset(&freespace);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    freespace_clear(&freespace);
    return 0;
}

static uint64_t free_of_kind(unsigned device, enum storage storage)
{
    const struct look seen = {.storage = storage, .device = device};
    char path[32];

    snprintf(path, sizeof(path), "/%u/image", device);
    return freespace_of(&freespace, &images, path, &seen);
}

static uint64_t free_of(unsigned device)
{
    return free_of_kind(device, STORAGE_FILE);
}

/* A quota of a project holds for a folder. */
static void each_folder_is_asked_once(void **state)
{
    static const char *const paths[] = {"/7/a/x", "/7/b/x", "/7/a/y", "/7/x"};
    static const struct look seen = {.storage = STORAGE_FILE, .device = 1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        assert_true(freespace_of(&freespace, &images, paths[i], &seen) == 70);
    assert_int_equal(asked, 3);
}

static void each_file_system_is_asked_once(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3; round++)
        for (unsigned device = 1; device <= 40; device++)
            assert_true(free_of(device) == 10 * device);
    assert_int_equal(asked, 40);
}

static void each_pass_asks_anew(void **state)
{
    (void)state;
    assert_true(free_of(1) == 10);
    freespace_reset(&freespace);
    assert_true(free_of(1) == 10);
    assert_int_equal(asked, 2);
    freespace_clear(&freespace);
    assert_true(free_of(1) == 10);
    assert_int_equal(asked, 3);
}

static void what_can_not_be_told_is_asked_once(void **state)
{
    (void)state;
    assert_true(free_of(99) == SIZE_UNKNOWN);
    assert_true(free_of(99) == SIZE_UNKNOWN);
    assert_int_equal(asked, 1);
}

/* Such as a device under a file's name. */
static void only_for_files(void **state)
{
    (void)state;
    assert_true(free_of_kind(5, STORAGE_BLOCK) == SIZE_UNKNOWN);
    assert_true(free_of_kind(5, STORAGE_UNKNOWN) == SIZE_UNKNOWN);
    assert_int_equal(asked, 0);
    /* Even where the file system's figure is known already. */
    assert_true(free_of(5) == 50);
    assert_true(free_of_kind(5, STORAGE_BLOCK) == SIZE_UNKNOWN);
    assert_true(free_of_kind(5, STORAGE_UNKNOWN) == SIZE_UNKNOWN);
    assert_int_equal(asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_file_system_is_asked_once, reset),
        cmocka_unit_test_setup(each_folder_is_asked_once, reset),
        cmocka_unit_test_setup(each_pass_asks_anew, reset),
        cmocka_unit_test_setup(what_can_not_be_told_is_asked_once, reset),
        cmocka_unit_test_setup(only_for_files, reset),
    };

    return cmocka_run_group_tests_name("freespace", tests, NULL, clear) != 0;
}

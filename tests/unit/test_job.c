/* SPDX-License-Identifier: MIT */
#include "job.h"
#include "unit.h"

#include <stdlib.h>

#define MIB (1ull << 20)

/* vda: layer0 of 3 MiB, layer1 of 5, layer2 of 20, all qcow2 of 100 on files,
 * and a mirror and a scratch image of none. */
static struct domain domain;
static struct disk *disk;

static struct layer *add(enum role role, unsigned depth, uint64_t allocation)
{
    struct layer *layer = disk_add_layer(disk);

    layer->role = role;
    layer->depth = depth;
    layer->storage = STORAGE_FILE;
    layer->sizes = (struct sizes){100 * MIB, allocation, allocation};
    layer->image_state = IMAGE_READ;
    layer->image.largest = 101 * MIB;
    return layer;
}

static int start(void **state)
{
    (void)state;
    disk = domain_add_disk(&domain, "vda");
    add(ROLE_CHAIN, 0, 3 * MIB);
    add(ROLE_CHAIN, 1, 5 * MIB);
    add(ROLE_CHAIN, 2, 20 * MIB);
    add(ROLE_MIRROR, 0, 0);
    add(ROLE_SCRATCH, 0, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    domain_clear(&domain);
    return 0;
}

static void set_job(enum job_kind kind, uint64_t done, uint64_t whole)
{
    disk->job =
        (struct job){.kind = kind, .done = done * MIB, .whole = whole * MIB};
}

static void assert_left(uint64_t expected)
{
    assert_true(job_left(disk) == expected);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(job_name(JOB_COMMIT), "commit");
    assert_string_equal(job_name(JOB_COPY), "copy");
    assert_string_equal(job_name(JOB_PULL), "pull");
    assert_string_equal(job_name(JOB_BACKUP), "backup");
    assert_null(job_name(JOB_NONE));
}

static void targets(void **state)
{
    (void)state;
    assert_null(job_target(disk, JOB_NONE));
    assert_null(job_target(disk, JOB_COMMIT));
    assert_ptr_equal(job_target(disk, JOB_PULL), &disk->layers[0]);
    assert_ptr_equal(job_target(disk, JOB_COPY), &disk->layers[3]);
    assert_ptr_equal(job_target(disk, JOB_BACKUP), &disk->layers[4]);
    disk->layers[0].written = true;
    assert_null(job_target(disk, JOB_COMMIT));
    disk->layers[2].written = true;
    assert_ptr_equal(job_target(disk, JOB_COMMIT), &disk->layers[2]);
    /* The XML names that of an active commit. */
    disk->layers[1].target = true;
    assert_ptr_equal(job_target(disk, JOB_COMMIT), &disk->layers[1]);
}

static void no_job_has_nothing_left(void **state)
{
    (void)state;
    assert_left(SIZE_UNKNOWN);
    /* It has just begun, and libvirt can't tell how much there is. */
    set_job(JOB_COPY, 0, 0);
    assert_left(SIZE_UNKNOWN);
    /* Nobody knows where it writes. */
    set_job(JOB_COMMIT, 0, 100);
    assert_left(SIZE_UNKNOWN);
}

static void no_more_than_the_job_has_to_do(void **state)
{
    (void)state;
    disk->layers[2].written = true;
    set_job(JOB_COMMIT, 99, 100);
    assert_left(1 * MIB);
    set_job(JOB_COMMIT, 100, 100);
    assert_left(0);
}

/* A commit of lower layers leaves the active one alone, however much it holds.
 */
static void no_more_than_there_is_to_read(void **state)
{
    (void)state;
    disk->layers[2].written = true;
    set_job(JOB_COMMIT, 10, 100);
    assert_left(5 * MIB);
    disk->job.active = true;
    assert_left(8 * MIB);
    set_job(JOB_COPY, 10, 100);
    assert_left(28 * MIB);
    set_job(JOB_PULL, 10, 100);
    assert_left(25 * MIB);
    disk->layers[1].sizes.allocation = SIZE_UNKNOWN;
    assert_left(90 * MIB);
}

/* What was compressed, or lay in smaller clusters, is more when it is copied.
 */
static void unless_it_becomes_more(void **state)
{
    (void)state;
    set_job(JOB_COPY, 10, 100);
    disk->job_start = 0;
    disk->layers[3].sizes.allocation = 28 * MIB;
    assert_left(0);
    disk->layers[3].sizes.allocation = 29 * MIB;
    assert_left(72 * MIB);
}

static void no_more_than_the_target_can_grow(void **state)
{
    (void)state;
    set_job(JOB_COPY, 10, 100);
    disk->layers[3].sizes.allocation = 100 * MIB;
    assert_left(1 * MIB);
    disk->layers[3].image.largest = SIZE_UNBOUNDED;
    assert_left(28 * MIB);
}

static void percent(void **state)
{
    const struct job none = {JOB_COPY, 0, 0, false};
    const struct job half = {JOB_COPY, 50, 100, false};
    const struct job all = {JOB_COPY, 100, 100, false};
    const struct job more = {JOB_COPY, 101, 100, false};

    (void)state;
    assert_true(job_percent(&none) == PERCENT_UNKNOWN);
    assert_true(job_percent(&half) == 50);
    assert_true(job_percent(&all) == 100);
    assert_true(job_percent(&more) == 100);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(names),
        ON_DISK(targets),
        ON_DISK(no_job_has_nothing_left),
        ON_DISK(no_more_than_the_job_has_to_do),
        ON_DISK(no_more_than_there_is_to_read),
        ON_DISK(unless_it_becomes_more),
        ON_DISK(no_more_than_the_target_can_grow),
        ON_DISK(percent),
    };

    return cmocka_run_group_tests_name("job", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Passes of a collector: domains whose QEMU does not answer. Whom is asked when
 * is the asker's business (test_asker.c); here is what becomes of the figures.
 */
#include "scene.h"

#include <stdio.h>
#include <string.h>

/* Passes in which a domain is found to be stuck, or to answer again, at the
 * most. */
#define PASSES 6

/* --- domains, each on a storage of its own ------------------------------- */

#define DEVICE_XML(number)                                                     \
    DOMAIN(DISK("block", "dev", "/dev/" number, "1", "vda"))
#define DEVICE_STATS(number)                                                   \
    "block.count=1\nblock.0.name=vda\nblock.0.path=/dev/" number               \
    "\nblock.0.backingIndex=1\nblock.0.allocation=65536\n"                     \
    "block.0.capacity=4096\nblock.0.physical=1048576\n"

static void open_stuck_scene(void)
{
    open_scene(3);
    fake.local = false;
    fake.domains[0].xml = DEVICE_XML("1");
    fake_state(&fake.domains[0], DEVICE_STATS("1"));
    fake.domains[1].xml = DEVICE_XML("2");
    fake_state(&fake.domains[1], DEVICE_STATS("2"));
    fake.domains[2].xml = DEVICE_XML("3");
    fake_state(&fake.domains[2], DEVICE_STATS("3"));
}

static void release(struct fake_domain *domain)
{
    domain->stuck = false;
    fake_crew_thaw(&crew);
}

/* The first pass in which the domain of that number has answered, or has not,
 * and the others have. */
static const struct inventory *pass_until(size_t number, bool answered)
{
    for (unsigned i = 0; i < PASSES; i++) {
        const struct inventory *inventory = pass();
        bool others = inventory->answered;
        assert_int_equal(inventory->count, 3);
        for (size_t j = 0; j < inventory->count; j++)
            if (j != number)
                others = others && inventory->domains[j]->answered;
        if (others && inventory->domains[number]->answered == answered)
            return inventory;
    }
    fail_msg("not within %d passes", PASSES);
    return NULL;
}

/* --- tests --------------------------------------------------------------- */

static void stuck_domain_leaves_the_others(void **state)
{
    (void)state;
    open_stuck_scene();
    pass();
    double last = crew.now - 10;
    fake.domains[1].stuck = true;
    const struct inventory *inventory = pass_until(1, false);
    for (unsigned i = 0; i < 20; i++) {
        double now = crew.now;
        inventory = pass();
        assert_true(inventory->answered);
        assert_int_equal(inventory->count, 3);
        assert_int_equal(inventory->stalled, 1);
        for (size_t j = 0; j < 3; j += 2) {
            assert_true(inventory->domains[j]->answered);
            assert_true(inventory->domains[j]->stale == 0);
            assert_size(layer_of(inventory, j, 0)->sizes.capacity, 4096);
        }
        assert_string_equal(inventory->domains[1]->host, "vm2");
        assert_false(inventory->domains[1]->answered);
        assert_true(inventory->domains[1]->stale == now - last);
    }
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_non_null(strstr(fake_log_last(), "\"vm2\""));
    assert_non_null(strstr(fake_log_last(), "vda on /dev/2"));

    release(&fake.domains[1]);
    inventory = pass_until(1, true);
    assert_true(inventory->domains[1]->stale == 0);
    assert_int_equal(inventory->stalled, 0);
    assert_int_equal(fake_log_count(), 2);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_INFO), 1);
    /* Nobody's layout was lost. */
    assert_int_equal(disk_chain_length(&inventory->domains[1]->disks[0]), 1);
    assert_size(layer_of(inventory, 1, 0)->sizes.capacity, 4096);
    close_scene();
}

/* When the plugin starts it may be so already: no more is known of it then than
 * its name, and since when it has been watched. */
static void stuck_domain_that_was_never_heard_of(void **state)
{
    const struct inventory *inventory = NULL;

    (void)state;
    open_stuck_scene();
    fake.domains[1].stuck = true;
    for (unsigned i = 0; i < PASSES; i++)
        inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 3);
    assert_int_equal(inventory->stalled, 1);
    assert_true(inventory->domains[0]->answered);
    assert_true(inventory->domains[2]->answered);
    assert_false(inventory->domains[1]->answered);
    assert_string_equal(inventory->domains[1]->host, "vm2");
    assert_string_equal(inventory->domains[1]->instance, "");
    double stale = inventory->domains[1]->stale;
    assert_true(stale > 0);
    assert_true(pass()->domains[1]->stale == stale + 10);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);

    release(&fake.domains[1]);
    inventory = pass_until(1, true);
    assert_true(inventory->domains[1]->stale == 0);
    assert_size(layer_of(inventory, 1, 0)->sizes.capacity, 4096);
    assert_string_equal(inventory->domains[1]->disks[0].instance, "vda");
    close_scene();
}

/* Even one that nothing comes back from. */
static void pass_lasts_no_longer_than_the_timeout(void **state)
{
    (void)state;
    open_stuck_scene();
    set("Timeout", "3");
    fake.domains[0].stuck = true;
    for (unsigned i = 0; i < PASSES; i++) {
        pass();
        assert_true(spent <= 3);
    }
    release(&fake.domains[0]);
    close_scene();
}

/* A domain that is busy with another's call: it answers, without sizes. */
static void answer_without_sizes_is_stale(void **state)
{
    (void)state;
    open_stuck_scene();
    pass();
    fake.domains[1].held = true;
    for (unsigned i = 1; i <= 3; i++) {
        const struct inventory *inventory = pass();
        assert_true(inventory->domains[1]->answered);
        assert_true(inventory->domains[1]->stale == 10.0 * i);
        assert_int_equal(inventory->stalled, 1);
        assert_size(layer_of(inventory, 1, 0)->sizes.capacity, SIZE_UNKNOWN);
        assert_size(layer_of(inventory, 0, 0)->sizes.capacity, 4096);
    }
    fake.domains[1].held = false;
    const struct inventory *inventory = pass();
    assert_true(inventory->domains[1]->stale == 0);
    assert_int_equal(inventory->stalled, 0);
    assert_size(layer_of(inventory, 1, 0)->sizes.capacity, 4096);
    assert_int_equal(fake.xmls, 3);
    close_scene();
}

/* No longer than Timeout: that is what a domain may take. */
static void stalled_is_longer_than_the_timeout(void **state)
{
    (void)state;
    open_stuck_scene();
    set("Timeout", "10");
    pass();
    fake.domains[0].held = true;
    assert_int_equal(pass()->stalled, 0);
    assert_int_equal(pass()->stalled, 1);
    close_scene();
}

/* Its call comes back without it. */
static void stuck_domain_that_is_ended(void **state)
{
    (void)state;
    open_stuck_scene();
    set("InactiveDomains", "true");
    pass();
    fake.domains[1].stuck = true;
    pass_until(1, false);
    fake.domains[1].name = NULL;
    release(&fake.domains[1]);
    const struct inventory *inventory = NULL;
    for (unsigned i = 0; i < PASSES; i++)
        inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->stalled, 0);
    assert_string_equal(inventory->domains[1]->host, "vm3");
    close_scene();
}

/* Nobody hangs, but libvirt is slow: what it says at last is older than what
 * is known. */
static void answer_that_a_newer_one_overtook(void **state)
{
    (void)state;
    open_stuck_scene();
    set("WatermarkPercent", "20");
    pass();
    crew.slow = true;
    pass();
    pass();
    fake.domains[0].xml = DOMAIN(
        "<disk type='block'><driver type='qcow2'/>"
        "<source dev='/dev/snap' index='2'/>"
        "<backingStore type='block' index='1'><format type='qcow2'/>"
        "<source dev='/dev/1'/></backingStore><target dev='vda'/></disk>");
    fake_state(&fake.domains[0],
               "block.count=2\nblock.0.name=vda\nblock.0.path=/dev/snap\n"
               "block.0.backingIndex=2\nblock.0.allocation=4096\n"
               "block.0.capacity=4096\nblock.0.physical=1048576\n"
               "block.1.name=vda\nblock.1.path=/dev/1\n"
               "block.1.backingIndex=1\nblock.1.allocation=65536\n"
               "block.1.capacity=4096\nblock.1.physical=1048576\n");
    const struct inventory *inventory = pass();
    assert_size(layer_of(inventory, 0, 0)->sizes.allocation, 4096);
    fake_crew_thaw(&crew);
    for (unsigned i = 0; i < PASSES; i++) {
        inventory = pass();
        if (inventory->domains[0]->answered)
            assert_size(layer_of(inventory, 0, 0)->sizes.allocation, 4096);
    }
    assert_true(inventory->domains[0]->answered);
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stuck_domain_leaves_the_others),
        cmocka_unit_test(stuck_domain_that_was_never_heard_of),
        cmocka_unit_test(pass_lasts_no_longer_than_the_timeout),
        cmocka_unit_test(answer_without_sizes_is_stale),
        cmocka_unit_test(stalled_is_longer_than_the_timeout),
        cmocka_unit_test(stuck_domain_that_is_ended),
        cmocka_unit_test(answer_that_a_newer_one_overtook),
    };

    return cmocka_run_group_tests_name("collector-stuck", tests, NULL, NULL) !=
           0;
}

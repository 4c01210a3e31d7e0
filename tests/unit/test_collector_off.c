/* SPDX-License-Identifier: MIT
 *
 * Passes of a collector: domains that are off, and storage pools.
 */
#include "scene.h"

#include <stdio.h>
#include <string.h>

/* --- domains that are off ------------------------------------------------ */

static const char xml_off[] =
    DOMAIN("<disk type='file'><driver type='qcow2'/><source file='/top'/>"
           "<target dev='vda'/></disk>");
static const char stats_off[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/top\n"
    "block.0.allocation=512\nblock.0.capacity=4096\nblock.0.physical=1024\n";

#define TEXT(text) ((char *)(uintptr_t)(text))

static const struct fake_image off_images[] = {
    {.path = "/top",
     .look = {.storage = STORAGE_FILE, .inode = 1, .length = 5, .blocks = 6},
     .image = {.capacity = 4096,
               .backing_name = TEXT("base"),
               .backing_format = TEXT("raw")}},
    {.path = "/base",
     .look = {.storage = STORAGE_FILE, .inode = 2, .length = 7, .blocks = 8},
     .image = {.capacity = 9, .end = SIZE_UNKNOWN}},
};

/* vm1 runs, vm2 is off. */
static void open_off_scene(void)
{
    open_scene(2);
    fake_images_set(off_images, COUNT_OF(off_images));
    fake.domains[1].id = DOMAIN_OFF;
    fake.domains[1].xml = xml_off;
    fake_state(&fake.domains[1], stats_off);
}

static void domains_that_are_off_are_asked_for(void **state)
{
    (void)state;
    open_off_scene();
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(pass()->count, 1);
    close_scene();
    open_off_scene();
    set("InactiveDomains", "true");
    assert_int_equal(pass()->count, 2);
    close_scene();
}

static void chain_of_a_domain_that_is_off(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->domains[1]->id, DOMAIN_OFF);
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    const struct layer *layer = layer_of(inventory, 1, 0);
    assert_size(layer->sizes.capacity, 4096);
    assert_size(layer->sizes.allocation, 512);
    assert_size(layer->sizes.physical, 1024);
    assert_size(layer->headroom, SIZE_UNKNOWN);
    layer = layer_of(inventory, 1, 1);
    assert_int_equal(layer->depth, 1);
    assert_string_equal(layer->format, "raw");
    assert_size(layer->sizes.capacity, 9);
    assert_size(layer->sizes.allocation, 8);
    assert_size(layer->sizes.physical, 7);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 0);
    close_scene();
}

/* Sent in each pass, read after each InactiveInterval. */
static void off_is_read_now_and_then(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    pass();
    fake_state(&fake.domains[1], "block.count=1\nblock.0.name=vda\n"
                                 "block.0.path=/top\nblock.0.allocation=600\n");
    for (unsigned i = 1; i < 30; i++) {
        const struct inventory *inventory = pass();
        assert_int_equal(inventory->count, 2);
        /* Nobody waits for it. */
        assert_int_equal(inventory->stalled, 0);
        assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
        assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 512);
        assert_size(layer_of(inventory, 1, 1)->sizes.allocation, 8);
    }
    const struct inventory *inventory = pass();
    assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 600);
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    close_scene();
}

static void inactive_interval(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    set("InactiveInterval", "20");
    pass();
    fake.domains[1].name = NULL;
    assert_int_equal(pass()->count, 2);
    /* After 20 seconds: it is no longer defined. */
    assert_int_equal(pass()->count, 1);
    close_scene();
}

/* A domain that stops is one that is off in the pass after the next. */
static void domain_that_stops(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    pass();
    fake.domains[0].id = DOMAIN_OFF;
    assert_int_equal(pass()->count, 1);
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->id, DOMAIN_OFF);
    /* And the other way round at once. */
    fake.domains[0].id = 50;
    inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->id, 50);
    close_scene();
}

/* What is off is not gone because there was no answer, and is asked for as
 * soon as there is one. */
static void off_without_an_answer(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    fake.silent = true;
    fake.domains[1].name = NULL;
    assert_int_equal(pass()->count, 0);
    fake.silent = false;
    fake.domains[1].name = "vm2";
    assert_int_equal(pass()->count, 2);
    /* What was read of it is not said again meanwhile; of the one that runs,
     * since when nothing is known. */
    fake.silent = true;
    const struct inventory *inventory = pass();
    assert_false(inventory->answered);
    assert_int_equal(inventory->count, 1);
    assert_int_not_equal(inventory->domains[0]->id, DOMAIN_OFF);
    assert_false(inventory->domains[0]->answered);
    fake.silent = false;
    assert_int_equal(pass()->count, 2);
    close_scene();
}

#define VOLUME(path, allocation, below)                                        \
    "<volume type='file'><capacity unit='bytes'>4096</capacity>"               \
    "<allocation unit='bytes'>" allocation                                     \
    "</allocation><physical unit='bytes'>99</physical><target><path>" path     \
    "</path><format type='qcow2'/></target>" below "</volume>"
#define BELOW(path)                                                            \
    "<backingStore><path>" path "</path><format type='qcow2'/></backingStore>"

/* On another host, through volumes. */
static void chain_of_a_domain_that_is_off_elsewhere(void **state)
{
    struct fake_volume volumes[] = {
        {"top", "/top", VOLUME("/top", "7", BELOW("/base"))},
        {"base", "/base", VOLUME("/base", "55", "")}};
    const struct fake_pool pools[] = {
        {.uuid = 1, .volumes = volumes, .volume_count = 2}};

    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    fake.local = false;
    fake.pools = pools;
    fake.pool_count = COUNT_OF(pools);
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 512);
    assert_size(layer_of(inventory, 1, 1)->sizes.allocation, 55);
    assert_size(layer_of(inventory, 1, 1)->sizes.capacity, 4096);
    assert_size(layer_of(inventory, 1, 1)->sizes.physical, 99);
    assert_int_equal(fake_images_looks(), 0);
    /* What is below may change, too. */
    volumes[1].xml = VOLUME("/base", "56", "");
    assert_size(layer_of(pass(), 1, 1)->sizes.allocation, 55);
    crew.now += INACTIVE;
    assert_size(layer_of(pass(), 1, 1)->sizes.allocation, 56);
    volumes[0].xml = VOLUME("/top", "7", "");
    crew.now += INACTIVE;
    assert_int_equal(pass()->domains[1]->disks[0].layer_count, 1);
    close_scene();
}

/* --- pools --------------------------------------------------------------- */

static const struct fake_volume top_and_base[] = {
    {"top", "/top", VOLUME("/top", "512", BELOW("/base"))}};
static const struct fake_pool one_pool[] = {{.uuid = 9,
                                             .name = "default",
                                             .capacity = 100,
                                             .volumes = top_and_base,
                                             .volume_count = 1}};

static void open_pool_scene(void)
{
    open_scene(1);
    fake_images_set(off_images, COUNT_OF(off_images));
    fake.pools = one_pool;
    fake.pool_count = COUNT_OF(one_pool);
}

static void pools_are_not_asked_for_unbidden(void **state)
{
    (void)state;
    open_pool_scene();
    assert_int_equal(pass()->pools->count, 0);
    assert_int_equal(fake.pool_reads, 0);
    close_scene();
}

static void pools_are_read_now_and_then(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    set("InactiveInterval", "50");
    for (unsigned i = 0; i < 11; i++) {
        assert_int_equal(pass()->pools->count, 1);
        assert_int_equal(fake.pool_reads, 1 + i / 5);
    }
    assert_int_equal(fake.volume_lists, 0);
    close_scene();
}

static void pools_without_an_answer(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    fake.pools_silent = true;
    pass();
    pass();
    assert_int_equal(fake.pool_reads, 2);
    fake.pools_silent = false;
    pass();
    pass();
    assert_int_equal(fake.pool_reads, 3);
    /* Nor are they asked for when the hypervisor is silent. */
    fake.silent = true;
    crew.now += INACTIVE;
    pass();
    assert_int_equal(fake.pool_reads, 3);
    close_scene();
}

/* Their images are asked for earlier in a pass than those of domains, and
 * waited for like these: so is the one that is being read by then, and those
 * behind it. */
static void volumes_on_slow_storage(void **state)
{
    static char names[2000][8];
    static char xml[COUNT_OF(names)][256];
    static struct fake_volume volumes[COUNT_OF(names)];
    const struct fake_pool pools[] = {{.uuid = 9,
                                       .name = "default",
                                       .volumes = volumes,
                                       .volume_count = COUNT_OF(volumes)}};

    (void)state;
    open_scene(1);
    for (size_t i = 0; i < COUNT_OF(volumes); i++) {
        snprintf(names[i], sizeof(names[i]), "/%zu", i);
        snprintf(xml[i], sizeof(xml[i]), VOLUME("%s", "7", ""), names[i]);
        volumes[i] = (struct fake_volume){names[i], names[i], xml[i]};
    }
    fake.pools = pools;
    fake.pool_count = COUNT_OF(pools);
    set("StoragePool", "default");
    set("Volumes", "true");
    fake_images_slow(200);
    assert_int_equal(pass()->pools->count, 1);
    /* The last is the domain's. */
    assert_reads(COUNT_OF(volumes) + 1);
    close_scene();
}

/* A pool that hangs must not hold up the images of another: no place at all is
 * one that all would share. */
static void volumes_have_places(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    set("Volumes", "true");
    const struct domain *volumes = &pass()->pools->pools[0]->volumes;
    assert_true(volumes->disks[0].layers[0].place != 0);
    close_scene();
}

/* With each layer's own values, also of one that is in no pool. */
static void volumes_and_their_chains(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    set("Volumes", "true");
    for (unsigned i = 0; i < 40; i++) {
        const struct domain *volumes = &pass()->pools->pools[0]->volumes;
        assert_int_equal(volumes->disk_count, 1);
        const struct disk *disk = &volumes->disks[0];
        assert_string_equal(disk->instance, "vol-default-top");
        assert_int_equal(disk->layer_count, 2);
        assert_size(disk->layers[0].sizes.capacity, 4096);
        assert_size(disk->layers[0].sizes.allocation, 512);
        assert_size(disk->layers[0].sizes.physical, 99);
        assert_size(disk->layers[1].sizes.capacity, 9);
        assert_size(disk->layers[1].sizes.allocation, 8);
        assert_size(disk->layers[1].sizes.physical, 7);
        assert_size(disk->layers[0].headroom, SIZE_UNKNOWN);
    }
    /* At the start and after 300 seconds. */
    assert_int_equal(fake.volume_lists, 2);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 0);
    close_scene();
}

/* It was undefined, and another one defined and started under its name. */
static void one_that_was_made_anew_has_its_name(void **state)
{
    const struct inventory *inventory = NULL;

    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    assert_string_equal(pass()->domains[1]->host, "vm2");
    fake.domains[1].uuid = 99;
    fake.domains[1].id = 7;
    fake.domains[1].xml = xml_plain;
    fake_state(&fake.domains[1], stats_plain);
    for (unsigned i = 0; i < 3; i++) {
        inventory = pass();
        assert_int_equal(inventory->count, 2);
        assert_string_equal(inventory->domains[1]->host, "vm2");
        assert_int_equal(inventory->domains[1]->id, 7);
    }
    assert_null(strstr(fake_log_last(), "would both"));
    close_scene();
}

/* Or it was renamed. */
static void one_that_was_renamed_gives_its_name_away(void **state)
{
    const struct inventory *inventory = NULL;

    (void)state;
    open_scene(3);
    fake_images_set(off_images, COUNT_OF(off_images));
    fake.domains[1].id = DOMAIN_OFF;
    fake.domains[1].xml = xml_off;
    fake_state(&fake.domains[1], stats_off);
    fake.domains[2].name = NULL;
    set("InactiveDomains", "true");
    assert_string_equal(pass()->domains[1]->host, "vm2");
    fake.domains[1].name = "old";
    fake.domains[2].name = "vm2";
    for (unsigned i = 0; i < 3; i++)
        inventory = pass();
    assert_int_equal(inventory->count, 3);
    assert_string_equal(inventory->domains[1]->host, "old");
    assert_string_equal(inventory->domains[2]->host, "vm2");
    close_scene();
}

/* Of long ago they are not those of now. */
static void pools_that_nobody_tells_of_are_not_reported(void **state)
{
    const struct inventory *inventory = NULL;

    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    assert_int_equal(pass()->pools->count, 1);
    fake.pools_silent = true;
    for (unsigned i = 0; i < INACTIVE / 10; i++)
        inventory = pass();
    assert_int_equal(inventory->pools->count, 1);
    for (unsigned i = 0; i < 13; i++)
        inventory = pass();
    assert_int_equal(inventory->pools->count, 0);
    assert_string_equal(fake_log_last(),
                        "storage pools are not reported: libvirt has not told "
                        "of them for 420 seconds");
    fake.pools_silent = false;
    assert_int_equal(pass()->pools->count, 1);
    assert_string_equal(fake_log_last(), "storage pools are reported again");
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_that_are_off_are_asked_for),
        cmocka_unit_test(one_that_was_made_anew_has_its_name),
        cmocka_unit_test(one_that_was_renamed_gives_its_name_away),
        cmocka_unit_test(pools_that_nobody_tells_of_are_not_reported),
        cmocka_unit_test(chain_of_a_domain_that_is_off),
        cmocka_unit_test(off_is_read_now_and_then),
        cmocka_unit_test(inactive_interval),
        cmocka_unit_test(domain_that_stops),
        cmocka_unit_test(off_without_an_answer),
        cmocka_unit_test(chain_of_a_domain_that_is_off_elsewhere),
        cmocka_unit_test(pools_are_not_asked_for_unbidden),
        cmocka_unit_test(pools_are_read_now_and_then),
        cmocka_unit_test(pools_without_an_answer),
        cmocka_unit_test(volumes_on_slow_storage),
        cmocka_unit_test(volumes_have_places),
        cmocka_unit_test(volumes_and_their_chains),
    };

    return cmocka_run_group_tests_name("collector-off", tests, NULL, NULL) != 0;
}

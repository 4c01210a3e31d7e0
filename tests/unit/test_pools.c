/* SPDX-License-Identifier: MIT
 *
 * Storage pools and volumes: what is read, how it is named, and what becomes
 * of it when it goes.
 */
#include "fake_hypervisor.h"
#include "identity.h"
#include "pools.h"
#include "unit.h"
#include "volchain.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the scene ----------------------------------------------------------- */

#define VOLUME(path, below)                                                    \
    "<volume type='file'><capacity unit='bytes'>4096</capacity>"               \
    "<allocation unit='bytes'>512</allocation><target><path>" path             \
    "</path><format type='qcow2'/></target>" below "</volume>"
#define BELOW(path)                                                            \
    "<backingStore><path>" path "</path><format type='qcow2'/></backingStore>"

static struct fake_hypervisor fake;
static struct hypervisor table;
static struct pools pools;

static int open_scene(void **state)
{
    (void)state;
    fake_start(&fake, 0);
    table = fake_table(&fake);
    pools = (struct pools){0};
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    pools_clear(&pools);
    assert_null(pools.pools);
    assert_int_equal(pools.count, 0);
    fake_stop(&fake);
    return 0;
}

static void set_pools(const struct fake_pool *all, size_t count)
{
    fake.pools = all;
    fake.pool_count = count;
}

/* As in a collector: read apart, and put in the place of the last reading. */
static bool read_again(bool volumes, bool local)
{
    struct pools fresh = {0};

    if (!pools_read(&fresh, &table, volumes, local)) {
        assert_null(fresh.pools);
        return false;
    }
    pools_replace(&pools, &fresh, local);
    assert_null(fresh.pools);
    assert_int_equal(fresh.count, 0);
    return true;
}

static const struct disk *volume_of(size_t pool, size_t volume)
{
    assert_true(pool < pools.count);
    assert_true(volume < pools.pools[pool]->volumes.disk_count);
    return &pools.pools[pool]->volumes.disks[volume];
}

/* --- pools --------------------------------------------------------------- */

static void figures_of_pools(void **state)
{
    struct fake_pool all[] = {
        {.uuid = 1,
         .name = "default",
         .capacity = 100,
         .allocation = 60,
         .available = 40},
        {.uuid = 2,
         .name = "fast/ssd",
         .capacity = 7,
         .allocation = 0,
         .available = 7},
    };

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(false, true));
    assert_int_equal(pools.count, 2);
    assert_string_equal(pools.pools[0]->instance, "pool-default");
    assert_string_equal(pools.pools[0]->volumes.name, "default");
    assert_true(pools.pools[0]->capacity == 100);
    assert_true(pools.pools[0]->allocation == 60);
    assert_true(pools.pools[0]->available == 40);
    assert_memory_equal(pools.pools[1]->instance, "pool-fast_ssd-", 14);
    assert_int_equal(pools.pools[1]->volumes.id, DOMAIN_OFF);
    /* Volumes were not asked for. */
    assert_int_equal(fake.volume_lists, 0);

    /* And those of the next reading. */
    all[0].available = 39;
    all[0].allocation = 61;
    all[1].capacity = 8;
    assert_true(read_again(false, true));
    assert_int_equal(pools.count, 2);
    assert_true(pools.pools[0]->allocation == 61);
    assert_true(pools.pools[0]->available == 39);
    assert_true(pools.pools[1]->capacity == 8);
}

static void pools_that_go_and_come(void **state)
{
    struct fake_pool all[] = {{.uuid = 1, .name = "a"},
                              {.uuid = 2, .name = "b"},
                              {.uuid = 3, .name = "c"}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    assert_int_equal(pools.count, 3);
    all[1].name = NULL;
    assert_true(read_again(true, true));
    assert_int_equal(pools.count, 2);
    assert_string_equal(pools.pools[0]->volumes.name, "a");
    assert_string_equal(pools.pools[1]->volumes.name, "c");
    /* Under another name, but the same pool. */
    all[0].name = "new";
    assert_true(read_again(true, true));
    assert_string_equal(pools.pools[0]->volumes.name, "new");
    assert_string_equal(pools.pools[0]->instance, "pool-new");
    set_pools(NULL, 0);
    assert_true(read_again(true, true));
    assert_int_equal(pools.count, 0);
}

/* Without an answer nobody knows which are gone. */
static void no_answer_is_no_knowledge(void **state)
{
    const struct fake_pool all[] = {{.uuid = 1, .name = "a"},
                                    {.uuid = 2, .name = "b"}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    fake.pools_silent = true;
    set_pools(all, 0);
    assert_false(read_again(true, true));
    assert_int_equal(pools.count, 2);
    fake.pools_silent = false;
    set_pools(all, 1);
    assert_true(read_again(true, true));
    assert_int_equal(pools.count, 1);
}

static void pools_are_found_by_uuid(void **state)
{
    const struct fake_pool all[] = {{.uuid = 1, .name = "a"},
                                    {.uuid = 2, .name = "b"}};
    unsigned char uuid[UUID_BYTES] = {[UUID_BYTES - 1] = 2};

    (void)state;
    assert_null(pools_find(&pools, uuid));
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(false, true));
    assert_ptr_equal(pools_find(&pools, uuid), &pools.pools[1]->volumes);
    uuid[0] = 1;
    assert_null(pools_find(&pools, uuid));
}

/* --- volumes ------------------------------------------------------------- */

static void volumes_of_a_pool(void **state)
{
    static const struct fake_volume volumes[] = {
        {"a", "/pool/a", VOLUME("/pool/a", BELOW("/pool/b"))},
        {"gone", "/pool/gone", NULL},
        {"bad", "/pool/bad", "<volume"},
        {"b", "/pool/b", VOLUME("/pool/b", "")},
    };
    static const struct fake_pool all[] = {{.uuid = 1,
                                            .name = "p",
                                            .volumes = volumes,
                                            .volume_count = COUNT_OF(volumes)}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    for (unsigned round = 0; round < 2; round++) {
        assert_true(read_again(true, true));
        assert_int_equal(pools.pools[0]->volumes.disk_count, 2);
        const struct disk *disk = volume_of(0, 0);
        assert_string_equal(disk->target, "a");
        assert_string_equal(disk->instance, "vol-p-a");
        assert_int_equal(disk->layer_count, 1);
        assert_int_equal(disk->layers[0].storage, STORAGE_FILE);
        assert_string_equal(disk->layers[0].path, "/pool/a");
        assert_true(disk->layers[0].stated.allocation == 512);
        assert_string_equal(volume_of(0, 1)->instance, "vol-p-b");
    }
    /* What lies below is left to the images themselves. */
    assert_int_equal(fake.volume_xmls, 0);
}

/* On another host the images can't be read, but the volumes can. */
static void chains_through_volumes(void **state)
{
    static const struct fake_volume volumes[] = {
        {"top", "/p/top", VOLUME("/p/top", BELOW("/p/middle"))},
        {"middle", "/p/middle", VOLUME("/p/middle", BELOW("/q/base"))},
    };
    static const struct fake_volume others[] = {
        {"base", "/q/base", VOLUME("/q/base", BELOW("/nowhere"))}};
    static const struct fake_pool all[] = {
        {.uuid = 1,
         .name = "p",
         .volumes = volumes,
         .volume_count = COUNT_OF(volumes)},
        {.uuid = 2, .volumes = others, .volume_count = COUNT_OF(others)}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, false));
    const struct disk *disk = volume_of(0, 0);
    assert_int_equal(disk->layer_count, 3);
    assert_string_equal(disk->layers[0].path, "/p/top");
    assert_string_equal(disk->layers[1].path, "/p/middle");
    assert_string_equal(disk->layers[2].path, "/q/base");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(disk->layers[i].depth, i);
        assert_true(disk->layers[i].stated.allocation == 512);
    }
    assert_int_equal(volume_of(0, 1)->layer_count, 2);
}

static void chain_of_volumes_that_loops(void **state)
{
    static const struct fake_volume volumes[] = {
        {"a", "/p/a", VOLUME("/p/a", BELOW("/p/b"))},
        {"b", "/p/b", VOLUME("/p/b", BELOW("/p/a"))},
        {"c", "/p/c", VOLUME("/p/c", BELOW("/p/c"))},
    };
    static const struct fake_pool all[] = {{.uuid = 1,
                                            .name = "p",
                                            .volumes = volumes,
                                            .volume_count = COUNT_OF(volumes)}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, false));
    assert_int_equal(volume_of(0, 0)->layer_count, 2);
    assert_int_equal(volume_of(0, 1)->layer_count, 2);
    assert_int_equal(volume_of(0, 2)->layer_count, 1);
}

/* Each volume on the next one. */
static char *endless_volume_xml(void *context, const char *path)
{
    unsigned number;
    char *xml;

    (void)context;
    assert_int_equal(sscanf(path, "/%u", &number), 1);
    if (asprintf(&xml, VOLUME("/%u", BELOW("/%u")), number, number + 1) < 0)
        return NULL;
    return xml;
}

static void chain_of_volumes_without_end(void **state)
{
    static const struct fake_volume volumes[] = {
        {"0", "/0", VOLUME("/0", BELOW("/1"))}};
    static const struct fake_pool all[] = {
        {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 1}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    table.volume_xml = endless_volume_xml;
    assert_true(read_again(true, false));
    assert_int_equal(volume_of(0, 0)->layer_count, WALK_DEPTH_MAX);
}

/* An empty drive, a disk without a path, one whose chain is known. */
static void disks_that_volumes_do_not_complete(void **state)
{
    struct disk disk = {0};

    (void)state;
    table.volume_xml = endless_volume_xml;
    volchain_complete(&table, &disk);
    assert_int_equal(disk.layer_count, 0);
    assert_non_null(disk_add_layer(&disk));
    disk.own = 1;
    volchain_complete(&table, &disk);
    assert_int_equal(disk.layer_count, 1);
    disk.layers[0].path = strdup("/0");
    assert_non_null(disk_add_layer(&disk));
    volchain_complete(&table, &disk);
    assert_int_equal(disk.layer_count, 2);
    disk_cut_layers(&disk, 1);
    volchain_complete(&table, &disk);
    assert_int_equal(disk.layer_count, WALK_DEPTH_MAX);
    disk_clear(&disk);
}

static void volumes_that_go(void **state)
{
    static const struct fake_volume volumes[] = {
        {"a", "/p/a", VOLUME("/p/a", "")}, {"b", "/p/b", VOLUME("/p/b", "")}};
    struct fake_pool all[] = {
        {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 2}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    assert_int_equal(pools.pools[0]->volumes.disk_count, 2);
    all[0].volume_count = 1;
    assert_true(read_again(true, true));
    assert_int_equal(pools.pools[0]->volumes.disk_count, 1);
    all[0].volume_count = 0;
    assert_true(read_again(true, true));
    assert_int_equal(pools.pools[0]->volumes.disk_count, 0);
}

static void volumes_that_can_not_be_listed(void **state)
{
    static const struct fake_volume volumes[] = {
        {"a", "/p/a", VOLUME("/p/a", "")}, {"b", "/p/b", VOLUME("/p/b", "")}};
    const struct fake_pool all[] = {
        {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 2}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    fake.volumes_silent = true;
    assert_true(read_again(true, true));
    assert_int_equal(pools.pools[0]->volumes.disk_count, 2);
    assert_string_equal(pools.pools[0]->volumes.disks[1].target, "b");
}

/* Each reading has its own figures. */
static void volumes_that_change(void **state)
{
#define CAPACITY(bytes)                                                        \
    "<volume type='file'><capacity unit='bytes'>" bytes "</capacity>"          \
    "<target><path>/p/a</path><format type='qcow2'/></target></volume>"
    struct fake_volume volumes[] = {{"a", "/p/a", CAPACITY("100")}};
    const struct fake_pool all[] = {
        {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 1}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    assert_int_equal(volume_of(0, 0)->layers[0].stated.capacity, 100);
    volumes[0].xml = CAPACITY("200");
    assert_true(read_again(true, true));
    assert_int_equal(volume_of(0, 0)->layers[0].stated.capacity, 200);
}

/* What was read of an image is kept for the next reading of its volume; a
 * chain that was followed through volumes is followed anew. */
static void knowledge_of_images_is_kept(void **state)
{
    static const struct fake_volume volumes[] = {
        {"a", "/p/a", VOLUME("/p/a", "")}};
    const struct fake_pool all[] = {
        {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 1}};

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    struct layer *layer = &pools.pools[0]->volumes.disks[0].layers[0];
    layer->image_state = IMAGE_READ;
    layer->image.end = 77;
    assert_true(read_again(true, true));
    layer = &pools.pools[0]->volumes.disks[0].layers[0];
    assert_int_equal(layer->image_state, IMAGE_READ);
    assert_true(layer->image.end == 77);
    assert_true(read_again(true, false));
    layer = &pools.pools[0]->volumes.disks[0].layers[0];
    assert_int_equal(layer->image_state, IMAGE_UNREAD);
}

/* --- names --------------------------------------------------------------- */

/* Of that volume of the pool of that number. */
static const char *instance_of(unsigned char number, const char *volume)
{
    const unsigned char uuid[UUID_BYTES] = {[UUID_BYTES - 1] = number};
    const struct domain *volumes = pools_find(&pools, uuid);

    assert_non_null(volumes);
    const struct disk *disk = domain_find_disk(volumes, volume);
    assert_non_null(disk);
    return disk->instance;
}

/* "a-b" with "c", and "a" with "b-c". */
static void names_that_would_fall_together(void **state)
{
    static const struct fake_volume one[] = {{"c", "/1", VOLUME("/1", "")},
                                             {"d", "/2", VOLUME("/2", "")}};
    static const struct fake_volume two[] = {{"b-c", "/3", VOLUME("/3", "")},
                                             {"e", "/4", VOLUME("/4", "")}};
    static const struct fake_pool all[] = {
        {.uuid = 1, .name = "a-b", .volumes = one, .volume_count = 2},
        {.uuid = 2, .name = "a", .volumes = two, .volume_count = 2}};
    static const struct fake_pool turned[] = {
        {.uuid = 2, .name = "a", .volumes = two, .volume_count = 2},
        {.uuid = 1, .name = "a-b", .volumes = one, .volume_count = 2}};
    char name[IDENTITY_SIZE];

    (void)state;
    set_pools(all, COUNT_OF(all));
    assert_true(read_again(true, true));
    snprintf(name, sizeof(name), "%s", volume_of(1, 0)->instance);
    assert_string_equal(volume_of(0, 0)->instance, "vol-a-b-c");
    assert_memory_equal(name, "vol-a-b-c-", 10);
    assert_string_equal(volume_of(0, 1)->instance, "vol-a-b-d");
    assert_string_equal(volume_of(1, 1)->instance, "vol-a-e");

    /* They stay what they are, in whatever order the pools are read. */
    for (unsigned round = 0; round < 4; round++) {
        set_pools(round % 2 == 0 ? turned : all, 2);
        assert_true(read_again(true, true));
        assert_string_equal(instance_of(1, "c"), "vol-a-b-c");
        assert_string_equal(instance_of(2, "b-c"), name);
    }
}

static void names_that_are_too_long(void **state)
{
    char pool[200];
    static const struct fake_volume volumes[] = {
        {"one", "/1", VOLUME("/1", "")}, {"two", "/2", VOLUME("/2", "")}};
    const struct fake_pool all[] = {
        {.uuid = 1, .name = pool, .volumes = volumes, .volume_count = 2}};

    (void)state;
    memset(pool, 'p', sizeof(pool) - 1);
    pool[sizeof(pool) - 1] = '\0';
    set_pools(all, 1);
    assert_true(read_again(true, true));
    assert_int_equal(strlen(pools.pools[0]->instance), IDENTITY_SIZE - 1);
    assert_int_equal(strlen(volume_of(0, 0)->instance), IDENTITY_SIZE - 1);
    assert_string_not_equal(volume_of(0, 0)->instance,
                            volume_of(0, 1)->instance);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_of_pools),
        TEST(pools_that_go_and_come),
        TEST(no_answer_is_no_knowledge),
        TEST(pools_are_found_by_uuid),
        TEST(volumes_of_a_pool),
        TEST(chains_through_volumes),
        TEST(chain_of_volumes_that_loops),
        TEST(chain_of_volumes_without_end),
        TEST(disks_that_volumes_do_not_complete),
        TEST(volumes_that_go),
        TEST(volumes_that_can_not_be_listed),
        TEST(volumes_that_change),
        TEST(knowledge_of_images_is_kept),
        TEST(names_that_would_fall_together),
        TEST(names_that_are_too_long),
    };

    return cmocka_run_group_tests_name("pools", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "place.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* --- images that lie on storages with numbers ---------------------------- */

static unsigned asked;

/* "/7/..." lies on the file system 7; 0 is not known. */
static uint64_t place(const char *path)
{
    unsigned number = 0;

    asked++;
    sscanf(path, "/%u/", &number);
    return number;
}

/* "/dev/7..." is the device 7. */
static bool look(const char *path, struct look *ret_look)
{
    unsigned number;

    if (sscanf(path, "/dev/%u", &number) != 1)
        return false;
    *ret_look = (struct look){.storage = STORAGE_BLOCK, .device = number};
    return true;
}

static const struct images images = {.place = place, .look = look};

/* --- domains of one disk, which is one layer ----------------------------- */

static struct domain domains[2];
static struct places places;

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(domains); i++)
        domain_clear(&domains[i]);
    places_clear(&places);
    asked = 0;
    return 0;
}

static struct layer *add_layer(struct domain *domain, enum storage storage,
                               const char *name)
{
    struct disk *disk = domain_add_disk(domain, "vda");
    assert_non_null(disk);
    struct layer *layer = disk_add_layer(disk);
    assert_non_null(layer);

    char **text = storage == STORAGE_NETWORK  ? &layer->server
                  : storage == STORAGE_VOLUME ? &layer->pool
                                              : &layer->path;
    layer->storage = storage;
    if (name != NULL)
        assert_true(text_replace(text, name));
    return layer;
}

/* Those of all its layers. */
static void add_places(const struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            uint64_t one = domain->disks[i].layers[j].place;
            places_add(&places, one);
            assert_true(one == 0 || place_is_of(one, domain));
        }
}

/* Of those whose place is known. */
static size_t count_layers(const struct domain *domain)
{
    size_t count = 0;

    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            count += domain->disks[i].layers[j].place != 0;
    return count;
}

/* Number of layers of the one that lie where one of the other does. */
static size_t have_in_common(const struct domain *a, const struct domain *b)
{
    places_clear(&places);
    add_places(b);
    size_t hold = places_hold(&places, a);
    assert_int_equal(hold + places_miss(&places, a), count_layers(a));
    return hold;
}

static bool share(enum storage a, const char *name_a, enum storage b,
                  const char *name_b, const struct images *looks)
{
    clear(NULL);
    add_layer(&domains[0], a, name_a);
    add_layer(&domains[1], b, name_b);
    place_layers(&domains[0], looks);
    place_layers(&domains[1], looks);
    return have_in_common(&domains[0], &domains[1]) > 0;
}

static bool files_share(const char *a, const char *b,
                        const struct images *looks)
{
    return share(STORAGE_FILE, a, STORAGE_FILE, b, looks);
}

/* --- tests --------------------------------------------------------------- */

static void files_share_a_file_system(void **state)
{
    (void)state;
    assert_true(files_share("/7/a/x", "/7/b/y", &images));
    assert_true(files_share("/7/x", "/7/x", &images));
    assert_false(files_share("/7/x", "/8/x", &images));
    assert_int_equal(asked, 2);
}

/* Behind a remote connection, or where a mount is gone. */
static void files_share_a_folder_where_no_more_is_known(void **state)
{
    const struct images *const looks[] = {NULL, &images};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(looks); i++) {
        assert_true(files_share("/a/b/x", "/a/b/y", looks[i]));
        assert_false(files_share("/a/b/x", "/a/x", looks[i]));
        assert_false(files_share("/a/b/x", "/a/c/x", looks[i]));
        assert_true(files_share("/x", "/y", looks[i]));
        assert_false(files_share("/x", "/a/x", looks[i]));
        assert_true(files_share("x", "y", looks[i]));
    }
    assert_true(asked > 0);
}

/* Those of this host tell nothing of a hypervisor elsewhere. */
static void images_are_not_asked_where_they_are_not_to_be(void **state)
{
    (void)state;
    assert_false(files_share("/7/a/x", "/7/b/x", NULL));
    assert_int_equal(asked, 0);
}

/* Names of the same device: those in /dev alone are looked at. */
static void devices_have_their_number(void **state)
{
    (void)state;
    const struct layer *a = add_layer(&domains[0], STORAGE_BLOCK, "/dev/7");
    place_layers(&domains[0], &images);
    const struct layer *b = add_layer(&domains[1], STORAGE_BLOCK, "/dev/7/b");
    place_layers(&domains[1], &images);
    assert_true(a->source != 0);
    assert_true(a->source == b->source);
    assert_true(a->place != b->place);
    domain_clear(&domains[1]);
    b = add_layer(&domains[1], STORAGE_BLOCK, "/mnt/7");
    place_layers(&domains[1], &images);
    assert_true(b->source == 0);
}

static void devices_stand_for_themselves(void **state)
{
    (void)state;
    assert_true(
        share(STORAGE_BLOCK, "/dev/vg/a", STORAGE_BLOCK, "/dev/vg/a", &images));
    assert_false(
        share(STORAGE_BLOCK, "/dev/vg/a", STORAGE_BLOCK, "/dev/vg/b", &images));
    assert_int_equal(asked, 0);
}

static void network_images_share_a_server(void **state)
{
    (void)state;
    assert_true(
        share(STORAGE_NETWORK, "ceph1", STORAGE_NETWORK, "ceph1", &images));
    assert_false(
        share(STORAGE_NETWORK, "ceph1", STORAGE_NETWORK, "ceph2", &images));
}

static void volumes_share_a_pool(void **state)
{
    (void)state;
    assert_true(share(STORAGE_VOLUME, "pool", STORAGE_VOLUME, "pool", &images));
    assert_false(
        share(STORAGE_VOLUME, "pool", STORAGE_VOLUME, "loop", &images));
}

/* A pool may have the name of a server. */
static void kinds_of_storage_are_told_apart(void **state)
{
    static const enum storage kinds[] = {STORAGE_FILE, STORAGE_BLOCK,
                                         STORAGE_NETWORK, STORAGE_VOLUME};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        for (size_t j = 0; j < COUNT_OF(kinds); j++)
            assert_true(share(kinds[i], "/a/x", kinds[j], "/a/x", NULL) ==
                        (i == j));
    /* A folder's name is no device's. */
    assert_false(
        share(STORAGE_FILE, "/dev/vg/a", STORAGE_BLOCK, "/dev/vg", NULL));
}

/* Two domains of which nothing is known have nothing in common. */
static void what_is_not_known_is_not_shared(void **state)
{
    static const enum storage kinds[] = {
        STORAGE_UNKNOWN, STORAGE_NONE,    STORAGE_FILE,
        STORAGE_BLOCK,   STORAGE_NETWORK, STORAGE_VOLUME,
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        assert_false(share(kinds[i], NULL, kinds[i], NULL, &images));
    assert_false(share(STORAGE_NONE, "/7/x", STORAGE_NONE, "/7/x", &images));
    assert_false(
        share(STORAGE_UNKNOWN, "/7/x", STORAGE_UNKNOWN, "/7/x", &images));
    clear(NULL);
    assert_int_equal(have_in_common(&domains[0], &domains[1]), 0);
}

static void a_place_is_somebodys(void **state)
{
    (void)state;
    add_layer(&domains[0], STORAGE_FILE, "/7/x");
    add_layer(&domains[0], STORAGE_FILE, "/8/x");
    place_layers(&domains[0], &images);
    assert_true(place_is_of(7, &domains[0]));
    assert_true(place_is_of(8, &domains[0]));
    assert_false(place_is_of(9, &domains[0]));
    assert_false(place_is_of(7, &domains[1]));
}

/* To look for a place may take time, and it never changes. */
static void a_place_is_found_once(void **state)
{
    (void)state;
    const struct layer *layer = add_layer(&domains[0], STORAGE_FILE, "/7/x");
    place_layers(&domains[0], &images);
    uint64_t found = layer->place;
    assert_true(found != 0);
    place_layers(&domains[0], &images);
    place_layers(&domains[0], NULL);
    assert_true(layer->place == found);
    assert_int_equal(asked, 1);
}

/* A backing image on a dead mount hangs a machine as its active layer does, and
 * so does the destination of a copy. */
static void every_layer_of_every_disk_counts(void **state)
{
    static const struct {
        const char *paths[2][4]; /* of disks with two layers each */
        size_t shared;           /* layers of either */
    } cases[] = {
        {{{"/1/a", "/2/a", "/3/a", "/4/a"}, {"/5/b", "/6/b", "/7/b", "/8/b"}},
         0},
        {{{"/1/a", "/2/a", "/3/a", "/4/a"}, {"/5/b", "/6/b", "/7/b", "/4/b"}},
         1},
        {{{"/1/a", "/2/a", "/3/a", "/4/a"}, {"/5/b", "/2/b", "/7/b", "/8/b"}},
         1},
        {{{"/1/a", "/2/a", "/3/a", "/4/a"}, {"/5/b", "/6/b", "/1/b", "/8/b"}},
         1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear(NULL);
        for (size_t d = 0; d < COUNT_OF(domains); d++) {
            for (size_t j = 0; j < 4; j += 2) {
                const char *const *paths = &cases[i].paths[d][j];
                add_layer(&domains[d], STORAGE_FILE, paths[0]);
                size_t last = domains[d].disk_count - 1;
                struct layer *layer = disk_add_layer(&domains[d].disks[last]);
                assert_non_null(layer);
                layer->role = ROLE_MIRROR;
                layer->storage = STORAGE_FILE;
                assert_true(text_replace(&layer->path, paths[1]));
            }
            place_layers(&domains[d], &images);
        }
        assert_int_equal(have_in_common(&domains[0], &domains[1]),
                         cases[i].shared);
        assert_int_equal(have_in_common(&domains[1], &domains[0]),
                         cases[i].shared);
    }
}

/* A set: what was added twice is removed at once, and what was not is not. */
static void places_are_added_and_removed(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 40; i++) {
        char path[16];
        snprintf(path, sizeof(path), "/%u/x", i);
        add_layer(&domains[0], STORAGE_FILE, path);
        if (i % 4 == 0)
            add_layer(&domains[1], STORAGE_FILE, path);
    }
    place_layers(&domains[0], &images);
    place_layers(&domains[1], &images);
    places_remove(&places, &domains[0]);
    add_places(&domains[0]);
    add_places(&domains[1]);
    add_places(&domains[0]);
    assert_int_equal(places_hold(&places, &domains[0]), 40);
    assert_int_equal(places_hold(&places, &domains[1]), 10);
    places_remove(&places, &domains[1]);
    assert_int_equal(places_hold(&places, &domains[0]), 30);
    assert_int_equal(places_hold(&places, &domains[1]), 0);
    places_remove(&places, &domains[1]);
    places_remove(&places, &domains[0]);
    assert_int_equal(places_hold(&places, &domains[0]), 0);
    assert_int_equal(places.count, 0);
}

/* Storages that come and go leave nothing behind. */
static void memory_of_places_is_kept(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        struct layer *layer = add_layer(&domains[0], STORAGE_FILE, "/1/x");
        layer->place = i + 1;
        add_places(&domains[0]);
        assert_int_equal(places.count, 1);
        places_remove(&places, &domains[0]);
        assert_true(places.room < 20);
        domain_clear_disks(&domains[0]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_share_a_file_system),
        TEST(files_share_a_folder_where_no_more_is_known),
        TEST(images_are_not_asked_where_they_are_not_to_be),
        TEST(devices_stand_for_themselves),
        TEST(devices_have_their_number),
        TEST(network_images_share_a_server),
        TEST(volumes_share_a_pool),
        TEST(kinds_of_storage_are_told_apart),
        TEST(what_is_not_known_is_not_shared),
        TEST(a_place_is_somebodys),
        TEST(a_place_is_found_once),
        TEST(every_layer_of_every_disk_counts),
        TEST(places_are_added_and_removed),
        TEST(memory_of_places_is_kept),
    };

    return cmocka_run_group_tests_name("place", tests, NULL, NULL) != 0;
}

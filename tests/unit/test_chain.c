/* SPDX-License-Identifier: MIT */
#include "blockstats.h"
#include "chain.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void add_layers(struct disk *disk, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct layer *layer = disk_add_layer(disk);
        assert_non_null(layer);
        layer->depth = (unsigned)i;
    }
}

static void new_layer_is_unknown(void **state)
{
    struct domain domain = {0};
    struct disk *disk = domain_add_disk(&domain, "vda");
    const struct layer *layer = disk_add_layer(disk);

    (void)state;
    assert_int_equal(layer->role, ROLE_CHAIN);
    assert_int_equal(layer->storage, STORAGE_UNKNOWN);
    assert_int_equal(layer->seen.storage, STORAGE_UNKNOWN);
    assert_int_equal(layer->index, 0);
    assert_null(layer->format);
    assert_null(layer->path);
    assert_true(layer->record == LAYER_NO_RECORD);
    assert_true(layer->stated.capacity == SIZE_UNKNOWN);
    assert_true(layer->stated.allocation == SIZE_UNKNOWN);
    assert_true(layer->stated.physical == SIZE_UNKNOWN);
    assert_true(layer->sizes.capacity == SIZE_UNKNOWN);
    assert_true(layer->sizes.allocation == SIZE_UNKNOWN);
    assert_true(layer->sizes.physical == SIZE_UNKNOWN);
    domain_clear(&domain);
}

static void disks_are_found_by_their_whole_target(void **state)
{
    struct domain domain = {0};

    (void)state;
    assert_non_null(domain_add_disk(&domain, "vda"));
    assert_non_null(domain_add_disk(&domain, "vdaa"));
    assert_ptr_equal(domain_find_disk(&domain, "vdaa"), &domain.disks[1]);
    assert_ptr_equal(domain_find_disk(&domain, "vda"), &domain.disks[0]);
    assert_null(domain_find_disk(&domain, "vd"));
    domain_clear(&domain);
}

static void removed_disk_leaves_the_others_in_order(void **state)
{
    struct domain domain = {0};

    (void)state;
    domain_add_disk(&domain, "vda");
    domain_add_disk(&domain, "vdb");
    domain_add_disk(&domain, "vdc");
    domain_add_disk(&domain, "vdd");
    add_layers(&domain.disks[1], 3);
    add_layers(&domain.disks[2], 2);
    domain_remove_disk(&domain, 1);
    assert_int_equal(domain.disk_count, 3);
    assert_string_equal(domain.disks[0].target, "vda");
    assert_string_equal(domain.disks[1].target, "vdc");
    assert_int_equal(domain.disks[1].layer_count, 2);
    assert_string_equal(domain.disks[2].target, "vdd");
    domain_remove_disk(&domain, 2);
    domain_remove_disk(&domain, 1);
    domain_remove_disk(&domain, 0);
    assert_int_equal(domain.disk_count, 0);
    domain_clear(&domain);
}

static void mirror_and_scratch_are_not_of_the_chain(void **state)
{
    struct domain domain = {0};
    struct disk *disk = domain_add_disk(&domain, "vda");

    (void)state;
    assert_int_equal(disk_chain_length(disk), 0);
    add_layers(disk, 5);
    disk->layers[3].role = ROLE_MIRROR;
    disk->layers[4].role = ROLE_SCRATCH;
    assert_int_equal(disk_chain_length(disk), 3);
    domain_clear(&domain);
}

static void clear_leaves_zeroes_and_takes_them(void **state)
{
    static const struct domain nothing;
    struct domain domain = {.name = strdup("vm"), .metadata = strdup("web")};
    struct layer layer = {.format = strdup("raw"), .pool = strdup("default")};

    (void)state;
    add_layers(domain_add_disk(&domain, "vda"), 2);
    domain_clear_disks(&domain);
    assert_int_equal(domain.disk_count, 0);
    assert_null(domain.disks);
    assert_string_equal(domain.name, "vm");
    domain_clear(&domain);
    assert_memory_equal(&domain, &nothing, sizeof(domain));
    domain_clear(&domain);

    layer_clear(&layer);
    assert_null(layer.format);
    assert_null(layer.pool);
    layer_clear(&layer);
}

/* --- chain_bind ---------------------------------------------------------- */

/* vda with a chain of three; the layers' index and path as given. */
static void make_chain(struct domain *domain, const unsigned indexes[3],
                       const char *const paths[3])
{
    struct disk *disk = domain_add_disk(domain, "vda");

    add_layers(disk, 3);
    for (size_t i = 0; i < 3; i++) {
        disk->layers[i].index = indexes[i];
        disk->layers[i].path = paths[i] == NULL ? NULL : strdup(paths[i]);
    }
}

static const unsigned with_index[] = {3, 2, 1};
static const unsigned no_index[] = {0, 0, 0};
static const char *const with_path[] = {"/top", "/middle", "/base"};
static const char *const no_path[] = {NULL, NULL, NULL};

static bool bind(struct domain *domain, const char *target, unsigned index,
                 const char *path, size_t position)
{
    struct blockrecord record = {
        .target = target, .path = path, .index = index};

    return chain_bind(domain, &record, position);
}

static void bound_by_index_whatever_the_path(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, with_index, with_path);
    assert_true(bind(&domain, "vda", 1, "/moved", 7));
    assert_true(domain.disks[0].layers[2].record == 7);
    assert_true(domain.disks[0].layers[0].record == LAYER_NO_RECORD);
    domain_clear(&domain);
}

static void unknown_index_finds_no_layer(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, with_index, with_path);
    assert_false(bind(&domain, "vda", 9, "/top", 0));
    assert_false(bind(&domain, "vda", 9, NULL, 0));
    domain_clear(&domain);
}

static void bound_by_path_where_an_index_lacks(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, no_index, with_path);
    assert_true(bind(&domain, "vda", 5, "/middle", 4));
    assert_true(domain.disks[0].layers[1].record == 4);
    assert_false(bind(&domain, "vda", 0, "/other", 5));
    domain_clear(&domain);
}

/* The layer has an index, the record has none. */
static void bound_by_path_where_the_record_has_no_index(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, with_index, with_path);
    assert_true(bind(&domain, "vda", 0, "/base", 4));
    assert_true(domain.disks[0].layers[2].record == 4);
    domain_clear(&domain);
}

static void bound_in_order_where_a_path_lacks_too(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, no_index, no_path);
    for (size_t i = 0; i < 3; i++) {
        assert_true(bind(&domain, "vda", 0, NULL, 10 + i));
        assert_true(domain.disks[0].layers[i].record == 10 + i);
    }
    assert_false(bind(&domain, "vda", 0, NULL, 13));
    domain_clear(&domain);
}

/* In order holds for the chain alone: nothing says that a record without
 * index and path speaks of a mirror. */
static void mirror_is_not_bound_in_order(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, no_index, no_path);
    domain.disks[0].layers[0].role = ROLE_MIRROR;
    assert_true(bind(&domain, "vda", 0, NULL, 0));
    assert_true(domain.disks[0].layers[0].record == LAYER_NO_RECORD);
    assert_true(domain.disks[0].layers[1].record == 0);
    domain_clear(&domain);
}

static void layer_takes_one_record_only(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, with_index, with_path);
    assert_true(bind(&domain, "vda", 2, "/middle", 1));
    assert_false(bind(&domain, "vda", 2, "/middle", 2));
    assert_true(domain.disks[0].layers[1].record == 1);
    domain_clear(&domain);
}

static void record_of_another_disk_is_not_bound(void **state)
{
    struct domain domain = {0};

    (void)state;
    make_chain(&domain, with_index, with_path);
    assert_false(bind(&domain, "vdb", 1, "/base", 0));
    assert_false(bind(&domain, NULL, 1, "/base", 0));
    domain_clear(&domain);
}

/* --- texts --------------------------------------------------------------- */

static void text_is_replaced_only_where_it_differs(void **state)
{
    char *text = NULL;

    (void)state;
    assert_true(text_replace(&text, "one"));
    assert_string_equal(text, "one");
    const char *first = text;
    assert_true(text_replace(&text, "one"));
    assert_ptr_equal(text, first);
    assert_true(text_replace(&text, "two"));
    assert_string_equal(text, "two");
    free(text);
}

static void uuid_is_as_libvirt_writes_it(void **state)
{
    static const unsigned char uuid[UUID_BYTES] = {
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
        0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    char text[UUID_TEXT_SIZE];

    (void)state;
    uuid_format(text, uuid);
    assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_layer_is_unknown),
        cmocka_unit_test(disks_are_found_by_their_whole_target),
        cmocka_unit_test(removed_disk_leaves_the_others_in_order),
        cmocka_unit_test(mirror_and_scratch_are_not_of_the_chain),
        cmocka_unit_test(clear_leaves_zeroes_and_takes_them),
        cmocka_unit_test(bound_by_index_whatever_the_path),
        cmocka_unit_test(unknown_index_finds_no_layer),
        cmocka_unit_test(bound_by_path_where_an_index_lacks),
        cmocka_unit_test(bound_by_path_where_the_record_has_no_index),
        cmocka_unit_test(bound_in_order_where_a_path_lacks_too),
        cmocka_unit_test(mirror_is_not_bound_in_order),
        cmocka_unit_test(layer_takes_one_record_only),
        cmocka_unit_test(record_of_another_disk_is_not_bound),
        cmocka_unit_test(text_is_replaced_only_where_it_differs),
        cmocka_unit_test(uuid_is_as_libvirt_writes_it),
    };

    return cmocka_run_group_tests_name("chain", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "census.h"
#include "unit.h"

#include <string.h>

static struct census census;

static int clear(void **state)
{
    (void)state;
    census_clear(&census);
    assert_null(census.entries);
    return 0;
}

/* Those of even numbers, 2 to 2 * count. */
static void fill(size_t count)
{
    assert_true(census_start(&census, count));
    assert_int_equal(census.count, 0);
    for (size_t i = 0; i < count; i++)
        census.entries[census.count++] = (struct census_entry){
            .uuid = {[UUID_BYTES - 2] = (unsigned char)((i + 1) >> 7),
                     [UUID_BYTES - 1] = (unsigned char)(2 * (i + 1))},
            .id = (int)i,
        };
}

static const struct census_entry *find(unsigned number)
{
    const unsigned char uuid[UUID_BYTES] = {
        [UUID_BYTES - 2] = (unsigned char)(number >> 8),
        [UUID_BYTES - 1] = (unsigned char)number};

    return census_find(&census, uuid);
}

static void each_is_found_and_no_other(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 300; count += 23) {
        fill(count);
        for (unsigned i = 0; i < count; i++) {
            assert_ptr_equal(find(2 * (i + 1)), &census.entries[i]);
            assert_null(find(2 * i + 1));
        }
        assert_null(find(0));
        assert_null(find((unsigned)(2 * count + 1)));
        assert_null(find((unsigned)(2 * count + 2)));
    }
}

/* All bytes of a UUID count, and as numbers without a sign: so the roster
 * sorts them. */
static void uuids_differ_in_every_byte(void **state)
{
    (void)state;
    for (size_t byte = 0; byte < UUID_BYTES; byte++) {
        assert_true(census_start(&census, 3));
        memset(census.entries, 0, 3 * sizeof(struct census_entry));
        census.entries[1].uuid[byte] = 0x7f;
        census.entries[2].uuid[byte] = 0x80;
        census.count = 3;
        for (size_t i = 0; i < 3; i++) {
            unsigned char uuid[UUID_BYTES];
            memcpy(uuid, census.entries[i].uuid, UUID_BYTES);
            assert_ptr_equal(census_find(&census, uuid), &census.entries[i]);
        }
        unsigned char other[UUID_BYTES] = {0};
        other[byte] = 1;
        assert_null(census_find(&census, other));
    }
}

static void an_empty_one_knows_nobody(void **state)
{
    (void)state;
    assert_null(find(2));
    assert_true(census_start(&census, 0));
    assert_null(find(2));
    /* What it held before is forgotten, although the memory is kept. */
    fill(5);
    assert_non_null(find(2));
    assert_true(census_start(&census, 5));
    assert_null(find(2));
}

/* A steady state allocates nothing. */
static void memory_is_kept(void **state)
{
    (void)state;
    fill(100);
    const struct census_entry *entries = census.entries;
    size_t room = census.room;
    assert_true(room >= 100);
    for (size_t count = 100; count > 0; count--)
        fill(count);
    fill(100);
    assert_ptr_equal(census.entries, entries);
    assert_int_equal(census.room, room);
}

/* Nor does a host whose domains become more by one from time to time allocate
 * each time. */
static void room_grows_by_more_than_one(void **state)
{
    size_t growths = 0;

    (void)state;
    for (size_t count = 1; count <= 1000; count++) {
        size_t room = census.room;
        fill(count);
        growths += census.room != room;
    }
    assert_true(growths <= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_is_found_and_no_other, clear),
        cmocka_unit_test_teardown(uuids_differ_in_every_byte, clear),
        cmocka_unit_test_teardown(an_empty_one_knows_nobody, clear),
        cmocka_unit_test_teardown(memory_is_kept, clear),
        cmocka_unit_test_teardown(room_grows_by_more_than_one, clear),
    };

    return cmocka_run_group_tests_name("census", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two rows; of the second, headroom and percent are not known, and path of
 * neither. */
static const char text[] = "virt_backing 1 1\n"
                           "b\tvda\tl0\t1\t2\t3\t4\t5.00\t6\tactive\traw\t-\n"
                           "a\tvda\tl0\t11\t12\t13\t-\t-\t16\tbacking\traw\t-\n"
                           "end 2\n";

#define KEY_A 1, 'a', 3, 'v', 'd', 'a', 2, 'l', '0'
#define KEY_B 1, 'b', 3, 'v', 'd', 'a', 2, 'l', '0'
#define OID(...) (const subid[]){__VA_ARGS__}, LENGTH(__VA_ARGS__)
#define LENGTH(...) (sizeof((subid[]){__VA_ARGS__}) / sizeof(subid))

static struct rows *rows;

static int set_up(void **state)
{
    (void)state;
    rows = rows_parse(strdup(text));
    return rows != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rows_free(rows);
    return 0;
}

static void assert_get(uint64_t number, const subid *suffix, size_t length)
{
    struct cell cell = {0};

    assert_true(view_get(rows, suffix, length, &cell));
    assert_true(cell.number == number);
}

static void assert_none(const subid *suffix, size_t length)
{
    struct cell cell;

    assert_false(view_get(rows, suffix, length, &cell));
}

static void get(void **state)
{
    (void)state;
    assert_get(2, OID(1, 0));
    assert_get(11, OID(2, 1, COLUMN_CAPACITY, KEY_A));
    assert_get(4, OID(2, 1, COLUMN_HEADROOM, KEY_B));
    assert_none(OID(2, 1, COLUMN_HEADROOM, KEY_A));
    assert_none(OID(2, 1, COLUMN_PATH, KEY_A));
    assert_none(OID(2, 1, COLUMN_LAYER, KEY_A));
    assert_none(OID(2, 1, COLUMN_LAST + 1, KEY_A));
    assert_none(OID(2, 1, COLUMN_CAPACITY));
    assert_none(OID(2, 1, COLUMN_CAPACITY, KEY_A, 0));
    assert_none(OID(2, 1, COLUMN_CAPACITY, 1, 'a' + 256, 3, 'v', 'd', 'a', 2,
                    'l', '0'));
    assert_none(OID(2, 1, COLUMN_CAPACITY, 1, 'c'));
    assert_none(OID(2, 2, COLUMN_CAPACITY, KEY_A));
    assert_none(OID(1));
    assert_none(OID(1, 1));
    assert_none(OID(2, 1));
    assert_none(NULL, 0);
}

static void assert_next(const subid *expected, size_t expected_length,
                        const subid *suffix, size_t length)
{
    subid next[SUFFIX_MAX];
    size_t next_length;
    struct cell cell;

    assert_true(view_next(rows, suffix, length, next, &next_length, &cell));
    assert_int_equal(next_length, expected_length);
    assert_memory_equal(next, expected, expected_length * sizeof(subid));
}

static void assert_end(const subid *suffix, size_t length)
{
    subid next[SUFFIX_MAX];
    size_t next_length;
    struct cell cell;

    assert_false(view_next(rows, suffix, length, next, &next_length, &cell));
}

/* From wherever one starts. */
static void next(void **state)
{
    (void)state;
    assert_next(OID(1, 0), NULL, 0);
    assert_next(OID(1, 0), OID(0, 7));
    assert_next(OID(1, 0), OID(1));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(1, 0));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(1, 0, 0));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2, 0, 9));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2, 1));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2, 1, 0));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2, 1, COLUMN_LAYER, 9));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_A), OID(2, 1, COLUMN_FIRST));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_B), OID(2, 1, COLUMN_FIRST, KEY_A));
    assert_next(OID(2, 1, COLUMN_FIRST, KEY_B),
                OID(2, 1, COLUMN_FIRST, KEY_A, 0));
    assert_next(OID(2, 1, COLUMN_ALLOCATION, KEY_A),
                OID(2, 1, COLUMN_FIRST, 1, 'a' + 256));
    assert_next(OID(2, 1, COLUMN_ALLOCATION, KEY_A),
                OID(2, 1, COLUMN_FIRST, KEY_B));
    assert_next(OID(2, 1, COLUMN_HEADROOM, KEY_B),
                OID(2, 1, COLUMN_PHYSICAL, KEY_B));
    assert_end(OID(2, 1, COLUMN_FORMAT, KEY_B));
    assert_end(OID(2, 1, COLUMN_LAST + 1));
    assert_end(OID(2, 2));
    assert_end(OID(3));
}

/* A walk meets each cell that is known, once, in rising order. */
static void walk(void **state)
{
    subid suffix[SUFFIX_MAX];
    size_t length = 0, cells = 0;
    struct cell cell, same;

    (void)state;
    while (view_next(rows, suffix, length, suffix, &length, &cell)) {
        cells++;
        assert_true(cell.kind != CELL_NONE);
        assert_true(view_get(rows, suffix, length, &same));
        assert_true(cell.number == same.number);
    }
    assert_int_equal(cells, 1 + 2 * 6 + 2);
}

static void nothing_is_known(void **state)
{
    struct rows *kept = rows;

    (void)state;
    rows = NULL;
    assert_none(OID(1, 0));
    assert_none(OID(2, 1, COLUMN_CAPACITY, KEY_A));
    assert_end(NULL, 0);
    rows = rows_parse(strdup("virt_backing 1 1\nend 0\n"));
    assert_get(0, OID(1, 0));
    assert_end(OID(1, 0));
    assert_end(OID(2, 1, COLUMN_CAPACITY, KEY_A));
    rows_free(rows);
    rows = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get),
        cmocka_unit_test(next),
        cmocka_unit_test(walk),
        cmocka_unit_test(nothing_is_known),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

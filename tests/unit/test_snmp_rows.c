/* SPDX-License-Identifier: MIT */
#include "rows.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "virt_backing 1 1\n"
#define LINE(names) names "\t1\t2\t3\t-\t-\t7\tactive\tqcow2\t/a\n"

static struct rows *parse(const char *text)
{
    return rows_parse(strdup(text));
}

static void assert_number(const struct row *row, enum column column,
                          enum cell_kind kind, uint64_t number)
{
    assert_int_equal(row->cells[column].kind, kind);
    assert_true(row->cells[column].number == number);
}

static void assert_text(const struct row *row, enum column column,
                        const char *text)
{
    assert_int_equal(row->cells[column].kind, CELL_TEXT);
    assert_int_equal(row->cells[column].length, strlen(text));
    assert_memory_equal(row->cells[column].text, text, strlen(text));
}

static void assert_key(const struct row *row, const char *key)
{
    assert_int_equal(row->key_length, strlen(key));
    assert_memory_equal(row->key, key, strlen(key));
}

static void all_columns(void **state)
{
    struct rows *rows =
        parse("virt_backing 1 25.500\n"
              "vm1\tvda\tlayer0\t18446744073709551615\t0\t21299200\t5\t"
              "3.959999\t4294967295\tmirror\tqcow2\t/a b\n"
              "end 1\n");

    (void)state;
    assert_non_null(rows);
    assert_true(rows->valid == 25.5);
    assert_int_equal(rows->count, 1);
    assert_key(rows->rows, "\3vm1\3vda\6layer0");
    assert_number(rows->rows, COLUMN_CAPACITY, CELL_BYTES, UINT64_MAX);
    assert_number(rows->rows, COLUMN_ALLOCATION, CELL_BYTES, 0);
    assert_number(rows->rows, COLUMN_PHYSICAL, CELL_BYTES, 21299200);
    assert_number(rows->rows, COLUMN_HEADROOM, CELL_BYTES, 5);
    assert_number(rows->rows, COLUMN_PERCENT, CELL_GAUGE, 395);
    assert_number(rows->rows, COLUMN_INDEX, CELL_GAUGE, UINT32_MAX);
    assert_number(rows->rows, COLUMN_ROLE, CELL_CHOICE, 3);
    assert_text(rows->rows, COLUMN_FORMAT, "qcow2");
    assert_text(rows->rows, COLUMN_PATH, "/a b");
    rows_free(rows);
}

/* The last line has no tab, whatever a domain is called. */
static void domain_that_is_called_as_the_end(void **state)
{
    struct rows *rows =
        parse("virt_backing 1 1\n"
              "end 1\tvda\tlayer0\t1\t-\t-\t-\t-\t-\tactive\t-\t-\n"
              "vm2\tvda\tlayer0\t2\t-\t-\t-\t-\t-\tactive\t-\t-\n"
              "end 2\n");

    (void)state;
    assert_non_null(rows);
    assert_int_equal(rows->count, 2);
    assert_key(&rows->rows[1], "\5end 1\3vda\6layer0");
    rows_free(rows);
}

static void what_is_not_known(void **state)
{
    struct rows *rows =
        parse("virt_backing 1 1\n"
              "\\x2d\tvda\tlayer1\t-\t-\t-\t-\t-\t-\tbacking\t-\t\\x2d\\x5c\n"
              "end 1\n");

    (void)state;
    assert_non_null(rows);
    assert_key(rows->rows, "\1-\3vda\6layer1");
    for (enum column i = COLUMN_FIRST; i <= COLUMN_FORMAT; i++)
        if (i != COLUMN_ROLE)
            assert_int_equal(rows->rows->cells[i].kind, CELL_NONE);
    assert_number(rows->rows, COLUMN_ROLE, CELL_CHOICE, 2);
    assert_text(rows->rows, COLUMN_PATH, "-\\");
    rows_free(rows);

    rows = parse("virt_backing 1 1\nend 0\n");
    assert_non_null(rows);
    assert_int_equal(rows->count, 0);
    rows_free(rows);
    rows_free(NULL);
}

/* In the order of OIDs, where a shorter name comes first. */
static void rows_are_sorted(void **state)
{
    static const char five[] = HEADER LINE("vm10\tvda\tlayer0")
        LINE("vm2\tvdb\tlayer0") LINE("vm2\tvda\tlayer10")
            LINE("vm2\tvda\tlayer2") LINE("vm2\tvda\tlayer2") "end 5\n";
    struct rows *rows = parse(five);

    (void)state;
    assert_non_null(rows);
    assert_int_equal(rows->count, 4);
    assert_key(&rows->rows[0], "\3vm2\3vda\6layer2");
    assert_key(&rows->rows[1], "\3vm2\3vda\7layer10");
    assert_key(&rows->rows[2], "\3vm2\3vdb\6layer0");
    assert_key(&rows->rows[3], "\4vm10\3vda\6layer0");
    rows_free(rows);
}

static void long_names_are_cut(void **state)
{
    char *text, name[2][128];
    struct rows *rows;

    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(name[i], 'n', 127);
        name[i][100] = (char)('a' + i);
        name[i][127] = '\0';
    }
    /* In the middle of it the cut would fall. */
    memcpy(name[1] + 54, "\xc3\xa4", 2);
    assert_true(asprintf(&text,
                         HEADER LINE("%s\tvda\tlayer0")
                             LINE("%s\tvda\tlayer0") "end 2\n",
                         name[0], name[1]) > 0);
    rows = rows_parse(text);
    assert_non_null(rows);
    assert_int_equal(rows->count, 2);
    assert_int_equal(rows->rows[0].key[0], DOMAIN_MAX - 1);
    assert_int_equal(rows->rows[0].key[54], 'n');
    assert_int_equal(rows->rows[0].key[55], '-');
    assert_int_equal(rows->rows[1].key[0], DOMAIN_MAX);
    assert_int_equal(rows->rows[1].key_length, DOMAIN_MAX + 1 + 4 + 7);
    rows_free(rows);
}

static void what_is_no_such_file(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "virt_backing 1 1\n",
        "virt_backing 1 1\nend 0",
        "virt_backing 1 1\nend 1\n",
        "virt_backing 1 1\nend 0\n\n",
        "virt_backing 1 1\nend x\n",
        "virt_backing 2 1\nend 0\n",
        "virt_backing 1 \nend 0\n",
        "virt_backing 1 0\nend 0\n",
        "virt_backing 1 nan\nend 0\n",
        "virt_backing 1 1x\nend 0\n",
        HEADER LINE("vm1\tvda\tlayer0"),
        HEADER LINE("vm1\tvda") "end 1\n",
        HEADER LINE("vm1\tvda\tlayer0\t1") "end 1\n",
        HEADER LINE("\tvda\tlayer0") "end 1\n",
        HEADER LINE("vm\\x4\tvda\tlayer0") "end 1\n",
        HEADER LINE("vm\\n\tvda\tlayer0") "end 1\n",
        "virt_backing 1 1\nv\tv\tl\t-1\t-\t-\t-\t-\t-\tactive\t-\t-\nend 1\n",
        "virt_backing 1 1\nv\tv\tl\t18446744073709551616\t-\t-\t-\t-\t-\t"
        "active\t-\t-\nend 1\n",
        "virt_backing 1 1\nv\tv\tl\t-\t-\t-\t-\t5\t-\tactive\t-\t-\nend 1\n",
        "virt_backing 1 1\nv\tv\tl\t-\t-\t-\t-\t100.01\t-\tactive\t-\t-\n"
        "end 1\n",
        "virt_backing 1 1\nv\tv\tl\t-\t-\t-\t-\t-\t4294967296\tactive\t-\t-\n"
        "end 1\n",
        "virt_backing 1 1\nv\tv\tl\t-\t-\t-\t-\t-\t-\tother\t-\t-\nend 1\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (parse(texts[i]) != NULL)
            fail_msg("taken: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_columns),
        cmocka_unit_test(domain_that_is_called_as_the_end),
        cmocka_unit_test(what_is_not_known),
        cmocka_unit_test(rows_are_sorted),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(what_is_no_such_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "plain.h"
#include "unit.h"
#include "units.h"

#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

static void sizes_that_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"1", 1},
                {"1048576", MIB},
                {"4K", 4 * KIB},
                {"512M", 512 * MIB},
                {"10G", 10 * GIB},
                {"2T", 2048 * GIB},
                {"9223372036854775807", INT64_MAX}};
    static const char *const bad[] = {
        "",        "0",   "0G",   "-1",
        "+1",      " 1",  "1 ",   "1.5G",
        "10g",     "10P", "10GB", "10G1",
        "G",       "x",   "0x1",  "9223372036854775808",
        "8388608T"};
    uint64_t bytes = 7;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(units_parse_bytes(bad[i], &bytes));
    assert_int_equal(bytes, 7);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(units_parse_bytes(good[i].text, &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
}

static void seconds_that_are_read(void **state)
{
    static const char *const bad[] = {"",        "0",  "0.09", "-1",  "86401",
                                      "86400.5", "1x", "nan",  "inf", "1e3",
                                      "0x10",    " 1", "+1",   ".5",  "1.2.3"};
    double seconds = 7;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(units_parse_seconds(bad[i], &seconds));
    assert_true(seconds == 7);
    assert_true(units_parse_seconds("0.1", &seconds) && seconds == 0.1);
    assert_true(units_parse_seconds("2.5", &seconds) && seconds == 2.5);
    assert_true(units_parse_seconds("86400", &seconds) && seconds == 86400);
}

static void sizes_for_people(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text, *column;
    } rows[] = {
        {0, "0 bytes", "0B"},
        {1023, "1023 bytes", "1023B"},
        {1024, "1.0 KiB", "1.0K"},
        {1536, "1.5 KiB", "1.5K"},
        {65536, "64.0 KiB", "64.0K"},
        {1048524, "1023.9 KiB", "1.0M"},
        {1048575, "1.0 MiB", "1.0M"},
        {3879731, "3.7 MiB", "3.7M"},
        {99 * MIB + 900 * KIB, "99.9 MiB", "99.9M"},
        {100 * MIB - 1, "100.0 MiB", "100M"},
        {1023 * MIB, "1023.0 MiB", "1023M"},
        {1024 * MIB - 1, "1.0 GiB", "1.0G"},
        {10 * GIB, "10.0 GiB", "10.0G"},
        {1024 * GIB, "1.0 TiB", "1.0T"},
        {UINT64_MAX - 1, "16.0 EiB", "16.0E"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[UNITS_BYTES_SIZE];
        units_print_bytes(text, rows[i].bytes);
        assert_string_equal(text, rows[i].text);
        units_print_column(text, rows[i].bytes);
        assert_string_equal(text, rows[i].column);
        assert_in_range(strlen(text), 1, 5);
    }
}

static void no_control_characters(void **state)
{
    /* U+00A0 is none, nor is what ends in the middle of a character. */
    char text[] = "a\tb\x7f\xc2\x9b\xc3\xa4\xc2\xa0\n\xc2";

    (void)state;
    plain_clean(text);
    assert_string_equal(text, "a_b__\xc3\xa4\xc2\xa0_\xc2");
    assert_int_equal(plain_control_length(""), 0);
    assert_int_equal(plain_control_length("a\n"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_are_read),
        cmocka_unit_test(seconds_that_are_read),
        cmocka_unit_test(sizes_for_people),
        cmocka_unit_test(no_control_characters),
    };

    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "sizes.h"
#include "text.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

static void sizes_for_people(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text, *exact;
    } rows[] = {
        {0, "0B", "0"},
        {1023, "1023B", "1023"},
        {1024, "1.0K", "1024"},
        {1536, "1.5K", "1536"},
        {99 * MIB + 900 * KIB, "99.9M", "104730624"},
        {100 * MIB - 1, "100M", "104857599"},
        {1023 * MIB, "1023M", "1072693248"},
        {1024 * MIB - 1, "1.0G", "1073741823"},
        {2 * GIB - 107374182, "1.9G", "2040109466"},
        {SIZE_UNBOUNDED, "16.0E", "18446744073709551614"},
        {SIZE_UNKNOWN, "?", "?"},
    };
    char text[TEXT_SIZE_LENGTH];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        text_size(text, rows[i].bytes, false);
        assert_string_equal(text, rows[i].text);
        assert_in_range(strlen(text), 1, 5);
        text_size(text, rows[i].bytes, true);
        assert_string_equal(text, rows[i].exact);
    }
}

static void sizes_that_may_not_be(void **state)
{
    char text[TEXT_SIZE_LENGTH];

    (void)state;
    text_size_of(text, SIZE_UNKNOWN, true, true);
    assert_string_equal(text, "?");
    text_size_of(text, SIZE_UNKNOWN, true, false);
    assert_string_equal(text, "-");
    text_size_of(text, 0, true, false);
    assert_string_equal(text, "0");
}

/* What one of the functions writes. */
static char *written(const char *text, int width)
{
    char *output = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&output, &length);

    assert_non_null(out);
    if (width > 0)
        text_put_end(out, text, width);
    else
        text_put(out, text);
    fclose(out);
    return output;
}

static void expect_written(const char *text, int width, const char *expected)
{
    char *output = written(text, width);

    assert_string_equal(output, expected);
    free(output);
}

static void no_commands_to_a_terminal(void **state)
{
    (void)state;
    expect_written("a b\xc3\xa4\xe2\x82\xac", 0, "a b\xc3\xa4\xe2\x82\xac");
    expect_written("\x1b[31m\tx\x7f\n", 0, "?[31m?x??");
    expect_written("\xc2\x9b"
                   "31m\xc2\x80\xc2\x9f",
                   0, "?31m??");
    /* U+00A0, which is none; bytes that are no UTF-8, and what ends in the
     * middle of a character. */
    expect_written("\xc2\xa0\xc2", 0, "\xc2\xa0?");
    expect_written("a\xe4z\xff\xe2\x82", 0, "a?z???");
    /* A surrogate, and what is longer than need be. */
    expect_written("\xed\xa0\x80.\xe0\x80\xaf", 0, "???.???");
    expect_written("", 0, "");
}

static void ends_of_texts(void **state)
{
    (void)state;
    expect_written("", 8, "");
    expect_written("12345678", 8, "12345678");
    expect_written("123456789", 8, "...56789");
    expect_written("a longer path", 3, "...");
    /* Characters are counted, and stay whole. */
    expect_written("\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac", 4,
                   "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac");
    expect_written("x\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac", 4,
                   "...\xe2\x82\xac");
    expect_written("xx\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac", 5,
                   "...\xc3\xbc\xe2\x82\xac");
    expect_written("path/\x1b[31m", 6, "...31m");
}

static void expect_columns(const char *line, size_t from, size_t width,
                           const char *expected)
{
    char *output = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&output, &length);

    assert_non_null(out);
    text_put_columns(out, line, strlen(line), from, width);
    fclose(out);
    assert_string_equal(output, expected);
    free(output);
}

static void columns_of_lines(void **state)
{
    const char coloured[] = "\033[31mr\xc3\xa4"
                            "d\033[0m.";

    (void)state;
    expect_columns("12345678", 0, 8, "12345678");
    expect_columns("12345678", 0, 7, "1234567");
    expect_columns("12345678", 3, 2, "45");
    expect_columns("12345678", 8, 2, "");
    /* Characters stay whole. */
    expect_columns("x\xc3\xa4\xe2\x82\xacz", 1, 2, "\xc3\xa4\xe2\x82\xac");
    /* Colours take no room, and hold where what they begin with is cut. */
    expect_columns("\033[31mred\033[0m plain", 1, 4, "\033[31med\033[0m p");
    expect_columns("\033[31mred\033[0m", 0, 2, "\033[31mre\033[0m");
    expect_columns("\033[31mred\033[0m", 5, 2, "\033[31m\033[0m");
    assert_int_equal(text_columns(coloured, strlen(coloured)), 4);
    assert_int_equal(text_columns("abc", 2), 2);
}

/* An image of 100 MiB on a device that has `left` left, and can still grow by
 * `growth`. */
static enum danger danger(uint64_t left, uint64_t growth)
{
    char format[] = "qcow2";
    struct layer layer = {.storage = STORAGE_BLOCK, .format = format};

    layer.sizes = (struct sizes){100 * MIB, 50 * MIB, 50 * MIB + left};
    layer.headroom = left;
    layer.image_state = IMAGE_READ;
    layer.image = (struct image){
        .capacity = 100 * MIB, .end = 50 * MIB, .largest = 50 * MIB + growth};
    return text_danger(&layer);
}

static void dangers(void **state)
{
    struct layer layer = {.sizes = SIZES_UNKNOWN, .headroom = 0};

    (void)state;
    assert_int_equal(danger(10 * MIB, 60 * MIB), DANGER_NONE);
    assert_int_equal(danger(10 * MIB - 1, 60 * MIB), DANGER_NEAR);
    assert_int_equal(danger(2 * MIB, 60 * MIB), DANGER_NEAR);
    assert_int_equal(danger(2 * MIB - 1, 60 * MIB), DANGER_FULL);
    assert_int_equal(danger(0, 60 * MIB), DANGER_FULL);
    /* It can't grow by more than there is. */
    assert_int_equal(danger(1 * MIB, 1 * MIB), DANGER_NONE);
    assert_int_equal(danger(1 * MIB, 1 * MIB + 1), DANGER_FULL);
    /* What is not known is no danger that is known. */
    assert_int_equal(danger(SIZE_UNKNOWN, 60 * MIB), DANGER_NONE);
    assert_int_equal(text_danger(&layer), DANGER_NONE);
}

static void sources(void **state)
{
    char server[] = "host", pool[] = "pool", volume[] = "volume";
    char path[] = "/path";
    struct layer layer = {0};

    (void)state;
    assert_null(text_source(&layer));
    layer.server = server;
    assert_string_equal(text_source(&layer), "host");
    layer.pool = pool;
    layer.volume = volume;
    assert_string_equal(text_source(&layer), "pool/volume");
    layer.path = path;
    assert_string_equal(text_source(&layer), "/path");
}

/* After the table of RFC 3629, section 4, at its borders. */
static void what_is_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbd",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2"
                                      "a",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xef\xbf\xbe",
                                      "\xef\xbf\xbf",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(text_is_utf8(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(text_is_utf8(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_for_people),
        cmocka_unit_test(sizes_that_may_not_be),
        cmocka_unit_test(no_commands_to_a_terminal),
        cmocka_unit_test(ends_of_texts),
        cmocka_unit_test(columns_of_lines),
        cmocka_unit_test(what_is_utf8),
        cmocka_unit_test(dangers),
        cmocka_unit_test(sources),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

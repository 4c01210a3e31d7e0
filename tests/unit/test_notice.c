/* SPDX-License-Identifier: MIT
 *
 * Parts of messages: whatever names and paths a host has, a message is one
 * line, and fits.
 */
#include "notice.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void assert_name(const char *name, const char *expected)
{
    const struct domain domain = {.name = (char *)(uintptr_t)name};
    char text[NOTICE_NAME_SIZE];

    notice_name(text, &domain);
    assert_string_equal(text, expected);
}

static void names(void **state)
{
    (void)state;
    assert_name("vm1", "vm1");
    assert_name("a\nb\x7f", "a_b_");
    assert_name("12345678901234567890123456789012345678901234567",
                "12345678901234567890123456789012345678901234567");
    assert_name("123456789012345678901234567890123456789012345678",
                "12345678901234567890123456789012345678901234...");
    /* Two bytes each, of which the last would be cut in half. */
    assert_name("1ääääääääääääääääääääääääääääää", "1äääääääääääääääääääää...");
    assert_name(NULL, "");
}

static char vda[] = "vda";

static void what(void **state)
{
    char base[] = "/images/base.qcow2";
    struct disk disk = {.target = vda};
    struct layer layer = {.depth = 1, .index = 3, .path = base};
    char text[NOTICE_WHAT_SIZE];

    (void)state;
    notice_what(text, &disk, &layer, LAYER_FORMAT_DEPTH);
    assert_string_equal(text, "vda layer1 (vda[3], /images/base.qcow2)");
    notice_what(text, &disk, &layer, LAYER_FORMAT_INDEX);
    assert_string_equal(text, "vda index3 (vda[3], /images/base.qcow2)");
    layer.path = NULL;
    notice_what(text, &disk, &layer, LAYER_FORMAT_DEPTH);
    assert_string_equal(text, "vda layer1 (vda[3])");
    layer.index = 0;
    notice_what(text, &disk, &layer, LAYER_FORMAT_DEPTH);
    assert_string_equal(text, "vda layer1 (vda)");
}

static void the_end_of_a_long_path(void **state)
{
    char path[] = "/rhev/data-center/mnt/blockSD/1a4d6c5e-0000-4000-8000-"
                  "000000000000/images/7d1e/base\tä";
    struct disk disk = {.target = vda};
    struct layer layer = {.index = 3, .path = path};
    char text[NOTICE_WHAT_SIZE];

    (void)state;
    notice_what(text, &disk, &layer, LAYER_FORMAT_DEPTH);
    assert_string_equal(text,
                        "vda layer0 (vda[3], ...kSD/1a4d6c5e-0000-4000-8000-"
                        "000000000000/images/7d1e/base_ä)");
}

/* The longest of all parts: nothing of the sentence is lost. */
static void all_fits(void **state)
{
    char name[200];
    char path[2000];
    struct domain domain = {.name = name};
    char target[] = "vdaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct disk disk = {.target = target};
    struct layer layer = {
        .depth = 4294967295u, .index = 4294967295u, .path = path};
    struct notice notice = {.left = 0};
    char who[NOTICE_NAME_SIZE];
    char text[NOTICE_WHAT_SIZE];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    memset(path, 'p', sizeof(path) - 1);
    name[sizeof(name) - 1] = path[sizeof(path) - 1] = '\0';
    notice_name(who, &domain);
    notice_what(text, &disk, &layer, LAYER_FORMAT_DEPTH);
    notice_say(&notice, SEVERITY_WARNING,
               "%s: %s is over its watermark by %s: %s of %s left", who, text,
               "1023.9 KiB", "1023.9 KiB", "1023.9 KiB");
    assert_string_equal(notice.message + strlen(notice.message) - 5, " left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(what),
        cmocka_unit_test(the_end_of_a_long_path),
        cmocka_unit_test(all_fits),
    };

    return cmocka_run_group_tests_name("notice", tests, NULL, NULL) != 0;
}

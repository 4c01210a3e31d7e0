/* SPDX-License-Identifier: MIT */
#include "fake_log.h"
#include "unit.h"

#include <string.h>

static void level_and_text_arrive(void **state)
{
    (void)state;
    fake_log_reset();
    log_print(&fake_log, LOG_LEVEL_WARNING, "%s has %d layers", "vm1", 3);
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_string_equal(fake_log_last(), "vm1 has 3 layers");
}

/* Names come from outside: one that is huge is cut. */
static void long_message_is_cut(void **state)
{
    char name[1500];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    fake_log_reset();
    log_print(&fake_log, LOG_LEVEL_ERROR, "%s", name);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 1);
    assert_true(strlen(fake_log_last()) > 0);
    assert_true(strlen(fake_log_last()) < sizeof(name) - 1);
    assert_memory_equal(fake_log_last(), name, strlen(fake_log_last()));
}

/* Nor may a name make a second line, or move a terminal's cursor. */
static void control_characters_are_replaced(void **state)
{
    (void)state;
    fake_log_reset();
    log_print(&fake_log, LOG_LEVEL_ERROR, "image %s", "/a\n[error] b\033[2J\t");
    assert_int_equal(fake_log_count(), 1);
    assert_string_equal(fake_log_last(), "image /a_[error] b_[2J_");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_and_text_arrive),
        cmocka_unit_test(long_message_is_cut),
        cmocka_unit_test(control_characters_are_replaced),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL) != 0;
}

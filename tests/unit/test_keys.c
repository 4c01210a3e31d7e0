/* SPDX-License-Identifier: MIT */
#include "keys.h"
#include "unit.h"

#include <string.h>

/* The keys that `typed` is, as letters. */
static void expect_keys(const char *typed, const char *expected)
{
    static const char letters[] = {
        [KEY_NONE] = '.',    [KEY_QUIT] = 'q',      [KEY_UP] = 'u',
        [KEY_DOWN] = 'd',    [KEY_LEFT] = 'l',      [KEY_RIGHT] = 'r',
        [KEY_PAGE_UP] = 'U', [KEY_PAGE_DOWN] = 'D', [KEY_HOME] = 'H',
        [KEY_END] = 'E',
    };
    struct keys keys = {0};
    char found[64] = "";
    size_t count = 0;

    for (const char *byte = typed; *byte != '\0'; byte++) {
        enum key key = keys_take(&keys, *byte);
        if (key != KEY_NONE)
            found[count++] = letters[key];
    }
    assert_string_equal(found, expected);
}

static void letters(void **state)
{
    (void)state;
    expect_keys("q", "q");
    expect_keys("Q", "q");
    expect_keys("jkhl", "dulr");
    expect_keys("x \n\t\xc3\xa4", "");
}

/* As xterm, rxvt, screen, tmux and the kernel's console send them, each with
 * and without a mode for applications. */
static void sequences(void **state)
{
    (void)state;
    expect_keys("\033[A\033[B\033[C\033[D", "udrl");
    expect_keys("\033OA\033OB\033OC\033OD", "udrl");
    expect_keys("\033[5~\033[6~", "UD");
    expect_keys("\033[H\033[F\033OH\033OF", "HEHE");
    expect_keys("\033[1~\033[4~\033[7~\033[8~", "HEHE");
    /* with Ctrl or Shift */
    expect_keys("\033[1;5A\033[1;2B\033[5;5~", "udU");
}

static void other_sequences(void **state)
{
    (void)state;
    /* F5, Del, F1, F1 of the console: none of their bytes is a key. */
    expect_keys("\033[15~\033[3~\033OP\033[[Aq", "q");
    expect_keys("\033[?1;2c\033[200~", "");
    /* Esc, and a key behind it. */
    expect_keys("\033q", "q");
    expect_keys("\033\033[A", "u");
    /* A number that no key has. */
    expect_keys("\033[99999999999999999999~j", "d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),
        cmocka_unit_test(sequences),
        cmocka_unit_test(other_sequences),
    };

    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

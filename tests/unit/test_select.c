/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct select_list *list, const char *entry)
{
    char reason[256];

    if (!select_add(list, entry, reason, sizeof(reason)))
        fail_msg("%s: %s", entry, reason);
}

/* "vm1" asks for the domain, "vm1 vda" for the disk. */
static bool is_selected(const struct select *select, char *question)
{
    char *target = strchr(question, ' ');

    if (target == NULL)
        return select_domain(select, question);
    *target = '\0';
    bool selected = select_disk(select, question, target + 1);
    *target = ' ';
    return selected;
}

/* Lines of the input: "ignore", "domain ENTRY", "disk ENTRY", and "? NAME" or
 * "? NAME TARGET" for a question. */
static char *answer(char *input)
{
    struct select select = {.ignore = false};
    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);
    char *line;

    while ((line = cases_next_line(&input)) != NULL)
        if (strcmp(line, "ignore") == 0)
            select.ignore = true;
        else if (strncmp(line, "domain ", 7) == 0)
            add(&select.domains, line + 7);
        else if (strncmp(line, "disk ", 5) == 0)
            add(&select.disks, line + 5);
        else if (strncmp(line, "? ", 2) == 0)
            fprintf(stream, "%s: %s\n", line + 2,
                    is_selected(&select, line + 2) ? "yes" : "no");
        else
            fail_msg("no such line: %s", line);
    fclose(stream);
    select_clear(&select);
    return output;
}

static void bad_expression_is_told_and_not_added(void **state)
{
    struct select select = {.ignore = false};
    char reason[256] = "";

    (void)state;
    add(&select.domains, "vm1");
    assert_false(select_add(&select.domains, "/vm(/", reason, sizeof(reason)));
    assert_true(strlen(reason) > 0);
    assert_int_equal(select.domains.count, 1);
    assert_true(select_domain(&select, "vm1"));
    assert_false(select_domain(&select, "/vm(/"));
    select_clear(&select);
}

/* A slash at the front begins an expression, and no name. */
static void half_an_expression_is_refused(void **state)
{
    static const char *const halves[] = {"/", "//", "/half"};
    struct select select = {.ignore = false};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        char reason[256] = "";
        assert_false(
            select_add(&select.domains, halves[i], reason, sizeof(reason)));
        assert_non_null(strstr(reason, "slashes"));
    }
    assert_int_equal(select.domains.count, 0);
    select_clear(&select);
}

/* Where no expression is wanted a slash is none. */
static void name_is_taken_as_it_is(void **state)
{
    struct select select = {.ignore = false};

    (void)state;
    assert_true(select_add_name(&select.domains, "/vm(/"));
    assert_true(select_add_name(&select.domains, "/./"));
    assert_true(select_domain(&select, "/vm(/"));
    assert_false(select_domain(&select, "vm1"));
    select_clear(&select);
}

/* A list whose only entry was refused still lets everything through. */
static void list_of_a_bad_expression_is_empty(void **state)
{
    struct select select = {.ignore = false};
    char reason[256];

    (void)state;
    assert_false(select_add(&select.disks, "/[/", reason, sizeof(reason)));
    assert_true(select_disk(&select, "vm1", "vda"));
    select_clear(&select);
}

static void clear_empties(void **state)
{
    struct select select = {.ignore = false};

    (void)state;
    add(&select.domains, "vm1");
    add(&select.disks, "/vm1:/");
    select_clear(&select);
    assert_true(select_domain(&select, "vm2"));
    assert_true(select_disk(&select, "vm2", "vda"));
    select_clear(&select);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_expression_is_told_and_not_added),
        cmocka_unit_test(half_an_expression_is_refused),
        cmocka_unit_test(name_is_taken_as_it_is),
        cmocka_unit_test(list_of_a_bad_expression_is_empty),
        cmocka_unit_test(clear_empties),
    };

    return cases_run("select", "in", answer, tests, COUNT_OF(tests));
}

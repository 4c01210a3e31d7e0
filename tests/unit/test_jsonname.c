/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "jsonname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One name a line, and for each a line of what it says. */
static char *read_names(char *input)
{
    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);
    char *line;

    while ((line = cases_next_line(&input)) != NULL) {
        struct jsonname name;
        jsonname_read(line, &name);
        if (name.path == NULL)
            fprintf(stream, name.network ? "network\n" : "unknown\n");
        else
            fprintf(stream, "%s %s%s\n",
                    name.format != NULL ? name.format : "-", name.path,
                    name.bare ? " (bare)" : "");
        jsonname_clear(&name);
    }
    fclose(stream);
    return output;
}

/* Deeper than any that QEMU writes, and of any length. */
static void long_names(void **state)
{
    size_t count = 100000;
    char *text = calloc(1, 2 * count + 100);
    struct jsonname name;

    (void)state;
    assert_non_null(text);
    strcpy(text, "json:{\"file.filename\":\"/");
    memset(text + strlen(text), 'x', count);
    strcat(text, "\"}");
    jsonname_read(text, &name);
    assert_non_null(name.path);
    assert_int_equal(strlen(name.path), count + 1);
    jsonname_clear(&name);
    assert_null(name.path);

    strcpy(text, "json:");
    for (size_t i = 0; i < count / 8; i++)
        strcpy(text + 5 + 5 * i, "{\"\":");
    jsonname_read(text, &name);
    assert_null(name.path);
    jsonname_clear(&name);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_names),
    };

    return cases_run("jsonname", "in", read_names, tests, COUNT_OF(tests));
}

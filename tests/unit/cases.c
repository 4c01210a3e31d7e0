/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_FOLDER "TEST_DATA"
#define EXPECT "expect"

struct one_case {
    char *name;
    char *input_path; /* below DATA_FOLDER */
    char *expect_path;
    case_function function;
};

static void die(const char *what, const char *which)
{
    fprintf(stderr, "cases: %s: %s\n", what, which);
    exit(1);
}

static char *join(const char *a, const char *separator, const char *b)
{
    char *text;

    if (asprintf(&text, "%s%s%s", a, separator, b) < 0)
        die("out of memory", a);
    return text;
}

char *cases_next_line(char **text)
{
    while (**text != '\0') {
        char *line = *text;
        size_t length = strcspn(line, "\n");

        *text += length + (line[length] == '\n');
        line[length] = '\0';
        if (length > 0 && line[0] != '#')
            return line;
    }
    return NULL;
}

static char *read_stream(FILE *stream)
{
    char *text;
    size_t length;
    char buffer[4096];
    size_t got;
    FILE *copy = open_memstream(&text, &length);

    if (copy == NULL)
        die("out of memory", "reading");
    while ((got = fread(buffer, 1, sizeof(buffer), stream)) > 0)
        fwrite(buffer, 1, got, copy);
    fclose(copy);
    return text;
}

char *cases_read_file(const char *variable, const char *path)
{
    const char *folder = getenv(variable);
    if (folder == NULL)
        fail_msg("%s is not set: run the tests by \"make check\"", variable);

    char *full = join(folder, "/", path);
    FILE *stream = fopen(full, "r");
    if (stream == NULL)
        print_error("can't read %s\n", full);
    free(full);
    assert_non_null(stream);

    char *text = read_stream(stream);
    fclose(stream);
    return text;
}

/* --- telling two texts apart --------------------------------------------- */

static void drop_comments(char *text)
{
    char *end = text;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        size_t whole = length + (text[length] == '\n');

        if (text[0] != '#') {
            memmove(end, text, whole);
            end += whole;
        }
        text += whole;
    }
    *end = '\0';
}

/* Length of what both begin with, in whole lines. */
static size_t common_start(const char *a, const char *b)
{
    size_t start = 0;

    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        if (a[i] == '\n')
            start = i + 1;
    return start;
}

static void print_lines(const char *mark, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        print_error("%s%.*s\n", mark, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* From the first line that differs on: what was expected, and what came. */
static void assert_same_text(const char *expected, const char *actual)
{
    size_t start = common_start(expected, actual);

    if (strcmp(expected, actual) == 0)
        return;
    print_error("after %zu characters that are the same:\n", start);
    print_lines("  expected| ", expected + start);
    print_lines("  came    | ", actual + start);
    fail_msg("the output is not the expected one");
}

static void run_case(void **state)
{
    const struct one_case *one = *state;
    char *input = cases_read_file(DATA_FOLDER, one->input_path);
    char *expected = cases_read_file(DATA_FOLDER, one->expect_path);
    char *actual = one->function(input);

    assert_non_null(actual);
    drop_comments(expected);
    assert_same_text(expected, actual);
    free(actual);
    free(expected);
    free(input);
}

/* --- finding the cases --------------------------------------------------- */

/* The part before ".ending", to be freed; NULL where that is not the ending. */
static char *stem_of(const char *file, const char *ending)
{
    size_t length = strlen(file);
    size_t tail = strlen(ending) + 1;

    if (length <= tail || file[length - tail] != '.' ||
        strcmp(file + length - tail + 1, ending) != 0)
        return NULL;
    return strndup(file, length - tail);
}

static int is_visible(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && entry->d_name[length - 1] != '~';
}

static bool have_file(struct dirent **files, int count, const char *stem,
                      const char *ending)
{
    char *name = join(stem, ".", ending);
    bool found = false;

    for (int i = 0; i < count; i++)
        found = found || strcmp(files[i]->d_name, name) == 0;
    free(name);
    return found;
}

/* Every file must be one half of a pair. */
static void check_halves(struct dirent **files, int count, const char *ending)
{
    for (int i = 0; i < count; i++) {
        const char *file = files[i]->d_name;
        char *input = stem_of(file, ending);
        char *expect = stem_of(file, EXPECT);
        const char *stem = input != NULL ? input : expect;

        if (stem == NULL)
            die("neither input nor expectation", file);
        if (!have_file(files, count, stem, input != NULL ? EXPECT : ending))
            die("without its other half", file);
        free(input);
        free(expect);
    }
}

static struct CMUnitTest make_test(const char *module, char *stem,
                                   const char *ending, case_function function)
{
    struct one_case *one = calloc(1, sizeof(*one));
    if (one == NULL)
        die("out of memory", stem);

    char *base = join(module, "/", stem);
    *one = (struct one_case){
        .name = base,
        .input_path = join(base, ".", ending),
        .expect_path = join(base, ".", EXPECT),
        .function = function,
    };
    free(stem);
    return (struct CMUnitTest){
        .name = one->name, .test_func = run_case, .initial_state = one};
}

static struct dirent **list_files(const char *module, int *ret_count)
{
    const char *folder = getenv(DATA_FOLDER);
    if (folder == NULL)
        die("not set, run the tests by \"make check\"", DATA_FOLDER);

    char *path = join(folder, "/", module);
    struct dirent **files = NULL;
    *ret_count = scandir(path, &files, is_visible, alphasort);
    if (*ret_count <= 0)
        die("a folder without cases", path);
    free(path);
    return files;
}

/* The tests that are made of files; `tests` has room for all. */
static size_t add_cases(struct CMUnitTest *tests, struct dirent **files,
                        int file_count, const char *module, const char *ending,
                        case_function function)
{
    size_t count = 0;

    for (int i = 0; i < file_count; i++) {
        char *stem = stem_of(files[i]->d_name, ending);
        if (stem != NULL)
            tests[count++] = make_test(module, stem, ending, function);
        free(files[i]);
    }
    free(files);
    return count;
}

static void free_case(struct one_case *one)
{
    free(one->name);
    free(one->input_path);
    free(one->expect_path);
    free(one);
}

int cases_run(const char *module, const char *ending, case_function function,
              const struct CMUnitTest *tests, size_t count)
{
    int file_count;
    struct dirent **files = list_files(module, &file_count);
    check_halves(files, file_count, ending);

    struct CMUnitTest *all = calloc(count + (size_t)file_count, sizeof(*all));
    if (all == NULL)
        die("out of memory", module);
    if (count > 0)
        memcpy(all, tests, count * sizeof(*all));
    size_t total = count + add_cases(all + count, files, file_count, module,
                                     ending, function);

    int failed = _cmocka_run_group_tests(module, all, total, NULL, NULL);
    for (size_t i = count; i < total; i++)
        free_case(all[i].initial_state);
    free(all);
    return failed != 0;
}

/* SPDX-License-Identifier: MIT */
#include "source.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROW(name) name "\tvda\tlayer0\t1\t2\t3\t-\t-\t7\tactive\tqcow2\t/a\n"

static char folder[64];
static char path[128];
static struct source *source;
static char said[1024];
static unsigned lines;
static double clock_now;

static void say(const char *line)
{
    snprintf(said, sizeof(said), "%s", line);
    lines++;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/vb-source-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    lines = 0;
    source = source_new(path, say);
    return source != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    source_free(source);
    unlink(path);
    rmdir(folder);
    return 0;
}

/* A request long after the last one. */
static double later(void)
{
    return clock_now += 10;
}

/* As the plugin does. */
static void put(const char *content)
{
    char draft[160];

    snprintf(draft, sizeof(draft), "%s.new", path);
    FILE *stream = fopen(draft, "w");
    assert_non_null(stream);
    fputs(content, stream);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(rename(draft, path), 0);
}

static void set_age(long seconds)
{
    const struct timespec times[2] = {{.tv_sec = time(NULL) - seconds},
                                      {.tv_sec = time(NULL) - seconds}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void assert_count(size_t count)
{
    const struct rows *rows = source_rows(source, later());

    assert_non_null(rows);
    assert_int_equal(rows->count, count);
}

static void assert_trouble(const char *what)
{
    unsigned before = lines;

    assert_null(source_rows(source, later()));
    assert_int_equal(lines, before + 1);
    if (strstr(said, what) == NULL)
        fail_msg("said: %s", said);
    assert_null(source_rows(source, later()));
    assert_int_equal(lines, before + 1);
}

static void the_newest_file_counts(void **state)
{
    (void)state;
    assert_trouble("is not there");
    put("virt_backing 1 100\n" ROW("a") "end 1\n");
    assert_count(1);
    assert_non_null(strstr(said, "is being served"));
    const struct rows *before = source_rows(source, later());
    assert_ptr_equal(source_rows(source, later()), before);
    put("virt_backing 1 100\n" ROW("a") ROW("b") "end 2\n");
    assert_count(2);
    assert_int_equal(lines, 2);
    assert_int_equal(unlink(path), 0);
    assert_trouble("is not there");
}

static void an_old_file_is_none(void **state)
{
    (void)state;
    put("virt_backing 1 100\n" ROW("a") "end 1\n");
    set_age(50);
    assert_count(1);
    set_age(150);
    assert_trouble("is out of date");
    /* Written before the clock was set back. */
    set_age(-150);
    assert_null(source_rows(source, later()));
    set_age(0);
    assert_count(1);
}

static size_t count_at(double now)
{
    const struct rows *rows = source_rows(source, now);

    return rows != NULL ? rows->count : SIZE_MAX;
}

/* A walk sees the rows that it has begun with. */
static void a_burst_sees_the_same_rows(void **state)
{
    double start = later();

    (void)state;
    /* Where there are none they are looked for. */
    assert_int_equal(count_at(start), SIZE_MAX);
    put("virt_backing 1 100\n" ROW("a") "end 1\n");
    assert_int_equal(count_at(start + 0.1), 1);
    put("virt_backing 1 100\n" ROW("a") ROW("b") "end 2\n");
    assert_int_equal(count_at(start + 0.5), 1);
    assert_int_equal(count_at(start + 0.9), 1);
    assert_int_equal(count_at(start + 1.5), 2);
    put("virt_backing 1 100\n" ROW("a") "end 1\n");
    for (int i = 1; i < 50; i++)
        assert_int_equal(count_at(start + 1.5 + 0.1 * i), 2);
    assert_int_equal(count_at(start + 1.5 + 5.1), 1);
}

static void what_is_no_such_file(void **state)
{
    (void)state;
    put("virt_backing 1 100\n" ROW("a"));
    assert_trouble("can't be read");
    put("virt_backing 1 100\n" ROW("a") "end 1\n");
    assert_count(1);
    put("");
    assert_trouble("can't be read");
    assert_int_equal(unlink(path), 0);
    /* Nobody writes to it: it must not be waited for. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(source_rows(source, later()));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_null(source_rows(source, later()));
    assert_int_equal(rmdir(path), 0);
    source_free(NULL);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_file_counts),
        TEST(an_old_file_is_none),
        TEST(a_burst_sees_the_same_rows),
        TEST(what_is_no_such_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fake_log.h"
#include "statefile.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_SIZE 64

static char folder[PLACE_SIZE];
static char path[2 * PLACE_SIZE];
static char draft[2 * PLACE_SIZE];
static struct domain domain;
static struct domain *domains[] = {&domain};
static struct inventory inventory;

static struct layer *add_layer(enum role role, unsigned depth)
{
    struct layer *layer = disk_add_layer(&domain.disks[0]);

    assert_non_null(layer);
    layer->role = role;
    layer->depth = depth;
    return layer;
}

static int set_up(void **state)
{
    (void)state;
    fake_log_reset();
    snprintf(folder, sizeof(folder), "/tmp/vb-statefile-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    snprintf(draft, sizeof(draft), "%s/state.new", folder);
    domain = (struct domain){.name = strdup("vm1"), .answered = true};
    inventory =
        (struct inventory){.answered = true, .domains = domains, .count = 1};
    assert_non_null(domain_add_disk(&domain, "vda"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(draft);
    rmdir(folder);
    domain_clear(&domain);
    return 0;
}

static struct statefile *open_file(enum layer_format format)
{
    struct statefile *file = statefile_new(path, format, 25, &fake_log);

    assert_non_null(file);
    return file;
}

static void assert_content(const char *expected)
{
    char content[4096] = "";
    FILE *stream = fopen(path, "r");

    assert_non_null(stream);
    content[fread(content, 1, sizeof(content) - 1, stream)] = '\0';
    fclose(stream);
    assert_string_equal(content, expected);
}

static void assert_there(bool there)
{
    assert_int_equal(access(path, F_OK) == 0, there);
}

static void write_by_another(const char *text)
{
    FILE *stream = fopen(path, "w");

    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void a_line_a_layer(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);
    struct layer *layer = add_layer(ROLE_CHAIN, 0);

    (void)state;
    /* More than a double can hold. */
    layer->sizes = (struct sizes){UINT64_C(9007199254740993), 20, 30};
    layer->headroom = 0;
    layer->percent = 3.9558410;
    layer->index = 7;
    layer->format = strdup("qcow2");
    layer->path = strdup("/images/a b");
    add_layer(ROLE_CHAIN, 1)->sizes.physical = 0;
    add_layer(ROLE_MIRROR, 0);
    add_layer(ROLE_SCRATCH, 0);
    statefile_write(file, &inventory);
    assert_content(
        "virt_backing 1 25.000\n"
        "vm1\tvda\tlayer0\t9007199254740993\t20\t30\t0\t3.955841\t7\t"
        "active\tqcow2\t/images/a b\n"
        "vm1\tvda\tlayer1\t-\t-\t0\t-\t-\t-\tbacking\t-\t-\n"
        "vm1\tvda\tmirror\t-\t-\t-\t-\t-\t-\tmirror\t-\t-\n"
        "vm1\tvda\tscratch\t-\t-\t-\t-\t-\t-\tscratch\t-\t-\n"
        "end 4\n");
    statefile_free(file);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(fake_log_count(), 0);
}

static void names_are_escaped(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_INDEX);
    struct layer *layer = add_layer(ROLE_CHAIN, 0);

    (void)state;
    layer->index = 3;
    layer->format = strdup("-");
    layer->path = strdup("/a\tb\nc\\-\x7f\xc3\xa4");
    assert_true(text_replace(&domain.name, "-"));
    statefile_write(file, &inventory);
    assert_content("virt_backing 1 25.000\n"
                   "\\x2d\tvda\tindex3\t-\t-\t-\t-\t-\t3\tactive\t\\x2d\t"
                   "/a\\x09b\\x0ac\\x5c-\\x7f\xc3\xa4\n"
                   "end 1\n");
    statefile_free(file);
}

/* Who does not answer has no layers; who is off has those that are known. */
static void stalled_domains_are_left_out(void **state)
{
    static const char nothing[] = "virt_backing 1 25.000\nend 0\n";
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    add_layer(ROLE_CHAIN, 0);
    domain.id = 5;
    domain.answered = false;
    statefile_write(file, &inventory);
    assert_content(nothing);
    domain.id = DOMAIN_OFF;
    statefile_write(file, &inventory);
    assert_content("virt_backing 1 25.000\n"
                   "vm1\tvda\tlayer0\t-\t-\t-\t-\t-\t-\tactive\t-\t-\n"
                   "end 1\n");
    statefile_free(file);
}

/* No answer is not a host without machines. */
static void without_an_answer_there_is_none(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        inventory = (struct inventory){.answered = true};
        statefile_write(file, &inventory);
        assert_content("virt_backing 1 25.000\nend 0\n");
        inventory.answered = false;
        statefile_write(file, &inventory);
        assert_there(false);
    }
    write_by_another("of another");
    statefile_write(file, &inventory);
    assert_content("of another");
    /* What is known of one that is off needs no answer. */
    domain.id = DOMAIN_OFF;
    inventory.domains = domains;
    inventory.count = 1;
    statefile_write(file, &inventory);
    assert_content("virt_backing 1 25.000\nend 0\n");
    statefile_free(file);
}

/* What somebody has put in the draft's place is not written through. */
static void a_link_is_not_followed(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);
    char victim[2 * PLACE_SIZE];
    struct stat stat;

    (void)state;
    snprintf(victim, sizeof(victim), "%s/victim", folder);
    assert_int_equal(symlink(victim, draft), 0);
    statefile_write(file, &inventory);
    assert_int_equal(access(victim, F_OK), -1);
    assert_int_equal(lstat(path, &stat), 0);
    assert_true(S_ISREG(stat.st_mode));
    statefile_free(file);
}

static void a_failure_is_told_once(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    assert_int_equal(rmdir(folder), 0);
    statefile_write(file, &inventory);
    statefile_write(file, &inventory);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_non_null(strstr(fake_log_last(), path));
    assert_int_equal(mkdir(folder, 0700), 0);
    statefile_write(file, &inventory);
    statefile_write(file, &inventory);
    assert_int_equal(fake_log_count(), 2);
    assert_non_null(strstr(fake_log_last(), "written again"));
    statefile_free(file);
    statefile_free(NULL);
}

static void what_others_wrote_stays(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    write_by_another("before");
    statefile_free(file);
    assert_content("before");
    unlink(path);

    file = open_file(LAYER_FORMAT_DEPTH);
    statefile_write(file, &inventory);
    unlink(path);
    write_by_another("instead");
    statefile_free(file);
    assert_content("instead");
    unlink(path);

    /* The inode may be the same. */
    file = open_file(LAYER_FORMAT_DEPTH);
    statefile_write(file, &inventory);
    usleep(20000);
    write_by_another("in place");
    statefile_free(file);
    assert_content("in place");
}

/* As "collectd -T" beside a daemon: it writes once, and the daemon goes on. */
static void of_two_who_write_the_one_that_stays_removes_it(void **state)
{
    struct statefile *daemon = open_file(LAYER_FORMAT_DEPTH);
    struct statefile *guest = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    statefile_write(daemon, &inventory);
    statefile_write(guest, &inventory);
    statefile_free(guest);
    assert_there(true);
    statefile_write(daemon, &inventory);
    statefile_write(daemon, &inventory);
    statefile_free(daemon);
    assert_there(false);
}

/* One that was killed has left its file. */
static void whoever_takes_over_removes_it(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);

    (void)state;
    write_by_another("of a daemon that was killed");
    statefile_write(file, &inventory);
    statefile_write(file, &inventory);
    statefile_free(file);
    assert_there(false);
}

/* As on a file system that is full. */
static void the_reason_is_that_of_the_write(void **state)
{
    struct statefile *file = open_file(LAYER_FORMAT_DEPTH);
    struct rlimit before;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = 10, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    statefile_write(file, &inventory);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_there(false);
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), strerror(EFBIG)));
    statefile_free(file);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_a_layer),
        TEST(names_are_escaped),
        TEST(stalled_domains_are_left_out),
        TEST(without_an_answer_there_is_none),
        TEST(a_link_is_not_followed),
        TEST(a_failure_is_told_once),
        TEST(what_others_wrote_stays),
        TEST(of_two_who_write_the_one_that_stays_removes_it),
        TEST(whoever_takes_over_removes_it),
        TEST(the_reason_is_that_of_the_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

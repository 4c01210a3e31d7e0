/* SPDX-License-Identifier: MIT
 *
 * The thread that reads images. Also run under ThreadSanitizer
 * (--enable-sanitizers=thread): there must be nothing to tell.
 */
#include "surveyor.h"
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- images that are read when the test says so -------------------------- */

static sem_t may_read; /* one for each image */
static sem_t reading;  /* tells that one has begun */
static _Atomic unsigned reads;
static sigset_t blocked; /* signals, in the thread that reads */

static bool look(const char *path, struct look *ret_look)
{
    (void)path;
    (void)ret_look;
    return false;
}

static const char *read_image(const char *path, const char *format,
                              struct image *ret_image)
{
    (void)format;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    sem_post(&reading);
    sem_wait(&may_read);
    reads++;
    *ret_image = (struct image){.capacity = strlen(path),
                                .backing_name = strdup("below"),
                                .backing_format = strdup("raw")};
    return NULL;
}

static const struct images images = {.look = look, .read = read_image};
static struct surveyor *surveyor;

static int open_scene(void **state)
{
    (void)state;
    reads = 0;
    sem_init(&may_read, 0, 0);
    sem_init(&reading, 0, 0);
    surveyor = surveyor_new(&images);
    return surveyor == NULL ? -1 : 0;
}

static int close_scene(void **state)
{
    (void)state;
    surveyor_free(surveyor);
    sem_destroy(&reading);
    sem_destroy(&may_read);
    return 0;
}

static void allow(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sem_post(&may_read);
}

static void ask(unsigned char number)
{
    const unsigned char uuid[UUID_BYTES] = {number};
    char path[24];

    snprintf(path, sizeof(path), "/%u", number);
    assert_true(surveyor_ask(surveyor, 1, uuid, path, "qcow2", 1));
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- tests --------------------------------------------------------------- */

static void answer_is_what_was_asked_for(void **state)
{
    const unsigned char uuid[UUID_BYTES] = {1, 2, 3, [15] = 16};
    char path[] = "/images/a";
    char format[] = "qcow2";

    (void)state;
    allow(2);
    assert_true(surveyor_ask(surveyor, 1, uuid, path, format, 2));
    /* They are no longer needed. */
    memset(path, 'x', strlen(path));
    memset(format, 'x', strlen(format));
    surveyor_wait(surveyor, 60);
    struct survey *survey = surveyor_collect(surveyor);
    assert_non_null(survey);
    assert_memory_equal(survey->uuid, uuid, UUID_BYTES);
    assert_string_equal(survey->path, "/images/a");
    assert_string_equal(survey->format, "qcow2");
    assert_int_equal(survey->depth, 2);
    assert_int_equal(survey->walk.count, 2);
    assert_string_equal(survey->walk.links[1].path, "/images/below");
    survey_free(survey);
    survey_free(NULL);
    assert_null(surveyor_collect(surveyor));
}

static void answers_come_in_order(void **state)
{
    (void)state;
    allow(200);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned char i = 0; i < 100; i++)
            ask(i);
        surveyor_wait(surveyor, 60);
        for (unsigned char i = 0; i < 100; i++) {
            struct survey *survey = surveyor_collect(surveyor);
            assert_non_null(survey);
            assert_int_equal(survey->uuid[0], i);
            survey_free(survey);
        }
        assert_null(surveyor_collect(surveyor));
    }
}

static void nothing_to_wait_for(void **state)
{
    double start = now();

    (void)state;
    surveyor_wait(surveyor, 60);
    assert_null(surveyor_collect(surveyor));
    allow(1);
    ask(1);
    surveyor_wait(surveyor, 60);
    /* What is done need not be collected for that. */
    surveyor_wait(surveyor, 60);
    assert_true(now() - start < 30);
    survey_free(surveyor_collect(surveyor));
}

/* Asking and collecting never wait for a storage that does not answer. */
static void slow_storage_holds_up_nobody(void **state)
{
    double start = now();

    (void)state;
    ask(1);
    ask(2);
    sem_wait(&reading);
    assert_null(surveyor_collect(surveyor));
    ask(3);
    surveyor_wait(surveyor, 0.2);
    assert_true(now() - start >= 0.2);
    assert_true(now() - start < 30);
    assert_null(surveyor_collect(surveyor));

    /* The first is done; two are not. */
    allow(1);
    sem_wait(&reading);
    surveyor_wait(surveyor, 0.01);
    struct survey *survey = surveyor_collect(surveyor);
    assert_non_null(survey);
    assert_int_equal(survey->uuid[0], 1);
    survey_free(survey);
    assert_null(surveyor_collect(surveyor));

    /* What is being read, and no longer waiting, is waited for, too. */
    allow(2);
    surveyor_wait(surveyor, 60);
    survey_free(surveyor_collect(surveyor));
    survey = surveyor_collect(surveyor);
    assert_non_null(survey);
    assert_int_equal(survey->uuid[0], 3);
    survey_free(survey);
}

static void last_image_is_waited_for(void **state)
{
    (void)state;
    for (unsigned char i = 0; i < 50; i++) {
        ask(i);
        sem_wait(&reading);
        /* From here on nothing is waiting, and one is being read. */
        allow(1);
        surveyor_wait(surveyor, 60);
        struct survey *survey = surveyor_collect(surveyor);
        assert_non_null(survey);
        survey_free(survey);
    }
}

/* Signals are for the threads of the daemon, whose masks stay as they are. */
static void signals_are_left_to_others(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t own;

    (void)state;
    allow(1);
    ask(1);
    surveyor_wait(surveyor, 60);
    survey_free(surveyor_collect(surveyor));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        assert_true(sigismember(&blocked, signals[i]));
        assert_false(sigismember(&own, signals[i]));
    }
}

static void *allow_later(void *context)
{
    const struct timespec time = {.tv_nsec = 100000000};

    (void)context;
    nanosleep(&time, NULL);
    allow(100);
    return NULL;
}

/* It ends with the image that is read, and reads none of those that wait. */
static void free_while_it_reads(void **state)
{
    pthread_t helper;

    (void)state;
    for (unsigned char i = 0; i < 10; i++)
        ask(i);
    sem_wait(&reading);
    assert_int_equal(pthread_create(&helper, NULL, allow_later, NULL), 0);
    surveyor_free(surveyor);
    surveyor = NULL;
    assert_int_equal(reads, 1);
    pthread_join(helper, NULL);
}

static void free_with_answers_left(void **state)
{
    (void)state;
    allow(3);
    for (unsigned char i = 0; i < 3; i++)
        ask(i);
    surveyor_wait(surveyor, 60);
    surveyor_free(surveyor);
    surveyor = NULL;
    surveyor_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answer_is_what_was_asked_for,
                                        open_scene, close_scene),
        cmocka_unit_test_setup_teardown(answers_come_in_order, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(nothing_to_wait_for, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(slow_storage_holds_up_nobody,
                                        open_scene, close_scene),
        cmocka_unit_test_setup_teardown(last_image_is_waited_for, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(signals_are_left_to_others, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(free_while_it_reads, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(free_with_answers_left, open_scene,
                                        close_scene),
    };

    return cmocka_run_group_tests_name("surveyor", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Images that are read by porters. Also run under ThreadSanitizer
 * (--enable-sanitizers=thread): there must be nothing to tell.
 */
#include "survey.h"
#include "threads.h"
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- images that are read when the test says so -------------------------- */

#define STUCK 255

static sem_t may_read; /* one for each image, ... */
static sem_t thawed;   /* ... but for the one of that number */
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
    sem_wait(strcmp(path, "/255") == 0 ? &thawed : &may_read);
    reads++;
    *ret_image = (struct image){.capacity = strlen(path),
                                .backing_name = strdup("below"),
                                .backing_format = strdup("raw")};
    return NULL;
}

static const struct images images = {.look = look, .read = read_image};
static struct porters *porters;

static int open_scene(void **state)
{
    (void)state;
    reads = 0;
    sem_init(&may_read, 0, 0);
    sem_init(&thawed, 0, 0);
    sem_init(&reading, 0, 0);
    porters = porters_new(4);
    return porters == NULL ? -1 : 0;
}

/* Porters that are in the midst of something are not freed: once more then. */
static void end_porters(void)
{
    bool freed = porters_free(porters, survey_drop);

    for (unsigned i = 0; i < 10000 && !freed; i++) {
        usleep(1000);
        freed = porters_free(porters, survey_drop);
    }
    assert_true(freed);
    porters = NULL;
}

static int close_scene(void **state)
{
    (void)state;
    end_porters();
    sem_destroy(&reading);
    sem_destroy(&thawed);
    sem_destroy(&may_read);
    return 0;
}

static void allow(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sem_post(&may_read);
}

static void ask_at(unsigned char number, uint64_t place)
{
    const unsigned char uuid[UUID_BYTES] = {number};
    char path[24];
    char format[] = "qcow2";
    const struct layer layer = {.path = path, .format = format, .place = place};

    snprintf(path, sizeof(path), "/%u", number);
    assert_true(survey_ask(porters, &images, number, uuid, &layer, 1));
}

static void ask(unsigned char number)
{
    ask_at(number, 1);
}

static void wait_for_all(double seconds)
{
    porters_wait(porters, threads_now() + seconds);
}

static void assert_next(unsigned char number)
{
    struct survey *survey = survey_collect(porters);

    assert_non_null(survey);
    assert_int_equal(survey->question, number);
    assert_int_equal(survey->uuid[0], number);
    survey_free(survey);
}

/* --- tests --------------------------------------------------------------- */

static void answer_is_what_was_asked_for(void **state)
{
    const unsigned char uuid[UUID_BYTES] = {1, 2, 3, [15] = 16};
    char path[] = "/images/a";
    char format[] = "qcow2";
    struct layer layer = {.path = path, .format = format, .place = 5};

    (void)state;
    allow(2);
    assert_true(survey_ask(porters, &images, 77, uuid, &layer, 2));
    /* They are no longer needed. */
    memset(path, 'x', strlen(path));
    memset(format, 'x', strlen(format));
    memset(&layer, 'x', sizeof(layer));
    wait_for_all(60);
    struct survey *survey = survey_collect(porters);
    assert_non_null(survey);
    assert_int_equal(survey->question, 77);
    assert_memory_equal(survey->uuid, uuid, UUID_BYTES);
    assert_string_equal(survey->path, "/images/a");
    assert_string_equal(survey->format, "qcow2");
    assert_int_equal(survey->depth, 2);
    assert_int_equal(survey->walk.count, 2);
    assert_string_equal(survey->walk.links[1].path, "/images/below");
    survey_free(survey);
    survey_free(NULL);
    assert_null(survey_collect(porters));
}

static void answers_come_in_order(void **state)
{
    (void)state;
    allow(200);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned char i = 0; i < 100; i++)
            ask(i);
        wait_for_all(60);
        for (unsigned char i = 0; i < 100; i++) {
            assert_next(i);
        }
        assert_null(survey_collect(porters));
    }
}

static void nothing_to_wait_for(void **state)
{
    double start = threads_now();

    (void)state;
    wait_for_all(60);
    assert_null(survey_collect(porters));
    allow(1);
    ask(1);
    wait_for_all(60);
    /* What is done need not be collected for that. */
    wait_for_all(60);
    assert_true(threads_now() - start < 30);
    survey_free(survey_collect(porters));
}

/* Asking and collecting never wait for a storage that does not answer. */
static void slow_storage_holds_up_nobody(void **state)
{
    double start = threads_now();

    (void)state;
    ask(1);
    ask(2);
    sem_wait(&reading);
    assert_null(survey_collect(porters));
    ask(3);
    wait_for_all(0.2);
    assert_true(threads_now() - start >= 0.2);
    assert_true(threads_now() - start < 30);
    assert_null(survey_collect(porters));

    /* The first is done; two are not. */
    allow(1);
    sem_wait(&reading);
    wait_for_all(0.01);
    assert_next(1);
    assert_null(survey_collect(porters));

    /* What is being read, and no longer waiting, is waited for, too. */
    allow(1);
    sem_wait(&reading);
    allow(1);
    wait_for_all(60);
    assert_next(2);
    assert_next(3);
    assert_null(survey_collect(porters));
}

/* It was waited for in vain once: that must do. What lies elsewhere does not
 * stand behind it. */
static void stuck_storage_is_waited_for_once(void **state)
{
    double start = threads_now();

    (void)state;
    ask_at(STUCK, 1);
    ask_at(1, 1);
    sem_wait(&reading);
    wait_for_all(0.01);
    porters_mark(porters);
    wait_for_all(60);
    for (unsigned char i = 2; i < 5; i++) {
        porters_mark(porters);
        ask_at(i, 2);
        allow(1);
        wait_for_all(60);
        assert_next(i);
    }
    assert_null(survey_collect(porters));
    assert_true(threads_now() - start < 30);

    allow(1);
    sem_post(&thawed);
    wait_for_all(60);
    while (reads < 5)
        usleep(1000);
}

static void last_image_is_waited_for(void **state)
{
    (void)state;
    for (unsigned char i = 0; i < 50; i++) {
        ask(i);
        sem_wait(&reading);
        /* From here on nothing is waiting, and one is being read. */
        allow(1);
        wait_for_all(60);
        struct survey *survey = survey_collect(porters);
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
    wait_for_all(60);
    survey_free(survey_collect(porters));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        assert_true(sigismember(&blocked, signals[i]));
        assert_false(sigismember(&own, signals[i]));
    }
}

/* Nobody waits for the image that is being read, and none of those that wait
 * is read. */
static void free_while_it_reads(void **state)
{
    (void)state;
    for (unsigned char i = 0; i < 10; i++)
        ask(i);
    sem_wait(&reading);
    assert_false(porters_free(porters, survey_drop));
    assert_false(porters_free(porters, survey_drop));
    allow(100);
    end_porters();
    assert_int_equal(reads, 1);
}

static void free_with_answers_left(void **state)
{
    (void)state;
    allow(3);
    for (unsigned char i = 0; i < 3; i++)
        ask(i);
    wait_for_all(60);
    assert_true(porters_free(porters, survey_drop));
    porters = NULL;
    assert_true(porters_free(NULL, survey_drop));
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
        cmocka_unit_test_setup_teardown(stuck_storage_is_waited_for_once,
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

    return cmocka_run_group_tests_name("survey", tests, NULL, NULL) != 0;
}

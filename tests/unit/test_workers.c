/* SPDX-License-Identifier: MIT
 *
 * Threads for what may block for ever. Also run under ThreadSanitizer
 * (--enable-sanitizers=thread): there must be nothing to tell.
 */
#include "gate.h"
#include "threads.h"
#include "unit.h"
#include "workers.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define COUNT 3

/* --- the scene: three workers, and a gate that their work stands at ------ */

static struct workers *workers;
static struct crew crew;
static struct gate gate;
static unsigned done[COUNT]; /* how often each worker did what it is to do; not
                              * on a stack, which a late one would find gone */

static int open_scene(void **state)
{
    (void)state;
    memset(done, 0, sizeof(done));
    gate_init(&gate);
    workers = workers_new(COUNT);
    if (workers == NULL)
        return -1;
    crew = workers_crew(workers);
    return 0;
}

/* Whoever stands at the gate ends first. */
static int close_scene(void **state)
{
    (void)state;
    gate_open(&gate, 1000);
    while (!workers_free(workers))
        sched_yield();
    gate_destroy(&gate);
    return 0;
}

static void stand(void *job)
{
    gate_pass(&gate);
    (*(unsigned *)job)++;
}

static void count_up(void *job)
{
    (*(unsigned *)job)++;
}

static void start(size_t worker, void (*work)(void *), void *job)
{
    crew.start(crew.context, worker, work, job);
}

static bool is_idle(size_t worker)
{
    return crew.is_idle(crew.context, worker);
}

static double now(void)
{
    return crew.now(crew.context);
}

static void await_idle(size_t worker)
{
    double until = now() + GATE_PATIENCE;

    while (!is_idle(worker) && now() < until)
        assert_true(crew.wait(crew.context, until));
    assert_true(is_idle(worker));
}

/* --- tests --------------------------------------------------------------- */

static void work_is_done_in_another_thread(void **state)
{
    (void)state;
    assert_int_equal(crew.count, COUNT);
    start(1, stand, &done[1]);
    /* Were it done here nobody would open the gate. */
    gate_await(&gate, 1);
    assert_false(is_idle(1));
    assert_true(is_idle(0));
    assert_true(is_idle(2));
    gate_open(&gate, 1);
    await_idle(1);
    assert_int_equal(done[1], 1);
}

/* One that hangs holds up no other. */
static void each_works_by_itself(void **state)
{
    (void)state;
    start(0, stand, &done[0]);
    gate_await(&gate, 1);
    for (unsigned i = 1; i <= 100; i++) {
        start(1, count_up, &done[1]);
        start(2, count_up, &done[2]);
        await_idle(1);
        await_idle(2);
        assert_int_equal(done[1], i);
        assert_int_equal(done[2], i);
        assert_false(is_idle(0));
    }
    gate_open(&gate, 1);
    await_idle(0);
    assert_int_equal(done[0], 1);
}

static void all_work_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        start(i, stand, &done[i]);
    gate_await(&gate, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(is_idle(i));
    gate_open(&gate, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        await_idle(i);
        assert_int_equal(done[i], 1);
    }
}

static void waiting_ends_with_the_first_that_is_done(void **state)
{
    double begun = now();

    (void)state;
    start(0, stand, &done[0]);
    gate_await(&gate, 1);
    start(1, count_up, &done[1]);
    assert_true(crew.wait(crew.context, begun + GATE_PATIENCE));
    assert_true(now() < begun + GATE_PATIENCE);
    assert_true(is_idle(1));
    assert_int_equal(done[1], 1);
    assert_false(is_idle(0));
}

/* It may have been done before anybody waits. */
static void who_is_done_already_is_not_waited_for(void **state)
{
    double begun = now();

    (void)state;
    for (unsigned i = 1; i <= 200; i++) {
        start(0, count_up, &done[0]);
        while (!is_idle(0))
            sched_yield();
        assert_true(crew.wait(crew.context, begun + GATE_PATIENCE));
        assert_int_equal(done[0], i);
    }
    assert_true(now() < begun + GATE_PATIENCE);
}

static void waiting_ends_in_time(void **state)
{
    (void)state;
    start(0, stand, &done[0]);
    gate_await(&gate, 1);
    double begun = now();
    assert_true(crew.wait(crew.context, begun + 0.05));
    assert_true(now() >= begun + 0.05);
    assert_true(now() < begun + GATE_PATIENCE);
    /* That somebody came back is told once. */
    start(1, count_up, &done[1]);
    await_idle(1);
    crew.wait(crew.context, 0);
    begun = now();
    assert_true(crew.wait(crew.context, begun + 0.05));
    assert_true(now() >= begun + 0.05);
    /* And at once where time is up already. */
    assert_true(crew.wait(crew.context, begun));
    assert_true(crew.wait(crew.context, 0));
    assert_false(is_idle(0));
}

static void *stop(void *context)
{
    workers_stop(context);
    return NULL;
}

static void waiting_ends_when_all_is_to_end(void **state)
{
    pthread_t stopper;
    double begun = now();

    (void)state;
    start(0, stand, &done[0]);
    gate_await(&gate, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop, workers), 0);
    /* Whichever comes first. */
    assert_false(crew.wait(crew.context, begun + GATE_PATIENCE));
    pthread_join(stopper, NULL);
    /* For good. */
    for (unsigned i = 0; i < 3; i++)
        assert_false(crew.wait(crew.context, begun + GATE_PATIENCE));
    assert_true(now() < begun + GATE_PATIENCE);
}

/* "Shutting collectd down takes less than 2 seconds while everything hangs."
 * What the threads touch is left to them. */
static void those_that_hang_are_left_behind(void **state)
{
    double begun = now();

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        start(i, stand, &done[i]);
    gate_await(&gate, COUNT);
    assert_false(workers_free(workers));
    assert_false(workers_free(workers));
    assert_true(now() < begun + GATE_PATIENCE);
    assert_false(is_idle(0));
    /* They may come back at any time. */
    gate_open(&gate, COUNT);
    gate_await_passed(&gate, COUNT);
}

static void one_that_hangs_keeps_all(void **state)
{
    (void)state;
    start(2, stand, &done[2]);
    gate_await(&gate, 1);
    assert_false(workers_free(workers));
}

/* The thread had no time to begin before all was to end: nobody is in the
 * midst of anything. */
static void what_was_not_begun_keeps_nobody(void **state)
{
    double until = now() + 1;

    (void)state;
    workers_stop(workers);
    start(0, count_up, &done[0]);
    bool freed = workers_free(workers);
    while (!freed && now() < until) {
        sched_yield();
        freed = workers_free(workers);
    }
    if (!freed) {
        /* So that the end of the test does not wait for it. */
        workers = NULL;
        fail_msg("a thread is said to be in the midst of what nobody does");
    }
    workers = NULL;
}

static void nobody_is_freed_who_is_not_there(void **state)
{
    (void)state;
    assert_true(workers_free(NULL));
}

static void freed_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct workers *others = workers_new(COUNT);
        assert_non_null(others);
        assert_true(workers_free(others));
    }
}

static sigset_t blocked;

static void note_signals(void *job)
{
    (void)job;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
}

/* Signals are the daemon's, whose masks stay as they are. */
static void signals_are_left_to_others(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t own;

    (void)state;
    start(0, note_signals, NULL);
    await_idle(0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        assert_true(sigismember(&blocked, signals[i]));
        assert_false(sigismember(&own, signals[i]));
    }
}

static unsigned count_threads(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");

    assert_non_null(tasks);
    for (const struct dirent *entry = readdir(tasks); entry != NULL;
         entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* "Never a thread more after a day of that than after a minute." */
static void there_are_never_more_of_them(void **state)
{
    (void)state;
    unsigned threads = count_threads();
    start(0, stand, &done[0]);
    gate_await(&gate, 1);
    for (unsigned i = 0; i < 500; i++) {
        start(1, count_up, &done[1]);
        await_idle(1);
        crew.wait(crew.context, now());
    }
    /* Those of tests before may have been about to leave. */
    assert_true(count_threads() <= threads);
}

/* Whatever a worker wrote is there when it is idle, without another lock. */
static void what_was_done_is_seen(void **state)
{
    unsigned jobs[COUNT] = {0};

    (void)state;
    for (unsigned i = 1; i <= 500; i++) {
        for (size_t j = 0; j < COUNT; j++)
            start(j, count_up, &jobs[j]);
        for (size_t j = 0; j < COUNT; j++) {
            await_idle(j);
            assert_int_equal(jobs[j], i);
            /* And what is written now the worker sees. */
            jobs[j] = i;
        }
    }
}

static void the_clock_is_that_of_all_threads(void **state)
{
    (void)state;
    double first = threads_now();
    double second = now();
    double third = threads_now();
    assert_true(first <= second && second <= third);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(work_is_done_in_another_thread),
        TEST(each_works_by_itself),
        TEST(all_work_at_a_time),
        TEST(waiting_ends_with_the_first_that_is_done),
        TEST(who_is_done_already_is_not_waited_for),
        TEST(waiting_ends_in_time),
        TEST(waiting_ends_when_all_is_to_end),
        TEST(those_that_hang_are_left_behind),
        TEST(one_that_hangs_keeps_all),
        TEST(what_was_not_begun_keeps_nobody),
        TEST(nobody_is_freed_who_is_not_there),
        TEST(freed_at_once),
        TEST(signals_are_left_to_others),
        TEST(there_are_never_more_of_them),
        TEST(what_was_done_is_seen),
        TEST(the_clock_is_that_of_all_threads),
    };

    return cmocka_run_group_tests_name("workers", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Threads that fetch from storages, some of which do not answer. Also run under
 * ThreadSanitizer (--enable-sanitizers=thread): there must be nothing to tell.
 */
#include "gate.h"
#include "porters.h"
#include "threads.h"
#include "unit.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

/* --- tasks that stand at a gate, and note their turn --------------------- */

#define TASKS 64

/* Gives a name to its turn; the porters know its first member alone. */
struct errand {
    struct porters_task task;
    struct gate *gate; /* NULL: it goes straight on */
    int number;
};

static struct errand errands[TASKS];
static struct gate gate;
static struct porters *porters;

/* Numbers in the order in which they were begun. */
static pthread_mutex_t turns_lock = PTHREAD_MUTEX_INITIALIZER;
static int turns[TASKS];
static size_t turn_count;

static size_t dropped;

static void run(struct porters_task *task)
{
    const struct errand *errand = (struct errand *)task;

    pthread_mutex_lock(&turns_lock);
    turns[turn_count++] = errand->number;
    pthread_mutex_unlock(&turns_lock);
    if (errand->gate != NULL)
        gate_pass(errand->gate);
}

static void drop(struct porters_task *task)
{
    assert_true(task->returned);
    dropped++;
}

static void open_scene(size_t count)
{
    memset(errands, 0, sizeof(errands));
    for (int i = 0; i < TASKS; i++) {
        errands[i].task.work = run;
        errands[i].task.urgent = true;
        errands[i].number = i;
    }
    turn_count = 0;
    dropped = 0;
    gate_init(&gate);
    porters = porters_new(count);
    assert_non_null(porters);
}

/* Whoever stands at the gate ends first. */
static void end_porters(void)
{
    gate_open(&gate, 1000);
    while (!porters_free(porters, drop))
        sched_yield();
    porters = NULL;
}

static int close_scene(void **state)
{
    (void)state;
    if (porters != NULL)
        end_porters();
    gate_destroy(&gate);
    return 0;
}

/* Has that errand run to that place; with a gate it stands there. */
static void give(size_t number, uint64_t place, struct gate *at)
{
    errands[number].task.place = place;
    errands[number].gate = at;
    assert_true(porters_give(porters, &errands[number].task));
}

static bool is_done(size_t number)
{
    return porters_is_done(porters, &errands[number].task);
}

static void await_done(size_t number)
{
    double until = threads_now() + GATE_PATIENCE;

    while (!is_done(number) && threads_now() < until)
        sched_yield();
    assert_true(is_done(number));
}

/* For all that is not known to hang. */
static void wait_for_all(void)
{
    double until = threads_now() + GATE_PATIENCE;

    porters_wait(porters, until);
    assert_true(threads_now() < until);
}

static size_t begun(void)
{
    pthread_mutex_lock(&turns_lock);
    size_t count = turn_count;
    pthread_mutex_unlock(&turns_lock);
    return count;
}

/* --- errands ------------------------------------------------------------- */

static void each_is_run_once(void **state)
{
    (void)state;
    open_scene(4);
    for (size_t i = 0; i < TASKS; i++)
        give(i, i % 7, NULL);
    wait_for_all();
    assert_int_equal(begun(), TASKS);
    bool seen[TASKS] = {false};
    for (size_t i = 0; i < TASKS; i++) {
        assert_true(is_done(i));
        assert_false(seen[turns[i]]);
        seen[turns[i]] = true;
    }
    assert_null(porters_collect(porters));
    end_porters();
    assert_int_equal(dropped, 0);
}

static void what_is_returned_comes_in_the_order_of_its_end(void **state)
{
    (void)state;
    open_scene(4);
    for (size_t i = 0; i < 10; i++) {
        errands[i].task.returned = i % 3 != 0;
        give(i, 1, NULL);
    }
    wait_for_all();
    for (size_t i = 0; i < 10; i++)
        if (i % 3 != 0)
            assert_ptr_equal(porters_collect(porters), &errands[i].task);
    assert_null(porters_collect(porters));
}

/* The same errand over and over: as lookout.c does it. */
static void an_errand_may_be_given_again(void **state)
{
    (void)state;
    open_scene(2);
    for (size_t i = 0; i < TASKS; i++) {
        give(0, i % 2, NULL);
        wait_for_all();
        assert_true(is_done(0));
        assert_int_equal(begun(), i + 1);
    }
}

static void it_is_not_done_before_its_end(void **state)
{
    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    assert_false(is_done(0));
    gate_await(&gate, 1);
    assert_false(is_done(0));
    gate_open(&gate, 1);
    wait_for_all();
    assert_true(is_done(0));
}

/* --- places -------------------------------------------------------------- */

/* "A stat or read that hangs (dead mount) never holds up ... another storage's
 * images." */
static void a_place_that_hangs_takes_one_porter(void **state)
{
    (void)state;
    open_scene(3);
    for (size_t i = 0; i < 10; i++)
        give(i, 7, &gate);
    gate_await(&gate, 1);
    porters_mark(porters);
    for (size_t i = 10; i < 40; i++)
        give(i, 8 + i % 5, NULL);
    wait_for_all();
    for (size_t i = 0; i < 40; i++)
        assert_true(is_done(i) == (i >= 10));
    /* The others' porters stood idle, and yet nobody joined the first. */
    assert_int_equal(gate_arrived(&gate), 1);
}

/* As many as there are porters, less one. */
static void several_places_hang(void **state)
{
    (void)state;
    open_scene(4);
    for (size_t i = 0; i < 3; i++)
        give(i, 1 + i, &gate);
    gate_await(&gate, 3);
    porters_mark(porters);
    for (size_t i = 3; i < 40; i++)
        give(i, 1 + i, NULL);
    wait_for_all();
    for (size_t i = 3; i < 40; i++)
        assert_true(is_done(i));
    assert_false(is_done(0));
}

static void a_place_that_comes_back_goes_on(void **state)
{
    (void)state;
    open_scene(2);
    for (size_t i = 0; i < 5; i++)
        give(i, 7, &gate);
    for (size_t i = 0; i < 5; i++) {
        gate_await(&gate, (unsigned)i + 1);
        assert_false(is_done(i));
        gate_open(&gate, 1);
    }
    gate_await_passed(&gate, 5);
    wait_for_all();
    for (size_t i = 0; i < 5; i++) {
        assert_true(is_done(i));
        assert_int_equal(turns[i], i);
    }
}

/* What a pass waits for goes before what it does not wait for, on whatever
 * place that is. */
static void urgent_errands_go_first(void **state)
{
    size_t at[8] = {0};

    (void)state;
    open_scene(1);
    give(0, 7, &gate);
    gate_await(&gate, 1);
    for (size_t i = 1; i < 7; i++) {
        errands[i].task.urgent = i >= 4;
        give(i, i < 6 ? 7 : 8, NULL);
    }
    errands[7].task.urgent = false;
    give(7, 9, NULL);
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
    wait_for_all();
    for (size_t i = 0; i < 8; i++)
        at[turns[i]] = i;
    for (size_t i = 4; i < 7; i++)
        assert_true(at[i] <= 3);
    /* Each kind in the order in which it came. */
    assert_true(at[4] < at[5]);
    assert_true(at[1] < at[2] && at[2] < at[3]);
}

/* Nor do they wait for an image of the same place that is read for long. */
static void urgent_errands_do_not_wait_for_others(void **state)
{
    (void)state;
    open_scene(3);
    errands[0].task.urgent = errands[1].task.urgent = false;
    give(0, 7, &gate);
    give(1, 7, NULL);
    gate_await(&gate, 1);
    porters_mark(porters);
    for (size_t i = 2; i < 10; i++)
        give(i, 7, NULL);
    wait_for_all();
    for (size_t i = 2; i < 10; i++)
        assert_true(is_done(i));
    assert_false(is_done(1));
}

/* Of each kind one at a time: a place that hangs takes no third. */
static void a_place_that_hangs_takes_two_porters_at_the_most(void **state)
{
    (void)state;
    open_scene(3);
    for (size_t i = 0; i < 10; i++) {
        errands[i].task.urgent = i % 2 != 0;
        give(i, 7, &gate);
    }
    gate_await(&gate, 2);
    porters_mark(porters);
    for (size_t i = 10; i < 40; i++) {
        errands[i].task.urgent = i % 3 != 0;
        give(i, 8 + i % 5, NULL);
    }
    wait_for_all();
    for (size_t i = 10; i < 40; i++)
        assert_true(is_done(i));
    assert_int_equal(gate_arrived(&gate), 2);
}

/* However many places hang. */
static void errands_that_are_not_urgent_leave_half_of_them(void **state)
{
    (void)state;
    open_scene(4);
    for (size_t i = 0; i < 4; i++) {
        errands[i].task.urgent = false;
        give(i, 1 + i, &gate);
    }
    gate_await(&gate, 2);
    give(4, 20, NULL);
    await_done(4);
    assert_int_equal(begun(), 3);
    porters_mark(porters);
    wait_for_all();
    assert_int_equal(begun(), 3);
    gate_open(&gate, 4);
    for (size_t i = 0; i < 4; i++)
        await_done(i);
}

/* "The others' turn comes all the same", also where a single porter is left,
 * and in whatever order the places were first heard of. */
static void places_take_turns(void **state)
{
    for (unsigned first = 0; first < 2; first++) {
        if (first > 0)
            close_scene(state);
        open_scene(1);
        give(0, 1, &gate);
        gate_await(&gate, 1);
        if (first == 0)
            give(1, 8, NULL);
        for (size_t i = 2; i < 22; i++)
            give(i, 7, NULL);
        if (first == 1)
            give(1, 8, NULL);
        gate_open(&gate, 1);
        gate_await_passed(&gate, 1);
        wait_for_all();
        size_t turn = 0;
        while (turns[turn] != 1)
            turn++;
        if (turn > 3)
            fail_msg("its turn came after %zu of the other place", turn - 1);
    }
}

/* --- waiting ------------------------------------------------------------- */

static void where_there_is_nothing_nobody_waits(void **state)
{
    (void)state;
    open_scene(2);
    wait_for_all();
    give(0, 1, NULL);
    wait_for_all();
    wait_for_all();
}

static void waiting_ends_in_time(void **state)
{
    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    gate_await(&gate, 1);
    double start = threads_now();
    porters_wait(porters, start + 0.05);
    assert_true(threads_now() >= start + 0.05);
    assert_true(threads_now() < start + GATE_PATIENCE);
}

/* A dead mount must not cost a wait in each pass. */
static void who_hangs_since_the_last_mark_is_not_waited_for(void **state)
{
    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    gate_await(&gate, 1);
    porters_mark(porters);
    for (size_t i = 1; i < 40; i++) {
        /* More of the same place, and of others. */
        give(i, i % 3, NULL);
        wait_for_all();
        assert_true(is_done(i) == (i % 3 != 1));
    }
    assert_int_equal(gate_arrived(&gate), 1);
}

/* Those that hang leave no porter for those that wait. */
static void when_all_hang_nobody_waits(void **state)
{
    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    give(1, 2, &gate);
    gate_await(&gate, 2);
    porters_mark(porters);
    for (size_t i = 2; i < 20; i++) {
        give(i, 10 + i, NULL);
        wait_for_all();
        assert_false(is_done(i));
    }
    /* And when one comes back they get their turn. */
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
    while (!is_done(0) && !is_done(1))
        sched_yield();
    wait_for_all();
    for (size_t i = 2; i < 20; i++)
        assert_true(is_done(i));
}

/* What was begun after the last mark is new. */
static void a_place_that_came_back_is_waited_for_again(void **state)
{
    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    gate_await(&gate, 1);
    porters_mark(porters);
    wait_for_all();
    gate_open(&gate, 1);
    await_done(0);
    give(1, 1, &gate);
    gate_await(&gate, 2);
    double start = threads_now();
    porters_wait(porters, start + 0.05);
    assert_true(threads_now() >= start + 0.05);
}

static void *stop(void *context)
{
    porters_stop(context);
    return NULL;
}

static void waiting_ends_when_all_is_to_end(void **state)
{
    pthread_t stopper;

    (void)state;
    open_scene(2);
    give(0, 1, &gate);
    gate_await(&gate, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop, porters), 0);
    wait_for_all();
    pthread_join(stopper, NULL);
    give(1, 2, NULL);
    wait_for_all();
}

/* --- the end ------------------------------------------------------------- */

/* "Shutting collectd down takes less than 2 seconds while everything hangs."
 * Nothing is taken from under the porter who may come back. */
static void who_hangs_is_left_behind(void **state)
{
    (void)state;
    open_scene(3);
    double start = threads_now();
    errands[0].task.returned = true;
    give(0, 1, &gate);
    gate_await(&gate, 1);
    give(1, 1, NULL);
    assert_false(porters_free(porters, drop));
    assert_false(porters_free(porters, drop));
    assert_true(threads_now() < start + GATE_PATIENCE);
    assert_int_equal(dropped, 0);
    assert_false(is_done(1));
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
    end_porters();
    /* What was done then, and nobody fetched. */
    assert_int_equal(dropped, 1);
    assert_int_equal(begun(), 1);
}

/* Whose memory is nobody's any more is handed back: what was done and not
 * collected, and what was not begun. */
static void what_is_left_is_dropped(void **state)
{
    (void)state;
    open_scene(1);
    for (size_t i = 0; i < 5; i++) {
        errands[i].task.returned = i != 2;
        give(i, i, NULL);
    }
    wait_for_all();
    assert_non_null(porters_collect(porters));
    /* From here on nothing is begun. */
    porters_stop(porters);
    for (size_t i = 5; i < 20; i++) {
        errands[i].task.returned = i % 5 != 0;
        errands[i].task.urgent = i % 2 != 0;
        give(i, i % 4, NULL);
    }
    assert_true(porters_free(porters, drop));
    assert_int_equal(dropped, 3 + 12);
    assert_int_equal(begun(), 5);
    porters = NULL;
}

static void freed_at_once(void **state)
{
    (void)state;
    open_scene(1);
    for (unsigned i = 0; i < 50; i++) {
        struct porters *others = porters_new(4);
        assert_non_null(others);
        assert_true(porters_free(others, drop));
    }
    assert_true(porters_free(NULL, drop));
}

/* --- threads ------------------------------------------------------------- */

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
    open_scene(4);
    unsigned threads = count_threads();
    for (size_t i = 0; i < 4; i++)
        give(i, i, &gate);
    gate_await(&gate, 4);
    for (size_t i = 4; i < TASKS; i++) {
        give(i, i, NULL);
        porters_wait(porters, threads_now());
    }
    /* Those of tests before may have been about to leave. */
    assert_true(count_threads() <= threads);
}

static sigset_t blocked;

static void note_signals(struct porters_task *task)
{
    (void)task;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
}

/* Signals are the daemon's, whose masks stay as they are. */
static void signals_are_left_to_others(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t own;

    (void)state;
    open_scene(1);
    errands[0].task.work = note_signals;
    give(0, 1, NULL);
    wait_for_all();
    assert_true(is_done(0));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        assert_true(sigismember(&blocked, signals[i]));
        assert_false(sigismember(&own, signals[i]));
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_is_run_once),
        TEST(what_is_returned_comes_in_the_order_of_its_end),
        TEST(an_errand_may_be_given_again),
        TEST(it_is_not_done_before_its_end),
        TEST(a_place_that_hangs_takes_one_porter),
        TEST(several_places_hang),
        TEST(a_place_that_comes_back_goes_on),
        TEST(urgent_errands_go_first),
        TEST(urgent_errands_do_not_wait_for_others),
        TEST(a_place_that_hangs_takes_two_porters_at_the_most),
        TEST(errands_that_are_not_urgent_leave_half_of_them),
        TEST(places_take_turns),
        TEST(where_there_is_nothing_nobody_waits),
        TEST(waiting_ends_in_time),
        TEST(who_hangs_since_the_last_mark_is_not_waited_for),
        TEST(when_all_hang_nobody_waits),
        TEST(a_place_that_came_back_is_waited_for_again),
        TEST(waiting_ends_when_all_is_to_end),
        TEST(who_hangs_is_left_behind),
        TEST(what_is_left_is_dropped),
        TEST(freed_at_once),
        TEST(there_are_never_more_of_them),
        TEST(signals_are_left_to_others),
    };

    return cmocka_run_group_tests_name("porters", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The thread that does the passes. Also run under ThreadSanitizer
 * (--enable-sanitizers=thread): there must be nothing to tell.
 */
#include "gate.h"
#include "threads.h"
#include "ticker.h"
#include "unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* --- the scene: a pass that ends when the test says so ------------------- */

static struct ticker *ticker;
static struct gate gate;
static unsigned done; /* passes; of the ticker's thread while it does one */
static sigset_t blocked;
static pthread_t worker;

static void pass(void *context)
{
    worker = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    gate_pass(&gate);
    (*(unsigned *)context)++;
}

static atomic_uint errands;

static void errand(void *context)
{
    (void)context;
    errands++;
}

static int open_scene(void **state)
{
    (void)state;
    done = 0;
    gate_init(&gate);
    ticker = ticker_new(pass, errand, &done);
    return ticker == NULL ? -1 : 0;
}

static int close_scene(void **state)
{
    (void)state;
    gate_open(&gate, 1000);
    ticker_free(ticker);
    gate_destroy(&gate);
    return 0;
}

/* --- tests --------------------------------------------------------------- */

static void a_call_waits_for_the_end_of_the_pass(void **state)
{
    (void)state;
    gate_open(&gate, 200);
    for (unsigned i = 1; i <= 200; i++) {
        ticker_tick(ticker, GATE_PATIENCE);
        assert_int_equal(done, i);
    }
    assert_false(pthread_equal(worker, pthread_self()));
}

/* "A read callback returns within Timeout, always." */
static void a_call_waits_no_longer_than_it_likes(void **state)
{
    double begun = threads_now();

    (void)state;
    ticker_tick(ticker, 0.05);
    assert_true(threads_now() >= begun + 0.05);
    assert_true(threads_now() < begun + GATE_PATIENCE);
    /* The pass is there, and goes on when it can. */
    gate_await(&gate, 1);
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
}

static void a_call_need_not_wait_at_all(void **state)
{
    (void)state;
    ticker_tick(ticker, 0);
    gate_await(&gate, 1);
}

/* Calls while it is under way do not pile up. */
static void one_pass_at_a_time(void **state)
{
    double begun = threads_now();

    (void)state;
    ticker_tick(ticker, 0);
    gate_await(&gate, 1);
    for (unsigned i = 0; i < 20; i++)
        ticker_tick(ticker, 0.001);
    assert_int_equal(gate_arrived(&gate), 1);
    /* The next call waits for the end of that pass, or calls for one more where
     * that has just ended. */
    gate_open(&gate, 1000);
    ticker_tick(ticker, GATE_PATIENCE);
    assert_true(threads_now() < begun + GATE_PATIENCE);
    unsigned passes = gate_arrived(&gate);
    assert_true(passes <= 2);
    for (unsigned i = 1; i <= 10; i++) {
        ticker_tick(ticker, GATE_PATIENCE);
        assert_int_equal(gate_arrived(&gate), passes + i);
    }
}

static void no_pass_without_a_call(void **state)
{
    (void)state;
    gate_open(&gate, 10);
    for (unsigned i = 1; i <= 10; i++) {
        ticker_tick(ticker, GATE_PATIENCE);
        assert_int_equal(gate_arrived(&gate), i);
    }
    ticker_free(ticker);
    ticker = NULL;
    assert_int_equal(gate_arrived(&gate), 10);
}

static void *open_gate(void *context)
{
    gate_open(context, 1);
    return NULL;
}

/* What a pass touches is freed after it. */
static void the_end_waits_for_the_pass(void **state)
{
    pthread_t opener;

    (void)state;
    ticker_tick(ticker, 0);
    gate_await(&gate, 1);
    assert_int_equal(pthread_create(&opener, NULL, open_gate, &gate), 0);
    ticker_free(ticker);
    ticker = NULL;
    assert_int_equal(done, 1);
    pthread_join(opener, NULL);
}

/* Between passes at once, else after the one that is under way. */
static void errands_are_done_when_there_is_no_pass(void **state)
{
    (void)state;
    errands = 0;
    ticker_poke(ticker);
    for (unsigned i = 0; i < 6000 && errands == 0; i++)
        usleep(10000);
    assert_int_equal(errands, 1);
    ticker_tick(ticker, 0);
    gate_await(&gate, 1);
    ticker_poke(ticker);
    ticker_poke(ticker);
    usleep(20000);
    assert_int_equal(errands, 1);
    gate_open(&gate, 1);
    ticker_tick(ticker, 0);
    for (unsigned i = 0; i < 6000 && errands == 1; i++)
        usleep(10000);
    assert_int_equal(errands, 2);
}

static void ended_at_once(void **state)
{
    (void)state;
    gate_open(&gate, 1000);
    for (unsigned i = 0; i < 100; i++) {
        struct ticker *other = ticker_new(pass, errand, &done);
        assert_non_null(other);
        if (i % 2 == 0)
            ticker_tick(other, 0);
        ticker_free(other);
    }
    ticker_free(NULL);
}

/* Signals are the daemon's, whose masks stay as they are. */
static void signals_are_left_to_others(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t own;

    (void)state;
    gate_open(&gate, 1);
    ticker_tick(ticker, GATE_PATIENCE);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &own), 0);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        assert_true(sigismember(&blocked, signals[i]));
        assert_false(sigismember(&own, signals[i]));
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_waits_for_the_end_of_the_pass),
        TEST(a_call_waits_no_longer_than_it_likes),
        TEST(a_call_need_not_wait_at_all),
        TEST(one_pass_at_a_time),
        TEST(no_pass_without_a_call),
        TEST(the_end_waits_for_the_pass),
        TEST(errands_are_done_when_there_is_no_pass),
        TEST(ended_at_once),
        TEST(signals_are_left_to_others),
    };

    return cmocka_run_group_tests_name("ticker", tests, NULL, NULL) != 0;
}

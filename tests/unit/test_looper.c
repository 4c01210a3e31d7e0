/* SPDX-License-Identifier: MIT */
#include "gate.h"
#include "looper.h"
#include "threads.h"
#include "unit.h"

static struct gate gate;
static bool deaf; /* waking does not help */

static void turn(void *context)
{
    assert_ptr_equal(context, &gate);
    gate_pass(&gate);
}

static void wake(void *context)
{
    assert_ptr_equal(context, &gate);
    if (!deaf)
        gate_open(&gate, 1000);
}

static const struct looper_work work = {&gate, turn, wake};

static int start(void **state)
{
    (void)state;
    deaf = false;
    gate_init(&gate);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gate_destroy(&gate);
    return 0;
}

static void turns_again_and_again(void **state)
{
    (void)state;
    struct looper *looper = looper_new("test", &work);
    assert_non_null(looper);
    gate_open(&gate, 10);
    gate_await_passed(&gate, 10);
    gate_await(&gate, 11);
    assert_true(looper_free(looper, GATE_PATIENCE));
    assert_true(looper_free(NULL, 1));
}

/* It ends in the midst of its turn, or before the first. */
static void ends_when_woken(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        struct looper *looper = looper_new("test", &work);
        assert_non_null(looper);
        assert_true(looper_free(looper, GATE_PATIENCE));
    }
}

static void is_left_behind_when_it_does_not_end(void **state)
{
    double begin = threads_now();

    (void)state;
    struct looper *looper = looper_new("test", &work);
    gate_await(&gate, 1);
    deaf = true;
    assert_false(looper_free(looper, 1));
    assert_true(threads_now() - begin >= 1);
    assert_true(threads_now() - begin < GATE_PATIENCE);
    /* It is still there, and may be ended later. */
    gate_open(&gate, 1000);
    assert_true(looper_free(looper, GATE_PATIENCE));
}

#define AT_GATE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_GATE(turns_again_and_again),
        AT_GATE(ends_when_woken),
        AT_GATE(is_left_behind_when_it_does_not_end),
    };

    return cmocka_run_group_tests_name("looper", tests, NULL, NULL) != 0;
}

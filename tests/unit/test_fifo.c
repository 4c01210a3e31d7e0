/* SPDX-License-Identifier: MIT */
#include "fifo.h"
#include "threads.h"
#include "unit.h"

#define MOST 100

static struct fifo *fifo;

static int start(void **state)
{
    (void)state;
    fifo = fifo_new(sizeof(int), MOST);
    return fifo == NULL ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    fifo_free(fifo);
    fifo_free(NULL);
    return 0;
}

static void first_in_first_out(void **state)
{
    int next = 0;
    int item;

    (void)state;
    assert_false(fifo_take(fifo, &item));
    /* Round and round, and never empty in between. */
    for (int i = 0; i < 1000; i++) {
        assert_true(fifo_put(fifo, &i));
        if (i % 20 == 19)
            for (int j = 0; j < (i < 400 ? 16 : 25); j++)
                if (fifo_take(fifo, &item))
                    assert_int_equal(item, next++);
    }
    while (fifo_take(fifo, &item))
        assert_int_equal(item, next++);
    assert_int_equal(next, 1000);
    assert_int_equal(fifo_count_lost(fifo), 0);
}

static void what_is_too_much_is_lost_and_counted(void **state)
{
    int item;

    (void)state;
    for (int i = 0; i < MOST + 7; i++)
        assert_true(fifo_put(fifo, &i) == (i < MOST));
    assert_int_equal(fifo_count_lost(fifo), 7);
    assert_int_equal(fifo_count_lost(fifo), 0);
    assert_true(fifo_take(fifo, &item));
    assert_int_equal(item, 0);
    assert_true(fifo_put(fifo, &item));
}

static void *produce(void *unused)
{
    for (int i = 0; i < 50; i++)
        fifo_put(fifo, &i);
    fifo_stop(fifo);
    return unused;
}

static void who_waits_gets_all_and_then_the_end(void **state)
{
    pthread_t producer;
    int next = 0;
    int item;

    (void)state;
    assert_true(threads_start(&producer, "producer", produce, NULL));
    while (fifo_wait(fifo, &item))
        assert_int_equal(item, next++);
    pthread_join(producer, NULL);
    assert_int_equal(next, 50);
}

#define WITH_FIFO(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIFO(first_in_first_out),
        WITH_FIFO(what_is_too_much_is_lost_and_counted),
        WITH_FIFO(who_waits_gets_all_and_then_the_end),
    };

    return cmocka_run_group_tests_name("fifo", tests, NULL, NULL) != 0;
}

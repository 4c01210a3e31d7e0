/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "threads.h"
#include "unit.h"

void gate_init(struct gate *gate)
{
    *gate = (struct gate){.arrived = 0};
    pthread_mutex_init(&gate->lock, NULL);
    threads_init_condition(&gate->changed);
}

void gate_destroy(struct gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->arrived++;
    pthread_cond_broadcast(&gate->changed);
    while (gate->passed >= gate->allowed)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->passed++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate, unsigned count)
{
    pthread_mutex_lock(&gate->lock);
    gate->allowed += count;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void await(struct gate *gate, const unsigned *count, unsigned wanted)
{
    double until = threads_now() + GATE_PATIENCE;
    bool in_time = true;

    pthread_mutex_lock(&gate->lock);
    while (*count < wanted && in_time)
        in_time = threads_wait(&gate->changed, &gate->lock, until);
    unsigned got = *count;
    pthread_mutex_unlock(&gate->lock);
    if (got < wanted)
        fail_msg("only %u of %u came", got, wanted);
}

void gate_await(struct gate *gate, unsigned arrived)
{
    await(gate, &gate->arrived, arrived);
}

void gate_await_passed(struct gate *gate, unsigned passed)
{
    await(gate, &gate->passed, passed);
}

unsigned gate_arrived(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    unsigned arrived = gate->arrived;
    pthread_mutex_unlock(&gate->lock);
    return arrived;
}

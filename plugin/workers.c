/* SPDX-License-Identifier: MIT */
#include "workers.h"

#include "threads.h"

#include <stdlib.h>

struct worker {
    struct workers *workers;
    pthread_t thread;
    void (*work)(void *job); /* NULL: idle */
    void *job;
};

struct workers {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wanted;
    pthread_cond_t idle;
    bool returned; /* one became idle since that was last waited for, or
                    * whoever waits is to be woken */
    bool stop;
    size_t count;
    struct worker each[];
};

static void *serve(void *context)
{
    struct worker *worker = context;
    struct workers *workers = worker->workers;

    pthread_mutex_lock(&workers->lock);
    while (!workers->stop) {
        if (worker->work == NULL) {
            pthread_cond_wait(&workers->wanted, &workers->lock);
            continue;
        }
        pthread_mutex_unlock(&workers->lock);
        worker->work(worker->job);
        pthread_mutex_lock(&workers->lock);
        worker->work = NULL;
        workers->returned = true;
        pthread_cond_broadcast(&workers->idle);
    }
    /* What was not begun is not to be done any more. */
    worker->work = NULL;
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_new(size_t count)
{
    struct workers *workers =
        calloc(1, sizeof(*workers) + count * sizeof(struct worker));
    if (workers == NULL)
        return NULL;

    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wanted, NULL);
    threads_init_condition(&workers->idle);
    for (; workers->count < count; workers->count++) {
        struct worker *worker = &workers->each[workers->count];
        worker->workers = workers;
        if (!threads_start(&worker->thread, "vb-libvirt", serve, worker)) {
            workers_free(workers);
            return NULL;
        }
    }
    return workers;
}

void workers_stop(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stop = true;
    pthread_cond_broadcast(&workers->wanted);
    pthread_cond_broadcast(&workers->idle);
    pthread_mutex_unlock(&workers->lock);
}

/* True when no thread is in the midst of something. */
static bool all_idle(struct workers *workers)
{
    bool idle = true;

    pthread_mutex_lock(&workers->lock);
    for (size_t i = 0; i < workers->count; i++)
        idle = idle && workers->each[i].work == NULL;
    pthread_mutex_unlock(&workers->lock);
    return idle;
}

bool workers_free(struct workers *workers)
{
    if (workers == NULL)
        return true;
    workers_stop(workers);
    if (!all_idle(workers))
        return false;
    for (size_t i = 0; i < workers->count; i++)
        pthread_join(workers->each[i].thread, NULL);
    pthread_cond_destroy(&workers->idle);
    pthread_cond_destroy(&workers->wanted);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
    return true;
}

static void start(void *context, size_t number, void (*work)(void *job),
                  void *job)
{
    struct workers *workers = context;
    struct worker *worker = &workers->each[number];

    pthread_mutex_lock(&workers->lock);
    worker->work = workers->stop ? NULL : work;
    worker->job = job;
    pthread_cond_broadcast(&workers->wanted);
    pthread_mutex_unlock(&workers->lock);
}

static bool is_idle(void *context, size_t number)
{
    struct workers *workers = context;

    pthread_mutex_lock(&workers->lock);
    bool idle = workers->each[number].work == NULL;
    pthread_mutex_unlock(&workers->lock);
    return idle;
}

static bool wait_idle(void *context, double until)
{
    struct workers *workers = context;
    bool in_time = true;

    pthread_mutex_lock(&workers->lock);
    while (!workers->stop && in_time && !workers->returned)
        in_time = threads_wait(&workers->idle, &workers->lock, until);
    workers->returned = false;
    bool go_on = !workers->stop;
    pthread_mutex_unlock(&workers->lock);
    return go_on;
}

static void wake(void *context)
{
    struct workers *workers = context;

    pthread_mutex_lock(&workers->lock);
    workers->returned = true;
    pthread_cond_broadcast(&workers->idle);
    pthread_mutex_unlock(&workers->lock);
}

static double now(void *context)
{
    (void)context;
    return threads_now();
}

struct crew workers_crew(struct workers *workers)
{
    return (struct crew){
        .context = workers,
        .count = workers->count,
        .start = start,
        .is_idle = is_idle,
        .wait = wait_idle,
        .wake = wake,
        .now = now,
    };
}

bool workers_try(void (*work)(void *job), void *job, double until)
{
    struct workers *workers = workers_new(1);
    if (workers == NULL)
        return false;

    start(workers, 0, work, job);
    while (!is_idle(workers, 0) && threads_now() < until)
        wait_idle(workers, until);
    return workers_free(workers);
}

/* SPDX-License-Identifier: MIT */
#include "looper.h"

#include "threads.h"

#include <stdlib.h>

struct looper {
    struct looper_work work;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t ended;
    bool stop;
    bool is_over;
};

static void *serve(void *context)
{
    struct looper *looper = context;

    pthread_mutex_lock(&looper->lock);
    while (!looper->stop) {
        pthread_mutex_unlock(&looper->lock);
        looper->work.turn(looper->work.context);
        pthread_mutex_lock(&looper->lock);
    }
    looper->is_over = true;
    pthread_cond_signal(&looper->ended);
    pthread_mutex_unlock(&looper->lock);
    return NULL;
}

static void destroy(struct looper *looper)
{
    pthread_cond_destroy(&looper->ended);
    pthread_mutex_destroy(&looper->lock);
    free(looper);
}

struct looper *looper_new(const char *name, const struct looper_work *work)
{
    struct looper *looper = calloc(1, sizeof(*looper));
    if (looper == NULL)
        return NULL;

    looper->work = *work;
    pthread_mutex_init(&looper->lock, NULL);
    threads_init_condition(&looper->ended);
    if (!threads_start(&looper->thread, name, serve, looper)) {
        destroy(looper);
        return NULL;
    }
    return looper;
}

bool looper_free(struct looper *looper, double patience)
{
    if (looper == NULL)
        return true;

    double until = threads_now() + patience;
    bool in_time = true;
    pthread_mutex_lock(&looper->lock);
    looper->stop = true;
    looper->work.wake(looper->work.context);
    while (!looper->is_over && in_time)
        in_time = threads_wait(&looper->ended, &looper->lock, until);
    bool over = looper->is_over;
    pthread_mutex_unlock(&looper->lock);
    if (!over)
        return false;
    pthread_join(looper->thread, NULL);
    destroy(looper);
    return true;
}

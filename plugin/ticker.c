/* SPDX-License-Identifier: MIT */
#include "ticker.h"

#include "threads.h"

#include <stdlib.h>

struct ticker {
    void (*work)(void *context);
    void (*errand)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t called;
    pthread_cond_t done;
    bool due;   /* a pass was called for, and is not done */
    bool poked; /* so was the errand */
    bool stop;
};

static void run(struct ticker *ticker, void (*work)(void *context))
{
    pthread_mutex_unlock(&ticker->lock);
    work(ticker->context);
    pthread_mutex_lock(&ticker->lock);
}

static void *serve(void *context)
{
    struct ticker *ticker = context;

    pthread_mutex_lock(&ticker->lock);
    while (!ticker->stop) {
        if (ticker->poked) {
            ticker->poked = false;
            run(ticker, ticker->errand);
        } else if (ticker->due) {
            run(ticker, ticker->work);
            ticker->due = false;
            pthread_cond_broadcast(&ticker->done);
        } else {
            pthread_cond_wait(&ticker->called, &ticker->lock);
        }
    }
    pthread_mutex_unlock(&ticker->lock);
    return NULL;
}

static void destroy(struct ticker *ticker)
{
    pthread_cond_destroy(&ticker->done);
    pthread_cond_destroy(&ticker->called);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}

struct ticker *ticker_new(void (*work)(void *context),
                          void (*errand)(void *context), void *context)
{
    struct ticker *ticker = calloc(1, sizeof(*ticker));
    if (ticker == NULL)
        return NULL;

    ticker->work = work;
    ticker->errand = errand;
    ticker->context = context;
    pthread_mutex_init(&ticker->lock, NULL);
    pthread_cond_init(&ticker->called, NULL);
    threads_init_condition(&ticker->done);
    if (!threads_start(&ticker->thread, "vb-pass", serve, ticker)) {
        destroy(ticker);
        return NULL;
    }
    return ticker;
}

void ticker_tick(struct ticker *ticker, double seconds)
{
    double until = threads_now() + seconds;
    bool in_time = true;

    pthread_mutex_lock(&ticker->lock);
    ticker->due = true;
    pthread_cond_signal(&ticker->called);
    while (ticker->due && in_time)
        in_time = threads_wait(&ticker->done, &ticker->lock, until);
    pthread_mutex_unlock(&ticker->lock);
}

void ticker_poke(struct ticker *ticker)
{
    pthread_mutex_lock(&ticker->lock);
    ticker->poked = true;
    pthread_cond_signal(&ticker->called);
    pthread_mutex_unlock(&ticker->lock);
}

void ticker_free(struct ticker *ticker)
{
    if (ticker == NULL)
        return;
    pthread_mutex_lock(&ticker->lock);
    ticker->stop = true;
    pthread_cond_signal(&ticker->called);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    destroy(ticker);
}

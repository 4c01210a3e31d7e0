/* SPDX-License-Identifier: MIT */
#include "surveyor.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list {
    struct survey *first;
    struct survey **end;
};

struct surveyor {
    const struct images *images;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t asked;
    pthread_cond_t idle;
    struct list waiting;
    struct list done;
    bool busy; /* an image is being read */
    bool stop;
};

static void list_start(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct list *list, struct survey *survey)
{
    survey->next = NULL;
    *list->end = survey;
    list->end = &survey->next;
}

static struct survey *list_take(struct list *list)
{
    struct survey *survey = list->first;

    if (survey != NULL)
        list->first = survey->next;
    if (list->first == NULL)
        list->end = &list->first;
    return survey;
}

void survey_free(struct survey *survey)
{
    if (survey == NULL)
        return;
    walk_clear(&survey->walk);
    free(survey->path);
    free(survey->format);
    free(survey);
}

static void list_clear(struct list *list)
{
    for (struct survey *one = list_take(list); one != NULL;
         one = list_take(list))
        survey_free(one);
}

static void *work(void *context)
{
    struct surveyor *surveyor = context;

    pthread_mutex_lock(&surveyor->lock);
    while (!surveyor->stop) {
        struct survey *survey = list_take(&surveyor->waiting);
        if (survey == NULL) {
            pthread_cond_broadcast(&surveyor->idle);
            pthread_cond_wait(&surveyor->asked, &surveyor->lock);
            continue;
        }
        surveyor->busy = true;
        pthread_mutex_unlock(&surveyor->lock);
        walk_chain(surveyor->images, survey->path, survey->format,
                   survey->depth, &survey->walk);
        pthread_mutex_lock(&surveyor->lock);
        surveyor->busy = false;
        list_add(&surveyor->done, survey);
    }
    pthread_mutex_unlock(&surveyor->lock);
    return NULL;
}

/* Signals are the daemon's: none is delivered to this thread. */
static bool start_thread(struct surveyor *surveyor)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&surveyor->thread, NULL, work, surveyor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0;
}

struct surveyor *surveyor_new(const struct images *images)
{
    struct surveyor *surveyor = calloc(1, sizeof(*surveyor));
    pthread_condattr_t monotonic;

    if (surveyor == NULL)
        return NULL;
    surveyor->images = images;
    list_start(&surveyor->waiting);
    list_start(&surveyor->done);
    pthread_mutex_init(&surveyor->lock, NULL);
    pthread_cond_init(&surveyor->asked, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&surveyor->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!start_thread(surveyor)) {
        free(surveyor);
        return NULL;
    }
    return surveyor;
}

void surveyor_free(struct surveyor *surveyor)
{
    if (surveyor == NULL)
        return;
    pthread_mutex_lock(&surveyor->lock);
    surveyor->stop = true;
    pthread_cond_signal(&surveyor->asked);
    pthread_mutex_unlock(&surveyor->lock);
    pthread_join(surveyor->thread, NULL);

    list_clear(&surveyor->waiting);
    list_clear(&surveyor->done);
    pthread_cond_destroy(&surveyor->idle);
    pthread_cond_destroy(&surveyor->asked);
    pthread_mutex_destroy(&surveyor->lock);
    free(surveyor);
}

bool surveyor_ask(struct surveyor *surveyor, uint64_t question,
                  const unsigned char uuid[UUID_BYTES], const char *path,
                  const char *format, size_t depth)
{
    struct survey *survey = calloc(1, sizeof(*survey));
    if (survey == NULL)
        return false;

    survey->question = question;
    memcpy(survey->uuid, uuid, UUID_BYTES);
    survey->depth = depth;
    survey->path = strdup(path);
    survey->format = strdup(format);
    if (survey->path == NULL || survey->format == NULL) {
        survey_free(survey);
        return false;
    }
    pthread_mutex_lock(&surveyor->lock);
    list_add(&surveyor->waiting, survey);
    pthread_cond_signal(&surveyor->asked);
    pthread_mutex_unlock(&surveyor->lock);
    return true;
}

static struct timespec deadline_in(double seconds)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    long nanoseconds = time.tv_nsec + (long)(seconds * 1e9);
    time.tv_sec += nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    return time;
}

void surveyor_wait(struct surveyor *surveyor, double seconds)
{
    struct timespec deadline = deadline_in(seconds);
    int status = 0;

    pthread_mutex_lock(&surveyor->lock);
    while (status == 0 && (surveyor->waiting.first != NULL || surveyor->busy))
        status =
            pthread_cond_timedwait(&surveyor->idle, &surveyor->lock, &deadline);
    pthread_mutex_unlock(&surveyor->lock);
}

struct survey *surveyor_collect(struct surveyor *surveyor)
{
    pthread_mutex_lock(&surveyor->lock);
    struct survey *survey = list_take(&surveyor->done);
    pthread_mutex_unlock(&surveyor->lock);
    return survey;
}

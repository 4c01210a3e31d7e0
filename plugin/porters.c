/* SPDX-License-Identifier: MIT */
#include "porters.h"

#include "threads.h"

#include <stdlib.h>

struct list {
    struct porters_task *first;
    struct porters_task *last;
};

/* What waits is urgent or not; of each kind one is done at a time. */
enum { URGENT, PATIENT, KINDS };

struct place {
    uint64_t key;
    struct kind {
        struct list waiting;
        bool busy;
        unsigned long since; /* number of the mark after which work began */
    } kinds[KINDS];
    struct place *next;
};

struct porters {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t given;
    pthread_cond_t idle;
    struct place *places; /* that have work, or had it last */
    struct list done;
    unsigned long marks;
    bool stop;
    size_t count;
    size_t working;
    size_t patient; /* of those, on what is not urgent */
    size_t patient_most;
    pthread_t threads[];
};

static void list_add(struct list *list, struct porters_task *task)
{
    task->next = NULL;
    if (list->first == NULL)
        list->first = task;
    else
        list->last->next = task;
    list->last = task;
}

static struct porters_task *list_take(struct list *list)
{
    struct porters_task *task = list->first;

    if (task != NULL)
        list->first = task->next;
    return task;
}

static void move_to_end(struct porters *porters, struct place *place)
{
    struct place **link = &porters->places;

    while (*link != place)
        link = &(*link)->next;
    *link = place->next;
    while (*link != NULL)
        link = &(*link)->next;
    *link = place;
    place->next = NULL;
}

/* Places take turns. What is not urgent never has more than half of the
 * threads: however many places hang there, the rest is looked at. */
static struct kind *find_work(struct porters *porters)
{
    bool spare = porters->patient < porters->patient_most;

    for (size_t i = 0; i < (spare ? KINDS : PATIENT); i++)
        for (struct place *place = porters->places; place != NULL;
             place = place->next) {
            struct kind *kind = &place->kinds[i];
            if (!kind->busy && kind->waiting.first != NULL) {
                move_to_end(porters, place);
                return kind;
            }
        }
    return NULL;
}

/* Without the lock while it works. */
static void serve(struct porters *porters, struct kind *kind)
{
    struct porters_task *task = list_take(&kind->waiting);
    size_t patient = task->urgent ? 0 : 1;

    kind->busy = true;
    porters->patient += patient;
    kind->since = porters->marks;
    porters->working++;
    pthread_mutex_unlock(&porters->lock);
    task->work(task);
    pthread_mutex_lock(&porters->lock);
    porters->working--;
    porters->patient -= patient;
    kind->busy = false;
    task->done = true;
    if (task->returned)
        list_add(&porters->done, task);
    pthread_cond_broadcast(&porters->idle);
}

static void *work(void *context)
{
    struct porters *porters = context;

    pthread_mutex_lock(&porters->lock);
    while (!porters->stop) {
        struct kind *kind = find_work(porters);
        if (kind == NULL)
            pthread_cond_wait(&porters->given, &porters->lock);
        else
            serve(porters, kind);
    }
    pthread_mutex_unlock(&porters->lock);
    return NULL;
}

struct porters *porters_new(size_t count)
{
    struct porters *porters =
        calloc(1, sizeof(*porters) + count * sizeof(pthread_t));
    if (porters == NULL)
        return NULL;

    porters->patient_most = (count + 1) / 2;
    pthread_mutex_init(&porters->lock, NULL);
    pthread_cond_init(&porters->given, NULL);
    threads_init_condition(&porters->idle);
    for (; porters->count < count; porters->count++)
        if (!threads_start(&porters->threads[porters->count], "vb-images", work,
                           porters)) {
            porters_free(porters, NULL);
            return NULL;
        }
    return porters;
}

void porters_stop(struct porters *porters)
{
    pthread_mutex_lock(&porters->lock);
    porters->stop = true;
    pthread_cond_broadcast(&porters->given);
    pthread_cond_broadcast(&porters->idle);
    pthread_mutex_unlock(&porters->lock);
}

static void drop_list(struct list *list, void (*drop)(struct porters_task *))
{
    for (struct porters_task *task = list_take(list); task != NULL;
         task = list_take(list))
        if (task->returned)
            drop(task);
}

bool porters_free(struct porters *porters, void (*drop)(struct porters_task *))
{
    if (porters == NULL)
        return true;
    porters_stop(porters);
    pthread_mutex_lock(&porters->lock);
    bool working = porters->working > 0;
    pthread_mutex_unlock(&porters->lock);
    if (working)
        return false;

    for (size_t i = 0; i < porters->count; i++)
        pthread_join(porters->threads[i], NULL);
    while (porters->places != NULL) {
        for (size_t i = 0; i < KINDS; i++)
            drop_list(&porters->places->kinds[i].waiting, drop);
        struct place *place = porters->places;
        porters->places = place->next;
        free(place);
    }
    drop_list(&porters->done, drop);
    pthread_cond_destroy(&porters->idle);
    pthread_cond_destroy(&porters->given);
    pthread_mutex_destroy(&porters->lock);
    free(porters);
    return true;
}

static bool is_at_rest(const struct place *place)
{
    for (size_t i = 0; i < KINDS; i++)
        if (place->kinds[i].busy || place->kinds[i].waiting.first != NULL)
            return false;
    return true;
}

/* Places come and go, as devices do: one where nothing is to be done any more
 * becomes another. */
static struct place *get_place(struct porters *porters, uint64_t key)
{
    struct place *free_one = NULL;

    for (struct place *place = porters->places; place != NULL;
         place = place->next) {
        if (place->key == key)
            return place;
        if (is_at_rest(place))
            free_one = place;
    }
    if (free_one == NULL) {
        free_one = calloc(1, sizeof(*free_one));
        if (free_one == NULL)
            return NULL;
        free_one->next = porters->places;
        porters->places = free_one;
    }
    free_one->key = key;
    return free_one;
}

bool porters_give(struct porters *porters, struct porters_task *task)
{
    pthread_mutex_lock(&porters->lock);
    struct place *place = get_place(porters, task->place);
    if (place != NULL) {
        task->done = false;
        list_add(&place->kinds[task->urgent ? URGENT : PATIENT].waiting, task);
        pthread_cond_signal(&porters->given);
    }
    pthread_mutex_unlock(&porters->lock);
    return place != NULL;
}

bool porters_is_done(struct porters *porters, const struct porters_task *task)
{
    pthread_mutex_lock(&porters->lock);
    bool done = task->done;
    pthread_mutex_unlock(&porters->lock);
    return done;
}

struct porters_task *porters_collect(struct porters *porters)
{
    pthread_mutex_lock(&porters->lock);
    struct porters_task *task = list_take(&porters->done);
    pthread_mutex_unlock(&porters->lock);
    return task;
}

/* Where work began before the last mark, something hangs; and where all threads
 * hang that may do it, nothing that waits is begun. */
static bool is_worth_waiting(const struct porters *porters)
{
    size_t waiting[KINDS] = {0};
    size_t hung = 0;

    for (const struct place *place = porters->places; place != NULL;
         place = place->next)
        for (size_t i = 0; i < KINDS; i++) {
            const struct kind *kind = &place->kinds[i];
            if (kind->busy && kind->since == porters->marks)
                return true;
            hung += kind->busy;
            waiting[i] += !kind->busy && kind->waiting.first != NULL;
        }
    if (porters->patient == porters->patient_most)
        waiting[PATIENT] = 0;
    return waiting[URGENT] + waiting[PATIENT] > 0 && hung < porters->count;
}

void porters_mark(struct porters *porters)
{
    pthread_mutex_lock(&porters->lock);
    porters->marks++;
    pthread_mutex_unlock(&porters->lock);
}

void porters_wait(struct porters *porters, double until)
{
    bool in_time = true;

    pthread_mutex_lock(&porters->lock);
    while (!porters->stop && in_time && is_worth_waiting(porters))
        in_time = threads_wait(&porters->idle, &porters->lock, until);
    pthread_mutex_unlock(&porters->lock);
}

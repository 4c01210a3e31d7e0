/* SPDX-License-Identifier: MIT */
#include "fifo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fifo {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t filled;
    char *items; /* a ring */
    size_t item_size;
    size_t room;
    size_t most;
    size_t first;
    size_t count;
    size_t lost;
    bool stop;
};

struct fifo *fifo_new(size_t item_size, size_t most)
{
    struct fifo *fifo = calloc(1, sizeof(*fifo));
    if (fifo == NULL)
        return NULL;

    pthread_mutex_init(&fifo->lock, NULL);
    pthread_cond_init(&fifo->filled, NULL);
    fifo->item_size = item_size;
    fifo->most = most;
    return fifo;
}

void fifo_free(struct fifo *fifo)
{
    if (fifo == NULL)
        return;
    pthread_cond_destroy(&fifo->filled);
    pthread_mutex_destroy(&fifo->lock);
    free(fifo->items);
    free(fifo);
}

static char *item_at(const struct fifo *fifo, size_t position)
{
    return fifo->items +
           (fifo->first + position) % fifo->room * fifo->item_size;
}

static bool make_room(struct fifo *fifo)
{
    if (fifo->count < fifo->room)
        return true;
    if (fifo->count >= fifo->most)
        return false;

    size_t room = fifo->room > 0 ? 2 * fifo->room : 16;
    if (room > fifo->most)
        room = fifo->most;
    char *items = malloc(room * fifo->item_size);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < fifo->count; i++)
        memcpy(items + i * fifo->item_size, item_at(fifo, i), fifo->item_size);
    free(fifo->items);
    fifo->items = items;
    fifo->room = room;
    fifo->first = 0;
    return true;
}

bool fifo_put(struct fifo *fifo, const void *item)
{
    pthread_mutex_lock(&fifo->lock);
    bool good = make_room(fifo);
    if (good) {
        fifo->count++;
        memcpy(item_at(fifo, fifo->count - 1), item, fifo->item_size);
        pthread_cond_signal(&fifo->filled);
    } else {
        fifo->lost++;
    }
    pthread_mutex_unlock(&fifo->lock);
    return good;
}

/* The memory of a flood is given back when it is over. */
static bool take(struct fifo *fifo, void *ret_item)
{
    if (fifo->count == 0)
        return false;
    memcpy(ret_item, item_at(fifo, 0), fifo->item_size);
    fifo->first = (fifo->first + 1) % fifo->room;
    if (--fifo->count == 0) {
        free(fifo->items);
        fifo->items = NULL;
        fifo->room = 0;
        fifo->first = 0;
    }
    return true;
}

bool fifo_take(struct fifo *fifo, void *ret_item)
{
    pthread_mutex_lock(&fifo->lock);
    bool good = take(fifo, ret_item);
    pthread_mutex_unlock(&fifo->lock);
    return good;
}

bool fifo_wait(struct fifo *fifo, void *ret_item)
{
    pthread_mutex_lock(&fifo->lock);
    while (fifo->count == 0 && !fifo->stop)
        pthread_cond_wait(&fifo->filled, &fifo->lock);
    bool good = take(fifo, ret_item);
    pthread_mutex_unlock(&fifo->lock);
    return good;
}

void fifo_stop(struct fifo *fifo)
{
    pthread_mutex_lock(&fifo->lock);
    fifo->stop = true;
    pthread_cond_broadcast(&fifo->filled);
    pthread_mutex_unlock(&fifo->lock);
}

size_t fifo_count_lost(struct fifo *fifo)
{
    pthread_mutex_lock(&fifo->lock);
    size_t lost = fifo->lost;
    fifo->lost = 0;
    pthread_mutex_unlock(&fifo->lock);
    return lost;
}

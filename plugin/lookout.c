/* SPDX-License-Identifier: MIT */
#include "lookout.h"

#include "freespace.h"
#include "grow.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Seconds. As a rule the figures of images that are new are then there, too,
 * from the first cycle. */
#define LOOKOUT_WAIT 0.5
#define LOOKOUT_SLICE 0.1 /* so long others wait meanwhile */

struct item {
    struct layer *layer; /* good in the pass that added it */
    size_t path;         /* position in `paths` */
    bool written;
    struct look seen;
};

struct lookout_batch {
    struct porters_task task;
    const struct images *images;
    bool out;               /* it was given to the porters and is not back */
    atomic_bool begun;      /* by one of them */
    bool late;              /* that was in an earlier pass: its layers may not
                             * be there any more */
    bool told;              /* the log knows that the place does not answer */
    bool used;              /* in the last pass */
    atomic_size_t progress; /* items that were looked at */
    size_t before;          /* the same, a moment ago, ... */
    size_t reached;         /* ... and in the last pass */
    struct item *items;
    size_t count;
    size_t room;
    char *paths; /* one behind the other, with their ends */
    size_t length;
    size_t size;
    struct freespace freespace;
};

static void look_at(struct lookout_batch *batch, struct item *item)
{
    const char *path = batch->paths + item->path;

    item->seen = (struct look){.storage = STORAGE_UNKNOWN};
    if (!batch->images->look(path, &item->seen))
        return;
    item->seen.free =
        item->written
            ? freespace_of(&batch->freespace, batch->images, path, &item->seen)
            : SIZE_UNKNOWN;
}

/* In a porter's thread: touches nothing but the batch. The task is its first
 * member. */
static void look(struct porters_task *task)
{
    struct lookout_batch *batch = (struct lookout_batch *)task;

    batch->begun = true;
    freespace_reset(&batch->freespace);
    for (size_t i = 0; i < batch->count; i++) {
        look_at(batch, &batch->items[i]);
        batch->progress++;
    }
}

static void tell(const struct lookout *lookout, struct lookout_batch *batch)
{
    if (!batch->told)
        log_print(lookout->log, LOG_LEVEL_WARNING,
                  "the storage of %s does not answer: it is not known what its "
                  "files take until it does",
                  batch->paths);
    batch->told = true;
}

static void take_back(const struct lookout *lookout,
                      struct lookout_batch *batch)
{
    if (batch->out && !porters_is_done(lookout->porters, &batch->task)) {
        batch->late = true;
        /* Where it goes on the storage is slow, and answers. */
        if (batch->begun && batch->progress == batch->reached)
            tell(lookout, batch);
        batch->reached = batch->progress;
        return;
    }
    if (batch->told)
        log_print(lookout->log, LOG_LEVEL_INFO, "the storage of %s answers",
                  batch->paths);
    batch->told = false;
    batch->out = false;
    batch->count = 0;
    batch->length = 0;
}

static void batch_free(struct lookout_batch *batch)
{
    free(batch->items);
    free(batch->paths);
    freespace_clear(&batch->freespace);
    free(batch);
}

void lookout_begin(struct lookout *lookout)
{
    size_t kept = 0;

    for (size_t i = 0; i < lookout->count; i++) {
        struct lookout_batch *batch = lookout->batches[i];
        take_back(lookout, batch);
        bool used = batch->used;
        batch->used = false;
        if (batch->out || used)
            lookout->batches[kept++] = batch;
        else
            batch_free(batch);
    }
    lookout->count = kept;
}

static struct lookout_batch *get_batch(struct lookout *lookout, uint64_t place)
{
    for (size_t i = 0; i < lookout->count; i++)
        if (lookout->batches[i]->task.place == place)
            return lookout->batches[i];

    struct lookout_batch **batches =
        realloc(lookout->batches,
                (lookout->count + 1) * sizeof(struct lookout_batch *));
    if (batches == NULL)
        return NULL;
    lookout->batches = batches;
    struct lookout_batch *batch = calloc(1, sizeof(*batch));
    if (batch == NULL)
        return NULL;
    batch->task =
        (struct porters_task){.place = place, .work = look, .urgent = true};
    batch->images = lookout->images;
    lookout->batches[lookout->count++] = batch;
    return batch;
}

static bool make_room(struct lookout_batch *batch, size_t length)
{
    struct item *items =
        grow(batch->items, batch->count, &batch->room, sizeof(*items));

    if (items == NULL)
        return false;
    batch->items = items;
    if (batch->length + length > batch->size) {
        size_t size = 2 * (batch->size + length);
        char *paths = realloc(batch->paths, size);
        if (paths == NULL)
            return false;
        batch->paths = paths;
        batch->size = size;
    }
    return true;
}

void lookout_add(struct lookout *lookout, struct layer *layer)
{
    layer->seen = (struct look){.storage = STORAGE_UNKNOWN};
    if (layer->storage != STORAGE_FILE || layer->path == NULL ||
        layer->format == NULL)
        return;
    struct lookout_batch *batch = get_batch(lookout, layer->place);
    size_t length = strlen(layer->path) + 1;
    if (batch == NULL || batch->out || !make_room(batch, length))
        return;
    batch->used = true;
    batch->items[batch->count++] = (struct item){
        .layer = layer, .path = batch->length, .written = layer->written};
    memcpy(batch->paths + batch->length, layer->path, length);
    batch->length += length;
}

void lookout_start(struct lookout *lookout)
{
    for (size_t i = 0; i < lookout->count; i++) {
        struct lookout_batch *batch = lookout->batches[i];
        if (batch->out || batch->count == 0)
            continue;
        batch->begun = false;
        batch->late = false;
        batch->reached = batch->progress;
        batch->out = porters_give(lookout->porters, &batch->task);
    }
}

/* Whether something is being looked at, and goes on. */
static bool is_progressing(struct lookout *lookout)
{
    bool progressing = false;

    for (size_t i = 0; i < lookout->count; i++) {
        struct lookout_batch *batch = lookout->batches[i];
        size_t progress = batch->progress;
        if (batch->out && progress != batch->before)
            progressing = true;
        batch->before = progress;
    }
    return progressing;
}

static void wait_until(struct lookout *lookout, const struct crew *crew,
                       double until)
{
    double slice;

    do {
        slice = crew->now(crew->context) + LOOKOUT_SLICE;
        porters_wait(lookout->porters, slice < until ? slice : until);
        if (lookout->between != NULL)
            lookout->between(lookout->between_context);
    } while (slice < until && crew->now(crew->context) >= slice);
}

void lookout_wait(struct lookout *lookout, const struct crew *crew,
                  double deadline)
{
    double until;

    do {
        until = crew->now(crew->context) + LOOKOUT_WAIT;
        wait_until(lookout, crew, until);
    } while (crew->now(crew->context) >= until && until < deadline &&
             is_progressing(lookout));
}

void lookout_end(struct lookout *lookout)
{
    for (size_t i = 0; i < lookout->count; i++) {
        struct lookout_batch *batch = lookout->batches[i];
        if (!batch->out || batch->late ||
            !porters_is_done(lookout->porters, &batch->task))
            continue;
        for (size_t j = 0; j < batch->count; j++)
            batch->items[j].layer->seen = batch->items[j].seen;
        batch->count = 0;
    }
}

void lookout_clear(struct lookout *lookout)
{
    for (size_t i = 0; i < lookout->count; i++)
        batch_free(lookout->batches[i]);
    free(lookout->batches);
    lookout->batches = NULL;
    lookout->count = 0;
}

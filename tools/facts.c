/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include "sizes.h"

#include <stdlib.h>
#include <string.h>

/* In use for ever where storage hangs. */
struct gathering {
    struct known_disk *disks;
    size_t count;
};

static void look_at(const struct layer *layer, struct facts *facts)
{
    struct image image = {0};

    if (layer->path == NULL)
        return;
    facts->seen = images_status(layer->path, &facts->status);
    images_look(layer->path, &facts->look);
    if (layer->format == NULL ||
        images_read(layer->path, layer->format, &image) != NULL)
        return;
    facts->read = true;
    facts->image = image;
    facts->image.backing_name = facts->image.backing_format = NULL;
    image_clear(&image);
}

static size_t layer_count(const struct known_disk *known)
{
    return known->disk == NULL ? 0 : known->disk->layer_count;
}

static void gather_disk(const struct hypervisor *hypervisor,
                        const struct known_disk *known)
{
    /* A path of another host may be there on this one, too. */
    bool local = hypervisor->is_local(hypervisor->context);

    for (size_t i = 0; i < layer_count(known); i++) {
        const struct layer *layer = &known->disk->layers[i];
        struct facts *facts = &known->facts[i];
        if (local)
            look_at(layer, facts);
        if (known->volumes && layer->path != NULL)
            hypervisor->volume_at(hypervisor->context, layer->path,
                                  &facts->pool, &facts->volume);
    }
}

static void gather(const struct hypervisor *hypervisor, void *job)
{
    const struct gathering *gathering = job;

    for (size_t i = 0; i < gathering->count; i++)
        gather_disk(hypervisor, &gathering->disks[i]);
}

/* Nothing is known yet. False when memory is short. */
static bool hand_out(struct known_disk *disks, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += layer_count(&disks[i]);
    struct facts *facts = calloc(total + 1, sizeof(*facts));
    for (size_t i = 0; facts != NULL && i < count; i++) {
        disks[i].facts = facts;
        facts += layer_count(&disks[i]);
    }
    return facts != NULL;
}

/* A thread that hangs keeps its own. */
bool facts_gather(struct host *host, struct known_disk *disks, size_t count,
                  bool *ret_whole)
{
    static struct gathering gathering;
    struct known_disk *copy = calloc(count + 1, sizeof(*copy));

    if (copy == NULL || !hand_out(disks, count)) {
        free(copy);
        return false;
    }
    memcpy(copy, disks, count * sizeof(*copy));
    gathering = (struct gathering){copy, count};
    *ret_whole = host_call(host, gather, &gathering,
                           "the images' storage does not answer: no "
                           "permissions, timestamps and features");
    if (!*ret_whole)
        return hand_out(disks, count);
    free(copy);
    return true;
}

void facts_free(struct known_disk *disks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < layer_count(&disks[i]); j++) {
            free(disks[i].facts[j].pool);
            free(disks[i].facts[j].volume);
        }
    if (count > 0)
        free(disks[0].facts);
}

void facts_settle(const struct facts *facts, struct layer *layer)
{
    layer->seen = facts->look;
    layer->image = facts->image;
    layer->image_state = facts->read ? IMAGE_READ : IMAGE_UNREADABLE;
    sizes_settle(layer, false);
}

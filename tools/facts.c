/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <stdlib.h>

/* In use for ever where storage hangs. */
struct gathering {
    const struct disk *disks;
    size_t count;
    struct facts *facts;
};

static void look_at(const struct layer *layer, struct facts *facts)
{
    struct image image = {0};

    if (layer->path == NULL)
        return;
    facts->seen = images_status(layer->path, &facts->status);
    if (layer->format == NULL ||
        images_read(layer->path, layer->format, &image) != NULL)
        return;
    facts->version = image.version;
    facts->lazy_refcounts = image.lazy_refcounts;
    facts->extended_l2 = image.extended_l2;
    image_clear(&image);
}

static void gather(const struct hypervisor *hypervisor, void *job)
{
    const struct gathering *gathering = job;
    struct facts *facts = gathering->facts;

    /* A path of another host may be there on this one, too. */
    if (!hypervisor->is_local(hypervisor->context))
        return;
    for (size_t i = 0; i < gathering->count; i++)
        for (size_t j = 0; j < gathering->disks[i].layer_count; j++)
            look_at(&gathering->disks[i].layers[j], facts++);
}

struct facts *facts_gather(struct host *host, const struct disk *disks,
                           size_t count, size_t **ret_first)
{
    static struct gathering gathering;
    size_t *first = calloc(count + 1, sizeof(*first));
    size_t total = 0;

    for (size_t i = 0; first != NULL && i < count; i++) {
        first[i] = total;
        total += disks[i].layer_count;
    }
    gathering = (struct gathering){disks, count,
                                   calloc(total + 1, sizeof(struct facts))};
    *ret_first = first;
    if (first != NULL && gathering.facts != NULL &&
        host_call(host, gather, &gathering,
                  "the images' storage does not answer: no permissions, "
                  "timestamps and features"))
        return gathering.facts;
    /* The thread that hangs keeps its own. */
    struct facts *unknown =
        first == NULL ? NULL : calloc(total + 1, sizeof(struct facts));
    if (unknown == NULL)
        free(first);
    return unknown;
}

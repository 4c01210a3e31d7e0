/* SPDX-License-Identifier: MIT */
#include "rfcparts.h"
#include "rfcxml.h"
#include "text.h"

#include <string.h>

/* Takes the time of birth, which does not change, out of the timestamps of
 * libvirt's element. NULL where there is none. */
static xmlNode *take_birth(xmlNode *element)
{
    xmlNode *times =
        element != NULL ? rfcparts_child(element, "timestamps") : NULL;
    xmlNode *birth = times != NULL ? rfcparts_child(times, "btime") : NULL;

    if (birth != NULL)
        xmlUnlinkNode(birth);
    return birth;
}

/* With the time of birth, which is given away. */
static bool put_status(struct spot *spot, const struct facts *facts,
                       xmlNode *birth)
{
    bool good = rfcparts_put_status(spot, facts);

    if (birth != NULL && good && facts->seen)
        xmlAddChild(spot->after, birth);
    else
        xmlFreeNode(birth);
    return good;
}

/* RFC: where it is no volume of the same pool it has a type. */
static bool put_type(xmlNode *backing, const struct layer *layer,
                     const struct facts *facts, const char *pool)
{
    struct spot inner = {.parent = backing};
    const char *type = text_storage(layer->storage);

    if (facts->pool == NULL)
        return type == NULL || rfcparts_set_attribute(backing, "type", type);
    return strcmp(facts->pool, pool) == 0 ||
           (rfcparts_set_attribute(backing, "type", "volume") &&
            rfcparts_put(&inner, "source") &&
            rfcparts_set_attribute(inner.after, "pool", facts->pool) &&
            rfcparts_set_attribute(inner.after, "volume", facts->volume));
}

/* libvirt has one level of it, with the path, format and status of the image:
 * they are written anew with the rest. */
static bool put_volume_backing(struct spot *spot, const struct layer *layer,
                               const struct facts *facts, const char *pool,
                               xmlNode *birth)
{
    if (!rfcparts_put(spot, "backingStore") ||
        !put_type(spot->after, layer, facts, pool))
        return false;
    struct spot inner = rfcparts_at_end(spot->after);
    return (layer->path == NULL ||
            rfcparts_put_text(&inner, "path", layer->path)) &&
           rfcparts_put_sizes(&inner, layer) &&
           rfcparts_put_format(&inner, layer) &&
           put_status(&inner, facts, birth) &&
           rfcparts_put_features(&inner, facts);
}

/* The volume's own sizes, as they are now: libvirt has them of when the pool
 * was last refreshed. */
static bool complete_own(xmlNode *volume, const struct layer *layer)
{
    struct spot spot = {volume, rfcparts_child(volume, "source")};

    if (spot.after == NULL)
        spot.after = rfcparts_child(volume, "key");
    if (layer->sizes.capacity != SIZE_UNKNOWN)
        rfcparts_drop(volume, "capacity");
    if (layer->sizes.allocation != SIZE_UNKNOWN)
        rfcparts_drop(volume, "allocation");
    if (layer->sizes.physical != SIZE_UNKNOWN)
        rfcparts_drop(volume, "physical");
    return rfcparts_put_sizes(&spot, layer);
}

/* Nor are these of now. */
static bool complete_target(xmlNode *volume, const struct facts *facts)
{
    xmlNode *target = rfcparts_child(volume, "target");

    if (target == NULL || !facts->seen)
        return true;
    xmlNode *birth = take_birth(target);
    rfcparts_drop(target, "permissions");
    rfcparts_drop(target, "timestamps");
    struct spot spot = {target, rfcparts_child(target, "format")};
    if (spot.after == NULL)
        spot.after = rfcparts_child(target, "path");
    return put_status(&spot, facts, birth);
}

bool rfcxml_complete_volume(xmlDoc *doc, const char *pool,
                            const struct known_disk *volume)
{
    const struct disk *model = volume->disk;
    xmlNode *top = xmlDocGetRootElement(doc);
    xmlNode *image = top;

    if (model->layer_count == 0 || !complete_own(top, &model->layers[0]) ||
        !complete_target(top, &volume->facts[0]))
        return false;
    for (size_t i = 1; i < model->layer_count; i++) {
        xmlNode *birth = take_birth(rfcparts_child(image, "backingStore"));
        rfcparts_drop(image, "backingStore");
        struct spot spot = rfcparts_at_end(image);
        if (!put_volume_backing(&spot, &model->layers[i], &volume->facts[i],
                                pool, birth))
            return false;
        image = spot.after;
    }
    struct spot end = rfcparts_at_end(image);
    return image == top || !model->ended || rfcparts_put(&end, "backingStore");
}

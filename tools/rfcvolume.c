/* SPDX-License-Identifier: MIT */
#include "rfcparts.h"
#include "rfcxml.h"

/* libvirt has one level of it, with the path, format and status of the image:
 * they are written anew with the rest. */
static bool put_volume_backing(struct spot *spot, const struct layer *layer,
                               const struct facts *facts)
{
    if (!rfcparts_put(spot, "backingStore"))
        return false;
    struct spot inner = {.parent = spot->after};
    return (layer->path == NULL ||
            rfcparts_put_text(&inner, "path", layer->path)) &&
           rfcparts_put_sizes(&inner, layer) &&
           rfcparts_put_format(&inner, layer) &&
           rfcparts_put_status(&inner, facts) &&
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

/* Takes the time of birth, which does not change, out of libvirt's timestamps.
 * NULL where there is none. */
static xmlNode *take_birth(xmlNode *target)
{
    xmlNode *times = rfcparts_child(target, "timestamps");
    xmlNode *birth = times != NULL ? rfcparts_child(times, "btime") : NULL;

    if (birth != NULL)
        xmlUnlinkNode(birth);
    return birth;
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
    bool good = rfcparts_put_status(&spot, facts);
    if (birth != NULL && good)
        xmlAddChild(spot.after, birth);
    else
        xmlFreeNode(birth);
    return good;
}

bool rfcxml_complete_volume(xmlDoc *doc, const struct known_disk *volume)
{
    const struct disk *model = volume->disk;
    xmlNode *top = xmlDocGetRootElement(doc);
    xmlNode *image = top;

    if (model->layer_count == 0 || !complete_own(top, &model->layers[0]) ||
        !complete_target(top, &volume->facts[0]))
        return false;
    for (size_t i = 1; i < model->layer_count; i++) {
        rfcparts_drop(image, "backingStore");
        struct spot spot = rfcparts_at_end(image);
        if (!put_volume_backing(&spot, &model->layers[i], &volume->facts[i]))
            return false;
        image = spot.after;
    }
    struct spot end = rfcparts_at_end(image);
    return image == top || !model->ended || rfcparts_put(&end, "backingStore");
}

/* SPDX-License-Identifier: MIT */
#include "rfcparts.h"
#include "rfcxml.h"

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
    const char *type = rfcparts_type(layer);

    if (facts->pool == NULL)
        return type == NULL || rfcparts_set_attribute(backing, "type", type);
    return strcmp(facts->pool, pool) == 0 ||
           (rfcparts_set_attribute(backing, "type", "volume") &&
            rfcparts_put(&inner, "source") &&
            rfcparts_set_attribute(inner.after, "pool", facts->pool) &&
            rfcparts_set_attribute(inner.after, "volume", facts->volume));
}

static bool is_written_anew(const xmlNode *node)
{
    static const char *const names[] = {"path", "capacity", "allocation",
                                        "physical", "format"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp((const char *)node->name, names[i]) == 0)
            return true;
    return node->type != XML_ELEMENT_NODE;
}

/* What is known better of an image goes from libvirt's element of it, which
 * may be NULL. Returns the time of birth, where that is to be put back. */
static xmlNode *drop_known(xmlNode *element, const struct facts *facts)
{
    xmlNode *birth = facts->seen ? take_birth(element) : NULL;

    if (element == NULL)
        return NULL;
    if (facts->seen) {
        rfcparts_drop(element, "permissions");
        rfcparts_drop(element, "timestamps");
    }
    if (facts->image.version > 0) {
        rfcparts_drop(element, "compat");
        rfcparts_drop(element, "features");
    }
    return birth;
}

/* The status of an image that this host can't look at, the features of one that
 * it can't read, and what there may be besides. */
static void move_rest(struct spot *spot, xmlNode *element)
{
    xmlNode *next = element != NULL ? element->children : NULL;

    while (next != NULL) {
        xmlNode *node = next;
        next = node->next;
        if (is_written_anew(node))
            continue;
        xmlUnlinkNode(node);
        xmlAddChild(spot->parent, node);
        spot->after = node;
    }
}

/* libvirt has one level of it, `old`, which may be NULL. */
static bool put_volume_backing(struct spot *spot, const struct layer *layer,
                               const struct facts *facts, const char *pool,
                               xmlNode *old)
{
    if (!rfcparts_put(spot, "backingStore") ||
        !put_type(spot->after, layer, facts, pool))
        return false;
    struct spot inner = rfcparts_at_end(spot->after);
    const char *name = layer->path != NULL ? layer->path : layer->server;
    if ((name != NULL && !rfcparts_put_text(&inner, "path", name)) ||
        !rfcparts_put_sizes(&inner, layer) ||
        !rfcparts_put_format(&inner, layer) ||
        !put_status(&inner, facts, drop_known(old, facts)))
        return false;
    move_rest(&inner, old);
    return rfcparts_put_features(&inner, facts);
}

static bool replace_volume_backing(xmlNode **image, const struct layer *layer,
                                   const struct facts *facts, const char *pool)
{
    xmlNode *old = rfcparts_child(*image, "backingStore");

    if (old != NULL)
        xmlUnlinkNode(old);
    struct spot spot = rfcparts_at_end(*image);
    bool good = put_volume_backing(&spot, layer, facts, pool, old);
    if (old != NULL)
        xmlFreeNode(old);
    *image = spot.after;
    return good;
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
    for (size_t i = 1; i < model->layer_count; i++)
        if (!replace_volume_backing(&image, &model->layers[i],
                                    &volume->facts[i], pool))
            return false;
    struct spot end = rfcparts_at_end(image);
    return image == top || !model->ended || rfcparts_put(&end, "backingStore");
}

/* SPDX-License-Identifier: MIT */
#include "rfcxml.h"

#include "cleanup.h"
#include "rfcparts.h"
#include "xmltree.h"

#include <stdlib.h>
#include <string.h>

/* What <source>, or where it is not, the place before the sizes is. Of the
 * element of a disk, a backing image or a mirror. */
static bool complete_image(xmlNode *image, xmlNode *format,
                           const struct layer *layer, const struct facts *facts)
{
    struct spot spot = {image, rfcparts_child(image, "source")};
    struct spot features = {.parent = format};

    if (spot.after == NULL)
        spot.after = format != NULL && format->parent == image ? format : NULL;
    return (format == NULL || rfcparts_put_features(&features, facts)) &&
           rfcparts_put_sizes(&spot, layer) &&
           rfcparts_put_status(&spot, facts);
}

/* What libvirt does not have: the chain of a domain that is off. */
static bool put_backing(struct spot *spot, const struct layer *layer)
{
    const char *type = rfcparts_type(layer);

    if (!rfcparts_put(spot, "backingStore") ||
        (type != NULL && !rfcparts_set_attribute(spot->after, "type", type)))
        return false;
    struct spot inner = {.parent = spot->after};
    if (!rfcparts_put_format(&inner, layer))
        return false;
    if (layer->path == NULL || !rfcparts_can_be_written(layer->path))
        return true;
    return rfcparts_put(&inner, "source") &&
           rfcparts_set_attribute(
               inner.after, layer->storage == STORAGE_BLOCK ? "dev" : "file",
               layer->path);
}

/* Where the images below begin in the element of one; made if need be. NULL
 * when memory is short. */
static xmlNode *backing_of(xmlNode *image, const struct layer *layer)
{
    xmlNode *found = rfcparts_child(image, "backingStore");

    if (found != NULL && found->children != NULL)
        return found;
    if (found != NULL) {
        xmlUnlinkNode(found);
        xmlFreeNode(found);
    }
    xmlNode *target = rfcparts_child(image, "target");
    struct spot spot = rfcparts_at_end(image);
    if (target != NULL)
        spot.after = xmlPreviousElementSibling(target);
    return put_backing(&spot, layer) ? spot.after : NULL;
}

static bool is_backing(const struct layer *layer)
{
    return layer->role == ROLE_CHAIN && layer->depth > 0;
}

static bool complete_chain(xmlNode *disk, const struct known_disk *known)
{
    const struct disk *model = known->disk;
    xmlNode *image = disk;

    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        if (!is_backing(layer))
            continue;
        image = backing_of(image, layer);
        if (image == NULL ||
            !complete_image(image, rfcparts_child(image, "format"), layer,
                            &known->facts[i]))
            return false;
    }
    /* libvirt ends a chain that it knows the end of so. */
    struct spot end = rfcparts_at_end(image);
    return image == disk || rfcparts_child(image, "backingStore") != NULL ||
           !model->ended || rfcparts_put(&end, "backingStore");
}

/* libvirt's index of an image; 0: it has none, as when the domain is off. */
static unsigned long index_of(const xmlNode *element)
{
    CLEANUP_FREE char *text =
        element == NULL ? NULL : xmltree_attribute(element, "index");

    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* The image that the disk is mirrored to: the destination of a copy, or in an
 * active commit one of the chain. Its number in the model; the number of layers
 * where it is none of them. */
static size_t find_mirror(const xmlNode *mirror, const struct disk *model)
{
    const xmlNode *source = xmltree_child(mirror, "source");
    unsigned long index = index_of(source);
    size_t i = 0;

    while (i < model->layer_count &&
           (index != 0 ? model->layers[i].index != index
                       : model->layers[i].role != ROLE_MIRROR))
        i++;
    return i;
}

static bool complete_below(xmlNode *mirror, const struct known_disk *below)
{
    xmlNode *image = mirror;

    for (size_t i = 0; below->disk != NULL && i < below->disk->layer_count;
         i++) {
        image = rfcparts_child(image, "backingStore");
        if (image == NULL ||
            !complete_image(image, rfcparts_child(image, "format"),
                            &below->disk->layers[i], &below->facts[i]))
            return false;
    }
    return true;
}

static bool complete_mirror(xmlNode *mirror, const struct known_disk *known,
                            const struct known_disk *below)
{
    size_t number = find_mirror(mirror, known->disk);

    return number == known->disk->layer_count ||
           (complete_image(mirror, rfcparts_child(mirror, "format"),
                           &known->disk->layers[number],
                           &known->facts[number]) &&
            complete_below(mirror, below));
}

static bool complete_disk(xmlNode *disk, const struct known_disk *known,
                          const struct known_disk *below)
{
    const struct disk *model = known->disk;
    xmlNode *mirror = rfcparts_child(disk, "mirror");

    if (model->layer_count > 0 &&
        !complete_image(disk, rfcparts_child(disk, "driver"), &model->layers[0],
                        &known->facts[0]))
        return false;
    return (mirror == NULL || complete_mirror(mirror, known, below)) &&
           complete_chain(disk, known);
}

static bool fits_disk(const xmlNode *disk, const struct disk *model)
{
    const xmlNode *image = disk;

    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        if (layer->role != ROLE_CHAIN || layer->index == 0)
            continue;
        if (layer->depth > 0)
            image = xmltree_child(image, "backingStore");
        if (image == NULL ||
            index_of(layer->depth > 0
                         ? image
                         : xmltree_child(image, "source")) != layer->index)
            return false;
    }
    const xmlNode *mirror = xmltree_child(disk, "mirror");
    return index_of(xmltree_child(image, "backingStore")) == 0 &&
           (mirror == NULL || index_of(xmltree_child(mirror, "source")) == 0 ||
            find_mirror(mirror, model) < model->layer_count);
}

static const struct disk *find_model(const xmlNode *disk,
                                     const struct disk *disks, size_t count)
{
    CLEANUP_FREE char *name = xmltree_child_attribute(disk, "target", "dev");

    for (size_t i = 0; name != NULL && i < count; i++)
        if (strcmp(disks[i].target, name) == 0)
            return &disks[i];
    return NULL;
}

bool rfcxml_fits_domain(const xmlDoc *doc, const struct disk *disks,
                        size_t count)
{
    const xmlNode *devices = xmltree_child(
        xmlDocGetRootElement((xmlDoc *)(uintptr_t)doc), "devices");
    const xmlNode *disk =
        devices == NULL ? NULL : xmltree_child(devices, "disk");

    for (; disk != NULL; disk = xmltree_next(disk, "disk")) {
        const struct disk *model = find_model(disk, disks, count);
        if (model != NULL && !fits_disk(disk, model))
            return false;
    }
    return true;
}

bool rfcxml_complete_domain(xmlDoc *doc, const struct known_disk *disks,
                            const struct known_disk *below, size_t count)
{
    const xmlNode *devices =
        xmltree_child(xmlDocGetRootElement(doc), "devices");
    const xmlNode *disk =
        devices == NULL ? NULL : xmltree_child(devices, "disk");

    for (; disk != NULL; disk = xmltree_next(disk, "disk")) {
        CLEANUP_FREE char *name =
            xmltree_child_attribute(disk, "target", "dev");
        for (size_t i = 0; name != NULL && i < count; i++)
            if (strcmp(disks[i].disk->target, name) == 0 &&
                !complete_disk((xmlNode *)(uintptr_t)disk, &disks[i],
                               &below[i]))
                return false;
    }
    return true;
}

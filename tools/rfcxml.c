/* SPDX-License-Identifier: MIT */
#include "rfcxml.h"

#include "cleanup.h"
#include "text.h"
#include "xmltree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(text) ((const xmlChar *)(text))

/* --- building ------------------------------------------------------------ */

/* Where the next element goes. */
struct spot {
    xmlNode *parent;
    xmlNode *after; /* NULL: at the parent's beginning */
};

/* The trees are the program's own. */
static xmlNode *child(const xmlNode *node, const char *name)
{
    return (xmlNode *)(uintptr_t)xmltree_child(node, name);
}

/* Behind the last child of the parent. */
static struct spot spot_at_end(xmlNode *parent)
{
    return (struct spot){parent, xmlGetLastChild(parent)};
}

/* False when memory is short. */
static bool put(struct spot *spot, const char *name)
{
    xmlNode *node = xmlNewDocNode(spot->parent->doc, NULL, TEXT(name), NULL);

    if (node == NULL)
        return false;
    if (spot->after != NULL)
        xmlAddNextSibling(spot->after, node);
    else if (spot->parent->children != NULL)
        xmlAddPrevSibling(spot->parent->children, node);
    else
        xmlAddChild(spot->parent, node);
    spot->after = node;
    return true;
}

/* XML has no control characters, and is UTF-8. */
static bool can_be_written(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' && *c != '\t' && *c != '\n' && *c != '\r')
            return false;
    return text_is_utf8(text);
}

static bool put_text(struct spot *spot, const char *name, const char *text)
{
    if (!can_be_written(text))
        return true;
    xmlNode *content = put(spot, name) ? xmlNewText(TEXT(text)) : NULL;
    return content != NULL && xmlAddChild(spot->after, content) != NULL;
}

static bool set_attribute(xmlNode *node, const char *name, const char *value)
{
    return !can_be_written(value) ||
           xmlSetProp(node, TEXT(name), TEXT(value)) != NULL;
}

/* --- parts --------------------------------------------------------------- */

static void drop(xmlNode *parent, const char *name)
{
    xmlNode *old = child(parent, name);

    if (old == NULL)
        return;
    xmlUnlinkNode(old);
    xmlFreeNode(old);
}

static bool put_bytes(struct spot *spot, const char *name, uint64_t bytes)
{
    char text[24];

    if (bytes == SIZE_UNKNOWN)
        return true;
    snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
    return put_text(spot, name, text) &&
           set_attribute(spot->after, "unit", "bytes");
}

static bool put_sizes(struct spot *spot, const struct layer *layer)
{
    return put_bytes(spot, "capacity", layer->sizes.capacity) &&
           put_bytes(spot, "allocation", layer->sizes.allocation) &&
           put_bytes(spot, "physical", layer->sizes.physical);
}

static bool put_number(struct spot *spot, const char *name, bool octal,
                       unsigned number)
{
    char text[24];

    snprintf(text, sizeof(text), octal ? "%04o" : "%u", number);
    return put_text(spot, name, text);
}

static bool put_time(struct spot *spot, const char *name,
                     const struct timespec *time)
{
    char text[48];

    snprintf(text, sizeof(text), "%lld.%09ld", (long long)time->tv_sec,
             time->tv_nsec);
    return put_text(spot, name, text);
}

static bool put_permissions(struct spot *spot,
                            const struct image_status *status)
{
    if (!put(spot, "permissions"))
        return false;
    struct spot inner = {.parent = spot->after};
    return put_number(&inner, "mode", true, status->mode) &&
           put_number(&inner, "owner", false, status->owner) &&
           put_number(&inner, "group", false, status->group) &&
           (*status->label == '\0' || put_text(&inner, "label", status->label));
}

static bool put_timestamps(struct spot *spot, const struct image_status *status)
{
    if (!put(spot, "timestamps"))
        return false;
    struct spot inner = {.parent = spot->after};
    return put_time(&inner, "atime", &status->accessed) &&
           put_time(&inner, "mtime", &status->modified) &&
           put_time(&inner, "ctime", &status->changed);
}

static bool put_status(struct spot *spot, const struct facts *facts)
{
    return !facts->seen || (put_permissions(spot, &facts->status) &&
                            put_timestamps(spot, &facts->status));
}

/* As libvirt's volume XML has them. */
static bool put_features(struct spot *spot, const struct facts *facts)
{
    if (facts->version == 0)
        return true;
    if (!put_text(spot, "compat", facts->version == 2 ? "0.10" : "1.1") ||
        !put(spot, "features"))
        return false;
    struct spot inner = {.parent = spot->after};
    return (!facts->lazy_refcounts || put(&inner, "lazy_refcounts")) &&
           (!facts->extended_l2 || put(&inner, "extended_l2"));
}

static bool put_format(struct spot *spot, const struct layer *layer)
{
    return layer->format == NULL ||
           (put(spot, "format") &&
            set_attribute(spot->after, "type", layer->format));
}

/* --- a domain ------------------------------------------------------------ */

/* What <source>, or where it is not, the place before the sizes is. Of the
 * element of a disk, a backing image or a mirror. */
static bool complete_image(xmlNode *image, xmlNode *format,
                           const struct layer *layer, const struct facts *facts)
{
    struct spot spot = {image, child(image, "source")};
    struct spot features = {.parent = format};

    if (spot.after == NULL)
        spot.after = format != NULL && format->parent == image ? format : NULL;
    return (format == NULL || put_features(&features, facts)) &&
           put_sizes(&spot, layer) && put_status(&spot, facts);
}

/* What libvirt does not have: the chain of a domain that is off. */
static bool put_backing(struct spot *spot, const struct layer *layer)
{
    const char *type = text_storage(layer->storage);

    if (!put(spot, "backingStore") ||
        (type != NULL && !set_attribute(spot->after, "type", type)))
        return false;
    struct spot inner = {.parent = spot->after};
    if (!put_format(&inner, layer))
        return false;
    if (layer->path == NULL || !can_be_written(layer->path))
        return true;
    return put(&inner, "source") &&
           set_attribute(inner.after,
                         layer->storage == STORAGE_BLOCK ? "dev" : "file",
                         layer->path);
}

/* Where the images below begin in the element of one; made if need be. NULL
 * when memory is short. */
static xmlNode *backing_of(xmlNode *image, const struct layer *layer)
{
    xmlNode *found = child(image, "backingStore");

    if (found != NULL && found->children != NULL)
        return found;
    if (found != NULL) {
        xmlUnlinkNode(found);
        xmlFreeNode(found);
    }
    xmlNode *target = child(image, "target");
    struct spot spot = spot_at_end(image);
    if (target != NULL)
        spot.after = xmlPreviousElementSibling(target);
    return put_backing(&spot, layer) ? spot.after : NULL;
}

static bool is_backing(const struct layer *layer)
{
    return layer->role == ROLE_CHAIN && layer->depth > 0;
}

static bool complete_chain(xmlNode *disk, const struct rfcxml_disk *known)
{
    const struct disk *model = known->disk;
    xmlNode *image = disk;

    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        if (!is_backing(layer))
            continue;
        image = backing_of(image, layer);
        if (image == NULL || !complete_image(image, child(image, "format"),
                                             layer, &known->facts[i]))
            return false;
    }
    /* libvirt ends a chain that it knows the end of so. */
    struct spot end = spot_at_end(image);
    return image == disk || child(image, "backingStore") != NULL ||
           !model->ended || put(&end, "backingStore");
}

static bool complete_disk(xmlNode *disk, const struct rfcxml_disk *known)
{
    const struct disk *model = known->disk;

    for (size_t i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        xmlNode *mirror = child(disk, "mirror");
        bool good = true;
        if (layer->role == ROLE_CHAIN && layer->depth == 0)
            good = complete_image(disk, child(disk, "driver"), layer,
                                  &known->facts[i]);
        else if (layer->role == ROLE_MIRROR && mirror != NULL)
            good = complete_image(mirror, child(mirror, "format"), layer,
                                  &known->facts[i]);
        if (!good)
            return false;
    }
    return complete_chain(disk, known);
}

/* libvirt's index of an image; 0: it has none, as when the domain is off. */
static unsigned long index_of(const xmlNode *element)
{
    CLEANUP_FREE char *text =
        element == NULL ? NULL : xmltree_attribute(element, "index");

    return text == NULL ? 0 : strtoul(text, NULL, 10);
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
    return index_of(xmltree_child(image, "backingStore")) == 0;
}

static const struct disk *find_model(const xmlNode *disk,
                                     const struct disk *disks, size_t count)
{
    const xmlNode *target = xmltree_child(disk, "target");
    CLEANUP_FREE char *name =
        target == NULL ? NULL : xmltree_attribute(target, "dev");

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

bool rfcxml_complete_domain(xmlDoc *doc, const struct rfcxml_disk *disks,
                            size_t count)
{
    const xmlNode *devices =
        xmltree_child(xmlDocGetRootElement(doc), "devices");
    const xmlNode *disk =
        devices == NULL ? NULL : xmltree_child(devices, "disk");

    for (; disk != NULL; disk = xmltree_next(disk, "disk")) {
        const xmlNode *target = xmltree_child(disk, "target");
        CLEANUP_FREE char *name =
            target == NULL ? NULL : xmltree_attribute(target, "dev");
        for (size_t i = 0; name != NULL && i < count; i++)
            if (strcmp(disks[i].disk->target, name) == 0 &&
                !complete_disk((xmlNode *)(uintptr_t)disk, &disks[i]))
                return false;
    }
    return true;
}

/* --- a volume ------------------------------------------------------------ */

/* libvirt has one level of it, with the path, format and status of the image:
 * they are written anew with the rest. */
static bool put_volume_backing(struct spot *spot, const struct layer *layer,
                               const struct facts *facts)
{
    if (!put(spot, "backingStore"))
        return false;
    struct spot inner = {.parent = spot->after};
    return (layer->path == NULL || put_text(&inner, "path", layer->path)) &&
           put_sizes(&inner, layer) && put_format(&inner, layer) &&
           put_status(&inner, facts) && put_features(&inner, facts);
}

/* The volume's own sizes, as they are now: libvirt has them of when the pool
 * was last refreshed. */
static bool complete_own(xmlNode *volume, const struct layer *layer)
{
    struct spot spot = {volume, child(volume, "source")};

    if (spot.after == NULL)
        spot.after = child(volume, "key");
    if (layer->sizes.capacity != SIZE_UNKNOWN)
        drop(volume, "capacity");
    if (layer->sizes.allocation != SIZE_UNKNOWN)
        drop(volume, "allocation");
    if (layer->sizes.physical != SIZE_UNKNOWN)
        drop(volume, "physical");
    return put_sizes(&spot, layer);
}

/* Takes the time of birth, which does not change, out of libvirt's timestamps.
 * NULL where there is none. */
static xmlNode *take_birth(xmlNode *target)
{
    xmlNode *times = child(target, "timestamps");
    xmlNode *birth = times != NULL ? child(times, "btime") : NULL;

    if (birth != NULL)
        xmlUnlinkNode(birth);
    return birth;
}

/* Nor are these of now. */
static bool complete_target(xmlNode *volume, const struct facts *facts)
{
    xmlNode *target = child(volume, "target");

    if (target == NULL || !facts->seen)
        return true;
    xmlNode *birth = take_birth(target);
    drop(target, "permissions");
    drop(target, "timestamps");
    struct spot spot = {target, child(target, "format")};
    if (spot.after == NULL)
        spot.after = child(target, "path");
    bool good = put_status(&spot, facts);
    if (birth != NULL && good)
        xmlAddChild(spot.after, birth);
    else
        xmlFreeNode(birth);
    return good;
}

bool rfcxml_complete_volume(xmlDoc *doc, const struct rfcxml_disk *volume)
{
    const struct disk *model = volume->disk;
    xmlNode *top = xmlDocGetRootElement(doc);
    xmlNode *image = top;

    if (model->layer_count == 0 || !complete_own(top, &model->layers[0]) ||
        !complete_target(top, &volume->facts[0]))
        return false;
    for (size_t i = 1; i < model->layer_count; i++) {
        drop(image, "backingStore");
        struct spot spot = spot_at_end(image);
        if (!put_volume_backing(&spot, &model->layers[i], &volume->facts[i]))
            return false;
        image = spot.after;
    }
    struct spot end = spot_at_end(image);
    return image == top || !model->ended || put(&end, "backingStore");
}

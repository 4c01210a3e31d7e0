/* SPDX-License-Identifier: MIT */
#include "rfcparts.h"

#include "text.h"
#include "xmltree.h"

#include <stdio.h>

#define TEXT(text) ((const xmlChar *)(text))

/* The trees are the program's own. */
xmlNode *rfcparts_child(const xmlNode *node, const char *name)
{
    return (xmlNode *)(uintptr_t)xmltree_child(node, name);
}

struct spot rfcparts_at_end(xmlNode *parent)
{
    return (struct spot){parent, xmlGetLastChild(parent)};
}

bool rfcparts_put(struct spot *spot, const char *name)
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

bool rfcparts_can_be_written(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' && *c != '\t' && *c != '\n' && *c != '\r')
            return false;
    return text_is_utf8(text);
}

bool rfcparts_put_text(struct spot *spot, const char *name, const char *text)
{
    if (!rfcparts_can_be_written(text))
        return true;
    xmlNode *content = rfcparts_put(spot, name) ? xmlNewText(TEXT(text)) : NULL;
    return content != NULL && xmlAddChild(spot->after, content) != NULL;
}

bool rfcparts_set_attribute(xmlNode *node, const char *name, const char *value)
{
    return !rfcparts_can_be_written(value) ||
           xmlSetProp(node, TEXT(name), TEXT(value)) != NULL;
}

void rfcparts_drop(xmlNode *parent, const char *name)
{
    xmlNode *old = rfcparts_child(parent, name);

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
    return rfcparts_put_text(spot, name, text) &&
           rfcparts_set_attribute(spot->after, "unit", "bytes");
}

bool rfcparts_put_sizes(struct spot *spot, const struct layer *layer)
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
    return rfcparts_put_text(spot, name, text);
}

static bool put_time(struct spot *spot, const char *name,
                     const struct timespec *time)
{
    char text[48];

    snprintf(text, sizeof(text), "%lld.%09ld", (long long)time->tv_sec,
             time->tv_nsec);
    return rfcparts_put_text(spot, name, text);
}

static bool put_permissions(struct spot *spot,
                            const struct image_status *status)
{
    if (!rfcparts_put(spot, "permissions"))
        return false;
    struct spot inner = {.parent = spot->after};
    return put_number(&inner, "mode", true, status->mode) &&
           put_number(&inner, "owner", false, status->owner) &&
           put_number(&inner, "group", false, status->group) &&
           (*status->label == '\0' ||
            rfcparts_put_text(&inner, "label", status->label));
}

static bool put_timestamps(struct spot *spot, const struct image_status *status)
{
    if (!rfcparts_put(spot, "timestamps"))
        return false;
    struct spot inner = {.parent = spot->after};
    return put_time(&inner, "atime", &status->accessed) &&
           put_time(&inner, "mtime", &status->modified) &&
           put_time(&inner, "ctime", &status->changed);
}

bool rfcparts_put_status(struct spot *spot, const struct facts *facts)
{
    return !facts->seen || (put_permissions(spot, &facts->status) &&
                            put_timestamps(spot, &facts->status));
}

bool rfcparts_put_features(struct spot *spot, const struct facts *facts)
{
    const struct image *image = &facts->image;

    if (image->version < 3)
        return true;
    if (!rfcparts_put_text(spot, "compat", "1.1") ||
        !rfcparts_put(spot, "features"))
        return false;
    struct spot inner = {.parent = spot->after};
    return (!image->lazy_refcounts || rfcparts_put(&inner, "lazy_refcounts")) &&
           (!image->extended_l2 || rfcparts_put(&inner, "extended_l2"));
}

bool rfcparts_put_format(struct spot *spot, const struct layer *layer)
{
    return layer->format == NULL ||
           (rfcparts_put(spot, "format") &&
            rfcparts_set_attribute(spot->after, "type", layer->format));
}

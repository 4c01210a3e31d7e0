/* SPDX-License-Identifier: MIT */
#include "volxml.h"

#include "plain.h"
#include "xmltree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void volume_backing_clear(struct volume_backing *backing)
{
    free(backing->path);
    free(backing->format);
    *backing = (struct volume_backing){0};
}

/* libvirt itself always writes bytes; another unit is not one of its. */
static uint64_t read_bytes(const xmlNode *parent, const char *name)
{
    const xmlNode *node = xmltree_child(parent, name);
    if (node == NULL)
        return SIZE_UNKNOWN;

    CLEANUP_FREE char *unit = xmltree_attribute(node, "unit");
    CLEANUP_FREE char *text = xmltree_text(node);
    if (text == NULL || *text < '0' || *text > '9' ||
        (unit != NULL && strcmp(unit, "bytes") != 0))
        return SIZE_UNKNOWN;

    char *end;
    errno = 0;
    unsigned long long bytes = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' ? bytes : SIZE_UNKNOWN;
}

/* In a pool on a disk the volumes are partitions, and what libvirt calls their
 * format is the partition's type; in one of LUNs it is that of the table of
 * partitions that lies in them, or "unknown". */
static bool is_partition_type(const char *format)
{
    static const char *const types[] = {
        "none",       "linux",    "fat16",   "fat32", "linux-swap", "linux-lvm",
        "linux-raid", "extended", "unknown", "dos",   "dvh",        "gpt",
        "mac",        "bsd",      "pc98",    "sun",   "lvm2"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(format, types[i]) == 0)
            return true;
    return false;
}

/* <path> and <format type=''>, which <target> and <backingStore> share. */
static void read_place(const xmlNode *parent, char **ret_path,
                       char **ret_format)
{
    const xmlNode *path = xmltree_child(parent, "path");

    *ret_path = path == NULL ? NULL : xmltree_text(path);
    *ret_format = xmltree_child_attribute(parent, "format", "type");
    if (*ret_format != NULL && is_partition_type(*ret_format)) {
        free(*ret_format);
        *ret_format = NULL;
    }
}

/* How many bytes at the beginning of a text are a character that XML can hold;
 * 0: there is none. */
static size_t character_length(const char *text)
{
    bool control =
        (unsigned char)*text < ' ' && strchr("\t\n\r", *text) == NULL;

    return control || plain_is_noncharacter(text)
               ? 0
               : plain_character_length(text);
}

/* libvirt writes the bytes of a volume's name as they are, so that its XML may
 * be none. To be freed; NULL when memory is short. */
static char *mend(const char *xml)
{
    size_t size = strnlen(xml, VOLXML_SIZE_MAX + 1);
    char *mended = malloc(size * strlen(VOLXML_REPLACEMENT) + 1);
    char *to = mended;

    for (size_t i = 0; mended != NULL && i < size;) {
        size_t length = character_length(xml + i);
        size_t taken = length > 0 ? length : strlen(VOLXML_REPLACEMENT);
        memcpy(to, length > 0 ? xml + i : VOLXML_REPLACEMENT, taken);
        to += taken;
        i += length > 0 ? length : 1;
    }
    if (mended != NULL)
        *to = '\0';
    return mended;
}

xmlDoc *volxml_parse(const char *xml, bool *ret_mended)
{
    xmlDoc *doc = xmltree_parse(xml, VOLXML_SIZE_MAX, "volume");

    *ret_mended = false;
    if (doc != NULL)
        return doc;
    CLEANUP_FREE char *mended = mend(xml);
    *ret_mended = mended != NULL && strcmp(mended, xml) != 0;
    return *ret_mended ? xmltree_parse(mended, VOLXML_SIZE_MAX, "volume")
                       : NULL;
}

static bool read_volume(const xmlDoc *doc, struct disk *disk,
                        struct volume_backing *ret_backing)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    struct layer *layer = disk_add_layer(disk);
    if (layer == NULL)
        return false;

    const xmlNode *target = xmltree_child(root, "target");
    const xmlNode *backing = xmltree_child(root, "backingStore");
    CLEANUP_FREE char *type = xmltree_attribute(root, "type");

    layer->depth = (unsigned)disk->layer_count - 1;
    layer->storage = storage_named(type);
    layer->stated.capacity = read_bytes(root, "capacity");
    layer->stated.allocation = read_bytes(root, "allocation");
    layer->stated.physical = read_bytes(root, "physical");
    if (target != NULL)
        read_place(target, &layer->path, &layer->format);
    *ret_backing = (struct volume_backing){0};
    if (backing != NULL)
        read_place(backing, &ret_backing->path, &ret_backing->format);
    return true;
}

bool volxml_read(const char *xml, struct disk *disk,
                 struct volume_backing *ret_backing)
{
    bool mended;
    CLEANUP_DOC xmlDoc *doc = volxml_parse(xml, &mended);

    if (doc == NULL || !read_volume(doc, disk, ret_backing))
        return false;
    /* A path that was mended leads nowhere; that of a backing image is kept,
     * since the chain does not end here. */
    struct layer *layer = &disk->layers[disk->layer_count - 1];
    if (mended && layer->path != NULL &&
        strstr(layer->path, VOLXML_REPLACEMENT) != NULL) {
        free(layer->path);
        layer->path = NULL;
    }
    return true;
}

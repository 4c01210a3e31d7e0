/* SPDX-License-Identifier: MIT */
#include "domxml.h"

#include "hash.h"
#include "metadata.h"
#include "xmltree.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static unsigned parse_index(const char *text)
{
    char *end;

    if (text == NULL)
        return 0;
    unsigned long index = strtoul(text, &end, 10);
    return *end == '\0' && index <= UINT_MAX ? (unsigned)index : 0;
}

/* Whether a <source>, or an element of the same make such as <scratch>, names
 * an image: that of an empty drive may be there for its other attributes. */
static bool names_image(const char *type, const xmlNode *source)
{
    static const char *const places[][2] = {
        {"file", "file"}, {"block", "dev"}, {"volume", "volume"}};

    if (source == NULL)
        return false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(type, places[i][0]) == 0)
            return xmltree_has(source, places[i][1]);
    return true;
}

/* The name of the first of the hosts, or the socket, that serve an image. */
static char *read_server(const xmlNode *source)
{
    const xmlNode *host = xmltree_child(source, "host");

    if (host == NULL)
        return NULL;
    return xmltree_attribute(host,
                             xmltree_has(host, "name") ? "name" : "socket");
}

static uint64_t hash_attribute(uint64_t hash, const xmlNode *node,
                               const char *name)
{
    CLEANUP_FREE char *value =
        node == NULL ? NULL : xmltree_attribute(node, name);

    return hash_text(hash, value);
}

/* What names an image behind a network protocol: of several servers the first
 * stands for all. */
static uint64_t digest_of_network(const xmlNode *source)
{
    const xmlNode *host = xmltree_child(source, "host");
    uint64_t hash = hash_attribute(HASH_START, source, "protocol");

    hash = hash_attribute(hash, source, "name");
    hash = hash_attribute(hash, host, "name");
    hash = hash_attribute(hash, host, "port");
    return hash_attribute(hash, host, "socket");
}

/* False when memory is short. */
static bool read_place(struct layer *layer, const xmlNode *source)
{
    switch (layer->storage) {
    case STORAGE_FILE:
        layer->path = xmltree_attribute(source, "file");
        return layer->path != NULL;
    case STORAGE_BLOCK:
        layer->path = xmltree_attribute(source, "dev");
        return layer->path != NULL;
    case STORAGE_VOLUME:
        layer->pool = xmltree_attribute(source, "pool");
        layer->volume = xmltree_attribute(source, "volume");
        layer->source =
            hash_text(hash_text(HASH_START, layer->pool), layer->volume);
        return layer->volume != NULL;
    case STORAGE_NETWORK:
        layer->server = read_server(source);
        layer->source = digest_of_network(source);
        return true;
    case STORAGE_NONE:
    case STORAGE_UNKNOWN:
        break;
    }
    return true;
}

/* An image in a slice of something larger has neither the beginning nor the
 * size of that: but for its capacity nothing is known of it. */
static bool read_source(struct layer *layer, const xmlNode *source)
{
    CLEANUP_FREE char *index = xmltree_attribute(source, "index");
    bool good = read_place(layer, source);

    layer->index = parse_index(index);
    if (xmltree_child(source, "slices") != NULL)
        layer->storage = STORAGE_UNKNOWN;
    return good;
}

/* An encrypted raw image is a LUKS container, larger than the disk in it; the
 * XML still calls its format raw. <encryption> stands in <source>, or with the
 * disk as older XML has it. */
static bool name_format(struct layer *layer, const xmlNode *source)
{
    const xmlNode *encryption = xmltree_child(source, "encryption");

    if (encryption == NULL)
        encryption = xmltree_child(source->parent, "encryption");
    if (encryption == NULL || layer->format == NULL ||
        strcmp(layer->format, "raw") != 0)
        return true;
    return text_replace(&layer->format, "luks");
}

/* Appends the layer that `source` is of; `type` says its storage, `format`
 * is the element whose type attribute names its format, or NULL. */
static struct layer *add_layer(struct disk *disk, enum role role,
                               const char *type, const xmlNode *source,
                               const xmlNode *format)
{
    struct layer *layer = disk_add_layer(disk);
    if (layer == NULL)
        return NULL;

    layer->role = role;
    layer->storage = storage_named(type);
    if (format != NULL)
        layer->format = xmltree_attribute(format, "type");
    return read_source(layer, source) && name_format(layer, source) ? layer
                                                                    : NULL;
}

/* <backingStore type='file' index='2'> in <backingStore> and so on. One that
 * is empty says that the chain ends there; where there is none libvirt follows
 * the images further when the domain starts. */
static bool read_backing(struct disk *disk, const xmlNode *parent)
{
    const xmlNode *store = xmltree_child(parent, "backingStore");

    for (unsigned depth = 1; store != NULL; depth++) {
        CLEANUP_FREE char *type = xmltree_attribute(store, "type");
        const xmlNode *source = xmltree_child(store, "source");
        disk->given = type == NULL;
        if (type == NULL || !names_image(type, source))
            return true;

        struct layer *layer = add_layer(disk, ROLE_CHAIN, type, source,
                                        xmltree_child(store, "format"));
        if (layer == NULL)
            return false;
        layer->depth = depth;
        if (layer->index == 0) {
            CLEANUP_FREE char *index = xmltree_attribute(store, "index");
            layer->index = parse_index(index);
        }
        disk->own = disk->layer_count;
        store = xmltree_child(store, "backingStore");
    }
    return true;
}

/* The mirror of an active commit is an image of the chain itself. */
static void mark_target(struct disk *disk, const xmlNode *source)
{
    CLEANUP_FREE char *text = xmltree_attribute(source, "index");
    unsigned index = parse_index(text);

    for (size_t i = 0; i < disk->layer_count; i++)
        if (index != 0 && disk->layers[i].index == index)
            disk->layers[i].target = true;
}

/* The destination of a copy, or the target of an active commit. */
static bool read_mirror(struct disk *disk, const xmlNode *node)
{
    const xmlNode *mirror = xmltree_child(node, "mirror");
    if (mirror == NULL)
        return true;

    CLEANUP_FREE char *job = xmltree_attribute(mirror, "job");
    CLEANUP_FREE char *type = xmltree_attribute(mirror, "type");
    const xmlNode *source = xmltree_child(mirror, "source");
    if (job == NULL || type == NULL || !names_image(type, source))
        return true;
    if (strcmp(job, "active-commit") == 0)
        mark_target(disk, source);
    if (strcmp(job, "copy") != 0)
        return true;
    return add_layer(disk, ROLE_MIRROR, type, source,
                     xmltree_child(mirror, "format")) != NULL;
}

static bool read_disk(struct domain *domain, const xmlNode *node)
{
    CLEANUP_FREE char *type = xmltree_attribute(node, "type");
    CLEANUP_FREE char *target = xmltree_child_attribute(node, "target", "dev");
    if (type == NULL || target == NULL)
        return true;

    struct disk *disk = domain_add_disk(domain, target);
    if (disk == NULL)
        return false;

    disk->readonly = xmltree_child(node, "readonly") != NULL;
    disk->alias = xmltree_child_attribute(node, "alias", "name");
    const xmlNode *source = xmltree_child(node, "source");
    if (!names_image(type, source))
        return true;
    if (add_layer(disk, ROLE_CHAIN, type, source,
                  xmltree_child(node, "driver")) == NULL)
        return false;
    disk->own = 1;
    return read_backing(disk, node) && read_mirror(disk, node);
}

static bool read_below_mirror(struct domain *domain, const xmlNode *node)
{
    const xmlNode *mirror = xmltree_child(node, "mirror");
    CLEANUP_FREE char *target = xmltree_child_attribute(node, "target", "dev");
    if (mirror == NULL || target == NULL)
        return true;

    struct disk *disk = domain_add_disk(domain, target);
    return disk != NULL && read_backing(disk, mirror);
}

static bool read_disks(struct domain *domain, const xmlNode *root,
                       bool (*read)(struct domain *domain, const xmlNode *node))
{
    const xmlNode *devices = xmltree_child(root, "devices");
    const xmlNode *node =
        devices == NULL ? NULL : xmltree_child(devices, "disk");

    for (; node != NULL; node = xmltree_next(node, "disk"))
        if (!read(domain, node))
            return false;
    return true;
}

/* <domain id='3'>: only one that runs has it. */
static int read_id(const xmlNode *root)
{
    CLEANUP_FREE char *text = xmltree_attribute(root, "id");
    unsigned id = parse_index(text);

    return text != NULL && id <= INT_MAX ? (int)id : DOMAIN_OFF;
}

bool domxml_read(const char *xml, const struct metadata_query *query,
                 struct domain *domain)
{
    CLEANUP_DOC xmlDoc *doc = xmltree_parse(xml, DOMXML_SIZE_MAX, "domain");
    struct domain fresh = {0};

    if (doc == NULL)
        return false;
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (!read_disks(&fresh, root, read_disk)) {
        domain_clear(&fresh);
        return false;
    }
    if (query != NULL)
        fresh.metadata = metadata_read(root, query->ns, query->xpath);

    domain->id = read_id(root);
    domain_clear_disks(domain);
    free(domain->metadata);
    domain->disks = fresh.disks;
    domain->disk_count = fresh.disk_count;
    domain->metadata = fresh.metadata;
    return true;
}

bool domxml_read_below_mirrors(const char *xml, struct domain *domain)
{
    CLEANUP_DOC xmlDoc *doc = xmltree_parse(xml, DOMXML_SIZE_MAX, "domain");

    return doc != NULL &&
           read_disks(domain, xmlDocGetRootElement(doc), read_below_mirror);
}

/* In pull mode the image is <scratch>, in push mode <target>; the index stands
 * with the disk. */
static bool read_backup_disk(struct domain *domain, const xmlNode *node)
{
    CLEANUP_FREE char *name = xmltree_attribute(node, "name");
    CLEANUP_FREE char *type = xmltree_attribute(node, "type");
    CLEANUP_FREE char *index = xmltree_attribute(node, "index");
    const xmlNode *source = xmltree_child(node, "scratch");

    if (source == NULL)
        source = xmltree_child(node, "target");
    if (name == NULL || type == NULL || !names_image(type, source))
        return true;

    struct disk *disk = domain_find_disk(domain, name);
    if (disk == NULL)
        return true;
    struct layer *layer = add_layer(disk, ROLE_SCRATCH, type, source,
                                    xmltree_child(node, "driver"));
    if (layer == NULL)
        return false;
    layer->index = parse_index(index);
    return true;
}

bool domxml_read_backup(const char *xml, struct domain *domain)
{
    CLEANUP_DOC xmlDoc *doc =
        xmltree_parse(xml, DOMXML_SIZE_MAX, "domainbackup");
    if (doc == NULL)
        return false;

    const xmlNode *disks = xmltree_child(xmlDocGetRootElement(doc), "disks");
    const xmlNode *node = disks == NULL ? NULL : xmltree_child(disks, "disk");
    for (; node != NULL; node = xmltree_next(node, "disk"))
        if (!read_backup_disk(domain, node))
            return false;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include "cleanup.h"
#include "complain.h"
#include "domxml.h"
#include "rfcxml.h"
#include "text.h"
#include "volxml.h"
#include "xmltree.h"

#include <stdlib.h>
#include <string.h>

/* Indented by two blanks, as libvirt does. */
static bool print_document(FILE *out, xmlDoc *doc)
{
    xmlBuffer *buffer = xmlBufferCreate();
    if (doc->encoding == NULL) /* else attributes are written in ASCII */
        doc->encoding = xmlStrdup((const xmlChar *)"UTF-8");
    bool good = buffer != NULL &&
                xmlNodeDump(buffer, doc, xmlDocGetRootElement(doc), 0, 1) >= 0;

    good = good &&
           fprintf(out, "%s\n", (const char *)xmlBufferContent(buffer)) > 0;
    xmlBufferFree(buffer);
    return good;
}

/* --- a domain ------------------------------------------------------------ */

/* In use for ever where libvirt does not answer. */
static char *domain_xml;

static void read_domain(const struct hypervisor *hypervisor,
                        const struct domain_ref *ref, void *job)
{
    const char *reason = NULL;

    (void)job;
    domain_xml = hypervisor->domain_xml(hypervisor->context, ref, &reason);
    if (domain_xml == NULL)
        complain("domain \"%s\": no XML: %s", ref->name,
                 reason != NULL ? reason : "it is gone");
}

/* What the images below mirrors are is said by the XML alone. Their sizes are
 * those of the chain's image of the same path, where a shallow copy goes on
 * with it; else what the image itself tells. */
static void settle_below(struct disk *below, const struct facts *facts,
                         const struct disk *model)
{
    for (size_t i = 0; i < below->layer_count; i++) {
        struct layer *layer = &below->layers[i];
        facts_settle(&facts[i], layer);
        for (size_t j = 0; layer->path != NULL && j < model->layer_count; j++)
            if (model->layers[j].path != NULL &&
                strcmp(model->layers[j].path, layer->path) == 0)
                layer->sizes = model->layers[j].sizes;
    }
}

/* The disks of the domain, and behind them those that are below their mirrors;
 * to be freed. NULL when memory is short. */
static struct known_disk *list_disks(const struct domain *domain,
                                     const struct domain *below)
{
    size_t count = domain->disk_count;
    struct known_disk *disks = calloc(2 * count + 1, sizeof(*disks));

    for (size_t i = 0; disks != NULL && i < count; i++) {
        disks[i].disk = &domain->disks[i];
        disks[count + i].disk =
            domain_find_disk(below, domain->disks[i].target);
    }
    return disks;
}

/* `below`: what lies below the mirrors of its disks. It is in use for ever
 * where *ret_whole is false. */
static bool complete_domain(struct host *host, xmlDoc *doc,
                            const struct domain *domain, struct domain *below,
                            bool *ret_whole)
{
    size_t count = domain->disk_count;
    CLEANUP_FREE struct known_disk *disks = list_disks(domain, below);
    if (disks == NULL || !facts_gather(host, disks, 2 * count, ret_whole))
        return false;

    for (size_t i = 0; i < count; i++) {
        struct disk *low = domain_find_disk(below, domain->disks[i].target);
        if (low != NULL)
            settle_below(low, disks[count + i].facts, &domain->disks[i]);
    }
    bool good = rfcxml_complete_domain(doc, disks, disks + count, count);
    facts_free(disks, 2 * count);
    return good;
}

/* The XML, and what it says of the images below mirrors. NULL, after a line on
 * stderr, where it can't be had. */
static xmlDoc *read_doc(struct host *host, const char *name,
                        struct domain *below)
{
    if (!host_call_domain(host, name, read_domain, NULL) || domain_xml == NULL)
        return NULL;
    xmlDoc *doc = xmltree_parse(domain_xml, DOMXML_SIZE_MAX, "domain");
    if (doc == NULL || !domxml_read_below_mirrors(domain_xml, below))
        complain("domain \"%s\": its XML is not understood", name);
    free(domain_xml);
    domain_xml = NULL;
    return doc;
}

/* How often both are read, where a chain changes meanwhile. */
#define ATTEMPTS 3

static bool print_known(FILE *out, struct host *host, xmlDoc *doc,
                        const struct domain *domain, struct domain *below)
{
    bool whole = true;
    bool good = complete_domain(host, doc, domain, below, &whole) &&
                print_document(out, doc);

    if (whole)
        domain_clear(below);
    return good && whole;
}

bool xml_print_domain(FILE *out, struct host *host, const char *name)
{
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        struct domain below = {0};
        const struct inventory *inventory = host_read(host, true);
        CLEANUP_DOC xmlDoc *doc =
            inventory == NULL ? NULL : read_doc(host, name, &below);
        if (doc == NULL)
            return false;
        const struct domain *domain = host_find_domain(inventory, name);
        if (domain == NULL || !host_is_sized(domain)) {
            complain("domain \"%s\" %s", name,
                     domain == NULL ? "does not answer" : text_trouble(domain));
            domain_clear(&below);
            print_document(out, doc);
            return false;
        }
        if (rfcxml_fits_domain(doc, domain->disks, domain->disk_count))
            return print_known(out, host, doc, domain, &below);
        domain_clear(&below);
    }
    complain("domain \"%s\": its chains change all the time", name);
    return false;
}

/* --- a volume ------------------------------------------------------------ */

struct volume {
    const char *name;
    const struct hypervisor *hypervisor;
    bool pool_found;
    char *xml;
};

static void take_volume(void *context, const char *name, const char *xml)
{
    struct volume *volume = context;

    if (volume->xml == NULL && xml != NULL && strcmp(name, volume->name) == 0)
        volume->xml = strdup(xml);
}

static void take_pool(void *context, const struct pool_ref *ref)
{
    struct volume *volume = context;

    volume->pool_found = true;
    volume->hypervisor->read_volumes(volume->hypervisor->context, ref,
                                     take_volume, volume);
}

static void read_volume(const struct hypervisor *hypervisor, void *job)
{
    struct volume *volume = job;

    volume->hypervisor = hypervisor;
    hypervisor->read_pools(hypervisor->context, take_pool, volume);
}

static const struct disk *find_volume(const struct inventory *inventory,
                                      const char *pool, const char *name)
{
    for (size_t i = 0; i < inventory->pools->count; i++) {
        const struct domain *volumes = &inventory->pools->pools[i]->volumes;
        if (strcmp(volumes->name, pool) == 0)
            return domain_find_disk(volumes, name);
    }
    return NULL;
}

static bool complete_volume(struct host *host, xmlDoc *doc, const char *pool,
                            const struct disk *disk, bool *ret_whole)
{
    struct known_disk volume = {.disk = disk, .volumes = true};
    if (!facts_gather(host, &volume, 1, ret_whole))
        return false;
    bool good = rfcxml_complete_volume(doc, pool, &volume);

    facts_free(&volume, 1);
    return good;
}

/* Leaves out each element with a text that XML can't hold, which was replaced
 * when it was parsed. */
static void drop_mended(xmlNode *parent)
{
    xmlNode *next;

    for (xmlNode *node = parent->children; node != NULL; node = next) {
        next = node->next;
        drop_mended(node);
        const xmlNode *text = node->children;
        if (text == NULL || text->type != XML_TEXT_NODE ||
            strstr((const char *)text->content, VOLXML_REPLACEMENT) == NULL)
            continue;
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
}

static xmlDoc *parse_volume(const char *xml)
{
    bool mended;
    xmlDoc *doc = volxml_parse(xml, &mended);

    if (doc != NULL && mended)
        drop_mended(xmlDocGetRootElement(doc));
    return doc;
}

/* Says what is missing. */
static void complain_of(const struct volume *volume, const char *pool)
{
    if (!volume->pool_found)
        complain("no pool \"%s\" is active", pool);
    else if (volume->xml == NULL)
        complain("pool \"%s\" has no volume \"%s\"", pool, volume->name);
    else
        complain("volume \"%s\": its XML is not understood", volume->name);
}

bool xml_print_volume(FILE *out, struct host *host, const char *pool,
                      const char *name)
{
    /* In use for ever where libvirt does not answer. */
    static struct volume volume;
    const struct inventory *inventory = host_read(host, true);
    bool good = false;

    volume.name = name;
    if (inventory == NULL ||
        !host_call(host, read_volume, &volume, "libvirt does not answer"))
        return false;
    const struct disk *disk = find_volume(inventory, pool, name);
    if (volume.xml == NULL || disk == NULL) {
        complain_of(&volume, pool);
    } else {
        CLEANUP_DOC xmlDoc *doc = parse_volume(volume.xml);
        bool whole = true;
        if (doc == NULL)
            complain_of(&volume, pool);
        good = doc != NULL && complete_volume(host, doc, pool, disk, &whole) &&
               print_document(out, doc) && whole;
    }
    free(volume.xml);
    return good;
}

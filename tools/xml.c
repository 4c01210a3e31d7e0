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

static bool complete_domain(struct host *host, xmlDoc *doc,
                            const struct domain *domain)
{
    struct rfcxml_disk *disks = calloc(domain->disk_count + 1, sizeof(*disks));
    size_t *first = NULL;
    struct facts *facts =
        facts_gather(host, domain->disks, domain->disk_count, &first);
    bool good = disks != NULL && facts != NULL;

    for (size_t i = 0; good && i < domain->disk_count; i++)
        disks[i] = (struct rfcxml_disk){&domain->disks[i], facts + first[i]};
    good = good && rfcxml_complete_domain(doc, disks, domain->disk_count);
    free(disks);
    free(facts);
    if (facts != NULL)
        free(first);
    return good;
}

/* The XML alone. NULL, after a line on stderr, where it can't be had. */
static xmlDoc *read_doc(struct host *host, const char *name)
{
    if (!host_call_domain(host, name, read_domain, NULL) || domain_xml == NULL)
        return NULL;
    xmlDoc *doc = xmltree_parse(domain_xml, DOMXML_SIZE_MAX, "domain");
    free(domain_xml);
    domain_xml = NULL;
    if (doc == NULL)
        complain("domain \"%s\": its XML is not understood", name);
    return doc;
}

/* How often both are read, where a chain changes meanwhile. */
#define ATTEMPTS 3

bool xml_print_domain(FILE *out, struct host *host, const char *name)
{
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const struct inventory *inventory = host_read(host, true);
        CLEANUP_DOC xmlDoc *doc =
            inventory == NULL ? NULL : read_doc(host, name);
        if (doc == NULL)
            return false;
        const struct domain *domain = host_find_domain(inventory, name);
        bool known = domain != NULL && host_is_sized(domain);
        if (!known)
            complain("domain \"%s\" %s", name,
                     domain == NULL ? "does not answer" : text_trouble(domain));
        else if (!rfcxml_fits_domain(doc, domain->disks, domain->disk_count))
            continue;
        return (!known || complete_domain(host, doc, domain)) &&
               print_document(out, doc) && known;
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

static bool complete_volume(struct host *host, xmlDoc *doc,
                            const struct disk *disk)
{
    size_t *first = NULL;
    struct facts *facts = facts_gather(host, disk, 1, &first);
    const struct rfcxml_disk volume = {disk, facts};
    bool good = facts != NULL && rfcxml_complete_volume(doc, &volume);

    if (facts != NULL)
        free(first);
    free(facts);
    return good;
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
        CLEANUP_DOC xmlDoc *doc =
            xmltree_parse(volume.xml, VOLXML_SIZE_MAX, "volume");
        good = doc != NULL && complete_volume(host, doc, disk) &&
               print_document(out, doc);
    }
    free(volume.xml);
    return good;
}

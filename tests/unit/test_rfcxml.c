/* SPDX-License-Identifier: MIT
 *
 * Before the XML of a domain or volume stand lines of what is known of its
 * disks:
 *   disk TARGET             "whole" behind it: followed to the chain's end
 *   layer ROLE FORMAT STORAGE PATH CAPACITY ALLOCATION PHYSICAL [INDEX]
 *                           "-" is unknown; ROLE is a depth, "mirror", or
 *                           "below" it
 *   status MODE OWNER GROUP LABEL TIME
 *   qcow2 VERSION [FEATURE...]
 *   volume POOL NAME        it is that one; the XML's own pool is "pool"
 * the last three of the layer before them.
 */
#include "cases.h"
#include "rfcxml.h"
#include "xmltree.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#define MOST 16

/* What the lines say; an empty string in place of "-". */
struct scene {
    struct domain domain;
    struct domain below; /* the mirrors */
    struct facts facts[MOST][MOST];
    struct facts facts_below[MOST][MOST];
    struct facts *last;
};

static uint64_t read_size(const char *word)
{
    return *word == '-' ? SIZE_UNKNOWN : strtoull(word, NULL, 10);
}

static char *copy_of(const char *word)
{
    return *word == '-' ? NULL : strdup(word);
}

static void add_disk(struct scene *scene, char *words)
{
    const char *target = strtok(words, " ");
    struct disk *disk = domain_add_disk(&scene->domain, target);

    assert_non_null(disk);
    assert_non_null(domain_add_disk(&scene->below, target));
    assert_true(scene->domain.disk_count <= MOST);
    disk->ended = strtok(NULL, " ") != NULL;
}

static void add_layer(struct scene *scene, char *words)
{
    size_t last = scene->domain.disk_count - 1;
    const char *role = strtok(words, " ");
    bool below = strcmp(role, "below") == 0;
    struct disk *disk = &(below ? &scene->below : &scene->domain)->disks[last];
    struct layer *layer = disk_add_layer(disk);

    assert_non_null(layer);
    assert_true(disk->layer_count <= MOST);
    layer->role = strcmp(role, "mirror") == 0 ? ROLE_MIRROR : ROLE_CHAIN;
    layer->depth = (unsigned)strtoul(role, NULL, 10);
    layer->format = copy_of(strtok(NULL, " "));
    layer->storage = storage_named(strtok(NULL, " "));
    layer->path = copy_of(strtok(NULL, " "));
    /* A byte that XML has no room for. */
    if (layer->path != NULL && strchr(layer->path, '^') != NULL)
        *strchr(layer->path, '^') = '\x1b';
    layer->sizes.capacity = read_size(strtok(NULL, " "));
    layer->sizes.allocation = read_size(strtok(NULL, " "));
    layer->sizes.physical = read_size(strtok(NULL, " "));
    const char *index = strtok(NULL, " ");
    layer->index = index == NULL ? 0 : (unsigned)strtoul(index, NULL, 10);
    scene->last = (below ? scene->facts_below : scene->facts)[last] +
                  (disk->layer_count - 1);
}

static void add_status(struct scene *scene, char *words)
{
    struct image_status *status = &scene->last->status;

    scene->last->seen = true;
    status->mode = (unsigned)strtoul(strtok(words, " "), NULL, 8);
    status->owner = (unsigned)strtoul(strtok(NULL, " "), NULL, 10);
    status->group = (unsigned)strtoul(strtok(NULL, " "), NULL, 10);
    const char *label = strtok(NULL, " ");
    snprintf(status->label, sizeof(status->label), "%s",
             *label == '-' ? "" : label);
    status->accessed.tv_sec = (time_t)strtol(strtok(NULL, " "), NULL, 10);
    status->modified = status->changed = status->accessed;
    status->modified.tv_nsec = 42;
    status->changed.tv_nsec = 999999999;
}

static void add_features(struct scene *scene, char *words)
{
    struct image *image = &scene->last->image;

    image->version = (unsigned)strtoul(strtok(words, " "), NULL, 10);
    for (char *word; (word = strtok(NULL, " ")) != NULL;) {
        image->lazy_refcounts |= strcmp(word, "lazy_refcounts") == 0;
        image->extended_l2 |= strcmp(word, "extended_l2") == 0;
    }
}

static void add_volume(struct scene *scene, char *words)
{
    scene->last->pool = strdup(strtok(words, " "));
    scene->last->volume = strdup(strtok(NULL, " "));
}

/* Returns the XML behind the lines. */
static char *read_lines(struct scene *scene, char *text)
{
    static const struct {
        const char *word;
        void (*add)(struct scene *scene, char *words);
    } lines[] = {
        {"disk ", add_disk},     {"layer ", add_layer},
        {"status ", add_status}, {"qcow2 ", add_features},
        {"volume ", add_volume},
    };

    while (*text != '<') {
        char *line = cases_next_line(&text);
        size_t i = 0;
        assert_non_null(line);
        while (i < COUNT_OF(lines) &&
               strncmp(line, lines[i].word, strlen(lines[i].word)) != 0)
            i++;
        assert_true(i < COUNT_OF(lines));
        lines[i].add(scene, line + strlen(lines[i].word));
    }
    return text;
}

static bool complete(xmlDoc *doc, struct scene *scene, bool volume)
{
    struct known_disk disks[MOST];
    struct known_disk below[MOST];
    size_t count = scene->domain.disk_count;

    for (size_t i = 0; i < count; i++) {
        disks[i] = (struct known_disk){.disk = &scene->domain.disks[i],
                                       .facts = scene->facts[i]};
        below[i] = (struct known_disk){.disk = &scene->below.disks[i],
                                       .facts = scene->facts_below[i]};
    }
    return volume ? rfcxml_complete_volume(doc, "pool", &disks[0])
                  : rfcxml_complete_domain(doc, disks, below, count);
}

static char *complete_case(char *input)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    const char *xml = read_lines(scene, input);
    bool volume = strncmp(xml, "<volume", 7) == 0;
    xmlDoc *doc = xmltree_parse(xml, 65536, volume ? "volume" : "domain");
    xmlBuffer *buffer = xmlBufferCreate();
    char *output;

    assert_non_null(doc);
    assert_true(complete(doc, scene, volume));
    assert_true(xmlNodeDump(buffer, doc, xmlDocGetRootElement(doc), 0, 1) >= 0);
    assert_true(
        asprintf(&output, "%s\n", (const char *)xmlBufferContent(buffer)) > 0);
    xmlBufferFree(buffer);
    xmlFreeDoc(doc);
    for (size_t i = 0; i < MOST; i++) {
        free(scene->facts[0][i].pool);
        free(scene->facts[0][i].volume);
    }
    domain_clear(&scene->domain);
    domain_clear(&scene->below);
    free(scene);
    return output;
}

/* A chain of two, as the model had it: vda[3] on vda[4]. */
static bool fits(const char *xml)
{
    struct domain domain = {0};
    xmlDoc *doc = xmltree_parse(xml, 65536, "domain");
    struct disk *disk = domain_add_disk(&domain, "vda");

    assert_non_null(doc);
    disk_add_layer(disk)->index = 3;
    struct layer *base = disk_add_layer(disk);
    base->depth = 1;
    base->index = 4;
    bool good = rfcxml_fits_domain(doc, domain.disks, domain.disk_count);
    xmlFreeDoc(doc);
    domain_clear(&domain);
    return good;
}

#define DISK(top, below)                                                       \
    "<domain><devices><disk><source index='" top "'/>" below                   \
    "<target dev='vda'/></disk></devices></domain>"

/* A job that ends between two readings changes the chain in the later one. */
static void xml_of_another_moment(void **state)
{
    (void)state;
    assert_true(fits(
        DISK("3", "<backingStore index='4'><backingStore/></backingStore>")));
    assert_true(fits(DISK("3", "<backingStore index='4'/>")));
    assert_false(fits(DISK("4", "<backingStore/>")));
    assert_false(fits(DISK("3", "<backingStore/>")));
    assert_false(fits(DISK("3", "")));
    assert_false(fits(DISK("5", "<backingStore index='3'><backingStore "
                                "index='4'/></backingStore>")));
    assert_false(fits(DISK("3", "<backingStore index='4'><backingStore "
                                "index='5'/></backingStore>")));
    /* Another disk's is none of its business. */
    assert_true(fits("<domain><devices><disk><target dev='vdb'/></disk>"
                     "</devices></domain>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xml_of_another_moment),
    };
    int failed =
        cases_run("rfcxml", "in", complete_case, tests, COUNT_OF(tests));

    xmlCleanupParser();
    return failed;
}

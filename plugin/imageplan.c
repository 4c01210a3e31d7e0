/* SPDX-License-Identifier: MIT */
#include "imageplan.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

/* The formats of which images.h can say more than stat does. Of a volume that a
 * domain has which is off libvirt says nothing, so that a raw one is looked at,
 * too. */
static bool is_readable(const struct layer *layer)
{
    bool silent =
        layer->volume != NULL && layer->stated.capacity == SIZE_UNKNOWN;

    return layer->path != NULL && layer->format != NULL &&
           (strcmp(layer->format, "qcow2") == 0 ||
            (silent && strcmp(layer->format, "raw") == 0)) &&
           (layer->storage == STORAGE_FILE || layer->storage == STORAGE_BLOCK);
}

/* Of an image that is resized what was read holds no more. */
static bool is_news(const struct layer *layer)
{
    return layer->image_state == IMAGE_UNREAD ||
           (layer->stated.capacity != SIZE_UNKNOWN &&
            layer->stated.capacity != layer->image_stated);
}

/* Offset up to which the image was written when it was last asked for. */
static uint64_t known_end(const struct layer *layer)
{
    uint64_t end = layer->image.end;

    return end != SIZE_UNKNOWN && end > layer->image_offset
               ? end
               : layer->image_offset;
}

/* An internal snapshot that is taken later lifts the bound of an image, and
 * nobody tells: the bound is asked for again whenever half of what was left
 * below it is written. Some forty readings in the life of an image, the first
 * long before it matters. */
static bool has_grown(const struct layer *layer, double now)
{
    uint64_t offset = layer->stated.allocation;
    uint64_t largest = layer->image.largest;
    uint64_t end = known_end(layer);

    if (layer->image_state != IMAGE_READ || offset == SIZE_UNKNOWN ||
        largest == SIZE_UNKNOWN || largest == SIZE_UNBOUNDED)
        return false;
    if (end < largest)
        return offset > end + (largest - end) / 2;
    return offset > largest && now >= layer->image_due;
}

/* What QEMU writes to an image that was read its own figures tell. */
static bool is_told_by_qemu(const struct layer *layer)
{
    return layer->written && layer->image_state == IMAGE_READ;
}

static bool is_due(const struct layer *layer, double now)
{
    if (layer->image_asked != 0 || !is_readable(layer))
        return false;
    return is_news(layer) || has_grown(layer, now) ||
           (!is_told_by_qemu(layer) && now >= layer->image_due);
}

/* Notes what the hypervisor said of the layer when its image was asked for. */
static void note_asked(struct imageplan *plan, struct layer *layer, double now)
{
    uint64_t offset = layer->stated.allocation;

    layer->image_asked = plan->question;
    layer->image_due = now + plan->interval;
    layer->image_stated = layer->stated.capacity;
    layer->image_offset = offset != SIZE_UNKNOWN ? offset : 0;
}

/* Of a domain that is off the images tell the chain, where the XML does not:
 * one walk for each disk, from the last image that the XML names. Those of a
 * running domain are known one by one. */
static bool ask_disk(struct imageplan *plan, const struct domain *domain,
                     struct disk *disk, double now)
{
    bool follow = domain->id == DOMAIN_OFF && !disk->given;
    size_t count = follow ? disk->own : disk->layer_count;
    bool news = false;

    for (size_t i = 0; i < count; i++) {
        struct layer *layer = &disk->layers[i];
        size_t depth = follow && i + 1 == count ? WALK_DEPTH_MAX - i : 1;
        if (!is_due(layer, now) ||
            !survey_ask(plan->porters, plan->images, ++plan->question,
                        domain->uuid, layer, depth))
            continue;
        news = news || is_news(layer);
        note_asked(plan, layer, now);
    }
    return news;
}

bool imageplan_ask(struct imageplan *plan, struct domain *domain, double now)
{
    bool news = false;

    for (size_t i = 0; i < domain->disk_count; i++)
        if (ask_disk(plan, domain, &domain->disks[i], now))
            news = true;
    return news;
}

/* The disk and the layer that a survey is for: NULL where the layer is no
 * longer there, or has become another since. */
static struct layer *find_asked(const struct domain *domain,
                                const struct survey *survey,
                                struct disk **ret_disk)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            if (domain->disks[i].layers[j].image_asked == survey->question) {
                *ret_disk = &domain->disks[i];
                return &domain->disks[i].layers[j];
            }
    return NULL;
}

static struct imageplan_told *find_told(struct imageplan *plan, uint64_t path)
{
    for (size_t i = 0; i < IMAGEPLAN_TOLD_MAX; i++)
        if (plan->told[i].trouble != NULL && plan->told[i].path == path)
            return &plan->told[i];
    return NULL;
}

/* An image that is read well, and whose end is not known all the same. Of a
 * file it is not needed. */
static const char *doubt_of(const struct layer *layer, const struct link *link)
{
    if (link->trouble != NULL || link->seen.storage != STORAGE_BLOCK)
        return NULL;
    if (link->image.dirty && !layer->written)
        return "it was not closed";
    if (link->image.end != SIZE_UNKNOWN && link->image.end > link->image.length)
        return "it lies beyond its device";
    return NULL;
}

/* Whether the log knows that already of the image, from another domain. */
static bool is_told(struct imageplan *plan, uint64_t path, const char *trouble)
{
    struct imageplan_told *told = find_told(plan, path);
    bool known = told != NULL && told->trouble == trouble;

    if (told == NULL) {
        told = &plan->told[plan->told_next];
        plan->told_next = (plan->told_next + 1) % IMAGEPLAN_TOLD_MAX;
    }
    *told = (struct imageplan_told){path, trouble};
    return known;
}

static void forget_told(struct imageplan *plan, uint64_t path)
{
    struct imageplan_told *told = find_told(plan, path);

    if (told != NULL)
        told->trouble = NULL;
}

/* Where the daemon's user may not read images he may read none: one line says
 * so for all. */
static void print_trouble(struct imageplan *plan, const char *path,
                          const char *trouble)
{
    bool denied = trouble == plan->images->denied;

    if (denied && plan->told_denied)
        return;
    plan->told_denied = plan->told_denied || denied;
    log_print(plan->log, LOG_LEVEL_WARNING,
              "the metadata of image %s are not known: %s%s", path, trouble,
              denied ? "; nothing more is said of others that may not be read"
                     : "");
}

/* What is the matter with an image that was found for the layer: one line as
 * long as it stays the same, however many domains share it. Returns a digest
 * of it, 0 where nothing is the matter. */
static uint64_t tell(struct imageplan *plan, const struct layer *layer,
                     const struct link *link)
{
    uint64_t path = hash_text(hash_text(HASH_START, link->path), link->format);
    const char *doubt = doubt_of(layer, link);
    const char *trouble = doubt != NULL ? doubt : link->trouble;
    uint64_t digest = hash_text(path, trouble);

    if (trouble == NULL) {
        forget_told(plan, path);
        return 0;
    }
    if (digest == layer->image_told || is_told(plan, path, trouble))
        return digest;
    if (doubt != NULL)
        log_print(plan->log, LOG_LEVEL_WARNING,
                  "the end of image %s is not known: %s", link->path, doubt);
    else
        print_trouble(plan, link->path, trouble);
    return digest;
}

/* Only the last image of a walk can be in trouble; of a loop that is one of the
 * first. */
static void tell_all(struct imageplan *plan, struct layer *layer,
                     const struct walk *walk)
{
    const struct link *last = &walk->links[walk->count - 1];
    uint64_t told = 0;

    for (const struct link *link = walk->links; link <= last; link++) {
        if (link != last && strcmp(link->path, last->path) == 0)
            continue;
        uint64_t digest = tell(plan, layer, link);
        if (digest != 0)
            told = digest;
    }
    layer->image_told = told;
}

static void put(struct layer *layer, struct link *link)
{
    image_clear(&layer->image);
    layer->image_state = link->trouble == NULL ? IMAGE_READ : IMAGE_UNREADABLE;
    layer->image = link->image;
    layer->image.seen = link->seen;
    link->image = (struct image){0};
}

/* Whether the chain is known to end where the walk did. */
static void note_end(struct disk *disk, const struct walk *walk)
{
    const struct link *last = &walk->links[walk->count - 1];

    disk->ended = last->trouble == NULL && last->storage != STORAGE_NETWORK &&
                  last->image.backing_name == NULL;
}

/* What the walk found below the last layer that the disk has of its own. */
static void put_below(struct disk *disk, struct walk *walk)
{
    disk_cut_layers(disk, disk->own);
    for (size_t i = 1; i < walk->count; i++) {
        struct link *link = &walk->links[i];
        if (link->storage == STORAGE_UNKNOWN)
            break;
        struct layer *layer = disk_add_layer(disk);
        if (layer == NULL)
            break;
        layer->depth = (unsigned)disk->layer_count - 1;
        layer->storage = link->storage;
        layer->format = link->format;
        link->format = NULL;
        /* Nobody has read that one. */
        if (link->storage == STORAGE_NETWORK) {
            layer->source = hash_text(HASH_START, link->path);
            break;
        }
        layer->path = link->path;
        link->path = NULL;
        put(layer, link);
    }
}

static void deliver(struct imageplan *plan, const struct domain *domain,
                    struct survey *survey)
{
    struct disk *disk = NULL;
    struct layer *layer = find_asked(domain, survey, &disk);

    if (layer == NULL)
        return;
    layer->image_asked = 0;
    if (survey->walk.count == 0)
        return;
    tell_all(plan, layer, &survey->walk);
    if (survey->depth > 1)
        note_end(disk, &survey->walk);
    put(layer, &survey->walk.links[0]);
    /* The layers may move then. */
    if (survey->depth > 1)
        put_below(disk, &survey->walk);
}

void imageplan_deliver(struct imageplan *plan, imageplan_find find,
                       const void *context)
{
    struct survey *survey;

    while ((survey = survey_collect(plan->porters)) != NULL) {
        struct domain *domain = find(context, survey->uuid);
        if (domain != NULL)
            deliver(plan, domain, survey);
        survey_free(survey);
    }
}

/* Same place, same image, as far as the layout can tell. */
static bool is_same(const struct layer *a, const struct layer *b)
{
    return a->role == b->role && a->depth == b->depth && a->index == b->index &&
           a->path != NULL && b->path != NULL &&
           strcmp(a->path, b->path) == 0 && a->format != NULL &&
           b->format != NULL && strcmp(a->format, b->format) == 0;
}

static void move(struct layer *to, struct layer *from)
{
    to->image_state = from->image_state;
    to->image_asked = from->image_asked;
    to->image_told = from->image_told;
    to->image_due = from->image_due;
    to->image_stated = from->image_stated;
    to->image_offset = from->image_offset;
    to->image = from->image;
    to->first_offset = from->first_offset;
    to->crossed = from->crossed;
    to->known = from->known;
    to->place = from->place;
    from->image = (struct image){0};
}

static void carry_disk(struct disk *to, struct disk *from)
{
    size_t count = to->layer_count < from->layer_count ? to->layer_count
                                                       : from->layer_count;

    for (size_t i = 0; i < count; i++)
        if (is_same(&to->layers[i], &from->layers[i]))
            move(&to->layers[i], &from->layers[i]);
}

/* The layers below the disk's own are known from an earlier walk alone, which
 * began at the last of them. */
static void carry_walk(struct disk *to, struct disk *from)
{
    if (to->own == 0 || to->own != from->own ||
        !is_same(&to->layers[to->own - 1], &from->layers[to->own - 1]))
        return;
    carry_disk(to, from);
    to->ended = from->ended;
    for (size_t i = from->own; i < from->layer_count; i++) {
        struct layer *layer = disk_add_layer(to);
        if (layer == NULL)
            return;
        *layer = from->layers[i];
        from->layers[i] = (struct layer){.record = LAYER_NO_RECORD};
    }
}

void imageplan_carry_over(struct domain *to, struct domain *from)
{
    for (size_t i = 0; i < to->disk_count; i++) {
        struct disk *disk = &to->disks[i];
        struct disk *old = domain_find_disk(from, disk->target);
        if (old == NULL)
            continue;
        if (to->id == DOMAIN_OFF && !disk->given)
            carry_walk(disk, old);
        else
            carry_disk(disk, old);
    }
}

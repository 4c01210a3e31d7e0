/* SPDX-License-Identifier: MIT */
#include "imageplan.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

/* The formats of which images.h can say more than stat does. */
static bool is_readable(const struct layer *layer)
{
    return layer->path != NULL && layer->format != NULL &&
           strcmp(layer->format, "qcow2") == 0 &&
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

static bool is_due(const struct layer *layer, double now)
{
    if (layer->image_asked || !is_readable(layer))
        return false;
    return is_news(layer) || has_grown(layer, now) ||
           (!layer->written && now >= layer->image_due);
}

/* What the hypervisor said of the layer when its image was asked for. */
static void note_asked(struct layer *layer)
{
    uint64_t offset = layer->stated.allocation;

    layer->image_stated = layer->stated.capacity;
    layer->image_offset = offset != SIZE_UNKNOWN ? offset : 0;
}

/* Of a domain that is off the images tell the chain, where the XML does not:
 * one walk for each disk. Those of a running domain are known one by one. */
static bool ask_disk(struct imageplan *plan, const struct domain *domain,
                     struct disk *disk, double now)
{
    bool follow = domain->id == DOMAIN_OFF && !disk->given;
    size_t count = follow && disk->layer_count > 0 ? 1 : disk->layer_count;
    bool news = false;

    for (size_t i = 0; i < count; i++) {
        struct layer *layer = &disk->layers[i];
        if (!is_due(layer, now))
            continue;
        layer->image_asked =
            surveyor_ask(plan->surveyor, domain->uuid, layer->path,
                         layer->format, follow ? WALK_DEPTH_MAX : 1);
        news = news || is_news(layer);
        note_asked(layer);
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

/* The disk and the layer that a survey is for. */
static struct layer *find_asked(const struct domain *domain,
                                const struct survey *survey,
                                struct disk **ret_disk)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            if (!layer->image_asked || strcmp(layer->path, survey->path) != 0)
                continue;
            *ret_disk = &domain->disks[i];
            return layer;
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

/* Notes what is the matter with an image. True where the log does not know. */
static bool is_untold(struct imageplan *plan, const struct link *link)
{
    uint64_t path = hash_text(hash_text(HASH_START, link->path), link->format);
    struct imageplan_told *told = find_told(plan, path);
    const char *before = told == NULL ? NULL : told->trouble;

    if (told == NULL && link->trouble != NULL) {
        told = &plan->told[plan->told_next];
        plan->told_next = (plan->told_next + 1) % IMAGEPLAN_TOLD_MAX;
    }
    if (told != NULL)
        *told = (struct imageplan_told){path, link->trouble};
    return link->trouble != NULL && link->trouble != before;
}

/* One line for each image and trouble as long as it stays the same, however
 * many domains share it. Where the daemon's user may not read images it may
 * read none: one line says so for all. */
static void tell(struct imageplan *plan, const struct link *link)
{
    bool denied = link->trouble == plan->images->denied;

    if (!is_untold(plan, link) || (denied && plan->told_denied))
        return;
    plan->told_denied = plan->told_denied || denied;
    log_print(plan->log, LOG_LEVEL_WARNING,
              "the metadata of image %s are not known: %s%s", link->path,
              link->trouble,
              denied ? "; nothing more is said of others that may not be read"
                     : "");
}

/* Only its last image can be in trouble; of a loop that is one of the first. */
static void tell_all(struct imageplan *plan, const struct walk *walk)
{
    const struct link *last = &walk->links[walk->count - 1];

    for (const struct link *link = walk->links; link != last; link++)
        if (strcmp(link->path, last->path) != 0)
            tell(plan, link);
    tell(plan, last);
}

static void put(struct imageplan *plan, struct layer *layer, struct link *link,
                double now)
{
    layer->image_asked = false;
    layer->image_due = now + plan->interval;
    image_clear(&layer->image);
    layer->image_state = link->trouble == NULL ? IMAGE_READ : IMAGE_UNREADABLE;
    layer->image = link->image;
    layer->image.seen = link->seen;
    link->image = (struct image){0};
}

/* What the walk found below the active layer. */
static void put_below(struct imageplan *plan, struct disk *disk,
                      struct walk *walk, double now)
{
    disk_cut_layers(disk, 1);
    for (size_t i = 1; i < walk->count; i++) {
        struct link *link = &walk->links[i];
        if (link->storage == STORAGE_UNKNOWN)
            break;
        struct layer *layer = disk_add_layer(disk);
        if (layer == NULL)
            break;
        layer->depth = (unsigned)i;
        layer->storage = link->storage;
        layer->format = link->format;
        link->format = NULL;
        /* Nobody has read that one. */
        if (link->storage == STORAGE_NETWORK)
            break;
        layer->path = link->path;
        link->path = NULL;
        put(plan, layer, link, now);
    }
}

static void deliver(struct imageplan *plan, const struct domain *domain,
                    struct survey *survey, double now)
{
    struct disk *disk = NULL;
    struct layer *layer = find_asked(domain, survey, &disk);
    size_t count = survey->walk.count;

    if (layer == NULL)
        return;
    layer->image_asked = false;
    if (count == 0)
        return;
    tell_all(plan, &survey->walk);
    put(plan, layer, &survey->walk.links[0], now);
    if (survey->depth > 1)
        put_below(plan, disk, &survey->walk, now);
}

void imageplan_deliver(struct imageplan *plan, imageplan_find find,
                       const void *context, double now)
{
    struct survey *survey;

    while ((survey = surveyor_collect(plan->surveyor)) != NULL) {
        struct domain *domain = find(context, survey->uuid);
        if (domain != NULL)
            deliver(plan, domain, survey, now);
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
    to->image_due = from->image_due;
    to->image_stated = from->image_stated;
    to->image_offset = from->image_offset;
    to->image = from->image;
    to->first_offset = from->first_offset;
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

/* The layers below the active one are known from an earlier walk alone. */
static void carry_walk(struct disk *to, struct disk *from)
{
    struct layer *layers = to->layers;

    if (to->layer_count != 1 || from->layer_count == 0 ||
        !is_same(&layers[0], &from->layers[0]))
        return;
    from->layers[0].record = layers[0].record;
    to->layers = from->layers;
    to->layer_count = from->layer_count;
    from->layers = layers;
    from->layer_count = 1;
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

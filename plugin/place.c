/* SPDX-License-Identifier: MIT */
#include "place.h"

#include "grow.h"
#include "hash.h"

#include <stdlib.h>
#include <string.h>

static uint64_t digest(enum storage storage, const char *text, size_t length)
{
    return hash_bytes(hash_bytes(HASH_START, &storage, sizeof(storage)), text,
                      length);
}

static uint64_t digest_text(enum storage storage, const char *text)
{
    return text == NULL ? 0 : digest(storage, text, strlen(text));
}

static uint64_t place_of_file(const char *path, const struct images *images)
{
    uint64_t place = images == NULL ? 0 : images->place(path);
    const char *slash = strrchr(path, '/');

    if (place != 0)
        return place;
    return digest(STORAGE_FILE, path,
                  slash == NULL ? 0 : (size_t)(slash - path));
}

static uint64_t place_of(const struct layer *layer, const struct images *images)
{
    switch (layer->storage) {
    case STORAGE_FILE:
        return layer->path == NULL ? 0 : place_of_file(layer->path, images);
    case STORAGE_BLOCK:
        return digest_text(STORAGE_BLOCK, layer->path);
    case STORAGE_NETWORK:
        return digest_text(STORAGE_NETWORK, layer->server);
    case STORAGE_VOLUME:
        return digest_text(STORAGE_VOLUME, layer->pool);
    case STORAGE_NONE:
    case STORAGE_UNKNOWN:
        break;
    }
    return 0;
}

/* A device has many names. Those in /dev can be looked at without a wait,
 * whatever storage is gone. */
static uint64_t source_of(const struct layer *layer,
                          const struct images *images)
{
    struct look seen;

    if (layer->storage != STORAGE_BLOCK || layer->path == NULL ||
        images == NULL || strncmp(layer->path, "/dev/", 5) != 0 ||
        !images->look(layer->path, &seen))
        return layer->source;
    return look_digest(&seen);
}

void place_layers(struct domain *domain, const struct images *images)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            struct layer *layer = &domain->disks[i].layers[j];
            if (layer->place != 0)
                continue;
            layer->place = place_of(layer, images);
            layer->source = source_of(layer, images);
        }
}

static size_t find(const struct places *places, uint64_t place)
{
    size_t position = 0;

    while (position < places->count && places->places[position] != place)
        position++;
    return position;
}

void places_add(struct places *places, uint64_t place)
{
    if (place == 0 || find(places, place) < places->count)
        return;
    uint64_t *all =
        grow(places->places, places->count, &places->room, sizeof(*all));
    if (all == NULL)
        return;
    places->places = all;
    places->places[places->count++] = place;
}

static void remove_place(struct places *places, uint64_t place)
{
    size_t position = find(places, place);

    if (position < places->count)
        places->places[position] = places->places[--places->count];
}

bool place_is_of(uint64_t place, const struct domain *domain)
{
    for (size_t i = 0; place != 0 && i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            if (domain->disks[i].layers[j].place == place)
                return true;
    return false;
}

void places_remove(struct places *places, const struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++)
            remove_place(places, domain->disks[i].layers[j].place);
}

static size_t count(const struct places *places, const struct domain *domain,
                    bool held)
{
    size_t layers = 0;

    for (size_t i = 0; i < domain->disk_count; i++)
        for (size_t j = 0; j < domain->disks[i].layer_count; j++) {
            uint64_t place = domain->disks[i].layers[j].place;
            layers +=
                place != 0 && (find(places, place) < places->count) == held;
        }
    return layers;
}

size_t places_hold(const struct places *places, const struct domain *domain)
{
    return places->count == 0 ? 0 : count(places, domain, true);
}

size_t places_miss(const struct places *places, const struct domain *domain)
{
    return count(places, domain, false);
}

void places_clear(struct places *places)
{
    free(places->places);
    *places = (struct places){0};
}

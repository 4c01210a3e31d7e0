/* SPDX-License-Identifier: MIT */
#include "sizes.h"

#include <string.h>

bool format_grows(const char *format)
{
    /* luks is raw data behind a header; an iso is written once, as a whole. */
    static const char *const fixed[] = {"raw", "luks", "iso"};

    if (format == NULL)
        return true;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (strcmp(format, fixed[i]) == 0)
            return false;
    return true;
}

/* A raw image is as long as the disk in it. */
static bool is_raw(const struct layer *layer)
{
    return layer->format != NULL && strcmp(layer->format, "raw") == 0;
}

static uint64_t file_allocation(const struct layer *layer)
{
    uint64_t actual = layer->stated.physical;
    const struct look *seen = &layer->seen;

    if (seen->storage != STORAGE_FILE)
        return actual;
    /* libvirt takes QEMU's 0 for "not known" and says the file's length
     * instead: a sparse file without a single block would look full. */
    if (actual == SIZE_UNKNOWN || (actual == seen->length && seen->blocks == 0))
        return seen->blocks;
    return actual;
}

static struct sizes settle_file(const struct layer *layer)
{
    const struct look *seen = &layer->seen;
    struct sizes sizes = {
        .capacity = layer->stated.capacity,
        .allocation = file_allocation(layer),
        .physical = SIZE_UNKNOWN,
    };

    if (seen->storage == STORAGE_FILE)
        sizes.physical = seen->length;
    else if (is_raw(layer))
        sizes.physical = layer->stated.capacity;
    return sizes;
}

/* What QEMU has written lies at most at the end of the image; 0 says that it
 * has written nothing, which is no statement about the image. */
static uint64_t written(const struct layer *layer)
{
    uint64_t offset = layer->stated.allocation;

    return offset > 0 ? offset : SIZE_UNKNOWN;
}

/* QEMU counts a write that met the end of the device, too. */
static uint64_t within(uint64_t end, uint64_t container)
{
    return end != SIZE_UNKNOWN && end > container ? container : end;
}

static struct sizes settle_block(const struct layer *layer)
{
    const struct sizes *stated = &layer->stated;

    return (struct sizes){
        .capacity = stated->capacity,
        .allocation = format_grows(layer->format)
                          ? within(written(layer), stated->physical)
                          : stated->physical,
        .physical = stated->physical,
    };
}

/* Behind most protocols QEMU can't tell what a server has allocated; libvirt
 * then says the capacity for "physical". That is right for a raw image. The
 * container of any other is as large as its server made it, and nobody says
 * how large that is. */
static struct sizes settle_network(const struct layer *layer)
{
    const struct sizes *stated = &layer->stated;
    struct sizes sizes = SIZES_UNKNOWN;

    sizes.capacity = stated->capacity;
    if (is_raw(layer)) {
        sizes.allocation = stated->physical;
        sizes.physical = stated->capacity;
    } else if (format_grows(layer->format)) {
        sizes.allocation = written(layer);
    }
    return sizes;
}

void sizes_settle(struct layer *layer)
{
    enum storage storage = layer->storage;

    /* The XML may call a device a file; what the host has there is right. */
    if (layer->seen.storage != STORAGE_UNKNOWN)
        storage = layer->seen.storage;

    switch (storage) {
    case STORAGE_FILE:
        layer->sizes = settle_file(layer);
        break;
    case STORAGE_BLOCK:
        layer->sizes = settle_block(layer);
        break;
    case STORAGE_NETWORK:
        layer->sizes = settle_network(layer);
        break;
    case STORAGE_UNKNOWN:
    case STORAGE_VOLUME:
        layer->sizes = SIZES_UNKNOWN;
        layer->sizes.capacity = layer->stated.capacity;
        break;
    case STORAGE_NONE:
        layer->sizes = SIZES_UNKNOWN;
        break;
    }
}

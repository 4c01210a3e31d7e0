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

/* The XML may call a device a file; what the host has there is right. */
static enum storage storage_of(const struct layer *layer)
{
    return layer->seen.storage != STORAGE_UNKNOWN ? layer->seen.storage
                                                  : layer->storage;
}

static uint64_t file_allocation(const struct layer *layer)
{
    uint64_t actual = layer->stated.physical;
    const struct look *seen = &layer->seen;

    if (seen->storage != STORAGE_FILE)
        return actual;
    /* QEMU adds up all files that belong to an image. */
    if (layer->image_state == IMAGE_READ && layer->image.external_data)
        return seen->blocks;
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

static bool is_being_read(const struct layer *layer)
{
    return layer->image_state == IMAGE_UNREAD && layer->image_asked;
}

/* The end that was read, as far as it can be relied on. QEMU mends an image
 * that was not closed when it opens it for writing; one below, it leaves as it
 * is, with reference counts that may never have been written. */
static uint64_t end_read(const struct layer *layer)
{
    if (layer->image_state != IMAGE_READ ||
        (layer->image.dirty && (!layer->written || layer->depth > 0)))
        return SIZE_UNKNOWN;
    return layer->image.end;
}

/* Where the image ends: what was in use when it was read, or what QEMU has
 * written since, whichever lies higher. QEMU's offset alone is no more than a
 * lower bound, and 0 says nothing of the image at all; while the image is
 * being read, waiting is better than a figure that is too low. */
static uint64_t image_end(const struct layer *layer)
{
    uint64_t offset = layer->stated.allocation;
    uint64_t end = end_read(layer);

    if (is_being_read(layer))
        return SIZE_UNKNOWN;
    /* A domain that is busy gives its records without figures: in such a pass
     * nobody knows what QEMU has written. */
    if (offset == SIZE_UNKNOWN && layer->record != LAYER_NO_RECORD)
        return SIZE_UNKNOWN;
    if (offset == SIZE_UNKNOWN || offset == 0)
        return end;
    return end == SIZE_UNKNOWN || offset > end ? offset : end;
}

/* QEMU counts a write that met the end of the device, too, and so may the
 * image's own refcounts. */
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
                          ? within(image_end(layer), stated->physical)
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
        sizes.allocation = image_end(layer);
    }
    return sizes;
}

/* The size that the image can grow to. */
static uint64_t largest_size(const struct layer *layer)
{
    if (is_raw(layer))
        return layer->sizes.capacity;
    return layer->image_state == IMAGE_READ ? layer->image.largest
                                            : SIZE_UNKNOWN;
}

uint64_t sizes_growth(const struct layer *layer)
{
    uint64_t largest = largest_size(layer);
    uint64_t allocation = layer->sizes.allocation;

    if (largest == SIZE_UNBOUNDED)
        return SIZE_UNBOUNDED;
    if (largest == SIZE_UNKNOWN || allocation == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    return largest > allocation ? largest - allocation : 0;
}

/* The device may be too small for what the image becomes. */
static bool grows_on_device(const struct layer *layer)
{
    return storage_of(layer) == STORAGE_BLOCK && format_grows(layer->format);
}

uint64_t sizes_room(const struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;

    if (storage_of(layer) == STORAGE_FILE)
        return layer->seen.storage == STORAGE_FILE ? layer->seen.free
                                                   : SIZE_UNKNOWN;
    if (!grows_on_device(layer) || sizes->allocation == SIZE_UNKNOWN ||
        sizes->physical == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    return sizes->physical > sizes->allocation
               ? sizes->physical - sizes->allocation
               : 0;
}

/* An image that can't run out has its whole capacity left, so that it never
 * alarms. */
static uint64_t headroom_of(const struct layer *layer)
{
    uint64_t available = sizes_room(layer);
    uint64_t growth = sizes_growth(layer);

    if (growth == SIZE_UNKNOWN || available == SIZE_UNKNOWN ||
        layer->sizes.capacity == SIZE_UNKNOWN ||
        layer->sizes.allocation == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    return growth > available ? available : layer->sizes.capacity;
}

static double percent_of(uint64_t part, uint64_t whole)
{
    if (part == SIZE_UNKNOWN || whole == SIZE_UNKNOWN || whole == 0)
        return PERCENT_UNKNOWN;
    return part >= whole ? 100 : 100.0 * (double)part / (double)whole;
}

static void derive_block(struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;

    if (!format_grows(layer->format) || sizes->allocation == SIZE_UNKNOWN ||
        sizes->physical == SIZE_UNKNOWN)
        return;
    layer->headroom = headroom_of(layer);
    layer->percent = percent_of(sizes->allocation, sizes->physical);
}

void sizes_derive(struct layer *layer)
{
    layer->headroom = SIZE_UNKNOWN;
    layer->percent = PERCENT_UNKNOWN;
    if (!layer->written)
        return;

    if (storage_of(layer) == STORAGE_BLOCK) {
        derive_block(layer);
    } else if (storage_of(layer) == STORAGE_FILE) {
        layer->headroom = headroom_of(layer);
        layer->percent =
            percent_of(layer->sizes.allocation, layer->sizes.capacity);
    }
}

/* Whether the device holds all that the image can become. Where nobody has
 * read the image, a tenth more than the capacity does: no cluster size takes
 * as much for its metadata. */
static bool is_at_its_largest(const struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;
    uint64_t largest = largest_size(layer);

    if (largest == SIZE_UNKNOWN)
        return sizes->capacity == SIZE_UNKNOWN ||
               sizes->physical / 11 >= sizes->capacity / 10;
    return largest <= sizes->physical;
}

uint64_t sizes_watermark(const struct layer *layer,
                         const struct watermark *mark)
{
    uint64_t physical = layer->sizes.physical;

    if (!grows_on_device(layer) || physical == SIZE_UNKNOWN ||
        (mark->free == 0 && mark->percent == 0) || is_at_its_largest(layer))
        return SIZE_UNKNOWN;
    uint64_t share = physical / 100 * mark->percent;
    uint64_t free = mark->free > share ? mark->free : share;
    return physical > free ? physical - free : 0;
}

#define SECTOR 512
#define OWN_TAIL 173

uint64_t sizes_threshold(uint64_t watermark)
{
    return watermark - watermark % SECTOR + OWN_TAIL;
}

bool sizes_threshold_is_own(uint64_t threshold)
{
    return threshold % SECTOR == OWN_TAIL;
}

/* What a look at the file showed, in this pass or when the image was read. */
static const struct look *look_of(const struct layer *layer)
{
    return layer->seen.storage != STORAGE_UNKNOWN ? &layer->seen
                                                  : &layer->image.seen;
}

static uint64_t first_known(uint64_t one, uint64_t other)
{
    return one != SIZE_UNKNOWN ? one : other;
}

/* Of a file libvirt's figures mean what they should, and stand for the active
 * layer alone. */
static struct sizes settle_file_off(const struct layer *layer)
{
    const struct look *seen = look_of(layer);
    bool is_seen = seen->storage == STORAGE_FILE;
    const struct sizes *stated = &layer->stated;

    return (struct sizes){
        .allocation = first_known(stated->allocation,
                                  is_seen ? seen->blocks : SIZE_UNKNOWN),
        .physical = first_known(stated->physical,
                                is_seen ? seen->length : SIZE_UNKNOWN),
    };
}

/* Where no format is stated the device is a storage volume, and what lies in
 * it nobody says; libvirt's figure is then the volume's own. */
static uint64_t block_off_allocation(const struct layer *layer, uint64_t device)
{
    if (layer->format == NULL)
        return layer->stated.allocation;
    return format_grows(layer->format) ? within(end_read(layer), device)
                                       : device;
}

static struct sizes settle_block_off(const struct layer *layer)
{
    bool is_read = layer->image_state == IMAGE_READ;
    uint64_t device = first_known(layer->stated.physical,
                                  is_read ? layer->image.length : SIZE_UNKNOWN);

    return (struct sizes){
        .allocation = block_off_allocation(layer, device),
        .physical = device,
    };
}

/* Of volumes libvirt knows what their server says. */
static struct sizes settle_network_off(const struct layer *layer)
{
    bool grows = layer->format != NULL && format_grows(layer->format);

    return (struct sizes){
        .allocation = grows ? SIZE_UNKNOWN : layer->stated.allocation,
        .physical = layer->stated.physical,
    };
}

/* For a device that holds no image libvirt takes the device's size. */
static uint64_t capacity_off(const struct layer *layer)
{
    if (layer->image.unsound || is_being_read(layer))
        return SIZE_UNKNOWN;
    return first_known(layer->stated.capacity, layer->image_state == IMAGE_READ
                                                   ? layer->image.capacity
                                                   : SIZE_UNKNOWN);
}

/* Nobody writes, so nothing but the image itself can say where it ends. */
static void settle_off(struct layer *layer)
{
    layer->sizes = SIZES_UNKNOWN;
    if (storage_of(layer) == STORAGE_NONE)
        return;
    if (storage_of(layer) == STORAGE_FILE)
        layer->sizes = settle_file_off(layer);
    else if (storage_of(layer) == STORAGE_BLOCK)
        layer->sizes = settle_block_off(layer);
    else if (storage_of(layer) == STORAGE_NETWORK)
        layer->sizes = settle_network_off(layer);
    layer->sizes.capacity = capacity_off(layer);
}

static void settle_running(struct layer *layer)
{
    switch (storage_of(layer)) {
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

static void keep(uint64_t *known, uint64_t size)
{
    if (size != SIZE_UNKNOWN)
        *known = size;
}

void sizes_settle(struct layer *layer, bool running)
{
    if (running)
        settle_running(layer);
    else
        settle_off(layer);
    keep(&layer->known.capacity, layer->sizes.capacity);
    keep(&layer->known.allocation, layer->sizes.allocation);
    keep(&layer->known.physical, layer->sizes.physical);
}

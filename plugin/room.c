/* SPDX-License-Identifier: MIT
 *
 * The part of sizes.h that says how much room is left.
 */
#include "sizes.h"

/* The size that the image can grow to. */
static uint64_t largest_size(const struct layer *layer)
{
    /* What fills up is another file, of which nobody says how full it is. */
    if (layer->image.external_data)
        return SIZE_UNKNOWN;
    if (sizes_is_raw(layer))
        return layer->sizes.capacity;
    return layer->image_state == IMAGE_READ ? layer->image.largest
                                            : SIZE_UNKNOWN;
}

bool sizes_met_end(const struct layer *layer)
{
    const struct sizes *stated = &layer->stated;

    return sizes_storage(layer) == STORAGE_BLOCK &&
           stated->allocation != SIZE_UNKNOWN &&
           stated->physical != SIZE_UNKNOWN &&
           stated->allocation > stated->physical;
}

uint64_t sizes_growth(const struct layer *layer)
{
    uint64_t largest = largest_size(layer);
    uint64_t allocation = layer->sizes.allocation;

    if (largest == SIZE_UNBOUNDED)
        return SIZE_UNBOUNDED;
    if (largest == SIZE_UNKNOWN || allocation == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    /* Clusters that are compressed are kept as long as a part of them is in
     * use: so it can become larger than that. */
    if (sizes_met_end(layer))
        return SIZE_UNBOUNDED;
    return largest > allocation ? largest - allocation : 0;
}

/* The device may be too small for what the image becomes. */
static bool grows_on_device(const struct layer *layer)
{
    return sizes_storage(layer) == STORAGE_BLOCK && format_grows(layer->format);
}

uint64_t sizes_room(const struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;

    if (sizes_storage(layer) == STORAGE_FILE)
        return layer->seen.storage == STORAGE_FILE ? layer->seen.free
                                                   : SIZE_UNKNOWN;
    if (!grows_on_device(layer) || sizes->allocation == SIZE_UNKNOWN ||
        sizes->physical == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    return sizes->physical > sizes->allocation
               ? sizes->physical - sizes->allocation
               : 0;
}

bool sizes_fits(const struct layer *layer)
{
    uint64_t growth = sizes_growth(layer);
    uint64_t room = sizes_room(layer);

    return growth != SIZE_UNKNOWN && room != SIZE_UNKNOWN && growth <= room;
}

/* An image that can't run out has its whole capacity left, so that it never
 * alarms. */
static uint64_t headroom_of(const struct layer *layer, const char **ret_why)
{
    uint64_t available = sizes_room(layer);
    uint64_t growth = sizes_growth(layer);

    *ret_why = "not known: how large it can become, or what is left for it";
    if (growth == SIZE_UNKNOWN || available == SIZE_UNKNOWN ||
        layer->sizes.capacity == SIZE_UNKNOWN ||
        layer->sizes.allocation == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    if (!sizes_fits(layer)) {
        *ret_why = sizes_storage(layer) == STORAGE_FILE
                       ? "what the file system has free: less than it can grow"
                       : "what the device has left: less than it can grow";
        return available;
    }
    *ret_why = "the capacity: all that it can become fits";
    return layer->sizes.capacity;
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

    layer->rules.headroom = "none: it can't grow";
    if (!format_grows(layer->format))
        return;
    layer->rules.headroom =
        "not known: where the image ends, or how large its device is";
    if (sizes->allocation == SIZE_UNKNOWN || sizes->physical == SIZE_UNKNOWN)
        return;
    layer->headroom = headroom_of(layer, &layer->rules.headroom);
    layer->percent = percent_of(sizes->allocation, sizes->physical);
}

bool sizes_has_headroom(const struct layer *layer)
{
    enum storage storage = sizes_storage(layer);

    return layer->written && storage != STORAGE_NONE &&
           (storage != STORAGE_BLOCK || format_grows(layer->format));
}

/* Of a layer that is neither in a file nor on a device, or is not written. */
static const char *why_none(const struct layer *layer)
{
    if (!layer->written)
        return "none: nobody writes to it, as far as known";
    return sizes_storage(layer) == STORAGE_NETWORK
               ? "not known: libvirt does not ask its server"
               : "not known: a kind of storage that has no rule";
}

void sizes_derive(struct layer *layer)
{
    layer->headroom = SIZE_UNKNOWN;
    layer->percent = PERCENT_UNKNOWN;
    layer->rules.headroom = why_none(layer);
    if (!layer->written)
        return;

    if (sizes_storage(layer) == STORAGE_BLOCK) {
        derive_block(layer);
    } else if (sizes_storage(layer) == STORAGE_FILE) {
        layer->headroom = headroom_of(layer, &layer->rules.headroom);
        if (layer_holds_all(layer))
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
    return largest <= sizes->physical && !sizes_met_end(layer);
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

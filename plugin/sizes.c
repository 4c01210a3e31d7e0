/* SPDX-License-Identifier: MIT */
#include "sizes.h"

#include <string.h>

static const char rule_stated[] = "what libvirt says of it";
static const char rule_off_unknown[] = "not known: it can't be looked at";
static const char rule_being_read[] = "not known yet: the image is being read";

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

bool sizes_is_raw(const struct layer *layer)
{
    return layer->format != NULL && strcmp(layer->format, "raw") == 0;
}

enum storage sizes_storage(const struct layer *layer)
{
    return layer->seen.storage != STORAGE_UNKNOWN ? layer->seen.storage
                                                  : layer->storage;
}

/* QEMU adds up all files that belong to an image: where there is another one
 * the file alone tells, and whether there is, the image. */
static bool file_tells(const struct layer *layer, const char **ret_why)
{
    bool is_seen = layer->seen.storage == STORAGE_FILE;

    if (layer_is_being_read(layer))
        *ret_why = is_seen ? "the file's blocks (stat): the image is being read"
                           : rule_being_read;
    else if (layer->image_state == IMAGE_READ && layer->image.external_data)
        *ret_why = is_seen ? "the file's blocks (stat): the guest's data lie "
                             "in another file, which QEMU counts, too"
                           : "not known: the file can't be seen, and QEMU "
                             "counts that of the guest's data, too";
    else
        return false;
    return true;
}

static uint64_t file_allocation(const struct layer *layer, const char **ret_why)
{
    uint64_t actual = layer->stated.physical;
    const struct look *seen = &layer->seen;
    bool is_seen = seen->storage == STORAGE_FILE;

    if (file_tells(layer, ret_why))
        return is_seen ? seen->blocks : SIZE_UNKNOWN;
    *ret_why = actual == SIZE_UNKNOWN
                   ? "not known: libvirt has no figure, and the file can't be "
                     "seen from here"
                   : "the blocks in use, as QEMU says (libvirt's "
                     "\"physical\")";
    if (!is_seen)
        return actual;
    if (actual == SIZE_UNKNOWN) {
        *ret_why = "the file's blocks (stat): libvirt has no figure";
        return seen->blocks;
    }
    /* libvirt takes QEMU's 0 for "not known" and says the file's length
     * instead: a sparse file without a single block would look full. */
    if (actual == seen->length && seen->blocks == 0) {
        *ret_why = "the file's blocks (stat): of one without any libvirt says "
                   "its length";
        return seen->blocks;
    }
    return actual;
}

static struct sizes settle_file(const struct layer *layer,
                                struct sizes_rules *why)
{
    const struct look *seen = &layer->seen;
    struct sizes sizes = {
        .capacity = layer->stated.capacity,
        .allocation = file_allocation(layer, &why->allocation),
        .physical = SIZE_UNKNOWN,
    };

    why->physical = "not known: the file can't be seen from here";
    if (seen->storage == STORAGE_FILE) {
        sizes.physical = seen->length;
        why->physical = "the length of the file (stat)";
    } else if (sizes_is_raw(layer)) {
        sizes.physical = layer->stated.capacity;
        why->physical = "the capacity: a raw file is as long";
    }
    return sizes;
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

/* A write takes the whole cluster, even where QEMU has written but a part of it
 * (extended_l2). */
static uint64_t whole_cluster(const struct layer *layer, uint64_t offset)
{
    uint64_t cluster = layer->image.cluster;
    uint64_t part = cluster == 0 ? 0 : offset % cluster;

    return part == 0 || offset > UINT64_MAX - cluster ? offset
                                                      : offset - part + cluster;
}

/* Where the image ends: what was in use when it was read, or what QEMU has
 * written since, whichever lies higher. QEMU's offset alone is no more than a
 * lower bound, and 0 says nothing of the image at all; while the image is
 * being read, waiting is better than a figure that is too low. */
static uint64_t image_end(const struct layer *layer, const char **ret_why)
{
    uint64_t offset = layer->stated.allocation;
    uint64_t end = end_read(layer);

    if (layer_is_being_read(layer)) {
        *ret_why = rule_being_read;
        return SIZE_UNKNOWN;
    }
    /* A domain that is busy gives its records without figures: in such a pass
     * nobody knows what QEMU has written. */
    if (offset == SIZE_UNKNOWN && layer->record != LAYER_NO_RECORD) {
        *ret_why = "not known: QEMU is busy, and gives no figures";
        return SIZE_UNKNOWN;
    }
    if (offset == SIZE_UNKNOWN || offset == 0) {
        *ret_why = end == SIZE_UNKNOWN
                       ? "not known: QEMU has not written yet, and the image "
                         "can't be read, or was not closed"
                       : "the end of the image, as read: QEMU has not written "
                         "yet";
        return end;
    }
    if (end == SIZE_UNKNOWN || offset > end) {
        *ret_why = "the highest offset that QEMU has written (libvirt's "
                   "\"allocation\")";
        return whole_cluster(layer, offset);
    }
    *ret_why = "the end of the image, as read: QEMU has written no further "
               "since";
    return end;
}

/* QEMU counts a write that met the end of the device, too, and so may the
 * image's own refcounts. */
static uint64_t within(uint64_t end, uint64_t container)
{
    return end != SIZE_UNKNOWN && end > container ? container : end;
}

static struct sizes settle_block(const struct layer *layer,
                                 struct sizes_rules *why)
{
    const struct sizes *stated = &layer->stated;

    why->allocation = "the device: an image that does not grow takes it all";
    why->physical = "the size of the device (libvirt's \"physical\")";
    return (struct sizes){
        .capacity = stated->capacity,
        .allocation =
            format_grows(layer->format)
                ? within(image_end(layer, &why->allocation), stated->physical)
                : stated->physical,
        .physical = stated->physical,
    };
}

/* Behind most protocols QEMU can't tell what a server has allocated; libvirt
 * then says the capacity for "physical". That is right for a raw image. The
 * container of any other is as large as its server made it, and nobody says
 * how large that is. */
static struct sizes settle_network(const struct layer *layer,
                                   struct sizes_rules *why)
{
    const struct sizes *stated = &layer->stated;
    struct sizes sizes = SIZES_UNKNOWN;

    sizes.capacity = stated->capacity;
    why->physical = "not known: libvirt does not ask the server";
    if (sizes_is_raw(layer)) {
        sizes.allocation = stated->physical;
        sizes.physical = stated->capacity;
        why->allocation = "what the server says it takes (libvirt's "
                          "\"physical\")";
        why->physical = "the capacity: a raw image is as long";
    } else if (format_grows(layer->format)) {
        sizes.allocation = image_end(layer, &why->allocation);
    }
    return sizes;
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
static struct sizes settle_file_off(const struct layer *layer,
                                    struct sizes_rules *why)
{
    const struct look *seen = look_of(layer);
    const struct sizes *stated = &layer->stated;
    bool is_seen = seen->storage == STORAGE_FILE;

    why->allocation = stated->allocation != SIZE_UNKNOWN ? rule_stated
                      : is_seen ? "the file's blocks (stat)"
                                : rule_off_unknown;
    why->physical = stated->physical != SIZE_UNKNOWN ? rule_stated
                    : is_seen ? "the length of the file (stat)"
                              : rule_off_unknown;
    return (struct sizes){
        .allocation = first_known(stated->allocation,
                                  is_seen ? seen->blocks : SIZE_UNKNOWN),
        .physical = first_known(stated->physical,
                                is_seen ? seen->length : SIZE_UNKNOWN),
    };
}

/* Why the image itself says nothing. */
static const char *why_unread(const struct layer *layer)
{
    if (layer_is_being_read(layer))
        return rule_being_read;
    if (layer->image.unsound)
        return "not known: it is no image of that format";
    if (layer->image_state == IMAGE_READ && layer->image.dirty)
        return "not known: the image was not closed, and may not tell where "
               "it ends";
    return rule_off_unknown;
}

/* Where no format is stated the device is a storage volume, and what lies in
 * it nobody says; libvirt's figure is then the volume's own. */
static uint64_t block_off_allocation(const struct layer *layer, uint64_t device,
                                     const char **ret_why)
{
    *ret_why = rule_stated;
    if (layer->format == NULL)
        return layer->stated.allocation;
    *ret_why = "the device: an image that does not grow takes it all";
    if (!format_grows(layer->format))
        return device;
    uint64_t end = end_read(layer);
    *ret_why = end == SIZE_UNKNOWN ? why_unread(layer)
                                   : "the end of the image, as read";
    return within(end, device);
}

static struct sizes settle_block_off(const struct layer *layer,
                                     struct sizes_rules *why)
{
    bool is_read = layer->image_state == IMAGE_READ;
    uint64_t device = first_known(layer->stated.physical,
                                  is_read ? layer->image.length : SIZE_UNKNOWN);

    why->physical =
        device == SIZE_UNKNOWN ? rule_off_unknown : "the size of the device";
    return (struct sizes){
        .allocation = block_off_allocation(layer, device, &why->allocation),
        .physical = device,
    };
}

/* Of volumes libvirt knows what their server says. */
static struct sizes settle_network_off(const struct layer *layer,
                                       struct sizes_rules *why)
{
    bool grows = layer->format != NULL && format_grows(layer->format);

    why->allocation = why->physical = rule_stated;
    if (grows)
        why->allocation = rule_off_unknown;
    return (struct sizes){
        .allocation = grows ? SIZE_UNKNOWN : layer->stated.allocation,
        .physical = layer->stated.physical,
    };
}

/* For a device that holds no image libvirt takes the device's size. */
static uint64_t capacity_off(const struct layer *layer, const char **ret_why)
{
    bool is_read = layer->image_state == IMAGE_READ;

    *ret_why = why_unread(layer);
    if (layer->image.unsound || layer_is_being_read(layer))
        return SIZE_UNKNOWN;
    if (layer->stated.capacity != SIZE_UNKNOWN)
        *ret_why = rule_stated;
    else if (is_read)
        *ret_why = "what the image says";
    return first_known(layer->stated.capacity,
                       is_read ? layer->image.capacity : SIZE_UNKNOWN);
}

/* Nobody writes, so nothing but the image itself can say where it ends. */
static void settle_off(struct layer *layer)
{
    layer->sizes = SIZES_UNKNOWN;
    if (sizes_storage(layer) == STORAGE_NONE)
        return;
    if (sizes_storage(layer) == STORAGE_FILE)
        layer->sizes = settle_file_off(layer, &layer->rules);
    else if (sizes_storage(layer) == STORAGE_BLOCK)
        layer->sizes = settle_block_off(layer, &layer->rules);
    else if (sizes_storage(layer) == STORAGE_NETWORK)
        layer->sizes = settle_network_off(layer, &layer->rules);
    layer->sizes.capacity = capacity_off(layer, &layer->rules.capacity);
}

static void settle_running(struct layer *layer)
{
    switch (sizes_storage(layer)) {
    case STORAGE_FILE:
        layer->sizes = settle_file(layer, &layer->rules);
        break;
    case STORAGE_BLOCK:
        layer->sizes = settle_block(layer, &layer->rules);
        break;
    case STORAGE_NETWORK:
        layer->sizes = settle_network(layer, &layer->rules);
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
    layer->rules.capacity = rule_stated;
    layer->rules.allocation = layer->rules.physical =
        "not known: a kind of storage that has no rule";
    if (running)
        settle_running(layer);
    else
        settle_off(layer);
    keep(&layer->known.capacity, layer->sizes.capacity);
    keep(&layer->known.allocation, layer->sizes.allocation);
    keep(&layer->known.physical, layer->sizes.physical);
}

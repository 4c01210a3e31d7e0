/* SPDX-License-Identifier: MIT */
#include "explain.h"

#include "complain.h"
#include "images.h"
#include "sizes.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* What virDomainGetBlockInfo says: of the active layer, and of no other. */
struct info {
    const char *target;
    struct sizes sizes;
    bool known;
};

static void ask_info(const struct hypervisor *hypervisor,
                     const struct domain_ref *ref, void *job)
{
    struct info *info = job;

    info->known = hypervisor->block_info(hypervisor->context, ref, info->target,
                                         &info->sizes);
}

/* In use for ever where a device hangs. */
struct devices {
    const struct disk *disk;
    uint64_t *sizes; /* of its layers; SIZE_UNKNOWN where one lies on none */
};

static void measure_devices(const struct hypervisor *hypervisor, void *job)
{
    const struct devices *devices = job;

    for (size_t i = 0; i < devices->disk->layer_count; i++) {
        const struct layer *layer = &devices->disk->layers[i];
        /* A path of another host may be there on this one, too. */
        if (layer->path != NULL && sizes_storage(layer) == STORAGE_BLOCK &&
            hypervisor->is_local(hypervisor->context))
            devices->sizes[i] = images_device_size(layer->path);
    }
}

static uint64_t *unknown_sizes(size_t count)
{
    uint64_t *sizes = malloc((count + 1) * sizeof(*sizes));

    for (size_t i = 0; sizes != NULL && i < count; i++)
        sizes[i] = SIZE_UNKNOWN;
    return sizes;
}

/* To be freed. NULL when memory is short. */
static uint64_t *device_sizes(struct host *host, const struct disk *disk)
{
    static struct devices devices;

    devices = (struct devices){disk, unknown_sizes(disk->layer_count)};
    if (devices.sizes == NULL ||
        host_call(host, measure_devices, &devices,
                  "a device does not answer: its size is not known"))
        return devices.sizes;
    return unknown_sizes(disk->layer_count);
}

static void print_bytes(FILE *out, const char *name, uint64_t bytes)
{
    char text[TEXT_SIZE_LENGTH];

    text_size(text, bytes, true);
    fprintf(out, "  %s %s", name, text);
}

static void print_three(FILE *out, const char *who, const struct sizes *sizes)
{
    fprintf(out, "  %-28s", who);
    print_bytes(out, "capacity", sizes->capacity);
    print_bytes(out, "allocation", sizes->allocation);
    print_bytes(out, "physical", sizes->physical);
    putc('\n', out);
}

static void print_look(FILE *out, const struct layer *layer)
{
    const struct look *look = layer->seen.storage != STORAGE_UNKNOWN
                                  ? &layer->seen
                                  : &layer->image.seen;

    if (look->storage != STORAGE_FILE)
        return;
    fprintf(out, "  %-28s", "stat");
    print_bytes(out, "length", look->length);
    print_bytes(out, "blocks", look->blocks);
    if (look->free != SIZE_UNKNOWN)
        print_bytes(out, "free", look->free);
    putc('\n', out);
}

static void print_device(FILE *out, uint64_t size)
{
    if (size == SIZE_UNKNOWN)
        return;
    fprintf(out, "  %-28s", "blockdev (BLKGETSIZE64)");
    print_bytes(out, "size", size);
    putc('\n', out);
}

static void print_image(FILE *out, const struct layer *layer)
{
    const struct image *image = &layer->image;

    if (layer->image_state == IMAGE_UNREADABLE)
        fprintf(out, "  %-28s  can't be read\n", "the image");
    if (layer->image_state != IMAGE_READ)
        return;
    fprintf(out, "  %-28s", "the image");
    print_bytes(out, "container", image->length);
    print_bytes(out, "capacity", image->capacity);
    print_bytes(out, "end", image->end);
    if (image->largest == SIZE_UNBOUNDED)
        fputs("  largest unbounded (internal snapshots)", out);
    else
        print_bytes(out, "largest", image->largest);
    fputs(image->dirty ? "  not closed\n" : "\n", out);
}

static void print_result(FILE *out, const char *name, uint64_t bytes, bool has,
                         const char *rule)
{
    char text[TEXT_SIZE_LENGTH];

    text_size_of(text, bytes, true, has);
    fprintf(out, "  %-10s  %16s  %s\n", name, text, rule != NULL ? rule : "");
}

static void print_results(FILE *out, const struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;
    const struct sizes_rules *rules = &layer->rules;
    bool sized = sizes_storage(layer) != STORAGE_NONE;

    print_result(out, "capacity", sizes->capacity, sized, rules->capacity);
    print_result(out, "allocation", sizes->allocation, sized,
                 rules->allocation);
    print_result(out, "physical", sizes->physical, sized, rules->physical);
    print_result(out, "headroom", layer->headroom, sizes_has_headroom(layer),
                 rules->headroom);
    if (layer->percent >= 0)
        fprintf(out, "  %-10s  %16.2f  allocation of %s\n", "percent",
                layer->percent,
                sizes_storage(layer) == STORAGE_BLOCK ? "physical"
                                                      : "capacity");
}

static void print_layer(FILE *out, const struct disk *disk,
                        const struct layer *layer, const struct info *info,
                        uint64_t device)
{
    const char *source = text_source(layer);
    const char *storage = text_storage(layer->storage);
    char name[TEXT_LAYER_LENGTH];

    text_layer(name, layer);
    fprintf(out, "%s %s (%s): %s, %s", disk->target, name, layer_role(layer),
            layer->format != NULL ? layer->format : "format not said",
            storage != NULL ? storage : "storage not known");
    if (source != NULL) {
        fputs(", ", out);
        text_put(out, source);
    }
    if (layer->index != 0)
        fprintf(out, ", %s[%u]", disk->target, layer->index);
    fputs("\n raw\n", out);
    print_three(out, "virConnectGetAllDomainStats", &layer->stated);
    if (info->known && layer->role == ROLE_CHAIN && layer->depth == 0)
        print_three(out, "virDomainGetBlockInfo", &info->sizes);
    print_look(out, layer);
    print_device(out, device);
    print_image(out, layer);
    fputs(" result\n", out);
    print_results(out, layer);
}

/* Those of that name, or all. False where there is none. */
static bool print_layers(FILE *out, const struct disk *disk, const char *wanted,
                         const struct info *info, const uint64_t *devices)
{
    bool found = wanted == NULL;

    for (size_t i = 0; i < disk->layer_count; i++) {
        char name[TEXT_LAYER_LENGTH];
        text_layer(name, &disk->layers[i]);
        if (wanted != NULL && strcmp(name, wanted) != 0)
            continue;
        print_layer(out, disk, &disk->layers[i], info, devices[i]);
        found = true;
    }
    if (disk->layer_count == 0)
        fprintf(out, "%s: empty\n", disk->target);
    return found;
}

static bool explain_disk(FILE *out, struct host *host, const char *domain,
                         const struct disk *disk, const char *wanted)
{
    /* In use for ever where libvirt does not answer. */
    static struct info info;

    info.target = disk->target;
    if (!host_call_domain(host, domain, ask_info, &info))
        return false;
    uint64_t *devices = device_sizes(host, disk);
    bool found =
        devices != NULL && print_layers(out, disk, wanted, &info, devices);
    if (devices != NULL && !found)
        complain("disk \"%s\" has no layer \"%s\"", disk->target, wanted);
    free(devices);
    return found;
}

bool explain_print(FILE *out, struct host *host, const struct options *options)
{
    const char *name = options->arguments[0];
    const char *target = options->arguments[1];
    const struct inventory *inventory = host_read(host, true);

    if (inventory == NULL)
        return false;
    const struct domain *domain = host_find_domain(inventory, name);
    if (domain == NULL) {
        complain("no domain \"%s\"", name);
        return false;
    }
    if (!host_is_sized(domain)) {
        complain("domain \"%s\" %s", name, text_trouble(domain));
        return false;
    }
    const struct disk *disk = domain_find_disk(domain, target);
    if (disk == NULL) {
        complain("domain \"%s\" has no disk \"%s\"", name, target);
        return false;
    }
    return explain_disk(out, host, name, disk,
                        options->argument_count > 2 ? options->arguments[2]
                                                    : NULL);
}

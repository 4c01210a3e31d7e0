/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <inttypes.h>

static const char *const storages[] = {
    [STORAGE_UNKNOWN] = "unknown", [STORAGE_NONE] = "none",
    [STORAGE_FILE] = "file",       [STORAGE_BLOCK] = "block",
    [STORAGE_NETWORK] = "network", [STORAGE_VOLUME] = "volume",
};

static void dump_size(FILE *stream, const char *name, uint64_t size)
{
    if (size != SIZE_UNKNOWN)
        fprintf(stream, " %s=%" PRIu64, name, size);
}

void dump_sizes(FILE *stream, const struct sizes *sizes)
{
    dump_size(stream, "capacity", sizes->capacity);
    dump_size(stream, "allocation", sizes->allocation);
    dump_size(stream, "physical", sizes->physical);
}

static void dump_text(FILE *stream, const char *name, const char *text)
{
    if (text != NULL)
        fprintf(stream, " %s=%s", name, text);
}

static void dump_role(FILE *stream, const struct layer *layer)
{
    switch (layer->role) {
    case ROLE_CHAIN:
        fprintf(stream, "  layer %u", layer->depth);
        break;
    case ROLE_MIRROR:
        fprintf(stream, "  mirror");
        break;
    case ROLE_SCRATCH:
        fprintf(stream, "  scratch");
        break;
    }
}

static void dump_layer(FILE *stream, const struct layer *layer)
{
    dump_role(stream, layer);
    if (layer->index != 0)
        fprintf(stream, " index=%u", layer->index);
    fprintf(stream, " storage=%s", storages[layer->storage]);
    dump_text(stream, "format", layer->format);
    dump_text(stream, "pool", layer->pool);
    dump_text(stream, "volume", layer->volume);
    dump_text(stream, "server", layer->server);
    dump_text(stream, "path", layer->path);
    if (layer->record != LAYER_NO_RECORD)
        fprintf(stream, " record=%zu", layer->record);
    dump_sizes(stream, &layer->sizes);
    if (layer->target)
        fprintf(stream, " target");
    fprintf(stream, "\n");
}

void dump_domain(FILE *stream, const struct domain *domain)
{
    if (domain->metadata != NULL)
        fprintf(stream, "metadata %s\n", domain->metadata);
    for (size_t i = 0; i < domain->disk_count; i++) {
        const struct disk *disk = &domain->disks[i];
        fprintf(stream, "disk %s\n", disk->target);
        for (size_t j = 0; j < disk->layer_count; j++)
            dump_layer(stream, &disk->layers[j]);
    }
}

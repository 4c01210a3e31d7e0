/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include "blockstats.h"
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void image_clear(struct image *image)
{
    free(image->backing_name);
    free(image->backing_format);
    *image = (struct image){0};
}

uint64_t look_digest(const struct look *seen)
{
    uint64_t hash =
        hash_bytes(HASH_START, &seen->storage, sizeof(seen->storage));

    hash = hash_bytes(hash, &seen->device, sizeof(seen->device));
    return hash_bytes(hash, &seen->inode, sizeof(seen->inode));
}

void layer_clear(struct layer *layer)
{
    image_clear(&layer->image);
    free(layer->format);
    free(layer->path);
    free(layer->pool);
    free(layer->volume);
    free(layer->server);
    *layer = (struct layer){0};
}

const char *layer_role(const struct layer *layer)
{
    switch (layer->role) {
    case ROLE_MIRROR:
        return "mirror";
    case ROLE_SCRATCH:
        return "scratch";
    case ROLE_CHAIN:
        break;
    }
    return layer->depth == 0 ? "active" : "backing";
}

bool layer_is_being_read(const struct layer *layer)
{
    return layer->image_state == IMAGE_UNREAD && layer->image_asked != 0;
}

bool layer_holds_all(const struct layer *layer)
{
    return !layer->image.external_data && !layer_is_being_read(layer);
}

void disk_cut_layers(struct disk *disk, size_t position)
{
    while (disk->layer_count > position)
        layer_clear(&disk->layers[--disk->layer_count]);
}

void disk_clear(struct disk *disk)
{
    disk_cut_layers(disk, 0);
    free(disk->layers);
    free(disk->target);
    free(disk->alias);
    free(disk->instance);
    *disk = (struct disk){0};
}

void domain_clear_disks(struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        disk_clear(&domain->disks[i]);
    free(domain->disks);
    domain->disks = NULL;
    domain->disk_count = 0;
}

void domain_move_disks(struct domain *to, struct domain *from)
{
    to->disks = from->disks;
    to->disk_count = from->disk_count;
    from->disks = NULL;
    from->disk_count = 0;
}

void domain_clear(struct domain *domain)
{
    domain_clear_disks(domain);
    free(domain->name);
    free(domain->host);
    free(domain->instance);
    free(domain->metadata);
    *domain = (struct domain){0};
}

struct disk *domain_add_disk(struct domain *domain, const char *target)
{
    struct disk *disks =
        realloc(domain->disks, (domain->disk_count + 1) * sizeof(*disks));
    if (disks == NULL)
        return NULL;
    domain->disks = disks;

    struct disk *disk = &disks[domain->disk_count];
    *disk = (struct disk){.target = strdup(target),
                          .job_left = SIZE_UNKNOWN,
                          .job_start = SIZE_UNKNOWN};
    if (disk->target == NULL)
        return NULL;
    domain->disk_count++;
    return disk;
}

void domain_remove_disk(struct domain *domain, size_t position)
{
    struct disk *disk = &domain->disks[position];

    disk_clear(disk);
    domain->disk_count--;
    memmove(disk, disk + 1, (domain->disk_count - position) * sizeof(*disk));
}

struct layer *disk_add_layer(struct disk *disk)
{
    struct layer *layers =
        realloc(disk->layers, (disk->layer_count + 1) * sizeof(*layers));
    if (layers == NULL)
        return NULL;
    disk->layers = layers;

    struct layer *layer = &layers[disk->layer_count++];
    *layer = (struct layer){
        .record = LAYER_NO_RECORD,
        .stated = SIZES_UNKNOWN,
        .first_offset = SIZE_UNKNOWN,
        .sizes = SIZES_UNKNOWN,
        .known = SIZES_UNKNOWN,
        .headroom = SIZE_UNKNOWN,
        .percent = PERCENT_UNKNOWN,
    };
    return layer;
}

size_t domain_count_layers(const struct domain *domain)
{
    size_t layers = 0;

    for (size_t i = 0; i < domain->disk_count; i++)
        layers += domain->disks[i].layer_count;
    return layers;
}

bool domain_is_known(const struct domain *domain)
{
    return domain->answered || domain->id == DOMAIN_OFF;
}

struct disk *domain_find_disk(const struct domain *domain, const char *target)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (strcmp(domain->disks[i].target, target) == 0)
            return &domain->disks[i];
    return NULL;
}

struct layer *disk_find_layer(const struct disk *disk, unsigned index)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].index == index)
            return &disk->layers[i];
    return NULL;
}

uint64_t disk_chain_digest(const struct disk *disk)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].role == ROLE_CHAIN)
            hash = hash_bytes(hash, &disk->layers[i].index,
                              sizeof(disk->layers[i].index));
    return hash;
}

void disk_forget_writes(struct disk *disk)
{
    disk->failed = 0;
    for (size_t i = 0; i < disk->layer_count; i++) {
        disk->layers[i].first_offset = SIZE_UNKNOWN;
        disk->layers[i].crossed = false;
    }
}

static void carry_disk(struct disk *to, const struct disk *from)
{
    to->arm_after = from->arm_after;
    to->job = from->job;
    to->job_left = from->job_left;
    to->job_heard = from->job_heard;
    to->job_chain = from->job_chain;
    to->job_start = from->job_start;
    to->job_missed = from->job_missed;
    to->failed = disk_find_layer(to, from->failed) ? from->failed : 0;
}

void domain_carry_over(struct domain *to, const struct domain *from)
{
    for (size_t i = 0; i < to->disk_count; i++) {
        const struct disk *old = domain_find_disk(from, to->disks[i].target);
        if (old != NULL)
            carry_disk(&to->disks[i], old);
    }
}

size_t disk_chain_length(const struct disk *disk)
{
    size_t length = 0;

    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].role == ROLE_CHAIN)
            length++;
    return length;
}

/* Whether an image of that format may be based on another. */
static bool format_has_backing(const char *format)
{
    return format == NULL ||
           (strcmp(format, "raw") != 0 && strcmp(format, "luks") != 0);
}

bool disk_chain_is_known(const struct domain *domain, const struct disk *disk)
{
    if (domain->id != DOMAIN_OFF || disk->given || disk->ended)
        return true;
    /* An empty drive; an image that can't have another below it. */
    return disk->layer_count == 0 ||
           !format_has_backing(disk->layers[disk->layer_count - 1].format);
}

static bool layer_fits(const struct layer *layer,
                       const struct blockrecord *record)
{
    if (layer->index != 0 && record->index != 0)
        return layer->index == record->index;
    if (layer->path != NULL && record->path != NULL)
        return strcmp(layer->path, record->path) == 0;
    return layer->role == ROLE_CHAIN;
}

bool chain_bind(struct domain *domain, const struct blockrecord *record,
                size_t position)
{
    if (record->target == NULL)
        return false;

    struct disk *disk = domain_find_disk(domain, record->target);
    if (disk == NULL)
        return false;

    for (size_t i = 0; i < disk->layer_count; i++) {
        struct layer *layer = &disk->layers[i];
        if (layer->record == LAYER_NO_RECORD && layer_fits(layer, record)) {
            layer->record = position;
            return true;
        }
    }
    return false;
}

enum storage storage_named(const char *word)
{
    static const struct {
        const char *word;
        enum storage storage;
    } kinds[] = {
        {"file", STORAGE_FILE},       {"block", STORAGE_BLOCK},
        {"network", STORAGE_NETWORK}, {"volume", STORAGE_VOLUME},
        {"dir", STORAGE_NONE},        {"netdir", STORAGE_NONE},
        {"vhostuser", STORAGE_NONE},  {"vhostvdpa", STORAGE_NONE},
    };

    for (size_t i = 0; word != NULL && i < sizeof(kinds) / sizeof(kinds[0]);
         i++)
        if (strcmp(word, kinds[i].word) == 0)
            return kinds[i].storage;
    return STORAGE_UNKNOWN;
}

bool text_replace(char **text, const char *value)
{
    if (*text != NULL && strcmp(*text, value) == 0)
        return true;

    char *copy = strdup(value);
    if (copy == NULL)
        return false;
    free(*text);
    *text = copy;
    return true;
}

void uuid_format(char ret_text[UUID_TEXT_SIZE],
                 const unsigned char uuid[UUID_BYTES])
{
    char *end = ret_text;

    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *end++ = '-';
        end += sprintf(end, "%02x", uuid[i]);
    }
}

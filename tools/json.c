/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "host.h"
#include "job.h"
#include "sizes.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>

/* Of the document's form: another one when a program that reads it would have
 * to change. */
#define VERSION_OF_FORM 1

/* Memory was short somewhere: all that is built is of no use. */
static bool failed;

static void add(struct json_object *to, const char *name,
                struct json_object *value)
{
    if (value == NULL || json_object_object_add(to, name, value) != 0) {
        json_object_put(value);
        failed = true;
    }
}

static void append(struct json_object *to, struct json_object *value)
{
    if (value == NULL || json_object_array_add(to, value) != 0) {
        json_object_put(value);
        failed = true;
    }
}

static void add_text(struct json_object *to, const char *name, const char *text)
{
    if (text != NULL && text_is_utf8(text))
        add(to, name, json_object_new_string(text));
}

/* Sizes of files and devices are below 2^63. */
static void add_size(struct json_object *to, const char *name, uint64_t bytes)
{
    if (bytes <= INT64_MAX)
        add(to, name, json_object_new_int64((int64_t)bytes));
}

/* Two decimals: more would be noise. */
static void add_percent(struct json_object *to, double percent)
{
    char text[16];

    if (percent < 0)
        return;
    snprintf(text, sizeof(text), "%.2f", percent);
    add(to, "percent", json_object_new_double_s(percent, text));
}

static void add_uuid(struct json_object *to, const unsigned char *uuid)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(text, uuid);
    add_text(to, "uuid", text);
}

static struct json_object *make_layer(const struct layer *layer)
{
    struct json_object *object = json_object_new_object();
    char name[TEXT_LAYER_LENGTH];

    text_layer(name, layer);
    add_text(object, "name", name);
    add_text(object, "role", layer_role(layer));
    add_size(object, "depth", layer->depth);
    if (layer->index != 0)
        add_size(object, "index", layer->index);
    add_text(object, "format", layer->format);
    add_text(object, "storage", text_storage(layer->storage));
    add_text(object, "source", text_source(layer));
    if (layer->missing)
        add(object, "missing", json_object_new_boolean(true));
    add_size(object, "capacity", layer->sizes.capacity);
    add_size(object, "allocation", layer->sizes.allocation);
    add_size(object, "physical", layer->sizes.physical);
    add_size(object, "headroom", layer->headroom);
    add_percent(object, layer->percent);
    if (layer->threshold != 0)
        add_size(object, "threshold", layer->threshold);
    return object;
}

static void add_layers(struct json_object *to, const struct disk *disk)
{
    struct json_object *layers = json_object_new_array();

    for (size_t i = 0; i < disk->layer_count; i++)
        append(layers, make_layer(&disk->layers[i]));
    add(to, "layers", layers);
}

static void add_job(struct json_object *to, const struct disk *disk)
{
    if (!disk->job_fresh)
        return;

    struct json_object *job = json_object_new_object();
    add_text(job, "kind", job_name(disk->job.kind));
    add_percent(job, job_percent(&disk->job));
    add_size(job, "left", disk->job_left);
    add(to, "job", job);
}

static struct json_object *make_disk(const struct disk *disk)
{
    struct json_object *object = json_object_new_object();

    add_text(object, "target", disk->target);
    add(object, "readonly", json_object_new_boolean(disk->readonly));
    add_job(object, disk);
    add_layers(object, disk);
    return object;
}

/* Of a domain that gives no sizes no more is known than why. */
static struct json_object *make_domain(const struct domain *domain)
{
    struct json_object *object = json_object_new_object();
    struct json_object *disks = json_object_new_array();
    bool off = domain->id == DOMAIN_OFF;
    bool known = host_is_sized(domain);

    add_text(object, "name", domain->name);
    add_uuid(object, domain->uuid);
    add(object, "running", json_object_new_boolean(!off));
    add(object, "answered", json_object_new_boolean(known));
    if (!known)
        add_text(object, "reason", text_reason(domain));
    for (size_t i = 0; known && i < domain->disk_count; i++)
        append(disks, make_disk(&domain->disks[i]));
    add(object, "disks", disks);
    return object;
}

/* A volume that has no other name must have one: bytes that are no ASCII are
 * then written as "\\xe4". */
static void add_name(struct json_object *to, const char *name)
{
    char *text = NULL;
    size_t size;
    FILE *stream = text_is_utf8(name) ? NULL : open_memstream(&text, &size);

    for (const char *c = name; stream != NULL && *c != '\0'; c++)
        fprintf(stream, (unsigned char)*c < 0x80 ? "%c" : "\\x%02x",
                (unsigned)(unsigned char)*c);
    if (stream != NULL)
        fclose(stream);
    add_text(to, "name", text != NULL ? text : name);
    free(text);
}

static struct json_object *make_volume(const struct disk *volume)
{
    struct json_object *object = json_object_new_object();

    add_name(object, volume->target);
    add_layers(object, volume);
    return object;
}

static struct json_object *make_pool(const struct pool *pool)
{
    struct json_object *object = json_object_new_object();
    struct json_object *volumes = json_object_new_array();

    add_text(object, "name", pool->volumes.name);
    add_uuid(object, pool->volumes.uuid);
    add_size(object, "capacity", pool->capacity);
    add_size(object, "allocation", pool->allocation);
    add_size(object, "available", pool->available);
    for (size_t i = 0; i < pool->volumes.disk_count; i++)
        append(volumes, make_volume(&pool->volumes.disks[i]));
    add(object, "volumes", volumes);
    return object;
}

/* Of others libvirt never tells all, and no other run would. */
static bool is_measured(const struct layer *layer)
{
    enum storage storage = sizes_storage(layer);

    return storage == STORAGE_FILE || storage == STORAGE_BLOCK ||
           storage == STORAGE_VOLUME;
}

static bool has_sizes(const struct domain *domain, const struct disk *disk)
{
    bool chain = disk_chain_is_known(domain, disk);

    for (size_t i = 0; i < disk->layer_count; i++) {
        const struct layer *layer = &disk->layers[i];
        const struct sizes *sizes = &layer->sizes;
        if (is_measured(layer) && (sizes->capacity == SIZE_UNKNOWN ||
                                   sizes->allocation == SIZE_UNKNOWN ||
                                   sizes->physical == SIZE_UNKNOWN))
            return false;
        /* What lies below the last one, only that one can tell. */
        chain = chain || (i + 1 == disk->layer_count && !is_measured(layer));
    }
    return chain;
}

static bool all_have_sizes(const struct domain *domain)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (!has_sizes(domain, &domain->disks[i]))
            return false;
    return true;
}

static bool is_complete(const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        if (!all_have_sizes(inventory->domains[i]))
            return false;
    for (size_t i = 0; i < inventory->pools->count; i++)
        if (!all_have_sizes(&inventory->pools->pools[i]->volumes))
            return false;
    return true;
}

static struct json_object *make_document(const struct inventory *inventory,
                                         bool whole)
{
    struct json_object *document = json_object_new_object();
    struct json_object *domains = json_object_new_array();
    struct json_object *pools = json_object_new_array();

    add(document, "version", json_object_new_int(VERSION_OF_FORM));
    add(document, "complete",
        json_object_new_boolean(whole && is_complete(inventory)));
    add_text(document, "hypervisor", inventory->hostname);
    for (size_t i = 0; i < inventory->count; i++)
        append(domains, make_domain(inventory->domains[i]));
    add(document, "domains", domains);
    for (size_t i = 0; i < inventory->pools->count; i++)
        append(pools, make_pool(inventory->pools->pools[i]));
    add(document, "pools", pools);
    return document;
}

bool json_print(FILE *out, const struct inventory *inventory, bool whole)
{
    struct json_object *document = make_document(inventory, whole);
    const char *text = json_object_to_json_string_ext(
        document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    bool good = !failed && text != NULL && fprintf(out, "%s\n", text) > 0;

    json_object_put(document);
    return good;
}

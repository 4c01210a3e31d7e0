/* SPDX-License-Identifier: MIT */
#include "emit.h"

#include "identity.h"
#include "job.h"

#include <collectd.h>
#include <plugin.h>
#include <stdio.h>

_Static_assert(DATA_MAX_NAME_LEN >= IDENTITY_SIZE,
               "a name would be cut, and the hash at its end with it");

static void set_field(char field[DATA_MAX_NAME_LEN], const char *text)
{
    snprintf(field, DATA_MAX_NAME_LEN, "%s", text);
}

static void emit(value_list_t *list, const char *type, double number)
{
    value_t value = {.gauge = number};

    list->values = &value;
    list->values_len = 1;
    set_field(list->type, type);
    plugin_dispatch_values(list);
}

static void emit_size(value_list_t *list, const char *type, uint64_t bytes)
{
    if (bytes != SIZE_UNKNOWN)
        emit(list, type, (double)bytes);
}

static void emit_layer(value_list_t *list, const struct layer *layer,
                       enum layer_format format)
{
    identity_layer(list->type_instance, format, layer);
    emit_size(list, "disk_capacity", layer->sizes.capacity);
    emit_size(list, "disk_allocation", layer->sizes.allocation);
    emit_size(list, "disk_physical", layer->sizes.physical);
    emit_size(list, "disk_headroom", layer->headroom);
    if (layer->percent >= 0)
        emit(list, "percent", layer->percent);
    if (layer->threshold > 0)
        emit_size(list, "disk_threshold", layer->threshold);
}

static void emit_job(value_list_t *list, const struct disk *disk)
{
    if (!disk->job_fresh)
        return;
    double percent = job_percent(&disk->job);
    set_field(list->type_instance, job_name(disk->job.kind));
    if (percent >= 0)
        emit(list, "block_job", percent);
    emit_size(list, "block_job_left", disk->job_left);
}

static void emit_layers(value_list_t *list, const struct disk *disk,
                        enum layer_format format)
{
    set_field(list->plugin_instance, disk->instance);
    for (size_t i = 0; i < disk->layer_count; i++)
        emit_layer(list, &disk->layers[i], format);
}

/* Nobody tells how many there were: 0 is not known. */
static void emit_errors(value_list_t *list, unsigned errors)
{
    set_field(list->type_instance, "errors");
    if (errors > 0)
        emit(list, "count", errors);
}

static void emit_disk(value_list_t *list, const struct domain *domain,
                      const struct disk *disk, enum layer_format format)
{
    emit_layers(list, disk, format);
    set_field(list->type_instance, "layers");
    if (disk_chain_is_known(domain, disk))
        emit(list, "count", (double)disk_chain_length(disk));
    emit_job(list, disk);
    emit_errors(list, disk->errors);
}

static void emit_pool(value_list_t *list, const struct pool *pool,
                      enum layer_format format)
{
    const struct domain *volumes = &pool->volumes;

    set_field(list->plugin_instance, pool->instance);
    set_field(list->type_instance, "capacity");
    emit(list, "bytes", (double)pool->capacity);
    set_field(list->type_instance, "allocation");
    emit(list, "bytes", (double)pool->allocation);
    set_field(list->type_instance, "available");
    emit(list, "bytes", (double)pool->available);
    for (size_t i = 0; i < volumes->disk_count; i++)
        emit_layers(list, &volumes->disks[i], format);
}

/* Of a domain that did not answer no more is known than since when. */
static size_t emit_domain(value_list_t *list, const struct domain *domain,
                          enum layer_format format)
{
    size_t layers = 0;

    set_field(list->host, domain->host);
    for (size_t i = 0; i < domain->disk_count; i++) {
        const struct disk *disk = &domain->disks[i];
        if (domain_is_known(domain))
            emit_disk(list, domain, disk, format);
        layers += disk_chain_length(disk);
    }
    if (domain->id == DOMAIN_OFF)
        return layers;
    set_field(list->plugin_instance, domain->instance);
    set_field(list->type_instance, "stale");
    emit(list, "duration", domain->stale);
    emit_errors(list, domain->errors);
    return layers;
}

static void emit_totals(value_list_t *list, const struct totals *totals)
{
    set_field(list->type_instance, "capacity");
    emit_size(list, "bytes", totals->capacity);
    set_field(list->type_instance, "allocation");
    emit_size(list, "bytes", totals->allocation);
    set_field(list->type_instance, "unsized");
    emit(list, "count", (double)totals->unsized);
}

/* The plugin's own figures. Without an answer it is not known how many domains
 * there are; but those that are known do not answer. */
static void emit_self(value_list_t *list, const struct inventory *inventory,
                      size_t layers, double seconds)
{
    set_field(list->plugin_instance, "");
    if (inventory->answered) {
        set_field(list->type_instance, "domains");
        emit(list, "count", (double)inventory->count);
        set_field(list->type_instance, "layers");
        emit(list, "count", (double)layers);
        if (inventory->counted)
            emit_totals(list, &inventory->totals);
    }
    if (inventory->answered || inventory->count > 0) {
        set_field(list->type_instance, "stalled");
        emit(list, "count", (double)inventory->stalled);
    }
    set_field(list->type_instance, "calls");
    emit(list, "count", (double)inventory->calls);
    set_field(list->type_instance, "read");
    emit(list, "duration", seconds);
}

void emit_inventory(const struct inventory *inventory,
                    enum layer_format layer_format, double seconds)
{
    /* One time for all: the values belong together. */
    value_list_t list = VALUE_LIST_INIT;
    size_t layers = 0;

    list.time = cdtime();
    list.interval = plugin_get_interval();
    set_field(list.plugin, PLUGIN_NAME);
    for (size_t i = 0; i < inventory->count; i++)
        layers += emit_domain(&list, inventory->domains[i], layer_format);
    if (inventory->hostname == NULL)
        return;
    set_field(list.host, inventory->hostname);
    for (size_t i = 0; inventory->answered && i < inventory->pools->count; i++)
        emit_pool(&list, inventory->pools->pools[i], layer_format);
    emit_self(&list, inventory, layers, seconds);
}

/* Made from types.db.d/virt_backing.db by the build. */
static const struct {
    const char *type;
    data_source_t source;
} types[] = {
#include "types_db.h"
};

bool emit_register_types(void)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        data_source_t source = types[i].source;
        data_set_t set = {.ds_num = 1, .ds = &source};

        if (plugin_get_ds(types[i].type) != NULL)
            continue;
        set_field(set.type, types[i].type);
        if (plugin_register_data_set(&set) != 0)
            return false;
    }
    return true;
}

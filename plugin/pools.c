/* SPDX-License-Identifier: MIT */
#include "pools.h"

#include "identity.h"
#include "imageplan.h"
#include "volchain.h"

#include <stdlib.h>
#include <string.h>

/* A reading under way. */
struct reading {
    struct pools *pools;
    const struct hypervisor *hypervisor;
    bool volumes;
    bool local;
    struct pool *pool; /* whose volumes are visited */
};

static void pool_free(struct pool *pool)
{
    domain_clear(&pool->volumes);
    free(pool->instance);
    free(pool);
}

void pools_clear(struct pools *pools)
{
    for (size_t i = 0; i < pools->count; i++)
        pool_free(pools->pools[i]);
    free(pools->pools);
    *pools = (struct pools){0};
}

static struct pool *find_pool(const struct pools *pools,
                              const unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < pools->count; i++)
        if (memcmp(pools->pools[i]->volumes.uuid, uuid, UUID_BYTES) == 0)
            return pools->pools[i];
    return NULL;
}

struct domain *pools_find(const struct pools *pools,
                          const unsigned char uuid[UUID_BYTES])
{
    struct pool *pool = find_pool(pools, uuid);

    return pool == NULL ? NULL : &pool->volumes;
}

static struct pool *add_pool(struct pools *pools,
                             const unsigned char uuid[UUID_BYTES])
{
    struct pool **all =
        realloc(pools->pools, (pools->count + 1) * sizeof(struct pool *));
    if (all == NULL)
        return NULL;
    pools->pools = all;

    struct pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return NULL;
    memcpy(pool->volumes.uuid, uuid, UUID_BYTES);
    pool->volumes.id = DOMAIN_OFF;
    all[pools->count++] = pool;
    return pool;
}

static bool is_taken(const struct pools *pools, const char *instance)
{
    for (size_t i = 0; i < pools->count; i++) {
        const struct domain *volumes = &pools->pools[i]->volumes;
        for (size_t j = 0; j < volumes->disk_count; j++)
            if (volumes->disks[j].instance != NULL &&
                strcmp(volumes->disks[j].instance, instance) == 0)
                return true;
    }
    return false;
}

/* "a-b" and "c" would make the same name as "a" and "b-c". */
static void name_volume(const struct pools *pools, const struct domain *volumes,
                        struct disk *disk)
{
    char name[IDENTITY_SIZE];

    identity_volume(name, volumes->name, disk->target, NULL);
    if (is_taken(pools, name))
        identity_volume(name, volumes->name, disk->target, volumes->uuid);
    text_replace(&disk->instance, name);
}

static void visit_volume(void *context, const char *name, const char *xml)
{
    struct reading *reading = context;
    struct domain *volumes = &reading->pool->volumes;
    struct volume_backing backing = {0};
    struct disk *disk = domain_add_disk(volumes, name);

    if (disk == NULL)
        return;
    disk->own = 1;
    if (!volxml_read(xml, disk, &backing))
        domain_remove_disk(volumes, volumes->disk_count - 1);
    else if (!reading->local)
        volchain_follow(reading->hypervisor, disk, &backing);
    volume_backing_clear(&backing);
}

static void read_volumes(struct reading *reading, const struct pool_ref *ref)
{
    const struct hypervisor *hypervisor = reading->hypervisor;
    struct pool *pool = reading->pool;

    pool->listed = hypervisor->read_volumes(hypervisor->context, ref,
                                            visit_volume, reading);
}

static void visit_pool(void *context, const struct pool_ref *ref)
{
    struct reading *reading = context;
    struct pool *pool = add_pool(reading->pools, ref->uuid);
    char name[IDENTITY_SIZE];

    if (pool == NULL)
        return;
    identity_pool(name, ref->name);
    if (!text_replace(&pool->volumes.name, ref->name) ||
        !text_replace(&pool->instance, name)) {
        pool_free(pool);
        reading->pools->count--;
        return;
    }
    pool->capacity = ref->capacity;
    pool->allocation = ref->allocation;
    pool->available = ref->available;
    pool->listed = true;
    reading->pool = pool;
    if (reading->volumes)
        read_volumes(reading, ref);
}

bool pools_read(struct pools *ret_pools, const struct hypervisor *hypervisor,
                bool volumes, bool local)
{
    struct pools pools = {0};
    struct reading reading = {
        .pools = &pools,
        .hypervisor = hypervisor,
        .volumes = volumes,
        .local = local,
    };

    if (!hypervisor->read_pools(hypervisor->context, visit_pool, &reading)) {
        pools_clear(&pools);
        return false;
    }
    *ret_pools = pools;
    return true;
}

/* Where the volumes could not be listed, what was known still holds as far as
 * is known. */
static void carry_over(struct pool *to, struct pool *from, bool local)
{
    if (!to->listed) {
        domain_clear_disks(&to->volumes);
        domain_move_disks(&to->volumes, &from->volumes);
    } else if (local) {
        imageplan_carry_over(&to->volumes, &from->volumes);
    }
}

/* A volume that has a name keeps it. */
static void keep_names(struct domain *to, const struct domain *from)
{
    for (size_t i = 0; i < to->disk_count; i++) {
        const struct disk *old = domain_find_disk(from, to->disks[i].target);
        if (old != NULL && old->instance != NULL)
            text_replace(&to->disks[i].instance, old->instance);
    }
}

static void name_volumes(struct pools *pools)
{
    for (size_t i = 0; i < pools->count; i++) {
        struct domain *volumes = &pools->pools[i]->volumes;
        for (size_t j = 0; j < volumes->disk_count; j++)
            if (volumes->disks[j].instance == NULL)
                name_volume(pools, volumes, &volumes->disks[j]);
        /* Memory was short. */
        for (size_t j = volumes->disk_count; j-- > 0;)
            if (volumes->disks[j].instance == NULL)
                domain_remove_disk(volumes, j);
    }
}

void pools_replace(struct pools *pools, struct pools *fresh, bool local)
{
    for (size_t i = 0; i < fresh->count; i++) {
        struct pool *to = fresh->pools[i];
        struct pool *from = find_pool(pools, to->volumes.uuid);
        if (from == NULL)
            continue;
        keep_names(&to->volumes, &from->volumes);
        carry_over(to, from, local);
    }
    name_volumes(fresh);
    pools_clear(pools);
    *pools = *fresh;
    *fresh = (struct pools){0};
}

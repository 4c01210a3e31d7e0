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

static bool is_taken(const struct pools *pools, const struct pool *but,
                     const char *instance)
{
    for (size_t i = 0; i < pools->count; i++) {
        const struct domain *volumes = &pools->pools[i]->volumes;
        for (size_t j = 0; pools->pools[i] != but && j < volumes->disk_count;
             j++)
            if (volumes->disks[j].instance != NULL &&
                strcmp(volumes->disks[j].instance, instance) == 0)
                return true;
    }
    return false;
}

/* "a-b" and "c" would make the same name as "a" and "b-c". */
static bool name_volume(const struct reading *reading, struct disk *disk)
{
    const struct domain *volumes = &reading->pool->volumes;
    char name[IDENTITY_SIZE];

    identity_volume(name, volumes->name, disk->target, NULL);
    if (is_taken(reading->pools, reading->pool, name))
        identity_volume(name, volumes->name, disk->target, volumes->uuid);
    return text_replace(&disk->instance, name);
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
    if (!volxml_read(xml, disk, &backing) || !name_volume(reading, disk))
        domain_remove_disk(volumes, volumes->disk_count - 1);
    else if (!reading->local)
        volchain_follow(reading->hypervisor, disk, &backing);
    volume_backing_clear(&backing);
}

static void read_volumes(struct reading *reading, const struct pool_ref *ref)
{
    const struct hypervisor *hypervisor = reading->hypervisor;
    struct domain *volumes = &reading->pool->volumes;
    struct domain before = {0};

    domain_move_disks(&before, volumes);
    if (!hypervisor->read_volumes(hypervisor->context, ref, visit_volume,
                                  reading)) {
        /* What was known still holds, as far as is known. */
        domain_clear_disks(volumes);
        domain_move_disks(volumes, &before);
        return;
    }
    if (reading->local)
        imageplan_carry_over(volumes, &before);
    domain_clear_disks(&before);
}

static void visit_pool(void *context, const struct pool_ref *ref)
{
    struct reading *reading = context;
    struct pool *pool = find_pool(reading->pools, ref->uuid);
    char name[IDENTITY_SIZE];

    if (pool == NULL)
        pool = add_pool(reading->pools, ref->uuid);
    if (pool == NULL)
        return;
    identity_pool(name, ref->name);
    if (!text_replace(&pool->volumes.name, ref->name) ||
        !text_replace(&pool->instance, name))
        return;
    pool->capacity = ref->capacity;
    pool->allocation = ref->allocation;
    pool->available = ref->available;
    pool->seen = true;
    reading->pool = pool;
    if (reading->volumes)
        read_volumes(reading, ref);
}

static void sweep(struct pools *pools)
{
    size_t kept = 0;

    for (size_t i = 0; i < pools->count; i++)
        if (pools->pools[i]->seen)
            pools->pools[kept++] = pools->pools[i];
        else
            pool_free(pools->pools[i]);
    pools->count = kept;
}

bool pools_read(struct pools *pools, const struct hypervisor *hypervisor,
                bool volumes, bool local)
{
    struct reading reading = {
        .pools = pools,
        .hypervisor = hypervisor,
        .volumes = volumes,
        .local = local,
    };

    for (size_t i = 0; i < pools->count; i++)
        pools->pools[i]->seen = false;
    if (!hypervisor->read_pools(hypervisor->context, visit_pool, &reading))
        return false;
    sweep(pools);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * Pools and volumes of libvirt, whose connection breaks at each call in turn:
 * what was not reached is not gone. libvirt is of paper here.
 */
#include "pools.h"
#include "storage.h"
#include "unit.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOLS 3
#define VOLUMES 3

/* Of names alone. */
struct _virStoragePool {
    char name[8];
};
struct _virStorageVol {
    char name[8];
};

static unsigned breaks_at; /* calls that are answered before; ~0u: all are */
static unsigned made;
static int error_domain;
static unsigned handles; /* that are not freed */

static bool is_answered(void)
{
    bool answered = made++ < breaks_at;

    error_domain = answered ? VIR_FROM_NONE : VIR_FROM_RPC;
    return answered;
}

int virGetLastErrorCode(void)
{
    return error_domain == VIR_FROM_NONE ? VIR_ERR_OK : VIR_ERR_INTERNAL_ERROR;
}

int virGetLastErrorDomain(void)
{
    return error_domain;
}

int virConnectListAllStoragePools(virConnectPtr conn, virStoragePoolPtr **pools,
                                  unsigned flags)
{
    (void)conn;
    (void)flags;
    if (!is_answered())
        return -1;
    *pools = calloc(POOLS + 1, sizeof(virStoragePoolPtr));
    for (unsigned i = 0; i < POOLS; i++) {
        (*pools)[i] = calloc(1, sizeof(***pools));
        snprintf((*pools)[i]->name, sizeof((*pools)[i]->name), "p%u", i);
        handles++;
    }
    return POOLS;
}

const char *virStoragePoolGetName(virStoragePoolPtr pool)
{
    return pool->name;
}

int virStoragePoolGetUUID(virStoragePoolPtr pool, unsigned char *uuid)
{
    memset(uuid, pool->name[1], UUID_BYTES);
    return 0;
}

int virStoragePoolGetInfo(virStoragePoolPtr pool, virStoragePoolInfoPtr info)
{
    (void)pool;
    *info = (virStoragePoolInfo){.capacity = 100, .available = 50};
    return is_answered() ? 0 : -1;
}

/* As libvirt: this forgets the last error. */
int virStoragePoolFree(virStoragePoolPtr pool)
{
    error_domain = VIR_FROM_NONE;
    handles--;
    free(pool);
    return 0;
}

int virStoragePoolListAllVolumes(virStoragePoolPtr pool,
                                 virStorageVolPtr **volumes, unsigned flags)
{
    (void)pool;
    (void)flags;
    if (!is_answered())
        return -1;
    *volumes = calloc(VOLUMES + 1, sizeof(virStorageVolPtr));
    for (unsigned i = 0; i < VOLUMES; i++) {
        (*volumes)[i] = calloc(1, sizeof(***volumes));
        snprintf((*volumes)[i]->name, sizeof((*volumes)[i]->name), "v%u", i);
        handles++;
    }
    return VOLUMES;
}

const char *virStorageVolGetName(virStorageVolPtr volume)
{
    return volume->name;
}

char *virStorageVolGetXMLDesc(virStorageVolPtr volume, unsigned flags)
{
    (void)volume;
    (void)flags;
    return is_answered() ? strdup("<volume type='block'/>") : NULL;
}

int virStorageVolFree(virStorageVolPtr volume)
{
    error_domain = VIR_FROM_NONE;
    handles--;
    free(volume);
    return 0;
}

/* Those of storage.c that are not for pools. */
virStorageVolPtr virStorageVolLookupByName(virStoragePoolPtr pool,
                                           const char *name)
{
    (void)pool;
    (void)name;
    return NULL;
}

virStorageVolPtr virStorageVolLookupByPath(virConnectPtr conn, const char *path)
{
    (void)conn;
    (void)path;
    return NULL;
}

virStoragePoolPtr virStoragePoolLookupByVolume(virStorageVolPtr volume)
{
    (void)volume;
    return NULL;
}

virStoragePoolPtr virStoragePoolLookupByName(virConnectPtr conn,
                                             const char *name)
{
    (void)conn;
    (void)name;
    return NULL;
}

char *virStorageVolGetPath(virStorageVolPtr volume)
{
    (void)volume;
    return NULL;
}

int virStorageVolGetInfo(virStorageVolPtr volume, virStorageVolInfoPtr info)
{
    (void)volume;
    (void)info;
    return -1;
}

/* --- readings ------------------------------------------------------------ */

static struct select chosen;
static uint64_t calls;

static bool read_pools(void *context, hypervisor_visit_pool visit,
                       void *visit_context)
{
    (void)context;
    return storage_read_pools(NULL, &chosen, &calls, visit, visit_context);
}

static bool read_volumes(void *context, const struct pool_ref *ref,
                         hypervisor_visit_volume visit, void *visit_context)
{
    (void)context;
    return storage_read_volumes(ref, &chosen, &calls, visit, visit_context);
}

static const struct hypervisor hypervisor = {.read_pools = read_pools,
                                             .read_volumes = read_volumes};

/* Puts what was read in the place of what is known, unless there was no
 * answer. */
static void read_all(struct pools *known, unsigned answered)
{
    struct pools fresh = {0};

    breaks_at = answered;
    made = 0;
    if (pools_read(&fresh, &hypervisor, true, true))
        pools_replace(known, &fresh, true);
    assert_int_equal(handles, 0);
}

static void assert_all_known(const struct pools *pools)
{
    assert_int_equal(pools->count, POOLS);
    for (size_t i = 0; i < pools->count; i++)
        assert_int_equal(pools->pools[i]->volumes.disk_count, VOLUMES);
}

static void what_was_not_reached_is_not_gone(void **state)
{
    char reason[128];
    struct pools known = {0};

    (void)state;
    assert_true(select_add(&chosen.pools, "/./", reason, sizeof(reason)));
    read_all(&known, ~0u);
    unsigned whole = made;
    assert_int_equal(whole, 1 + POOLS * (2 + VOLUMES));
    assert_all_known(&known);
    for (unsigned i = 0; i <= whole; i++) {
        read_all(&known, i);
        assert_all_known(&known);
    }
    pools_clear(&known);
    select_clear(&chosen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_reached_is_not_gone),
    };

    return cmocka_run_group_tests_name("storage", tests, NULL, NULL) != 0;
}

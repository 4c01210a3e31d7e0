/* SPDX-License-Identifier: MIT */
#include "storage.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

/* A call has failed since the connection broke: what was asked may be there. */
static bool is_broken(void)
{
    return virGetLastErrorDomain() == VIR_FROM_RPC;
}

/* False when the connection broke. One that has just vanished is passed over.
 */
static bool visit_pool(virStoragePoolPtr pool, uint64_t *calls,
                       hypervisor_visit_pool visit, void *context)
{
    struct pool_ref ref = {
        .name = virStoragePoolGetName(pool),
        .handle = pool,
    };
    virStoragePoolInfo info;

    (*calls)++;
    if (virStoragePoolGetInfo(pool, &info) < 0 ||
        virStoragePoolGetUUID(pool, ref.uuid) < 0)
        return !is_broken();
    ref.capacity = info.capacity;
    ref.allocation = info.allocation;
    ref.available = info.available;
    visit(context, &ref);
    return true;
}

bool storage_read_pools(virConnectPtr handle, const struct select *select,
                        uint64_t *calls, hypervisor_visit_pool visit,
                        void *context)
{
    virStoragePoolPtr *pools = NULL;

    (*calls)++;
    int count = virConnectListAllStoragePools(
        handle, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
    if (count < 0)
        return false;
    bool good = true;
    for (int i = 0; i < count; i++) {
        if (good && select_pool(select, virStoragePoolGetName(pools[i])))
            good = visit_pool(pools[i], calls, visit, context);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    return good;
}

/* The same of a volume. */
static bool visit_volume(virStorageVolPtr volume, uint64_t *calls,
                         hypervisor_visit_volume visit, void *context)
{
    (*calls)++;
    char *xml = virStorageVolGetXMLDesc(volume, 0);
    bool good = xml != NULL || !is_broken();
    if (xml != NULL)
        visit(context, virStorageVolGetName(volume), xml);
    free(xml);
    return good;
}

static bool read_one_volume(const struct pool_ref *ref, const char *name,
                            uint64_t *calls, hypervisor_visit_volume visit,
                            void *context)
{
    (*calls)++;
    virStorageVolPtr volume = virStorageVolLookupByName(ref->handle, name);
    if (volume == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL;
    bool good = visit_volume(volume, calls, visit, context);
    virStorageVolFree(volume);
    return good;
}

bool storage_read_volumes(const struct pool_ref *ref,
                          const struct select *select, uint64_t *calls,
                          hypervisor_visit_volume visit, void *context)
{
    virStorageVolPtr *volumes = NULL;

    if (select->volume != NULL)
        return read_one_volume(ref, select->volume, calls, visit, context);
    (*calls)++;
    int count = virStoragePoolListAllVolumes(ref->handle, &volumes, 0);
    if (count < 0)
        return false;
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && visit_volume(volumes[i], calls, visit, context);
        virStorageVolFree(volumes[i]);
    }
    free(volumes);
    return good;
}

char *storage_volume_xml(virConnectPtr handle, const char *path,
                         uint64_t *calls)
{
    (*calls)++;
    virStorageVolPtr volume = virStorageVolLookupByPath(handle, path);
    if (volume == NULL)
        return NULL;

    (*calls)++;
    char *xml = virStorageVolGetXMLDesc(volume, 0);
    virStorageVolFree(volume);
    return xml;
}

bool storage_volume_at(virConnectPtr handle, const char *path, uint64_t *calls,
                       char **ret_pool, char **ret_volume)
{
    (*calls)++;
    virStorageVolPtr volume = virStorageVolLookupByPath(handle, path);
    if (volume == NULL)
        return false;

    (*calls)++;
    virStoragePoolPtr pool = virStoragePoolLookupByVolume(volume);
    if (pool != NULL) {
        *ret_pool = strdup(virStoragePoolGetName(pool));
        *ret_volume = strdup(virStorageVolGetName(volume));
        virStoragePoolFree(pool);
    }
    virStorageVolFree(volume);
    return pool != NULL;
}

static enum storage storage_of(int type)
{
    switch (type) {
    case VIR_STORAGE_VOL_FILE:
        return STORAGE_FILE;
    case VIR_STORAGE_VOL_BLOCK:
        return STORAGE_BLOCK;
    case VIR_STORAGE_VOL_NETWORK:
        return STORAGE_NETWORK;
    case VIR_STORAGE_VOL_DIR:
    case VIR_STORAGE_VOL_NETDIR:
        return STORAGE_NONE;
    default:
        return STORAGE_UNKNOWN;
    }
}

static void take_path(virStorageVolPtr volume, char **ret_path, uint64_t *calls)
{
    (*calls)++;
    char *path = virStorageVolGetPath(volume);
    if (path != NULL)
        *ret_path = path;
}

enum storage storage_kind(virConnectPtr handle, const char *pool,
                          const char *volume, char **ret_path, uint64_t *calls)
{
    virStorageVolPtr found = NULL;
    virStorageVolInfo info = {.type = -1};

    (*calls)++;
    virStoragePoolPtr from = virStoragePoolLookupByName(handle, pool);
    if (from != NULL) {
        (*calls)++;
        found = virStorageVolLookupByName(from, volume);
        virStoragePoolFree(from);
    }
    if (found != NULL) {
        (*calls)++;
        virStorageVolGetInfo(found, &info);
        if (ret_path != NULL)
            take_path(found, ret_path, calls);
        virStorageVolFree(found);
    }
    return storage_of(info.type);
}

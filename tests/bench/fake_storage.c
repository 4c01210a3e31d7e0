/* SPDX-License-Identifier: MIT
 *
 * The functions of libvirt for storage pools and volumes.
 */
#include "fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct _virStoragePool {
    virConnectPtr conn;
    size_t number;
    char name[32];
};

struct _virStorageVol {
    virConnectPtr conn;
    char name[32];
};

int virConnectListAllStoragePools(virConnectPtr conn, virStoragePoolPtr **pools,
                                  unsigned flags)
{
    int count = -1;

    (void)flags;
    if (call_begin(conn)) {
        *pools = calloc(host.shape.pools + 1, sizeof(**pools));
        for (count = 0; (size_t)count < host.shape.pools; count++) {
            virStoragePoolPtr pool = calloc(1, sizeof(*pool));
            pool->conn = conn;
            pool->number = (size_t)count;
            snprintf(pool->name, sizeof(pool->name), "pool%d", count);
            (*pools)[count] = pool;
            host.tally.handles++;
        }
    }
    call_end();
    return count;
}

const char *virStoragePoolGetName(virStoragePoolPtr pool)
{
    return pool->name;
}

int virStoragePoolGetUUID(virStoragePoolPtr pool, unsigned char *uuid)
{
    memset(uuid, 0xff, VIR_UUID_BUFLEN);
    memcpy(uuid, &pool->number, sizeof(pool->number));
    return 0;
}

int virStoragePoolGetInfo(virStoragePoolPtr pool, virStoragePoolInfoPtr info)
{
    int result = -1;

    if (call_begin(pool->conn)) {
        *info = (virStoragePoolInfo){.state = VIR_STORAGE_POOL_RUNNING,
                                     .capacity = 1ull << 40,
                                     .allocation = 1ull << 39,
                                     .available = 1ull << 39};
        result = 0;
    }
    call_end();
    return result;
}

int virStoragePoolFree(virStoragePoolPtr pool)
{
    call_forget_error();
    host_lock();
    host.tally.handles--;
    host_unlock();
    free(pool);
    return 0;
}

int virStoragePoolListAllVolumes(virStoragePoolPtr pool,
                                 virStorageVolPtr **vols, unsigned flags)
{
    int count = -1;

    (void)flags;
    if (call_begin(pool->conn)) {
        *vols = calloc(host.shape.volumes + 1, sizeof(**vols));
        for (count = 0; (size_t)count < host.shape.volumes; count++) {
            virStorageVolPtr volume = calloc(1, sizeof(*volume));
            volume->conn = pool->conn;
            snprintf(volume->name, sizeof(volume->name), "volume%d", count);
            (*vols)[count] = volume;
            host.tally.handles++;
        }
    }
    call_end();
    return count;
}

virStoragePoolPtr virStoragePoolLookupByName(virConnectPtr conn,
                                             const char *name)
{
    (void)name;
    if (call_begin(conn))
        call_set_error(VIR_ERR_NO_STORAGE_POOL, VIR_FROM_STORAGE,
                       "no such pool");
    call_end();
    return NULL;
}

virStorageVolPtr virStorageVolLookupByName(virStoragePoolPtr pool,
                                           const char *name)
{
    (void)name;
    if (call_begin(pool->conn))
        call_set_error(VIR_ERR_NO_STORAGE_VOL, VIR_FROM_STORAGE,
                       "no such volume");
    call_end();
    return NULL;
}

virStorageVolPtr virStorageVolLookupByPath(virConnectPtr conn, const char *path)
{
    (void)path;
    if (call_begin(conn))
        call_set_error(VIR_ERR_NO_STORAGE_VOL, VIR_FROM_STORAGE,
                       "no such volume");
    call_end();
    return NULL;
}

/* No volume is ever found. */
virStoragePoolPtr virStoragePoolLookupByVolume(virStorageVolPtr vol)
{
    (void)vol;
    return NULL;
}

const char *virStorageVolGetName(virStorageVolPtr volume)
{
    return volume->name;
}

char *virStorageVolGetXMLDesc(virStorageVolPtr volume, unsigned flags)
{
    char xml[512];
    char *text = NULL;

    (void)flags;
    if (call_begin(volume->conn)) {
        snprintf(xml, sizeof(xml),
                 "<volume type='network'><name>%s</name>"
                 "<capacity unit='bytes'>1073741824</capacity>"
                 "<allocation unit='bytes'>4096</allocation>"
                 "<target><path>images/%s</path><format type='raw'/></target>"
                 "</volume>",
                 volume->name, volume->name);
        text = strdup(xml);
    }
    call_end();
    return text;
}

char *virStorageVolGetPath(virStorageVolPtr volume)
{
    (void)volume;
    call_forget_error();
    return NULL;
}

int virStorageVolGetInfo(virStorageVolPtr volume, virStorageVolInfoPtr info)
{
    (void)volume;
    (void)info;
    call_forget_error();
    return -1;
}

int virStorageVolFree(virStorageVolPtr volume)
{
    call_forget_error();
    host_lock();
    host.tally.handles--;
    host_unlock();
    free(volume);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Storage pools and volumes through libvirt. Part of the session; nothing
 * else includes it. All functions count their calls in *calls.
 */
#ifndef VIRT_BACKING_STORAGE_H
#define VIRT_BACKING_STORAGE_H

#include "hypervisor.h"
#include "select.h"

#include <libvirt/libvirt.h>

/* See struct hypervisor for each. */
bool storage_read_pools(virConnectPtr handle, const struct select *select,
                        uint64_t *calls, hypervisor_visit_pool visit,
                        void *context);
bool storage_read_volumes(const struct pool_ref *ref, uint64_t *calls,
                          hypervisor_visit_volume visit, void *context);
char *storage_volume_xml(virConnectPtr handle, const char *path,
                         uint64_t *calls);
bool storage_volume_at(virConnectPtr handle, const char *path, uint64_t *calls,
                       char **ret_pool, char **ret_volume);
enum storage storage_kind(virConnectPtr handle, const char *pool,
                          const char *volume, char **ret_path, uint64_t *calls);

#endif

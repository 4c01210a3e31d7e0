/* SPDX-License-Identifier: MIT
 *
 * Names of series: HOST/virt_backing-DISK/TYPE-LAYER.
 *
 * collectd cuts a field at 127 characters and replaces '/', silently. Here a
 * name that can't stand as it is (too long, with a '/' or a control
 * character, a dot at its front, which the csv plugin refuses and which might
 * make it another folder, or a byte that is no UTF-8, for which Prometheus
 * refuses all that collectd has) has those replaced by '_' and ends in a short
 * hash of the whole. So two different names never fall together, and a name
 * depends on nothing but itself: it does not change when another domain comes
 * or goes.
 */
#ifndef VIRT_BACKING_IDENTITY_H
#define VIRT_BACKING_IDENTITY_H

#include "chain.h"
#include "settings.h"

#define IDENTITY_SIZE 128 /* collectd's DATA_MAX_NAME_LEN */

/* The host field. `hostname` is the hypervisor's. Where the domain has no
 * metadata, its name stands in. `mark` adds a hash of the UUID: for a domain
 * whose name is already another's (metadata that two domains share). */
void identity_host(char ret_name[IDENTITY_SIZE],
                   const struct name_format *format,
                   const struct domain *domain, const char *hostname,
                   bool mark);

/* The plugin instance of a disk. */
void identity_disk(char ret_name[IDENTITY_SIZE],
                   const struct name_format *format,
                   const struct domain *domain, const char *target);

/* The plugin instance of what is the domain's and no disk's: the same without
 * the disk, "" by default. */
void identity_domain(char ret_name[IDENTITY_SIZE],
                     const struct name_format *format,
                     const struct domain *domain);

/* The plugin instance of a storage pool, and that of a volume. `mark`, the
 * pool's UUID or NULL, adds a hash of it: where the two names together are
 * those of another volume. */
void identity_pool(char ret_name[IDENTITY_SIZE], const char *pool);
void identity_volume(char ret_name[IDENTITY_SIZE], const char *pool,
                     const char *volume, const unsigned char *mark);

/* The type instance of a layer. Where the format asks for an index and the
 * layer has none (a hypervisor that gives none), it is as by depth. */
void identity_layer(char ret_name[IDENTITY_SIZE], enum layer_format format,
                    const struct layer *layer);

#endif

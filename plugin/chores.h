/* SPDX-License-Identifier: MIT
 *
 * Errands (hypervisor.h), as calls to libvirt. Part of the session; nothing
 * else includes it.
 */
#ifndef VIRT_BACKING_CHORES_H
#define VIRT_BACKING_CHORES_H

#include "hypervisor.h"

#include <libvirt/libvirt.h>

/* See run_errands() of struct hypervisor. Thresholds are set only where the
 * connection may write. Adds to *calls. Where it may not write after all
 * *ret_denied, which is NULL before, says why, to be freed. */
bool chores_run(virConnectPtr handle, bool may_write, struct errand *errands,
                size_t count, uint64_t *calls, char **ret_denied);

/* From enum virDomainBlockJobType. */
enum job_kind chores_job_kind(int type);

#endif

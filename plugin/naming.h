/* SPDX-License-Identifier: MIT
 *
 * Gives a domain and its disks the names of their series (identity.h), and
 * keeps two domains apart that ended up with the same.
 */
#ifndef VIRT_BACKING_NAMING_H
#define VIRT_BACKING_NAMING_H

#include "log.h"
#include "roster.h"
#include "settings.h"

/* Sets `instance` of the domain and its disks. False when memory is short. */
bool naming_disks(struct domain *domain, const struct name_format *format);

/* Sets `host` of the entry's domain, when all disks in the roster have their
 * names. Where host and disk are those of another domain already, the entry is
 * marked, now and from then on, and the log says so. `hostname` is the
 * hypervisor's. False when memory is short. */
bool naming_host(struct roster_entry *entry, const struct roster *roster,
                 const struct name_format *format, const char *hostname,
                 const struct log *log);

#endif

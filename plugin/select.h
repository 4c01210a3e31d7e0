/* SPDX-License-Identifier: MIT
 *
 * Which domains and disks are reported: lists of names and /regular
 * expressions/ with the meaning of collectd's own ignore lists. A list without
 * entries lets everything through. Else, with IgnoreSelected false, what an
 * entry matches is reported and all else is not; with true the other way
 * round.
 */
#ifndef VIRT_BACKING_SELECT_H
#define VIRT_BACKING_SELECT_H

#include <stdbool.h>
#include <stddef.h>

struct select_entry;

struct select_list {
    struct select_entry *entries;
    size_t count;
};

struct select {
    struct select_list domains; /* of domain names */
    struct select_list disks;   /* of "domain:target" */
    bool ignore;                /* IgnoreSelected, of these two */
    struct select_list pools;   /* of storage pools; none: no pool */
};

/* Adds a name, or an extended POSIX regular expression between slashes. What
 * begins with a slash is an expression: no domain, disk or pool does. On a bad
 * expression, or when memory is short, false and a reason. */
bool select_add(struct select_list *list, const char *entry, char *ret_reason,
                size_t size);

/* Adds a name, whatever it begins with. False when memory is short. */
bool select_add_name(struct select_list *list, const char *name);

bool select_domain(const struct select *select, const char *name);
bool select_disk(const struct select *select, const char *domain,
                 const char *target);

bool select_pool(const struct select *select, const char *name);

void select_clear(struct select *select);

#endif

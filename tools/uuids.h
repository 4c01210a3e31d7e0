/* SPDX-License-Identifier: MIT
 *
 * UUIDs in the place of domains' names, as virsh takes them, too.
 */
#ifndef VIRT_BACKING_UUIDS_H
#define VIRT_BACKING_UUIDS_H

#include "host.h"

/* Puts the domain's name in the place of each text that is the UUID of one. A
 * domain that has such a text for a name goes first. The names last until
 * uuids_free(). False, after a line on stderr, where libvirt does not answer.
 */
bool uuids_replace(struct host *host, char **names, size_t count);

/* Not while a call of the host hangs. */
void uuids_free(void);

#endif

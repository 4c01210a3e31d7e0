/* SPDX-License-Identifier: MIT
 *
 * A read-only connection to a libvirt daemon: the only user of libvirt. Each
 * session is used by one thread at a time.
 *
 * The connection is made at the first read and made anew whenever it broke;
 * each change of its state is one line in the log. What libvirt itself would
 * print to stderr is kept from there.
 */
#ifndef VIRT_BACKING_SESSION_H
#define VIRT_BACKING_SESSION_H

#include "hypervisor.h"
#include "log.h"
#include "select.h"

struct session;

/* `uri` may be NULL for libvirt's default. `hostname` is the name of this
 * host, for connections that lead to it. `sibling` is another session of the
 * same URI, or NULL: for all of them together each change is one line in the
 * log. All that is passed must outlive the session. NULL when memory is short.
 */
struct session *session_new(const char *uri, const struct select *select,
                            const char *hostname, const struct log *log,
                            const struct session *sibling);

/* Takes NULL. */
void session_free(struct session *session);

/* The session as a collector sees it; good as long as the session is. */
struct hypervisor session_hypervisor(struct session *session);

#endif

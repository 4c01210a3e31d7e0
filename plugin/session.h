/* SPDX-License-Identifier: MIT
 *
 * A connection to a libvirt daemon: the only user of libvirt. Each session is
 * used by one thread at a time. It is read-only unless thresholds are to be
 * set.
 *
 * The connection is made at the first read and made anew whenever it broke;
 * each change of its state is one line in the log. What libvirt itself would
 * print to stderr is kept from there.
 */
#ifndef VIRT_BACKING_SESSION_H
#define VIRT_BACKING_SESSION_H

#include "event.h"
#include "hypervisor.h"
#include "log.h"
#include "select.h"

struct session;

/* What is the same for all sessions of a program; must outlive them. */
struct session_setup {
    const char *uri; /* NULL: libvirt's default */
    const struct select *select;
    const char *hostname; /* of this host, for connections that lead to it */
    const struct log *log;
    const char
        *outlook; /* how a line on what went wrong ends: "; trying ..." */
    bool writes;  /* thresholds are to be set */
    const struct event_sink *sink; /* takes events; NULL: there is to be none */
};

/* Whether several threads of a process may turn libvirt's event loop, ours and
 * another plugin's: since libvirt 6.1, where it is GLib's. Else no sink may be
 * given. */
bool session_can_listen(void);

/* `sibling` is another session of the same setup, or NULL: for all of them
 * together each change is one line in the log, and it is the first that has
 * events told. NULL when memory is short. */
struct session *session_new(const struct session_setup *setup,
                            const struct session *sibling);

/* Takes NULL. */
void session_free(struct session *session);

/* The session as a collector sees it; good as long as the session is. */
struct hypervisor session_hypervisor(struct session *session);

/* From then on the sink is not called any more. */
void session_mute(struct session *session);

/* Turns libvirt's event loop until something was dispatched: for a thread of
 * its own. The session has a sink. */
void session_turn(void *session);

/* Makes session_turn() return, again and again. From any thread. */
void session_wake(void *session);

#endif

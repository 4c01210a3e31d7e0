/* SPDX-License-Identifier: MIT
 *
 * A connection to libvirt that outlives the daemon at its other end: opened
 * when it is asked for, and again after it broke. It is read-only, unless
 * something is to be set. Part of the session; nothing else includes it.
 */
#ifndef VIRT_BACKING_CONNECTION_H
#define VIRT_BACKING_CONNECTION_H

#include "events.h"
#include "log.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>

struct connection;

/* What the log was told of the connections to one daemon: they come and go
 * together, and each change is one line. */
struct connection_voice;

/* For `outlook` see struct session_setup. NULL when memory is short. */
struct connection_voice *connection_voice_new(const struct log *log,
                                              const char *outlook);

/* Takes NULL. */
void connection_voice_free(struct connection_voice *voice);

/* See struct session_setup. With `writes` the connection may write where
 * libvirt lets it, else it is read-only all the same; its events go to `events`
 * unless that is NULL. */
struct connection *connection_new(const char *uri, const char *hostname,
                                  bool writes, struct events *events,
                                  struct connection_voice *voice);

/* Takes NULL. */
void connection_free(struct connection *connection);

/* The open connection; NULL when none can be had. Each change of state is one
 * line in the log. Good until connection_broke() or connection_free(). */
virConnectPtr connection_get(struct connection *connection);

/* To be called when a call was answered: a connection counts as made when it
 * has been of use. */
void connection_answered(struct connection *connection);

/* To be called after a call failed for `reason`: true when that was because
 * the connection broke. It is then closed, and the next connection_get() opens
 * a new one; *ret_again is true where it had been of use, so that a new one may
 * be tried at once. */
bool connection_broke(struct connection *connection, const char *reason,
                      bool *ret_again);

/* A number that is another one for each connection that was opened. */
unsigned connection_generation(const struct connection *connection);

/* Name of the host at the other end; NULL before the first connection. */
const char *connection_hostname(const struct connection *connection);

/* It may not, as has turned out: the log is told once. */
void connection_deny_writing(struct connection *connection, const char *reason);

bool connection_may_write(const struct connection *connection);

/* True when that is this host. */
bool connection_is_local(const struct connection *connection);

#endif

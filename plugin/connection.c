/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include "chain.h"
#include "cleanup.h"

#include <libvirt/virterror.h>
#include <string.h>

struct connection {
    const char *uri;
    const char *local_hostname;
    const struct log *log;

    virConnectPtr handle; /* NULL: not connected */
    unsigned generation;
    bool answered;  /* by the daemon at its other end */
    bool told_down; /* the log knows that there is no connection */
    bool local;
    char *hostname;
};

/* While no connection is open yet, libvirt hands its errors to the one handler
 * of the process, which prints them to stderr. It can be kept silent only by a
 * handler in its place; what other threads do there still goes where libvirt
 * would have sent it. */
static __thread bool opening;

static void handle_process_error(void *data, virErrorPtr error)
{
    (void)data;
    if (!opening)
        virDefaultErrorFunc(error);
}

/* Whoever made the failed call reports it. */
static void ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

struct connection *connection_new(const char *uri, const char *hostname,
                                  const struct log *log)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return NULL;

    connection->uri = uri;
    connection->local_hostname = hostname;
    connection->log = log;
    virSetErrorFunc(NULL, handle_process_error);
    return connection;
}

static void close_handle(struct connection *connection)
{
    if (connection->handle != NULL)
        virConnectClose(connection->handle);
    connection->handle = NULL;
}

void connection_free(struct connection *connection)
{
    if (connection == NULL)
        return;
    close_handle(connection);
    virSetErrorFunc(NULL, NULL);
    free(connection->hostname);
    free(connection);
}

/* "scheme://[user@]host[:port]/path": a connection without a host stays on
 * this one. */
static bool has_no_host(const char *uri)
{
    const char *host = strstr(uri, "://");

    return host == NULL || host[3] == '/' || host[3] == '\0';
}

static void learn_host(struct connection *connection)
{
    CLEANUP_FREE char *uri = virConnectGetURI(connection->handle);
    CLEANUP_FREE char *remote = NULL;

    connection->local = uri != NULL && has_no_host(uri);
    if (!connection->local)
        remote = virConnectGetHostname(connection->handle);
    text_replace(&connection->hostname,
                 remote != NULL ? remote : connection->local_hostname);
}

static const char *uri_name(const struct connection *connection)
{
    return connection->uri != NULL ? connection->uri : "libvirt's default URI";
}

/* Around the URI: `before` and `after` say what happened to it. */
static void tell_down(struct connection *connection, const char *before,
                      const char *after, const char *reason)
{
    if (!connection->told_down)
        log_print(connection->log, LOG_LEVEL_ERROR,
                  "%s %s%s: %s; trying again in each interval", before,
                  uri_name(connection), after, reason);
    connection->told_down = true;
}

virConnectPtr connection_get(struct connection *connection)
{
    if (connection->handle != NULL)
        return connection->handle;

    opening = true;
    connection->handle = virConnectOpenReadOnly(connection->uri);
    opening = false;
    if (connection->handle == NULL) {
        tell_down(connection, "no connection to", "", virGetLastErrorMessage());
        return NULL;
    }

    virConnSetErrorFunc(connection->handle, NULL, ignore_error);
    learn_host(connection);
    connection->generation++;
    connection->answered = false;
    return connection->handle;
}

void connection_answered(struct connection *connection)
{
    if (connection->answered)
        return;

    CLEANUP_FREE char *uri = virConnectGetURI(connection->handle);
    log_print(connection->log, LOG_LEVEL_INFO, "connected to %s",
              uri != NULL ? uri : uri_name(connection));
    connection->answered = true;
    connection->told_down = false;
}

bool connection_broke(struct connection *connection, const char *reason,
                      bool *ret_again)
{
    if (virConnectIsAlive(connection->handle) == 1)
        return false;
    tell_down(connection, "the connection to", " broke", reason);
    *ret_again = connection->answered;
    close_handle(connection);
    return true;
}

unsigned connection_generation(const struct connection *connection)
{
    return connection->generation;
}

const char *connection_hostname(const struct connection *connection)
{
    return connection->hostname;
}

bool connection_is_local(const struct connection *connection)
{
    return connection->local;
}

/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include "chain.h"
#include "cleanup.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <string.h>

/* libvirt's own defaults, of its daemon: seconds, and how many go unanswered.
 */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 5

struct connection_voice {
    const struct log *log;
    const char *outlook;
    pthread_mutex_t lock; /* guards all below */
    bool told_up;
    bool told_down;
    bool told_readonly;
    unsigned ups; /* number of times that the log was told of a connection */
};

struct connection {
    const char *uri;
    const char *local_hostname;
    bool writes;           /* it is to be one that may write ... */
    bool may_write;        /* ... and is */
    struct events *events; /* NULL: they are not asked for */
    struct connection_voice *voice;

    virConnectPtr handle; /* NULL: not connected */
    unsigned generation;
    bool answered; /* by the daemon at its other end */
    unsigned up;   /* voice->ups when it last answered */
    bool local;
    char *hostname;
};

struct connection_voice *connection_voice_new(const struct log *log,
                                              const char *outlook)
{
    struct connection_voice *voice = calloc(1, sizeof(*voice));
    if (voice == NULL)
        return NULL;

    voice->log = log;
    voice->outlook = outlook;
    pthread_mutex_init(&voice->lock, NULL);
    return voice;
}

void connection_voice_free(struct connection_voice *voice)
{
    if (voice == NULL)
        return;
    pthread_mutex_destroy(&voice->lock);
    free(voice);
}

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
                                  bool writes, struct events *events,
                                  struct connection_voice *voice)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return NULL;

    connection->uri = uri;
    connection->local_hostname = hostname;
    connection->writes = writes;
    connection->events = events;
    connection->voice = voice;
    virSetErrorFunc(NULL, handle_process_error);
    return connection;
}

static void close_handle(struct connection *connection)
{
    if (connection->handle == NULL)
        return;
    if (connection->events != NULL)
        events_detach(connection->events, connection->handle);
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
    if (!connection->local) {
        /* A host that is switched off does not close its end: calls would wait
         * for it for ever. Where there is no event loop it can't be had. */
        virConnectSetKeepAlive(connection->handle, KEEPALIVE_INTERVAL,
                               KEEPALIVE_COUNT);
        remote = virConnectGetHostname(connection->handle);
    }
    text_replace(&connection->hostname,
                 remote != NULL ? remote : connection->local_hostname);
}

static const char *uri_name(const struct connection *connection)
{
    return connection->uri != NULL ? connection->uri : "libvirt's default URI";
}

/* Around the URI: `before` and `after` say what happened to it. Of one that
 * answered before others were made anew there is nothing to tell. */
static void tell_down(struct connection *connection, const char *before,
                      const char *after, const char *reason)
{
    struct connection_voice *voice = connection->voice;

    pthread_mutex_lock(&voice->lock);
    bool news =
        !voice->told_down && (!voice->told_up || connection->up == voice->ups);
    if (news) {
        voice->told_down = true;
        voice->told_up = false;
    }
    pthread_mutex_unlock(&voice->lock);
    if (news)
        log_print(voice->log, LOG_LEVEL_ERROR, "%s %s%s: %s%s", before,
                  uri_name(connection), after, reason, voice->outlook);
}

static void tell_readonly(struct connection *connection, const char *reason)
{
    struct connection_voice *voice = connection->voice;

    pthread_mutex_lock(&voice->lock);
    bool news = !voice->told_readonly;
    voice->told_readonly = true;
    pthread_mutex_unlock(&voice->lock);
    if (news)
        log_print(voice->log, LOG_LEVEL_WARNING,
                  "no thresholds are set: %s may not be written to: %s",
                  uri_name(connection), reason);
}

void connection_deny_writing(struct connection *connection, const char *reason)
{
    connection->may_write = false;
    tell_readonly(connection, reason);
}

/* A daemon that has come up since it was first tried refuses nobody. */
static virConnectPtr open_to_write_again(struct connection *connection,
                                         virConnectPtr readonly)
{
    virConnectPtr handle = virConnectOpen(connection->uri);

    if (handle != NULL)
        virConnectClose(readonly);
    else
        tell_readonly(connection, virGetLastErrorMessage());
    return handle;
}

/* Who may not write may still look on. */
static void open_handle(struct connection *connection)
{
    virConnectPtr readonly = NULL;

    opening = true;
    connection->handle =
        connection->writes ? virConnectOpen(connection->uri) : NULL;
    if (connection->handle == NULL)
        readonly = virConnectOpenReadOnly(connection->uri);
    if (readonly != NULL && connection->writes)
        connection->handle = open_to_write_again(connection, readonly);
    opening = false;
    connection->may_write = connection->handle != NULL;
    if (connection->handle == NULL)
        connection->handle = readonly;
}

virConnectPtr connection_get(struct connection *connection)
{
    if (connection->handle != NULL)
        return connection->handle;

    open_handle(connection);
    if (connection->handle == NULL) {
        tell_down(connection, "no connection to", "", virGetLastErrorMessage());
        return NULL;
    }

    virConnSetErrorFunc(connection->handle, NULL, ignore_error);
    learn_host(connection);
    connection->generation++;
    connection->answered = false;
    if (connection->events != NULL)
        events_attach(connection->events, connection->handle);
    return connection->handle;
}

void connection_answered(struct connection *connection)
{
    struct connection_voice *voice = connection->voice;

    connection->answered = true;
    pthread_mutex_lock(&voice->lock);
    bool news = !voice->told_up;
    if (news) {
        voice->told_up = true;
        voice->told_down = false;
        voice->ups++;
    }
    connection->up = voice->ups;
    pthread_mutex_unlock(&voice->lock);
    if (!news)
        return;

    CLEANUP_FREE char *uri = virConnectGetURI(connection->handle);
    log_print(voice->log, LOG_LEVEL_INFO, "connected to %s",
              uri != NULL ? uri : uri_name(connection));
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

bool connection_may_write(const struct connection *connection)
{
    return connection->may_write;
}

bool connection_is_local(const struct connection *connection)
{
    return connection->local;
}

/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "chores.h"
#include "cleanup.h"
#include "connection.h"
#include "statistics.h"
#include "storage.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

struct session {
    struct connection_voice *voice; /* the first session's */
    bool is_first;
    struct events *events; /* NULL: none are taken, or by another session */
    struct connection *connection;
    struct statistics statistics;
    unsigned generation; /* of the connection of the last attempt */
    const struct log *log;
    const char *outlook;
    bool failing; /* the last read got an error for an answer */
};

/* One line when calls begin to fail on a connection that stands, and one when
 * they are answered again. */
static void tell_failing(struct session *session, const char *reason)
{
    if (reason != NULL && !session->failing)
        log_print(session->log, LOG_LEVEL_ERROR,
                  "libvirt gives no statistics: %s%s", reason,
                  session->outlook);
    else if (reason == NULL && session->failing)
        log_print(session->log, LOG_LEVEL_INFO,
                  "libvirt gives statistics again");
    session->failing = reason != NULL;
}

/* What a read is of, beside the session. */
struct reading {
    const struct ask *ask;
    hypervisor_visit visit;
    hypervisor_visit_busy visit_busy; /* NULL: not who is busy */
    bool known;
    void *context;
};

static bool read_once(struct session *session, virConnectPtr handle,
                      const struct reading *reading, char **ret_reason)
{
    struct statistics *statistics = &session->statistics;
    unsigned generation = connection_generation(session->connection);

    if (generation != session->generation)
        statistics->unsupported = false;
    session->generation = generation;
    if (reading->visit_busy != NULL)
        return statistics_read_busy(statistics, handle, reading->visit_busy,
                                    reading->context, ret_reason);
    return (reading->known ? statistics_read_known : statistics_read)(
        statistics, handle, reading->ask, reading->visit, reading->context,
        ret_reason);
}

/* A daemon that was restarted since the last read is noticed by a call that
 * fails; the second attempt is on a new connection. */
static bool read_twice(struct session *session, const struct reading *reading)
{
    bool again = true;

    for (int attempt = 0; attempt < 2 && again; attempt++) {
        CLEANUP_FREE char *reason = NULL;
        virConnectPtr handle = connection_get(session->connection);
        if (handle == NULL)
            return false;
        if (read_once(session, handle, reading, &reason)) {
            connection_answered(session->connection);
            tell_failing(session, NULL);
            return true;
        }

        const char *text = reason != NULL ? reason : "out of memory";
        if (!connection_broke(session->connection, text, &again)) {
            tell_failing(session, text);
            return false;
        }
    }
    return false;
}

static bool session_read(void *context, const struct ask *ask,
                         hypervisor_visit visit, void *visit_context)
{
    const struct reading reading = {
        .ask = ask, .visit = visit, .context = visit_context};

    return read_twice(context, &reading);
}

static bool session_read_known(void *context, const struct ask *ask,
                               hypervisor_visit visit, void *visit_context)
{
    const struct reading reading = {
        .ask = ask, .visit = visit, .known = true, .context = visit_context};

    return read_twice(context, &reading);
}

static bool session_read_busy(void *context, hypervisor_visit_busy visit,
                              void *visit_context)
{
    const struct reading reading = {.visit_busy = visit,
                                    .context = visit_context};

    return read_twice(context, &reading);
}

static bool is_gone(void)
{
    switch (virGetLastErrorCode()) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_OPERATION_INVALID:
        return true;
    default:
        return false;
    }
}

static char *session_domain_xml(void *context, const struct domain_ref *ref,
                                const char **ret_reason)
{
    struct session *session = context;

    session->statistics.calls++;
    char *xml = virDomainGetXMLDesc(ref->handle, 0);
    if (xml != NULL || is_gone())
        return xml;

    /* A broken connection says nothing of this domain: the read ends. Asked by
     * what failed, since asking would forget the error. */
    session->statistics.lost = virGetLastErrorDomain() == VIR_FROM_RPC;
    if (!session->statistics.lost)
        *ret_reason = virGetLastErrorMessage();
    return NULL;
}

static char *session_backup_xml(void *context, const struct domain_ref *ref)
{
#if LIBVIR_CHECK_VERSION(6, 0, 0)
    struct session *session = context;

    session->statistics.calls++;
    return virDomainBackupGetXMLDesc(ref->handle, 0);
#else
    (void)context;
    (void)ref;
    return NULL;
#endif
}

static bool session_block_info(void *context, const struct domain_ref *ref,
                               const char *target, struct sizes *ret_sizes)
{
    struct session *session = context;
    virDomainBlockInfo info;

    session->statistics.calls++;
    if (virDomainGetBlockInfo(ref->handle, target, &info, 0) < 0)
        return false;
    *ret_sizes = (struct sizes){info.capacity, info.allocation, info.physical};
    return true;
}

static enum storage session_volume_storage(void *context, const char *pool,
                                           const char *volume, char **ret_path)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle == NULL ? STORAGE_UNKNOWN
                          : storage_kind(handle, pool, volume, ret_path,
                                         &session->statistics.calls);
}

static bool session_read_pools(void *context, hypervisor_visit_pool visit,
                               void *visit_context)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle != NULL &&
           storage_read_pools(handle, session->statistics.select,
                              &session->statistics.calls, visit, visit_context);
}

static bool session_read_volumes(void *context, const struct pool_ref *ref,
                                 hypervisor_visit_volume visit,
                                 void *visit_context)
{
    struct session *session = context;

    return storage_read_volumes(ref, session->statistics.select,
                                &session->statistics.calls, visit,
                                visit_context);
}

static char *session_volume_xml(void *context, const char *path)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle == NULL
               ? NULL
               : storage_volume_xml(handle, path, &session->statistics.calls);
}

static bool session_volume_at(void *context, const char *path, char **ret_pool,
                              char **ret_volume)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle != NULL &&
           storage_volume_at(handle, path, &session->statistics.calls, ret_pool,
                             ret_volume);
}

static bool session_run_errands(void *context, struct errand *errands,
                                size_t count)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);
    CLEANUP_FREE char *denied = NULL;

    if (handle == NULL)
        return false;
    bool good = chores_run(handle, connection_may_write(session->connection),
                           errands, count, &session->statistics.calls, &denied);
    if (denied != NULL)
        connection_deny_writing(session->connection, denied);
    return good;
}

static bool session_may_write(void *context)
{
    struct session *session = context;

    return connection_may_write(session->connection);
}

static const char *session_hostname(void *context)
{
    struct session *session = context;

    return connection_hostname(session->connection);
}

static bool session_is_local(void *context)
{
    struct session *session = context;

    return connection_is_local(session->connection);
}

static uint64_t session_calls(void *context)
{
    struct session *session = context;

    return session->statistics.calls;
}

bool session_can_listen(void)
{
    unsigned long version = 0;

    return virGetVersion(&version, NULL, NULL) == 0 && version >= 6001000;
}

/* Its own connection comes last: it must find the event loop there. */
static bool open_up(struct session *session, const struct session_setup *setup,
                    const struct session *sibling)
{
    session->is_first = sibling == NULL;
    session->voice = session->is_first
                         ? connection_voice_new(setup->log, setup->outlook)
                         : sibling->voice;
    if (session->voice == NULL)
        return false;
    if (session->is_first && setup->sink != NULL) {
        session->events = events_new(setup->sink, setup->select);
        if (session->events == NULL)
            return false;
    }
    session->connection =
        connection_new(setup->uri, setup->hostname, setup->writes,
                       session->events, session->voice);
    return session->connection != NULL;
}

struct session *session_new(const struct session_setup *setup,
                            const struct session *sibling)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL || virInitialize() < 0) {
        free(session);
        return NULL;
    }

    session->statistics.select = setup->select;
    session->statistics.log = setup->log;
    session->log = setup->log;
    session->outlook = setup->outlook;
    if (!open_up(session, setup, sibling)) {
        session_free(session);
        return NULL;
    }
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    connection_free(session->connection);
    events_free(session->events);
    if (session->is_first)
        connection_voice_free(session->voice);
    statistics_clear(&session->statistics);
    free(session);
}

struct hypervisor session_hypervisor(struct session *session)
{
    return (struct hypervisor){
        .context = session,
        .read = session_read,
        .read_known = session_read_known,
        .read_busy = session_read_busy,
        .domain_xml = session_domain_xml,
        .backup_xml = session_backup_xml,
        .block_info = session_block_info,
        .volume_storage = session_volume_storage,
        .read_pools = session_read_pools,
        .read_volumes = session_read_volumes,
        .volume_xml = session_volume_xml,
        .volume_at = session_volume_at,
        .may_write = session_may_write,
        .run_errands = session_run_errands,
        .hostname = session_hostname,
        .is_local = session_is_local,
        .calls = session_calls,
    };
}

void session_mute(struct session *session)
{
    if (session->events != NULL)
        events_mute(session->events);
}

void session_turn(void *session)
{
    (void)session;
    events_turn();
}

void session_wake(void *session)
{
    events_wake(((struct session *)session)->events);
}

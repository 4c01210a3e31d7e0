/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "cleanup.h"
#include "connection.h"
#include "storage.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define STATS (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK)

/* NOWAIT: a domain that is busy with another's call comes back without sizes
 * instead of holding up all others. */
#define STATS_FLAGS                                                            \
    (VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |                               \
     VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)

struct session {
    struct connection *connection;
    const struct select *select;
    const struct log *log;
    struct blockstats stats; /* of one domain; kept for its memory */
    uint64_t calls;
    bool inactive;          /* domains that do not run are asked for, too */
    unsigned without_stats; /* generation of a connection whose driver has no
                             * statistics; 0: none */
    bool lost;              /* the connection, in the midst of an answer */
    bool failing;           /* the last read got an error for an answer */
};

/* One answer: records, or, where the driver has no statistics, the domains
 * alone. Freed after the last error was read: each free forgets it. */
struct answer {
    virDomainStatsRecordPtr *records;
    size_t record_count;
    virDomainPtr *domains; /* with a NULL behind the last */
    size_t domain_count;
};

static void answer_clear(struct answer *answer)
{
    virDomainStatsRecordListFree(answer->records);
    for (size_t i = 0; i < answer->domain_count; i++)
        virDomainFree(answer->domains[i]);
    free(answer->domains);
    *answer = (struct answer){0};
}

/* Domains that are selected. */
static bool list_domains(struct session *session, virConnectPtr handle,
                         struct answer *answer)
{
    virDomainPtr *domains = NULL;
    size_t kept = 0;

    session->calls++;
    int count = virConnectListAllDomains(
        handle, &domains,
        session->inactive ? 0 : VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (select_domain(session->select, virDomainGetName(domains[i])))
            domains[kept++] = domains[i];
        else
            virDomainFree(domains[i]);
    domains[kept] = NULL;
    answer->domains = domains;
    answer->domain_count = kept;
    return true;
}

static bool take_records(struct answer *answer, int count)
{
    if (count < 0)
        return false;
    answer->record_count = (size_t)count;
    return true;
}

/* With a filter two calls: a domain that is left out must not be asked, since
 * a query is not always harmless to its QEMU. */
static bool ask_stats(struct session *session, virConnectPtr handle,
                      struct answer *answer)
{
    if (session->select->domains.count == 0) {
        session->calls++;
        return take_records(
            answer,
            virConnectGetAllDomainStats(
                handle, STATS, &answer->records,
                session->inactive
                    ? STATS_FLAGS
                    : STATS_FLAGS | VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE));
    }
    if (!list_domains(session, handle, answer))
        return false;
    if (answer->domain_count == 0)
        return true;
    session->calls++;
    return take_records(answer,
                        virDomainListGetStats(answer->domains, STATS,
                                              &answer->records, STATS_FLAGS));
}

/* True where the last error says that the driver has no such call, or does
 * not know its flags (which libvirt calls an invalid argument). */
static bool lacks_stats(void)
{
    switch (virGetLastErrorCode()) {
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_INVALID_ARG:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
        return true;
    default:
        return false;
    }
}

static bool has_stats(const struct session *session)
{
    return session->without_stats != connection_generation(session->connection);
}

static bool ask(struct session *session, virConnectPtr handle,
                struct answer *answer)
{
    if (has_stats(session)) {
        if (ask_stats(session, handle, answer))
            return true;
        if (!lacks_stats())
            return false;
        session->without_stats = connection_generation(session->connection);
        log_print(session->log, LOG_LEVEL_WARNING,
                  "this hypervisor gives no block statistics: sizes are known "
                  "of active layers alone");
    }
    return answer->domains != NULL || list_domains(session, handle, answer);
}

static bool decode(struct blockstats *stats, const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        return param->value.i < 0 ||
               blockstats_number(stats, param->field, (uint64_t)param->value.i);
    case VIR_TYPED_PARAM_UINT:
        return blockstats_number(stats, param->field, param->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return param->value.l < 0 ||
               blockstats_number(stats, param->field, (uint64_t)param->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return blockstats_number(stats, param->field, param->value.ul);
    case VIR_TYPED_PARAM_STRING:
        return blockstats_text(stats, param->field, param->value.s);
    default:
        return true;
    }
}

static bool decode_record(struct blockstats *stats,
                          const virDomainStatsRecord *record)
{
    for (int i = 0; i < record->nparams; i++)
        if (!decode(stats, &record->params[i]))
            return false;
    return true;
}

static void visit_domain(struct session *session, virDomainPtr domain,
                         hypervisor_visit visit, void *context)
{
    struct domain_ref ref = {
        .name = virDomainGetName(domain),
        .handle = domain,
    };
    unsigned id = virDomainGetID(domain);

    ref.id = id == (unsigned)-1 ? DOMAIN_OFF : (int)id;
    /* It may also have stopped since it was listed as running. */
    if ((ref.id == DOMAIN_OFF && !session->inactive) || ref.name == NULL ||
        virDomainGetUUID(domain, ref.uuid) < 0)
        return;
    visit(context, &ref, &session->stats);
}

static void visit_answer(struct session *session, const struct answer *answer,
                         hypervisor_visit visit, void *context)
{
    bool records = has_stats(session);
    size_t count = records ? answer->record_count : answer->domain_count;

    for (size_t i = 0; i < count && !session->lost; i++) {
        blockstats_reset(&session->stats);
        if (!records)
            visit_domain(session, answer->domains[i], visit, context);
        else if (decode_record(&session->stats, answer->records[i]))
            visit_domain(session, answer->records[i]->dom, visit, context);
    }
}

/* One line when calls begin to fail on a connection that stands, and one when
 * they are answered again. */
static void tell_failing(struct session *session, const char *reason)
{
    if (reason != NULL && !session->failing)
        log_print(session->log, LOG_LEVEL_ERROR,
                  "libvirt gives no statistics: %s; trying again in each "
                  "interval",
                  reason);
    else if (reason == NULL && session->failing)
        log_print(session->log, LOG_LEVEL_INFO,
                  "libvirt gives statistics again");
    session->failing = reason != NULL;
}

/* One attempt. False, and a reason to be freed, where there is no answer, or
 * the connection broke while more was asked for it. */
static bool read_once(struct session *session, virConnectPtr handle,
                      hypervisor_visit visit, void *context, char **ret_reason)
{
    struct answer answer = {0};
    bool good = ask(session, handle, &answer);

    session->lost = false;
    if (good) {
        connection_answered(session->connection);
        visit_answer(session, &answer, visit, context);
    }
    if (!good || session->lost)
        *ret_reason = strdup(virGetLastErrorMessage());
    answer_clear(&answer);
    return good && !session->lost;
}

/* A daemon that was restarted since the last read is noticed by a call that
 * fails; the second attempt is on a new connection. */
static bool session_read(void *context, bool inactive, hypervisor_visit visit,
                         void *visit_context)
{
    struct session *session = context;
    bool again = true;

    session->inactive = inactive;
    for (int attempt = 0; attempt < 2 && again; attempt++) {
        CLEANUP_FREE char *reason = NULL;
        virConnectPtr handle = connection_get(session->connection);
        if (handle == NULL)
            return false;
        if (read_once(session, handle, visit, visit_context, &reason)) {
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

    session->calls++;
    char *xml = virDomainGetXMLDesc(ref->handle, 0);
    if (xml != NULL || is_gone())
        return xml;

    /* A broken connection says nothing of this domain: the read ends. Asked by
     * what failed, since asking would forget the error. */
    session->lost = virGetLastErrorDomain() == VIR_FROM_RPC;
    if (!session->lost)
        *ret_reason = virGetLastErrorMessage();
    return NULL;
}

static char *session_backup_xml(void *context, const struct domain_ref *ref)
{
#if LIBVIR_CHECK_VERSION(6, 0, 0)
    struct session *session = context;

    session->calls++;
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

    session->calls++;
    if (virDomainGetBlockInfo(ref->handle, target, &info, 0) < 0)
        return false;
    *ret_sizes = (struct sizes){info.capacity, info.allocation, info.physical};
    return true;
}

static enum storage session_volume_storage(void *context, const char *pool,
                                           const char *volume)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle == NULL ? STORAGE_UNKNOWN
                          : storage_kind(handle, pool, volume, &session->calls);
}

static bool session_read_pools(void *context, hypervisor_visit_pool visit,
                               void *visit_context)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle != NULL &&
           storage_read_pools(handle, session->select, &session->calls, visit,
                              visit_context);
}

static bool session_read_volumes(void *context, const struct pool_ref *ref,
                                 hypervisor_visit_volume visit,
                                 void *visit_context)
{
    struct session *session = context;

    return storage_read_volumes(ref, &session->calls, visit, visit_context);
}

static char *session_volume_xml(void *context, const char *path)
{
    struct session *session = context;
    virConnectPtr handle = connection_get(session->connection);

    return handle == NULL ? NULL
                          : storage_volume_xml(handle, path, &session->calls);
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

    return session->calls;
}

struct session *session_new(const char *uri, const struct select *select,
                            const char *hostname, const struct log *log)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL || virInitialize() < 0) {
        free(session);
        return NULL;
    }

    session->connection = connection_new(uri, hostname, log);
    if (session->connection == NULL) {
        free(session);
        return NULL;
    }
    session->select = select;
    session->log = log;
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    connection_free(session->connection);
    blockstats_clear(&session->stats);
    free(session);
}

struct hypervisor session_hypervisor(struct session *session)
{
    return (struct hypervisor){
        .context = session,
        .read = session_read,
        .domain_xml = session_domain_xml,
        .backup_xml = session_backup_xml,
        .block_info = session_block_info,
        .volume_storage = session_volume_storage,
        .read_pools = session_read_pools,
        .read_volumes = session_read_volumes,
        .volume_xml = session_volume_xml,
        .hostname = session_hostname,
        .is_local = session_is_local,
        .calls = session_calls,
    };
}

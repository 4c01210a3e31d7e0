/* SPDX-License-Identifier: MIT */
#include "chores.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum job_kind chores_job_kind(int type)
{
    switch (type) {
    case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
        return JOB_PULL;
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
        return JOB_COPY;
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
    case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT:
        return JOB_COMMIT;
#if LIBVIR_CHECK_VERSION(6, 1, 0)
    case VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP:
        return JOB_BACKUP;
#endif
    default:
        return JOB_NONE;
    }
}

static void ask_job(virDomainPtr domain, struct errand *errand)
{
    virDomainBlockJobInfo info = {0};
    int found =
        virDomainGetBlockJobInfo(domain, errand->target, &info,
                                 VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES);

    errand->done = found >= 0;
    if (found > 0)
        errand->job = (struct job){
            .kind = chores_job_kind(info.type),
            .done = info.cur,
            .whole = info.end,
            .active = info.type == VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT,
        };
}

static void ask_backup(virDomainPtr domain, struct errand *errand)
{
#if LIBVIR_CHECK_VERSION(6, 1, 0)
    virTypedParameterPtr params = NULL;
    unsigned long long done = 0;
    unsigned long long whole = 0;
    int operation = 0;
    int count = 0;
    int type;

    errand->done = virDomainGetJobStats(domain, &type, &params, &count, 0) >= 0;
    virTypedParamsGetInt(params, count, VIR_DOMAIN_JOB_OPERATION, &operation);
    virTypedParamsGetULLong(params, count, VIR_DOMAIN_JOB_DISK_PROCESSED,
                            &done);
    virTypedParamsGetULLong(params, count, VIR_DOMAIN_JOB_DISK_TOTAL, &whole);
    virTypedParamsFree(params, count);
    if (errand->done && operation == VIR_DOMAIN_JOB_OPERATION_BACKUP)
        errand->job =
            (struct job){.kind = JOB_BACKUP, .done = done, .whole = whole};
#else
    (void)domain;
    (void)errand;
#endif
}

static void ask_errors(virDomainPtr domain, struct errand *errand)
{
    int most = virDomainGetDiskErrors(domain, NULL, 0, 0);
    virDomainDiskErrorPtr found =
        most > 0 ? calloc((size_t)most, sizeof(*found)) : NULL;
    int count = found == NULL
                    ? most
                    : virDomainGetDiskErrors(domain, found, (unsigned)most, 0);

    errand->done = count >= 0 && (found != NULL || most == 0);
    if (found != NULL && count > 0)
        errand->errors = calloc((size_t)count, sizeof(*errand->errors));
    for (int i = 0; found != NULL && i < count; i++) {
        if (errand->errors != NULL) {
            struct disk_error *error = &errand->errors[errand->error_count++];
            snprintf(error->target, sizeof(error->target), "%s", found[i].disk);
            error->no_space = found[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE;
        }
        free(found[i].disk);
    }
    free(found);
}

/* Whatever else is being done to the domain (a migration, a backup), a call
 * that changes something would wait for half a minute. It has time. */
static bool is_at_leisure(virDomainPtr domain, uint64_t *calls)
{
    virDomainControlInfo info;

    (*calls)++;
    return virDomainGetControlInfo(domain, &info, 0) == 0 &&
           info.state == VIR_DOMAIN_CONTROL_OK;
}

/* It may have stopped meanwhile, or nobody may set any: no refusal. */
static bool is_gone(void)
{
    int code = virGetLastErrorCode();

    return code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID ||
           code == VIR_ERR_OPERATION_DENIED ||
           virGetLastErrorDomain() == VIR_FROM_RPC;
}

static void set_threshold(virDomainPtr domain, struct errand *errand)
{
    errand->done = virDomainSetBlockThreshold(domain, errand->target,
                                              errand->threshold, 0) == 0;
    if (!errand->done && !is_gone())
        errand->reason = strdup(virGetLastErrorMessage());
}

/* A daemon makes a connection to its read-only socket read-only, whatever was
 * asked for. */
static bool is_denied(const struct errand *errand)
{
    return errand->kind == ERRAND_THRESHOLD && !errand->done &&
           virGetLastErrorCode() == VIR_ERR_OPERATION_DENIED;
}

static void run(virDomainPtr domain, struct errand *errand)
{
    switch (errand->kind) {
    case ERRAND_JOB:
        ask_job(domain, errand);
        break;
    case ERRAND_BACKUP:
        ask_backup(domain, errand);
        break;
    case ERRAND_ERRORS:
        ask_errors(domain, errand);
        break;
    case ERRAND_THRESHOLD:
        set_threshold(domain, errand);
        break;
    }
}

bool chores_run(virConnectPtr handle, bool may_write, struct errand *errands,
                size_t count, uint64_t *calls, char **ret_denied)
{
    bool asked = false;
    bool leisure = false;
    bool good = true;

    (*calls)++;
    virDomainPtr domain = virDomainLookupByUUID(handle, errands[0].uuid);
    if (domain == NULL)
        return virGetLastErrorDomain() != VIR_FROM_RPC;
    for (size_t i = 0; i < count && good; i++) {
        struct errand *errand = &errands[i];
        if (virDomainGetID(domain) != (unsigned)errand->id)
            continue;
        if (errand->kind == ERRAND_THRESHOLD && !asked) {
            leisure = may_write && is_at_leisure(domain, calls);
            asked = true;
        }
        if (errand->kind == ERRAND_THRESHOLD && !leisure)
            continue;
        (*calls)++;
        run(domain, errand);
        if (is_denied(errand) && *ret_denied == NULL)
            *ret_denied = strdup(virGetLastErrorMessage());
        good = errand->done || virGetLastErrorDomain() != VIR_FROM_RPC;
    }
    virDomainFree(domain);
    return good;
}

/* SPDX-License-Identifier: MIT
 *
 * The functions of libvirt for single disks and for events. No disk has a job;
 * thresholds are taken and forgotten; events are put into the collector by the
 * tests themselves.
 */
#include "fake_host.h"

#include <stdlib.h>

/* Waits for the machine's QEMU, and lets go of it. False, and an error, where
 * there is no answer. */
static bool ask(virDomainPtr domain)
{
    bool good = false;

    if (call_begin(domain->conn) &&
        call_wait_for(domain->conn, domain->number)) {
        enum answer answer = host_ask(domain->number, domain->id);
        good = answer == ANSWER_WHOLE;
        if (answer == ANSWER_LOST)
            call_is_lost(domain->conn);
        else if (!good)
            call_set_error(VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
                           "domain is not running, or busy");
    }
    call_end();
    return good;
}

int virDomainGetBlockJobInfo(virDomainPtr dom, const char *disk,
                             virDomainBlockJobInfoPtr info, unsigned flags)
{
    (void)disk;
    (void)info;
    (void)flags;
    return ask(dom) ? 0 : -1;
}

int virDomainGetJobStats(virDomainPtr domain, int *type,
                         virTypedParameterPtr *params, int *nparams,
                         unsigned flags)
{
    (void)params;
    (void)nparams;
    (void)flags;
    *type = VIR_DOMAIN_JOB_NONE;
    return ask(domain) ? 0 : -1;
}

int virDomainGetDiskErrors(virDomainPtr dom, virDomainDiskErrorPtr errors,
                           unsigned maxerrors, unsigned flags)
{
    (void)errors;
    (void)maxerrors;
    (void)flags;
    return ask(dom) ? 0 : -1;
}

int virDomainSetBlockThreshold(virDomainPtr domain, const char *dev,
                               unsigned long long threshold, unsigned flags)
{
    (void)dev;
    (void)threshold;
    (void)flags;
    return ask(domain) ? 0 : -1;
}

int virTypedParamsGetInt(virTypedParameterPtr params, int nparams,
                         const char *name, int *value)
{
    (void)params;
    (void)nparams;
    (void)name;
    (void)value;
    return 0;
}

int virTypedParamsGetULLong(virTypedParameterPtr params, int nparams,
                            const char *name, unsigned long long *value)
{
    (void)params;
    (void)nparams;
    (void)name;
    (void)value;
    return 0;
}

int virTypedParamsGetBoolean(virTypedParameterPtr params, int nparams,
                             const char *name, int *value)
{
    return virTypedParamsGetInt(params, nparams, name, value);
}

int virTypedParamsGetString(virTypedParameterPtr params, int nparams,
                            const char *name, const char **value)
{
    (void)params;
    (void)nparams;
    (void)name;
    (void)value;
    return 0;
}

void virTypedParamsFree(virTypedParameterPtr params, int nparams)
{
    (void)params;
    (void)nparams;
}

/* --- events: no session is given a sink ---------------------------------- */

int virEventRegisterDefaultImpl(void)
{
    return -1;
}

int virEventRunDefaultImpl(void)
{
    return -1;
}

int virEventAddTimeout(int frequency, virEventTimeoutCallback callback,
                       void *opaque, virFreeCallback release)
{
    (void)frequency;
    (void)callback;
    (void)opaque;
    (void)release;
    return -1;
}

void virEventUpdateTimeout(int timer, int frequency)
{
    (void)timer;
    (void)frequency;
}

int virEventRemoveTimeout(int timer)
{
    (void)timer;
    return -1;
}

int virConnectDomainEventRegisterAny(virConnectPtr conn, virDomainPtr dom,
                                     int eventID,
                                     virConnectDomainEventGenericCallback cb,
                                     void *opaque, virFreeCallback freecb)
{
    (void)conn;
    (void)dom;
    (void)eventID;
    (void)cb;
    (void)opaque;
    (void)freecb;
    return -1;
}

int virConnectDomainEventDeregisterAny(virConnectPtr conn, int callbackID)
{
    (void)conn;
    (void)callbackID;
    return -1;
}

/* SPDX-License-Identifier: MIT */
#include "events.h"

#include "chores.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT 500 /* milliseconds */
#define HURRY 10      /* when somebody is to end */

enum { LIFECYCLE, IO_ERROR, THRESHOLD, BLOCK_JOB, JOB, KINDS };

struct events {
    pthread_mutex_t lock; /* guards the next two */
    unsigned users;       /* this program, and each callback that is there */
    const struct event_sink *sink; /* NULL: nobody listens any more */
    const struct select *select;   /* whose events are of interest */

    int timer;
    int ids[KINDS]; /* of the callbacks; -1: not there */
};

/* libvirt frees what a callback was given when nobody can call it any more,
 * which may be long after it was deregistered. */
static void release(void *opaque)
{
    struct events *events = opaque;

    pthread_mutex_lock(&events->lock);
    bool last = --events->users == 0;
    pthread_mutex_unlock(&events->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&events->lock);
    free(events);
}

static void hand_over(struct events *events, virDomainPtr domain,
                      struct event *event)
{
    if (virDomainGetUUID(domain, event->uuid) < 0)
        return;
    pthread_mutex_lock(&events->lock);
    if (events->sink != NULL &&
        select_domain(events->select, virDomainGetName(domain)))
        events->sink->take(events->sink->context, event);
    pthread_mutex_unlock(&events->lock);
}

static void set_text(char *text, size_t size, const char *value)
{
    snprintf(text, size, "%s", value != NULL ? value : "");
}

/* --- callbacks ----------------------------------------------------------- */

static int on_lifecycle(virConnectPtr handle, virDomainPtr domain, int what,
                        int detail, void *opaque)
{
    struct event event;

    (void)handle;
    (void)detail;
    if (what == VIR_DOMAIN_EVENT_STARTED)
        event = (struct event){.kind = EVENT_STARTED};
    else if (what == VIR_DOMAIN_EVENT_RESUMED)
        event = (struct event){.kind = EVENT_RESUMED};
    else if (what == VIR_DOMAIN_EVENT_STOPPED)
        event = (struct event){.kind = EVENT_STOPPED};
    else
        return 0;
    hand_over(opaque, domain, &event);
    return 0;
}

static void on_io_error(virConnectPtr handle, virDomainPtr domain,
                        const char *path, const char *alias, int action,
                        const char *reason, void *opaque)
{
    struct event event = {
        .kind = EVENT_IO_ERROR,
        .paused = action == VIR_DOMAIN_EVENT_IO_ERROR_PAUSE,
        .ignored = action == VIR_DOMAIN_EVENT_IO_ERROR_NONE,
    };

    (void)handle;
    set_text(event.path, sizeof(event.path), path);
    set_text(event.device, sizeof(event.device), alias);
    set_text(event.reason, sizeof(event.reason), reason);
    hand_over(opaque, domain, &event);
}

static void on_threshold(virConnectPtr handle, virDomainPtr domain,
                         const char *device, const char *path,
                         unsigned long long threshold,
                         unsigned long long excess, void *opaque)
{
    struct event event = {
        .kind = EVENT_THRESHOLD, .threshold = threshold, .excess = excess};

    (void)handle;
    set_text(event.path, sizeof(event.path), path);
    set_text(event.device, sizeof(event.device), device);
    hand_over(opaque, domain, &event);
}

static bool read_status(int status, enum job_end *ret_end)
{
    switch (status) {
    case VIR_DOMAIN_BLOCK_JOB_COMPLETED:
        *ret_end = JOB_COMPLETED;
        return true;
    case VIR_DOMAIN_BLOCK_JOB_FAILED:
        *ret_end = JOB_FAILED;
        return true;
    case VIR_DOMAIN_BLOCK_JOB_CANCELED:
        *ret_end = JOB_CANCELLED;
        return true;
    default:
        return false;
    }
}

static void on_block_job(virConnectPtr handle, virDomainPtr domain,
                         const char *disk, int type, int status, void *opaque)
{
    struct event event = {.kind = EVENT_JOB, .job = chores_job_kind(type)};

    (void)handle;
    set_text(event.device, sizeof(event.device), disk);
    if (event.job != JOB_NONE && read_status(status, &event.end))
        hand_over(opaque, domain, &event);
}

#if LIBVIR_CHECK_VERSION(6, 1, 0)
/* Jobs of a whole domain. A backup is one, beside a job of each of its disks:
 * this one alone has a reason. */
static void on_job(virConnectPtr handle, virDomainPtr domain,
                   virTypedParameterPtr params, int count, void *opaque)
{
    struct event event = {.kind = EVENT_BACKUP};
    int operation = 0;
    int success = 0;
    const char *reason = NULL;

    (void)handle;
    virTypedParamsGetInt(params, count, VIR_DOMAIN_JOB_OPERATION, &operation);
    virTypedParamsGetBoolean(params, count, VIR_DOMAIN_JOB_SUCCESS, &success);
    virTypedParamsGetString(params, count, VIR_DOMAIN_JOB_ERRMSG, &reason);
    if (operation != VIR_DOMAIN_JOB_OPERATION_BACKUP || success)
        return;
    set_text(event.reason, sizeof(event.reason), reason);
    hand_over(opaque, domain, &event);
}
#endif

/* --- registering --------------------------------------------------------- */

static void attach(struct events *events, virConnectPtr handle, size_t kind,
                   int event, virConnectDomainEventGenericCallback callback)
{
    pthread_mutex_lock(&events->lock);
    events->users++;
    pthread_mutex_unlock(&events->lock);
    events->ids[kind] = virConnectDomainEventRegisterAny(
        handle, NULL, event, callback, events, release);
    if (events->ids[kind] < 0)
        release(events);
}

void events_attach(struct events *events, virConnectPtr handle)
{
    attach(events, handle, LIFECYCLE, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
           VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
    attach(events, handle, IO_ERROR, VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON,
           VIR_DOMAIN_EVENT_CALLBACK(on_io_error));
    attach(events, handle, THRESHOLD, VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD,
           VIR_DOMAIN_EVENT_CALLBACK(on_threshold));
    attach(events, handle, BLOCK_JOB, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2,
           VIR_DOMAIN_EVENT_CALLBACK(on_block_job));
#if LIBVIR_CHECK_VERSION(6, 1, 0)
    attach(events, handle, JOB, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED,
           VIR_DOMAIN_EVENT_CALLBACK(on_job));
#endif
}

void events_detach(struct events *events, virConnectPtr handle)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (events->ids[i] >= 0)
            virConnectDomainEventDeregisterAny(handle, events->ids[i]);
        events->ids[i] = -1;
    }
}

/* --- the loop ------------------------------------------------------------ */

static void beat(int timer, void *opaque)
{
    (void)timer;
    (void)opaque;
}

/* A timer can be added only where somebody has registered a loop already. Who
 * does so twice is scolded on stderr. */
static int start_timer(void)
{
    int timer = virEventAddTimeout(HEARTBEAT, beat, NULL, NULL);

    if (timer >= 0 || virEventRegisterDefaultImpl() < 0)
        return timer;
    return virEventAddTimeout(HEARTBEAT, beat, NULL, NULL);
}

struct events *events_new(const struct event_sink *sink,
                          const struct select *select)
{
    struct events *events = calloc(1, sizeof(*events));
    if (events == NULL)
        return NULL;

    events->timer = start_timer();
    if (events->timer < 0) {
        free(events);
        return NULL;
    }
    pthread_mutex_init(&events->lock, NULL);
    events->users = 1;
    events->sink = sink;
    events->select = select;
    for (size_t i = 0; i < KINDS; i++)
        events->ids[i] = -1;
    return events;
}

void events_mute(struct events *events)
{
    pthread_mutex_lock(&events->lock);
    events->sink = NULL;
    pthread_mutex_unlock(&events->lock);
}

void events_free(struct events *events)
{
    if (events == NULL)
        return;
    events_mute(events);
    virEventRemoveTimeout(events->timer);
    release(events);
}

void events_turn(void)
{
    virEventRunDefaultImpl();
}

void events_wake(struct events *events)
{
    virEventUpdateTimeout(events->timer, HURRY);
}

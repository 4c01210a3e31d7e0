/* SPDX-License-Identifier: MIT */
#include "herald.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_key(struct alarm *alarm, enum alarm_kind kind,
                    const struct subject *subject)
{
    *alarm = (struct alarm){.kind = kind};
    memcpy(alarm->uuid, subject->domain->uuid, UUID_BYTES);
    if (subject->disk != NULL)
        snprintf(alarm->target, sizeof(alarm->target), "%s",
                 subject->disk->target);
}

void herald_key_layer(struct alarm *ret_alarm, enum alarm_kind kind,
                      const struct subject *subject)
{
    set_key(ret_alarm, kind, subject);
    if (subject->layer != NULL)
        ret_alarm->index = subject->layer->index;
}

void herald_key_job(struct alarm *ret_alarm, enum alarm_kind kind,
                    const struct subject *subject, enum job_kind job)
{
    set_key(ret_alarm, kind, subject);
    ret_alarm->job = job;
}

struct alarm *herald_find_layer(const struct herald *herald,
                                enum alarm_kind kind,
                                const struct subject *subject)
{
    struct alarm key;

    herald_key_layer(&key, kind, subject);
    return alarms_find(&herald->alarms, &key);
}

void herald_prepare(const struct herald *herald, struct alarm *alarm,
                    const struct subject *subject)
{
    const struct domain *domain = subject->domain;
    const struct layer *layer = subject->layer;

    if (alarm->job != JOB_NONE)
        notice_job(&alarm->notice, domain, subject->disk, alarm->job, layer);
    else if (alarm->fault)
        notice_error(&alarm->notice, domain, subject->disk, layer);
    else
        notice_layer(&alarm->notice, domain, subject->disk, layer,
                     herald->format);
    notice_name(alarm->name, domain);
    if (layer != NULL) {
        notice_what(alarm->what, subject->disk, layer, herald->format);
        alarm->physical = layer->sizes.physical;
    }
    alarm->raised = herald->now;
}

void herald_tell(const struct herald *herald, const struct notice *notice)
{
    if (herald->teller != NULL)
        herald->teller->tell(herald->teller->context, notice);
}

void herald_raise(struct herald *herald, const struct alarm *alarm)
{
    struct alarm *standing = alarms_find(&herald->alarms, alarm);
    const struct alarm *worst = alarms_worst(&herald->alarms, alarm);

    if (standing != NULL) {
        standing->raised = alarm->raised;
        return;
    }
    bool hidden =
        worst != NULL && worst->notice.severity > alarm->notice.severity;
    if (alarms_add(&herald->alarms, alarm) && !hidden)
        herald_tell(herald, &alarm->notice);
}

/* The figures that an alarm was raised with are old by now. */
static const char *const still[] = {
    [ALARM_WATERMARK] = "over its watermark",
    [ALARM_IO] = "in error",
    [ALARM_FIT] = "in danger not to fit",
    [ALARM_JOB] = "failed",
};

/* Where another alarm stands under the same names it is still there to see:
 * what is told has its severity, and says so. */
static void tell_end(const struct herald *herald, const struct alarm *alarm,
                     const char *text)
{
    const struct alarm *worst = alarms_worst(&herald->alarms, alarm);
    struct notice notice = alarm->notice;

    if (worst == NULL) {
        notice_say(&notice, SEVERITY_OKAY, "%s", text);
        herald_tell(herald, &notice);
    } else if (worst->notice.severity < alarm->notice.severity) {
        notice_say(&notice, worst->notice.severity, "%s, still %s", text,
                   still[worst->kind]);
        herald_tell(herald, &notice);
    }
}

void herald_end(struct herald *herald, struct alarm *alarm, const char *format,
                ...)
{
    char text[NOTICE_MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    tell_end(herald, alarm, text);
    alarms_remove(&herald->alarms, alarm);
}

/* The least severe first: so nothing is told of those that are about to end,
 * too. */
void herald_end_domain(struct herald *herald,
                       const unsigned char uuid[UUID_BYTES])
{
    const struct alarms *alarms = &herald->alarms;
    struct alarm *least;

    do {
        least = NULL;
        for (size_t i = 0; i < alarms->count; i++) {
            struct alarm *alarm = &alarms->alarms[i];
            if (memcmp(alarm->uuid, uuid, UUID_BYTES) == 0 &&
                (least == NULL ||
                 alarm->notice.severity < least->notice.severity))
                least = alarm;
        }
        if (least != NULL)
            herald_end(herald, least, "%s does not run here any more",
                       least->name);
    } while (least != NULL);
}

static bool has_names_of(const struct notice *a, const struct notice *b)
{
    return strcmp(a->host, b->host) == 0 &&
           strcmp(a->plugin_instance, b->plugin_instance) == 0 &&
           strcmp(a->type_instance, b->type_instance) == 0;
}

bool herald_has_moved(const struct herald *herald, const struct alarm *alarm,
                      const struct subject *subject)
{
    struct alarm moved = *alarm;

    herald_prepare(herald, &moved, subject);
    return !has_names_of(&moved.notice, &alarm->notice);
}

void herald_move(struct herald *herald, struct alarm *alarm,
                 const struct subject *subject)
{
    struct alarm moved = *alarm;

    herald_prepare(herald, &moved, subject);
    moved.raised = alarm->raised;
    moved.physical = alarm->physical;
    notice_say(&moved.notice, alarm->notice.severity,
               "%s: %s is %s, as when it was %s", moved.name, moved.what,
               still[moved.kind], alarm->what);
    herald_end(herald, alarm, "%s: what was %s is %s now", moved.name,
               alarm->what, moved.what);
    herald_raise(herald, &moved);
}

/* SPDX-License-Identifier: MIT */
#include "herald.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_key(struct alarm *alarm, enum alarm_kind kind,
                    const struct subject *subject)
{
    *alarm = (struct alarm){.kind = kind, .id = subject->domain->id};
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

struct alarm *herald_find_job(const struct alarms *alarms, enum alarm_kind kind,
                              const struct subject *subject, enum job_kind job)
{
    struct alarm key;

    herald_key_job(&key, kind, subject, job);
    return alarms_find(alarms, &key);
}

void herald_prepare(const struct herald *herald, struct alarm *alarm,
                    const struct subject *subject)
{
    const struct domain *domain = subject->domain;
    const struct layer *layer = subject->layer;

    if (alarm->job != JOB_NONE)
        notice_job(&alarm->notice, domain, subject->disk, alarm->job, layer);
    else if (alarm->kind == ALARM_IO)
        notice_error(&alarm->notice, domain, subject->disk, layer);
    else
        notice_layer(&alarm->notice, domain, subject->disk, layer,
                     herald->settings->layer_format);
    notice_name(alarm->name, domain);
    if (layer != NULL) {
        notice_what(alarm->what, subject->disk, layer,
                    herald->settings->layer_format);
        alarm->physical = layer->sizes.physical;
    }
    alarm->heard = herald->now;
}

void herald_tell(const struct herald *herald, const struct notice *notice)
{
    if (herald->teller != NULL)
        herald->teller->tell(herald->teller->context, notice);
}

void herald_raise(struct herald *herald, const struct alarm *alarm)
{
    struct alarm *standing = alarms_find(&herald->alarms, alarm);

    if (standing != NULL && standing->heard < alarm->heard)
        standing->heard = alarm->heard;
    if (standing == NULL && alarms_add(&herald->alarms, alarm))
        herald_tell(herald, &alarm->notice);
}

void herald_end(struct herald *herald, struct alarm *alarm, const char *format,
                ...)
{
    char text[2 * NOTICE_MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    notice_say(&alarm->notice, SEVERITY_OKAY, "%s", text);
    if (!alarms_have_another(&herald->alarms, alarm))
        herald_tell(herald, &alarm->notice);
    alarms_remove(&herald->alarms, alarm);
}

void herald_end_domain(struct herald *herald,
                       const unsigned char uuid[UUID_BYTES])
{
    const struct alarms *alarms = &herald->alarms;

    for (size_t i = alarms->count; i-- > 0;) {
        struct alarm *alarm = &alarms->alarms[i];
        if (memcmp(alarm->uuid, uuid, UUID_BYTES) == 0)
            herald_end(herald, alarm, "%s does not run here any more",
                       alarm->name);
    }
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
    moved.heard = alarm->heard;
    moved.physical = alarm->physical;
    notice_say(&moved.notice, alarm->notice.severity, "%s",
               alarm->notice.message);
    herald_end(herald, alarm, "%s is reported as %s now", alarm->name,
               moved.notice.host);
    herald_raise(herald, &moved);
}

/* SPDX-License-Identifier: MIT */
#include "tidings.h"

#include "job.h"
#include "sizes.h"

#include <string.h>

void tidings_watermark(struct herald *herald, const struct subject *subject,
                       uint64_t over, uint64_t left)
{
    char over_text[NOTICE_BYTES_SIZE];
    char left_text[NOTICE_BYTES_SIZE];
    char size_text[NOTICE_BYTES_SIZE];
    struct alarm alarm;

    herald_key_layer(&alarm, ALARM_WATERMARK, subject);
    herald_prepare(herald, &alarm, subject);
    alarm.notice.left = left;
    notice_bytes(over_text, over);
    notice_bytes(left_text, left);
    notice_bytes(size_text, alarm.physical);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: %s is over its watermark by %s: %s of %s left", alarm.name,
               alarm.what, over_text, left_text, size_text);
    herald_raise(herald, &alarm);
}

/* QEMU's offset behind the end of the device tells of a write that met it. */
static bool is_out_of_space(const struct layer *layer)
{
    const struct sizes *stated = &layer->stated;

    return sizes_room(layer) == 0 || (layer->storage == STORAGE_BLOCK &&
                                      stated->allocation != SIZE_UNKNOWN &&
                                      stated->physical != SIZE_UNKNOWN &&
                                      stated->allocation > stated->physical);
}

/* libvirt calls it "enospc"; where it says nothing, the figures may tell. */
static bool is_for_space(const char *reason, const struct layer *layer)
{
    return strcmp(reason, "enospc") == 0 ||
           (*reason == '\0' && layer != NULL && is_out_of_space(layer));
}

static void say_error(struct alarm *alarm, bool paused, const char *reason)
{
    const char *text = *reason != '\0' ? reason : "I/O error";

    if (!alarm->fault)
        text = "no space left";
    if (*alarm->what == '\0')
        notice_say(&alarm->notice, SEVERITY_FAILURE,
                   "%s is paused by an I/O error, and libvirt does not say of "
                   "which disk",
                   alarm->name);
    else if (paused)
        notice_say(&alarm->notice, SEVERITY_FAILURE, "%s is paused: %s: %s%s",
                   alarm->name, alarm->what, text,
                   alarm->fault ? "" : ". Make room, then resume it");
    else
        notice_say(&alarm->notice, SEVERITY_FAILURE,
                   "%s runs on, but its guest was told: %s: %s", alarm->name,
                   alarm->what, text);
}

void tidings_io_error(struct herald *herald, const struct subject *subject,
                      bool paused, const char *reason)
{
    struct alarm alarm;

    herald_key_layer(&alarm, ALARM_IO, subject);
    alarm.paused = paused;
    alarm.fault = !is_for_space(reason, subject->layer);
    herald_prepare(herald, &alarm, subject);
    say_error(&alarm, paused, reason);
    herald_raise(herald, &alarm);
}

void tidings_resumed(struct herald *herald, struct alarm *alarm)
{
    if (*alarm->what == '\0')
        herald_end(herald, alarm, "%s runs again", alarm->name);
    else
        herald_end(herald, alarm, "%s runs again after the error of %s",
                   alarm->name, alarm->what);
}

/* --- block jobs ---------------------------------------------------------- */

static void prepare_job(const struct herald *herald, struct alarm *alarm,
                        enum alarm_kind kind, const struct subject *subject,
                        enum job_kind job)
{
    herald_key_job(alarm, kind, subject, job);
    herald_prepare(herald, alarm, subject);
}

void tidings_fit(struct herald *herald, const struct subject *subject,
                 enum job_kind job, uint64_t left)
{
    char left_text[NOTICE_BYTES_SIZE];
    char room_text[NOTICE_BYTES_SIZE];
    struct alarm alarm;

    prepare_job(herald, &alarm, ALARM_FIT, subject, job);
    notice_bytes(left_text, left);
    notice_bytes(room_text, alarm.notice.left);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: the %s of %s may not fit: up to %s to write, %s left for "
               "%s",
               alarm.name, job_name(job), alarm.target, left_text, room_text,
               alarm.what);
    herald_raise(herald, &alarm);
}

/* What has failed is worse than what may fail. */
static void drop(struct herald *herald, enum alarm_kind kind,
                 const struct subject *subject, enum job_kind job)
{
    struct alarm key;

    herald_key_job(&key, kind, subject, job);
    struct alarm *alarm = alarms_find(&herald->alarms, &key);
    if (alarm != NULL)
        alarms_remove(&herald->alarms, alarm);
}

void tidings_failed(struct herald *herald, const struct subject *subject,
                    enum job_kind job, const char *reason)
{
    const struct layer *target = subject->layer;
    char left[NOTICE_BYTES_SIZE];
    struct alarm alarm;

    drop(herald, ALARM_FIT, subject, job);
    prepare_job(herald, &alarm, ALARM_JOB, subject, job);
    if (*reason == '\0' && target != NULL && is_out_of_space(target))
        reason = "no space left";
    if (*reason == '\0')
        reason = "libvirt does not say why";
    if (target == NULL || alarm.notice.left == SIZE_UNKNOWN) {
        notice_say(&alarm.notice, SEVERITY_FAILURE,
                   "%s: the %s of %s has failed: %.80s%s%s", alarm.name,
                   job_name(job), alarm.target, reason,
                   target != NULL ? ". It wrote to " : "", alarm.what);
    } else {
        notice_bytes(left, alarm.notice.left);
        notice_say(&alarm.notice, SEVERITY_FAILURE,
                   "%s: the %s of %s has failed: %.80s. %s left for %s",
                   alarm.name, job_name(job), alarm.target, reason, left,
                   alarm.what);
    }
    herald_raise(herald, &alarm);
}

void tidings_job_end(struct herald *herald, const struct subject *subject,
                     enum job_kind job, enum job_end end)
{
    static const char *const ends[] = {
        [JOB_COMPLETED] = "is complete",
        [JOB_CANCELLED] = "was cancelled",
        [JOB_ENDED] = "has ended",
    };
    struct alarm alarm;

    drop(herald, ALARM_FIT, subject, job);
    drop(herald, ALARM_JOB, subject, job);
    prepare_job(herald, &alarm, ALARM_JOB, subject, job);
    notice_say(&alarm.notice, SEVERITY_OKAY, "%s: the %s of %s %s", alarm.name,
               job_name(job), alarm.target, ends[end]);
    herald_tell(herald, &alarm.notice);
}

void tidings_job_lost(struct herald *herald, const struct subject *subject,
                      enum job_kind job)
{
    struct alarm alarm;

    drop(herald, ALARM_FIT, subject, job);
    prepare_job(herald, &alarm, ALARM_JOB, subject, job);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: the %s of %s has ended, and the chain is as it was: it "
               "failed or was cancelled",
               alarm.name, job_name(job), alarm.target);
    herald_raise(herald, &alarm);
}

/* SPDX-License-Identifier: MIT */
#include "tidings.h"

#include "job.h"
#include "sizes.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

void tidings_watermark(struct herald *herald, const struct subject *subject,
                       uint64_t over, uint64_t left)
{
    char over_text[UNITS_BYTES_SIZE];
    char left_text[UNITS_BYTES_SIZE];
    char size_text[UNITS_BYTES_SIZE];
    struct alarm alarm;

    herald_key_layer(&alarm, ALARM_WATERMARK, subject);
    herald_prepare(herald, &alarm, subject);
    alarm.over = over;
    alarm.notice.left = left;
    units_print_bytes(over_text, over);
    units_print_bytes(left_text, left);
    units_print_bytes(size_text, alarm.physical);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: %s is over its watermark by %s: %s of %s left", alarm.name,
               alarm.what, over_text, left_text, size_text);
    herald_raise(herald, &alarm);
}

bool tidings_is_full(const struct layer *layer)
{
    return sizes_room(layer) == 0 || sizes_met_end(layer);
}

const struct layer *tidings_full_one(const struct disk *disk,
                                     const struct layer *layer)
{
    const struct layer *scratch = job_target(disk, JOB_BACKUP);

    if (scratch != NULL && tidings_is_full(scratch) &&
        (layer == NULL || !tidings_is_full(layer)))
        return scratch;
    return layer;
}

static void say_error(struct alarm *alarm, const char *reason)
{
    const char *deep = alarm->deep ? " or an image below it" : "";
    char text[NOTICE_REASON_SIZE];

    notice_reason(text, *reason != '\0' ? reason : "I/O error");
    if (alarm->full)
        strcpy(text, "no space left");
    if (*alarm->what == '\0')
        notice_say(&alarm->notice, SEVERITY_FAILURE,
                   "%s is paused by an I/O error, and libvirt does not say of "
                   "which disk",
                   alarm->name);
    else if (alarm->paused)
        notice_say(&alarm->notice, SEVERITY_FAILURE, "%s is paused: %s%s: %s%s",
                   alarm->name, alarm->what, deep, text,
                   alarm->full ? ". Make room, then resume it" : "");
    else
        notice_say(&alarm->notice, SEVERITY_FAILURE, "%s runs on, %s: %s%s: %s",
                   alarm->name,
                   alarm->ignored ? "its guest was not told and data are lost"
                                  : "but its guest was told",
                   alarm->what, deep, text);
}

/* What was left when it was last looked is not what is left now. */
void tidings_io_error(struct herald *herald, struct alarm *alarm,
                      const char *reason)
{
    struct alarm *standing = alarms_find(&herald->alarms, alarm);

    say_error(alarm, reason);
    alarm->notice.left = alarm->full ? 0 : SIZE_UNKNOWN;
    if (standing != NULL && alarm->paused && !standing->paused)
        alarms_remove(&herald->alarms, standing);
    herald_raise(herald, alarm);
}

void tidings_resumed(struct herald *herald, struct alarm *alarm)
{
    alarm->notice.left = SIZE_UNKNOWN;
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
    char left_text[UNITS_BYTES_SIZE];
    char room_text[UNITS_BYTES_SIZE];
    struct alarm alarm;

    prepare_job(herald, &alarm, ALARM_FIT, subject, job);
    units_print_bytes(left_text, left);
    units_print_bytes(room_text, alarm.notice.left);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: the %s of %s may not fit: up to %s to write, %s left for "
               "%s",
               alarm.name, job_name(job), alarm.target, left_text, room_text,
               alarm.what);
    herald_raise(herald, &alarm);
}

/* What is to be told next says all that there is to say. */
static void drop(struct herald *herald, enum alarm_kind kind,
                 const struct alarm *alarm)
{
    struct alarm key = *alarm;

    key.kind = kind;
    struct alarm *standing = alarms_find(&herald->alarms, &key);
    if (standing != NULL)
        alarms_remove(&herald->alarms, standing);
}

/* With a reason, with the figures that may be one, or with neither. */
static void say_failed(struct alarm *alarm, const char *reason)
{
    struct notice *notice = &alarm->notice;
    const char *job = job_name(alarm->job);
    bool measured = *alarm->what != '\0' && notice->left != SIZE_UNKNOWN;
    char left[UNITS_BYTES_SIZE];
    char room[UNITS_BYTES_SIZE];
    char target[2 * NOTICE_WHAT_SIZE] = "";
    char why[NOTICE_REASON_SIZE];

    units_print_bytes(left, alarm->left);
    units_print_bytes(room, notice->left);
    if (*reason == '\0' && measured && alarm->left != SIZE_UNKNOWN &&
        alarm->left > notice->left) {
        notice_say(notice, SEVERITY_FAILURE,
                   "%s: the %s of %s has failed, and may not have fit: up to "
                   "%s to write, %s left for %s",
                   alarm->name, job, alarm->target, left, room, alarm->what);
        return;
    }
    if (measured)
        snprintf(target, sizeof(target), ". %s left for %s", room, alarm->what);
    else if (*alarm->what != '\0')
        snprintf(target, sizeof(target), ". It wrote to %s", alarm->what);
    notice_reason(why, *reason != '\0' ? reason : "libvirt does not say why");
    notice_say(notice, SEVERITY_FAILURE, "%s: the %s of %s has failed: %s%s",
               alarm->name, job, alarm->target, why, target);
}

void tidings_failed(struct herald *herald, struct alarm *alarm,
                    const char *reason)
{
    drop(herald, ALARM_FIT, alarm);
    drop(herald, ALARM_JOB, alarm);
    say_failed(alarm, reason);
    herald_raise(herald, alarm);
}

void tidings_explained(struct herald *herald, struct alarm *alarm,
                       const struct layer *layer)
{
    bool full = layer != NULL && tidings_is_full(layer);

    if (layer != NULL)
        alarm->notice.left = sizes_room(layer);
    if (alarm->kind == ALARM_IO) {
        alarm->deep = alarm->deep && !full;
        alarm->full = alarm->full || full;
        tidings_io_error(herald, alarm, "");
    } else {
        tidings_failed(herald, alarm, full ? "no space left" : "");
    }
}

void tidings_runs_again(struct herald *herald, const struct subject *subject,
                        enum job_kind job)
{
    struct alarm *alarm =
        herald_find_job(&herald->alarms, ALARM_JOB, subject, job);

    if (alarm != NULL)
        herald_end(herald, alarm, "%s: the %s of %s runs again", alarm->name,
                   job_name(job), alarm->target);
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

    prepare_job(herald, &alarm, ALARM_JOB, subject, job);
    drop(herald, ALARM_FIT, &alarm);
    drop(herald, ALARM_JOB, &alarm);
    notice_say(&alarm.notice, SEVERITY_OKAY, "%s: the %s of %s %s", alarm.name,
               job_name(job), alarm.target, ends[end]);
    herald_tell(herald, &alarm.notice);
}

void tidings_job_lost(struct herald *herald, const struct subject *subject,
                      enum job_kind job)
{
    struct alarm alarm;

    prepare_job(herald, &alarm, ALARM_JOB, subject, job);
    drop(herald, ALARM_FIT, &alarm);
    notice_say(&alarm.notice, SEVERITY_WARNING,
               "%s: the %s of %s has ended, and the chain is as it was: it "
               "failed or was cancelled",
               alarm.name, job_name(job), alarm.target);
    herald_raise(herald, &alarm);
}

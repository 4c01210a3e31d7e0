/* SPDX-License-Identifier: MIT
 *
 * The part of watch.h that compares what a pass found with the alarms.
 */
#include "job.h"
#include "tidings.h"
#include "units.h"
#include "watch.h"

#include <string.h>

/* --- alarms that stand --------------------------------------------------- */

/* False where its domain gave no figures in this pass, or has stopped since:
 * nothing is known. */
static bool has_answered(const struct roster_entry *entry)
{
    return entry->answered && entry->laid_out && entry->named && entry->sized &&
           roster_is_this_run(entry);
}

static bool find_subject(const struct alarm *alarm,
                         const struct roster_entry *entry,
                         struct subject *ret_subject)
{
    const struct domain *domain = &entry->domain;
    const struct disk *disk = domain_find_disk(domain, alarm->target);
    const struct layer *layer = disk == NULL || alarm->job != JOB_NONE
                                    ? NULL
                                    : disk_find_layer(disk, alarm->index);

    *ret_subject = (struct subject){domain, disk, layer};
    if (*alarm->target == '\0')
        return true;
    return alarm->job != JOB_NONE ? disk != NULL : layer != NULL;
}

/* A write that has met the watermark may not show in the figures yet; but only
 * a device that has grown makes room, or an image that can't outgrow it. */
static bool has_room(const struct watch *watch, const struct alarm *alarm,
                     const struct layer *layer)
{
    const struct sizes *sizes = &layer->sizes;
    uint64_t mark = sizes_watermark(layer, &watch->settings->watermark);

    if (sizes->capacity == SIZE_UNKNOWN || sizes->allocation == SIZE_UNKNOWN ||
        sizes->physical == SIZE_UNKNOWN)
        return false;
    return mark == SIZE_UNKNOWN ||
           (sizes->physical > alarm->physical && sizes->allocation <= mark);
}

static void review_watermark(struct watch *watch, struct alarm *alarm,
                             const struct layer *layer)
{
    char left[UNITS_BYTES_SIZE];
    char whole[UNITS_BYTES_SIZE];

    if (!layer->written) {
        herald_end(&watch->herald, alarm, "%s: nobody writes to %s any more",
                   alarm->name, alarm->what);
    } else if (has_room(watch, alarm, layer)) {
        alarm->notice.left = sizes_room(layer);
        units_print_bytes(left, alarm->notice.left);
        units_print_bytes(whole, layer->sizes.physical);
        herald_end(&watch->herald, alarm,
                   "%s: %s has room again: %s of %s left", alarm->name,
                   alarm->what, left, whole);
    }
}

static void find_watermark(struct watch *watch, const struct subject *subject)
{
    const struct layer *layer = subject->layer;
    uint64_t mark = sizes_watermark(layer, &watch->settings->watermark);
    uint64_t end = layer->sizes.allocation;

    if (!layer->written || mark == SIZE_UNKNOWN || end == SIZE_UNKNOWN ||
        end <= mark)
        return;
    if (herald_find_layer(&watch->herald, ALARM_WATERMARK, subject) == NULL)
        tidings_watermark(&watch->herald, subject, end - mark,
                          sizes_room(layer));
}

/* Series of a layer are named by its depth: that changes with the chain. */
static void move(struct watch *watch, struct alarm *alarm,
                 const struct subject *subject)
{
    const struct alarm moved = *alarm;
    struct alarm *again;

    if (alarm->kind != ALARM_WATERMARK) {
        herald_move(&watch->herald, alarm, subject);
        return;
    }
    herald_end(&watch->herald, alarm, "%s: what was %s is another layer now",
               alarm->name, alarm->what);
    if (!subject->layer->written || has_room(watch, &moved, subject->layer))
        return;
    find_watermark(watch, subject);
    /* Of one that was found by now this tells nothing; else the write does not
     * show in the figures yet. */
    tidings_watermark(&watch->herald, subject, moved.over, moved.notice.left);
    again = herald_find_layer(&watch->herald, ALARM_WATERMARK, subject);
    if (again != NULL)
        again->physical = moved.physical;
}

/* A guest that runs on does not say when its disk works again. One that is
 * paused is so until it runs, also where its image has been moved elsewhere or
 * its disk has been taken away meanwhile. */
static void review_io(struct watch *watch, struct alarm *alarm,
                      const struct roster_entry *entry)
{
    if (alarm->paused && entry->running && entry->asked_at > alarm->heard)
        tidings_resumed(&watch->herald, alarm);
    else if (!alarm->paused && watch->herald.now > alarm->heard + WATCH_CALM)
        herald_end(&watch->herald, alarm,
                   "%s: no more errors of %s for %d seconds", alarm->name,
                   alarm->what, WATCH_CALM);
}

static void review_fit(struct watch *watch, struct alarm *alarm,
                       const struct subject *subject)
{
    const struct disk *disk = subject->disk;
    const struct layer *target = job_target(disk, alarm->job);
    uint64_t room = target == NULL ? SIZE_UNKNOWN : sizes_room(target);
    char text[UNITS_BYTES_SIZE];

    /* Its event was lost. One that failed is told of as such. */
    if (disk->job.kind == JOB_NONE) {
        if (herald_find_job(&watch->unexplained, ALARM_JOB, subject,
                            alarm->job) == NULL)
            tidings_job_end(&watch->herald, subject, alarm->job, JOB_ENDED);
        return;
    }
    if (disk->job.kind != alarm->job || !disk->job_fresh ||
        disk->job_left == SIZE_UNKNOWN || room == SIZE_UNKNOWN ||
        disk->job_left > room)
        return;
    alarm->notice.left = room;
    units_print_bytes(text, room);
    herald_end(&watch->herald, alarm,
               "%s: the %s of %s fits now: %s left for %s", alarm->name,
               job_name(alarm->job), alarm->target, text, alarm->what);
}

/* True when there was one to end. */
static bool end_one_gone(struct watch *watch)
{
    const struct alarms *alarms = &watch->herald.alarms;

    for (size_t i = 0; i < alarms->count; i++) {
        const struct alarm *alarm = &alarms->alarms[i];
        const struct roster_entry *entry =
            roster_find(watch->roster, alarm->uuid);
        /* It runs, and it is the same run. */
        if (entry != NULL && entry->run != DOMAIN_OFF &&
            entry->run == alarm->id)
            continue;
        unsigned char uuid[UUID_BYTES];
        memcpy(uuid, alarm->uuid, UUID_BYTES);
        herald_end_domain(&watch->herald, uuid);
        return true;
    }
    return false;
}

static void review_alarm(struct watch *watch, struct alarm *alarm)
{
    const struct roster_entry *entry = roster_find(watch->roster, alarm->uuid);
    struct subject subject;

    if (!has_answered(entry))
        return;
    bool found = find_subject(alarm, entry, &subject);
    if (alarm->kind == ALARM_IO && alarm->paused && !found)
        review_io(watch, alarm, entry);
    else if (!found)
        herald_end(&watch->herald, alarm, "%s: %s is not in use any more",
                   alarm->name,
                   *alarm->what != '\0' ? alarm->what : alarm->target);
    else if (herald_has_moved(&watch->herald, alarm, &subject))
        move(watch, alarm, &subject);
    else if (alarm->kind == ALARM_WATERMARK)
        review_watermark(watch, alarm, subject.layer);
    else if (alarm->kind == ALARM_IO)
        review_io(watch, alarm, entry);
    else if (alarm->kind == ALARM_FIT)
        review_fit(watch, alarm, &subject);
}

static void review_alarms(struct watch *watch, bool watermarks)
{
    struct alarms *alarms = &watch->herald.alarms;

    /* One that ends may take another one with it. */
    for (size_t i = alarms->count; i-- > 0;)
        if (i < alarms->count &&
            (alarms->alarms[i].kind == ALARM_WATERMARK) == watermarks)
            review_alarm(watch, &alarms->alarms[i]);
}

/* --- what was put off ---------------------------------------------------- */

/* The layer that an alarm was put off for, as it is now; or another one that
 * turns out to be meant: the active layer, where it was not known yet; who
 * wrote to the target of a commit may have come out since, and it may be the
 * image of a backup that is full. */
static const struct layer *find_meant(const struct disk *disk,
                                      const struct alarm *alarm)
{
    const struct layer *layer =
        alarm->notice.index == 0 ? NULL
                                 : disk_find_layer(disk, alarm->notice.index);

    if (alarm->kind == ALARM_JOB)
        return *alarm->what == '\0' ? job_target(disk, alarm->job) : layer;
    if (*alarm->what == '\0' && disk->layer_count > 0)
        layer = &disk->layers[0];
    return alarm->full ? tidings_full_one(disk, layer) : layer;
}

/* The next one of its kind runs already. Of a backup that can't be told: its
 * other disks may go on. */
static bool is_tried_again(const struct disk *disk, const struct alarm *alarm)
{
    return disk != NULL && alarm->kind == ALARM_JOB &&
           alarm->job != JOB_BACKUP && disk->job.kind == alarm->job;
}

/* Told of a domain that did not answer, too. */
static void explain(struct watch *watch, struct alarm *alarm,
                    const struct roster_entry *entry)
{
    struct disk *disk = domain_find_disk(&entry->domain, alarm->target);
    const struct subject subject = {
        &entry->domain, disk, disk == NULL ? NULL : find_meant(disk, alarm)};
    double heard = alarm->heard;

    if (subject.layer != NULL &&
        (subject.layer->index != alarm->notice.index || *alarm->what == '\0')) {
        if (alarm->kind == ALARM_IO) {
            alarm->index = subject.layer->index;
            alarm->deep = !alarm->full && disk_chain_length(disk) > 1;
        }
        herald_prepare(&watch->herald, alarm, &subject);
        alarm->heard = heard;
    }
    /* Its disk is gone by now. */
    if (alarm->kind == ALARM_IO && *alarm->what == '\0')
        return;
    tidings_explained(&watch->herald, alarm, subject.layer);
    if (disk != NULL && alarm->job == JOB_COMMIT)
        disk->failed = alarm->notice.index;
    if (is_tried_again(disk, alarm))
        tidings_runs_again(&watch->herald, &subject, alarm->job);
}

/* By figures that are older than what happened nothing is explained. */
static bool is_older(const struct watch *watch,
                     const struct roster_entry *entry, double time)
{
    return watch->began < time ||
           (entry != NULL && entry->answered && entry->asked_at < time);
}

static void explain_all(struct watch *watch)
{
    struct alarms *unexplained = &watch->unexplained;

    for (size_t i = unexplained->count; i-- > 0;) {
        struct alarm alarm = unexplained->alarms[i];
        const struct roster_entry *entry =
            roster_find(watch->roster, alarm.uuid);
        if (is_older(watch, entry, alarm.heard))
            continue;
        alarms_remove(unexplained, &unexplained->alarms[i]);
        if (entry != NULL && entry->run == alarm.id)
            explain(watch, &alarm, entry);
    }
}

/* --- what is wrong and has no alarm -------------------------------------- */

static void find_misfit(struct watch *watch, const struct domain *domain,
                        const struct disk *disk)
{
    const struct layer *target = job_target(disk, disk->job.kind);
    const struct subject subject = {domain, disk, target};
    uint64_t room = target == NULL ? SIZE_UNKNOWN : sizes_room(target);

    if (disk->job_left != SIZE_UNKNOWN && room != SIZE_UNKNOWN &&
        disk->job_left > room)
        tidings_fit(&watch->herald, &subject, disk->job.kind, disk->job_left);
}

static void review_disk(struct watch *watch, const struct domain *domain,
                        const struct disk *disk)
{
    if (disk->job_fresh)
        find_misfit(watch, domain, disk);
    if (!settings_arm(watch->settings))
        return;
    for (size_t i = 0; i < disk->layer_count; i++) {
        const struct subject subject = {domain, disk, &disk->layers[i]};
        find_watermark(watch, &subject);
    }
}

static void review_entry(struct watch *watch, const struct roster_entry *entry)
{
    const struct domain *domain = &entry->domain;

    if (domain->id == DOMAIN_OFF || !has_answered(entry))
        return;
    for (size_t i = 0; i < domain->disk_count; i++)
        review_disk(watch, domain, &domain->disks[i]);
}

/* What is reported of errors is what stands, whoever has told of it. */
static void count_errors(struct watch *watch)
{
    const struct alarms *alarms = &watch->herald.alarms;

    for (size_t i = 0; i < alarms->count; i++) {
        const struct alarm *alarm = &alarms->alarms[i];
        struct roster_entry *entry =
            alarm->kind == ALARM_IO ? roster_find(watch->roster, alarm->uuid)
                                    : NULL;
        if (entry == NULL)
            continue;
        struct disk *disk = domain_find_disk(&entry->domain, alarm->target);
        if (disk != NULL)
            disk->errors++;
        else if (*alarm->target == '\0')
            entry->domain.errors++;
    }
}

void watch_settle(struct watch *watch, double began, double now)
{
    watch->herald.now = now;
    watch->began = began;
    if (!watch->settings->notifications)
        return;
    while (end_one_gone(watch))
        continue;
    watch_catch_up(watch);
    explain_all(watch);
    review_alarms(watch, true);
}

void watch_review(struct watch *watch, double now)
{
    const struct roster *roster = watch->roster;

    watch->herald.now = now;
    if (!watch->settings->notifications)
        return;
    review_alarms(watch, false);
    for (size_t i = 0; i < roster->count; i++)
        review_entry(watch, roster->entries[i]);
    count_errors(watch);
}

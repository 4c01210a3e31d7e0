/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "job.h"
#include "tidings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void watch_clear(struct watch *watch)
{
    alarms_clear(&watch->herald.alarms);
    alarms_clear(&watch->unexplained);
    deferred_clear(&watch->deferred);
}

/* Of "vda[3]" and "vda" alike; NULL where there is no such disk. */
static struct disk *find_disk(const struct domain *domain, const char *device)
{
    char target[EVENT_TEXT_SIZE];
    size_t length = strcspn(device, "[");

    memcpy(target, device, length);
    target[length] = '\0';
    return domain_find_disk(domain, target);
}

/* Without an index the active layer is meant. */
static struct layer *find_layer(const struct disk *disk, const char *device)
{
    const char *bracket = strchr(device, '[');

    if (bracket == NULL)
        return disk->layer_count > 0 ? &disk->layers[0] : NULL;
    return disk_find_layer(disk, (unsigned)strtoul(bracket + 1, NULL, 10));
}

/* False before it has its layers and its names, also in a run of it that has
 * just begun. */
static bool is_known(const struct roster_entry *entry)
{
    return entry != NULL && entry->laid_out && entry->domain.host != NULL &&
           entry->domain.id != DOMAIN_OFF && roster_is_this_run(entry);
}

/* Where a path is known on both sides. */
static bool has_another_path(const struct layer *layer,
                             const struct event *event)
{
    return layer->path != NULL && *event->path != '\0' &&
           strcmp(layer->path, event->path) != 0;
}

/* In a chain that has changed since the last pass the index may be another
 * layer's: then the path is not the same. */
static struct layer *find_crossed(const struct disk *disk,
                                  const struct event *event)
{
    struct layer *layer = find_layer(disk, event->device);

    return layer != NULL && has_another_path(layer, event) ? NULL : layer;
}

/* A threshold that somebody else has set is somebody else's business. libvirt
 * tells of one crossing twice, as "vda" and as "vda[1]". After one of our own a
 * pass should follow: the device may have grown, or the chain changed, since
 * the last one. */
static bool take_threshold(struct watch *watch, struct domain *domain,
                           const struct event *event)
{
    struct disk *disk = find_disk(domain, event->device);
    struct layer *layer = disk == NULL ? NULL : find_crossed(disk, event);

    if (!sizes_threshold_is_own(event->threshold))
        return false;
    if (layer == NULL)
        return true;
    layer->threshold = 0;
    /* Figures that were taken before may not show it. */
    if (layer->depth > 0)
        layer->crossed = layer->written = true;

    /* A domain that was busy in the last pass has given no sizes then. */
    struct layer then = *layer;
    then.sizes = layer->known;
    const struct subject subject = {domain, disk, &then};
    uint64_t mark = sizes_watermark(&then, &watch->settings->watermark);
    uint64_t end = event->threshold + event->excess;
    uint64_t size = then.sizes.physical;
    if (mark != SIZE_UNKNOWN && end > mark)
        tidings_watermark(&watch->herald, &subject, end - mark,
                          size > end ? size - end : 0);
    return true;
}

static const struct disk *find_alias(const struct domain *domain,
                                     const char *alias)
{
    for (size_t i = 0; i < domain->disk_count; i++) {
        const struct disk *disk = &domain->disks[i];
        if (disk->alias != NULL && strcmp(disk->alias, alias) == 0)
            return disk;
    }
    return NULL;
}

/* As a rule the path is that of the active layer. One that no layer has is an
 * overlay's: a snapshot was taken since the last pass. */
static const struct layer *find_path(const struct disk *disk,
                                     const struct event *event)
{
    for (size_t i = 0; i < disk->layer_count; i++) {
        const struct layer *layer = &disk->layers[i];
        if (layer->path != NULL && strcmp(layer->path, event->path) == 0)
            return layer;
    }
    return disk->layer_count == 0 || has_another_path(&disk->layers[0], event)
               ? NULL
               : &disk->layers[0];
}

/* Why an error happened may show in the figures: those of the last pass are too
 * old for that. True: a pass is called for. */
static bool put_off(struct watch *watch, const struct alarm *alarm)
{
    if (alarms_find(&watch->unexplained, alarm) == NULL)
        alarms_add(&watch->unexplained, alarm);
    return true;
}

static bool has_scratch(const struct disk *disk)
{
    return job_target(disk, JOB_BACKUP) != NULL;
}

/* libvirt names the active layer, whichever image of the disk it was: only one
 * that is written to runs out of space. */
static void prepare_error(const struct watch *watch, struct alarm *ret_alarm,
                          const struct subject *subject, bool paused, bool full)
{
    herald_key_layer(ret_alarm, ALARM_IO, subject);
    ret_alarm->paused = paused;
    ret_alarm->full = full;
    ret_alarm->deep =
        !full && subject->disk != NULL && disk_chain_length(subject->disk) > 1;
    herald_prepare(&watch->herald, ret_alarm, subject);
}

/* Of an error that is reported to the guest libvirt never says the reason; and
 * what is full may be the image of a backup. A pause of a disk or a layer that
 * is not known a pass will tell of. */
static bool take_io_error(struct watch *watch, struct roster_entry *entry,
                          const struct event *event)
{
    const struct domain *domain = &entry->domain;
    const struct disk *disk = find_alias(domain, event->device);
    const struct layer *layer = disk == NULL ? NULL : find_path(disk, event);
    const struct subject subject = {domain, disk, layer};
    struct alarm alarm;

    if (disk == NULL || (layer == NULL && event->paused))
        return event->paused;
    if (event->paused)
        entry->heard = watch->herald.now;
    prepare_error(watch, &alarm, &subject, event->paused,
                  strcmp(event->reason, "enospc") == 0);
    alarm.ignored = event->ignored;
    if ((layer == NULL || (!event->paused && *event->reason == '\0') ||
         (alarm.full && has_scratch(disk))) &&
        alarms_find(&watch->herald.alarms, &alarm) == NULL)
        return put_off(watch, &alarm);
    tidings_io_error(&watch->herald, &alarm, event->reason);
    return false;
}

/* Who resumes a domain has made room before, as a rule: where a watermark
 * stands, too, a pass tells of that. A pause that was not told yet is none any
 * more. True when a pass is called for. */
static bool take_resumed(struct watch *watch, const struct domain *domain)
{
    struct alarms *alarms = &watch->herald.alarms;
    struct alarm *pause;

    while ((pause = alarms_find_pause(&watch->unexplained, domain->uuid)) !=
           NULL)
        alarms_remove(&watch->unexplained, pause);
    while ((pause = alarms_find_pause(alarms, domain->uuid)) != NULL)
        tidings_resumed(&watch->herald, pause);
    return alarms_find_any(alarms, ALARM_WATERMARK, domain->uuid) != NULL;
}

static void forget_job(struct disk *disk)
{
    disk->job.kind = JOB_NONE;
    disk->job_left = SIZE_UNKNOWN;
    disk->job_fresh = false;
}

static void take_stopped(struct watch *watch, struct roster_entry *entry)
{
    const struct domain *domain = &entry->domain;

    entry->heard = entry->stopped = watch->herald.now;
    alarms_remove_all(&watch->unexplained, domain->uuid);
    herald_end_domain(&watch->herald, domain->uuid);
    for (size_t i = 0; i < domain->disk_count; i++)
        forget_job(&domain->disks[i]);
}

/* Where the target is gone already, what was told of it when it was in danger
 * not to fit is known. */
static void prepare_failed(struct watch *watch, struct alarm *ret_alarm,
                           const struct subject *subject, enum job_kind job)
{
    const struct alarm *fit =
        herald_find_job(&watch->herald.alarms, ALARM_FIT, subject, job);

    if (subject->layer == NULL && fit != NULL) {
        *ret_alarm = *fit;
        ret_alarm->heard = watch->herald.now;
    } else {
        herald_key_job(ret_alarm, ALARM_JOB, subject, job);
        herald_prepare(&watch->herald, ret_alarm, subject);
    }
    ret_alarm->kind = ALARM_JOB;
    ret_alarm->left = subject->disk->job_left;
}

/* An earlier one of that kind, which failed and was tried again: what is told
 * now says all. */
static void forget_put_off(struct watch *watch, const struct subject *subject,
                           enum job_kind job)
{
    struct alarm *earlier =
        herald_find_job(&watch->unexplained, ALARM_JOB, subject, job);

    if (earlier != NULL)
        alarms_remove(&watch->unexplained, earlier);
}

/* True when a pass is called for: a job that is complete has changed the chain,
 * and one that failed is not explained. */
static bool take_job_end(struct watch *watch, const struct domain *domain,
                         struct disk *disk, const struct event *event,
                         const char *reason)
{
    const struct subject subject = {domain, disk, job_target(disk, event->job)};
    struct alarm alarm;

    if (event->end == JOB_FAILED)
        prepare_failed(watch, &alarm, &subject, event->job);
    forget_job(disk);
    disk->job_heard = watch->herald.now;
    forget_put_off(watch, &subject, event->job);
    if (event->end == JOB_FAILED) {
        if (*reason == '\0')
            return put_off(watch, &alarm);
        tidings_failed(&watch->herald, &alarm, reason);
    } else {
        tidings_job_end(&watch->herald, &subject, event->job, event->end);
        disk_forget_writes(disk);
    }
    return event->end == JOB_COMPLETED;
}

/* It may be the first word of a disk's end, or the last. */
#define SAME_END 2.0 /* seconds between the two */

static const char *reason_of(const struct watch *watch,
                             const struct roster_entry *entry,
                             const struct event *event)
{
    bool known = event->job == JOB_BACKUP && entry->backup_failed > 0 &&
                 watch->herald.now < entry->backup_failed + SAME_END;

    return known ? entry->backup_reason : event->reason;
}

static bool take_job(struct watch *watch, struct roster_entry *entry,
                     const struct event *event)
{
    struct disk *disk = domain_find_disk(&entry->domain, event->device);

    return disk != NULL && take_job_end(watch, &entry->domain, disk, event,
                                        reason_of(watch, entry, event));
}

/* Disks whose backups failed just before are told of now. */
static void take_backup_end(struct watch *watch, struct roster_entry *entry,
                            const struct event *event)
{
    struct alarms *unexplained = &watch->unexplained;

    entry->backup_failed = watch->herald.now;
    strcpy(entry->backup_reason, event->reason);
    if (*event->reason == '\0')
        return;
    for (size_t i = unexplained->count; i-- > 0;) {
        struct alarm alarm = unexplained->alarms[i];
        if (alarm.job != JOB_BACKUP ||
            memcmp(alarm.uuid, event->uuid, UUID_BYTES) != 0)
            continue;
        alarms_remove(unexplained, &unexplained->alarms[i]);
        tidings_failed(&watch->herald, &alarm, event->reason);
    }
}

/* Of a domain that is known. True when a pass is called for. */
static bool take(struct watch *watch, struct roster_entry *entry,
                 const struct event *event)
{
    switch (event->kind) {
    case EVENT_THRESHOLD:
        return take_threshold(watch, &entry->domain, event);
    case EVENT_IO_ERROR:
        return take_io_error(watch, entry, event);
    case EVENT_RESUMED:
        entry->heard = watch->herald.now;
        return take_resumed(watch, &entry->domain);
    case EVENT_JOB:
        return take_job(watch, entry, event);
    case EVENT_BACKUP:
        take_backup_end(watch, entry, event);
        return false;
    case EVENT_STARTED:
        return true;
    case EVENT_STOPPED:
        take_stopped(watch, entry);
        return false;
    }
    return false;
}

bool watch_take(struct watch *watch, const struct event *event, double now)
{
    struct roster_entry *entry = roster_find(watch->roster, event->uuid);
    bool lifecycle =
        event->kind == EVENT_STARTED || event->kind == EVENT_STOPPED;

    watch->herald.now = now;
    if (!watch->settings->notifications)
        return false;
    if (is_known(entry) || (lifecycle && entry != NULL))
        return take(watch, entry, event);
    if (lifecycle)
        return event->kind == EVENT_STARTED;
    deferred_add(&watch->deferred, event, now);
    return event->paused;
}

void watch_catch_up(struct watch *watch)
{
    struct deferred *deferred = &watch->deferred;
    double now = watch->herald.now;
    size_t kept = 0;

    for (size_t i = 0; i < deferred->count; i++) {
        const struct deferred_event *late = &deferred->events[i];
        struct roster_entry *entry =
            roster_find(watch->roster, late->event.uuid);
        watch->herald.now = late->time;
        if (!is_known(entry) && now < late->time + WATCH_CALM)
            deferred->events[kept++] = *late;
        else if (is_known(entry) && entry->stopped < late->time)
            take(watch, entry, &late->event);
    }
    deferred->count = kept;
    watch->herald.now = now;
}

/* --- answers to errands -------------------------------------------------- */

static void end_job(struct watch *watch, const struct domain *domain,
                    struct disk *disk)
{
    enum job_kind kind = disk->job.kind;
    const struct subject subject = {domain, disk, NULL};

    forget_job(disk);
    disk->job_missed = 0;
    disk_forget_writes(disk);
    if (!watch->settings->notifications)
        return;
    if (disk_chain_digest(disk) != disk->job_chain)
        tidings_job_end(&watch->herald, &subject, kind, JOB_COMPLETED);
    else
        tidings_job_lost(&watch->herald, &subject, kind);
}

/* Of a commit of lower layers the target comes out when something is written to
 * it. */
static void note_start(struct disk *disk)
{
    const struct layer *target = job_target(disk, disk->job.kind);

    if (target != NULL && disk->job_start == SIZE_UNKNOWN)
        disk->job_start = target->sizes.allocation;
}

/* A job that is gone has an event that says how it ended. That may come a
 * moment later than the answer; where it has not come by the next pass it was
 * lost. */
static void take_progress(struct watch *watch, const struct domain *domain,
                          struct disk *disk, const struct job *job, double put)
{
    /* It may have ended since it was asked for. */
    if (put <= disk->job_heard)
        return;
    disk->job_known = true;
    disk->job_offsets = disk->job_asked;
    if (job->kind == JOB_NONE) {
        if (disk->job.kind != JOB_NONE && disk->job.kind != JOB_BACKUP &&
            ++disk->job_missed > 1)
            end_job(watch, domain, disk);
        return;
    }
    if (disk->job.kind == JOB_NONE) {
        const struct subject subject = {domain, disk, NULL};
        disk->job_chain = disk_chain_digest(disk);
        disk->job_start = SIZE_UNKNOWN;
        tidings_runs_again(&watch->herald, &subject, job->kind);
    }
    disk->job = *job;
    note_start(disk);
    disk->job_left = job_left(disk);
    disk->job_missed = 0;
    disk->job_fresh = true;
}

static void take_backup(struct watch *watch, const struct domain *domain,
                        const struct job *job, double put)
{
    for (size_t i = 0; i < domain->disk_count; i++)
        if (has_scratch(&domain->disks[i]))
            take_progress(watch, domain, &domain->disks[i], job, put);
}

static void take_error(struct watch *watch, const struct domain *domain,
                       const struct disk_error *error)
{
    const struct disk *disk = domain_find_disk(domain, error->target);
    struct subject subject = {domain, disk, NULL};
    struct alarm alarm;

    if (disk != NULL && disk->layer_count > 0)
        subject.layer = error->no_space
                            ? tidings_full_one(disk, &disk->layers[0])
                            : &disk->layers[0];
    else
        subject.disk = NULL;
    prepare_error(watch, &alarm, &subject, true, error->no_space);
    if (subject.layer == NULL && *error->target != '\0')
        snprintf(alarm.what, sizeof(alarm.what), "%s (not reported here)",
                 error->target);
    tidings_io_error(&watch->herald, &alarm, "");
}

/* Whether libvirt knows of which disk or not, the domain is paused. */
static void take_errors(struct watch *watch, const struct roster_entry *entry,
                        const struct errand *errand)
{
    static const struct disk_error unknown = {"", false};

    /* Somebody has resumed it meanwhile, or told more. */
    if (!entry->halted || entry->heard >= entry->asked_at)
        return;
    for (size_t i = 0; i < errand->error_count; i++)
        take_error(watch, &entry->domain, &errand->errors[i]);
    if (errand->error_count == 0)
        take_error(watch, &entry->domain, &unknown);
}

/* One line for a domain; it is tried again after RefreshInterval. */
static void take_threshold_set(struct watch *watch, struct roster_entry *entry,
                               const struct errand *errand)
{
    struct disk *disk = find_disk(&entry->domain, errand->target);
    struct layer *layer =
        disk == NULL ? NULL : find_layer(disk, errand->target);
    bool set = errand->done && errand->reason == NULL;

    if (layer != NULL && set)
        layer->threshold = errand->threshold;
    if (errand->reason != NULL) {
        unsigned wait = watch->settings->refresh_interval;
        if (disk != NULL)
            disk->arm_after =
                watch->herald.now + (wait > 0 ? wait : WATCH_CALM);
        if (!entry->told_refusal)
            log_print(watch->log, LOG_LEVEL_WARNING,
                      "domain \"%s\": no threshold for %s: %s",
                      entry->domain.name, errand->target, errand->reason);
        entry->told_refusal = true;
    } else if (set) {
        entry->told_refusal = false;
    }
}

void watch_answer(struct watch *watch, const struct errand *errand, double put,
                  double now)
{
    struct roster_entry *entry = roster_find(watch->roster, errand->uuid);
    struct disk *disk;

    watch->herald.now = now;
    if (!is_known(entry) || entry->domain.id != errand->id)
        return;
    if (errand->kind == ERRAND_THRESHOLD) {
        take_threshold_set(watch, entry, errand);
        return;
    }
    if (!errand->done)
        return;
    if (errand->kind == ERRAND_BACKUP)
        take_backup(watch, &entry->domain, &errand->job, put);
    else if (errand->kind == ERRAND_ERRORS)
        take_errors(watch, entry, errand);
    else if ((disk = domain_find_disk(&entry->domain, errand->target)) != NULL)
        take_progress(watch, &entry->domain, disk, &errand->job, put);
}

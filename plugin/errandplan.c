/* SPDX-License-Identifier: MIT
 *
 * The part of watch.h that says what is to be asked and set.
 */
#include "job.h"
#include "watch.h"

#include <stdio.h>

/* More than so many in a pass would take too long; the rest comes in the next.
 */
#define ERRANDS_A_PASS 512

/* --- block jobs ---------------------------------------------------------- */

static uint64_t count_offsets(const struct disk *disk)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < disk->layer_count; i++) {
        const struct layer *layer = &disk->layers[i];
        if (layer->depth > 0 && layer->stated.allocation != SIZE_UNKNOWN)
            sum += layer->stated.allocation;
    }
    return sum;
}

static bool has_target(const struct disk *disk)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].role == ROLE_MIRROR || disk->layers[i].target)
            return true;
    return false;
}

/* libvirt must be asked for each disk by itself, and the XML names the jobs of
 * some kinds alone. So those are asked for which there is a sign: a mirror, a
 * write below the active layer, a chain that has just been read. A pull gives
 * none: it is found when the XML is read again. */
static bool may_have_job(const struct disk *disk)
{
    if (disk->job.kind == JOB_BACKUP)
        return false;
    return disk->job.kind != JOB_NONE || has_target(disk) ||
           (disk_chain_length(disk) > 1 &&
            (!disk->job_known || count_offsets(disk) != disk->job_offsets));
}

/* The image of a backup goes with it. An event tells how it ended, and may come
 * a moment later. */
static void forget_backup(struct disk *disk)
{
    if (disk->job.kind != JOB_BACKUP || job_target(disk, JOB_BACKUP) != NULL ||
        ++disk->job_missed < 2)
        return;
    disk->job.kind = JOB_NONE;
    disk->job_missed = 0;
}

static void plan_jobs(const struct domain *domain, struct errands *errands)
{
    bool backup = false;

    for (size_t i = 0; i < domain->disk_count; i++) {
        struct disk *disk = &domain->disks[i];
        forget_backup(disk);
        if (may_have_job(disk) &&
            errands_add(errands, ERRAND_JOB, domain, disk->target) != NULL) {
            disk->job_known = true;
            disk->job_offsets = count_offsets(disk);
        }
        backup = backup || job_target(disk, JOB_BACKUP) != NULL;
    }
    if (backup)
        errands_add(errands, ERRAND_BACKUP, domain, "");
}

/* --- thresholds ---------------------------------------------------------- */

/* What can't be read at all is known by what QEMU has written, if by anything.
 */
static bool may_be_over(const struct layer *layer, uint64_t mark)
{
    uint64_t end = layer->sizes.allocation;
    bool is_being_read =
        layer->image_state == IMAGE_UNREAD && layer->image_asked != 0;

    if (end == SIZE_UNKNOWN)
        end = layer->stated.allocation;
    return is_being_read || (end != SIZE_UNKNOWN && end > mark);
}

/* The offset to be set for a layer; 0: none. Backing images have one, too: when
 * a commit into one of them begins, it may be full before the next pass. One
 * that is over its watermark already would tell at once what is known. */
static uint64_t threshold_of(const struct watch *watch, struct layer *layer)
{
    const struct settings *settings = watch->settings;
    uint64_t mark = sizes_watermark(layer, &settings->watermark);

    if (mark == SIZE_UNKNOWN || mark == 0 || layer->index == 0 ||
        may_be_over(layer, mark))
        return 0;
    /* Set by this program before it was started anew. */
    if (layer->threshold == mark)
        layer->armed = mark;
    if (layer->threshold == mark ||
        (layer->threshold != 0 && !layer_is_armed(layer, layer->threshold) &&
         !settings->watermark_replace))
        return 0;
    return mark;
}

static void plan_threshold(const struct watch *watch,
                           const struct domain *domain, const struct disk *disk,
                           struct layer *layer, struct errands *errands)
{
    const struct subject subject = {domain, disk, layer};
    char target[ERRAND_TARGET_SIZE];
    uint64_t threshold = threshold_of(watch, layer);

    if (threshold == 0 ||
        herald_find_layer(&watch->herald, ALARM_WATERMARK, &subject) != NULL)
        return;
    int length =
        snprintf(target, sizeof(target), "%s[%u]", disk->target, layer->index);
    struct errand *errand =
        length < (int)sizeof(target)
            ? errands_add(errands, ERRAND_THRESHOLD, domain, target)
            : NULL;
    if (errand == NULL)
        return;
    errand->threshold = threshold;
    /* Its event may come before the answer. */
    layer->arming = threshold;
}

static void plan_thresholds(const struct watch *watch,
                            const struct domain *domain,
                            struct errands *errands)
{
    for (size_t i = 0; i < domain->disk_count; i++) {
        const struct disk *disk = &domain->disks[i];
        for (size_t j = 0; !disk->readonly && j < disk->layer_count; j++)
            plan_threshold(watch, domain, disk, &disk->layers[j], errands);
    }
}

/* --- a pass -------------------------------------------------------------- */

/* Paused by an I/O error of which no event has told. */
static bool is_unexplained(const struct watch *watch,
                           const struct roster_entry *entry)
{
    return entry->halted && entry->halted_at > entry->heard &&
           alarms_find_any(&watch->herald.alarms, ALARM_IO,
                           entry->domain.uuid) == NULL;
}

static void plan_entry(struct watch *watch, struct roster_entry *entry,
                       struct errands *errands)
{
    struct domain *domain = &entry->domain;

    domain->errors = 0;
    for (size_t i = 0; i < domain->disk_count; i++) {
        domain->disks[i].job_fresh = false;
        domain->disks[i].errors = 0;
    }
    if (!entry->answered || !entry->sized || !entry->laid_out ||
        !entry->named || domain->id == DOMAIN_OFF ||
        errands->count >= ERRANDS_A_PASS)
        return;
    if (watch->settings->notifications && is_unexplained(watch, entry))
        errands_add(errands, ERRAND_ERRORS, domain, "");
    if (watch->settings->block_jobs)
        plan_jobs(domain, errands);
    if (settings_arm(watch->settings) && watch->herald.now >= entry->arm_after)
        plan_thresholds(watch, domain, errands);
}

void watch_plan(struct watch *watch, struct errands *errands, double now)
{
    watch->herald.now = now;
    watch->began = now;
    for (size_t i = 0; i < watch->roster->count; i++)
        plan_entry(watch, watch->roster->entries[i], errands);
}

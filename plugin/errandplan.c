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
 * write below the active layer, a chain that has just been read, a commit that
 * failed and may be tried again. A pull gives none, nor does a commit that
 * writes no further than an earlier one did: they are found when the XML is
 * read again. */
static bool may_have_job(const struct disk *disk)
{
    if (disk->job.kind == JOB_BACKUP)
        return false;
    return disk->job.kind != JOB_NONE || disk->failed != 0 ||
           has_target(disk) ||
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
        if (may_have_job(disk) &&
            errands_add(errands, ERRAND_JOB, domain, disk->target) != NULL)
            disk->job_asked = count_offsets(disk);
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

    if (end == SIZE_UNKNOWN)
        end = layer->stated.allocation;
    return layer_is_being_read(layer) || (end != SIZE_UNKNOWN && end > mark);
}

/* What others have set stays, unless the user says otherwise. The log is told
 * of the first one of a domain. */
static bool is_foreign(const struct watch *watch, struct roster_entry *entry,
                       const struct disk *disk, const struct layer *layer)
{
    if (layer->threshold == 0 || sizes_threshold_is_own(layer->threshold) ||
        watch->settings->watermark_replace)
        return false;
    if (!entry->told_foreign)
        log_print(watch->log, LOG_LEVEL_INFO,
                  "domain \"%s\": the threshold of %s[%u] is somebody else's, "
                  "and stays",
                  entry->domain.name, disk->target, layer->index);
    entry->told_foreign = true;
    return true;
}

/* The offset to be set for a layer; 0: none. Backing images have one, too: when
 * a commit into one of them begins, it may be full before the next pass. One
 * that is over its watermark already would tell at once what is known. */
static uint64_t threshold_of(const struct watch *watch,
                             const struct layer *layer)
{
    uint64_t mark = sizes_watermark(layer, &watch->settings->watermark);

    if (mark == SIZE_UNKNOWN || mark == 0 || layer->index == 0 ||
        may_be_over(layer, mark))
        return 0;
    uint64_t threshold = sizes_threshold(mark);
    return layer->threshold == threshold ? 0 : threshold;
}

static void plan_threshold(const struct watch *watch,
                           struct roster_entry *entry, const struct disk *disk,
                           const struct layer *layer, struct errands *errands)
{
    const struct subject subject = {&entry->domain, disk, layer};
    char target[ERRAND_TARGET_SIZE];
    uint64_t threshold = threshold_of(watch, layer);

    if (threshold == 0 || is_foreign(watch, entry, disk, layer) ||
        herald_find_layer(&watch->herald, ALARM_WATERMARK, &subject) != NULL)
        return;
    int length =
        snprintf(target, sizeof(target), "%s[%u]", disk->target, layer->index);
    struct errand *errand =
        length < (int)sizeof(target)
            ? errands_add(errands, ERRAND_THRESHOLD, &entry->domain, target)
            : NULL;
    if (errand != NULL)
        errand->threshold = threshold;
}

static void plan_thresholds(const struct watch *watch,
                            struct roster_entry *entry, struct errands *errands)
{
    const struct domain *domain = &entry->domain;

    for (size_t i = 0; i < domain->disk_count; i++) {
        const struct disk *disk = &domain->disks[i];
        if (disk->readonly || watch->herald.now < disk->arm_after)
            continue;
        for (size_t j = 0; j < disk->layer_count; j++)
            plan_threshold(watch, entry, disk, &disk->layers[j], errands);
    }
}

/* --- a pass -------------------------------------------------------------- */

/* Paused by an I/O error of which no event has told. */
static bool is_unexplained(const struct watch *watch,
                           const struct roster_entry *entry)
{
    return entry->halted && entry->asked_at > entry->heard &&
           alarms_find_pause(&watch->herald.alarms, entry->domain.uuid) == NULL;
}

static void plan_questions(const struct watch *watch,
                           struct roster_entry *entry, struct errands *errands)
{
    if (watch->settings->notifications && is_unexplained(watch, entry))
        errands_add(errands, ERRAND_ERRORS, &entry->domain, "");
    if (watch->settings->block_jobs)
        plan_jobs(&entry->domain, errands);
}

static void begin(struct domain *domain)
{
    domain->errors = 0;
    for (size_t i = 0; i < domain->disk_count; i++) {
        domain->disks[i].job_fresh = false;
        domain->disks[i].errors = 0;
        forget_backup(&domain->disks[i]);
    }
}

static bool is_there(const struct roster_entry *entry)
{
    return entry->answered && entry->sized && entry->laid_out && entry->named &&
           entry->domain.id != DOMAIN_OFF && roster_is_this_run(entry);
}

/* Has `plan` done for all entries that are there, or for as many as there is
 * room for; then `*next` is whose turn it is in the next pass. */
static void
plan_all(const struct watch *watch, struct errands *errands, size_t *next,
         void (*plan)(const struct watch *watch, struct roster_entry *entry,
                      struct errands *errands))
{
    const struct roster *roster = watch->roster;
    size_t first = *next;

    for (size_t i = 0; i < roster->count; i++) {
        size_t turn = (first + i) % roster->count;
        if (errands->count >= ERRANDS_A_PASS) {
            *next = turn;
            return;
        }
        if (is_there(roster->entries[turn]))
            plan(watch, roster->entries[turn], errands);
    }
}

static void plan_arming(struct watch *watch, struct errands *errands)
{
    if (settings_arm(watch->settings) && watch->may_write)
        plan_all(watch, errands, &watch->next_armed, plan_thresholds);
}

/* Questions first: thresholds are set once. But where there is too much to do
 * they take turns, or one of the two would never be done. */
void watch_plan(struct watch *watch, struct errands *errands)
{
    bool arm_first = watch->arm_first;

    for (size_t i = 0; i < watch->roster->count; i++)
        begin(&watch->roster->entries[i]->domain);
    if (arm_first)
        plan_arming(watch, errands);
    plan_all(watch, errands, &watch->next_asked, plan_questions);
    if (!arm_first)
        plan_arming(watch, errands);
    watch->arm_first = errands->count >= ERRANDS_A_PASS && !arm_first;
}

/* Those that were not put are begun with, of each of the two. */
void watch_resume(struct watch *watch, const struct errands *errands)
{
    if (errands->put == errands->count)
        return;
    for (size_t i = errands->count; i-- > errands->put;) {
        const struct errand *errand = &errands->errands[i];
        *(errand->kind == ERRAND_THRESHOLD ? &watch->next_armed
                                           : &watch->next_asked) =
            roster_position(watch->roster, errand->uuid);
    }
    watch->arm_first = errands->errands[0].kind != ERRAND_THRESHOLD;
}

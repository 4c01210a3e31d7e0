/* SPDX-License-Identifier: MIT */
#include "job.h"

#include "sizes.h"

const char *job_name(enum job_kind kind)
{
    static const char *const names[] = {
        [JOB_COMMIT] = "commit",
        [JOB_COPY] = "copy",
        [JOB_PULL] = "pull",
        [JOB_BACKUP] = "backup",
    };

    return names[kind];
}

static struct layer *find_role(const struct disk *disk, enum role role)
{
    for (size_t i = 0; i < disk->layer_count; i++)
        if (disk->layers[i].role == role)
            return &disk->layers[i];
    return NULL;
}

static struct layer *find_commit_target(const struct disk *disk)
{
    struct layer *found = NULL;
    struct layer *failed = NULL;

    for (size_t i = 0; i < disk->layer_count; i++) {
        struct layer *layer = &disk->layers[i];
        if (layer->target)
            return layer;
        if (layer->role != ROLE_CHAIN || layer->depth == 0 || !layer->written)
            continue;
        if (disk->failed != 0 && layer->index == disk->failed)
            failed = layer;
        else
            found = layer;
    }
    return found != NULL ? found : failed;
}

struct layer *job_target(const struct disk *disk, enum job_kind kind)
{
    switch (kind) {
    case JOB_COMMIT:
        return find_commit_target(disk);
    case JOB_COPY:
        return find_role(disk, ROLE_MIRROR);
    case JOB_PULL:
        return find_role(disk, ROLE_CHAIN);
    case JOB_BACKUP:
        return find_role(disk, ROLE_SCRATCH);
    case JOB_NONE:
        break;
    }
    return NULL;
}

/* Whether a job with that target may read the layer. */
static bool is_read(const struct layer *layer, const struct disk *disk,
                    const struct layer *target)
{
    if (layer->role != ROLE_CHAIN)
        return false;
    if (disk->job.kind == JOB_COMMIT)
        return layer->depth < target->depth &&
               (layer->depth > 0 || disk->job.active);
    return disk->job.kind != JOB_PULL || layer->depth > 0;
}

/* What the images hold that the job reads: with their metadata, so somewhat
 * more than there is of data. */
static uint64_t count_source(const struct disk *disk,
                             const struct layer *target)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < disk->layer_count; i++) {
        const struct layer *layer = &disk->layers[i];
        if (!is_read(layer, disk, target))
            continue;
        if (layer->sizes.allocation == SIZE_UNKNOWN)
            return SIZE_UNKNOWN;
        sum += layer->sizes.allocation;
    }
    return sum;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* By how much the target has grown since the job began: so much is copied. A
 * pull's is written to by the guest as well. */
static uint64_t count_copied(const struct disk *disk,
                             const struct layer *target)
{
    uint64_t now = target->sizes.allocation;

    if (disk->job.kind == JOB_PULL || now == SIZE_UNKNOWN ||
        disk->job_start == SIZE_UNKNOWN || now < disk->job_start)
        return 0;
    return now - disk->job_start;
}

static uint64_t count_uncopied(const struct disk *disk,
                               const struct layer *target)
{
    uint64_t source = count_source(disk, target);
    uint64_t copied = count_copied(disk, target);

    /* More than was there: it was compressed, or lies in smaller clusters. */
    if (source == SIZE_UNKNOWN || copied > source)
        return SIZE_UNKNOWN;
    return source - copied;
}

/* A backup in pull mode has no end of its own: what the guest overwrites is
 * kept, however much of the disk that becomes. */
static uint64_t count_overwritten(const struct layer *target)
{
    const struct sizes *sizes = &target->sizes;

    if (sizes->capacity == SIZE_UNKNOWN || sizes->allocation == SIZE_UNKNOWN)
        return SIZE_UNKNOWN;
    return sizes->capacity > sizes->allocation
               ? sizes->capacity - sizes->allocation
               : 0;
}

/* What is not known, or has no bound, is larger than any size. */
uint64_t job_left(const struct disk *disk)
{
    const struct job *job = &disk->job;
    const struct layer *target = job_target(disk, job->kind);
    uint64_t left = SIZE_UNKNOWN;

    if (target == NULL || (job->whole == 0 && job->kind != JOB_BACKUP))
        return SIZE_UNKNOWN;
    if (job->whole >= job->done && job->whole > 0)
        left = job->whole - job->done;
    left = least(left, job->whole > 0 ? count_uncopied(disk, target)
                                      : count_overwritten(target));
    left = least(left, sizes_growth(target));
    return left == SIZE_UNBOUNDED ? SIZE_UNKNOWN : left;
}

double job_percent(const struct job *job)
{
    if (job->whole == 0)
        return PERCENT_UNKNOWN;
    if (job->done >= job->whole)
        return 100;
    return 100.0 * (double)job->done / (double)job->whole;
}

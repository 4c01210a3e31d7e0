/* SPDX-License-Identifier: MIT
 *
 * Block jobs: which image a job of a disk writes to, and how much it may still
 * write there, so that it is known before it fails whether it will fit.
 */
#ifndef VIRT_BACKING_JOB_H
#define VIRT_BACKING_JOB_H

#include "chain.h"

/* "commit" and so on, as the type instance of block_job has it; NULL for
 * JOB_NONE. */
const char *job_name(enum job_kind kind);

/* The image that a job of that kind writes to; NULL where nobody knows. Of a
 * commit of lower layers libvirt does not tell: it is the one below the active
 * layer to which something is written; where nothing else is, that of a commit
 * which failed before. */
struct layer *job_target(const struct disk *disk, enum job_kind kind);

/* At the most so many bytes will the disk's job still write to its target: no
 * more than it has left to do, than there is in the images that it reads and
 * not in the target yet, and than the target can grow by. SIZE_UNKNOWN where
 * none of that is known. */
uint64_t job_left(const struct disk *disk);

/* How much of the job is done, 0 to 100; PERCENT_UNKNOWN. */
double job_percent(const struct job *job);

#endif

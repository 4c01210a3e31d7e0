/* SPDX-License-Identifier: MIT
 *
 * The sentences that an admin reads when something goes wrong, each with the
 * alarm that it raises (herald.h).
 */
#ifndef VIRT_BACKING_TIDINGS_H
#define VIRT_BACKING_TIDINGS_H

#include "event.h"
#include "herald.h"

/* The layer is `over` bytes over its watermark, and `left` are left. */
void tidings_watermark(struct herald *herald, const struct subject *subject,
                       uint64_t over, uint64_t left);

/* Its storage has nothing left, as far as the last pass has seen. */
bool tidings_is_full(const struct layer *layer);

/* Which image of the disk had no space left, where the hypervisor names that
 * layer, or none (NULL): it may be the image of a backup. */
const struct layer *tidings_full_one(const struct disk *disk,
                                     const struct layer *layer);

/* The storage of the layer gave an I/O error. `alarm` is prepared (herald.h),
 * with `paused`, `full` and `deep`. `reason` is libvirt's word, or "". Where
 * alarm->what is "" nobody knows whose storage it was. A pause is told also
 * where an error that did not pause the domain stands. */
void tidings_io_error(struct herald *herald, struct alarm *alarm,
                      const char *reason);

/* The domain of that alarm, an I/O error for which it was paused, runs again:
 * ends the alarm. */
void tidings_resumed(struct herald *herald, struct alarm *alarm);

/* A job may write `left` bytes to the layer, whose storage has less. */
void tidings_fit(struct herald *herald, const struct subject *subject,
                 enum job_kind job, uint64_t left);

/* A job has failed. `alarm` is prepared, with `left`; it takes the place of one
 * that stands: the job was tried again. `reason` may be "". */
void tidings_failed(struct herald *herald, struct alarm *alarm,
                    const char *reason);

/* One of these two, of which libvirt gave no reason; the layer is as a later
 * pass has found it, or NULL: its figures may tell. */
void tidings_explained(struct herald *herald, struct alarm *alarm,
                       const struct layer *layer);

/* A job that has failed runs again: ends its alarm, if there is one. */
void tidings_runs_again(struct herald *herald, const struct subject *subject,
                        enum job_kind job);

/* A job is over, and has not failed: told, and its alarms end with it. */
void tidings_job_end(struct herald *herald, const struct subject *subject,
                     enum job_kind job, enum job_end end);

/* A job is over, nobody said how, and the chain is as it was before. */
void tidings_job_lost(struct herald *herald, const struct subject *subject,
                      enum job_kind job);

#endif

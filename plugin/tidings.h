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

/* The storage of the layer gave an I/O error, and the domain was paused for it
 * or not. `reason` is libvirt's word: "enospc", some other, or "". Without a
 * layer nobody knows whose storage it was. */
void tidings_io_error(struct herald *herald, const struct subject *subject,
                      bool paused, const char *reason);

/* The domain of that alarm, an I/O error for which it was paused, runs again:
 * ends the alarm. */
void tidings_resumed(struct herald *herald, struct alarm *alarm);

/* A job may write `left` bytes to the layer, whose storage has less. */
void tidings_fit(struct herald *herald, const struct subject *subject,
                 enum job_kind job, uint64_t left);

/* A job has failed; the layer is its target, or NULL. `reason` may be "". */
void tidings_failed(struct herald *herald, const struct subject *subject,
                    enum job_kind job, const char *reason);

/* A job is over, and has not failed: told, and its alarms end with it. */
void tidings_job_end(struct herald *herald, const struct subject *subject,
                     enum job_kind job, enum job_end end);

/* A job is over, nobody said how, and the chain is as it was before. */
void tidings_job_lost(struct herald *herald, const struct subject *subject,
                      enum job_kind job);

#endif

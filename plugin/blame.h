/* SPDX-License-Identifier: MIT
 *
 * For whom a call hangs: by what libvirt says of who is waited for, and by
 * answers.
 */
#ifndef VIRT_BACKING_BLAME_H
#define VIRT_BACKING_BLAME_H

#include "lanes.h"
#include "stall.h"

/* libvirt has said in this pass for whom it waits: who has been waited for
 * since a call began that hangs, and for `least` seconds, is to blame for it.
 * A domain that is stuck and not waited for any more may answer. */
void blame_busy(struct stall *stall, struct lanes *lanes,
                const struct query *busy, double least);

/* Those that were tried in the last pass and have not answered. */
void blame_tried(struct stall *stall, struct lanes *lanes);

/* Where nobody was to blame for a call that hangs, and the others have been
 * asked since: a domain that came without sizes. */
void blame_unsized(struct stall *stall, struct lanes *lanes);

/* A question was answered, or failed: takes the blame from those that have
 * answered. The purpose is that which the lane had. */
void blame_lift(struct stall *stall, const struct lane *lane,
                enum purpose purpose);

#endif

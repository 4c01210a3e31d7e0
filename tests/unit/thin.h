/* SPDX-License-Identifier: MIT
 *
 * The scene of the tests of watch.h: one machine with a disk that is thin, what
 * the hypervisor says of it, events by hand, and what was told.
 */
#ifndef VIRT_BACKING_TESTS_THIN_H
#define VIRT_BACKING_TESTS_THIN_H

#include "scene.h"

#include "event.h"

#include <stdio.h>
#include <string.h>

#define MIB (1ull << 20)

/* The threshold that this program sets for a watermark: one that nobody else
 * would. */
#define OWN(mark) ((mark) + 173)

/* A disk of 100 MiB, thin on a device of 10 MiB, over a base on one of 8. */
extern const char xml_thin[];

/* What the hypervisor says of it; in MiB where not said otherwise. */
struct thin {
    unsigned size, end, base_size, base_end;
    unsigned long long threshold, base_threshold; /* bytes */
    bool paused, suspended;
};
extern struct thin thin;

#define LAYER0 "vm1/vda/disk_headroom-layer0"
#define LAYER1 "vm1/vda/disk_headroom-layer1"
#define ERRORS "vm1/vda/count-errors"
#define COMMIT "vm1/vda/block_job-commit"

#define OVER                                                                   \
    "vm1: vda layer0 (vda[2], /dev/thin) is over its watermark by 64.0 KiB: "  \
    "1.9 MiB of 10.0 MiB left"
#define NO_SPACE                                                               \
    "vm1 is paused: vda layer0 (vda[2], /dev/thin): no space left. Make "      \
    "room, then resume it"
#define RUNS_AGAIN                                                             \
    "vm1 runs again after the error of vda layer0 (vda[2], /dev/thin)"

/* As libvirt has it; show() has the fake hypervisor say so from now on. */
const char *thin_text(void);
void show(void);

/* As it is at first; and the scene with that machine. */
void reset(void);
void open_thin(void);

/* With a watermark at 2 MiB, and thresholds that are set. */
void open_armed(void);

/* A snapshot was taken: the thin one, which holds 9 MiB by now, is below. */
void show_above_thin(bool paused);

/* It was committed. `end`: of what was written, in bytes; `size`: of the
 * device. */
void show_base_alone(unsigned long long end, unsigned long long size);

/* --- events -------------------------------------------------------------- */

/* Of the machine; `device` as in event.h. */
struct event event_of(enum event_kind kind, const char *device);

/* By a write that ends 64 KiB behind the watermark. */
void cross(const char *device, unsigned long long mark);

void fail_io(const char *reason, bool paused);

/* Those that need no more. True where a pass is called for. */
bool happen(enum event_kind kind);

/* The end of a job, heard of; and seen to, as with happen(). */
void hear_of_job(enum job_kind job, enum job_end end);
bool end_job(enum job_kind job, enum job_end end);

/* --- what came of it ----------------------------------------------------- */

/* Number of questions that were put. */
unsigned errands(enum errand_kind kind);

/* Notice number i; `series` is "HOST/INSTANCE/TYPE-INSTANCE". */
void assert_told(size_t i, enum severity severity, const char *series,
                 const char *message);

#endif

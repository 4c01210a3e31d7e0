/* SPDX-License-Identifier: MIT
 *
 * The whole plugin but its callbacks (session, flow, emit), on libvirt of paper
 * and in front of a collectd that counts what it is given.
 */
#ifndef VIRT_BACKING_TESTS_RIG_H
#define VIRT_BACKING_TESTS_RIG_H

#include "collector.h"
#include "session.h"
#include "workers.h"

struct rig {
    struct settings *settings;
    struct session_setup setup;
    struct session *sessions[LANES];
    struct hypervisor hypervisors[LANES];
    struct workers *workers;
    struct crew crew;
    struct collector *collector;
};

/* What a pass has given to collectd. */
struct rig_counts {
    double domains; /* as the plugin counts; -1: not said */
    double layers;
    double stalled;
    size_t capacities; /* of layers: that many have figures */
    size_t values;     /* of all kinds */
};

/* Default settings, for the caller to change before rig_start(). Each function
 * ends the program where memory is short. */
void rig_init(struct rig *rig);
void rig_start(struct rig *rig, const struct images *images);

/* The inventory is good until the next pass. */
const struct inventory *rig_pass(struct rig *rig, struct rig_counts *ret);

/* Notices that were told so far. */
size_t rig_notices(void);

/* False when something still hangs. */
bool rig_end(struct rig *rig);

/* Lines of the log so far, and the latest of them to stderr. */
unsigned long rig_log_count(void);
void rig_log_show(void);

#endif

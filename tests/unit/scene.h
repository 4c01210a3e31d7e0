/* SPDX-License-Identifier: MIT
 *
 * The scene of the collector's tests: a collector over a fake hypervisor, and a
 * clock that goes on by ten seconds with each pass.
 */
#ifndef VIRT_BACKING_TESTS_SCENE_H
#define VIRT_BACKING_TESTS_SCENE_H

#include "collector.h"
#include "fake_crew.h"
#include "fake_hypervisor.h"
#include "fake_log.h"
#include "unit.h"

/* Defaults of the settings. */
#define REFRESH 60
#define INACTIVE 300

/* Of the scene, not the default. */
#define TIMEOUT 5

/* When a scene begins. So far ahead of the porters' own clock that a pass waits
 * for all that is fetched from storage, however long that takes. */
#define SCENE_START 1e9

#define DISK(type, attribute, path, index, target)                             \
    "<disk type='" type "'><driver type='qcow2'/><source " attribute "='" path \
    "' index='" index "'/><target dev='" target "'/></disk>"
#define DOMAIN(devices) "<domain><devices>" devices "</devices></domain>"

/* One disk on a file. */
extern const char xml_plain[];
extern const char stats_plain[];

/* The same, after a snapshot. */
extern const char xml_snapshot[];
extern const char stats_snapshot[];

extern struct fake_hypervisor fake;
extern struct fake_crew crew;
extern struct settings *settings;

/* Plain domains: "vm1", "vm2" and so on, and no images. */
void open_scene(size_t domains);
void close_scene(void);

/* Sets an option. */
void set(const char *option, const char *value);

/* The next pass. Ten seconds later, of which none are spent unless the pass
 * waits for what does not answer. */
const struct inventory *pass(void);

/* Seconds that the last pass took, of that clock. */
extern double spent;

/* What was told to be wrong, or to be over, since the scene was opened. */
#define TOLD_MAX 64
extern struct notice told[TOLD_MAX];
extern size_t told_count;

/* An event comes, and is seen to; attend() is true when a pass would tell more.
 */
void hear(const struct event *event);
bool attend(void);

/* Of the domain's first disk. */
const struct layer *layer_of(const struct inventory *inventory, size_t domain,
                             size_t layer);

void assert_size(uint64_t size, uint64_t expected);

/* Number of images that were read since they were last set. */
void assert_reads(unsigned expected);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A libvirt of paper: the functions of libvirt's client that the plugin calls,
 * over a host of any size that hangs, breaks and errs when the test says so.
 * Linked in libvirt's place, or loaded before it (LD_PRELOAD). The controls
 * are good in any thread.
 *
 * It is as strict as libvirt where that matters: each function forgets the
 * last error, a domain that hangs is busy to all others (NOWAIT), texts of an
 * answer are freed with it, and a handle keeps the run of the domain.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_LIBVIRT_H
#define VIRT_BACKING_TESTS_FAKE_LIBVIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All domains have the same number of disks, and all disks of layers. */
struct fake_shape {
    size_t domains;
    size_t disks;
    size_t layers;
    size_t stores;      /* servers; the images of domain i are on i % stores */
    const char *folder; /* the images of some domains are files in it, with
                         * several stores in a folder for each; or NULL */
    size_t networked;   /* each so-many-th domain has them on a server all the
                         * same; 0: none has */
    size_t pools;       /* storage pools, with ... */
    size_t volumes;     /* ... that many volumes each */
};

/* A new host, on which all domains run. */
void fake_start(const struct fake_shape *shape);
void fake_end(void);

/* Name of a layer's image file, in the folder. */
#define FAKE_NAME_SIZE 64
void fake_image_name(char ret_name[FAKE_NAME_SIZE], size_t domain, size_t disk,
                     size_t layer);

/* The domain's QEMU does not answer: who asks waits until it does, or stops, or
 * the connection breaks. */
void fake_hang(size_t domain, bool hang);

/* libvirtd holds on to the domain, as to one that it is ending: whoever looks
 * it up or asks for it waits, and so does whoever lists all. */
void fake_hold(size_t domain, bool hold);

/* Nor does libvirtd itself answer. */
void fake_freeze(bool frozen);

/* libvirtd is killed and started: connections break, and so many attempts to
 * make new ones fail. */
void fake_break(unsigned refused);

/* The domain stops, and is gone; or starts with an id of its own. */
void fake_run(size_t domain, bool run);

/* The next so many calls fail, on a connection that stands. */
void fake_fail(unsigned calls);

/* Answers with more records than that are too large; 0: none is. */
void fake_bound(size_t records);

/* Each call takes up to so many microseconds; domains answer in any order. */
void fake_delay(unsigned microseconds);
void fake_shuffle(bool shuffle);

/* Called at the begin of each call for statistics, in its thread. */
void fake_gate(void (*gate)(void));

struct fake_tally {
    uint64_t calls;
    uint64_t asked;       /* domains that were asked for statistics */
    unsigned outstanding; /* calls under way */
    unsigned most;        /* at a time */
    unsigned connections; /* that are open */
    unsigned handles;     /* of domains, pools and volumes */
    unsigned answers;     /* lists of records that were not freed */
    size_t running;       /* domains */
};
struct fake_tally fake_tally(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The host behind fake_libvirt.c: what its daemon and its QEMUs do with a call.
 * All but host_lock() and call_begin() wants
 * the lock.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_HOST_H
#define VIRT_BACKING_TESTS_FAKE_HOST_H

#include "fake_libvirt.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

struct machine {
    char name[32];
    unsigned char uuid[VIR_UUID_BUFLEN];
    int id; /* 0: it does not run */
    bool hung;
    bool ending;  /* libvirtd holds on to it */
    bool held;    /* by a call that waits for it ... */
    double since; /* ... from then on */
};

struct host {
    struct fake_shape shape;
    struct machine *machines;
    size_t *order; /* in which they are told */
    virTypedParameterPtr fields;
    int field_count;
    int next_id;

    unsigned generation; /* of the daemon */
    bool frozen;
    unsigned refused;
    unsigned failing;
    size_t bound;
    unsigned delay;
    bool shuffle;
    uint64_t seed;
    uint64_t ticks; /* what the guests have written */
    void (*gate)(void);

    struct fake_tally tally;
};

extern struct host host;

void host_lock(void);
void host_unlock(void);

/* Until something has changed. */
void host_wait(void);

double host_now(void);
uint64_t host_random(uint64_t below);

/* Position of the machine of that UUID; any number where there is none. */
size_t host_number(const unsigned char *uuid);

/* The machine, if it runs as `id`; else NULL. */
struct machine *host_find(size_t number, int id);

enum answer {
    ANSWER_WHOLE,
    ANSWER_BUSY, /* somebody else waits for it: no sizes */
    ANSWER_GONE, /* it has stopped */
    ANSWER_LOST, /* the daemon has ended */
};

/* Asks the machine's QEMU; waits while it hangs. */
enum answer host_ask(size_t number, int id);

/* To be freed. */
char *host_xml(size_t number);

/* The path of an image's file, or its name on the server. */
#define HOST_PATH_SIZE 1024
bool host_has_files(size_t number);
void host_print_path(char path[HOST_PATH_SIZE], size_t number, size_t disk,
                     size_t layer);

/* libvirt's number of an image. */
unsigned host_index(size_t disk, size_t layer);

/* The names of all statistics (fake_statistics.c), when the shape is known. */
void host_make_fields(void);

/* The order for one answer: a copy of host.order, to be freed. */
size_t *host_order(void);

/* --- calls (fake_libvirt.c) ---------------------------------------------- */

struct _virConnect {
    unsigned generation;
};

struct _virDomain {
    virConnectPtr conn;
    size_t number;
    int id;
};

virDomainPtr host_handle(virConnectPtr conn, size_t number, int id);

/* Handles of all that run, to be freed. */
virDomainPtr *host_list(virConnectPtr conn, int *ret_count);

void call_forget_error(void);
void call_set_error(int code, int domain, const char *text);

/* Begins a call to the daemon, with the lock. False, and an error, when it is
 * over already. call_end() must follow in any case. */
bool call_begin(virConnectPtr conn);
void call_end(void);

/* True, and an error, when the daemon has ended since the connection was made.
 */
bool call_is_lost(virConnectPtr conn);

/* Wait for as long as libvirtd holds on to a domain, or to any. False when the
 * daemon has ended meanwhile. */
bool call_wait_for(virConnectPtr conn, size_t number);
bool call_wait_for_all(virConnectPtr conn);

#endif

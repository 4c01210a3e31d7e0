/* SPDX-License-Identifier: MIT
 *
 * From the typed parameters of one domain's statistics (state.*, block.*) to
 * block records: one for each image that the hypervisor knows of, in its own
 * order. The fields are those of virConnectGetAllDomainStats in libvirt's
 * reference; they are named here by their text, since older headers have no
 * macros for them.
 *
 * The parameters come from a daemon that may be remote: record numbers are
 * bounded, and fields that are unknown, malformed or of another type are
 * passed over.
 *
 * Texts are borrowed: they must outlive the records. The array is kept from
 * one domain to the next, so that a steady state allocates nothing.
 */
#ifndef VIRT_BACKING_BLOCKSTATS_H
#define VIRT_BACKING_BLOCKSTATS_H

#include "chain.h"

/* libvirt's own bound on typed parameters in a reply is 262,144, and a record
 * has two at the least. */
#define BLOCKSTATS_RECORDS_MAX 131072

struct blockrecord {
    const char *target; /* "vda"; NULL when absent */
    const char *path;   /* NULL for network storage and empty drives */
    unsigned index;     /* block.N.backingIndex; 0 when absent */
    struct sizes stated;
    uint64_t threshold; /* block.N.threshold; 0 when absent */
};

struct blockstats {
    bool supported; /* the driver answers for disks at all (block.count) */
    uint64_t state; /* virDomainState, and its reason; 0 when absent */
    uint64_t reason;
    struct blockrecord *records;
    size_t count;
    size_t room;
};

/* Forgets the records, keeps the memory. */
void blockstats_reset(struct blockstats *stats);

void blockstats_clear(struct blockstats *stats);

/* One parameter each. False only when memory is short. */
bool blockstats_number(struct blockstats *stats, const char *field,
                       uint64_t value);
bool blockstats_text(struct blockstats *stats, const char *field,
                     const char *value);

/* VIR_DOMAIN_RUNNING. */
bool blockstats_is_running(const struct blockstats *stats);

/* The domain is paused by an I/O error: VIR_DOMAIN_PAUSED for the reason
 * VIR_DOMAIN_PAUSED_IOERROR. */
bool blockstats_is_halted(const struct blockstats *stats);

/* It is paused for a migration: VIR_DOMAIN_PAUSED_MIGRATION. */
bool blockstats_is_moving(const struct blockstats *stats);

/* A digest of the set of (target, index, path): as long as it stays the same
 * so does the layout of the domain's chains, and XML need not be read. */
uint64_t blockstats_signature(const struct blockstats *stats);

#endif

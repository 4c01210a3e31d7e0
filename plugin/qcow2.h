/* SPDX-License-Identifier: MIT
 *
 * What the metadata of a qcow2 image tell: where the image ends, how large it
 * can become, and what it is based on. After QEMU's docs/interop/qcow2.txt,
 * the specification; sections are named by their titles there.
 *
 * Image contents are foreign: a guest or a tenant may have written them.
 * Every offset and size is checked before it is used, the number and length
 * of reads are bounded, and what is not sound gives no figure at all.
 */
#ifndef VIRT_BACKING_QCOW2_H
#define VIRT_BACKING_QCOW2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of an image, wherever they come from. */
struct qcow2_source {
    /* Reads exactly `size` bytes at `offset`; false when it can't. */
    bool (*read)(void *context, uint64_t offset, void *buffer, size_t size);
    void *context;
    uint64_t length; /* of the container */
};

#define QCOW2_NAME_SIZE 1024 /* the specification's bound is 1023 bytes */
#define QCOW2_FORMAT_SIZE 32

struct qcow2_header {
    unsigned version;
    unsigned cluster_bits;
    unsigned refcount_order; /* refcounts are 2^order bits wide */
    uint64_t capacity;       /* bytes that the guest sees */
    uint64_t refcount_table; /* offset */
    uint32_t refcount_table_clusters;
    uint32_t snapshots;     /* internal ones */
    uint64_t crypto_length; /* of the LUKS header within the image; 0: none */
    bool extended_l2;
    bool lazy_refcounts;
    bool external_data;                 /* guest data lie in another file */
    bool dirty;                         /* refcounts may not be up to date */
    char backing_name[QCOW2_NAME_SIZE]; /* "" without a backing image */
    char backing_format[QCOW2_FORMAT_SIZE]; /* "" where the image is silent */
};

/* Reads the header and its extensions. NULL on success; else why the image
 * can't be used, and *ret_header is undefined. */
const char *qcow2_read_header(const struct qcow2_source *source,
                              struct qcow2_header *ret_header);

/* End of the highest cluster in use, in bytes: what qemu-img check calls the
 * image end offset. Found from the refcount table, backwards. NULL on success;
 * else why it can't be told. */
const char *qcow2_find_end(const struct qcow2_source *source,
                           const struct qcow2_header *header,
                           uint64_t *ret_end);

/* The size of an image of that capacity whose every cluster is in use: what
 * qemu-img measure calls fully allocated. Without the guest's data where they
 * lie in a file of their own. SIZE_UNKNOWN (chain.h) where it
 * exceeds what an image can hold. */
uint64_t qcow2_largest_size(const struct qcow2_header *header);

#endif

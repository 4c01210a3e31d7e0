/* SPDX-License-Identifier: MIT
 *
 * Small qcow2 images, made by hand after QEMU's docs/interop/qcow2.txt: the
 * header in cluster 0, the refcount table in cluster 1, its first refcount
 * block in cluster 2.
 */
#ifndef VIRT_BACKING_TESTS_QCOW2_MAKER_H
#define VIRT_BACKING_TESTS_QCOW2_MAKER_H

#include <stddef.h>
#include <stdint.h>

/* Zeroes stand for: version 3, clusters of 512 bytes, 16-bit refcounts, and
 * the three clusters that are there in use. */
struct qcow2_recipe {
    uint32_t version;
    uint32_t cluster_bits;
    uint32_t refcount_bits;
    uint64_t capacity;
    uint32_t snapshots;
    size_t in_use; /* clusters from the front; up to one refcount block */
    const char *backing_name;
    const char *backing_format;
};

/* Bytes of the three clusters, to be freed. *ret_size is how many. */
unsigned char *qcow2_make(const struct qcow2_recipe *recipe, size_t *ret_size);

/* Writes them to a new file; the test fails where it can't. */
void qcow2_write(const char *path, const struct qcow2_recipe *recipe);

void qcow2_put32(unsigned char *bytes, uint32_t number);
void qcow2_put64(unsigned char *bytes, uint64_t number);

#endif

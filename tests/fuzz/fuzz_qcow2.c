/* SPDX-License-Identifier: MIT
 *
 * The qcow2 reader on images of any content. The first byte says how large
 * the container claims to be, beyond the bytes that are there.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <string.h>

/* A figure is either refused or plausible; reads are bounded in number and
 * stay within the container. */
#define READS_MAX 1000

struct bytes {
    const uint8_t *data;
    size_t size;
    uint64_t length;
    unsigned reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_bytes(void *context, uint64_t offset, void *buffer,
                       size_t size)
{
    struct bytes *bytes = context;

    if (++bytes->reads > READS_MAX || size > bytes->length ||
        offset > bytes->length - size)
        abort();
    memset(buffer, 0, size);
    if (offset < bytes->size) {
        size_t rest = bytes->size - (size_t)offset;
        memcpy(buffer, bytes->data + offset, rest < size ? rest : size);
    }
    return true;
}

/* Whole clusters, and beyond the container by no more than what a single
 * refcount block speaks of. */
static void check_end(const struct qcow2_header *header, uint64_t end,
                      uint64_t length)
{
    uint64_t cluster = UINT64_C(1) << header->cluster_bits;
    uint64_t block = (cluster * 8 >> header->refcount_order) * cluster;

    if (end == 0 || end % cluster != 0 ||
        (end > length && end - length > block))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;

    struct bytes bytes = {
        .data = data + 1,
        .size = size - 1,
        .length = (uint64_t)(size - 1) << data[0] % 44,
    };
    struct qcow2_source source = {read_bytes, &bytes, bytes.length};
    struct qcow2_header header;
    uint64_t end;

    if (qcow2_read_header(&source, &header) != NULL)
        return 0;
    if (strlen(header.backing_name) >= sizeof(header.backing_name) ||
        strlen(header.backing_format) >= sizeof(header.backing_format))
        abort();
    qcow2_largest_size(&header);
    if (qcow2_find_end(&source, &header, &end) == NULL)
        check_end(&header, end, bytes.length);
    return 0;
}

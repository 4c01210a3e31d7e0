/* SPDX-License-Identifier: MIT */
#include "qcow2.h"

#include "chain.h"
#include "cleanup.h"

#include <string.h>

#define MAGIC 0x514649fbu /* "QFI\xfb" */
#define CLUSTER_BITS_MIN 9
#define CLUSTER_BITS_MAX 21
#define REFCOUNT_ORDER_MAX 6
#define HEADER_V2_SIZE 72
#define HEADER_V3_SIZE 104

/* QEMU refuses refcount tables of more than 8 MiB. */
#define TABLE_SIZE_MAX (8u << 20)
#define TABLE_CHUNK (64u << 10)

/* A refcount block without a single reference is unusual, since QEMU lets
 * each account for itself; a long run of them is no image to trust. */
#define EMPTY_BLOCKS_MAX 64

/* Section "Header", incompatible features. */
#define INCOMPATIBLE_DIRTY (UINT64_C(1) << 0)
#define INCOMPATIBLE_CORRUPT (UINT64_C(1) << 1)
#define INCOMPATIBLE_EXTERNAL_DATA (UINT64_C(1) << 2)
#define INCOMPATIBLE_COMPRESSION (UINT64_C(1) << 3)
#define INCOMPATIBLE_EXTENDED_L2 (UINT64_C(1) << 4)
#define INCOMPATIBLE_KNOWN                                                     \
    (INCOMPATIBLE_DIRTY | INCOMPATIBLE_CORRUPT | INCOMPATIBLE_EXTERNAL_DATA |  \
     INCOMPATIBLE_COMPRESSION | INCOMPATIBLE_EXTENDED_L2)

/* The same, compatible features. */
#define COMPATIBLE_LAZY_REFCOUNTS (UINT64_C(1) << 0)

/* Section "Header extensions". */
#define EXTENSIONS_MAX 64 /* there are five kinds */
#define EXTENSION_END 0u
#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define EXTENSION_CRYPTO_HEADER 0x0537be77u

/* Table entries: bits 9 to 63 are the offset. */
#define OFFSET_MASK (~UINT64_C(0x1ff))

static uint32_t be32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t be64(const unsigned char *bytes)
{
    return (uint64_t)be32(bytes) << 32 | be32(bytes + 4);
}

static bool read_at(const struct qcow2_source *source, uint64_t offset,
                    void *buffer, size_t size)
{
    if (size > source->length || offset > source->length - size)
        return false;
    return source->read(source->context, offset, buffer, size);
}

/* Fields of both versions, and those that only version 3 has. */
static const char *read_fields(const unsigned char *bytes,
                               struct qcow2_header *header,
                               uint32_t *ret_header_length)
{
    uint64_t incompatible = 0;
    uint64_t compatible = 0;

    if (be32(bytes) != MAGIC)
        return "not a qcow2 image";
    header->version = be32(bytes + 4);
    header->cluster_bits = be32(bytes + 20);
    header->capacity = be64(bytes + 24);
    header->refcount_table = be64(bytes + 48);
    header->refcount_table_clusters = be32(bytes + 56);
    header->snapshots = be32(bytes + 60);
    header->refcount_order = 4;
    *ret_header_length = HEADER_V2_SIZE;

    if (header->version == 3) {
        incompatible = be64(bytes + 72);
        compatible = be64(bytes + 80);
        header->refcount_order = be32(bytes + 96);
        *ret_header_length = be32(bytes + 100);
        if (*ret_header_length < HEADER_V3_SIZE)
            return "header too short";
    } else if (header->version != 2) {
        return "qcow2 version not known";
    }

    if ((incompatible & ~INCOMPATIBLE_KNOWN) != 0)
        return "incompatible feature not known";
    if ((incompatible & INCOMPATIBLE_CORRUPT) != 0)
        return "marked as corrupt";
    header->dirty = (incompatible & INCOMPATIBLE_DIRTY) != 0;
    header->external_data = (incompatible & INCOMPATIBLE_EXTERNAL_DATA) != 0;
    header->extended_l2 = (incompatible & INCOMPATIBLE_EXTENDED_L2) != 0;
    header->lazy_refcounts = (compatible & COMPATIBLE_LAZY_REFCOUNTS) != 0;
    return NULL;
}

static const char *check_fields(const struct qcow2_source *source,
                                const struct qcow2_header *header,
                                uint32_t length)
{
    if (header->cluster_bits < CLUSTER_BITS_MIN ||
        header->cluster_bits > CLUSTER_BITS_MAX)
        return "cluster size out of range";
    if (header->refcount_order > REFCOUNT_ORDER_MAX)
        return "refcount width out of range";

    uint64_t cluster = UINT64_C(1) << header->cluster_bits;
    if (length > cluster)
        return "header too long";
    /* Within the container, where offsets can be added up safely. */
    if (header->refcount_table == 0 ||
        header->refcount_table >= source->length ||
        (header->refcount_table & (cluster - 1)) != 0)
        return "refcount table misplaced";
    if (header->refcount_table_clusters == 0 ||
        header->refcount_table_clusters > TABLE_SIZE_MAX >>
            header->cluster_bits)
        return "refcount table too large or missing";
    return NULL;
}

static const char *read_backing_name(const struct qcow2_source *source,
                                     const unsigned char *bytes,
                                     struct qcow2_header *header)
{
    uint64_t cluster = UINT64_C(1) << header->cluster_bits;
    uint64_t offset = be64(bytes + 8);
    uint32_t size = be32(bytes + 16);

    if (offset == 0)
        return NULL;
    if (size >= QCOW2_NAME_SIZE)
        return "name of the backing image too long";
    /* Like QEMU, which looks for it in the first cluster alone. */
    if (size > cluster || offset > cluster - size)
        return "name of the backing image misplaced";
    if (!read_at(source, offset, header->backing_name, size))
        return "name of the backing image can't be read";
    header->backing_name[size] = '\0';
    if (strlen(header->backing_name) != size)
        return "name of the backing image with a NUL in it";
    return NULL;
}

/* Whoever made the image wrote it, and people will read it. */
static bool is_format_name(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

static const char *read_backing_format(const struct qcow2_source *source,
                                       uint64_t offset, uint32_t size,
                                       struct qcow2_header *header)
{
    if (size >= QCOW2_FORMAT_SIZE ||
        !read_at(source, offset, header->backing_format, size))
        return "format of the backing image can't be read";
    header->backing_format[size] = '\0';
    return is_format_name(header->backing_format)
               ? NULL
               : "format of the backing image is no name";
}

/* Full disk encryption header pointer: offset and length. */
static const char *read_crypto_header(const struct qcow2_source *source,
                                      uint64_t offset, uint32_t size,
                                      struct qcow2_header *header)
{
    unsigned char pointer[16];

    if (size != sizeof(pointer) ||
        !read_at(source, offset, pointer, sizeof(pointer)) ||
        be64(pointer + 8) > source->length)
        return "encryption header misplaced";
    header->crypto_length = be64(pointer + 8);
    return NULL;
}

/* Walks the header extensions, which end where the name of the backing image
 * begins, or with the first cluster. */
static const char *read_extensions(const struct qcow2_source *source,
                                   uint64_t offset, uint64_t name,
                                   struct qcow2_header *header)
{
    uint64_t end = UINT64_C(1) << header->cluster_bits;
    const char *reason = NULL;
    unsigned char head[8];

    if (name != 0 && name < end)
        end = name;
    for (unsigned i = 0; reason == NULL && offset + sizeof(head) <= end; i++) {
        if (i == EXTENSIONS_MAX)
            return "too many header extensions";
        if (!read_at(source, offset, head, sizeof(head)))
            return "header extensions can't be read";
        uint32_t type = be32(head);
        uint32_t size = be32(head + 4);
        offset += sizeof(head);
        if (type == EXTENSION_END)
            break;
        if (size > end - offset)
            return "header extension too long";
        if (type == EXTENSION_BACKING_FORMAT)
            reason = read_backing_format(source, offset, size, header);
        else if (type == EXTENSION_CRYPTO_HEADER)
            reason = read_crypto_header(source, offset, size, header);
        offset += (size + 7) & ~UINT64_C(7);
    }
    return reason;
}

const char *qcow2_read_header(const struct qcow2_source *source,
                              struct qcow2_header *ret_header)
{
    unsigned char bytes[HEADER_V3_SIZE] = {0};
    uint32_t length;
    const char *reason;

    memset(ret_header, 0, sizeof(*ret_header));
    if (!read_at(source, 0, bytes, HEADER_V3_SIZE))
        return "header can't be read";
    reason = read_fields(bytes, ret_header, &length);
    if (reason == NULL)
        reason = check_fields(source, ret_header, length);
    if (reason == NULL)
        reason = read_backing_name(source, bytes, ret_header);
    if (reason == NULL)
        reason = read_extensions(source, length, be64(bytes + 8), ret_header);
    return reason;
}

/* Refcounts are big-endian; those under a byte fill it from its low bits. */
static bool is_referenced(const unsigned char *block, size_t index,
                          unsigned order)
{
    if (order < 3) {
        unsigned width = 1u << order;
        unsigned per_byte = 8u >> order;
        unsigned shift = (unsigned)(index % per_byte) * width;
        unsigned byte = block[index / per_byte];
        return (byte >> shift & ((1u << width) - 1)) != 0;
    }

    size_t bytes = (size_t)1 << (order - 3);
    for (size_t i = 0; i < bytes; i++)
        if (block[index * bytes + i] != 0)
            return true;
    return false;
}

/* Position behind the last reference in a refcount block; 0: there is none. */
static size_t last_reference(const unsigned char *block, size_t entries,
                             unsigned order)
{
    while (entries > 0 && !is_referenced(block, entries - 1, order))
        entries--;
    return entries;
}

/* A walk through the refcount table from its end. */
struct walk {
    const struct qcow2_source *source;
    const struct qcow2_header *header;
    unsigned char *block; /* room for one refcount block */
    unsigned empty;       /* blocks without a reference so far */
};

/* Sets *ret_end where the block of that table entry has a reference; else
 * leaves it 0. */
static const char *look_into(struct walk *walk, uint64_t position,
                             uint64_t entry, uint64_t *ret_end)
{
    const struct qcow2_header *header = walk->header;
    uint64_t cluster = UINT64_C(1) << header->cluster_bits;
    size_t entries = (size_t)(cluster * 8 >> header->refcount_order);

    if ((entry & (cluster - 1)) != 0)
        return "refcount block misplaced";
    if (!read_at(walk->source, entry, walk->block, (size_t)cluster))
        return "refcount block can't be read";
    size_t last = last_reference(walk->block, entries, header->refcount_order);
    if (last == 0) {
        walk->empty++;
        return walk->empty > EMPTY_BLOCKS_MAX ? "too many empty refcount blocks"
                                              : NULL;
    }
    *ret_end = (position * entries + last) << header->cluster_bits;
    return NULL;
}

/* One chunk of the table, from its end; `first` is its first entry's number. */
static const char *walk_chunk(struct walk *walk, const unsigned char *chunk,
                              size_t entries, uint64_t first, uint64_t *ret_end)
{
    while (entries-- > 0) {
        uint64_t entry = be64(chunk + 8 * entries) & OFFSET_MASK;
        if (entry == 0)
            continue;
        const char *reason = look_into(walk, first + entries, entry, ret_end);
        if (reason != NULL || *ret_end != 0)
            return reason;
    }
    return NULL;
}

/* Number of entries at the front of the table that can speak of clusters
 * within the container: what lies behind them need not be read. */
static uint64_t table_entries(const struct qcow2_source *source,
                              const struct qcow2_header *header)
{
    unsigned bits = header->cluster_bits;
    uint64_t all = (uint64_t)header->refcount_table_clusters << (bits - 3);
    /* A block of 2^(bits + 3 - order) refcounts, each of a cluster. */
    unsigned covered_bits = 2 * bits + 3 - header->refcount_order;
    uint64_t within = (source->length >> covered_bits) + 1;

    return within < all ? within : all;
}

const char *qcow2_find_end(const struct qcow2_source *source,
                           const struct qcow2_header *header, uint64_t *ret_end)
{
    uint64_t rest = 8 * table_entries(source, header);
    CLEANUP_FREE unsigned char *chunk = malloc(TABLE_CHUNK);
    CLEANUP_FREE unsigned char *block =
        malloc((size_t)1 << header->cluster_bits);
    struct walk walk = {source, header, block, 0};
    uint64_t end = 0;

    if (chunk == NULL || block == NULL)
        return "out of memory";
    while (rest > 0 && end == 0) {
        size_t size = rest < TABLE_CHUNK ? (size_t)rest : TABLE_CHUNK;
        rest -= size;
        if (!read_at(source, header->refcount_table + rest, chunk, size))
            return "refcount table can't be read";
        const char *reason = walk_chunk(&walk, chunk, size / 8, rest / 8, &end);
        if (reason != NULL)
            return reason;
    }
    if (end == 0)
        return "no cluster is in use";
    *ret_end = end;
    return NULL;
}

static uint64_t divide_up(uint64_t number, uint64_t by)
{
    return number / by + (number % by != 0);
}

/* Clusters that the refcounts of `clusters` others take: blocks that account
 * for all, themselves too, and a table with an entry for each block. */
static uint64_t refcount_clusters(uint64_t clusters, uint64_t cluster,
                                  unsigned order)
{
    uint64_t per_block = cluster * 8 >> order;
    uint64_t taken = 0;

    for (;;) {
        uint64_t blocks = divide_up(clusters + taken, per_block);
        uint64_t needed = blocks + divide_up(blocks * 8, cluster);
        if (needed == taken)
            return taken;
        taken = needed;
    }
}

uint64_t qcow2_largest_size(const struct qcow2_header *header)
{
    uint64_t cluster = UINT64_C(1) << header->cluster_bits;
    uint64_t l2_entry = header->extended_l2 ? 16 : 8;

    /* Larger than any disk that QEMU takes; keeps the sums below 2^64. */
    if (header->capacity > UINT64_C(1) << 60)
        return SIZE_UNKNOWN;

    uint64_t data = divide_up(header->capacity, cluster);
    uint64_t l2 = divide_up(data * l2_entry, cluster);
    uint64_t l1 = divide_up(l2 * 8, cluster);
    uint64_t clusters = 1 + l1 + l2 + (header->external_data ? 0 : data);
    clusters += refcount_clusters(clusters, cluster, header->refcount_order);
    clusters += divide_up(header->crypto_length, cluster);
    return clusters << header->cluster_bits;
}

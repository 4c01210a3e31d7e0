/* SPDX-License-Identifier: MIT
 *
 * The qcow2 reader on images that exist in memory alone, sound and hostile.
 * The clusters behind the bytes that are there read as zeroes.
 */
#include "chain.h"
#include "qcow2.h"
#include "qcow2_maker.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a container --------------------------------------------------------- */

struct container {
    unsigned char *bytes;
    size_t size;
    uint64_t length; /* that it claims to have */
    uint64_t bad;    /* a byte that can't be read; UINT64_MAX: none */
    unsigned reads;
    uint64_t read_bytes;
};

static bool read_container(void *context, uint64_t offset, void *buffer,
                           size_t size)
{
    struct container *container = context;

    container->reads++;
    container->read_bytes += size;
    /* The reader has to see to it that no read leaves the container. */
    assert_true(size <= container->length);
    assert_true(offset <= container->length - size);
    if (container->bad >= offset && container->bad < offset + size)
        return false;
    memset(buffer, 0, size);
    if (offset < container->size) {
        size_t rest = container->size - (size_t)offset;
        memcpy(buffer, container->bytes + offset, rest < size ? rest : size);
    }
    return true;
}

static struct container make(const struct qcow2_recipe *recipe)
{
    struct container container = {.bad = UINT64_MAX};

    container.bytes = qcow2_make(recipe, &container.size);
    container.length = container.size;
    return container;
}

/* The same with room for more clusters of 512 bytes. */
static struct container make_large(const struct qcow2_recipe *recipe,
                                   size_t size)
{
    struct container container = make(recipe);

    container.bytes = realloc(container.bytes, size);
    assert_non_null(container.bytes);
    assert_true(size >= container.size);
    memset(container.bytes + container.size, 0, size - container.size);
    container.size = container.length = size;
    return container;
}

static struct qcow2_source source_of(struct container *container)
{
    return (struct qcow2_source){read_container, container, container->length};
}

static const char *read_header(struct container *container,
                               struct qcow2_header *header)
{
    struct qcow2_source source = source_of(container);

    return qcow2_read_header(&source, header);
}

/* The end, or why there is none. */
static const char *find_end(struct container *container, uint64_t *ret_end)
{
    struct qcow2_source source = source_of(container);
    struct qcow2_header header;
    const char *reason = qcow2_read_header(&source, &header);

    container->reads = 0;
    container->read_bytes = 0;
    return reason != NULL ? reason : qcow2_find_end(&source, &header, ret_end);
}

static void assert_end(struct container *container, uint64_t expected)
{
    uint64_t end = 0;
    const char *reason = find_end(container, &end);

    if (reason != NULL)
        fail_msg("%s", reason);
    if (end != expected)
        fail_msg("ends at %llu, not %llu", (unsigned long long)end,
                 (unsigned long long)expected);
}

static void assert_no_end(struct container *container, const char *why)
{
    uint64_t end = 7;
    const char *reason = find_end(container, &end);

    if (reason == NULL)
        fail_msg("ends at %llu", (unsigned long long)end);
    if (strstr(reason, why) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", reason, why);
    assert_true(end == 7);
}

/* --- the header ---------------------------------------------------------- */

static void header_is_read(void **state)
{
    static const struct qcow2_recipe recipe = {
        .cluster_bits = 16,
        .refcount_bits = 8,
        .capacity = UINT64_C(0x123456789a),
        .snapshots = 2,
        .backing_name = "base.img",
        .backing_format = "raw",
    };
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    assert_null(read_header(&container, &header));
    assert_int_equal(header.version, 3);
    assert_int_equal(header.cluster_bits, 16);
    assert_int_equal(header.refcount_order, 3);
    assert_true(header.capacity == recipe.capacity);
    assert_true(header.refcount_table == 65536);
    assert_int_equal(header.refcount_table_clusters, 1);
    assert_int_equal(header.snapshots, 2);
    assert_true(header.crypto_length == 0);
    assert_false(header.extended_l2);
    assert_false(header.external_data);
    assert_false(header.dirty);
    assert_string_equal(header.backing_name, "base.img");
    assert_string_equal(header.backing_format, "raw");
    free(container.bytes);
}

/* In version 2 the fields of version 3 are no fields: what lies there may be
 * extensions already. */
static void header_of_version_2(void **state)
{
    static const struct qcow2_recipe recipe = {
        .version = 2, .backing_name = "b", .backing_format = "qcow2"};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    assert_null(read_header(&container, &header));
    assert_int_equal(header.version, 2);
    assert_int_equal(header.refcount_order, 4);
    assert_string_equal(header.backing_name, "b");
    assert_string_equal(header.backing_format, "qcow2");
    assert_false(header.dirty);
    assert_end(&container, 3 * 512);
    free(container.bytes);
}

static void without_backing(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 0};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_name, "");
    assert_string_equal(header.backing_format, "");
    free(container.bytes);
}

/* A field of a sound image, set to something else. */
struct change {
    size_t offset;
    unsigned width; /* bytes */
    uint64_t value;
    const char *reason; /* NULL: the image is still sound */
};

static void apply(struct container *container, const struct change *change)
{
    if (change->width == 4)
        qcow2_put32(container->bytes + change->offset, (uint32_t)change->value);
    else
        qcow2_put64(container->bytes + change->offset, change->value);
}

static void assert_changed(const struct change *change)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 16 * 512);
    struct qcow2_header header;

    apply(&container, change);
    const char *reason = read_header(&container, &header);
    if (change->reason == NULL && reason != NULL)
        fail_msg("%zu=%llx: %s", change->offset,
                 (unsigned long long)change->value, reason);
    if (change->reason != NULL &&
        (reason == NULL || strstr(reason, change->reason) == NULL))
        fail_msg("%zu=%llx: %s, not %s", change->offset,
                 (unsigned long long)change->value,
                 reason == NULL ? "taken" : reason, change->reason);
    free(container.bytes);
}

static void fields_out_of_range(void **state)
{
    static const struct change changes[] = {
        {0, 4, 0x514649fc, "not a qcow2"},
        {0, 4, 0, "not a qcow2"},
        {4, 4, 0, "version"},
        {4, 4, 1, "version"},
        {4, 4, 4, "version"},
        {4, 4, UINT32_MAX, "version"},
        {20, 4, 0, "cluster size"},
        {20, 4, 8, "cluster size"},
        {20, 4, 22, "cluster size"},
        {20, 4, 63, "cluster size"},
        {20, 4, 64, "cluster size"},
        {20, 4, UINT32_MAX, "cluster size"},
        {48, 8, 0, "table misplaced"},
        {48, 8, 1, "table misplaced"},
        {48, 8, 513, "table misplaced"},
        {48, 8, 512 + 256, "table misplaced"},
        {48, 8, 15 * 512, NULL},
        {48, 8, 16 * 512, "table misplaced"},
        {48, 8, UINT64_MAX, "table misplaced"},
        {48, 8, UINT64_MAX - 511, "table misplaced"},
        {56, 4, 0, "table too large or missing"},
        {56, 4, (8 << 20) / 512, NULL},
        {56, 4, (8 << 20) / 512 + 1, "table too large or missing"},
        {56, 4, UINT32_MAX, "table too large or missing"},
        {96, 4, 6, NULL},
        {96, 4, 7, "refcount width"},
        {96, 4, 63, "refcount width"},
        {96, 4, UINT32_MAX, "refcount width"},
        {100, 4, 0, "header too short"},
        {100, 4, 103, "header too short"},
        {100, 4, 112, NULL},
        {100, 4, 512, NULL},
        {100, 4, 513, "header too long"},
        {100, 4, UINT32_MAX, "header too long"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        assert_changed(&changes[i]);
}

static void cluster_sizes_of_the_specification(void **state)
{
    (void)state;
    for (uint32_t bits = 9; bits <= 21; bits++) {
        struct container container =
            make(&(struct qcow2_recipe){.cluster_bits = bits});
        assert_end(&container, UINT64_C(3) << bits);
        free(container.bytes);
    }
}

/* 8 MiB is the bound of the refcount table for large clusters, too. */
static void table_bound_of_large_clusters(void **state)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 21};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    qcow2_put32(container.bytes + 56, 4);
    assert_null(read_header(&container, &header));
    qcow2_put32(container.bytes + 56, 5);
    assert_non_null(read_header(&container, &header));
    free(container.bytes);
}

static void features(void **state)
{
    static const struct change changes[] = {
        {72, 8, 1 << 0, NULL}, /* dirty */
        {72, 8, 1 << 1, "corrupt"},
        {72, 8, 1 << 2, NULL}, /* external data file */
        {72, 8, 1 << 3, NULL}, /* compression type */
        {72, 8, 1 << 4, NULL}, /* extended L2 entries */
        {72, 8, 1 << 5, "incompatible"},
        {72, 8, 1 << 5 | 1 << 1, "incompatible"},
        {72, 8, UINT64_C(1) << 63, "incompatible"},
        {80, 8, UINT64_MAX, NULL}, /* compatible ones */
        {88, 8, UINT64_MAX, NULL}, /* autoclear ones */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        assert_changed(&changes[i]);
}

static void features_are_told(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};

    (void)state;
    for (uint64_t bit = 0; bit <= 4; bit++) {
        struct container container = make(&recipe);
        struct qcow2_header header;
        qcow2_put64(container.bytes + 72, bit == 1 ? 0 : UINT64_C(1) << bit);
        assert_null(read_header(&container, &header));
        assert_int_equal(header.dirty, bit == 0);
        assert_int_equal(header.external_data, bit == 2);
        assert_int_equal(header.extended_l2, bit == 4);
        free(container.bytes);
    }
}

/* Cut off behind each byte, and unreadable at each. */
static void truncated_header(void **state)
{
    /* Of eight bytes, so that none is padding. */
    static const struct qcow2_recipe recipe = {.backing_name = "base",
                                               .backing_format = "8-bytes."};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    for (uint64_t i = 0; i < 104; i++) {
        container.length = i;
        assert_string_equal(read_header(&container, &header),
                            "header can't be read");
        container.length = container.size;
        container.bad = i;
        assert_string_equal(read_header(&container, &header),
                            "header can't be read");
    }
    /* A container that holds nothing else. */
    container.bad = UINT64_MAX;
    container.length = 104;
    assert_string_equal(read_header(&container, &header),
                        "refcount table misplaced");
    container.length = container.size;
    /* The extensions (16 + 8 bytes) and the name (4) behind it. */
    for (container.bad = 104; container.bad < 132; container.bad++)
        assert_non_null(read_header(&container, &header));
    container.bad = 132;
    assert_null(read_header(&container, &header));
    free(container.bytes);
}

/* --- the backing image's name -------------------------------------------- */

static void assert_name(uint64_t offset, uint32_t size, const char *why)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 12};
    struct container container = make(&recipe);
    struct qcow2_header header;

    memset(container.bytes + 200, 'n', 4096 - 200);
    qcow2_put64(container.bytes + 8, offset);
    qcow2_put32(container.bytes + 16, size);
    const char *reason = read_header(&container, &header);
    if (why == NULL) {
        assert_null(reason);
        assert_int_equal(strlen(header.backing_name), size);
        assert_int_equal(strspn(header.backing_name, "n"), size);
    } else {
        assert_non_null(reason);
        assert_non_null(strstr(reason, why));
    }
    free(container.bytes);
}

static void names_of_backing_images(void **state)
{
    (void)state;
    assert_name(200, 1, NULL);
    assert_name(200, 1023, NULL);
    assert_name(200, 1024, "too long");
    assert_name(200, UINT32_MAX, "too long");
    assert_name(4096 - 1023, 1023, NULL);
    assert_name(4096 - 1022, 1023, "misplaced");
    assert_name(4096, 1, "misplaced");
    assert_name(8192, 1, "misplaced");
    assert_name(UINT64_MAX, 1, "misplaced");
    assert_name(UINT64_MAX - 100, 200, "misplaced");
    assert_name(200, 0, NULL);
    /* Between the extensions' end and the name there are zeroes. */
    assert_name(199, 2, "NUL");
}

/* As version 2 was written before there were extensions: the name begins where
 * they would. */
static void name_in_the_place_of_extensions(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 2};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    memcpy(container.bytes + 72, "base.img with a long name", 25);
    qcow2_put64(container.bytes + 8, 72);
    qcow2_put32(container.bytes + 16, 25);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_name, "base.img with a long name");
    free(container.bytes);
}

static void name_with_a_nul_inside(void **state)
{
    static const struct qcow2_recipe recipe = {.backing_name = "/etc/passwd"};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    container.bytes[112 + 4] = '\0';
    assert_non_null(strstr(read_header(&container, &header), "NUL"));
    free(container.bytes);
}

/* A name longer than a cluster can't be in the first one. */
static void name_longer_than_the_cluster(void **state)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 9};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    memset(container.bytes + 112, 'n', 512 - 112);
    qcow2_put64(container.bytes + 8, 112);
    qcow2_put32(container.bytes + 16, 600);
    assert_non_null(strstr(read_header(&container, &header), "misplaced"));
    free(container.bytes);
}

/* --- header extensions --------------------------------------------------- */

#define BACKING_FORMAT 0xe2792acau
#define CRYPTO_HEADER 0x0537be77u
#define FEATURE_NAMES 0x6803f857u

/* Adds an extension at *end, without its data. */
static void put_extension(struct container *container, size_t *end,
                          uint32_t type, uint32_t size)
{
    qcow2_put32(container->bytes + *end, type);
    qcow2_put32(container->bytes + *end + 4, size);
    *end += 8 + (size + 7) / 8 * 8;
}

static void unknown_extensions_are_passed_over(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    struct qcow2_header header;
    size_t end = 104;

    (void)state;
    put_extension(&container, &end, FEATURE_NAMES, 48);
    put_extension(&container, &end, 0x12345678, 5); /* padded to 8 */
    put_extension(&container, &end, 0x12345678, 0);
    memcpy(container.bytes + end + 8, "qcow2", 5);
    put_extension(&container, &end, BACKING_FORMAT, 5);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_format, "qcow2");
    free(container.bytes);
}

/* Behind the end of the extensions nothing is one. */
static void extensions_have_an_end(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    struct qcow2_header header;
    size_t end = 112;

    (void)state;
    memcpy(container.bytes + end + 8, "qcow2", 5);
    put_extension(&container, &end, BACKING_FORMAT, 5);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_format, "");
    free(container.bytes);
}

/* The refcount table behind the header's cluster is none either. */
static void extensions_end_with_the_cluster(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 4 * 512);
    struct qcow2_header header;
    size_t end = 104;

    (void)state;
    qcow2_put64(container.bytes + 48, 3 * 512);
    put_extension(&container, &end, FEATURE_NAMES, 400);
    assert_int_equal(end, 512);
    memcpy(container.bytes + end + 8, "raw", 3);
    put_extension(&container, &end, BACKING_FORMAT, 3);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_format, "");
    free(container.bytes);
}

static void format_that_is_said_twice(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    struct qcow2_header header;
    size_t end = 104;

    (void)state;
    memcpy(container.bytes + end + 8, "qcow2", 5);
    put_extension(&container, &end, BACKING_FORMAT, 5);
    memcpy(container.bytes + end + 8, "raw", 3);
    put_extension(&container, &end, BACKING_FORMAT, 3);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_format, "raw");
    free(container.bytes);
}

/* A header may be longer than what is known of it. */
static void extensions_begin_behind_the_header(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    struct qcow2_header header;
    size_t end = 120;

    (void)state;
    memset(container.bytes + 104, 0xff, 16);
    qcow2_put32(container.bytes + 100, 120);
    memcpy(container.bytes + end + 8, "raw", 3);
    put_extension(&container, &end, BACKING_FORMAT, 3);
    assert_null(read_header(&container, &header));
    assert_string_equal(header.backing_format, "raw");
    free(container.bytes);
}

static void assert_extension(uint32_t type, uint32_t size, const char *why)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    struct qcow2_header header;

    memset(container.bytes + 104, 'x', 512 - 104);
    qcow2_put32(container.bytes + 104, type);
    qcow2_put32(container.bytes + 108, size);
    /* Whatever follows it ends the extensions, as far as there is room. */
    uint64_t behind = 112 + ((uint64_t)size + 7) / 8 * 8;
    if (behind <= 504)
        qcow2_put64(container.bytes + behind, 0);
    const char *reason = read_header(&container, &header);
    if (why == NULL && reason != NULL)
        fail_msg("%x of %u: %s", type, size, reason);
    if (why != NULL && (reason == NULL || strstr(reason, why) == NULL))
        fail_msg("%x of %u: %s", type, size, reason);
    free(container.bytes);
}

/* It goes to terminals and logs; and QEMU opens no image with such a one. */
static void format_that_is_no_name(void **state)
{
    static const char *const formats[] = {"raw\n", "\033[2J", "ra w", "\x7fraw",
                                          "\xc2\x9braw"};

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct qcow2_recipe recipe = {.cluster_bits = 16, .backing_name = "b"};
        struct qcow2_header header;
        recipe.backing_format = formats[i];
        struct container container = make(&recipe);
        const char *reason = read_header(&container, &header);
        assert_non_null(reason);
        assert_non_null(strstr(reason, "format of the backing image"));
        free(container.bytes);
    }
}

static void extensions_that_overrun(void **state)
{
    (void)state;
    assert_extension(FEATURE_NAMES, 400, NULL); /* up to the very end */
    assert_extension(FEATURE_NAMES, 401, "too long");
    assert_extension(FEATURE_NAMES, UINT32_MAX, "too long");
    assert_extension(FEATURE_NAMES, UINT32_MAX - 7, "too long");
    assert_extension(BACKING_FORMAT, 31, NULL);
    assert_extension(BACKING_FORMAT, 32, "format");
    assert_extension(CRYPTO_HEADER, 15, "encryption");
    assert_extension(CRYPTO_HEADER, 24, "encryption");
    /* 'xxxxxxxx' bytes of LUKS header are more than there are. */
    assert_extension(CRYPTO_HEADER, 16, "encryption");
}

/* Of no length at all, as many as the cluster holds. */
static void endless_extensions(void **state)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 21};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    for (size_t at = 104; at < (1 << 21); at += 8)
        qcow2_put32(container.bytes + at, FEATURE_NAMES);
    assert_non_null(strstr(read_header(&container, &header), "too many"));
    assert_true(container.reads < 100);

    /* 64 are all right. */
    memset(container.bytes + 104 + 64 * 8, 0, 8);
    assert_non_null(strstr(read_header(&container, &header), "too many"));
    memset(container.bytes + 104 + 63 * 8, 0, 8);
    assert_null(read_header(&container, &header));
    free(container.bytes);
}

static void encryption_header(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 8 * 512);
    struct qcow2_header header;
    size_t end = 104;

    (void)state;
    put_extension(&container, &end, CRYPTO_HEADER, 16);
    qcow2_put64(container.bytes + 112, 3 * 512);
    qcow2_put64(container.bytes + 120, 1000);
    assert_null(read_header(&container, &header));
    assert_true(header.crypto_length == 1000);
    qcow2_put64(container.bytes + 120, container.length);
    assert_null(read_header(&container, &header));
    qcow2_put64(container.bytes + 120, container.length + 1);
    assert_non_null(read_header(&container, &header));
    qcow2_put64(container.bytes + 120, UINT64_MAX);
    assert_non_null(read_header(&container, &header));
    free(container.bytes);
}

/* --- the image's end ----------------------------------------------------- */

/* One reference, of any value, in a block that is empty but for it. */
static void put_reference(unsigned char *block, unsigned bits, size_t index)
{
    memset(block, 0, 512);
    if (bits < 8)
        block[index * bits / 8] =
            (unsigned char)(((1u << bits) - 1) << index * bits % 8);
    else
        block[index * bits / 8] = 0x80;
}

static void every_refcount_width(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= 64; bits *= 2) {
        const struct qcow2_recipe recipe = {.refcount_bits = bits};
        size_t entries = 512 * 8 / bits;
        const size_t last[] = {0, 1, entries / 2, entries - 2, entries - 1};
        struct container container = make(&recipe);

        container.length = UINT64_C(1) << 40;
        for (size_t i = 0; i < COUNT_OF(last); i++) {
            put_reference(container.bytes + 1024, bits, last[i]);
            assert_end(&container, (last[i] + 1) * 512);
        }
        /* Each byte of a wide one counts. */
        for (size_t i = 0; bits >= 8 && i < bits / 8; i++) {
            memset(container.bytes + 1024, 0, 512);
            container.bytes[1024 + 5 * bits / 8 + i] = 1;
            assert_end(&container, 6 * 512);
        }
        free(container.bytes);
    }
}

/* Version 2 has refcounts of 16 bits, whatever lies where version 3 has its
 * field for them. */
static void second_block_of_the_table(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 4 * 512);

    (void)state;
    container.length = UINT64_C(1) << 30;
    qcow2_put64(container.bytes + 512 + 8, 3 * 512);
    put_reference(container.bytes + 3 * 512, 16, 0);
    /* A block of 16-bit refcounts holds 256 of them. */
    assert_end(&container, (256 + 1) * 512);
    put_reference(container.bytes + 3 * 512, 16, 255);
    assert_end(&container, 512 * 512);
    /* The last entry of the table. */
    qcow2_put64(container.bytes + 512 + 8, 0);
    qcow2_put64(container.bytes + 512 + 63 * 8, 3 * 512);
    assert_end(&container, 64 * 256 * 512);
    /* The low bits of an entry are reserved, and no part of its offset. */
    qcow2_put64(container.bytes + 512 + 63 * 8, 3 * 512 + 511);
    assert_end(&container, 64 * 256 * 512);
    free(container.bytes);
}

/* A table of several chunks, with its only entry in one of them. */
static void every_part_of_a_large_table(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    static const size_t entries[] = {0, 8191, 8192, 8193, 20000, 24575};
    size_t table = 24576 * 8;
    struct container container = make_large(&recipe, 4 * 512 + table);

    (void)state;
    container.length = UINT64_C(1) << 40;
    qcow2_put64(container.bytes + 48, 4 * 512);
    qcow2_put32(container.bytes + 56, (uint32_t)(table / 512));
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        memset(container.bytes + 4 * 512, 0, table);
        qcow2_put64(container.bytes + 4 * 512 + 8 * entries[i], 1024);
        assert_end(&container, (256 * (uint64_t)entries[i] + 3) * 512);
    }
    free(container.bytes);
}

/* The blocks at the end have no reference left. */
static void empty_blocks_at_the_end(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 8 * 512);

    (void)state;
    container.length = UINT64_C(1) << 40;
    qcow2_put64(container.bytes + 48, 4 * 512);
    qcow2_put32(container.bytes + 56, 2); /* 128 entries */
    qcow2_put64(container.bytes + 4 * 512, 2 * 512);
    for (size_t i = 1; i <= 64; i++)
        qcow2_put64(container.bytes + 4 * 512 + 8 * i, 3 * 512);
    assert_end(&container, 3 * 512);
    assert_int_equal(container.reads, 1 + 65);
    /* One more is no image to trust. */
    qcow2_put64(container.bytes + 4 * 512 + 8 * 65, 3 * 512);
    assert_no_end(&container, "too many empty");
    assert_int_equal(container.reads, 1 + 65);
    free(container.bytes);
}

static void nothing_in_use(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);

    (void)state;
    memset(container.bytes + 1024, 0, 512);
    assert_no_end(&container, "no cluster");
    memset(container.bytes + 512, 0, 512);
    assert_no_end(&container, "no cluster");
    free(container.bytes);
}

static void misplaced_refcount_blocks(void **state)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 12};
    static const struct {
        uint64_t entry;
        const char *why;
    } entries[] = {
        {2 * 4096 + 512, "misplaced"},
        {512, "misplaced"},
        {3 * 4096, "can't be read"},
        {UINT64_C(1) << 62, "can't be read"},
        {UINT64_MAX - 4095, "can't be read"},
        {UINT64_MAX, "misplaced"},
    };
    struct container container = make(&recipe);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(entries); i++) {
        qcow2_put64(container.bytes + 4096, entries[i].entry);
        assert_no_end(&container, entries[i].why);
    }
    free(container.bytes);
}

static void storage_that_fails(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);

    (void)state;
    container.bad = 512;
    assert_no_end(&container, "table can't be read");
    container.bad = 1024 + 511;
    assert_no_end(&container, "block can't be read");
    free(container.bytes);
}

/* A container cut off within the table, or within the block. */
static void truncated_image(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make(&recipe);
    uint64_t end;

    (void)state;
    for (container.length = 104; container.length < 3 * 512; container.length++)
        assert_non_null(find_end(&container, &end));
    assert_end(&container, 3 * 512);
    free(container.bytes);
}

/* A table that reaches beyond the end of the container, and one whose end
 * would be beyond that of all numbers. */
static void table_beyond_the_container(void **state)
{
    static const struct qcow2_recipe recipe = {.refcount_bits = 64};
    struct container container = make(&recipe);

    (void)state;
    /* Long enough for more than one chunk of the table to count. */
    container.length = UINT64_C(1) << 30;
    qcow2_put32(container.bytes + 56, (8 << 20) / 512);
    qcow2_put64(container.bytes + 48, container.length - 512);
    assert_no_end(&container, "can't be read");
    qcow2_put64(container.bytes + 48, UINT64_MAX - 511);
    assert_no_end(&container, "misplaced");
    free(container.bytes);
}

/* Entries of clusters that lie behind the container are not looked at. */
static void entries_beyond_the_container(void **state)
{
    static const struct qcow2_recipe recipe = {.version = 3};
    struct container container = make_large(&recipe, 256 * 512 - 1);

    (void)state;
    for (size_t i = 1; i < 64; i++)
        qcow2_put64(container.bytes + 512 + 8 * i, 3 * 512);
    memset(container.bytes + 3 * 512, 0xff, 512);
    assert_end(&container, 3 * 512);
    free(container.bytes);

    /* From that cluster on the second block counts. */
    container = make_large(&recipe, 256 * 512);
    qcow2_put64(container.bytes + 512 + 8, 3 * 512);
    put_reference(container.bytes + 3 * 512, 16, 0);
    assert_end(&container, 257 * 512);
    free(container.bytes);
}

/* However large an image is, it takes one read of the table's tail and one of
 * a block. */
static void reads_do_not_grow_with_the_image(void **state)
{
    static const struct qcow2_recipe recipe = {.cluster_bits = 16};
    struct container container = make(&recipe);
    struct qcow2_header header;

    (void)state;
    container.length = UINT64_C(1) << 46; /* a table of 256 KiB */
    qcow2_put32(container.bytes + 56, 4);
    /* The table lies in clusters 3 to 6, which are zeroes, but for its last
     * entry: in use by cluster 2. */
    container.bytes = realloc(container.bytes, 7 << 16);
    assert_non_null(container.bytes);
    memset(container.bytes + container.size, 0, (7 << 16) - container.size);
    container.size = 7 << 16;
    qcow2_put64(container.bytes + 48, 3 << 16);
    qcow2_put64(container.bytes + (7 << 16) - 8, 2 << 16);
    assert_end(&container, (UINT64_C(32767) * 32768 + 3) << 16);
    assert_int_equal(container.reads, 2);
    assert_int_equal(container.read_bytes, 2 << 16);

    container.reads = 0;
    assert_null(read_header(&container, &header));
    assert_int_equal(container.reads, 2);
    free(container.bytes);
}

/* The worst that a header can ask for: a table of 8 MiB of zeroes. */
static void reads_are_bounded(void **state)
{
    static const struct qcow2_recipe recipe = {.refcount_bits = 64};
    struct container container = make(&recipe);

    (void)state;
    container.length = UINT64_C(1) << 60;
    qcow2_put64(container.bytes + 48, 512 * 100);
    qcow2_put32(container.bytes + 56, (8 << 20) / 512);
    assert_no_end(&container, "no cluster");
    assert_int_equal(container.reads, 128);
    assert_int_equal(container.read_bytes, 8 << 20);
    free(container.bytes);
}

/* --- the largest size ---------------------------------------------------- */

static uint64_t largest(unsigned cluster_bits, unsigned order,
                        uint64_t capacity)
{
    const struct qcow2_header header = {.cluster_bits = cluster_bits,
                                        .refcount_order = order,
                                        .capacity = capacity};

    return qcow2_largest_size(&header);
}

static void assert_clusters(uint64_t size, unsigned cluster_bits,
                            uint64_t clusters)
{
    if (size != clusters << cluster_bits)
        fail_msg("%llu clusters and %llu bytes, not %llu",
                 (unsigned long long)(size >> cluster_bits),
                 (unsigned long long)(size & ((1u << cluster_bits) - 1)),
                 (unsigned long long)clusters);
}

/* Counted by hand, after the specification: header, L1 table, L2 tables, data,
 * refcount blocks, refcount table. */
static void largest_sizes(void **state)
{
    (void)state;
    /* Header, a refcount block, its table. */
    assert_clusters(largest(16, 4, 0), 16, 1 + 1 + 1);
    /* A byte takes a cluster, an L2 table, an L1 table. */
    assert_clusters(largest(9, 3, 1), 9, 1 + 1 + 1 + 1 + 1 + 1);
    assert_clusters(largest(9, 3, 512), 9, 1 + 1 + 1 + 1 + 1 + 1);
    assert_clusters(largest(9, 3, 513), 9, 1 + 1 + 1 + 2 + 1 + 1);
    /* 1 GiB: 16384 clusters of 64 KiB; an L2 table speaks of 8192, a refcount
     * block of 32768. */
    assert_clusters(largest(16, 4, UINT64_C(1) << 30), 16,
                    1 + 1 + 2 + 16384 + 1 + 1);
    /* 10 MiB in clusters of 2 MiB. */
    assert_clusters(largest(21, 4, 10 << 20), 21, 1 + 1 + 1 + 5 + 1 + 1);
    /* 64 GiB in clusters of 4 KiB with 1-bit refcounts: 2^24 clusters, L2
     * tables of 512, 32768 of them; an L1 table of 262144 bytes, 64 clusters.
     * 16810049 clusters with the header; a block speaks of 32768: 514 blocks
     * account for all, themselves included. A table of 514 entries: 2. */
    assert_clusters(largest(12, 0, UINT64_C(64) << 30), 12,
                    1 + 64 + 32768 + 16777216 + 514 + 2);
    /* 512 bytes, 64 bits: a block speaks of 64 clusters. 16 MiB: 32768
     * clusters, 512 L2 tables, 8 of the L1 table, a header: 33289. 529 blocks
     * speak of 33856, themselves and their table of 529 entries, 9 clusters,
     * included (33827); 528 would speak of 33792 alone. */
    assert_clusters(largest(9, 6, 16 << 20), 9, 1 + 8 + 512 + 32768 + 529 + 9);
}

static void largest_size_of_extended_l2(void **state)
{
    const struct qcow2_header header = {
        .cluster_bits = 16,
        .refcount_order = 4,
        .capacity = UINT64_C(512) << 30,
        .extended_l2 = true,
    };

    (void)state;
    /* 2^23 data clusters; a table of 16-byte entries speaks of 4096: 2048 L2
     * tables, an L1 table of 16 KiB. 8390658 clusters: 257 blocks of 32768. */
    assert_clusters(qcow2_largest_size(&header), 16,
                    1 + 1 + 2048 + 8388608 + 257 + 1);
}

static void largest_size_with_external_data(void **state)
{
    const struct qcow2_header header = {
        .cluster_bits = 16,
        .refcount_order = 4,
        .capacity = UINT64_C(1) << 30,
        .external_data = true,
    };

    (void)state;
    assert_clusters(qcow2_largest_size(&header), 16, 1 + 1 + 2 + 1 + 1);
}

static void largest_size_with_encryption(void **state)
{
    const struct qcow2_header header = {
        .cluster_bits = 16,
        .refcount_order = 4,
        .capacity = UINT64_C(1) << 30,
        .crypto_length = 2068480, /* a LUKS header of QEMU's */
    };

    (void)state;
    assert_clusters(qcow2_largest_size(&header), 16,
                    1 + 1 + 2 + 16384 + 1 + 1 + 32);
}

static void largest_size_of_the_impossible(void **state)
{
    (void)state;
    assert_true(largest(16, 4, UINT64_MAX) == SIZE_UNKNOWN);
    assert_true(largest(16, 4, (UINT64_C(1) << 60) + 1) == SIZE_UNKNOWN);
    for (unsigned bits = 9; bits <= 21; bits++)
        for (unsigned order = 0; order <= 6; order++) {
            uint64_t size = largest(bits, order, UINT64_C(1) << 60);
            assert_true(size > UINT64_C(1) << 60);
            assert_true(size < UINT64_C(1) << 61);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_read),
        cmocka_unit_test(header_of_version_2),
        cmocka_unit_test(without_backing),
        cmocka_unit_test(fields_out_of_range),
        cmocka_unit_test(cluster_sizes_of_the_specification),
        cmocka_unit_test(table_bound_of_large_clusters),
        cmocka_unit_test(features),
        cmocka_unit_test(features_are_told),
        cmocka_unit_test(truncated_header),
        cmocka_unit_test(names_of_backing_images),
        cmocka_unit_test(name_in_the_place_of_extensions),
        cmocka_unit_test(name_with_a_nul_inside),
        cmocka_unit_test(name_longer_than_the_cluster),
        cmocka_unit_test(unknown_extensions_are_passed_over),
        cmocka_unit_test(extensions_have_an_end),
        cmocka_unit_test(extensions_end_with_the_cluster),
        cmocka_unit_test(format_that_is_said_twice),
        cmocka_unit_test(extensions_begin_behind_the_header),
        cmocka_unit_test(format_that_is_no_name),
        cmocka_unit_test(extensions_that_overrun),
        cmocka_unit_test(endless_extensions),
        cmocka_unit_test(encryption_header),
        cmocka_unit_test(every_refcount_width),
        cmocka_unit_test(second_block_of_the_table),
        cmocka_unit_test(every_part_of_a_large_table),
        cmocka_unit_test(empty_blocks_at_the_end),
        cmocka_unit_test(nothing_in_use),
        cmocka_unit_test(misplaced_refcount_blocks),
        cmocka_unit_test(storage_that_fails),
        cmocka_unit_test(truncated_image),
        cmocka_unit_test(table_beyond_the_container),
        cmocka_unit_test(entries_beyond_the_container),
        cmocka_unit_test(reads_do_not_grow_with_the_image),
        cmocka_unit_test(reads_are_bounded),
        cmocka_unit_test(largest_sizes),
        cmocka_unit_test(largest_size_of_extended_l2),
        cmocka_unit_test(largest_size_with_external_data),
        cmocka_unit_test(largest_size_with_encryption),
        cmocka_unit_test(largest_size_of_the_impossible),
    };

    return cmocka_run_group_tests_name("qcow2", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "qcow2_maker.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LENGTH_V2 72
#define HEADER_LENGTH_V3 104
#define BACKING_FORMAT 0xe2792acau

void qcow2_put32(unsigned char *bytes, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(number >> (24 - 8 * i));
}

void qcow2_put64(unsigned char *bytes, uint64_t number)
{
    qcow2_put32(bytes, (uint32_t)(number >> 32));
    qcow2_put32(bytes + 4, (uint32_t)number);
}

/* Every reference is 1. */
static void put_references(unsigned char *block, unsigned bits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bits < 8)
            block[i * bits / 8] |= (unsigned char)(1u << i * bits % 8);
        else
            block[(i + 1) * bits / 8 - 1] = 1;
}

static void put_backing(unsigned char *bytes, size_t extensions,
                        const struct qcow2_recipe *recipe)
{
    size_t length = strlen(recipe->backing_name);
    size_t end = extensions;

    if (recipe->backing_format != NULL) {
        size_t size = strlen(recipe->backing_format);
        qcow2_put32(bytes + end, BACKING_FORMAT);
        qcow2_put32(bytes + end + 4, (uint32_t)size);
        memcpy(bytes + end + 8, recipe->backing_format, size);
        end += 8 + (size + 7) / 8 * 8;
    }
    end += 8; /* the end of the extensions, all zeroes */
    qcow2_put64(bytes + 8, end);
    qcow2_put32(bytes + 16, (uint32_t)length);
    memcpy(bytes + end, recipe->backing_name, length);
}

unsigned char *qcow2_make(const struct qcow2_recipe *recipe, size_t *ret_size)
{
    uint32_t version = recipe->version != 0 ? recipe->version : 3;
    uint32_t bits = recipe->cluster_bits != 0 ? recipe->cluster_bits : 9;
    uint32_t width = recipe->refcount_bits != 0 ? recipe->refcount_bits : 16;
    size_t cluster = (size_t)1 << bits;
    unsigned char *bytes = calloc(3, cluster);

    assert_non_null(bytes);
    memcpy(bytes, "QFI\xfb", 4);
    qcow2_put32(bytes + 4, version);
    qcow2_put32(bytes + 20, bits);
    qcow2_put64(bytes + 24, recipe->capacity);
    qcow2_put64(bytes + 48, cluster);
    qcow2_put32(bytes + 56, 1);
    qcow2_put32(bytes + 60, recipe->snapshots);
    if (version == 3) {
        uint32_t order = 0;
        while (1u << order < width)
            order++;
        qcow2_put32(bytes + 96, order);
        qcow2_put32(bytes + 100, HEADER_LENGTH_V3);
    }
    if (recipe->backing_name != NULL)
        put_backing(bytes, version == 3 ? HEADER_LENGTH_V3 : HEADER_LENGTH_V2,
                    recipe);
    qcow2_put64(bytes + cluster, 2 * cluster);
    put_references(bytes + 2 * cluster, width,
                   recipe->in_use != 0 ? recipe->in_use : 3);
    *ret_size = 3 * cluster;
    return bytes;
}

void qcow2_write(const char *path, const struct qcow2_recipe *recipe)
{
    size_t size;
    unsigned char *bytes = qcow2_make(recipe, &size);
    FILE *file = fopen(path, "wbx");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

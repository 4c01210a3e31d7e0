/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "volxml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const storages[] = {
    [STORAGE_UNKNOWN] = "unknown", [STORAGE_NONE] = "none",
    [STORAGE_FILE] = "file",       [STORAGE_BLOCK] = "block",
    [STORAGE_NETWORK] = "network", [STORAGE_VOLUME] = "volume",
};

static void print_text(FILE *stream, const char *name, const char *text)
{
    if (text != NULL)
        fprintf(stream, " %s=%s", name, text);
}

static void print_size(FILE *stream, const char *name, uint64_t size)
{
    if (size != SIZE_UNKNOWN)
        fprintf(stream, " %s=%" PRIu64, name, size);
}

static void print_layer(FILE *stream, const struct layer *layer)
{
    fprintf(stream, "storage=%s", storages[layer->storage]);
    print_text(stream, "format", layer->format);
    print_text(stream, "path", layer->path);
    print_size(stream, "capacity", layer->stated.capacity);
    print_size(stream, "allocation", layer->stated.allocation);
    print_size(stream, "physical", layer->stated.physical);
    fprintf(stream, "\n");
}

static char *read_volume(char *input)
{
    struct volume_backing backing = {0};
    struct disk disk = {0};
    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);

    if (volxml_read(input, &disk, &backing)) {
        assert_int_equal(disk.layer_count, 1);
        assert_int_equal(disk.layers[0].depth, 0);
        print_layer(stream, &disk.layers[0]);
        if (backing.path != NULL || backing.format != NULL) {
            fprintf(stream, "backing");
            print_text(stream, "format", backing.format);
            print_text(stream, "path", backing.path);
            fprintf(stream, "\n");
        }
    } else {
        assert_int_equal(disk.layer_count, 0);
        fprintf(stream, "refused\n");
    }
    fclose(stream);
    volume_backing_clear(&backing);
    disk_clear(&disk);
    return output;
}

/* Volumes that are read one after the other are layers of one chain. */
static void depth_is_the_place_in_the_disk(void **state)
{
    struct volume_backing backing = {0};
    struct disk disk = {0};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(volxml_read("<volume type='file'/>", &disk, &backing));
        assert_int_equal(disk.layer_count, i + 1);
        assert_int_equal(disk.layers[i].depth, i);
    }
    disk_clear(&disk);
}

/* What the caller has stays as it is when the XML is no good. */
static void failure_changes_nothing(void **state)
{
    struct volume_backing backing = {.path = strdup("/below")};
    struct disk disk = {0};

    (void)state;
    assert_false(volxml_read("<volume>", &disk, &backing));
    assert_false(volxml_read("", &disk, &backing));
    assert_false(volxml_read("<domain/>", &disk, &backing));
    assert_int_equal(disk.layer_count, 0);
    assert_string_equal(backing.path, "/below");
    volume_backing_clear(&backing);
    assert_null(backing.path);
}

/* A megabyte is more than any volume has to say. */
static void longest_text(void **state)
{
    static const char head[] = "<volume type='file'><name>";
    static const char tail[] = "</name></volume>";
    size_t size = VOLXML_SIZE_MAX + 1;
    char *text = malloc(size + 1);
    struct volume_backing backing = {0};
    struct disk disk = {0};

    (void)state;
    assert_non_null(text);
    for (; size >= VOLXML_SIZE_MAX; size--) {
        memset(text, ' ', size);
        memcpy(text, head, strlen(head));
        memcpy(text + size - strlen(tail), tail, strlen(tail) + 1);
        assert_int_equal(volxml_read(text, &disk, &backing),
                         size == VOLXML_SIZE_MAX);
    }
    disk_clear(&disk);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_the_place_in_the_disk),
        cmocka_unit_test(failure_changes_nothing),
        cmocka_unit_test(longest_text),
    };

    return cases_run("volxml", "xml", read_volume, tests, COUNT_OF(tests));
}

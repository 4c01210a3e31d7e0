/* SPDX-License-Identifier: MIT */
#include "cases.h"
#include "dump.h"
#include "sizes.h"

#include <stdlib.h>
#include <string.h>

static enum storage storage_of(const char *name)
{
    static const struct {
        const char *name;
        enum storage storage;
    } names[] = {
        {"unknown", STORAGE_UNKNOWN}, {"none", STORAGE_NONE},
        {"file", STORAGE_FILE},       {"block", STORAGE_BLOCK},
        {"network", STORAGE_NETWORK}, {"volume", STORAGE_VOLUME},
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].storage;
    fail_msg("no such storage: %s", name);
    return STORAGE_UNKNOWN;
}

/* One line of the input: "A 4096" and so on. The letters are those of the
 * table of rules: A, C, P are what the statistics state of allocation,
 * capacity and physical; S and D what the host has (length, 512 x blocks). */
static void read_fact(struct layer *layer, const char *key, char *value)
{
    uint64_t number = strtoull(value, NULL, 10);

    if (strcmp(key, "storage") == 0)
        layer->storage = storage_of(value);
    else if (strcmp(key, "format") == 0)
        layer->format = value;
    else if (strcmp(key, "seen") == 0)
        layer->seen.storage = storage_of(value);
    else if (strcmp(key, "A") == 0)
        layer->stated.allocation = number;
    else if (strcmp(key, "C") == 0)
        layer->stated.capacity = number;
    else if (strcmp(key, "P") == 0)
        layer->stated.physical = number;
    else if (strcmp(key, "S") == 0)
        layer->seen.length = number;
    else if (strcmp(key, "D") == 0)
        layer->seen.blocks = number;
    else
        fail_msg("no such fact: %s", key);
}

static void print_size(FILE *stream, const char *name, uint64_t size)
{
    if (size == SIZE_UNKNOWN)
        fprintf(stream, "%s unknown\n", name);
    else
        fprintf(stream, "%s %llu\n", name, (unsigned long long)size);
}

static char *settle(char *input)
{
    /* What a layer was settled to before must leave no trace. */
    struct layer layer = {.stated = SIZES_UNKNOWN, .sizes = {1, 2, 3}};
    char *line;

    while ((line = cases_next_line(&input)) != NULL) {
        char *key = strtok(line, " ");
        char *value = strtok(NULL, " ");
        assert_non_null(value);
        read_fact(&layer, key, value);
    }
    sizes_settle(&layer);

    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);
    print_size(stream, "capacity", layer.sizes.capacity);
    print_size(stream, "allocation", layer.sizes.allocation);
    print_size(stream, "physical", layer.sizes.physical);
    fclose(stream);
    return output;
}

static void growing_formats(void **state)
{
    static const char *const growing[] = {"qcow2", "qcow", "qed",  "vmdk",
                                          "vdi",   "vpc",  "vhdx", "new"};
    static const char *const fixed[] = {"raw", "luks", "iso"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(growing); i++)
        assert_true(format_grows(growing[i]));
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        assert_false(format_grows(fixed[i]));
    assert_true(format_grows(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(growing_formats)};

    return cases_run("sizes", "in", settle, tests, COUNT_OF(tests));
}

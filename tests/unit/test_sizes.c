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

/* A layer, and what there is to know of it beside. */
struct facts {
    struct layer layer;
    bool off;
    bool derive; /* "written" was said: headroom and percent are asked for */
    const char *why;       /* the figure whose rule is asked for; NULL: none */
    struct watermark mark; /* of which one was said: that is asked for */
};

/* What the image's own metadata say. False: it is none of these facts. */
static bool read_image_fact(struct layer *layer, const char *key,
                            const char *value, uint64_t number)
{
    static const char *const states[] = {
        [IMAGE_UNREAD] = "unread",
        [IMAGE_READ] = "read",
        [IMAGE_UNREADABLE] = "unreadable",
    };

    for (size_t i = 0; strcmp(key, "image") == 0 && i < COUNT_OF(states); i++)
        if (strcmp(value, states[i]) == 0) {
            layer->image_state = (enum image_state)i;
            return true;
        }
    if (strcmp(key, "image-asked") == 0)
        layer->image_asked = number != 0;
    else if (strcmp(key, "image-capacity") == 0)
        layer->image.capacity = number;
    else if (strcmp(key, "image-length") == 0)
        layer->image.length = number;
    else if (strcmp(key, "E") == 0)
        layer->image.end = number;
    else if (strcmp(key, "largest") == 0)
        layer->image.largest =
            strcmp(value, "unbounded") == 0 ? SIZE_UNBOUNDED : number;
    else if (strcmp(key, "unsound") == 0)
        layer->image.unsound = number != 0;
    else if (strcmp(key, "dirty") == 0)
        layer->image.dirty = number != 0;
    else if (strcmp(key, "cluster") == 0)
        layer->image.cluster = strtoull(value, NULL, 10);
    else if (strcmp(key, "external-data") == 0)
        layer->image.external_data = number != 0;
    else if (strcmp(key, "image-seen") == 0)
        layer->image.seen.storage = storage_of(value);
    else if (strcmp(key, "image-S") == 0)
        layer->image.seen.length = number;
    else if (strcmp(key, "image-D") == 0)
        layer->image.seen.blocks = number;
    else
        return false;
    return true;
}

/* One line of the input: "A 4096" and so on. The letters are those of the
 * table of rules: A, C, P are what the statistics state of allocation,
 * capacity and physical; S and D what the host has (length, 512 x blocks); E
 * the end that was found in the image. */
static void read_fact(struct facts *facts, const char *key, char *value)
{
    struct layer *layer = &facts->layer;
    uint64_t number = strtoull(value, NULL, 10);

    if (read_image_fact(layer, key, value, number))
        return;
    if (strcmp(key, "mark-free") == 0)
        facts->mark.free = number;
    else if (strcmp(key, "mark-percent") == 0)
        facts->mark.percent = (unsigned)number;
    else if (strcmp(key, "why") == 0)
        facts->why = value;
    else if (strcmp(key, "off") == 0)
        facts->off = number != 0;
    else if (strcmp(key, "record") == 0)
        layer->record = number;
    else if (strcmp(key, "depth") == 0)
        layer->depth = (unsigned)number;
    else if (strcmp(key, "free") == 0)
        layer->seen.free = number;
    else if (strcmp(key, "written") == 0) {
        layer->written = number != 0;
        facts->derive = true;
    } else if (strcmp(key, "storage") == 0)
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

static void print_rule(FILE *stream, const struct sizes_rules *rules,
                       const char *name)
{
    fprintf(stream, "%s: %s\n", name,
            strcmp(name, "capacity") == 0     ? rules->capacity
            : strcmp(name, "allocation") == 0 ? rules->allocation
            : strcmp(name, "physical") == 0   ? rules->physical
                                              : rules->headroom);
}

static char *settle(char *input)
{
    /* What a layer was settled to before must leave no trace. */
    struct facts facts = {
        .layer =
            {
                .record = LAYER_NO_RECORD,
                .stated = SIZES_UNKNOWN,
                .seen = {.free = SIZE_UNKNOWN},
                .sizes = {1, 2, 3},
                .headroom = 4,
                .percent = 5,
                .image = {.capacity = SIZE_UNKNOWN,
                          .end = SIZE_UNKNOWN,
                          .largest = SIZE_UNKNOWN},
            },
    };
    struct layer *layer = &facts.layer;
    char *line;

    while ((line = cases_next_line(&input)) != NULL) {
        char *key = strtok(line, " ");
        char *value = strtok(NULL, " ");
        assert_non_null(value);
        read_fact(&facts, key, value);
    }
    sizes_settle(layer, !facts.off);
    sizes_derive(layer);

    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);
    print_size(stream, "capacity", layer->sizes.capacity);
    print_size(stream, "allocation", layer->sizes.allocation);
    print_size(stream, "physical", layer->sizes.physical);
    if (facts.derive) {
        print_size(stream, "headroom", layer->headroom);
        if (layer->percent == PERCENT_UNKNOWN)
            fprintf(stream, "percent unknown\n");
        else
            fprintf(stream, "percent %.6g\n", layer->percent);
    } else {
        /* Nobody writes: no layer has either. */
        assert_true(layer->headroom == SIZE_UNKNOWN);
        assert_true(layer->percent == PERCENT_UNKNOWN);
    }
    if (facts.mark.free > 0 || facts.mark.percent > 0)
        print_size(stream, "watermark", sizes_watermark(layer, &facts.mark));
    if (facts.why != NULL)
        print_rule(stream, &layer->rules, facts.why);
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

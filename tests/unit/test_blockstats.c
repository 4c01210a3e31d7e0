/* SPDX-License-Identifier: MIT */
#include "blockstats.h"
#include "cases.h"
#include "dump.h"
#include "statstext.h"

#include <stdlib.h>
#include <string.h>

static bool is_empty(const struct blockrecord *record)
{
    return record->target == NULL && record->path == NULL &&
           record->index == 0 && record->stated.capacity == SIZE_UNKNOWN &&
           record->stated.allocation == SIZE_UNKNOWN &&
           record->stated.physical == SIZE_UNKNOWN;
}

static void dump_record(FILE *stream, size_t number,
                        const struct blockrecord *record)
{
    fprintf(stream, "%zu", number);
    if (record->target != NULL)
        fprintf(stream, " target=%s", record->target);
    if (record->index != 0)
        fprintf(stream, " index=%u", record->index);
    if (record->path != NULL)
        fprintf(stream, " path=%s", record->path);
    dump_sizes(stream, &record->stated);
    if (record->threshold != 0)
        fprintf(stream, " threshold=%llu",
                (unsigned long long)record->threshold);
    fprintf(stream, "\n");
}

/* Records that hold nothing are counted, and not listed. */
static char *read_stats(char *input)
{
    struct blockstats stats = {0};
    char *output;
    size_t length;
    FILE *stream = open_memstream(&output, &length);

    statstext_read(&stats, input);
    fprintf(stream, "supported %s\nrecords %zu\n",
            stats.supported ? "yes" : "no", stats.count);
    if (blockstats_is_halted(&stats))
        fprintf(stream, "halted\n");
    for (size_t i = 0; i < stats.count; i++)
        if (!is_empty(&stats.records[i]))
            dump_record(stream, i, &stats.records[i]);
    fclose(stream);
    blockstats_clear(&stats);
    return output;
}

/* --- the signature ------------------------------------------------------- */

static uint64_t signature_of(const char *text)
{
    struct blockstats stats = {0};
    char *copy = strdup(text);

    statstext_read(&stats, copy);
    uint64_t signature = blockstats_signature(&stats);
    blockstats_clear(&stats);
    free(copy);
    return signature;
}

#define TWO_DISKS                                                              \
    "block.count=2\n"                                                          \
    "block.0.name=vda\nblock.0.path=/a\nblock.0.backingIndex=1\n"              \
    "block.1.name=vdb\nblock.1.path=/b\nblock.1.backingIndex=2\n"

static void signature_knows_no_sizes(void **state)
{
    (void)state;
    assert_true(signature_of(TWO_DISKS) == signature_of(TWO_DISKS
                                                        "block.0.allocation=1\n"
                                                        "block.0.capacity=2\n"
                                                        "block.1.physical=3\n"
                                                        "block.1.rd.bytes=4\n"
                                                        "state.state=3\n"));
}

static void signature_differs_by_each_part(void **state)
{
    static const char *const others[] = {
        "",
        TWO_DISKS "block.0.name=vdc\n",
        TWO_DISKS "block.1.path=/c\n",
        TWO_DISKS "block.1.backingIndex=3\n",
        TWO_DISKS "block.2.name=vdc\n",
        "block.0.name=vda\nblock.0.path=/a\nblock.0.backingIndex=1\n",
        /* the same two, the other way round */
        "block.1.name=vda\nblock.1.path=/a\nblock.1.backingIndex=1\n"
        "block.0.name=vdb\nblock.0.path=/b\nblock.0.backingIndex=2\n",
        /* without one of the paths */
        "block.0.name=vda\nblock.0.path=/a\nblock.0.backingIndex=1\n"
        "block.1.name=vdb\nblock.1.backingIndex=2\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(signature_of(TWO_DISKS) == signature_of(others[i]));
}

static void signature_keeps_fields_apart(void **state)
{
    (void)state;
    assert_false(signature_of("block.0.name=vda\nblock.0.path=b\n") ==
                 signature_of("block.0.name=vd\nblock.0.path=ab\n"));
    /* The end of a path must not run into the next record's target. */
    assert_false(signature_of("block.0.path=ab\nblock.1.name=c\n") ==
                 signature_of("block.0.path=a\nblock.1.name=bc\n"));
    assert_false(signature_of("block.0.name=vda\nblock.0.path=\n") ==
                 signature_of("block.0.name=vda\n"));
}

/* Many domains have many records: the array grows by doubling. */
static void array_grows_rarely(void **state)
{
    struct blockstats stats = {0};
    size_t room = 0;
    unsigned times = 0;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        char field[32];
        snprintf(field, sizeof(field), "block.%u.capacity", i);
        assert_true(blockstats_number(&stats, field, i));
        times += stats.room != room;
        room = stats.room;
    }
    assert_true(times < 20);
    assert_int_equal(stats.count, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_true(stats.records[i].stated.capacity == i);
    blockstats_clear(&stats);
}

/* --- memory -------------------------------------------------------------- */

static void reset_forgets_and_keeps_the_array(void **state)
{
    struct blockstats stats = {0};

    (void)state;
    assert_true(blockstats_number(&stats, "block.count", 1));
    assert_true(blockstats_text(&stats, "block.0.name", "vda"));
    assert_true(blockstats_text(&stats, "block.0.path", "/a"));
    assert_true(blockstats_number(&stats, "block.0.backingIndex", 4));
    assert_true(blockstats_number(&stats, "block.0.capacity", 5));
    const struct blockrecord *records = stats.records;

    blockstats_reset(&stats);
    assert_int_equal(stats.count, 0);
    assert_false(stats.supported);
    assert_true(blockstats_number(&stats, "block.0.physical", 6));
    assert_ptr_equal(stats.records, records);
    assert_int_equal(stats.count, 1);
    assert_null(stats.records[0].target);
    assert_null(stats.records[0].path);
    assert_int_equal(stats.records[0].index, 0);
    assert_true(stats.records[0].stated.capacity == SIZE_UNKNOWN);
    assert_true(stats.records[0].stated.physical == 6);

    blockstats_clear(&stats);
    assert_null(stats.records);
    blockstats_clear(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_knows_no_sizes),
        cmocka_unit_test(signature_differs_by_each_part),
        cmocka_unit_test(signature_keeps_fields_apart),
        cmocka_unit_test(array_grows_rarely),
        cmocka_unit_test(reset_forgets_and_keeps_the_array),
    };

    return cases_run("blockstats", "stats", read_stats, tests, COUNT_OF(tests));
}

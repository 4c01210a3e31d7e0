/* SPDX-License-Identifier: MIT
 *
 * A look at each image in each pass, on storages some of which do not answer.
 * Also run under ThreadSanitizer (--enable-sanitizers=thread): there must be
 * nothing to tell.
 */
#include "fake_log.h"
#include "gate.h"
#include "lookout.h"
#include "threads.h"
#include "unit.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- storages with numbers: "/7/..." lies on the 7th --------------------- */

#define STORAGES 10

static struct gate gate;
static atomic_bool hangs[STORAGES]; /* who looks there stands at the gate */
static atomic_uint looks;
static atomic_uint asked_free;
static atomic_uint length; /* of all files: another one in each pass */

static unsigned storage_of(const char *path)
{
    unsigned number = 0;

    return sscanf(path, "/%u/", &number) == 1 && number < STORAGES ? number : 0;
}

/* "/7/none" is not there. */
static bool look(const char *path, struct look *ret_look)
{
    looks++;
    if (hangs[storage_of(path)])
        gate_pass(&gate);
    if (strstr(path, "none") != NULL)
        return false;
    *ret_look = (struct look){
        .storage = STORAGE_FILE,
        .length = length,
        .blocks = strlen(path),
        .device = storage_of(path),
    };
    return true;
}

static uint64_t free_space(const char *path)
{
    asked_free++;
    return 1000 + storage_of(path);
}

static const struct images images = {.look = look, .free_space = free_space};

/* --- the scene ----------------------------------------------------------- */

static struct porters *porters;
static struct lookout lookout;
static bool begun; /* a pass */

static double now(void *context)
{
    (void)context;
    return threads_now();
}

static const struct crew crew = {.now = now};

static int open_scene(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORAGES; i++)
        hangs[i] = false;
    looks = 0;
    asked_free = 0;
    length = 1;
    begun = false;
    gate_init(&gate);
    fake_log_reset();
    porters = porters_new(4);
    lookout = (struct lookout){
        .porters = porters, .images = &images, .log = &fake_log};
    return porters == NULL ? -1 : 0;
}

static void no_task(struct porters_task *task)
{
    (void)task;
}

static int close_scene(void **state)
{
    (void)state;
    gate_open(&gate, 1000);
    while (!porters_free(porters, no_task))
        sched_yield();
    lookout_clear(&lookout);
    assert_null(lookout.batches);
    gate_destroy(&gate);
    return 0;
}

/* A layer of a file on that storage, with what the last pass saw of it. */
static struct layer make_layer(const char *path)
{
    return (struct layer){
        .storage = STORAGE_FILE,
        .format = (char *)(uintptr_t) "qcow2",
        .path = (char *)(uintptr_t)path,
        .place = storage_of(path),
        .written = true,
        .seen = {.storage = STORAGE_FILE, .length = 77},
    };
}

static void begin(void)
{
    assert_false(begun);
    begun = true;
    porters_mark(lookout.porters);
    lookout_begin(&lookout);
}

static bool is_well(void)
{
    for (size_t i = 0; i < STORAGES; i++)
        if (hangs[i])
            return false;
    return true;
}

/* Where nothing hangs a slow machine must not count as hanging. */
static void finish(void)
{
    lookout_start(&lookout);
    if (is_well())
        porters_wait(porters, threads_now() + GATE_PATIENCE);
    lookout_wait(&lookout, &crew, threads_now() + GATE_PATIENCE);
    lookout_end(&lookout);
    begun = false;
}

/* A pass over those layers. */
static void pass(struct layer *layers, size_t count)
{
    length++;
    begin();
    for (size_t i = 0; i < count; i++)
        lookout_add(&lookout, &layers[i]);
    finish();
}

static bool is_seen(const struct layer *layer)
{
    if (layer->seen.storage != STORAGE_FILE)
        return false;
    /* In this pass, and not in one before. */
    assert_true(layer->seen.length == length);
    assert_true(layer->seen.blocks == strlen(layer->path));
    return true;
}

/* --- what is seen -------------------------------------------------------- */

static void each_file_is_looked_at_once_a_pass(void **state)
{
    struct layer layers[] = {
        make_layer("/1/a"), make_layer("/2/b"), make_layer("/1/c"),
        make_layer("/1/d"), make_layer("/2/e"),
    };

    (void)state;
    layers[3].written = false;
    for (unsigned i = 1; i <= 5; i++) {
        pass(layers, COUNT_OF(layers));
        for (size_t j = 0; j < COUNT_OF(layers); j++) {
            assert_true(is_seen(&layers[j]));
            assert_true(layers[j].seen.free ==
                        (j == 3 ? SIZE_UNKNOWN : 1000 + layers[j].place));
        }
        assert_int_equal(looks, i * COUNT_OF(layers));
        /* Once for each folder. */
        assert_int_equal(asked_free, 2 * i);
    }
    assert_int_equal(fake_log_count(), 0);
}

/* Of all others what was seen once is forgotten. */
static void only_files_are_looked_at(void **state)
{
    struct layer layers[] = {
        make_layer("/1/a"), make_layer("/1/a"),    make_layer("/1/a"),
        make_layer("/1/a"), make_layer("/1/none"),
    };

    (void)state;
    layers[0].storage = STORAGE_BLOCK;
    layers[1].storage = STORAGE_NETWORK;
    layers[2].path = NULL;
    layers[3].format = NULL;
    pass(layers, COUNT_OF(layers));
    for (size_t i = 0; i < COUNT_OF(layers); i++)
        assert_int_equal(layers[i].seen.storage, STORAGE_UNKNOWN);
    assert_int_equal(looks, 1);
    assert_int_equal(fake_log_count(), 0);
}

static void many_files_on_many_storages(void **state)
{
    static char paths[900][24];
    static struct layer layers[900];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(layers); i++) {
        snprintf(paths[i], sizeof(paths[i]), "/%zu/%zu", i % 9, i * i);
        layers[i] = make_layer(paths[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        pass(layers, COUNT_OF(layers));
        for (size_t j = 0; j < COUNT_OF(layers); j++)
            assert_true(is_seen(&layers[j]));
        assert_int_equal(lookout.count, 9);
    }
}

/* Domains come and go, and so do their storages. */
static void storages_that_are_gone_are_forgotten(void **state)
{
    struct layer first = make_layer("/1/a");
    struct layer second = make_layer("/2/a");

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        pass(&first, 1);
        assert_true(is_seen(&first));
        pass(&second, 1);
        assert_true(is_seen(&second));
        assert_true(lookout.count <= 2);
    }
    pass(NULL, 0);
    pass(NULL, 0);
    assert_int_equal(lookout.count, 0);
}

/* --- what does not answer ------------------------------------------------ */

/* "A stat that hangs (dead mount) never holds up a cycle or another storage's
 * images." */
static void a_storage_that_hangs_leaves_the_others(void **state)
{
    struct layer layers[] = {
        make_layer("/1/a"), make_layer("/2/a"), make_layer("/3/a"),
        make_layer("/1/b"), make_layer("/2/b"),
    };
    double start = threads_now();

    (void)state;
    hangs[2] = true;
    for (unsigned i = 0; i < 10; i++) {
        pass(layers, COUNT_OF(layers));
        for (size_t j = 0; j < COUNT_OF(layers); j++)
            assert_true(is_seen(&layers[j]) == (layers[j].place != 2));
    }
    /* The first pass alone waits for it, and nobody is sent after who hangs. */
    assert_true(threads_now() < start + GATE_PATIENCE);
    assert_int_equal(gate_arrived(&gate), 1);
    assert_int_equal(lookout.count, 3);
}

static void each_silence_is_a_pair_of_lines(void **state)
{
    struct layer layers[] = {make_layer("/1/a"), make_layer("/2/a")};

    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        hangs[2] = true;
        pass(layers, COUNT_OF(layers));
        /* It may be there in a moment. */
        assert_int_equal(fake_log_count(), 2 * i - 2);
        for (unsigned j = 0; j < 5; j++)
            pass(layers, COUNT_OF(layers));
        assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), i);
        assert_non_null(strstr(fake_log_last(), "storage of /2/a"));

        hangs[2] = false;
        gate_open(&gate, 1);
        gate_await_passed(&gate, i);
        while (!is_seen(&layers[1]))
            pass(layers, COUNT_OF(layers));
        assert_int_equal(fake_log_count_of(LOG_LEVEL_INFO), i);
        assert_int_equal(fake_log_count(), 2 * i);
    }
    pass(layers, COUNT_OF(layers));
    assert_int_equal(fake_log_count(), 4);
}

/* Each for itself. */
static void two_storages_hang(void **state)
{
    struct layer layers[] = {make_layer("/1/a"), make_layer("/2/a"),
                             make_layer("/3/a")};

    (void)state;
    hangs[1] = true;
    hangs[3] = true;
    for (unsigned i = 0; i < 3; i++) {
        pass(layers, COUNT_OF(layers));
        assert_false(is_seen(&layers[0]));
        assert_true(is_seen(&layers[1]));
        assert_false(is_seen(&layers[2]));
    }
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 2);
    assert_int_equal(gate_arrived(&gate), 2);
}

/* More than there are porters: one that nobody has looked at is not silent. */
static void all_porters_hang(void **state)
{
    struct layer layers[] = {make_layer("/1/a"), make_layer("/2/a"),
                             make_layer("/3/a"), make_layer("/4/a")};
    struct layer all[] = {layers[0], layers[1], layers[2], layers[3],
                          make_layer("/5/a")};

    (void)state;
    for (size_t i = 1; i <= 4; i++)
        hangs[i] = true;
    pass(layers, COUNT_OF(layers));
    for (unsigned i = 0; i < 3; i++)
        pass(all, COUNT_OF(all));
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 4);
    gate_open(&gate, 1000);
    for (size_t i = 1; i <= 4; i++)
        hangs[i] = false;
    gate_await_passed(&gate, 4);
    /* On a busy machine they are not back yet for the first. */
    for (unsigned i = 0; i < 100 && !is_seen(&all[4]); i++)
        pass(all, COUNT_OF(all));
    assert_true(is_seen(&all[4]));
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 4);
}

/* When it answers, the layers that it was looked at for are long gone. */
static void a_late_look_is_written_nowhere(void **state)
{
    struct layer *old = malloc(sizeof(*old));
    struct layer other = make_layer("/1/a");

    (void)state;
    assert_non_null(old);
    *old = make_layer("/2/a");
    hangs[2] = true;
    pass(old, 1);
    assert_int_equal(old->seen.storage, STORAGE_UNKNOWN);
    /* AddressSanitizer and valgrind see whoever writes there. */
    free(old);
    begin();
    lookout_add(&lookout, &other);
    hangs[2] = false;
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
    finish();
    assert_true(other.seen.storage == STORAGE_FILE);
    while (lookout.count > 1)
        pass(&other, 1);
    assert_true(is_seen(&other));
    assert_int_equal(fake_log_count(), 2);
}

/* Nor is one that had to wait for a porter until then. */
static void one_that_comes_late_to_begin_neither(void **state)
{
    struct layer layers[] = {make_layer("/1/a"), make_layer("/2/a"),
                             make_layer("/3/a"), make_layer("/4/a"),
                             make_layer("/5/a")};
    struct layer other = make_layer("/6/a");

    (void)state;
    for (size_t i = 1; i <= 4; i++)
        hangs[i] = true;
    pass(layers, 4);
    pass(layers, COUNT_OF(layers));
    assert_int_equal(looks, 4);
    begin();
    lookout_add(&lookout, &other);
    for (size_t i = 1; i <= 4; i++)
        hangs[i] = false;
    gate_open(&gate, 4);
    gate_await_passed(&gate, 4);
    while (looks < 5)
        sched_yield();
    porters_wait(porters, threads_now() + GATE_PATIENCE);
    finish();
    assert_int_equal(looks, 6);
    for (size_t i = 0; i < COUNT_OF(layers); i++)
        assert_int_equal(layers[i].seen.storage, STORAGE_UNKNOWN);
    assert_true(is_seen(&other));
}

/* A name that is looked at may be freed or changed by then. */
static void a_look_needs_nothing_of_the_layer(void **state)
{
    char path[] = "/2/some/image";
    struct layer layer = make_layer("/2/a");

    (void)state;
    layer.path = path;
    hangs[2] = true;
    pass(&layer, 1);
    memset(path, 'x', strlen(path));
    begin();
    assert_non_null(strstr(fake_log_last(), "/2/some/image"));
    finish();
}

/* A look that took longer than the pass, and is done before the next one, is
 * not worth a line. */
static void slow_is_not_silent(void **state)
{
    struct layer layer = make_layer("/2/a");

    (void)state;
    hangs[2] = true;
    pass(&layer, 1);
    assert_false(is_seen(&layer));
    hangs[2] = false;
    gate_open(&gate, 1);
    gate_await_passed(&gate, 1);
    /* It is done when nothing is left to wait for. */
    porters_wait(porters, threads_now() + GATE_PATIENCE);
    pass(&layer, 1);
    assert_true(is_seen(&layer));
    assert_int_equal(fake_log_count(), 0);
}

/* Nor is one that is slow all the time, and gets on in each pass. */
static void slow_for_ever_is_not_silent_either(void **state)
{
    struct layer layers[] = {
        make_layer("/2/a"), make_layer("/2/b"), make_layer("/2/c"),
        make_layer("/2/d"), make_layer("/2/e"),
    };

    (void)state;
    hangs[2] = true;
    pass(layers, COUNT_OF(layers));
    for (unsigned i = 1; i < COUNT_OF(layers); i++) {
        gate_open(&gate, 1);
        gate_await(&gate, i + 1);
        pass(layers, COUNT_OF(layers));
    }
    assert_int_equal(fake_log_count(), 0);
    /* It is, when it does not. */
    pass(layers, COUNT_OF(layers));
    assert_int_equal(fake_log_count(), 1);
}

/* Lets one look after the other go on, a millisecond each. */
static void *open_slowly(void *context)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (!*(atomic_bool *)context) {
        gate_open(&gate, 1);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* Seconds that the pass waited for so many looks, one after the other. */
static double wait_for_slow_looks(size_t count, double patience, bool *ret_seen)
{
    struct layer layer = make_layer("/2/a");
    struct layer *layers = calloc(count, sizeof(*layers));
    atomic_bool stop = false;
    pthread_t opener;

    assert_non_null(layers);
    hangs[2] = true;
    begin();
    for (size_t i = 0; i < count; i++) {
        layers[i] = layer;
        lookout_add(&lookout, &layers[i]);
    }
    assert_int_equal(pthread_create(&opener, NULL, open_slowly, &stop), 0);
    double start = threads_now();
    lookout_start(&lookout);
    lookout_wait(&lookout, &crew, start + patience);
    double waited = threads_now() - start;
    lookout_end(&lookout);
    begun = false;
    *ret_seen = layers[count - 1].seen.storage == STORAGE_FILE;
    stop = true;
    pthread_join(opener, NULL);
    gate_open(&gate, (unsigned)count);
    free(layers);
    return waited;
}

/* Many files on a network storage take their time. */
static void what_goes_on_is_waited_for(void **state)
{
    bool seen;

    (void)state;
    assert_true(wait_for_slow_looks(800, GATE_PATIENCE, &seen) > 0.7);
    assert_true(seen);
}

/* But not for longer than a pass may take. */
static void nobody_waits_beyond_the_deadline(void **state)
{
    bool seen;

    (void)state;
    assert_true(wait_for_slow_looks(100000, 0.6, &seen) < GATE_PATIENCE);
    assert_false(seen);
}

/* Where nothing goes on the wait is a short one, whatever the deadline. */
static void what_hangs_is_waited_for_once(void **state)
{
    struct layer layers[] = {make_layer("/1/a"), make_layer("/2/a")};
    double start = threads_now();

    (void)state;
    hangs[2] = true;
    for (unsigned i = 0; i < 100; i++)
        pass(layers, COUNT_OF(layers));
    /* A hundred times would be fifty seconds. */
    assert_true(threads_now() < start + 30);
}

/* Nothing is looked at when the porters have ended: the daemon shuts down. */
static void after_the_end_nothing_is_seen(void **state)
{
    struct layer layer = make_layer("/1/a");
    double start = threads_now();

    (void)state;
    porters_stop(porters);
    pass(&layer, 1);
    assert_false(is_seen(&layer));
    assert_true(threads_now() < start + GATE_PATIENCE);
    assert_int_equal(looks, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_file_is_looked_at_once_a_pass),
        TEST(only_files_are_looked_at),
        TEST(many_files_on_many_storages),
        TEST(storages_that_are_gone_are_forgotten),
        TEST(a_storage_that_hangs_leaves_the_others),
        TEST(each_silence_is_a_pair_of_lines),
        TEST(two_storages_hang),
        TEST(all_porters_hang),
        TEST(a_late_look_is_written_nowhere),
        TEST(one_that_comes_late_to_begin_neither),
        TEST(a_look_needs_nothing_of_the_layer),
        TEST(slow_is_not_silent),
        TEST(slow_for_ever_is_not_silent_either),
        TEST(what_goes_on_is_waited_for),
        TEST(nobody_waits_beyond_the_deadline),
        TEST(what_hangs_is_waited_for_once),
        TEST(after_the_end_nothing_is_seen),
    };

    return cmocka_run_group_tests_name("lookout", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Memory: a steady state takes none, and where there is none left nothing
 * breaks, leaks or stays wrong. The linker leads the layers' calls of malloc
 * and its kin to the functions here (--wrap), libxml2's own excepted.
 */
#include "collector.h"
#include "dump.h"
#include "fake_crew.h"
#include "fake_hypervisor.h"
#include "fake_log.h"
#include "pools.h"
#include "porters.h"
#include "survey.h"
#include "threads.h"
#include "unit.h"
#include "volchain.h"
#include "walk.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the allocator ------------------------------------------------------- */

/* Of the test's thread, which does the work of a crew, too: porters get what
 * they ask for. */
static _Thread_local bool armed;
static _Thread_local size_t calls;    /* since it was armed */
static _Thread_local size_t fails_at; /* the call that gets nothing; 0: none */

static void arm(size_t fail)
{
    calls = 0;
    fails_at = fail;
    armed = true;
}

/* Number of calls since arm(). */
static size_t disarm(void)
{
    armed = false;
    return calls;
}

static bool is_refused(void)
{
    return armed && ++calls == fails_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_asprintf(char **ret_text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return is_refused() ? NULL : __real_strndup(text, size);
}

static int print(char **ret_text, const char *format, va_list arguments)
{
    /* As glibc leaves it on failure: undefined. */
    *ret_text = (char *)(uintptr_t)1;
    return is_refused() ? -1 : vasprintf(ret_text, format, arguments);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = print(ret_text, format, arguments);
    va_end(arguments);
    return length;
}

/* What the compiler makes of asprintf under _FORTIFY_SOURCE. */
int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    int length = print(ret_text, format, arguments);
    va_end(arguments);
    return length;
}

/* --- settings ------------------------------------------------------------ */

static void settings_without_memory(void **state)
{
    size_t fail = 0;
    struct settings *settings;

    (void)state;
    do {
        arm(++fail);
        settings = settings_new();
        size_t made = disarm();
        assert_true((settings == NULL) == (made >= fail));
        settings_free(settings);
    } while (settings == NULL);
    assert_true(fail > 1);
}

static void option_without_memory(void **state)
{
    static const char *const values[][2] = {
        {"Connection", "test:///default"},
        {"Domain", "vm1"},
        {"Domain", "/^vm/"},
        {"BlockDevice", "vm1:vda"},
        {"HostnameFormat", "name uuid"},
        {"PluginInstanceFormat", "disk"},
        {"HostnameMetadataNS", "urn:x"},
        {"HostnameMetadataXPath", "/a"},
        {"StoragePool", "default"},
        {"StoragePool", "/^fast/"},
    };
    char error[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct settings *settings = settings_new();
        size_t fail = 0;
        bool good;
        do {
            arm(++fail);
            good = settings_set(settings, values[i][0], values[i][1], error,
                                sizeof(error));
            assert_true(good == (disarm() < fail));
        } while (!good);
        assert_true(fail > 1);
        assert_true(settings->select.domains.count <= 1);
        assert_true(settings->select.disks.count <= 1);
        assert_true(settings->select.pools.count <= 1);
        settings_free(settings);
    }
}

/* Better left out than reported against the user's will. */
static void filter_without_memory(void **state)
{
    char error[512];
    struct settings *settings = settings_new();

    (void)state;
    assert_true(
        settings_set(settings, "BlockDevice", "vm1:vda", error, sizeof(error)));
    arm(1);
    bool selected = select_disk(&settings->select, "vm1", "vda");
    assert_int_equal(disarm(), 1);
    assert_false(selected);
    assert_true(select_disk(&settings->select, "vm1", "vda"));
    settings_free(settings);
}

/* --- block statistics ---------------------------------------------------- */

static void records_without_memory(void **state)
{
    struct blockstats stats = {.supported = false};

    (void)state;
    arm(1);
    assert_false(blockstats_number(&stats, "block.0.capacity", 1));
    assert_int_equal(disarm(), 1);
    assert_int_equal(stats.count, 0);
    assert_true(blockstats_text(&stats, "block.0.name", "vda"));
    arm(1);
    assert_false(blockstats_text(&stats, "block.100.name", "vdb"));
    assert_int_equal(disarm(), 1);
    assert_int_equal(stats.count, 1);
    assert_string_equal(stats.records[0].target, "vda");
    blockstats_clear(&stats);
}

/* --- a whole collector --------------------------------------------------- */

/* A chain of two; a volume; a disk that is left out; metadata. */
static const char xml[] =
    "<domain><metadata><instance "
    "xmlns='http://openstack.org/xmlns/libvirt/nova/1.1'><name>web</name>"
    "</instance></metadata><devices>"
    "<disk type='file'><driver type='qcow2'/><source file='/top' index='2'/>"
    "<backingStore type='file' index='1'><format type='raw'/>"
    "<source file='/base'/></backingStore><target dev='vda'/></disk>"
    "<disk type='volume'><driver type='qcow2'/>"
    "<source pool='p' volume='v' index='3'/><target dev='vdb'/></disk>"
    "<disk type='block'><driver type='raw'/><source dev='/dev/x' index='4'/>"
    "<target dev='vdc'/></disk></devices></domain>";
static const char stats[] =
    "block.count=5\n"
    "block.0.name=vda\nblock.0.path=/top\nblock.0.backingIndex=2\n"
    "block.0.capacity=4096\nblock.0.physical=512\n"
    "block.1.name=vda\nblock.1.path=/base\nblock.1.backingIndex=1\n"
    "block.1.capacity=4096\nblock.1.physical=1024\n"
    "block.2.name=vda\nblock.2.path=/scratch\nblock.2.backingIndex=9\n"
    "block.2.capacity=4096\nblock.2.physical=64\n"
    "block.3.name=vdb\nblock.3.path=/pool/v\nblock.3.backingIndex=3\n"
    "block.3.capacity=4096\nblock.3.physical=2048\n"
    "block.4.name=vdc\nblock.4.path=/dev/x\nblock.4.backingIndex=4\n"
    "block.4.capacity=4096\nblock.4.physical=4096\n";
static const char backup[] =
    "<domainbackup><disks><disk name='vda' type='file' index='9'>"
    "<driver type='qcow2'/><scratch file='/scratch'/></disk></disks>"
    "</domainbackup>";

static struct fake_hypervisor fake;
static struct fake_crew crew;
static struct hypervisor tables[LANES];
static struct crew crew_table;
static struct settings *settings;

/* A clock so far ahead of the porters' own that a pass waits for all that they
 * do. */
#define START 1e9

/* Its domains are empty. */
static void open_hypervisor(size_t domains)
{
    fake_start(&fake, domains);
    fake_log_reset();
    for (size_t i = 0; i < LANES; i++)
        tables[i] = fake_table(&fake);
    crew = (struct fake_crew){.fake = &fake, .now = START};
    crew_table = fake_crew_table(&crew);
    settings = settings_new();
    assert_non_null(settings);
    settings->timeout = 5;
}

/* Domains that all want the name "web". */
static void open_scene(size_t domains)
{
    static char names[64][24];
    char error[512];

    assert_true(domains <= COUNT_OF(names));
    open_hypervisor(domains);
    fake.volume = STORAGE_BLOCK;
    for (size_t i = 0; i < domains; i++) {
        snprintf(names[i], sizeof(names[i]), "vm%zu", i + 1);
        fake.domains[i].name = names[i];
        fake.domains[i].xml = xml;
        fake.domains[i].backup = backup;
        fake_state(&fake.domains[i], stats);
    }
    fake_images_set(NULL, 0);
    assert_true(settings_set(settings, "HostnameFormat", "metadata", error,
                             sizeof(error)));
    assert_true(settings_set(settings, "BlockDevice", "/:vd[ab]$/", error,
                             sizeof(error)));
}

static void close_scene(void)
{
    settings_free(settings);
    fake_stop(&fake);
}

static struct collector *new_collector(void)
{
    return collector_new(settings, tables, &crew_table, &fake_images, NULL,
                         &fake_log);
}

static const struct inventory *read_at(struct collector *collector,
                                       double seconds)
{
    crew.now = START + seconds;
    return collector_read(collector);
}

static char *describe(const struct inventory *inventory)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    for (size_t i = 0; i < inventory->count; i++) {
        const struct domain *domain = inventory->domains[i];
        /* Which of two namesakes is marked depends on who came first. */
        fprintf(stream, "%s %.3s\n", domain->name, domain->host);
        for (size_t j = 0; j < domain->disk_count; j++)
            fprintf(stream, "%s ", domain->disks[j].instance);
        dump_domain(stream, domain);
    }
    fclose(stream);
    return text;
}

/* It begins with the third pass: the first questions are put before any domain
 * is known. */
static void steady_state_takes_no_memory(void **state)
{
    (void)state;
    open_scene(50);
    struct collector *collector = new_collector();
    char *first = describe(read_at(collector, 0));
    assert_non_null(strstr(first, "scratch"));
    read_at(collector, 1);
    for (unsigned i = 2; i < 6; i++) {
        arm(0);
        const struct inventory *inventory = read_at(collector, i);
        assert_int_equal(disarm(), 0);
        assert_int_equal(inventory->count, 50);
    }
    free(first);
    assert_true(collector_free(collector));
    close_scene();
}

static void assert_names_differ(const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(inventory->domains[i]->host,
                                    inventory->domains[j]->host);
}

/* One pass in which a call for memory fails. What is reported then has its
 * names; an answer that could not be kept is none, and nothing is reported.
 * After RefreshInterval all is as it should be. True when the pass needed less
 * calls than that. */
static bool survive(size_t fail, const char *expected)
{
    struct collector *collector = new_collector();

    arm(fail);
    const struct inventory *inventory = read_at(collector, 0);
    bool done = disarm() < fail;
    assert_true(inventory->answered || inventory->count == 0);
    assert_true(inventory->answered || !done);
    assert_names_differ(inventory);
    free(describe(inventory));

    inventory = read_at(collector, 60);
    assert_true(inventory->answered);
    assert_names_differ(inventory);
    char *text = describe(inventory);
    assert_string_equal(text, expected);
    free(text);
    assert_true(collector_free(collector));
    return done;
}

static void pass_without_memory(void **state)
{
    size_t fail = 1;

    (void)state;
    open_scene(3);
    struct collector *collector = new_collector();
    char *expected = describe(read_at(collector, 0));
    assert_true(collector_free(collector));
    while (!survive(fail, expected))
        fail++;
    /* Each domain has texts and arrays of its own. */
    assert_true(fail > 3 * 10);
    free(expected);
    close_scene();
}

static void collector_without_memory(void **state)
{
    struct collector *collector;
    size_t fail = 0;

    (void)state;
    open_scene(1);
    do {
        arm(++fail);
        collector = new_collector();
        size_t made = disarm();
        assert_true((collector == NULL) == (made >= fail));
        assert_true(collector_free(collector));
    } while (collector == NULL);
    assert_true(fail > 2);
    close_scene();
}

/* --- chains of images and of volumes ------------------------------------- */

#define TEXT(text) ((char *)(uintptr_t)(text))
#define FILE_ON(number, file, name)                                            \
    {                                                                          \
        .path = (file), .look = {.storage = STORAGE_FILE, .inode = (number)},  \
        .image = {.backing_name = TEXT(name),                                  \
                  .backing_format = TEXT("qcow2")},                            \
    }

static const struct fake_image images[] = {FILE_ON(1, "/a/top", "../b/base"),
                                           FILE_ON(2, "/a/../b/base", NULL)};

/* A chain that is cut short for want of memory must not look like a whole one.
 * Images that lose their strings are the fake's doing. */
static void walk_without_memory(void **state)
{
    size_t fail = 0;
    size_t made;

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    do {
        struct walk walk = {.count = 77};
        arm(++fail);
        bool good = walk_chain(&fake_images, "/a/top", "qcow2", 200, &walk);
        made = disarm();
        if (good)
            walk_clear(&walk);
        else
            assert_int_equal(walk.count, 77);
    } while (made >= fail);
    assert_true(fail > 6);
}

/* A question that could not be kept is not asked. */
static void question_without_memory(void **state)
{
    static const unsigned char uuid[UUID_BYTES];
    static const struct layer layer = {.path = TEXT("/a/top"),
                                       .format = TEXT("qcow2")};
    struct porters *porters = porters_new(1);
    size_t fail = 0;
    bool good;

    (void)state;
    fake_images_set(images, COUNT_OF(images));
    do {
        arm(++fail);
        good = survey_ask(porters, &fake_images, 1, uuid, &layer, 200);
        assert_true(good == (disarm() < fail));
    } while (!good);
    assert_true(fail > 3);
    porters_wait(porters, threads_now() + 60);
    struct survey *survey = survey_collect(porters);
    assert_non_null(survey);
    survey_free(survey);
    assert_null(survey_collect(porters));
    assert_true(porters_free(porters, survey_drop));
}

#define VOLUME(path, below)                                                    \
    "<volume type='file'><target><path>" path "</path><format type='qcow2'/>"  \
    "</target><backingStore><path>" below "</path></backingStore></volume>"

static const struct fake_volume volumes[] = {
    {"a", "/p/a", VOLUME("/p/a", "/p/b")},
    {"b", "/p/b", VOLUME("/p/b", "/p/c")}};
static const struct fake_pool fake_pools[] = {
    {.uuid = 1, .name = "p", .volumes = volumes, .volume_count = 2},
    {.uuid = 2, .name = "q"}};

/* Both pools, in any order, and the volumes of the first, chains of so many
 * layers. */
static void assert_pools(const struct pools *pools, size_t layers)
{
    static const unsigned char uuid[UUID_BYTES] = {[UUID_BYTES - 1] = 1};
    const struct domain *all = pools_find(pools, uuid);

    assert_int_equal(pools->count, 2);
    assert_non_null(all);
    assert_int_equal(all->disk_count, 2);
    assert_int_equal(all->disks[0].layer_count, layers);
}

/* Whatever was missing then is there with the next reading. What is there has
 * its names, of which the series are made. */
static void pools_without_memory(void **state)
{
    size_t fail = 0;
    size_t made;

    (void)state;
    open_hypervisor(1);
    fake.pools = fake_pools;
    fake.pool_count = COUNT_OF(fake_pools);
    do {
        struct pools pools = {0};
        struct pools fresh = {0};
        arm(++fail);
        pools_read(&fresh, &tables[0], true, false);
        pools_replace(&pools, &fresh, false);
        made = disarm();
        for (size_t i = 0; i < pools.count; i++) {
            assert_non_null(pools.pools[i]->instance);
            assert_non_null(pools.pools[i]->volumes.name);
            for (size_t j = 0; j < pools.pools[i]->volumes.disk_count; j++)
                assert_non_null(pools.pools[i]->volumes.disks[j].instance);
        }
        assert_true(pools_read(&fresh, &tables[0], true, false));
        pools_replace(&pools, &fresh, false);
        assert_pools(&pools, 2);
        pools_clear(&pools);
    } while (made >= fail);
    assert_true(fail > 20);
    close_scene();
}

/* --- images, domains that are off and pools, in a collector -------------- */

static const char off_xml[] =
    "<domain><devices><disk type='file'><driver type='qcow2'/>"
    "<source file='/a/top'/><target dev='vda'/></disk></devices></domain>";

static void open_off_scene(void)
{
    char error[512];

    open_hypervisor(2);
    fake.pools = fake_pools;
    fake.pool_count = COUNT_OF(fake_pools);
    fake.domains[0].name = "off";
    fake.domains[0].id = DOMAIN_OFF;
    fake.domains[0].xml = off_xml;
    fake_state(&fake.domains[0], "block.count=1\nblock.0.name=vda\n"
                                 "block.0.path=/a/top\nblock.0.capacity=9\n");
    fake.domains[1].name = "runs";
    fake.domains[1].xml = off_xml;
    fake_state(&fake.domains[1], "block.count=1\nblock.0.name=vda\n"
                                 "block.0.path=/a/top\nblock.0.capacity=9\n");
    fake_images_set(images, COUNT_OF(images));
    assert_true(settings_set(settings, "InactiveDomains", "true", error,
                             sizeof(error)));
    assert_true(
        settings_set(settings, "StoragePool", "/./", error, sizeof(error)));
    assert_true(
        settings_set(settings, "Volumes", "true", error, sizeof(error)));
}

static void steady_state_with_all_options_takes_no_memory(void **state)
{
    (void)state;
    open_off_scene();
    struct collector *collector = new_collector();
    const struct inventory *inventory = read_at(collector, 0);
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->disks[0].layer_count, 2);
    assert_int_equal(inventory->pools->count, 2);
    read_at(collector, 1);
    for (unsigned i = 2; i < 6; i++) {
        arm(0);
        inventory = read_at(collector, i);
        assert_int_equal(disarm(), 0);
        assert_int_equal(inventory->count, 2);
    }
    assert_true(collector_free(collector));
    close_scene();
}

static void pass_with_all_options_without_memory(void **state)
{
    size_t fail = 0;
    size_t made;

    (void)state;
    open_off_scene();
    do {
        struct collector *collector = new_collector();
        arm(++fail);
        read_at(collector, 0);
        made = disarm();
        /* What could not be asked for then is asked for now. */
        const struct inventory *inventory = read_at(collector, 400);
        assert_int_equal(inventory->count, 2);
        assert_int_equal(inventory->domains[0]->disks[0].layer_count, 2);
        assert_pools(inventory->pools, 1);
        assert_true(collector_free(collector));
    } while (made >= fail);
    assert_true(fail > 30);
    close_scene();
}

/* --- places of images, which come and go for years ----------------------- */

static void look_at_nothing(struct porters_task *task)
{
    (void)task;
}

static void places_are_used_again(void **state)
{
    struct porters *porters = porters_new(2);
    size_t taken = 0;

    (void)state;
    assert_non_null(porters);
    for (uint64_t place = 0; place < 1000; place++) {
        struct porters_task task = {
            .place = place, .work = look_at_nothing, .urgent = true};
        arm(0);
        assert_true(porters_give(porters, &task));
        taken += disarm();
        while (!porters_is_done(porters, &task))
            sched_yield();
    }
    assert_int_equal(taken, 1);
    while (!porters_free(porters, NULL))
        sched_yield();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_without_memory),
        cmocka_unit_test(option_without_memory),
        cmocka_unit_test(filter_without_memory),
        cmocka_unit_test(records_without_memory),
        cmocka_unit_test(steady_state_takes_no_memory),
        cmocka_unit_test(pass_without_memory),
        cmocka_unit_test(collector_without_memory),
        cmocka_unit_test(walk_without_memory),
        cmocka_unit_test(question_without_memory),
        cmocka_unit_test(pools_without_memory),
        cmocka_unit_test(places_are_used_again),
        cmocka_unit_test(steady_state_with_all_options_takes_no_memory),
        cmocka_unit_test(pass_with_all_options_without_memory),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Passes of a collector: what is asked when, XML, and domains that come and go.
 */
#include "gate.h"
#include "scene.h"

#include <string.h>

/* --- domains ------------------------------------------------------------- */

/* The plain domain, written to. */
static const char stats_later[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.allocation=700\nblock.0.capacity=4096\n"
    "block.0.physical=1024\n";
/* With a record that the XML has no place for. */
static const char stats_loose[] =
    "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.capacity=4096\nblock.0.physical=512\n"
    "block.1.name=vda\nblock.1.path=/scratch\nblock.1.backingIndex=4\n"
    "block.1.capacity=4096\nblock.1.physical=64\n";
static const char xml_backup[] =
    "<domainbackup><disks><disk name='vda' type='file' index='4'>"
    "<driver type='qcow2'/><scratch file='/scratch'/></disk></disks>"
    "</domainbackup>";

/* --- calls --------------------------------------------------------------- */

static void steady_state_costs_one_call(void **state)
{
    (void)state;
    open_scene(200);
    const struct inventory *inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 200);
    assert_int_equal(inventory->stalled, 0);
    assert_int_equal(inventory->calls, 201);
    assert_int_equal(fake.xmls, 200);
    for (size_t i = 0; i < 5; i++) {
        inventory = pass();
        assert_int_equal(inventory->count, 200);
        assert_int_equal(inventory->calls, 1);
        for (size_t j = 0; j < inventory->count; j++) {
            assert_true(inventory->domains[j]->answered);
            assert_true(inventory->domains[j]->stale == 0);
        }
    }
    assert_string_equal(inventory->domains[199]->host, "vm200");
    assert_string_equal(inventory->domains[199]->instance, "");
    assert_string_equal(inventory->domains[199]->disks[0].instance, "vda");
    assert_string_equal(inventory->hostname, "host");
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

static void sizes_are_those_of_each_pass(void **state)
{
    (void)state;
    open_scene(1);
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 512);
    fake_state(&fake.domains[0], stats_later);
    const struct layer *layer = layer_of(pass(), 0, 0);
    assert_size(layer->sizes.allocation, 1024);
    assert_size(layer->sizes.capacity, 4096);
    assert_int_equal(fake.xmls, 1);
    close_scene();
}

static void xml_is_read_for_a_new_domain_only(void **state)
{
    (void)state;
    open_scene(2);
    fake.domains[1].name = NULL;
    assert_int_equal(pass()->count, 1);
    fake.domains[1].name = "vm2";
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->calls, 2);
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

static void xml_is_read_when_the_records_change(void **state)
{
    static const char *const changes[] = {
        stats_snapshot,
        /* another index, another path, another target */
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=9\nblock.0.capacity=4096\n",
        "block.count=1\nblock.0.name=vda\nblock.0.path=/b\n"
        "block.0.backingIndex=9\nblock.0.capacity=4096\n",
        "block.count=1\nblock.0.name=vdb\nblock.0.path=/b\n"
        "block.0.backingIndex=9\nblock.0.capacity=4096\n",
        "block.count=0\n",
    };

    (void)state;
    open_scene(1);
    pass();
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        unsigned before = fake.xmls;
        fake_state(&fake.domains[0], changes[i]);
        pass();
        assert_int_equal(fake.xmls, before + 1);
    }
    close_scene();
}

static void snapshot_shows_at_once(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    fake_state(&fake.domains[0], stats_snapshot);
    fake.domains[0].xml = xml_snapshot;
    const struct inventory *inventory = pass();
    assert_int_equal(disk_chain_length(&inventory->domains[0]->disks[0]), 2);
    assert_size(layer_of(inventory, 0, 0)->sizes.allocation, 100);
    assert_size(layer_of(inventory, 0, 1)->sizes.allocation, 1024);
    close_scene();
}

static void xml_is_read_after_a_start(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    fake.domains[0].id = 77;
    assert_int_equal(pass()->domains[0]->id, 77);
    assert_int_equal(fake.xmls, 2);
    pass();
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

static void xml_is_read_after_a_new_name(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    fake.domains[0].name = "renamed";
    assert_string_equal(pass()->domains[0]->host, "renamed");
    assert_int_equal(fake.xmls, 2);
    pass();
    assert_int_equal(fake.xmls, 2);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* At the start, after 60 and 120 seconds, and at no time between. */
static void xml_is_read_after_the_refresh_interval(void **state)
{
    (void)state;
    open_scene(1);
    set("RefreshInterval", "60");
    for (unsigned i = 0; i <= 12; i++) {
        pass();
        assert_int_equal(fake.xmls, 1 + i / 6);
    }
    close_scene();
}

static void refresh_interval_of_zero_is_never(void **state)
{
    (void)state;
    open_scene(1);
    set("RefreshInterval", "0");
    for (unsigned i = 1; i <= 3; i++) {
        pass();
        crew.now += 1e6;
        assert_int_equal(fake.xmls, 1);
    }
    fake.domains[0].name = "renamed";
    pass();
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

/* --- loose records ------------------------------------------------------- */

static void loose_records_call_for_one_second_look(void **state)
{
    (void)state;
    open_scene(1);
    fake_state(&fake.domains[0], stats_loose);
    assert_int_equal(pass()->count, 1);
    assert_int_equal(fake.xmls, 1);
    assert_int_equal(fake.backups, 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(pass()->count, 1);
        assert_int_equal(fake.xmls, 2);
        assert_int_equal(fake.backups, 2);
    }
    /* And one after RefreshInterval: the second look was ten seconds after the
     * first. */
    pass();
    pass();
    pass();
    assert_int_equal(fake.xmls, 3);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* The statistics were a moment ahead of the XML. */
static void second_look_finds_the_backup(void **state)
{
    (void)state;
    open_scene(1);
    fake_state(&fake.domains[0], stats_loose);
    pass();
    fake.domains[0].backup = xml_backup;
    const struct layer *layer = layer_of(pass(), 0, 1);
    assert_int_equal(layer->role, ROLE_SCRATCH);
    assert_string_equal(layer->path, "/scratch");
    assert_size(layer->sizes.allocation, 64);
    unsigned calls = (unsigned)pass()->calls;
    assert_int_equal(calls, 1);
    close_scene();
}

static void loose_again_is_looked_at_again(void **state)
{
    (void)state;
    open_scene(1);
    fake_state(&fake.domains[0], stats_loose);
    pass();
    pass();
    pass();
    fake_state(&fake.domains[0], stats_plain);
    pass();
    pass();
    assert_int_equal(fake.xmls, 3);
    fake_state(&fake.domains[0], stats_loose);
    pass();
    pass();
    pass();
    assert_int_equal(fake.xmls, 5);
    close_scene();
}

/* Other records that find no layer, without a good pass between. */
static void loose_otherwise_is_looked_at_again(void **state)
{
    static const char other[] =
        "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\nblock.1.name=vda\nblock.1.path=/other\n"
        "block.1.backingIndex=5\nblock.1.capacity=4096\n";

    (void)state;
    open_scene(1);
    fake_state(&fake.domains[0], stats_loose);
    pass();
    pass();
    assert_int_equal(fake.xmls, 2);
    fake_state(&fake.domains[0], other);
    pass();
    pass();
    pass();
    assert_int_equal(fake.xmls, 4);
    close_scene();
}

static void scratch_image_comes_and_goes(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    assert_int_equal(fake.backups, 0);
    fake_state(&fake.domains[0], stats_loose);
    fake.domains[0].backup = xml_backup;
    const struct inventory *inventory = pass();
    assert_int_equal(layer_of(inventory, 0, 1)->role, ROLE_SCRATCH);
    assert_int_equal(disk_chain_length(&inventory->domains[0]->disks[0]), 1);
    assert_int_equal(pass()->calls, 1);
    fake_state(&fake.domains[0], stats_plain);
    fake.domains[0].backup = NULL;
    assert_int_equal(pass()->domains[0]->disks[0].layer_count, 1);
    close_scene();
}

/* --- domains that come and go -------------------------------------------- */

static void domain_may_vanish_in_the_middle(void **state)
{
    (void)state;
    open_scene(2);
    fake.domains[0].xml = NULL;
    const struct inventory *inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 1);
    assert_string_equal(inventory->domains[0]->host, "vm2");
    assert_int_equal(fake_log_count(), 0);
    /* It was not gone after all. */
    fake.domains[0].xml = xml_plain;
    assert_int_equal(pass()->count, 2);
    close_scene();
}

static void gone_domain_is_forgotten(void **state)
{
    (void)state;
    open_scene(2);
    pass();
    const char *name = fake.domains[0].name;
    fake.domains[0].name = NULL;
    assert_int_equal(pass()->count, 1);
    fake.domains[0].name = name;
    assert_int_equal(pass()->count, 2);
    /* Known no more: read as a new one. */
    assert_int_equal(fake.xmls, 3);
    close_scene();
}

/* In whatever order they answer, they are listed by their UUIDs. */
static void order_is_that_of_the_uuids(void **state)
{
    static const unsigned uuids[] = {5, 3, 9, 1, 300, 4};

    (void)state;
    open_scene(COUNT_OF(uuids));
    for (size_t i = 0; i < COUNT_OF(uuids); i++)
        fake.domains[i].uuid = uuids[i];
    const struct inventory *inventory = pass();
    inventory = pass();
    assert_int_equal(inventory->count, COUNT_OF(uuids));
    assert_string_equal(inventory->domains[0]->name, "vm4");
    assert_string_equal(inventory->domains[1]->name, "vm2");
    assert_string_equal(inventory->domains[2]->name, "vm6");
    assert_string_equal(inventory->domains[3]->name, "vm1");
    assert_string_equal(inventory->domains[4]->name, "vm3");
    assert_string_equal(inventory->domains[5]->name, "vm5");
    assert_int_equal(fake.xmls, COUNT_OF(uuids));
    close_scene();
}

/* Of those that were known before nothing is known now but since when. */
static void no_answer_is_no_knowledge(void **state)
{
    (void)state;
    open_scene(3);
    pass();
    fake.silent = true;
    const struct inventory *inventory = NULL;
    for (unsigned i = 1; i <= 3; i++) {
        inventory = pass();
        assert_false(inventory->answered);
        assert_int_equal(inventory->count, 3);
        for (size_t j = 0; j < inventory->count; j++) {
            assert_false(inventory->domains[j]->answered);
            assert_true(inventory->domains[j]->stale == 10.0 * i);
        }
        assert_int_equal(inventory->stalled, 3);
    }
    fake.silent = false;
    inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 3);
    assert_int_equal(inventory->stalled, 0);
    for (size_t j = 0; j < inventory->count; j++) {
        assert_true(inventory->domains[j]->answered);
        assert_true(inventory->domains[j]->stale == 0);
    }
    /* Nobody was forgotten meanwhile. */
    assert_int_equal(fake.xmls, 3);
    close_scene();
}

static void hostname_is_not_known_before_the_first_answer(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].name = NULL;
    fake.silent = true;
    fake.hostname = NULL;
    const struct inventory *inventory = pass();
    assert_null(inventory->hostname);
    assert_int_equal(inventory->count, 0);
    close_scene();
}

/* --- XML that is no good ------------------------------------------------- */

static void unreadable_xml_is_one_line(void **state)
{
    (void)state;
    open_scene(2);
    fake.domains[0].xml = "<domain>";
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(pass()->count, 1);
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 1);
    assert_non_null(strstr(fake_log_last(), "\"vm1\""));
    close_scene();
}

/* What libvirt refuses now it may give in the next cycle. */
static void refused_xml_is_asked_for_again(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = NULL;
    fake.domains[0].xml_reason = "permission denied";
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(pass()->count, 0);
    assert_int_equal(fake_log_count(), 1);
    assert_non_null(strstr(fake_log_last(), "permission denied"));
    fake.domains[0].xml = xml_plain;
    assert_int_equal(pass()->count, 1);
    close_scene();
}

/* What can't be understood: not in every pass, but after RefreshInterval. */
static void unreadable_xml_is_read_rarely(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = "<domain>";
    for (unsigned i = 0; i < 3; i++)
        pass();
    assert_int_equal(fake.xmls, 1);
    fake.domains[0].xml = xml_plain;
    assert_int_equal(pass()->count, 0);
    crew.now += REFRESH;
    assert_int_equal(pass()->count, 1);
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

static void each_bad_time_is_told_anew(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = "";
    pass();
    fake.domains[0].xml = xml_plain;
    fake.domains[0].id++;
    pass();
    assert_int_equal(fake_log_count(), 1);
    fake.domains[0].xml = "";
    fake.domains[0].id++;
    assert_int_equal(pass()->count, 0);
    assert_int_equal(fake_log_count(), 2);
    close_scene();
}

/* --- filters ------------------------------------------------------------- */

static void disks_that_are_not_selected_are_not_there(void **state)
{
    static const char two[] =
        DOMAIN(DISK("file", "file", "/a", "1", "vda")
                   DISK("file", "file", "/b", "2", "vdb"));

    (void)state;
    open_scene(2);
    set("BlockDevice", "vm1:vdb");
    set("BlockDevice", "vm2:vda");
    fake.domains[0].xml = two;
    fake.domains[1].xml = two;
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->disk_count, 1);
    assert_string_equal(inventory->domains[0]->disks[0].target, "vdb");
    assert_int_equal(inventory->domains[1]->disk_count, 1);
    assert_string_equal(inventory->domains[1]->disks[0].target, "vda");
    close_scene();
}

/* --- without block statistics -------------------------------------------- */

static void block_info_stands_in_for_statistics(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = xml_snapshot;
    fake.domains[0].info = (struct sizes){10, 20, 30};
    fake_state(&fake.domains[0], NULL);
    const struct inventory *inventory = pass();
    const struct layer *layer = layer_of(inventory, 0, 0);
    /* They have the RFC's meaning already. */
    assert_size(layer->sizes.capacity, 10);
    assert_size(layer->sizes.allocation, 20);
    assert_size(layer->sizes.physical, 30);
    /* Of the active layer alone. */
    layer = layer_of(inventory, 0, 1);
    assert_size(layer->sizes.capacity, SIZE_UNKNOWN);
    assert_size(layer->sizes.allocation, SIZE_UNKNOWN);
    assert_size(layer->sizes.physical, SIZE_UNKNOWN);
    assert_int_equal(fake.infos, 1);
    /* In each pass; and the XML with it, since there are no records that would
     * tell whether it still says the same. */
    fake.domains[0].info = (struct sizes){10, 21, 30};
    layer = layer_of(pass(), 0, 0);
    assert_size(layer->sizes.allocation, 21);
    assert_int_equal(fake.infos, 2);
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

/* A hypervisor that learns to give statistics: after an update of libvirt. */
static void statistics_take_over_from_block_info(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].info = (struct sizes){10, 20, 30};
    fake_state(&fake.domains[0], NULL);
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 20);
    fake_state(&fake.domains[0], stats_plain);
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 512);
    assert_int_equal(fake.infos, 1);
    close_scene();
}

static void block_info_that_fails_leaves_nothing(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].info = (struct sizes){10, 20, 30};
    fake_state(&fake.domains[0], NULL);
    pass();
    fake.domains[0].info = SIZES_UNKNOWN;
    const struct layer *layer = layer_of(pass(), 0, 0);
    assert_size(layer->sizes.capacity, SIZE_UNKNOWN);
    assert_size(layer->sizes.allocation, SIZE_UNKNOWN);
    assert_size(layer->sizes.physical, SIZE_UNKNOWN);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

static void block_info_is_not_asked_of_what_has_no_size(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml =
        DOMAIN("<disk type='file'><target dev='hda'/></disk>"
               "<disk type='dir'><source dir='/d'/><target dev='fda'/></disk>"
               "<disk type='vhostuser'><source/><target dev='vdc'/></disk>");
    fake_state(&fake.domains[0], NULL);
    assert_int_equal(pass()->domains[0]->disk_count, 3);
    assert_int_equal(fake.infos, 0);
    close_scene();
}

/* --- the end ------------------------------------------------------------- */

static void free_takes_nothing(void **state)
{
    (void)state;
    assert_true(collector_free(NULL));
}

static struct gate gate; /* that is never opened */

static const char *read_for_ever(const char *path, const char *format,
                                 struct image *ret_image)
{
    (void)path;
    (void)format;
    (void)ret_image;
    gate_pass(&gate);
    return NULL;
}

/* Leak checkers must not take it for lost. */
static void what_is_still_read_is_left(void **state)
{
    static struct images hanging;
    static struct hypervisor lanes[LANES];

    (void)state;
    open_scene(1);
    gate_init(&gate);
    for (size_t i = 0; i < LANES; i++)
        lanes[i] = fake_table(&fake);
    hanging = fake_images;
    hanging.read = read_for_ever;
    crew.now = 1; /* long ago for the porters: nobody waits for them */
    const struct crew table = fake_crew_table(&crew);
    struct collector *other =
        collector_new(settings, lanes, &table, &hanging, NULL, &fake_log);
    assert_non_null(other);
    assert_int_equal(collector_read(other)->count, 1);
    gate_await(&gate, 1);
    assert_false(collector_free(other));
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_state_costs_one_call),
        cmocka_unit_test(sizes_are_those_of_each_pass),
        cmocka_unit_test(xml_is_read_for_a_new_domain_only),
        cmocka_unit_test(xml_is_read_when_the_records_change),
        cmocka_unit_test(snapshot_shows_at_once),
        cmocka_unit_test(xml_is_read_after_a_start),
        cmocka_unit_test(xml_is_read_after_a_new_name),
        cmocka_unit_test(xml_is_read_after_the_refresh_interval),
        cmocka_unit_test(refresh_interval_of_zero_is_never),
        cmocka_unit_test(loose_records_call_for_one_second_look),
        cmocka_unit_test(second_look_finds_the_backup),
        cmocka_unit_test(loose_again_is_looked_at_again),
        cmocka_unit_test(loose_otherwise_is_looked_at_again),
        cmocka_unit_test(scratch_image_comes_and_goes),
        cmocka_unit_test(domain_may_vanish_in_the_middle),
        cmocka_unit_test(gone_domain_is_forgotten),
        cmocka_unit_test(order_is_that_of_the_uuids),
        cmocka_unit_test(no_answer_is_no_knowledge),
        cmocka_unit_test(hostname_is_not_known_before_the_first_answer),
        cmocka_unit_test(unreadable_xml_is_one_line),
        cmocka_unit_test(unreadable_xml_is_read_rarely),
        cmocka_unit_test(refused_xml_is_asked_for_again),
        cmocka_unit_test(each_bad_time_is_told_anew),
        cmocka_unit_test(disks_that_are_not_selected_are_not_there),
        cmocka_unit_test(block_info_stands_in_for_statistics),
        cmocka_unit_test(statistics_take_over_from_block_info),
        cmocka_unit_test(block_info_that_fails_leaves_nothing),
        cmocka_unit_test(block_info_is_not_asked_of_what_has_no_size),
        cmocka_unit_test(free_takes_nothing),
        cmocka_unit_test(what_is_still_read_is_left),
    };

    return cmocka_run_group_tests_name("collector", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "collector.h"
#include "fake_hypervisor.h"
#include "fake_log.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFRESH 60

/* --- domains ------------------------------------------------------------- */

#define DISK(type, attribute, path, index, target)                             \
    "<disk type='" type "'><driver type='qcow2'/><source " attribute "='" path \
    "' index='" index "'/><target dev='" target "'/></disk>"
#define DOMAIN(devices) "<domain><devices>" devices "</devices></domain>"

/* One disk on a file. */
static const char xml_plain[] = DOMAIN(DISK("file", "file", "/a", "1", "vda"));
static const char stats_plain[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.allocation=0\nblock.0.capacity=4096\n"
    "block.0.physical=512\n";
/* The same, written to. */
static const char stats_later[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
    "block.0.backingIndex=1\nblock.0.allocation=700\nblock.0.capacity=4096\n"
    "block.0.physical=1024\n";
/* After a snapshot. */
static const char stats_snapshot[] =
    "block.count=2\nblock.0.name=vda\nblock.0.path=/snap\n"
    "block.0.backingIndex=2\nblock.0.capacity=4096\nblock.0.physical=100\n"
    "block.1.name=vda\nblock.1.path=/a\nblock.1.backingIndex=1\n"
    "block.1.capacity=4096\nblock.1.physical=1024\n";
static const char xml_snapshot[] = DOMAIN(
    "<disk type='file'><driver type='qcow2'/><source file='/snap' index='2'/>"
    "<backingStore type='file' index='1'><format type='qcow2'/>"
    "<source file='/a'/></backingStore><target dev='vda'/></disk>");
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

/* --- the scene: a collector over a fake hypervisor ----------------------- */

static struct fake_hypervisor fake;
static struct hypervisor table;
static struct settings *settings;
static struct collector *collector;
static double now;

static void open_scene(size_t domains)
{
    static char names[256][24];

    assert_true(domains <= COUNT_OF(names));
    fake_start(&fake, domains);
    for (size_t i = 0; i < domains; i++) {
        snprintf(names[i], sizeof(names[i]), "vm%zu", i + 1);
        fake.domains[i].name = names[i];
        fake.domains[i].xml = xml_plain;
        fake_state(&fake.domains[i], stats_plain);
    }
    fake_images_set(NULL, 0);
    fake_log_reset();
    table = fake_table(&fake);
    settings = settings_new();
    collector = collector_new(settings, &table, &fake_images, &fake_log);
    assert_non_null(collector);
    now = 1000;
}

static void close_scene(void)
{
    collector_free(collector);
    settings_free(settings);
    fake_stop(&fake);
}

/* Ten seconds later. */
static const struct inventory *pass(void)
{
    const struct inventory *inventory = collector_read(collector, now);

    now += 10;
    return inventory;
}

static void set(const char *option, const char *value)
{
    char error[512];

    if (!settings_set(settings, option, value, error, sizeof(error)))
        fail_msg("%s", error);
}

static const struct layer *layer_of(const struct inventory *inventory,
                                    size_t domain, size_t layer)
{
    assert_true(domain < inventory->count);
    assert_true(inventory->domains[domain]->disk_count > 0);
    assert_true(layer < inventory->domains[domain]->disks[0].layer_count);
    return &inventory->domains[domain]->disks[0].layers[layer];
}

static void assert_size(uint64_t size, uint64_t expected)
{
    if (size != expected)
        fail_msg("%lld, not %lld", (long long)size, (long long)expected);
}

/* They are read in another thread, which the collector does not always wait
 * for. */
static void assert_reads(unsigned expected)
{
    for (unsigned i = 0; i < 10000 && fake_images_reads() < expected; i++)
        usleep(1000);
    assert_int_equal(fake_images_reads(), expected);
}

/* --- calls --------------------------------------------------------------- */

static void steady_state_costs_one_call(void **state)
{
    (void)state;
    open_scene(200);
    const struct inventory *inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 200);
    assert_int_equal(inventory->calls, 201);
    assert_int_equal(fake.xmls, 200);
    for (size_t i = 0; i < 5; i++) {
        inventory = pass();
        assert_int_equal(inventory->count, 200);
        assert_int_equal(inventory->calls, 1);
    }
    assert_string_equal(inventory->domains[199]->host, "vm200");
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
        "block.0.backingIndex=9\n",
        "block.count=1\nblock.0.name=vda\nblock.0.path=/b\n"
        "block.0.backingIndex=9\n",
        "block.count=1\nblock.0.name=vdb\nblock.0.path=/b\n"
        "block.0.backingIndex=9\n",
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

/* At 1000, 1060 and 1120, and at no time between. */
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
        now += 1e6;
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
    /* And one after RefreshInterval: the second look was at 1010. */
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

static void no_answer_is_no_knowledge(void **state)
{
    (void)state;
    open_scene(3);
    pass();
    fake.silent = true;
    const struct inventory *inventory = pass();
    assert_false(inventory->answered);
    assert_int_equal(inventory->count, 0);
    fake.silent = false;
    inventory = pass();
    assert_true(inventory->answered);
    assert_int_equal(inventory->count, 3);
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
    now += REFRESH;
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
    /* In each pass, and no XML. */
    fake.domains[0].info = (struct sizes){10, 21, 30};
    layer = layer_of(pass(), 0, 0);
    assert_size(layer->sizes.allocation, 21);
    assert_int_equal(fake.infos, 2);
    assert_int_equal(fake.xmls, 1);
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

/* --- names --------------------------------------------------------------- */

#define NOVA "http://openstack.org/xmlns/libvirt/nova/1.1"
#define NAMED(name, target)                                                    \
    "<domain><metadata><instance xmlns='" NOVA "'><name>" name                 \
    "</name></instance></metadata><devices>" DISK(                             \
        "file", "file", "/a", "1", target) "</devices></domain>"

static void shared_metadata_keeps_domains_apart(void **state)
{
    (void)state;
    open_scene(3);
    set("HostnameFormat", "metadata");
    fake.domains[0].xml = NAMED("web", "vda");
    fake.domains[1].xml = NAMED("web", "vda");
    fake.domains[2].xml = NAMED("db", "vda");
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "web");
    assert_string_equal(inventory->domains[2]->host, "db");
    assert_string_not_equal(inventory->domains[1]->host, "web");
    assert_memory_equal(inventory->domains[1]->host, "web-", 4);
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    assert_non_null(strstr(fake_log_last(), "\"vm1\""));
    assert_non_null(strstr(fake_log_last(), "\"vm2\""));
    assert_non_null(strstr(fake_log_last(), "\"web\""));

    /* And it stays so, also when XML is read again. */
    char *name = strdup(inventory->domains[1]->host);
    for (unsigned i = 0; i < 15; i++)
        inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "web");
    assert_string_equal(inventory->domains[1]->host, name);
    assert_int_equal(fake_log_count(), 1);
    free(name);
    close_scene();
}

/* Same host, but the domain's name is in the plugin instance. */
static void shared_host_is_no_clash_where_the_instance_differs(void **state)
{
    (void)state;
    open_scene(2);
    set("HostnameFormat", "hostname");
    set("PluginInstanceFormat", "name disk");
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "host");
    assert_string_equal(inventory->domains[1]->host, "host");
    assert_string_equal(inventory->domains[0]->disks[0].instance, "vm1-vda");
    assert_string_equal(inventory->domains[1]->disks[0].instance, "vm2-vda");
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* Metadata that changes to another domain's. */
static void clash_that_comes_later(void **state)
{
    (void)state;
    open_scene(2);
    set("HostnameFormat", "metadata");
    fake.domains[0].xml = NAMED("one", "vda");
    fake.domains[1].xml = NAMED("two", "vda");
    pass();
    assert_int_equal(fake_log_count(), 0);
    fake.domains[0].xml = NAMED("two", "vda");
    now += REFRESH;
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[1]->host, "two");
    assert_memory_equal(inventory->domains[0]->host, "two-", 4);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* Two that share a host name but no disk, until one is plugged in. */
static void clash_that_is_plugged_in(void **state)
{
    (void)state;
    open_scene(2);
    set("HostnameFormat", "metadata");
    fake.domains[0].xml = NAMED("web", "vda");
    fake.domains[1].xml = NAMED("web", "vdb");
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "web");
    assert_string_equal(inventory->domains[1]->host, "web");
    assert_int_equal(fake_log_count(), 0);
    fake.domains[1].xml = NAMED("web", "vda");
    now += REFRESH;
    inventory = pass();
    assert_string_not_equal(inventory->domains[0]->host,
                            inventory->domains[1]->host);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* "virsh destroy; virsh create" within an interval: a transient domain has
 * another UUID after that, and the old one is no more. */
static void successor_takes_over_the_name(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    fake.domains[0].uuid = 99;
    fake.domains[0].id = 2;
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->count, 1);
    assert_string_equal(inventory->domains[0]->host, "vm1");
    assert_int_equal(fake_log_count(), 0);
    assert_string_equal(pass()->domains[0]->host, "vm1");
    close_scene();
}

/* --- storage volumes ----------------------------------------------------- */

static void volume_is_looked_up_once(void **state)
{
    static const struct fake_image images[] = {
        {.path = "/a",
         .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512}}};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.volume = STORAGE_FILE;
    fake.domains[0].xml = DOMAIN(
        "<disk type='volume'><driver type='qcow2'/>"
        "<source pool='p' volume='v' index='1'/><target dev='vda'/></disk>");
    const struct layer *layer = layer_of(pass(), 0, 0);
    assert_int_equal(layer->storage, STORAGE_FILE);
    assert_size(layer->sizes.allocation, 512);
    assert_size(layer->sizes.physical, 2048);
    assert_int_equal(fake.volumes, 1);
    assert_int_equal(pass()->calls, 1);
    assert_int_equal(fake.volumes, 1);
    close_scene();
}

/* --- LocalImages --------------------------------------------------------- */

static const struct fake_image image_of_a[] = {
    {.path = "/a",
     .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512}}};

static uint64_t physical_with(const char *local_images, bool local)
{
    open_scene(1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    fake.local = local;
    set("LocalImages", local_images);
    uint64_t physical = layer_of(pass(), 0, 0)->sizes.physical;
    assert_int_equal(fake_images_looks() > 0, physical != SIZE_UNKNOWN);
    close_scene();
    return physical;
}

static void local_images(void **state)
{
    (void)state;
    assert_size(physical_with("auto", true), 2048);
    assert_size(physical_with("auto", false), SIZE_UNKNOWN);
    assert_size(physical_with("true", true), 2048);
    assert_size(physical_with("true", false), 2048);
    assert_size(physical_with("false", true), SIZE_UNKNOWN);
    assert_size(physical_with("false", false), SIZE_UNKNOWN);
}

/* What was seen once is not true for ever. */
static void images_are_looked_at_in_each_pass(void **state)
{
    (void)state;
    open_scene(1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, 2048);
    fake_images_set(NULL, 0);
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, SIZE_UNKNOWN);
    assert_int_equal(fake_images_looks(), 1);
    fake_images_set(image_of_a, COUNT_OF(image_of_a));
    assert_size(layer_of(pass(), 0, 0)->sizes.physical, 2048);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* Nobody opens what the chain does not name as a local file. */
static void only_files_are_looked_at(void **state)
{
    (void)state;
    open_scene(1);
    fake.domains[0].xml = DOMAIN(DISK(
        "block", "dev", "/dev/x", "1",
        "vda") "<disk type='network'>"
               "<driver type='raw'/><source protocol='rbd' name='/a'/>"
               "<target dev='vdb'/></disk><disk type='dir'><source dir='/d'/>"
               "<target dev='fda'/></disk>");
    pass();
    /* The device, which is read. */
    assert_int_equal(fake_images_looks(), 1);
    assert_reads(1);
    close_scene();
}

/* --- images -------------------------------------------------------------- */

#define TEXT(text) ((char *)(uintptr_t)(text))

/* A device with a qcow2 image on it that ends there. */
#define DEVICE(device_path, number, image_end)                                 \
    {                                                                          \
        .path = (device_path),                                                 \
        .look = {.storage = STORAGE_BLOCK, .device = (number)},                \
        .image = {.length = 8388608,                                           \
                  .capacity = 134217728,                                       \
                  .end = (image_end),                                          \
                  .largest = 134545408},                                       \
    }

static const char xml_device[] =
    DOMAIN("<disk type='block'><driver type='qcow2'/>"
           "<source dev='/dev/top' index='2'/><backingStore type='block' "
           "index='1'><format type='qcow2'/><source dev='/dev/base'/>"
           "<backingStore/></backingStore><target dev='vda'/></disk>");

/* What QEMU says to have written to the two. */
static void device_state(struct fake_domain *domain, const char *top,
                         const char *base)
{
    char stats[512];

    snprintf(stats, sizeof(stats),
             "block.count=2\nblock.0.name=vda\nblock.0.path=/dev/top\n"
             "block.0.backingIndex=2\nblock.0.allocation=%s\n"
             "block.0.capacity=134217728\nblock.0.physical=8388608\n"
             "block.1.name=vda\nblock.1.path=/dev/base\n"
             "block.1.backingIndex=1\nblock.1.allocation=%s\n"
             "block.1.capacity=134217728\nblock.1.physical=8388608\n",
             top, base);
    fake_state(domain, stats);
}

/* After a restart QEMU has written nothing: the images say where they end,
 * from the first pass on. */
static void ends_are_known_from_the_first_pass(void **state)
{
    static const struct fake_image images[] = {DEVICE("/dev/top", 1, 3473408),
                                               DEVICE("/dev/base", 2, 1376256)};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.domains[0].xml = xml_device;
    device_state(&fake.domains[0], "0", "0");
    const struct inventory *inventory = pass();
    assert_size(layer_of(inventory, 0, 0)->sizes.allocation, 3473408);
    assert_size(layer_of(inventory, 0, 0)->headroom, 8388608 - 3473408);
    assert_size(layer_of(inventory, 0, 1)->sizes.allocation, 1376256);
    /* Nobody writes to it. */
    assert_size(layer_of(inventory, 0, 1)->headroom, SIZE_UNKNOWN);
    assert_true(layer_of(inventory, 0, 1)->percent == PERCENT_UNKNOWN);

    /* Rewritten below the end, and then beyond it. */
    device_state(&fake.domains[0], "393216", "0");
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 3473408);
    device_state(&fake.domains[0], "4194304", "0");
    assert_size(layer_of(pass(), 0, 0)->sizes.allocation, 4194304);
    assert_reads(2);
    assert_int_equal(fake_log_count(), 0);
    close_scene();
}

/* A commit writes to the base: it then has a headroom, until ... */
static void target_of_a_commit_is_written(void **state)
{
    static const struct fake_image images[] = {DEVICE("/dev/top", 1, 3473408),
                                               DEVICE("/dev/base", 2, 1376256)};

    (void)state;
    open_scene(1);
    fake_images_set(images, COUNT_OF(images));
    fake.domains[0].xml = xml_device;
    /* It wrote there before it was first seen. */
    device_state(&fake.domains[0], "0", "65536");
    assert_size(layer_of(pass(), 0, 1)->headroom, SIZE_UNKNOWN);
    device_state(&fake.domains[0], "0", "2097152");
    const struct layer *layer = layer_of(pass(), 0, 1);
    assert_size(layer->sizes.allocation, 2097152);
    assert_size(layer->headroom, 8388608 - 2097152);
    assert_true(layer->percent == 25);
    /* ... also across a reading of the XML for no reason. */
    now += REFRESH;
    layer = layer_of(pass(), 0, 1);
    assert_int_equal(fake.xmls, 2);
    assert_size(layer->headroom, 8388608 - 2097152);
    close_scene();
}

/* Also where the images can't be looked at. */
static void target_of_a_commit_elsewhere(void **state)
{
    (void)state;
    open_scene(1);
    fake.local = false;
    fake.domains[0].xml = xml_device;
    device_state(&fake.domains[0], "0", "0");
    assert_true(layer_of(pass(), 0, 1)->percent == PERCENT_UNKNOWN);
    device_state(&fake.domains[0], "0", "2097152");
    assert_true(layer_of(pass(), 0, 1)->percent == 25);
    now += REFRESH;
    assert_true(layer_of(pass(), 0, 1)->percent == 25);
    assert_int_equal(fake.xmls, 2);
    close_scene();
}

/* Mirror and scratch image are written to as long as they are there; what the
 * guest can't write to is not. */
static void who_is_written_to(void **state)
{
    static const char stats[] =
        "block.count=2\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\nblock.0.capacity=4096\nblock.0.physical=512\n"
        "block.1.name=vda\nblock.1.path=/m\nblock.1.backingIndex=4\n"
        "block.1.capacity=4096\nblock.1.physical=1024\n";
    static const char xml[] =
        DOMAIN("<disk type='file'>%s<driver type='qcow2'/>"
               "<source file='/a' index='1'/><mirror type='file' job='copy'>"
               "<format type='qcow2'/><source file='/m' index='4'/></mirror>"
               "<target dev='vda'/></disk>");
    char text[2][512];

    (void)state;
    open_scene(2);
    for (size_t i = 0; i < 2; i++) {
        snprintf(text[i], sizeof(text[i]), xml, i == 1 ? "<readonly/>" : "");
        fake.domains[i].xml = text[i];
        fake_state(&fake.domains[i], stats);
    }
    const struct inventory *inventory = pass();
    assert_true(layer_of(inventory, 0, 0)->percent == 12.5);
    assert_true(layer_of(inventory, 0, 1)->percent == 25);
    assert_true(layer_of(inventory, 1, 0)->percent == PERCENT_UNKNOWN);
    assert_true(layer_of(inventory, 1, 1)->percent == 25);
    close_scene();
}

/* In a steady state one look at each file, and nothing is opened, whatever the
 * XML is read for. */
static void steady_state_opens_nothing(void **state)
{
    static const struct fake_image images[] = {
        {.path = "/a",
         .look = {.storage = STORAGE_FILE, .length = 2048, .blocks = 512},
         .free_space = 100,
         .image = {.largest = 99999}}};

    (void)state;
    open_scene(3);
    fake_images_set(images, COUNT_OF(images));
    pass();
    assert_reads(3);
    for (unsigned i = 0; i < 100; i++) {
        unsigned looks = fake_images_looks();
        assert_size(layer_of(pass(), 0, 0)->headroom, 100);
        assert_int_equal(fake_images_looks() - looks, 3);
    }
    assert_true(fake.xmls > 3 * 10);
    assert_reads(3);
    /* After a restart of the VM they are read again. */
    fake.domains[0].id = 77;
    pass();
    assert_reads(4);
    close_scene();
}

/* Nothing is opened that must not be looked at. */
static void other_hosts_images_are_not_read(void **state)
{
    (void)state;
    open_scene(1);
    fake.local = false;
    pass();
    assert_int_equal(fake_images_reads(), 0);
    assert_int_equal(fake_images_looks(), 0);
    close_scene();
}

/* A snapshot, and the layer that it was taken of: the one is new, and the
 * other's end is not what it was when it was last read. */
static void changed_chain_is_read_again(void **state)
{
    (void)state;
    open_scene(1);
    pass();
    assert_reads(1);
    fake_state(&fake.domains[0], stats_snapshot);
    fake.domains[0].xml = xml_snapshot;
    pass();
    assert_reads(3);
    close_scene();
}

/* A disk that is resized: its largest size is another one. */
static void resized_image_is_read_again(void **state)
{
    static const char resized[] =
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\nblock.0.allocation=700\n"
        "block.0.capacity=8192\nblock.0.physical=1024\n";
    static const char busy[] =
        "block.count=1\nblock.0.name=vda\nblock.0.path=/a\n"
        "block.0.backingIndex=1\n";

    (void)state;
    open_scene(1);
    pass();
    pass();
    assert_reads(1);
    fake_state(&fake.domains[0], resized);
    pass();
    assert_reads(2);
    pass();
    /* A busy domain, of which no figure is stated, is not a resized one. */
    fake_state(&fake.domains[0], busy);
    pass();
    assert_reads(2);
    close_scene();
}

/* --- domains that are off ------------------------------------------------ */

static const char xml_off[] =
    DOMAIN("<disk type='file'><driver type='qcow2'/><source file='/top'/>"
           "<target dev='vda'/></disk>");
static const char stats_off[] =
    "block.count=1\nblock.0.name=vda\nblock.0.path=/top\n"
    "block.0.allocation=512\nblock.0.capacity=4096\nblock.0.physical=1024\n";

static const struct fake_image off_images[] = {
    {.path = "/top",
     .look = {.storage = STORAGE_FILE, .inode = 1, .length = 5, .blocks = 6},
     .image = {.capacity = 4096,
               .backing_name = TEXT("base"),
               .backing_format = TEXT("raw")}},
    {.path = "/base",
     .look = {.storage = STORAGE_FILE, .inode = 2, .length = 7, .blocks = 8},
     .image = {.capacity = 9, .end = SIZE_UNKNOWN}},
};

/* vm1 runs, vm2 is off. */
static void open_off_scene(void)
{
    open_scene(2);
    fake_images_set(off_images, COUNT_OF(off_images));
    fake.domains[1].id = DOMAIN_OFF;
    fake.domains[1].xml = xml_off;
    fake_state(&fake.domains[1], stats_off);
}

static void domains_that_are_off_are_asked_for(void **state)
{
    (void)state;
    open_off_scene();
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(pass()->count, 1);
    close_scene();
    open_off_scene();
    set("InactiveDomains", "true");
    assert_int_equal(pass()->count, 2);
    close_scene();
}

static void chain_of_a_domain_that_is_off(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->domains[1]->id, DOMAIN_OFF);
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    const struct layer *layer = layer_of(inventory, 1, 0);
    assert_size(layer->sizes.capacity, 4096);
    assert_size(layer->sizes.allocation, 512);
    assert_size(layer->sizes.physical, 1024);
    assert_size(layer->headroom, SIZE_UNKNOWN);
    layer = layer_of(inventory, 1, 1);
    assert_int_equal(layer->depth, 1);
    assert_string_equal(layer->format, "raw");
    assert_size(layer->sizes.capacity, 9);
    assert_size(layer->sizes.allocation, 8);
    assert_size(layer->sizes.physical, 7);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 0);
    close_scene();
}

/* Sent in each pass, read after each InactiveInterval. */
static void off_is_read_now_and_then(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    pass();
    fake_state(&fake.domains[1], "block.count=1\nblock.0.name=vda\n"
                                 "block.0.path=/top\nblock.0.allocation=600\n");
    for (unsigned i = 1; i < 30; i++) {
        const struct inventory *inventory = pass();
        assert_int_equal(inventory->count, 2);
        assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
        assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 512);
        assert_size(layer_of(inventory, 1, 1)->sizes.allocation, 8);
    }
    const struct inventory *inventory = pass();
    assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 600);
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    close_scene();
}

static void inactive_interval(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    set("InactiveInterval", "20");
    pass();
    fake.domains[1].name = NULL;
    assert_int_equal(pass()->count, 2);
    /* At 1020: it is no longer defined. */
    assert_int_equal(pass()->count, 1);
    close_scene();
}

/* A domain that stops is one that is off in the pass after the next. */
static void domain_that_stops(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    pass();
    fake.domains[0].id = DOMAIN_OFF;
    assert_int_equal(pass()->count, 1);
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->id, DOMAIN_OFF);
    /* And the other way round at once. */
    fake.domains[0].id = 50;
    inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_int_equal(inventory->domains[0]->id, 50);
    close_scene();
}

/* What is off is not gone because there was no answer, and is asked for as
 * soon as there is one. */
static void off_without_an_answer(void **state)
{
    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    fake.silent = true;
    fake.domains[1].name = NULL;
    assert_int_equal(pass()->count, 0);
    fake.silent = false;
    fake.domains[1].name = "vm2";
    assert_int_equal(pass()->count, 2);
    fake.silent = true;
    pass();
    fake.silent = false;
    assert_int_equal(pass()->count, 2);
    close_scene();
}

#define VOLUME(path, allocation, below)                                        \
    "<volume type='file'><capacity unit='bytes'>4096</capacity>"               \
    "<allocation unit='bytes'>" allocation                                     \
    "</allocation><physical unit='bytes'>99</physical><target><path>" path     \
    "</path><format type='qcow2'/></target>" below "</volume>"
#define BELOW(path)                                                            \
    "<backingStore><path>" path "</path><format type='qcow2'/></backingStore>"

/* On another host, through volumes. */
static void chain_of_a_domain_that_is_off_elsewhere(void **state)
{
    struct fake_volume volumes[] = {
        {"top", "/top", VOLUME("/top", "7", BELOW("/base"))},
        {"base", "/base", VOLUME("/base", "55", "")}};
    const struct fake_pool pools[] = {
        {.uuid = 1, .volumes = volumes, .volume_count = 2}};

    (void)state;
    open_off_scene();
    set("InactiveDomains", "true");
    fake.local = false;
    fake.pools = pools;
    fake.pool_count = COUNT_OF(pools);
    const struct inventory *inventory = pass();
    assert_int_equal(inventory->domains[1]->disks[0].layer_count, 2);
    assert_size(layer_of(inventory, 1, 0)->sizes.allocation, 512);
    assert_size(layer_of(inventory, 1, 1)->sizes.allocation, 55);
    assert_size(layer_of(inventory, 1, 1)->sizes.capacity, 4096);
    assert_size(layer_of(inventory, 1, 1)->sizes.physical, 99);
    assert_int_equal(fake_images_looks(), 0);
    /* What is below may change, too. */
    volumes[1].xml = VOLUME("/base", "56", "");
    assert_size(layer_of(pass(), 1, 1)->sizes.allocation, 55);
    now += 300;
    assert_size(layer_of(pass(), 1, 1)->sizes.allocation, 56);
    volumes[0].xml = VOLUME("/top", "7", "");
    now += 300;
    assert_int_equal(pass()->domains[1]->disks[0].layer_count, 1);
    close_scene();
}

/* --- pools --------------------------------------------------------------- */

static const struct fake_volume top_and_base[] = {
    {"top", "/top", VOLUME("/top", "512", BELOW("/base"))}};
static const struct fake_pool one_pool[] = {{.uuid = 9,
                                             .name = "default",
                                             .capacity = 100,
                                             .volumes = top_and_base,
                                             .volume_count = 1}};

static void open_pool_scene(void)
{
    open_scene(1);
    fake_images_set(off_images, COUNT_OF(off_images));
    fake.pools = one_pool;
    fake.pool_count = COUNT_OF(one_pool);
}

static void pools_are_not_asked_for_unbidden(void **state)
{
    (void)state;
    open_pool_scene();
    assert_int_equal(pass()->pools->count, 0);
    assert_int_equal(fake.pool_reads, 0);
    close_scene();
}

static void pools_are_read_now_and_then(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    set("InactiveInterval", "50");
    for (unsigned i = 0; i < 11; i++) {
        assert_int_equal(pass()->pools->count, 1);
        assert_int_equal(fake.pool_reads, 1 + i / 5);
    }
    assert_int_equal(fake.volume_lists, 0);
    close_scene();
}

static void pools_without_an_answer(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    fake.pools_silent = true;
    pass();
    pass();
    assert_int_equal(fake.pool_reads, 2);
    fake.pools_silent = false;
    pass();
    pass();
    assert_int_equal(fake.pool_reads, 3);
    /* Nor are they asked for when the hypervisor is silent. */
    fake.silent = true;
    now += 300;
    pass();
    assert_int_equal(fake.pool_reads, 3);
    close_scene();
}

/* With each layer's own values, also of one that is in no pool. */
static void volumes_and_their_chains(void **state)
{
    (void)state;
    open_pool_scene();
    set("StoragePool", "default");
    set("Volumes", "true");
    for (unsigned i = 0; i < 40; i++) {
        const struct domain *volumes = &pass()->pools->pools[0]->volumes;
        assert_int_equal(volumes->disk_count, 1);
        const struct disk *disk = &volumes->disks[0];
        assert_string_equal(disk->instance, "vol-default-top");
        assert_int_equal(disk->layer_count, 2);
        assert_size(disk->layers[0].sizes.capacity, 4096);
        assert_size(disk->layers[0].sizes.allocation, 512);
        assert_size(disk->layers[0].sizes.physical, 99);
        assert_size(disk->layers[1].sizes.capacity, 9);
        assert_size(disk->layers[1].sizes.allocation, 8);
        assert_size(disk->layers[1].sizes.physical, 7);
        assert_size(disk->layers[0].headroom, SIZE_UNKNOWN);
    }
    /* At 1000 and 1300. */
    assert_int_equal(fake.volume_lists, 2);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 0);
    close_scene();
}

/* --- the end ------------------------------------------------------------- */

static void free_takes_nothing(void **state)
{
    (void)state;
    collector_free(NULL);
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
        cmocka_unit_test(shared_metadata_keeps_domains_apart),
        cmocka_unit_test(shared_host_is_no_clash_where_the_instance_differs),
        cmocka_unit_test(clash_that_comes_later),
        cmocka_unit_test(clash_that_is_plugged_in),
        cmocka_unit_test(successor_takes_over_the_name),
        cmocka_unit_test(volume_is_looked_up_once),
        cmocka_unit_test(local_images),
        cmocka_unit_test(images_are_looked_at_in_each_pass),
        cmocka_unit_test(only_files_are_looked_at),
        cmocka_unit_test(ends_are_known_from_the_first_pass),
        cmocka_unit_test(target_of_a_commit_is_written),
        cmocka_unit_test(target_of_a_commit_elsewhere),
        cmocka_unit_test(who_is_written_to),
        cmocka_unit_test(steady_state_opens_nothing),
        cmocka_unit_test(other_hosts_images_are_not_read),
        cmocka_unit_test(changed_chain_is_read_again),
        cmocka_unit_test(resized_image_is_read_again),
        cmocka_unit_test(domains_that_are_off_are_asked_for),
        cmocka_unit_test(chain_of_a_domain_that_is_off),
        cmocka_unit_test(off_is_read_now_and_then),
        cmocka_unit_test(inactive_interval),
        cmocka_unit_test(domain_that_stops),
        cmocka_unit_test(off_without_an_answer),
        cmocka_unit_test(chain_of_a_domain_that_is_off_elsewhere),
        cmocka_unit_test(pools_are_not_asked_for_unbidden),
        cmocka_unit_test(pools_are_read_now_and_then),
        cmocka_unit_test(pools_without_an_answer),
        cmocka_unit_test(volumes_and_their_chains),
        cmocka_unit_test(free_takes_nothing),
    };

    return cmocka_run_group_tests_name("collector", tests, NULL, NULL) != 0;
}

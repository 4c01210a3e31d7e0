/* SPDX-License-Identifier: MIT
 *
 * Passes of a collector: the names of domains, and what tells two apart.
 */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

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
    assert_string_equal(inventory->domains[0]->instance, "vm1");
    assert_string_equal(inventory->domains[1]->instance, "vm2");
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
    crew.now += REFRESH;
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[1]->host, "two");
    assert_memory_equal(inventory->domains[0]->host, "two-", 4);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* The same where the metadata are part of the instance: host and records stay
 * what they are. */
static void clash_of_instances_that_comes_later(void **state)
{
    (void)state;
    open_scene(2);
    set("HostnameFormat", "hostname");
    set("PluginInstanceFormat", "metadata disk");
    fake.domains[0].xml = NAMED("one", "vda");
    fake.domains[1].xml = NAMED("two", "vda");
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->disks[0].instance, "one-vda");
    assert_string_equal(inventory->domains[0]->host, "host");
    assert_string_equal(inventory->domains[1]->host, "host");
    assert_int_equal(fake_log_count(), 0);
    fake.domains[0].xml = NAMED("two", "vda");
    crew.now += REFRESH;
    inventory = pass();
    assert_string_equal(inventory->domains[0]->disks[0].instance, "two-vda");
    assert_memory_equal(inventory->domains[0]->host, "host-", 5);
    assert_string_equal(inventory->domains[1]->host, "host");
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* Two that share a host name but no disk: they share the series that are
 * theirs beside those of the disks. */
static void clash_without_a_disk_in_common(void **state)
{
    (void)state;
    open_scene(3);
    set("HostnameFormat", "metadata");
    fake.domains[0].xml = NAMED("web", "vda");
    fake.domains[1].xml = NAMED("web", "vdb");
    fake.domains[2].xml = NAMED("web2", "vdb");
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "web");
    assert_memory_equal(inventory->domains[1]->host, "web-", 4);
    assert_string_equal(inventory->domains[2]->host, "web2");
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_WARNING), 1);
    close_scene();
}

/* Two whose disks have nothing in common, until one is plugged in: "a-b" with
 * "c", and "a" with "b-c". */
static void clash_that_is_plugged_in(void **state)
{
    (void)state;
    open_scene(2);
    set("HostnameFormat", "hostname");
    set("PluginInstanceFormat", "name disk");
    fake.domains[0].name = "a-b";
    fake.domains[0].xml = DOMAIN(DISK("file", "file", "/a", "1", "c"));
    fake.domains[1].name = "a";
    fake.domains[1].xml = DOMAIN(DISK("file", "file", "/a", "1", "vda"));
    const struct inventory *inventory = pass();
    assert_string_equal(inventory->domains[0]->host, "host");
    assert_string_equal(inventory->domains[1]->host, "host");
    assert_string_equal(inventory->domains[0]->instance, "a-b");
    assert_string_equal(inventory->domains[1]->instance, "a");
    assert_int_equal(fake_log_count(), 0);
    fake.domains[1].xml = DOMAIN(DISK("file", "file", "/a", "1", "b-c"));
    fake_state(&fake.domains[1],
               "block.count=1\nblock.0.name=b-c\nblock.0.path=/a\n"
               "block.0.backingIndex=1\nblock.0.capacity=4096\n");
    inventory = pass();
    assert_string_equal(inventory->domains[0]->disks[0].instance, "a-b-c");
    assert_string_equal(inventory->domains[1]->disks[0].instance, "a-b-c");
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

/* The same while another one hangs: then nobody lists all of them. */
static void successor_while_another_hangs(void **state)
{
    const struct inventory *inventory = NULL;

    (void)state;
    open_scene(2);
    pass();
    fake.domains[0].stuck = true;
    for (unsigned i = 0; i < 3; i++)
        pass();
    fake.domains[1].uuid = 99;
    fake.domains[1].id = 7;
    for (unsigned i = 0; i < 6; i++) {
        inventory = pass();
        for (size_t j = 0; j < inventory->count; j++)
            if (inventory->domains[j]->id == 7)
                assert_string_equal(inventory->domains[j]->host, "vm2");
    }
    fake.domains[0].stuck = false;
    fake_crew_thaw(&crew);
    for (unsigned i = 0; i < 6; i++)
        inventory = pass();
    assert_int_equal(inventory->count, 2);
    assert_string_equal(inventory->domains[1]->host, "vm2");
    assert_null(strstr(fake_log_last(), "would both"));
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_metadata_keeps_domains_apart),
        cmocka_unit_test(shared_host_is_no_clash_where_the_instance_differs),
        cmocka_unit_test(clash_that_comes_later),
        cmocka_unit_test(clash_of_instances_that_comes_later),
        cmocka_unit_test(clash_without_a_disk_in_common),
        cmocka_unit_test(clash_that_is_plugged_in),
        cmocka_unit_test(successor_takes_over_the_name),
        cmocka_unit_test(successor_while_another_hangs),
    };

    return cmocka_run_group_tests_name("collector-names", tests, NULL, NULL) !=
           0;
}

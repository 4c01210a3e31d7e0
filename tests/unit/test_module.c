/* SPDX-License-Identifier: MIT
 *
 * The plugin as collectd drives it: register, configure, init, read, shutdown.
 * Collectd is on paper, and so is the session (session.h).
 */
#include "fake_collectd.h"
#include "fake_hypervisor.h"
#include "session.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

void module_register(void);

/* --- the session --------------------------------------------------------- */

static struct {
    char uri[64];
    char hostname[64];
    unsigned open; /* sessions that were made and not freed */
    struct fake_hypervisor hypervisor;
} fake;

struct session *session_new(const char *uri, const struct select *select,
                            const char *hostname, const struct log *log)
{
    (void)log;
    assert_non_null(select);
    snprintf(fake.uri, sizeof(fake.uri), "%s", uri != NULL ? uri : "default");
    snprintf(fake.hostname, sizeof(fake.hostname), "%s", hostname);
    fake.open++;
    return (struct session *)&fake;
}

void session_free(struct session *session)
{
    if (session != NULL)
        fake.open--;
}

struct hypervisor session_hypervisor(struct session *session)
{
    (void)session;
    return fake_table(&fake.hypervisor);
}

/* --- driving ------------------------------------------------------------- */

static int start(void **state)
{
    (void)state;
    fake_collectd_reset();
    fake_start(&fake.hypervisor, 1);
    fake_callbacks = (struct fake_callbacks){.name = NULL};
    module_register();
    return 0;
}

/* What was left open is closed, so that no test depends on another. */
static int stop(void **state)
{
    (void)state;
    fake_stop(&fake.hypervisor);
    return fake_callbacks.shutdown();
}

static int read_once(void)
{
    user_data_t nothing = {.data = NULL};

    fake_collectd_forget_values();
    return fake_callbacks.read(&nothing);
}

static void registers_before_and_in_init(void **state)
{
    (void)state;
    assert_string_equal(fake_callbacks.name, "virt_backing");
    assert_non_null(fake_callbacks.config);
    assert_non_null(fake_callbacks.init);
    assert_non_null(fake_callbacks.shutdown);
    assert_null(fake_callbacks.read);
    assert_int_equal(fake.open, 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_non_null(fake_callbacks.read);
}

static void works_without_a_block(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "default");
    assert_string_equal(fake.hostname, "this-host");
    assert_int_equal(fake.open, 1);
    assert_int_equal(read_once(), 0);
    assert_true(fake_collectd_value("host/virt_backing/count-domains") == 0);
    assert_true(fake_collectd_value("host/virt_backing/count-calls") == 1);
    assert_true(fake_collectd_value("host/virt_backing/duration-read") >= 0);
    assert_true(fake_collectd_registered() > 0);
}

static void settings_reach_the_session_and_the_names(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct fake_domain *domain = &fake.hypervisor.domains[0];

    (void)state;
    fake_config_text(&config, "Connection", "test:///default");
    fake_config_text(&config, "LayerFormat", "index");
    assert_int_equal(fake_callbacks.config(&config.block), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "test:///default");

    domain->name = "vm1";
    domain->xml = "<domain><devices><disk type='network'>"
                  "<driver type='raw'/><source index='7'/>"
                  "<target dev='vda'/></disk></devices></domain>";
    fake_state(domain, "block.count=1\nblock.0.name=vda\n"
                       "block.0.backingIndex=7\nblock.0.capacity=4096\n");
    assert_int_equal(read_once(), 0);
    assert_true(fake_collectd_value(
                    "vm1/virt_backing-vda/disk_capacity-index7") == 4096);
}

/* Two blocks add up. */
static void blocks_add_up(void **state)
{
    struct fake_config one = {.block = {.children_num = 0}};
    struct fake_config two = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&one, "Connection", "test:///default");
    fake_config_text(&two, "LayerFormat", "index");
    assert_int_equal(fake_callbacks.config(&one.block), 0);
    assert_int_equal(fake_callbacks.config(&two.block), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_string_equal(fake.uri, "test:///default");
}

/* Collectd would stop reading for ever longer times. */
static void read_never_fails(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    fake.hypervisor.silent = true;
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 2);
    fake.hypervisor.hostname = NULL;
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 0);
    fake.hypervisor.silent = false;
    fake.hypervisor.hostname = "host";
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_count(), 4);
}

static void severities_are_those_of_collectd(void **state)
{
    struct fake_domain *domain = &fake.hypervisor.domains[0];

    (void)state;
    assert_int_equal(fake_callbacks.init(), 0);
    domain->name = "vm1";
    domain->xml = "not XML";
    fake_state(domain, "block.count=0");
    assert_int_equal(read_once(), 0);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
    assert_memory_equal(fake_collectd_log_last(), "virt_backing: ", 14);
    assert_non_null(strstr(fake_collectd_log_last(), "vm1"));
}

static void shutdown_frees_and_can_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake_callbacks.init(), 0);
    assert_int_equal(fake.open, 1);
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake.open, 0);
    assert_int_equal(fake_callbacks.shutdown(), 0);
    assert_int_equal(fake.open, 0);
}

static void types_that_are_refused_stop_it(void **state)
{
    (void)state;
    fake_collectd_refuse_types();
    assert_int_not_equal(fake_callbacks.init(), 0);
    assert_null(fake_callbacks.read);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
}

/* Collectd does not start then, and shuts down what it has loaded. */
static void mistake_in_the_configuration_is_a_failure(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&config, "LayerFormat", "widths");
    assert_int_not_equal(fake_callbacks.config(&config.block), 0);
    assert_int_equal(fake_collectd_log_count(LOG_ERR), 1);
    assert_non_null(strstr(fake_collectd_log_last(), "LayerFormat"));
    assert_non_null(strstr(fake_collectd_log_last(), "\"widths\""));
    assert_null(fake_callbacks.read);
    assert_int_equal(fake.open, 0);
}

#define DRIVEN(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRIVEN(registers_before_and_in_init),
        DRIVEN(works_without_a_block),
        DRIVEN(settings_reach_the_session_and_the_names),
        DRIVEN(blocks_add_up),
        DRIVEN(read_never_fails),
        DRIVEN(severities_are_those_of_collectd),
        DRIVEN(shutdown_frees_and_can_be_repeated),
        DRIVEN(types_that_are_refused_stop_it),
        DRIVEN(mistake_in_the_configuration_is_a_failure),
    };

    return cmocka_run_group_tests_name("module", tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "config_tree.h"
#include "fake_collectd.h"
#include "fake_log.h"
#include "unit.h"

#include <string.h>

static bool apply(struct fake_config *config, struct settings *settings)
{
    fake_log_reset();
    return config_tree_apply(&config->block, settings, &fake_log);
}

static void empty_block_is_good(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct settings *settings = settings_new();

    (void)state;
    assert_true(apply(&config, settings));
    assert_int_equal(fake_log_count(), 0);
    settings_free(settings);
}

static void all_types_of_value_arrive(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct settings *settings = settings_new();

    (void)state;
    fake_config_text(&config, "Connection", "test:///default");
    fake_config_number(&config, "RefreshInterval", 86400);
    fake_config_boolean(&config, "IgnoreSelected", true);
    fake_config_boolean(&config, "LocalImages", false);
    fake_config_number(&config, "Timeout", 2.5);
    fake_config_number(&config, "Readers", 2);
    fake_config_text(&config, "Domain", "vm1");
    fake_config_text(&config, "Domain", "vm2");
    /* A domain whose name is a number, without quotes. */
    fake_config_number(&config, "Domain", 1234567890);
    assert_true(apply(&config, settings));
    assert_int_equal(fake_log_count(), 0);
    assert_string_equal(settings->connection, "test:///default");
    assert_int_equal(settings->refresh_interval, 86400);
    assert_true(settings->timeout == 2.5);
    assert_int_equal(settings->readers, 2);
    assert_true(settings->select.ignore);
    assert_int_equal(settings->local_images, LOCAL_IMAGES_FALSE);
    assert_int_equal(settings->select.domains.count, 3);
    assert_false(select_domain(&settings->select, "1234567890"));
    assert_true(select_domain(&settings->select, "1234567891"));
    settings_free(settings);
}

static void boolean_and_text_are_the_same(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct settings *settings = settings_new();

    (void)state;
    fake_config_text(&config, "IgnoreSelected", "true");
    fake_config_text(&config, "RefreshInterval", "5");
    assert_true(apply(&config, settings));
    assert_true(settings->select.ignore);
    assert_int_equal(settings->refresh_interval, 5);
    settings_free(settings);
}

/* Whoever repairs the configuration wants to know all at once. */
static void every_mistake_is_a_line(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct settings *settings = settings_new();

    (void)state;
    fake_config_text(&config, "LayerFormat", "widths");
    fake_config_number(&config, "RefreshInterval", 1.5);
    fake_config_text(&config, "Conection", "x");
    fake_config_text(&config, "Domain", "vm1");
    assert_false(apply(&config, settings));
    assert_int_equal(fake_log_count(), 3);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 3);
    assert_non_null(strstr(fake_log_last(), "Conection"));
    settings_free(settings);
}

static void assert_one_error(struct fake_config *config, const char *option,
                             const char *value, const char *allowed)
{
    struct settings *settings = settings_new();

    assert_false(apply(config, settings));
    assert_int_equal(fake_log_count(), 1);
    assert_int_equal(fake_log_count_of(LOG_LEVEL_ERROR), 1);
    if (strstr(fake_log_last(), option) == NULL ||
        strstr(fake_log_last(), value) == NULL ||
        strstr(fake_log_last(), allowed) == NULL)
        fail_msg("it names not all of %s, %s, %s: %s", option, value, allowed,
                 fake_log_last());
    settings_free(settings);
}

static void number_is_told_as_written(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};

    (void)state;
    fake_config_number(&config, "RefreshInterval", 100000);
    assert_one_error(&config, "RefreshInterval", "\"100000\"", "86400");
}

static void boolean_where_a_word_belongs(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};

    (void)state;
    fake_config_boolean(&config, "LayerFormat", true);
    assert_one_error(&config, "LayerFormat", "\"true\"", "depth or index");
}

static void bad_expressions(void **state)
{
    struct fake_config regex = {.block = {.children_num = 0}};
    struct fake_config xpath = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&regex, "BlockDevice", "/vm(/");
    assert_one_error(&regex, "BlockDevice", "\"/vm(/\"", "regular expression");
    fake_config_text(&xpath, "HostnameMetadataXPath", "/instance[");
    assert_one_error(&xpath, "HostnameMetadataXPath", "\"/instance[\"",
                     "XPath");
}

static void names_must_tell_domains_apart(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};

    (void)state;
    fake_config_text(&config, "HostnameFormat", "hostname");
    assert_one_error(&config, "HostnameFormat", "hostname", "uuid");
}

/* The order of options does not matter: what counts is where they end up. */
static void combination_is_judged_at_the_end(void **state)
{
    struct fake_config config = {.block = {.children_num = 0}};
    struct settings *settings = settings_new();

    (void)state;
    fake_config_text(&config, "HostnameFormat", "hostname");
    fake_config_text(&config, "PluginInstanceFormat", "name disk");
    assert_true(apply(&config, settings));
    assert_int_equal(fake_log_count(), 0);
    settings_free(settings);
}

/* An option without value, with two, or that is a block. */
static void shapes_that_are_no_option(void **state)
{
    struct fake_config none = {.block = {.children_num = 0}};
    struct fake_config two = {.block = {.children_num = 0}};
    struct fake_config block = {.block = {.children_num = 0}};
    oconfig_value_t pair[2];

    (void)state;
    fake_config_text(&none, "LayerFormat", "depth");
    none.items[0].values_num = 0;
    none.items[0].values = NULL;
    assert_one_error(&none, "LayerFormat", "0 values", "one value");

    fake_config_text(&two, "HostnameFormat", "name");
    pair[0] = two.values[0];
    pair[1] = two.values[0];
    two.items[0].values = pair;
    two.items[0].values_num = 2;
    assert_one_error(&two, "HostnameFormat", "2 values", "one value");

    fake_config_text(&block, "Domain", "vm1");
    block.items[0].children = two.items;
    block.items[0].children_num = 1;
    assert_one_error(&block, "Domain", "block", "one value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_block_is_good),
        cmocka_unit_test(all_types_of_value_arrive),
        cmocka_unit_test(boolean_and_text_are_the_same),
        cmocka_unit_test(every_mistake_is_a_line),
        cmocka_unit_test(number_is_told_as_written),
        cmocka_unit_test(boolean_where_a_word_belongs),
        cmocka_unit_test(bad_expressions),
        cmocka_unit_test(names_must_tell_domains_apart),
        cmocka_unit_test(combination_is_judged_at_the_end),
        cmocka_unit_test(shapes_that_are_no_option),
    };

    return cmocka_run_group_tests_name("config_tree", tests, NULL, NULL) != 0;
}

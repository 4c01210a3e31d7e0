/* SPDX-License-Identifier: MIT
 *
 * Each option: what is taken, what is refused and how that is told. Names,
 * defaults and what is allowed are those of the manual page.
 */
#include "settings.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 13
#define ERROR_SIZE 512

static const struct option_row {
    const char *option;
    const char *good[VALUES_MAX];
    const char *bad[VALUES_MAX];
    const char *allowed[4]; /* words that the error must have */
} rows[] = {
    {"Connection", {"qemu:///system", "test:///default"}, {""}, {"URI"}},
    {"RefreshInterval",
     {"0", "1", "60", "86400"},
     {"", "-1", "86401", "1.5", "60s", "x", "0x10", "99999999999999999999",
      " 60", "+60"},
     {"seconds", "0", "86400"}},
    {"InactiveDomains",
     {"true", "false", "yes", "no", "on", "off", "TRUE", "False"},
     {"", "1", "truely", "maybe", "tru"},
     {"true", "false"}},
    {"InactiveInterval",
     {"1", "2", "300", "86400"},
     {"", "0", "-1", "86401", "1.5", "5m", "x", "99999999999999999999"},
     {"seconds", "1", "86400"}},
    {"Timeout",
     {"0.1", "5", "2.5", "86400"},
     {"", "0", "0.09", "-1", "86400.1", "5s", "x", ".5", " 5", "+5", "0x10",
      "nan"},
     {"seconds", "0.1", "86400"}},
    {"Readers",
     {"1", "2"},
     {"", "0", "3", "-1", "2.0", "two", "12", " 2", "+2"},
     {"1", "2"}},
    {"Domain",
     {"vm1", "/^vm/", "with space", "vm/1"},
     {"", "/(/", "/[a/", "/", "//", "/vm"},
     {"name", "regular expression"}},
    {"BlockDevice",
     {"vm1:vda", "/:vd[ab]$/", "vm:1:vda"},
     {"", "/*(/", "vda", "//", "/vda"},
     {"regular expression"}},
    {"IgnoreSelected",
     {"true", "false", "yes", "no", "on", "off", "TRUE", "False"},
     {"", "1", "truely", "maybe", "tru"},
     {"true", "false"}},
    {"HostnameFormat",
     {"name", "uuid", "hostname", "metadata", "hostname name",
      "name uuid hostname metadata", "Name UUID", " name "},
     {"", " ", "disk", "name disk", "name name", "nam", "name,uuid",
      "name uuid hostname metadata name"},
     {"name", "uuid", "hostname", "metadata"}},
    {"PluginInstanceFormat",
     {"disk", "name disk", "uuid disk", "metadata disk",
      "name uuid metadata disk", "DISK"},
     {"", "name", "disk name", "hostname disk", "disk disk", "disk x",
      "name name disk"},
     {"disk", "name", "uuid", "metadata"}},
    {"HostnameMetadataNS", {"http://example.org/1.0"}, {""}, {"namespace"}},
    {"HostnameMetadataXPath", {"/instance/name/text()"}, {""}, {"XPath"}},
    {"LayerFormat",
     {"depth", "index", "Depth", "INDEX"},
     {"", "name", "depth index", "depths"},
     {"depth", "index"}},
    {"LocalImages",
     {"auto", "true", "false", "yes", "no", "on", "off", "AUTO"},
     {"", "automatic", "2", "never"},
     {"auto", "true", "false"}},
    {"StoragePool",
     {"default", "/^fast/", "with space"},
     {"", "/(/", "/[a/", "/", "//"},
     {"name", "regular expression"}},
    {"Volumes",
     {"true", "false", "yes", "no", "on", "off"},
     {"", "1", "all"},
     {"true", "false"}},
    {"Notifications",
     {"true", "false", "yes", "no", "on", "off"},
     {"", "1", "some"},
     {"true", "false"}},
    {"BlockJobs",
     {"true", "false", "yes", "no", "on", "off"},
     {"", "1", "commit"},
     {"true", "false"}},
    {"WatermarkFree",
     {"1", "1073741824", "512M", "10G", "1T", "4K", "8388607T"},
     {"", "0", "0G", "-1", "1.5G", "10GB", "G", "10g", " 1", "+1", "8388608T",
      "99999999999999999999"},
     {"bytes", "K", "T"}},
    {"WatermarkPercent",
     {"1", "20", "99"},
     {"", "0", "00", "100", "-1", "1.5", "20%", " 1", "x"},
     {"1", "99"}},
    {"WatermarkReplace",
     {"true", "false", "yes", "no", "on", "off"},
     {"", "1", "always"},
     {"true", "false"}},
    {"StateFile",
     {"/run/virt_backing", "/a b"},
     {"", "/", "run/virt_backing", "/run/"},
     {"absolute path"}},
};

/* --- settings as text, to see what changed ------------------------------- */

static void print_format(FILE *stream, const struct name_format *format)
{
    for (size_t i = 0; i < format->count; i++)
        fprintf(stream, " %d", (int)format->fields[i]);
    fprintf(stream, ";");
}

static char *snapshot(const struct settings *settings)
{
    const char *connection = settings->connection;
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    fprintf(stream, "%s;%u;%zu;%zu;%d;", connection != NULL ? connection : "-",
            settings->refresh_interval, settings->select.domains.count,
            settings->select.disks.count, settings->select.ignore);
    fprintf(stream, "%d;%u;%zu;%d;", settings->inactive_domains,
            settings->inactive_interval, settings->select.pools.count,
            settings->volumes);
    fprintf(stream, "%g;%u;", settings->timeout, settings->readers);
    fprintf(stream, "%d;%d;%llu;%u;%d;", settings->notifications,
            settings->block_jobs, (unsigned long long)settings->watermark.free,
            settings->watermark.percent, settings->watermark_replace);
    print_format(stream, &settings->host_format);
    print_format(stream, &settings->instance_format);
    fprintf(stream, "%s;",
            settings->state_file != NULL ? settings->state_file : "-");
    fprintf(stream, "%s;%s;%d;%d", settings->metadata_ns,
            settings->metadata_xpath, (int)settings->layer_format,
            (int)settings->local_images);
    fclose(stream);
    return text;
}

/* --- the table ----------------------------------------------------------- */

static void every_good_value_is_taken(void **state)
{
    char error[ERROR_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t j = 0; rows[i].good[j] != NULL; j++) {
            struct settings *settings = settings_new();
            if (!settings_set(settings, rows[i].option, rows[i].good[j], error,
                              sizeof(error)))
                fail_msg("%s \"%s\": %s", rows[i].option, rows[i].good[j],
                         error);
            settings_free(settings);
        }
}

static void assert_told(const struct option_row *row, const char *value,
                        const char *error)
{
    char quoted[64];

    snprintf(quoted, sizeof(quoted), "\"%s\"", value);
    if (strstr(error, row->option) == NULL || strstr(error, quoted) == NULL)
        fail_msg("%s \"%s\" is not named: %s", row->option, value, error);
    /* Behind the value, which may have such a word itself. */
    const char *rest = strstr(error, quoted) + strlen(quoted);
    for (size_t i = 0; i < COUNT_OF(row->allowed); i++)
        if (row->allowed[i] != NULL && strstr(rest, row->allowed[i]) == NULL)
            fail_msg("%s \"%s\": nothing of \"%s\": %s", row->option, value,
                     row->allowed[i], error);
}

static void assert_refused(const struct option_row *row, const char *value)
{
    char error[ERROR_SIZE] = "";
    struct settings *settings = settings_new();
    char *before = snapshot(settings);

    if (settings_set(settings, row->option, value, error, sizeof(error)))
        fail_msg("%s \"%s\" was taken", row->option, value);
    assert_told(row, value, error);
    char *after = snapshot(settings);
    assert_string_equal(after, before);
    free(after);
    free(before);
    settings_free(settings);
}

static void every_bad_value_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t j = 0; rows[i].bad[j] != NULL; j++)
            assert_refused(&rows[i], rows[i].bad[j]);
}

/* Also of options that were set to something else than the default. */
static void failure_keeps_what_was_set(void **state)
{
    char error[ERROR_SIZE];
    struct settings *settings = settings_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct option_row *row = &rows[i];
        const char *good = row->good[row->good[1] != NULL ? 1 : 0];
        assert_true(
            settings_set(settings, row->option, good, error, sizeof(error)));
        char *before = snapshot(settings);
        for (size_t j = 0; row->bad[j] != NULL; j++)
            assert_false(settings_set(settings, row->option, row->bad[j], error,
                                      sizeof(error)));
        char *after = snapshot(settings);
        assert_string_equal(after, before);
        free(after);
        free(before);
    }
    settings_free(settings);
}

static void rows_and_options_are_the_same_set(void **state)
{
    size_t count = 0;

    (void)state;
    while (settings_option(count) != NULL)
        count++;
    assert_int_equal(count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++)
            found = found || strcmp(settings_option(j), rows[i].option) == 0;
        assert_true(found);
    }
    assert_null(settings_option(count + 1));
    assert_null(settings_option(SIZE_MAX));
}

static void unknown_option_is_told_with_those_that_are(void **state)
{
    static const char *const unknown[] = {"Conection", "Domains", "",
                                          "domain "};
    char error[ERROR_SIZE];
    struct settings *settings = settings_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        assert_false(settings_set(settings, unknown[i], "a value", error,
                                  sizeof(error)));
        assert_non_null(strstr(error, unknown[i]));
        assert_non_null(strstr(error, "\"a value\""));
        for (size_t j = 0; settings_option(j) != NULL; j++)
            assert_non_null(strstr(error, settings_option(j)));
    }
    settings_free(settings);
}

/* However long the value is, and however small the buffer. */
static void error_fits_its_buffer(void **state)
{
    char value[2000];
    char error[64];
    struct settings *settings = settings_new();

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (size_t size = 1; size <= 60; size++) {
        memset(error, '#', sizeof(error));
        assert_false(settings_set(settings, "LayerFormat", value, error, size));
        assert_true(memchr(error, '\0', size) != NULL);
        assert_int_equal(error[size], '#');
        assert_false(settings_set(settings, value, value, error, size));
        assert_true(memchr(error, '\0', size) != NULL);
        assert_int_equal(error[size], '#');
    }
    settings_free(settings);
}

/* --- what each option does ----------------------------------------------- */

static void set(struct settings *settings, const char *option,
                const char *value)
{
    char error[ERROR_SIZE];

    if (!settings_set(settings, option, value, error, sizeof(error)))
        fail_msg("%s", error);
}

static void defaults(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_null(settings->connection);
    assert_int_equal(settings->refresh_interval, 60);
    assert_true(select_domain(&settings->select, "any"));
    assert_true(select_disk(&settings->select, "any", "vda"));
    assert_int_equal(settings->host_format.count, 1);
    assert_int_equal(settings->host_format.fields[0], NAME_FIELD_NAME);
    assert_int_equal(settings->instance_format.count, 1);
    assert_int_equal(settings->instance_format.fields[0], NAME_FIELD_DISK);
    /* Those of the virt plugin. */
    assert_string_equal(settings->metadata_ns,
                        "http://openstack.org/xmlns/libvirt/nova/1.1");
    assert_string_equal(settings->metadata_xpath, "/instance/name/text()");
    assert_int_equal(settings->layer_format, LAYER_FORMAT_DEPTH);
    assert_int_equal(settings->local_images, LOCAL_IMAGES_AUTO);
    assert_false(settings->inactive_domains);
    assert_int_equal(settings->inactive_interval, 300);
    /* The interval, which is not known here, has a say in it. */
    assert_true(settings->timeout == 0);
    assert_int_equal(settings->readers, 1);
    assert_int_equal(settings->select.pools.count, 0);
    assert_false(settings->volumes);
    settings_free(settings);
    settings_free(NULL);
}

static void options_reach_their_field(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    set(settings, "Connection", "qemu:///session");
    set(settings, "Connection", "qemu:///system");
    assert_string_equal(settings->connection, "qemu:///system");
    set(settings, "RefreshInterval", "300");
    assert_int_equal(settings->refresh_interval, 300);
    set(settings, "HostnameMetadataNS", "urn:x");
    assert_string_equal(settings->metadata_ns, "urn:x");
    set(settings, "HostnameMetadataXPath", "/a");
    assert_string_equal(settings->metadata_xpath, "/a");
    set(settings, "LayerFormat", "index");
    assert_int_equal(settings->layer_format, LAYER_FORMAT_INDEX);
    set(settings, "LayerFormat", "depth");
    assert_int_equal(settings->layer_format, LAYER_FORMAT_DEPTH);
    set(settings, "LocalImages", "on");
    assert_int_equal(settings->local_images, LOCAL_IMAGES_TRUE);
    set(settings, "LocalImages", "no");
    assert_int_equal(settings->local_images, LOCAL_IMAGES_FALSE);
    set(settings, "LocalImages", "auto");
    assert_int_equal(settings->local_images, LOCAL_IMAGES_AUTO);
    set(settings, "InactiveDomains", "yes");
    assert_true(settings->inactive_domains);
    set(settings, "InactiveDomains", "off");
    assert_false(settings->inactive_domains);
    set(settings, "InactiveInterval", "77");
    assert_int_equal(settings->inactive_interval, 77);
    assert_int_equal(settings->refresh_interval, 300);
    set(settings, "Timeout", "0.1");
    assert_true(settings->timeout == 0.1);
    set(settings, "Timeout", "20");
    assert_true(settings->timeout == 20);
    set(settings, "Readers", "2");
    assert_int_equal(settings->readers, 2);
    set(settings, "Readers", "1");
    assert_int_equal(settings->readers, 1);
    set(settings, "Volumes", "true");
    assert_true(settings->volumes);
    set(settings, "Volumes", "no");
    assert_false(settings->volumes);
    settings_free(settings);
}

/* As collectd's own configuration, which does not tell Domain from domain. */
static void case_of_an_option_does_not_matter(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    set(settings, "refreshinterval", "7");
    assert_int_equal(settings->refresh_interval, 7);
    settings_free(settings);
}

static void filters_add_up(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    set(settings, "Domain", "vm1");
    set(settings, "Domain", "/^web/");
    set(settings, "BlockDevice", "vm1:vda");
    assert_true(select_domain(&settings->select, "vm1"));
    assert_true(select_domain(&settings->select, "web7"));
    assert_false(select_domain(&settings->select, "vm2"));
    assert_true(select_disk(&settings->select, "vm1", "vda"));
    assert_false(select_disk(&settings->select, "vm1", "vdb"));
    set(settings, "IgnoreSelected", "true");
    assert_false(select_domain(&settings->select, "vm1"));
    assert_true(select_disk(&settings->select, "vm1", "vdb"));
    set(settings, "IgnoreSelected", "off");
    assert_true(select_domain(&settings->select, "vm1"));
    settings_free(settings);
}

/* Unlike domains: none but those that are asked for, and IgnoreSelected is
 * not about them. */
static void pools_are_asked_for(void **state)
{
    struct settings *settings = settings_new();

    (void)state;
    assert_false(select_pool(&settings->select, "default"));
    set(settings, "StoragePool", "default");
    set(settings, "StoragePool", "/^fast/");
    assert_true(select_pool(&settings->select, "default"));
    assert_true(select_pool(&settings->select, "fast-ssd"));
    assert_false(select_pool(&settings->select, "default2"));
    assert_false(select_pool(&settings->select, "other"));
    set(settings, "IgnoreSelected", "true");
    assert_true(select_pool(&settings->select, "default"));
    assert_false(select_pool(&settings->select, "other"));
    assert_true(select_domain(&settings->select, "default"));
    settings_free(settings);
}

static void formats_keep_their_order(void **state)
{
    static const enum name_field host[] = {NAME_FIELD_METADATA,
                                           NAME_FIELD_HOSTNAME, NAME_FIELD_UUID,
                                           NAME_FIELD_NAME};
    static const enum name_field instance[] = {
        NAME_FIELD_UUID, NAME_FIELD_METADATA, NAME_FIELD_DISK};
    struct settings *settings = settings_new();

    (void)state;
    set(settings, "HostnameFormat", "metadata hostname\tuuid  name");
    assert_int_equal(settings->host_format.count, COUNT_OF(host));
    for (size_t i = 0; i < COUNT_OF(host); i++)
        assert_int_equal(settings->host_format.fields[i], host[i]);

    set(settings, "PluginInstanceFormat", "uuid metadata disk");
    assert_int_equal(settings->instance_format.count, COUNT_OF(instance));
    for (size_t i = 0; i < COUNT_OF(instance); i++)
        assert_int_equal(settings->instance_format.fields[i], instance[i]);
    settings_free(settings);
}

/* --- settings_check ------------------------------------------------------ */

static bool is_sound(const char *host_format, const char *instance_format,
                     char error[ERROR_SIZE])
{
    struct settings *settings = settings_new();

    set(settings, "HostnameFormat", host_format);
    set(settings, "PluginInstanceFormat", instance_format);
    bool sound = settings_check(settings, error, ERROR_SIZE);
    settings_free(settings);
    return sound;
}

static void domains_must_be_told_apart(void **state)
{
    char error[ERROR_SIZE] = "";

    (void)state;
    assert_true(is_sound("name", "disk", error));
    assert_true(is_sound("uuid", "disk", error));
    assert_true(is_sound("metadata", "disk", error));
    assert_true(is_sound("hostname name", "disk", error));
    assert_true(is_sound("hostname", "name disk", error));
    assert_true(is_sound("hostname", "uuid disk", error));
    assert_true(is_sound("hostname", "metadata disk", error));
    assert_string_equal(error, "");
    assert_false(is_sound("hostname", "disk", error));
    assert_non_null(strstr(error, "HostnameFormat"));
    assert_non_null(strstr(error, "\"hostname\""));
    assert_non_null(strstr(error, "PluginInstanceFormat"));
    assert_non_null(strstr(error, "name"));
    assert_non_null(strstr(error, "uuid"));
}

static void volumes_are_those_of_pools(void **state)
{
    char error[ERROR_SIZE] = "";
    struct settings *settings = settings_new();

    (void)state;
    set(settings, "Volumes", "true");
    assert_false(settings_check(settings, error, ERROR_SIZE));
    assert_non_null(strstr(error, "Volumes"));
    assert_non_null(strstr(error, "\"true\""));
    assert_non_null(strstr(error, "StoragePool"));
    set(settings, "StoragePool", "default");
    assert_true(settings_check(settings, error, ERROR_SIZE));
    set(settings, "Volumes", "false");
    assert_true(settings_check(settings, error, ERROR_SIZE));
    settings_free(settings);

    /* The other way round is all right. */
    settings = settings_new();
    set(settings, "Volumes", "false");
    assert_true(settings_check(settings, error, ERROR_SIZE));
    settings_free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_value_is_taken),
        cmocka_unit_test(every_bad_value_is_refused),
        cmocka_unit_test(failure_keeps_what_was_set),
        cmocka_unit_test(rows_and_options_are_the_same_set),
        cmocka_unit_test(unknown_option_is_told_with_those_that_are),
        cmocka_unit_test(error_fits_its_buffer),
        cmocka_unit_test(defaults),
        cmocka_unit_test(options_reach_their_field),
        cmocka_unit_test(case_of_an_option_does_not_matter),
        cmocka_unit_test(filters_add_up),
        cmocka_unit_test(pools_are_asked_for),
        cmocka_unit_test(formats_keep_their_order),
        cmocka_unit_test(domains_must_be_told_apart),
        cmocka_unit_test(volumes_are_those_of_pools),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL) != 0;
}

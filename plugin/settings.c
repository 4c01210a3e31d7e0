/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "cleanup.h"
#include "units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INTERVAL_MAX 86400

/* As in the virt plugin: where OpenStack's Nova puts the name of an instance.
 */
#define DEFAULT_METADATA_NS "http://openstack.org/xmlns/libvirt/nova/1.1"
#define DEFAULT_METADATA_XPATH "/instance/name/text()"

#define ALLOWED_SIZE 256

/* Sets an option, or returns false, and may then say more than the option's
 * table row does of what is allowed. */
typedef bool (*setter)(struct settings *settings, const char *value,
                       char allowed[ALLOWED_SIZE]);

static bool set_text(char **text, const char *value)
{
    char *copy = strdup(value);

    if (*value == '\0' || copy == NULL) {
        free(copy);
        return false;
    }
    free(*text);
    *text = copy;
    return true;
}

static bool set_connection(struct settings *settings, const char *value,
                           char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return set_text(&settings->connection, value);
}

static bool parse_seconds(const char *value, unsigned least,
                          unsigned *ret_seconds)
{
    char *end;

    errno = 0;
    long seconds = strtol(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 ||
        seconds < (long)least || seconds > INTERVAL_MAX)
        return false;
    *ret_seconds = (unsigned)seconds;
    return true;
}

static bool set_refresh_interval(struct settings *settings, const char *value,
                                 char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_seconds(value, 0, &settings->refresh_interval);
}

static bool set_inactive_interval(struct settings *settings, const char *value,
                                  char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_seconds(value, 1, &settings->inactive_interval);
}

static bool set_timeout(struct settings *settings, const char *value,
                        char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return units_parse_seconds(value, &settings->timeout);
}

static bool set_readers(struct settings *settings, const char *value,
                        char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    if (value[0] < '1' || value[0] > '0' + READERS_MAX || value[1] != '\0')
        return false;
    settings->readers = (unsigned)(value[0] - '0');
    return true;
}

static bool add_entry(struct select_list *list, const char *value,
                      char allowed[ALLOWED_SIZE])
{
    char reason[ALLOWED_SIZE / 2];

    if (*value == '\0')
        return false;
    if (select_add(list, value, reason, sizeof(reason)))
        return true;
    size_t length = strlen(allowed);
    snprintf(allowed + length, ALLOWED_SIZE - length, " (%s)", reason);
    return false;
}

static bool set_domain(struct settings *settings, const char *value,
                       char allowed[ALLOWED_SIZE])
{
    return add_entry(&settings->select.domains, value, allowed);
}

static bool set_block_device(struct settings *settings, const char *value,
                             char allowed[ALLOWED_SIZE])
{
    if (value[0] != '/' && strchr(value, ':') == NULL)
        return false;
    return add_entry(&settings->select.disks, value, allowed);
}

/* The words that collectd's own configuration takes for a boolean. */
static bool parse_boolean(const char *value, bool *ret_boolean)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (size_t truth = 0; truth < 2; truth++)
            if (strcasecmp(value, words[i][truth]) == 0) {
                *ret_boolean = truth == 1;
                return true;
            }
    return false;
}

static bool set_notifications(struct settings *settings, const char *value,
                              char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->notifications);
}

static bool set_block_jobs(struct settings *settings, const char *value,
                           char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->block_jobs);
}

static bool set_watermark_free(struct settings *settings, const char *value,
                               char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return units_parse_bytes(value, &settings->watermark.free);
}

static bool set_watermark_percent(struct settings *settings, const char *value,
                                  char allowed[ALLOWED_SIZE])
{
    size_t length = strlen(value);

    (void)allowed;
    if (length < 1 || length > 2 || strspn(value, "0123456789") != length ||
        strtoul(value, NULL, 10) == 0)
        return false;
    settings->watermark.percent = (unsigned)strtoul(value, NULL, 10);
    return true;
}

static bool set_watermark_replace(struct settings *settings, const char *value,
                                  char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->watermark_replace);
}

static bool set_ignore_selected(struct settings *settings, const char *value,
                                char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->select.ignore);
}

static bool set_inactive_domains(struct settings *settings, const char *value,
                                 char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->inactive_domains);
}

static bool set_storage_pool(struct settings *settings, const char *value,
                             char allowed[ALLOWED_SIZE])
{
    return add_entry(&settings->select.pools, value, allowed);
}

static bool set_volumes(struct settings *settings, const char *value,
                        char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return parse_boolean(value, &settings->volumes);
}

/* collectd has a working directory of its own. */
static bool set_state_file(struct settings *settings, const char *value,
                           char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    if (value[0] != '/' || value[strlen(value) - 1] == '/')
        return false;
    return set_text(&settings->state_file, value);
}

static bool parse_field(const char *word, enum name_field *ret_field)
{
    static const struct {
        const char *word;
        enum name_field field;
    } fields[] = {
        {"name", NAME_FIELD_NAME},         {"uuid", NAME_FIELD_UUID},
        {"hostname", NAME_FIELD_HOSTNAME}, {"metadata", NAME_FIELD_METADATA},
        {"disk", NAME_FIELD_DISK},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcasecmp(word, fields[i].word) == 0) {
            *ret_field = fields[i].field;
            return true;
        }
    return false;
}

static bool format_has(const struct name_format *format, enum name_field field)
{
    for (size_t i = 0; i < format->count; i++)
        if (format->fields[i] == field)
            return true;
    return false;
}

/* One to four words, none of them twice. */
static bool parse_format(const char *value, struct name_format *ret_format)
{
    CLEANUP_FREE char *words = strdup(value);
    struct name_format format = {.count = 0};
    char *rest = NULL;

    if (words == NULL)
        return false;
    for (char *word = strtok_r(words, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        enum name_field field;
        if (format.count == NAME_FIELDS_MAX || !parse_field(word, &field) ||
            format_has(&format, field))
            return false;
        format.fields[format.count++] = field;
    }
    *ret_format = format;
    return format.count > 0;
}

static bool set_hostname_format(struct settings *settings, const char *value,
                                char allowed[ALLOWED_SIZE])
{
    struct name_format format;

    (void)allowed;
    if (!parse_format(value, &format) || format_has(&format, NAME_FIELD_DISK))
        return false;
    settings->host_format = format;
    return true;
}

static bool set_instance_format(struct settings *settings, const char *value,
                                char allowed[ALLOWED_SIZE])
{
    struct name_format format;

    (void)allowed;
    if (!parse_format(value, &format) ||
        format_has(&format, NAME_FIELD_HOSTNAME) ||
        format.fields[format.count - 1] != NAME_FIELD_DISK)
        return false;
    settings->instance_format = format;
    return true;
}

static bool set_metadata_ns(struct settings *settings, const char *value,
                            char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return set_text(&settings->metadata_ns, value);
}

static bool set_metadata_xpath(struct settings *settings, const char *value,
                               char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    return set_text(&settings->metadata_xpath, value);
}

static bool set_layer_format(struct settings *settings, const char *value,
                             char allowed[ALLOWED_SIZE])
{
    (void)allowed;
    if (strcasecmp(value, "depth") == 0)
        settings->layer_format = LAYER_FORMAT_DEPTH;
    else if (strcasecmp(value, "index") == 0)
        settings->layer_format = LAYER_FORMAT_INDEX;
    else
        return false;
    return true;
}

static bool set_local_images(struct settings *settings, const char *value,
                             char allowed[ALLOWED_SIZE])
{
    bool look;

    (void)allowed;
    if (strcasecmp(value, "auto") == 0)
        settings->local_images = LOCAL_IMAGES_AUTO;
    else if (parse_boolean(value, &look))
        settings->local_images = look ? LOCAL_IMAGES_TRUE : LOCAL_IMAGES_FALSE;
    else
        return false;
    return true;
}

static const struct option {
    const char *name;
    setter set;
    const char *allowed;
} options[] = {
    {"Connection", set_connection, "a libvirt URI, such as qemu:///system"},
    {"RefreshInterval", set_refresh_interval, "whole seconds from 0 to 86400"},
    {"InactiveDomains", set_inactive_domains, "true or false"},
    {"InactiveInterval", set_inactive_interval,
     "whole seconds from 1 to 86400"},
    {"Timeout", set_timeout, "seconds from 0.1 to 86400"},
    {"Readers", set_readers, "1 or 2"},
    {"Domain", set_domain, "a domain's name, or /a regular expression/"},
    {"BlockDevice", set_block_device,
     "domain:target, or /a regular expression/"},
    {"IgnoreSelected", set_ignore_selected, "true or false"},
    {"HostnameFormat", set_hostname_format,
     "one to four of name, uuid, hostname, metadata, separated by spaces"},
    {"PluginInstanceFormat", set_instance_format,
     "disk, and before it any of name, uuid, metadata, separated by spaces"},
    {"HostnameMetadataNS", set_metadata_ns, "the URI of an XML namespace"},
    {"HostnameMetadataXPath", set_metadata_xpath, "an XPath expression"},
    {"LayerFormat", set_layer_format, "depth or index"},
    {"LocalImages", set_local_images, "auto, true or false"},
    {"StoragePool", set_storage_pool,
     "a storage pool's name, or /a regular expression/"},
    {"Volumes", set_volumes, "true or false"},
    {"StateFile", set_state_file, "the absolute path of a file"},
    {"Notifications", set_notifications, "true or false"},
    {"BlockJobs", set_block_jobs, "true or false"},
    {"WatermarkFree", set_watermark_free,
     "bytes from 1, or a whole number with K, M, G or T, such as 10G"},
    {"WatermarkPercent", set_watermark_percent, "a whole number from 1 to 99"},
    {"WatermarkReplace", set_watermark_replace, "true or false"},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const char *settings_option(size_t i)
{
    return i < OPTION_COUNT ? options[i].name : NULL;
}

struct settings *settings_new(void)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL)
        return NULL;

    *settings = (struct settings){
        .refresh_interval = 60,
        .inactive_interval = 300,
        .readers = 1,
        .notifications = true,
        .block_jobs = true,
        .host_format = {.fields = {NAME_FIELD_NAME}, .count = 1},
        .instance_format = {.fields = {NAME_FIELD_DISK}, .count = 1},
        .metadata_ns = strdup(DEFAULT_METADATA_NS),
        .metadata_xpath = strdup(DEFAULT_METADATA_XPATH),
    };
    if (settings->metadata_ns == NULL || settings->metadata_xpath == NULL) {
        settings_free(settings);
        return NULL;
    }
    return settings;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    select_clear(&settings->select);
    free(settings->connection);
    free(settings->metadata_ns);
    free(settings->metadata_xpath);
    free(settings->state_file);
    free(settings);
}

static void say_unknown(const char *option, const char *value, char *ret_error,
                        size_t size)
{
    int length = snprintf(
        ret_error, size,
        "unknown option %.100s (value \"%.100s\"); allowed are", option, value);

    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (length >= 0 && (size_t)length < size)
            length += snprintf(ret_error + length, size - (size_t)length,
                               "%s %s", i > 0 ? "," : "", options[i].name);
}

bool settings_set(struct settings *settings, const char *option,
                  const char *value, char *ret_error, size_t size)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcasecmp(option, options[i].name) != 0)
            continue;

        char allowed[ALLOWED_SIZE];
        snprintf(allowed, sizeof(allowed), "%s", options[i].allowed);
        if (options[i].set(settings, value, allowed))
            return true;
        snprintf(ret_error, size,
                 "option %s: \"%.100s\" is not allowed; allowed is %s",
                 options[i].name, value, allowed);
        return false;
    }
    say_unknown(option, value, ret_error, size);
    return false;
}

/* True when the field tells two domains apart. Metadata may: it is up to
 * whoever writes it. */
static bool tells_domains(const struct name_format *format)
{
    return format_has(format, NAME_FIELD_NAME) ||
           format_has(format, NAME_FIELD_UUID) ||
           format_has(format, NAME_FIELD_METADATA);
}

bool settings_arm(const struct settings *settings)
{
    return settings->notifications &&
           (settings->watermark.free > 0 || settings->watermark.percent > 0);
}

bool settings_check(const struct settings *settings, char *ret_error,
                    size_t size)
{
    if (settings->volumes && settings->select.pools.count == 0) {
        snprintf(ret_error, size,
                 "option Volumes: \"true\" is not allowed without "
                 "StoragePool; allowed is true with a pool's name there");
        return false;
    }
    if (tells_domains(&settings->host_format) ||
        tells_domains(&settings->instance_format))
        return true;
    snprintf(ret_error, size,
             "option HostnameFormat: \"hostname\" alone is not allowed with "
             "PluginInstanceFormat \"disk\": all domains would share their "
             "names; allowed is a name, uuid or metadata in either");
    return false;
}

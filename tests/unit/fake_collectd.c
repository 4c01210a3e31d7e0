/* SPDX-License-Identifier: MIT */
#include "fake_collectd.h"

#include "unit.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE (5 * DATA_MAX_NAME_LEN)
#define VALUES_MAX 256
#define SETS_MAX 16
#define TYPES_MAX 32
#define SEVERITIES 8

/* Guards values, notifications and log: the plugin has threads of its own. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The first thing that collectd would not have liked. A test ends in its own
 * thread alone: it fails when it looks at the values. */
static char mistake[2 * NAME_SIZE];

static struct {
    char name[NAME_SIZE];
    double value;
} values[VALUES_MAX];
static size_t value_count;
static cdtime_t value_time;
static cdtime_t value_interval;

static data_set_t sets[SETS_MAX];
static data_source_t sources[SETS_MAX];
static size_t set_count;
static bool refusing;

/* Those of the stock types.db that the plugin uses. */
static const char *const stock[] = {
    "disk_capacity", "disk_allocation", "disk_physical", "count",
    "duration",      "percent",         "bytes"};
static const char *added[TYPES_MAX];
static size_t added_count;

static struct fake_notification {
    int severity;
    char name[6 * DATA_MAX_NAME_LEN];
    char message[NOTIF_MAX_MSG_LEN];
    char metadata[2048];
} notifications[FAKE_NOTIFICATIONS_MAX];
static size_t notification_count;
static cdtime_t notification_time; /* of the last one */

static size_t log_counts[SEVERITIES];
static char log_last[1024];

static char hostname[] = "this-host";
char *hostname_g = hostname;
struct fake_callbacks fake_callbacks;

void fake_collectd_reset(void)
{
    fake_collectd_forget_values();
    mistake[0] = '\0';
    plugin_set_ctx((plugin_ctx_t){.interval = 0});
    notification_count = 0;
    notification_time = 0;
    set_count = 0;
    refusing = false;
    added_count = 0;
    for (size_t i = 0; i < SEVERITIES; i++)
        log_counts[i] = 0;
    log_last[0] = '\0';
}

void fake_collectd_forget_values(void)
{
    pthread_mutex_lock(&lock);
    value_count = 0;
    pthread_mutex_unlock(&lock);
}

/* --- values -------------------------------------------------------------- */

static void print_name(char name[NAME_SIZE], const value_list_t *list)
{
    snprintf(name, NAME_SIZE, "%s/%s%s%s/%s%s%s", list->host, list->plugin,
             list->plugin_instance[0] != '\0' ? "-" : "", list->plugin_instance,
             list->type, list->type_instance[0] != '\0' ? "-" : "",
             list->type_instance);
}

static bool is_known_type(const char *type)
{
    for (size_t i = 0; i < COUNT_OF(stock); i++)
        if (strcmp(stock[i], type) == 0)
            return true;
    for (size_t i = 0; i < added_count; i++)
        if (strcmp(added[i], type) == 0)
            return true;
    return false;
}

static size_t find_value(const char *name)
{
    size_t i = 0;

    while (i < value_count && strcmp(values[i].name, name) != 0)
        i++;
    return i;
}

static void expect(bool good, const char *what, const char *name)
{
    if (!good && mistake[0] == '\0')
        snprintf(mistake, sizeof(mistake), "%s: %s", what, name);
}

/* What collectd itself would silently drop, or assert. */
static void check_list(const value_list_t *list, const char *name)
{
    expect(list->values_len == 1 && list->values != NULL, "no value", name);
    expect(list->host[0] != '\0', "no host", name);
    expect(is_known_type(list->type), "unknown type", name);
    expect(list->interval == plugin_get_interval(), "interval", name);
    /* All values of a pass are of one time, which the plugin sets. */
    expect(list->time != 0, "no time", name);
    if (value_count == 0)
        value_time = list->time;
    expect(list->time == value_time, "another time", name);
    /* A name that comes twice in a millisecond is an error to collectd. */
    expect(find_value(name) == value_count, "dispatched twice", name);
    expect(value_count < VALUES_MAX, "too many for this fake", name);
}

int plugin_dispatch_values(value_list_t const *list)
{
    char name[NAME_SIZE];

    pthread_mutex_lock(&lock);
    print_name(name, list);
    check_list(list, name);
    value_interval = list->interval;
    if (value_count < VALUES_MAX) {
        snprintf(values[value_count].name, NAME_SIZE, "%s", name);
        values[value_count].value = list->values[0].gauge;
        value_count++;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

static void assert_no_mistake(void)
{
    if (mistake[0] != '\0')
        fail_msg("%s", mistake);
}

size_t fake_collectd_count(void)
{
    pthread_mutex_lock(&lock);
    size_t count = value_count;
    pthread_mutex_unlock(&lock);
    assert_no_mistake();
    return count;
}

double fake_collectd_value(const char *name)
{
    pthread_mutex_lock(&lock);
    size_t i = find_value(name);
    double value = i < value_count ? values[i].value : -1;
    pthread_mutex_unlock(&lock);
    assert_no_mistake();
    return value;
}

cdtime_t fake_collectd_interval(void)
{
    return value_interval;
}

/* --- what belongs to a thread -------------------------------------------- */

/* What collectd knows of the plugin that a thread works for. */
static _Thread_local plugin_ctx_t ctx;

plugin_ctx_t plugin_get_ctx(void)
{
    return ctx;
}

plugin_ctx_t plugin_set_ctx(plugin_ctx_t new_ctx)
{
    plugin_ctx_t before = ctx;

    ctx = new_ctx;
    return before;
}

/* That of the thread; else the daemon's own. */
cdtime_t plugin_get_interval(void)
{
    return ctx.interval != 0 ? ctx.interval : TIME_T_TO_CDTIME_T(10);
}

/* Moves on by itself, as time does. */
cdtime_t cdtime(void)
{
    static cdtime_t now = TIME_T_TO_CDTIME_T(1000000);

    return now += TIME_T_TO_CDTIME_T(1);
}

/* --- types --------------------------------------------------------------- */

void fake_collectd_add_type(const char *type)
{
    assert_true(added_count < TYPES_MAX);
    added[added_count++] = type;
}

const data_set_t *plugin_get_ds(const char *type)
{
    static const data_set_t any;

    return is_known_type(type) ? &any : NULL;
}

/* Collectd copies the set with its sources. */
int plugin_register_data_set(const data_set_t *set)
{
    if (refusing)
        return -1;
    assert_true(set_count < SETS_MAX);
    assert_int_equal(set->ds_num, 1);
    sources[set_count] = set->ds[0];
    sets[set_count] = *set;
    sets[set_count].ds = &sources[set_count];
    fake_collectd_add_type(sets[set_count].type);
    set_count++;
    return 0;
}

size_t fake_collectd_registered(void)
{
    return set_count;
}

const data_set_t *fake_collectd_registered_set(size_t i)
{
    return &sets[i];
}

void fake_collectd_refuse_types(void)
{
    refusing = true;
}

/* --- callbacks and the log ----------------------------------------------- */

int plugin_register_complex_config(const char *name,
                                   int (*callback)(oconfig_item_t *))
{
    fake_callbacks.name = name;
    fake_callbacks.config = callback;
    return 0;
}

int plugin_register_init(const char *name, plugin_init_cb callback)
{
    assert_string_equal(name, fake_callbacks.name);
    fake_callbacks.init = callback;
    return 0;
}

int plugin_register_shutdown(const char *name, plugin_shutdown_cb callback)
{
    assert_string_equal(name, fake_callbacks.name);
    fake_callbacks.shutdown = callback;
    return 0;
}

int plugin_register_complex_read(const char *group, const char *name,
                                 plugin_read_cb callback, cdtime_t interval,
                                 user_data_t const *user_data)
{
    (void)group;
    (void)user_data;
    assert_string_equal(name, fake_callbacks.name);
    assert_true(interval == 0);
    fake_callbacks.read = callback;
    return 0;
}

/* --- notifications ------------------------------------------------------- */

static void add_meta(notification_t *notification, const char *name,
                     notification_meta_t value)
{
    notification_meta_t *meta = malloc(sizeof(*meta));
    notification_meta_t **end = &notification->meta;

    *meta = value;
    snprintf(meta->name, sizeof(meta->name), "%s", name);
    while (*end != NULL)
        end = &(*end)->next;
    *end = meta;
}

int plugin_notification_meta_add_string(notification_t *n, const char *name,
                                        const char *value)
{
    add_meta(n, name,
             (notification_meta_t){.type = NM_TYPE_STRING,
                                   .nm_value.nm_string = strdup(value)});
    return 0;
}

int plugin_notification_meta_add_unsigned_int(notification_t *n,
                                              const char *name, uint64_t value)
{
    add_meta(n, name,
             (notification_meta_t){.type = NM_TYPE_UNSIGNED_INT,
                                   .nm_value.nm_unsigned_int = value});
    return 0;
}

int plugin_notification_meta_free(notification_meta_t *n)
{
    while (n != NULL) {
        notification_meta_t *next = n->next;
        if (n->type == NM_TYPE_STRING)
            free((void *)(uintptr_t)n->nm_value.nm_string);
        free(n);
        n = next;
    }
    return 0;
}

static void print_meta(struct fake_notification *to,
                       const notification_meta_t *meta)
{
    size_t length = strlen(to->metadata);
    char *text = to->metadata + length;
    size_t size = sizeof(to->metadata) - length;

    if (meta->type == NM_TYPE_STRING)
        snprintf(text, size, " %s=%s", meta->name, meta->nm_value.nm_string);
    else
        snprintf(text, size, " %s=%llu", meta->name,
                 (unsigned long long)meta->nm_value.nm_unsigned_int);
}

int plugin_dispatch_notification(const notification_t *notif)
{
    pthread_mutex_lock(&lock);
    expect(notification_count < FAKE_NOTIFICATIONS_MAX, "room", notif->message);
    /* In the milliseconds that exec's scripts are given. */
    expect(notif->time >= notification_time + MS_TO_CDTIME_T(1),
           "a time of its own", notif->message);
    notification_time = notif->time;
    expect(notif->time != 0, "time", notif->message);
    struct fake_notification *to = &notifications[notification_count];
    *to = (struct fake_notification){.severity = notif->severity};
    snprintf(to->name, sizeof(to->name), "%s/%s%s%s/%s%s%s", notif->host,
             notif->plugin, notif->plugin_instance[0] != '\0' ? "-" : "",
             notif->plugin_instance, notif->type,
             notif->type_instance[0] != '\0' ? "-" : "", notif->type_instance);
    snprintf(to->message, sizeof(to->message), "%s", notif->message);
    for (const notification_meta_t *meta = notif->meta; meta != NULL;
         meta = meta->next)
        print_meta(to, meta);
    notification_count++;
    pthread_mutex_unlock(&lock);
    return 0;
}

size_t fake_collectd_notifications(void)
{
    pthread_mutex_lock(&lock);
    size_t count = notification_count;
    pthread_mutex_unlock(&lock);
    return count;
}

int fake_collectd_notification_severity(size_t i)
{
    return notifications[i].severity;
}

const char *fake_collectd_notification_name(size_t i)
{
    return notifications[i].name;
}

const char *fake_collectd_notification_message(size_t i)
{
    return notifications[i].message;
}

const char *fake_collectd_notification_metadata(size_t i)
{
    return notifications[i].metadata;
}

void plugin_log(int severity, const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&lock);
    expect(severity >= 0 && severity < SEVERITIES, "severity", format);
    log_counts[severity % SEVERITIES]++;
    va_start(arguments, format);
    vsnprintf(log_last, sizeof(log_last), format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&lock);
}

size_t fake_collectd_log_count(int severity)
{
    pthread_mutex_lock(&lock);
    size_t count = log_counts[severity];
    pthread_mutex_unlock(&lock);
    return count;
}

const char *fake_collectd_log_last(void)
{
    return log_last;
}

/* --- configuration ------------------------------------------------------- */

/* The members are not const in collectd's headers. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

static oconfig_value_t *add_item(struct fake_config *config, const char *option)
{
    int i = config->block.children_num++;

    assert_true(i < FAKE_CONFIG_MAX);
    config->block.key = borrow("Plugin");
    config->block.children = config->items;
    config->items[i] = (oconfig_item_t){.key = borrow(option),
                                        .values = &config->values[i],
                                        .values_num = 1,
                                        .parent = &config->block};
    return &config->values[i];
}

void fake_config_text(struct fake_config *config, const char *option,
                      const char *value)
{
    oconfig_value_t *place = add_item(config, option);

    place->type = OCONFIG_TYPE_STRING;
    place->value.string = borrow(value);
}

void fake_config_number(struct fake_config *config, const char *option,
                        double value)
{
    oconfig_value_t *place = add_item(config, option);

    place->type = OCONFIG_TYPE_NUMBER;
    place->value.number = value;
}

void fake_config_boolean(struct fake_config *config, const char *option,
                         bool value)
{
    oconfig_value_t *place = add_item(config, option);

    place->type = OCONFIG_TYPE_BOOLEAN;
    place->value.boolean = value;
}

/* SPDX-License-Identifier: MIT
 *
 * The collectd plugin: capacity, allocation and physical of every disk and
 * every backing image of the domains that libvirt runs. Read from the end:
 * module_register() names the callbacks above it.
 */
#include "collector.h"
#include "config_tree.h"
#include "emit.h"
#include "images.h"
#include "session.h"
#include "settings.h"

#include <collectd.h>
#include <libxml/parser.h>
#include <plugin.h>
#include <time.h>

static void write_log(enum log_level level, const char *message)
{
    static const int severities[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_INFO] = LOG_INFO,
    };

    plugin_log(severities[level], PLUGIN_NAME ": %s", message);
}

static const struct log plugin_logger = {write_log};
static const struct images local_images = {
    .look = images_look,
    .free_space = images_free_space,
    .read = images_read,
    .denied = images_denied,
};

static struct settings *settings;
static struct session *session;
static struct hypervisor hypervisor;
static struct collector *collector;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int configure(oconfig_item_t *block)
{
    /* After a failure here the daemon does not start: nothing ever runs half
     * configured. */
    if (settings == NULL)
        settings = settings_new();
    return settings != NULL &&
                   config_tree_apply(block, settings, &plugin_logger)
               ? 0
               : -1;
}

static int read_all(user_data_t *unused)
{
    double start = now();
    const struct inventory *inventory = collector_read(collector, start);

    (void)unused;
    emit_inventory(inventory, settings->layer_format, now() - start);
    /* Never a failure: collectd would stop reading for ever longer times,
     * and libvirt may be back in the next interval. */
    return 0;
}

static void release(void)
{
    collector_free(collector);
    session_free(session);
    settings_free(settings);
    collector = NULL;
    session = NULL;
    settings = NULL;
}

static int shut_down(void)
{
    release();
    return 0;
}

/* NULL on success; else why the plugin can't start. */
static const char *prepare(void)
{
    xmlInitParser();
    if (settings == NULL)
        settings = settings_new();
    if (settings == NULL)
        return "out of memory";
    if (!emit_register_types())
        return "collectd refuses its types";

    session = session_new(settings->connection, &settings->select, hostname_g,
                          &plugin_logger);
    if (session == NULL)
        return "libvirt's library can't be set up";
    hypervisor = session_hypervisor(session);
    collector =
        collector_new(settings, &hypervisor, &local_images, &plugin_logger);
    return collector != NULL ? NULL : "no memory, or no thread to be had";
}

static int initialize(void)
{
    const char *reason = prepare();

    if (reason != NULL) {
        log_print(&plugin_logger, LOG_LEVEL_ERROR, "not started: %s", reason);
        release();
        return -1;
    }
    return plugin_register_complex_read(NULL, PLUGIN_NAME, read_all, 0, NULL);
}

void module_register(void);

void module_register(void)
{
    plugin_register_complex_config(PLUGIN_NAME, configure);
    plugin_register_init(PLUGIN_NAME, initialize);
    plugin_register_shutdown(PLUGIN_NAME, shut_down);
}

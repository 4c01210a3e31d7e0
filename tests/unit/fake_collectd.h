/* SPDX-License-Identifier: MIT
 *
 * The few functions of collectd that the plugin calls, on paper. They are
 * declared by collectd's own headers, so that the two can't drift apart. The
 * plugin may call them from threads of its own.
 */
#ifndef VIRT_BACKING_TESTS_FAKE_COLLECTD_H
#define VIRT_BACKING_TESTS_FAKE_COLLECTD_H

#include <collectd.h>
#include <plugin.h>

/* Forgets everything; a collectd with the stock types that the plugin uses. */
void fake_collectd_reset(void);

/* --- values -------------------------------------------------------------- */

/* Number of values since the last reset or fake_collectd_forget_values(). */
size_t fake_collectd_count(void);

void fake_collectd_forget_values(void);

/* The value of a series, by its name as collectd's csv files have it:
 * "vm1/virt_backing-vda/disk_capacity-layer0". -1 where there is none. */
double fake_collectd_value(const char *name);

/* Of the last value. */
cdtime_t fake_collectd_interval(void);

/* --- types --------------------------------------------------------------- */

/* Adds a type, as a types.db of the user would. */
void fake_collectd_add_type(const char *type);

/* The data sets that the plugin registered, in its order. */
size_t fake_collectd_registered(void);
const data_set_t *fake_collectd_registered_set(size_t i);

/* From then on collectd refuses data sets. */
void fake_collectd_refuse_types(void);

/* --- callbacks and the log ----------------------------------------------- */

struct fake_callbacks {
    const char *name; /* under which they were registered */
    int (*config)(oconfig_item_t *);
    plugin_init_cb init;
    plugin_shutdown_cb shutdown;
    plugin_read_cb read;
};

extern struct fake_callbacks fake_callbacks;

/* Number of lines of a severity (LOG_ERR ...), and the last line of any. */
size_t fake_collectd_log_count(int severity);
const char *fake_collectd_log_last(void);

/* --- notifications ------------------------------------------------------- */

#define FAKE_NOTIFICATIONS_MAX 2048

/* Number of notifications since the last reset, and what they were: the name
 * as that of a series, metadata as " name=value". */
size_t fake_collectd_notifications(void);
int fake_collectd_notification_severity(size_t i);
const char *fake_collectd_notification_name(size_t i);
const char *fake_collectd_notification_message(size_t i);
const char *fake_collectd_notification_metadata(size_t i);

/* --- configuration ------------------------------------------------------- */

#define FAKE_CONFIG_MAX 16

/* A <Plugin virt_backing> block under construction. Texts are borrowed. */
struct fake_config {
    oconfig_item_t block;
    oconfig_item_t items[FAKE_CONFIG_MAX];
    oconfig_value_t values[FAKE_CONFIG_MAX];
};

void fake_config_text(struct fake_config *config, const char *option,
                      const char *value);
void fake_config_number(struct fake_config *config, const char *option,
                        double value);
void fake_config_boolean(struct fake_config *config, const char *option,
                         bool value);

#endif

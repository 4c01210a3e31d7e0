/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "emit.h"
#include "threads.h"

#include <collectd.h>
#include <libxml/parser.h>
#include <plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a log --------------------------------------------------------------- */

#define LINES 40

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[LINES][256];
static unsigned long line_count;

static void write_line(enum log_level level, const char *message)
{
    pthread_mutex_lock(&log_lock);
    snprintf(lines[line_count++ % LINES], sizeof(lines[0]), "%.3f %d %s",
             threads_now(), (int)level, message);
    pthread_mutex_unlock(&log_lock);
}

static const struct log rig_log = {write_line};

unsigned long rig_log_count(void)
{
    pthread_mutex_lock(&log_lock);
    unsigned long count = line_count;
    pthread_mutex_unlock(&log_lock);
    return count;
}

void rig_log_show(void)
{
    pthread_mutex_lock(&log_lock);
    for (unsigned long i = line_count < LINES ? 0 : line_count - LINES;
         i < line_count; i++)
        fprintf(stderr, "  log: %s\n", lines[i % LINES]);
    pthread_mutex_unlock(&log_lock);
}

/* --- a collectd ---------------------------------------------------------- */

static struct rig_counts counts;

static void count_self(const value_list_t *list, double value)
{
    if (strcmp(list->type_instance, "domains") == 0)
        counts.domains = value;
    else if (strcmp(list->type_instance, "layers") == 0)
        counts.layers = value;
    else if (strcmp(list->type_instance, "stalled") == 0)
        counts.stalled = value;
}

int plugin_dispatch_values(value_list_t const *list)
{
    counts.values++;
    if (list->plugin_instance[0] == '\0')
        count_self(list, list->values[0].gauge);
    counts.capacities += strcmp(list->type, "disk_capacity") == 0 &&
                         strncmp(list->plugin_instance, "vol-", 4) != 0;
    return 0;
}

cdtime_t cdtime(void)
{
    return DOUBLE_TO_CDTIME_T(threads_now());
}

cdtime_t plugin_get_interval(void)
{
    return TIME_T_TO_CDTIME_T(1);
}

const data_set_t *plugin_get_ds(const char *name)
{
    static const data_set_t any;

    (void)name;
    return &any;
}

int plugin_register_data_set(const data_set_t *set)
{
    (void)set;
    return 0;
}

/* --- what is told --------------------------------------------------------- */

static size_t notices;

static void tell(void *context, const struct notice *notice)
{
    (void)context;
    (void)notice;
    notices++;
}

static const struct teller rig_teller = {NULL, tell};

size_t rig_notices(void)
{
    return notices;
}

/* --- the rig ------------------------------------------------------------- */

static void need(const void *what)
{
    if (what != NULL)
        return;
    fprintf(stderr, "out of memory\n");
    exit(1);
}

void rig_init(struct rig *rig)
{
    xmlInitParser();
    *rig = (struct rig){.settings = settings_new()};
    need(rig->settings);
}

void rig_start(struct rig *rig, const struct images *images)
{
    rig->setup = (struct session_setup){
        .select = &rig->settings->select,
        .hostname = "this-host",
        .log = &rig_log,
        .outlook = "",
        .writes = settings_arm(rig->settings),
    };
    for (size_t i = 0; i < LANES; i++) {
        rig->sessions[i] =
            session_new(&rig->setup, i > 0 ? rig->sessions[0] : NULL);
        need(rig->sessions[i]);
        rig->hypervisors[i] = session_hypervisor(rig->sessions[i]);
    }
    rig->workers = workers_new(LANES);
    need(rig->workers);
    rig->crew = workers_crew(rig->workers);
    rig->collector = collector_new(rig->settings, rig->hypervisors, &rig->crew,
                                   images, &rig_teller, &rig_log);
    need(rig->collector);
}

const struct inventory *rig_pass(struct rig *rig, struct rig_counts *ret)
{
    const struct inventory *inventory = collector_read(rig->collector);

    counts = (struct rig_counts){.domains = -1, .layers = -1, .stalled = -1};
    emit_inventory(inventory, rig->settings->layer_format, 0);
    *ret = counts;
    return inventory;
}

bool rig_end(struct rig *rig)
{
    collector_stop(rig->collector);
    workers_stop(rig->workers);
    if (!workers_free(rig->workers) || !collector_free(rig->collector))
        return false;
    for (size_t i = LANES; i-- > 0;)
        session_free(rig->sessions[i]);
    settings_free(rig->settings);
    return true;
}

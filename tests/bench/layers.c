/* SPDX-License-Identifier: MIT
 *
 * A collectd plugin that measures another: tests/bench/layers loads it into the
 * real collectd, with virt_backing, and fake_libvirt.c before libvirt. It makes
 * the host, lets a cycle begin when collectd has dealt with all values of the
 * one before, and has callgrind write down what so many cycles cost, twice.
 *
 * Environment: BENCH_DOMAINS, BENCH_DISKS, BENCH_LAYERS  the host's shape
 *              BENCH_FOLDER  where its images are to be: all are links to the
 *                            images image.0, image.1 ... there; none: they
 *                            are on the network
 *              BENCH_WARM    cycles before the first that is measured
 *              BENCH_CYCLES  cycles of each of the two measurements
 */
#include "fake_libvirt.h"

#include <collectd.h>
#include <limits.h>
#include <plugin.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t sent; /* markers */
static size_t seen;
static size_t done;     /* cycles */
static size_t measured; /* the last one that was looked at */
static size_t values;   /* of the cycle under way */
static size_t warm;
static size_t cycles;

static size_t number(const char *name, size_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static void measure(void)
{
    if (done == measured)
        return;
    measured = done;
    fprintf(stderr, "bench: cycle %zu: %zu values\n", done, values);
    values = 0;
    if (done == warm) {
        CALLGRIND_ZERO_STATS;
    } else if (done == warm + cycles) {
        CALLGRIND_DUMP_STATS_AT("k");
    } else if (done == warm + 2 * cycles) {
        CALLGRIND_DUMP_STATS_AT("2k");
        kill(getpid(), SIGTERM);
    }
}

/* Each call for statistics sends a marker through collectd, and waits for it to
 * come out: collectd has then dealt with all values of the cycles before, and
 * what is counted is whole cycles. */
static void pass_marker(void)
{
    value_t value = {.gauge = 0};
    value_list_t marker = VALUE_LIST_INIT;

    marker.values = &value;
    marker.values_len = 1;
    marker.time = cdtime();
    marker.interval = TIME_T_TO_CDTIME_T(1); /* no thread of collectd's */
    snprintf(marker.plugin, sizeof(marker.plugin), "bench");
    snprintf(marker.type, sizeof(marker.type), "count");
    pthread_mutex_lock(&lock);
    size_t ticket = ++sent;
    pthread_mutex_unlock(&lock);
    plugin_dispatch_values(&marker);
    pthread_mutex_lock(&lock);
    while (seen < ticket)
        pthread_cond_wait(&changed, &lock);
    measure();
    pthread_mutex_unlock(&lock);
}

/* There is one thread that writes, so values come in the order in which they
 * were sent; the plugin's own time is the last of a cycle. */
static int count_values(const data_set_t *set, const value_list_t *list,
                        user_data_t *unused)
{
    (void)set;
    (void)unused;
    pthread_mutex_lock(&lock);
    if (strcmp(list->plugin, "bench") == 0) {
        seen++;
        pthread_cond_broadcast(&changed);
    } else {
        values++;
        done += strcmp(list->type_instance, "read") == 0;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

/* Let go of whoever waits, or collectd would not end. */
static int release(void)
{
    fake_gate(NULL);
    pthread_mutex_lock(&lock);
    seen = sent;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* A file can't have as many names as there are layers. */
#define LINKS_AN_IMAGE 30000

static void make_image(const struct fake_shape *shape, size_t count)
{
    size_t disk = count / shape->layers;
    char name[FAKE_NAME_SIZE];
    char from[PATH_MAX];
    char to[PATH_MAX];

    fake_image_name(name, disk / shape->disks, disk % shape->disks,
                    count % shape->layers);
    snprintf(from, sizeof(from), "%s/image.%zu", shape->folder,
             count / LINKS_AN_IMAGE);
    snprintf(to, sizeof(to), "%s/%s", shape->folder, name);
    if (link(from, to) != 0) {
        perror(to);
        exit(1);
    }
}

void module_register(void);

void module_register(void)
{
    const struct fake_shape shape = {
        .domains = number("BENCH_DOMAINS", 10),
        .disks = number("BENCH_DISKS", 2),
        .layers = number("BENCH_LAYERS", 5),
        .stores = 1,
        .folder = getenv("BENCH_FOLDER"),
    };

    warm = number("BENCH_WARM", 4);
    cycles = number("BENCH_CYCLES", 4);
    fake_start(&shape);
    for (size_t i = 0;
         shape.folder != NULL && i < shape.domains * shape.disks * shape.layers;
         i++)
        make_image(&shape, i);
    fake_gate(pass_marker);
    plugin_register_write("bench", count_values, NULL);
    plugin_register_shutdown("bench", release);
}

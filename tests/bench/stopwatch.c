/* SPDX-License-Identifier: MIT
 *
 * Loaded before libvirt (LD_PRELOAD), it writes how many milliseconds each call
 * for the statistics of all domains took, a line each, to the file that
 * BENCH_CALLS names: so a cycle can be held against the very call in it,
 * whatever else the machine does.
 */
#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef int (*all_stats)(virConnectPtr, unsigned, virDomainStatsRecordPtr **,
                         unsigned);

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void note(double milliseconds)
{
    const char *path = getenv("BENCH_CALLS");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%.3f\n", milliseconds);
    fclose(file);
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned stats,
                                virDomainStatsRecordPtr **records,
                                unsigned flags)
{
    static all_stats real;

    /* collectd loads libvirt for the plugin alone: RTLD_NEXT does not see it.
     */
    if (real == NULL)
        *(void **)&real = dlsym(dlopen("libvirt.so.0", RTLD_LAZY),
                                "virConnectGetAllDomainStats");
    double begin = now();
    int count = real(conn, stats, records, flags);
    note(now() - begin);
    return count;
}

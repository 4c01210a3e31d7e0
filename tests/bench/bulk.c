/* SPDX-License-Identifier: MIT
 *
 * The bare call that the plugin stands on, as "virsh domstats --block
 * --backing" makes it: bulk URI CALLS prints how many milliseconds each took.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WARM_UP 2

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Milliseconds; the answer is freed in that time, too, as in the plugin. */
static double call(virConnectPtr conn)
{
    virDomainStatsRecordPtr *records = NULL;
    double begin = now();

    if (virConnectGetAllDomainStats(
            conn, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BLOCK, &records,
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
                VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) < 0)
        return -1;
    virDomainStatsRecordListFree(records);
    return now() - begin;
}

int main(int argc, char **argv)
{
    virConnectPtr conn = argc == 3 ? virConnectOpenReadOnly(argv[1]) : NULL;

    if (conn == NULL) {
        fprintf(stderr, "usage: bulk URI CALLS: %s\n",
                virGetLastErrorMessage());
        return 2;
    }
    long calls = strtol(argv[2], NULL, 10) + WARM_UP;
    for (long i = 0; i < calls; i++) {
        double milliseconds = call(conn);
        if (milliseconds < 0)
            return 1;
        if (i >= WARM_UP)
            printf("%.3f\n", milliseconds);
    }
    virConnectClose(conn);
    return 0;
}

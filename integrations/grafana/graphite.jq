# SPDX-License-Identifier: MIT
#
# For Graphite, with the paths that ../graphite/collectd.conf makes: all machines above, and
# one of them below. Graphite can't compare two series with each other, nor does it know who
# is on which host: so it is shorter than what Prometheus has.

include "panels";

def target($target): {target: $target};

# Of all machines, without storage volumes; and of the chosen one.
def every($value): "exclude(collectd.*.virt_backing.*.\($value), '\\.virt_backing\\.vol-')";
def here($value): "removeEmptySeries(collectd.$domain.virt_backing.$disk.\($value))";
def own($value): "sumSeries(collectd.$host.virt_backing.\($value))";

# Named by machine, disk and layer or job.
def named($series): "aliasByNode(\($series), 1, 3, 5)";
def pools: "collectd.$host.virt_backing.pool-*.bytes.available";
# Each image once on its host.
def promised: own("bytes.capacity");
def taken: own("bytes.allocation");
# Headroom in percent of the capacity, of images that can run out: of others it is 100.
def limited: "removeEmptySeries(removeAboveValue(asPercent(\(every("disk_headroom.*")), \(every("disk_capacity.*")), 1, 3, 5), 99.999))";

# Names out of paths: choice(NAME; TITLE; PATTERN; EXPRESSION)
def choice($name; $title; $pattern; $regex): variable("graphite"; $name; $title; "expand(\($pattern))") + {regex: $regex};
def any_path: any + {allValue: "*"};

dashboard("graphite"; "virt-backing-graphite"; "virt_backing: Graphite"; [
    (choice("host"; "Host"; "collectd.*.virt_backing.count.domains"; "/^collectd\\.([^.]+)\\./") | any_path),
    choice("domain"; "Domain"; "collectd.*.virt_backing.*.count.layers"; "/^collectd\\.([^.]+)\\./"),
    (choice("disk"; "Disk"; "collectd.$domain.virt_backing.*.count.layers"; "/\\.virt_backing\\.([^.]+)\\./") | any_path)];
    [
    stat("Machines"; [target(own("count.domains"))]; 5; no_limits),
    stat("Images"; [target(own("count.layers"))]; 5; no_limits),
    stat("Thin-provisioning ratio"; [target("divideSeries(\(promised), \(taken))")]; 5; no_limits + {decimals: 2})
        + {description: "Bytes promised to guests for each byte taken of the storage. An image that several disks share counts once on a host."},
    stat("Deepest chain"; [target("maxSeries(\(every("count.layers")))")]; 5; chain_limits),
    stat("Machines that hang"; [target(own("count.stalled"))]; 4; high(1; 1)),

    (graph("Least headroom, of the capacity"; [target("lowestCurrent(\(named(limited)), 10)")]; 12;
            low(5; 20) + {unit: "percent", noValue: "no image can run out"}) | with_limits)
        + {description: "What can be written before ENOSPC. Of images that can run out."},
    graph("Promised and taken"; [
        target("alias(\(promised), 'promised to guests')"),
        target("alias(\(taken), 'taken of the storage')")]; 12; {unit: "bytes"}),
    (graph("Storage pools, least room"; [target("lowestCurrent(aliasByNode(\(pools), 1, 3), 10)")]; 8;
            pool_limits + {unit: "bytes", noValue: "no pool is reported"}) | with_limits)
        + {description: "Where the plugin's StoragePool has them reported. All machines with images in a pool share its room."},
    (graph("Deepest chains"; [target("highestCurrent(\(named(every("count.layers"))), 10)")]; 8; chain_limits + {decimals: 0})
        | stepped),
    graph("Block jobs"; [target("removeEmptySeries(\(named(every("block_job.*"))))")]; 8;
        {unit: "percent", max: 100, noValue: "none runs"}),

    (row("$domain $disk") + {repeat: "disk"}),
    (graph("$disk: allocation, layer by layer"; [
            target("aliasByNode(\(here("disk_allocation.*")), 5)"),
            target("alias(\(here("disk_capacity.layer0")), 'capacity')")]; 16; {unit: "bytes"})
        | stacked | dashed("^capacity$") | .gridPos.h = 12)
        + {description: "What each image takes of the storage; layer0 is the active one. A commit makes the layer that it writes to grow; when it is done a layer is gone, and those below have moved up."},
    (graph("$disk: room, and what jobs may still write"; [
            target("aliasSub(aliasByNode(\(here("disk_headroom.*")), 5), '^', 'headroom of ')"),
            target("aliasSub(aliasByNode(\(here("block_job_left.*")), 5), '$', ' left')")]; 8; {unit: "bytes"})
        | dashed(" left$") | .gridPos.h = 6)
        + {description: "Of layers that are being written. What a job may still write must fit into the headroom of its target."},
    (graph("$disk: length of files, size of devices"; [target("aliasByNode(\(here("disk_physical.*")), 5)")]; 8; {unit: "bytes"})
        | .gridPos.h = 6 | under)
    ])

# SPDX-License-Identifier: MIT
#
# All machines: who is near the end of its storage, what was promised and what is taken,
# how deep the chains are.

include "panels";
include "series";

def disk_name: "{{domain}} {{disk}}";
def worst: "bottomk(20, \(limited))";
def least_room: "bottomk(20, \(pools("available")))";
def nothing_limited: {noValue: "no image can run out"};

dashboard("prometheus"; "virt-backing-fleet"; "virt_backing: fleet";
    [choose_host, (choose_domain | any), choose_disk];
    [
    stat("Machines"; [query("sum(\(own("domains")))"; "")]; 3; no_limits),
    stat("Images"; [query("sum(\(own("layers")))"; "")]; 3; no_limits),
    stat("Least headroom"; [query("min(\(limited))"; "")]; 4; headroom_limits + nothing_limited + {unit: "bytes"})
        + {description: "Bytes that can be written before ENOSPC. Of images that can run out."},
    stat("Thin-provisioning ratio"; [query("sum(\(totals("capacity"))) / sum(\(totals("allocation")))"; "")]; 4;
            no_limits + {decimals: 2})
        + {description: "Bytes promised to guests for each byte taken of the storage, of all machines of the chosen hosts. An image that several disks share counts once on a host; one whose size is not known does not count."},
    stat("Deepest chain"; [query("max(\(chains))"; "")]; 4; chain_limits),
    stat("Machines that hang"; [query("sum(\(own("stalled")))"; "")]; 3; high(1; 1)),
    stat("I/O errors"; [query(errors; "")]; 3; high(1; 1)),

    (table("Worst headroom first"; ["instance", "domain", "disk", "layer"]; [
        {title: "headroom", expr: worst,
            field: (headroom_limits + {unit: "bytes", "custom.cellOptions": {type: "color-text"}})},
        {title: "full in", expr: "layer:virt_backing_full:seconds{instance=~\"$host\"} and \(worst)",
            field: (low(3600; 14400) + {unit: "s", "custom.cellOptions": {type: "color-text"}})},
        {title: "percent", expr: "\(disks("percent")) and \(worst)",
            field: (percent_limits + {unit: "percent", min: 0, max: 100, "custom.cellOptions": {type: "gauge", mode: "basic"}})},
        {title: "allocation", expr: "\(taken) and \(worst)", field: {unit: "bytes"}},
        {title: "physical", expr: "\(disks("disk_physical")) and \(worst)", field: {unit: "bytes"}},
        {title: "capacity", expr: "\(disks("disk_capacity")) and \(worst)", field: {unit: "bytes"}}
        ]; {displayName: "headroom", desc: false}; 9)
        | .fieldConfig.defaults += nothing_limited
        | .fieldConfig.overrides += [override("^domain$"; {links: [{title: "This machine",
            url: "/d/virt-backing-machine?${datasource:queryparam}&var-host=${__data.fields.instance}&var-domain=${__data.fields.domain}&${__url_time_range}"}]})])
        + {description: "Images that can run out. full in: at the pace of the slowest ten minutes of the last half hour, by rules.yml; empty where headroom has not fallen all the time."},

    (table("Storage pools, least room first"; ["instance", "host", "pool"]; [
        {title: "available", expr: least_room,
            field: (pool_limits + {unit: "bytes", "custom.cellOptions": {type: "color-text"}})},
        {title: "allocation", expr: "\(pools("allocation")) and on (instance, host, pool) \(least_room)", field: {unit: "bytes"}},
        {title: "capacity", expr: "\(pools("capacity")) and on (instance, host, pool) \(least_room)", field: {unit: "bytes"}}
        ]; {displayName: "available", desc: false}; 7)
        | .fieldConfig.defaults += {noValue: "no pool is reported"})
        + {description: "Where the plugin's StoragePool has them reported. All machines with images in a pool share its room."},

    (graph("Least headroom over time"; [query("bottomk(10, \(limited))"; disk_name + " {{layer}}")]; 12;
        headroom_limits + nothing_limited + {unit: "bytes"}) | with_limits),
    graph("Promised and taken"; [
        query("sum(\(totals("capacity")))"; "promised to guests"),
        query("sum(\(totals("allocation")))"; "taken of the storage")]; 12; {unit: "bytes"})
        + {description: "Of all machines of the chosen hosts. An image that several disks share counts once on a host."},

    graph("Thin-provisioning ratio of hosts"; [
        query("sum by (instance, host) (\(totals("capacity"))) / sum by (instance, host) (\(totals("allocation")))"; "{{host}}")]; 12; {decimals: 2}),
    bars("Most thinly provisioned machines"; [
        now("topk(10, sum by (instance, domain) (\(promised)) / sum by (instance, domain) (\(taken)))"; "{{domain}}")]; 12;
        no_limits + {decimals: 2})
        + {description: "Each with all of its images, whoever shares them."},

    bars("Deepest chains"; [now("topk(10, \(chains))"; disk_name)]; 12; chain_limits),
    (graph("Disks by depth of their chain"; [query("count_values(\"depth\", \(chains))"; "{{depth}} images")]; 12; {decimals: 0})
        | stacked | stepped),

    bars("Block jobs"; [now(disks("block_job"); disk_name + " {{type}}")]; 12;
        no_limits + {unit: "percent", max: 100, noValue: "none runs"}),
    graph("What a look at all machines takes"; [
        query("collectd_virt_backing_duration_seconds{type=\"read\", instance=~\"$host\"}"; "{{host}}")]; 12; {unit: "s"})
    ])

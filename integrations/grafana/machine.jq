# SPDX-License-Identifier: MIT
#
# One machine: for each of its disks the layers on top of each other, the room that is left,
# and the block jobs that move bytes from one layer to another.

include "panels";
include "series";

# Of the disk of this row, whichever host the machine runs on.
def images($name): machines($name; ", disk=~\"$disk\"");
def layers($name): "max by (layer) (\(images($name)))";
def jobs($name): "max by (type) (\(images($name)))";

def disk_row: row("$disk") + {repeat: "disk"};

# Where jobs ran is marked in all graphs.
def job_marks: {name: "Block jobs", enable: true, iconColor: "orange",
    datasource: {type: "prometheus", uid: "${datasource}"},
    expr: disks("block_job"), titleFormat: "{{type}} of {{disk}}", textFormat: "", step: "", tagKeys: "", useValueForTime: "off"};

dashboard("prometheus"; "virt-backing-machine"; "virt_backing: machine";
    [choose_host, choose_domain, choose_disk];
    [
    stat("Promised to the guest"; [query("sum(\(promised))"; "")]; 4; no_limits + {unit: "bytes"}),
    stat("Taken of the storage"; [query("sum(\(taken))"; "")]; 4; no_limits + {unit: "bytes"}),
    stat("Least headroom"; [query("min(\(limited))"; "")]; 4;
            headroom_limits + {unit: "bytes", noValue: "no image can run out"})
        + {description: "Bytes that can be written before ENOSPC. Of images that can run out."},
    stat("Images"; [query("sum(\(chains))"; "")]; 4; no_limits),
    stat("Last answer"; [query("max(\(machines("duration_seconds"; ", type=\"stale\"")))"; "")]; 4; high(60; 300) + {unit: "s"})
        + {description: "Seconds since the machine last answered: 0, unless its QEMU hangs. Then its sizes stop."},
    stat("I/O errors"; [query(errors; "")]; 4; high(1; 1)),

    disk_row,
    (graph("$disk: allocation, layer by layer"; [
            query(layers("disk_allocation"); "{{layer}}"),
            query("max(\(machines("disk_capacity"; ", disk=~\"$disk\", layer=\"layer0\"")))"; "capacity")]; 16; {unit: "bytes"})
        | stacked | dashed("^capacity$") | .gridPos.h = 12)
        + {description: "What each image takes of the storage; layer0 is the active one. A commit makes the layer that it writes to grow; when it is done a layer is gone, and those below have moved up."},
    (graph("$disk: room, and what jobs may still write"; [
            query(layers("disk_headroom"); "headroom of {{layer}}"),
            query(jobs("block_job_left"); "{{type}} left")]; 8; {unit: "bytes"})
        | dashed(" left$") | .gridPos.h = 6)
        + {description: "Of layers that are being written. What a job may still write must fit into the headroom of its target."},
    (graph("$disk: block jobs"; [query(jobs("block_job"); "{{type}}")]; 8; {unit: "percent", max: 100, noValue: "none runs"})
        | .gridPos.h = 6 | under),
    (graph("$disk: how full"; [query(layers("percent"); "{{layer}}")]; 8; percent_limits + {unit: "percent", max: 100}) | with_limits)
        + {description: "On a block device allocation of the device, in a file of the capacity. Of layers that are being written."},
    graph("$disk: length of files, size of devices"; [query(layers("disk_physical"); "{{layer}}")]; 8; {unit: "bytes"}),
    (graph("$disk: images in the chain"; [
            query("max(\(machines("count"; ", disk=~\"$disk\", type=\"layers\"")))"; "images")]; 8; chain_limits + {decimals: 0})
        | stepped),
    table("$disk: layers now"; ["layer"]; [
        {title: "capacity", expr: images("disk_capacity"), field: {unit: "bytes"}},
        {title: "allocation", expr: images("disk_allocation"), field: {unit: "bytes"}},
        {title: "physical", expr: images("disk_physical"), field: {unit: "bytes"}},
        {title: "headroom", expr: images("disk_headroom"),
            field: (headroom_limits + {unit: "bytes", "custom.cellOptions": {type: "color-text"}})},
        {title: "percent", expr: images("percent"),
            field: (percent_limits + {unit: "percent", min: 0, max: 100, "custom.cellOptions": {type: "gauge", mode: "basic"}})}
        ]; {displayName: "layer", desc: false}; 7)
    ])
| .annotations.list = [job_marks]

# One machine is chosen, and of one Grafana makes no regular expression: it would take the
# dots of its name for any character.
| walk(if type == "string" then gsub("domain=~\"\\$domain\""; "domain=\"$domain\"") else . end)

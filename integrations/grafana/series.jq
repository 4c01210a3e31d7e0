# SPDX-License-Identifier: MIT
#
# The series as the scrape job of ../prometheus labels them, and the variables to choose
# from them.

include "panels";

# Of the chosen machines and disks; and the plugin's own figures.
def machines($name; $more): "collectd_virt_backing_\($name){instance=~\"$host\", domain=~\"$domain\"\($more)}";
def disks($name; $more): machines($name; ", disk=~\"$disk\"\($more)");
def disks($name): disks($name; "");
def own($type): "collectd_virt_backing_count{type=\"\($type)\", instance=~\"$host\", host!=\"\"}";
# What guests of the chosen hosts were promised ("capacity"), and what is taken of the
# storage ("allocation"), each image once; and storage pools.
def totals($type): "collectd_virt_backing_bytes{type=\"\($type)\", instance=~\"$host\", pool=\"\", host!=\"\"}";
def pools($type): "collectd_virt_backing_bytes{type=\"\($type)\", instance=~\"$host\", pool!=\"\"}";

# Headroom of images that can run out: of those that can't it is their capacity.
def limited: "\(disks("disk_headroom")) < \(disks("disk_capacity"))";
def promised: disks("disk_capacity"; ", layer=\"layer0\"");
def taken: disks("disk_allocation");
def chains: disks("count"; ", type=\"layers\"");
# Nothing is reported where there are no errors; those of a machine that no disk has are
# in any choice of disks.
def errors: "sum(\(machines("count"; ", disk=~\"$disk|\", type=\"errors\""))) or vector(0)";

def choice($name; $title; $series): variable("prometheus"; $name; $title;
    {query: "label_values(\($series), \(if $name == "host" then "instance" else $name end))", refId: "A"});
def choose_host: choice("host"; "Host"; "collectd_virt_backing_count{type=\"domains\"}") | any;
def choose_domain: choice("domain"; "Domain"; "collectd_virt_backing_count{type=\"layers\", domain!=\"\", instance=~\"$host\"}");
def choose_disk: choice("disk"; "Disk"; machines("count"; ", type=\"layers\"")) | any;

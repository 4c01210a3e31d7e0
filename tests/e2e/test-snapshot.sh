#!/bin/bash
# Snapshots taken while the VM runs: the layers shift by one each time, and no
# cycle says anything but the chain before or the chain after.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.1
test_start_host

disk=vm1/virt_backing-vda
first=$HOST_DIR/first.qcow2
second=$HOST_DIR/second.qcow2
third=$HOST_DIR/third.qcow2
host_make_image "$first" qcow2 48M
qemu-io -f qcow2 -c 'write 0 5M' "$first" >/dev/null

take_snapshot() {
    host_virsh snapshot-create-as vm1 --no-metadata --disk-only --diskspec "vda,file=$1" >/dev/null
}

host_start_vm vm1 "vda:qcow2:file:$first"
host_start_collectd
host_wait_cycle
one=$(truth_row qcow2 "$first")

take_snapshot "$second"
host_wait_cycle
two=$(truth_row qcow2 "$second" "$first")

take_snapshot "$third"
host_wait_cycle
three=$(truth_row qcow2 "$third" "$second" "$first")

expect_quiet_log
host_stop_collectd
expect_rows "every cycle" $disk "$one" "$two" "$three"
expect_steady "the top layer" $disk/disk_allocation-layer0

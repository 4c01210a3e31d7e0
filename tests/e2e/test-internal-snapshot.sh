#!/bin/bash
# An image with internal snapshots can outgrow any device: its headroom is what the
# device has left. One that is taken while the VM runs is found out when half of
# what was left below the largest size is written, long before it matters.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

disk=vm1/virt_backing-vda
series=$disk/disk_headroom-layer0
device=$(host_make_loop 44M)
host_make_image "$device" qcow2 40M
host_start_vm vm1 "vda:qcow2:block:$device"
host_write vm1 vda 0 2M
host_start_collectd
host_wait_cycle
expect_value "no snapshot: headroom" 41943040 $series

# What the device has left, by QEMU's offset: metadata are written later.
left() {
    local offset
    offset=$(host_virsh domstats --block vm1 | sed -n 's/^ *block.0.allocation=//p')
    [ "$(host_value $series)" = $(($(truth_device_size "$device") - offset)) ]
}

host_virsh snapshot-create-as vm1 one >/dev/null
host_write vm1 vda 2M 22M
wait_until 40 left
host_write vm1 vda 24M 4M
wait_until 40 left
expect_between "after the snapshot: headroom" 1 "$series" echo 20971520
expect_quiet_log

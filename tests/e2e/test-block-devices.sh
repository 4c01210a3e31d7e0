#!/bin/bash
# Raw and qcow2 on block devices. raw: allocation and physical are the device's
# size, whatever was written. qcow2: physical is the device's size; allocation is
# the end of the image, whether this QEMU has written it or another.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
test_start_host

raw=$(host_make_loop 16M)
grown=$(host_make_loop 8M)
idle=$(host_make_loop 12M)

host_make_image "$grown" qcow2 64M
host_make_image "$idle" qcow2 40M
qemu-io -f qcow2 -c 'write 0 1M' "$idle" >/dev/null

host_start_vm vm1 "vda:raw:block:$raw" "vdb:qcow2:block:$grown" "vdc:qcow2:block:$idle"
host_write vm1 vdb 10M 3M
host_flush vm1 vdb
host_start_collectd

# expect_raw WHAT: the same whatever was written
expect_raw() {
    expect_layer "$1" vm1/virt_backing-vda layer0 \
        "$(truth_device_size "$raw")" "$(truth_device_size "$raw")" "$(truth_device_size "$raw")"
}

# expect_grown WHAT: the disk that this QEMU has written to
expect_grown() {
    expect_layer "$1" vm1/virt_backing-vdb layer0 "$(truth_virtual_size qcow2 "$grown")" \
        "$(truth_image_end "$grown")" "$(truth_device_size "$grown")"
}

host_wait_cycle
expect_raw "raw, nothing written"
expect_grown "qcow2, 3 MiB written"
expect_layer "qcow2, written by another QEMU" vm1/virt_backing-vdc layer0 \
    "$(truth_virtual_size qcow2 "$idle")" "$(truth_image_end "$idle")" "$(truth_device_size "$idle")"

host_write vm1 vda 8M 1M
host_write vm1 vdb 20M 2M
host_flush vm1 vdb
host_wait_cycle
expect_raw "raw, 1 MiB written at 8 MiB"
expect_grown "qcow2, 2 MiB more written"

expect_quiet_log

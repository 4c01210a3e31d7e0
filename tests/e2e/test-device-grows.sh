#!/bin/bash
# A block device that was enlarged, and an image that was resized while its VM
# runs: the next cycle says so, for raw and qcow2, active layer and backing image,
# and the room left is that of the new sizes.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
test_start_host

raw=$(host_make_loop 8M)
base=$(host_make_loop 6M)
top=$(host_make_loop 7M)
file=$HOST_DIR/file.qcow2
full=$(host_make_loop 48M)
host_make_image "$base" qcow2 32M
qemu-io -f qcow2 -c 'write 0 1M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" qcow2
host_make_image "$file" qcow2 24M
host_make_image "$full" qcow2 40M

# Wait for the cycle after the one under way, and for no other.
next_cycle() {
    host_wait_fresh hypervisor/virt_backing/count-domains
    host_wait_fresh hypervisor/virt_backing/count-domains
}

# What must hold of all disks, now.
expect_all() {
    expect_layer "$1, raw" vm1/virt_backing-vda layer0 \
        "$2" "$(truth_device_size "$raw")" "$(truth_device_size "$raw")"
    expect_layer "$1, top" vm1/virt_backing-vdb layer0 \
        33554432 "$(truth_image_end "$top")" "$(truth_device_size "$top")"
    expect_value "$1, top: headroom" "$(($(truth_device_size "$top") - $(truth_image_end "$top")))" \
        vm1/virt_backing-vdb/disk_headroom-layer0
    expect_layer "$1, base" vm1/virt_backing-vdb layer1 \
        33554432 "$(truth_image_end "$base")" "$(truth_device_size "$base")"
    expect_layer "$1, file" vm1/virt_backing-vdc layer0 \
        "$3" "$(truth_du "$file")" "$(truth_length "$file")"
    expect_layer "$1, device with room" vm1/virt_backing-vdd layer0 \
        "$4" "$(truth_image_end "$full")" "$(truth_device_size "$full")"
    expect_value "$1, device with room: headroom" "$5" vm1/virt_backing-vdd/disk_headroom-layer0
}

host_start_vm vm1 "vda:raw:block:$raw" "vdb:qcow2:block:$top" "vdc:qcow2:file:$file" "vdd:qcow2:block:$full"
host_start_collectd
host_wait_cycle
expect_all before 8388608 25165824 41943040 41943040

host_grow_loop "$raw" 16M
host_grow_loop "$base" 18M
host_grow_loop "$top" 20M
next_cycle
expect_all "devices enlarged" 8388608 25165824 41943040 41943040

# QEMU takes what it is told; the image on the last device fits no more.
host_virsh blockresize vm1 vda 16M >/dev/null
host_virsh blockresize vm1 vdc 48M >/dev/null
host_virsh blockresize vm1 vdd 80M >/dev/null
for disk in vdc vdd; do
    host_flush vm1 $disk
done
next_cycle
expect_all "images resized" 16777216 50331648 83886080 \
    "$(($(truth_device_size "$full") - $(truth_image_end "$full")))"

host_grow_loop "$full" 96M
next_cycle
expect_all "its device enlarged as well" 16777216 50331648 83886080 83886080
expect_quiet_log

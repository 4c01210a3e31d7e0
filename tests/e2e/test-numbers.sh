#!/bin/bash
# Each kind of image that libvirt's own figures change their meaning for, in each
# state of a VM: powered off, started with nothing written, written to, stopped,
# started anew, rewritten at a low offset. Always allocation is what du or
# qemu-img check say and physical what ls or blockdev say; behind NBD, where
# nobody can say it of a qcow2 image, it is not reported.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
requires_program qemu-nbd
export HOST_INTERVAL=0.3
test_start_host

grown=$HOST_DIR/grown.qcow2
sparse=$HOST_DIR/sparse.raw
remote=$HOST_DIR/remote.qcow2
remote_raw=$HOST_DIR/remote.raw
raw=$(host_make_loop 16M)
image=$(host_make_loop 8M)
base=$(host_make_loop 12M)
top=$HOST_DIR/top.qcow2

host_make_image "$grown" qcow2 64M
host_make_image "$sparse" raw 32M
qemu-io -f raw -c 'write 4M 3M' "$sparse" >/dev/null
host_make_image "$image" qcow2 128M
host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 3M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" qcow2
host_make_image "$remote" qcow2 128M
truncate -s 96M "$remote"
host_make_image "$remote_raw" raw 64M

host_define_vm vm1 "vda:qcow2:file:$grown" "vdb:raw:file:$sparse" "vdc:raw:block:$raw" \
    "vdd:qcow2:block:$image" "vde:qcow2:file:$top" \
    "vdf:qcow2:nbd:$(host_start_nbd "$remote" raw)" "vdg:raw:nbd:$(host_start_nbd "$remote_raw" raw)"

# expect_file WHAT DISK LAYER CAPACITY FILE
expect_file() {
    expect_layer "$1" "vm1/virt_backing-$2" "$3" "$4" "$(truth_du "$5")" "$(truth_length "$5")"
}

# expect_image WHAT DISK LAYER CAPACITY DEVICE
expect_image() {
    expect_layer "$1" "vm1/virt_backing-$2" "$3" "$4" "$(truth_image_end "$5")" "$(truth_device_size "$5")"
}

expect_disks() {
    expect_file "$1: qcow2 on file" vda layer0 67108864 "$grown"
    expect_file "$1: raw sparse file" vdb layer0 33554432 "$sparse"
    expect_layer "$1: raw on device" vm1/virt_backing-vdc layer0 16777216 16777216 16777216
    expect_image "$1: qcow2 on device" vdd layer0 134217728 "$image"
    expect_file "$1: qcow2 on file over it" vde layer0 50331648 "$top"
    expect_image "$1: qcow2 backing image on device" vde layer1 50331648 "$base"
}

# expect_remote WHAT ALLOCATION: of the qcow2 image
expect_remote() {
    expect_layer "$1: qcow2 behind NBD" vm1/virt_backing-vdf layer0 134217728 "$2" -
    expect_layer "$1: raw behind NBD" vm1/virt_backing-vdg layer0 67108864 67108864 67108864
}

# Writes to all disks that are alike: write_all OFFSET LENGTH
write_all() {
    local disk
    for disk in vda vdb vdc vdd vdf vdg; do
        host_write vm1 $disk "$1" "$2"
    done
    for disk in vda vdb vdd vdf; do
        host_flush vm1 $disk
    done
}

# Wait for what is read every InactiveInterval.
host_wait_inactive() {
    host_wait_cycle
    host_wait_cycle
    host_wait_cycle
    host_wait_cycle
}

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'
host_wait_cycle
expect_disks "never started"

host_start_vm vm1
host_wait_cycle
expect_disks "nothing written"
expect_remote "nothing written" -

write_all 2M 3M
write_all 8M 1M
host_wait_cycle
expect_disks "written"
expect_remote "written" "$(truth_image_end "$remote")"

host_destroy_vm vm1
host_wait_inactive
expect_disks "stopped"

host_start_vm vm1
host_wait_cycle
expect_disks "started anew"
expect_remote "started anew" -

write_all 2M 64k
host_wait_cycle
expect_disks "rewritten at a low offset"
expect_value "rewritten: capacity of qcow2 behind NBD" 134217728 vm1/virt_backing-vdf/disk_capacity-layer0
expect_quiet_log

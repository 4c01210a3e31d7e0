#!/bin/bash
# Images behind NBD. raw: allocation and physical are the capacity. qcow2:
# physical is never reported, for what libvirt says there is the size of the
# disk, whether the container is larger or smaller; allocation is the end of
# the image once this QEMU has written, and not reported before.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_program qemu-nbd
export HOST_INTERVAL=0.3
test_start_host

raw=$HOST_DIR/raw.img
large=$HOST_DIR/large.qcow2
small=$HOST_DIR/small.qcow2

# A container is as large as its server made it, the disk in it 64 MiB.
host_make_image "$raw" raw 24M
host_make_image "$large" qcow2 64M
truncate -s 96M "$large"
host_make_image "$small" qcow2 64M
truncate -s 32M "$small"

host_start_vm vm1 "vda:raw:nbd:$(host_start_nbd "$raw" raw)" \
    "vdb:qcow2:nbd:$(host_start_nbd "$large" raw)" \
    "vdc:qcow2:nbd:$(host_start_nbd "$small" raw)"
host_start_collectd

# expect_raw WHAT: the same whatever was written
expect_raw() {
    expect_layer "$1" vm1/virt_backing-vda layer0 \
        "$(truth_length "$raw")" "$(truth_length "$raw")" "$(truth_length "$raw")"
}

# The "physical" that libvirt says for the disk of number 0, 1, ...
libvirt_physical() {
    host_virsh domstats vm1 --block | sed -n "s/^ *block\.$1\.physical=//p"
}

host_wait_cycle
expect_raw "raw, nothing written"
for disk in vdb vdc; do
    expect_layer "qcow2 on $disk, nothing written" "vm1/virt_backing-$disk" layer0 \
        "$(truth_virtual_size qcow2 "$large")" - -
    expect_value "layers of $disk" 1 "vm1/virt_backing-$disk/count-layers"
done
expect_equal "libvirt's physical in a larger container of $(truth_length "$large")" \
    "$(truth_virtual_size qcow2 "$large")" "$(libvirt_physical 1)"
expect_equal "libvirt's physical in a smaller container of $(truth_length "$small")" \
    "$(truth_virtual_size qcow2 "$small")" "$(libvirt_physical 2)"

host_write vm1 vda 8M 1M
host_write vm1 vdb 10M 3M
host_write vm1 vdc 20M 2M
for disk in vda vdb vdc; do
    host_flush vm1 $disk
done
host_wait_cycle
expect_raw "raw, 1 MiB written"
expect_layer "qcow2, 3 MiB written" vm1/virt_backing-vdb layer0 \
    "$(truth_virtual_size qcow2 "$large")" "$(truth_image_end "$large")" -
expect_layer "qcow2, 2 MiB written" vm1/virt_backing-vdc layer0 \
    "$(truth_virtual_size qcow2 "$small")" "$(truth_image_end "$small")" -

expect_no_series 'vm1/virt_backing-vd[bc]/disk_physical-*'
expect_quiet_log

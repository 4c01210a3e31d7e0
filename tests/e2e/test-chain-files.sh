#!/bin/bash
# A chain of three qcow2 images on files: capacity, allocation and physical of
# every layer are what qemu-img, du and ls say; a write into the top layer shows
# in the top layer alone.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
test_start_host

base=$HOST_DIR/base.qcow2
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
disk=vm1/virt_backing-vda

# Layers of different sizes, so that no value can stand for another's.
host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 5M' "$base" >/dev/null
host_make_image "$middle" qcow2 56M "$base" qcow2
qemu-io -f qcow2 -c 'write 8M 2M' "$middle" >/dev/null
host_make_image "$top" qcow2 64M "$middle" qcow2

# expect_file_layer WHAT LAYER FILE
expect_file_layer() {
    expect_layer "$1" "$disk" "$2" \
        "$(truth_virtual_size qcow2 "$3")" "$(truth_du "$3")" "$(truth_length "$3")"
}

expect_chain() {
    expect_file_layer "$1, top" layer0 "$top"
    expect_file_layer "$1, middle" layer1 "$middle"
    expect_file_layer "$1, base" layer2 "$base"
    expect_value "$1, layers" 3 "$disk/count-layers"
    expect_no_series "$disk/*-layer3"
}

host_start_vm vm1 "vda:qcow2:file:$top"
host_start_collectd
host_wait_cycle
expect_chain "nothing written"

host_write vm1 vda 10M 3M
host_flush vm1 vda
host_wait_cycle
expect_chain "3 MiB written"

expect_value "domains" 1 hypervisor/virt_backing/count-domains
expect_value "layers in all" 3 hypervisor/virt_backing/count-layers
expect_quiet_log

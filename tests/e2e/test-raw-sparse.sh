#!/bin/bash
# A raw sparse file: allocation is what du says, physical is the file's length,
# before and after a write at a high offset, and when powered off. libvirt's own
# figures are wrong in each of the running cases.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
test_start_host

image=$HOST_DIR/sparse.raw
disk=vm1/virt_backing-vda

host_make_image "$image" raw 32M
qemu-io -f raw -c 'write 0 3M' "$image" >/dev/null

expect_image() {
    expect_layer "$1" "$disk" layer0 \
        "$(truth_length "$image")" "$(truth_du "$image")" "$(truth_length "$image")"
    expect_value "$1: layers" 1 "$disk/count-layers"
}

host_start_vm vm1 "vda:raw:file:$image"
host_start_collectd
host_wait_cycle
expect_image "nothing written by this QEMU"

before=$(truth_du "$image")
host_write vm1 vda 8M 1M
host_flush vm1 vda
expect_equal "1 MiB more in use" $((before + 1048576)) "$(truth_du "$image")"
host_wait_cycle
expect_image "1 MiB written at 8 MiB"

expect_quiet_log

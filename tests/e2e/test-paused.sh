#!/bin/bash
# A VM that an admin has paused is reported like one that runs.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

image=$HOST_DIR/disk.qcow2
host_make_image "$image" qcow2 32M

expect_image() {
    expect_layer "$1" vm1/virt_backing-vda layer0 "$(truth_virtual_size qcow2 "$image")" \
        "$(truth_du "$image")" "$(truth_length "$image")"
}

host_start_vm vm1 "vda:qcow2:file:$image"
host_start_collectd
host_virsh suspend vm1 >/dev/null
host_wait_cycle
expect_equal "state" "paused (user)" "$(host_virsh domstate vm1 --reason)"
expect_image "paused"

host_write vm1 vda 1M 1M
host_flush vm1 vda
host_wait_cycle
expect_image "paused, and written to by QEMU"
expect_equal "state" "paused (user)" "$(host_virsh domstate vm1 --reason)"
expect_quiet_log

#!/bin/bash
# A guest has run into the end of its disk's storage, and QEMU has paused it: it
# is reported like any other, and no more is in use than the device holds.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

device=$(host_make_loop 4M)
floppy=$HOST_DIR/fill.img
host_make_image "$device" qcow2 32M
host_make_filler_floppy "$floppy"

HOST_VM_BOOT='fd hd' host_start_vm vm1 "vda:qcow2,error_policy=enospace:block:$device" \
    "fda:raw:floppy:$floppy"
host_start_collectd
wait_until 40 prints "paused (I/O error)" host_virsh domstate vm1 --reason
host_flush vm1 vda
host_wait_cycle
expect_layer "the full disk" vm1/virt_backing-vda layer0 "$(truth_virtual_size qcow2 "$device")" \
    "$(truth_image_end "$device")" "$(truth_device_size "$device")"
expect_layer "the floppy" vm1/virt_backing-fda layer0 \
    "$(truth_length "$floppy")" "$(truth_du "$floppy")" "$(truth_length "$floppy")"
expect_value "domains" 1 hypervisor/virt_backing/count-domains
expect_equal "the VM still is" "paused (I/O error)" "$(host_virsh domstate vm1 --reason)"
expect_quiet_log

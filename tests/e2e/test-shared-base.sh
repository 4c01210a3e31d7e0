#!/bin/bash
# A backing image that three VMs share, on a device: each of them has its figures;
# when it is spoilt, the log has one line for the image, not one for each VM.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

base=$(host_make_loop 8M)
host_make_image "$base" qcow2 32M
qemu-io -f qcow2 -c 'write 0 2M' "$base" >/dev/null
for vm in vm1 vm2 vm3; do
    host_make_image "$HOST_DIR/$vm.qcow2" qcow2 - "$base" qcow2
    host_define_vm $vm "vda:qcow2:file:$HOST_DIR/$vm.qcow2"
done
host_start_vm vm1
host_start_vm vm2

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'
host_wait_cycle
for vm in vm1 vm2 vm3; do
    expect_layer "$vm" $vm/virt_backing-vda layer1 33554432 "$(truth_image_end "$base")" "$(truth_device_size "$base")"
done
expect_quiet_log

# Spoilt as a whole, before anybody looks.
kill -STOP "$HOST_COLLECTD_PID"
dd if=/dev/zero of="$base" bs=64k count=1 conv=notrunc,fsync status=none
kill -CONT "$HOST_COLLECTD_PID"
wait_until 40 log_has "the metadata of image $base are not known: "
all_seen() {
    local vm
    host_wait_cycle
    for vm in vm1 vm2 vm3; do
        ! host_series_after $vm/virt_backing-vda/disk_allocation-layer1 "$HOST_CYCLE" || return 1
    done
}
wait_until 40 all_seen
expect_log 1 "the metadata of image $base are not known: "
expect_log 1 '\[(error|warning)\] virt_backing: '

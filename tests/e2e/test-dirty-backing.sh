#!/bin/bash
# A backing image on a block device that was not closed: nobody mends it, and its
# reference counts don't tell where it ends. Its allocation is not reported, of VMs
# that run and that are off, and the log has one line. As an active layer it is
# mended when the VM starts, and reported like any other.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

# Make a device with an image whose writer dies: make_dirty
make_dirty() {
    local device
    device=$(host_make_loop 16M)
    qemu-img create -q -f qcow2 -o lazy_refcounts=on "$device" 64M
    # The shell says that its child was aborted.
    { qemu-io -f qcow2 -c 'write 0 10M' -c flush -c abort "$device" || true; } >/dev/null 2>&1
    echo "$device"
}

base=$(make_dirty)
active=$(make_dirty)
top=$HOST_DIR/top.qcow2
other=$HOST_DIR/other.qcow2
host_make_image "$top" qcow2 - "$base" qcow2
host_make_image "$other" qcow2 - "$base" qcow2
host_start_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:block:$active"
host_define_vm vm2 "vda:qcow2:file:$other"
expect_equal "incompatible features of the image below, of the active one" "1 0" \
    "$(for device in "$base" "$active"; do od -An -tu8 --endian=big -j72 -N8 "$device"; done | xargs)"

host_start_collectd 'InactiveDomains true' 'InactiveInterval 1'
trouble="\\[warning\\] virt_backing: the end of image $base is not known: it was not closed\$"
trouble_told() {
    log_has "$trouble"
}
wait_until 40 trouble_told
for _ in 1 2 3 4 5 6; do
    host_wait_cycle
done
for vm in vm1 vm2; do
    expect_layer "$vm, below" $vm/virt_backing-vda layer1 67108864 - "$(truth_device_size "$base")"
    expect_no_series $vm/virt_backing-vda/disk_allocation-layer1
    expect_value "$vm, layers" 2 $vm/virt_backing-vda/count-layers
done
expect_layer "active" vm1/virt_backing-vdb layer0 \
    67108864 "$(truth_image_end "$active")" "$(truth_device_size "$active")"
expect_log 1 "$trouble"
expect_log 1 '\[(error|warning)\] virt_backing: '

#!/bin/bash
# Copy of a disk to a block device and of another to a file: the destination is
# reported as mirror while the copy runs and when it is ready; after the pivot
# it is layer 0 and there is no mirror any more.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

device=$(host_make_loop 16M)
file=$HOST_DIR/copy.qcow2
for disk in vda vdb; do
    host_make_image "$HOST_DIR/$disk.base" qcow2 32M
    qemu-io -f qcow2 -c 'write 0 2M' "$HOST_DIR/$disk.base" >/dev/null
    host_make_image "$HOST_DIR/$disk.top" qcow2 - "$HOST_DIR/$disk.base" qcow2
    qemu-io -f qcow2 -c 'write 1M 2M' "$HOST_DIR/$disk.top" >/dev/null
done

# The destination of a copy is locked against qemu-img: look at what it bears.
device_image_end() {
    cat "$device" >"$HOST_DIR/device.copy"
    truth_image_end "$HOST_DIR/device.copy"
}

# expect_device WHAT LAYER: all that the job has written is on the device
expect_device() {
    expect_layer "$1, device" vm1/virt_backing-vda "$2" "$(truth_virtual_size qcow2 "$device")" \
        "$(device_image_end)" "$(truth_device_size "$device")"
}

expect_file() {
    expect_layer "$1, file" vm1/virt_backing-vdb "$2" "$(truth_virtual_size qcow2 "$file")" \
        "$(truth_du "$file")" "$(truth_length "$file")"
}

host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/vda.top" "vdb:qcow2:file:$HOST_DIR/vdb.top"
host_start_collectd
host_wait_cycle
expect_no_series '*-mirror'

host_virsh blockcopy vm1 vda "$device" --blockdev --format qcow2 --bandwidth 1 --buf-size 65536 --transient-job >/dev/null
host_virsh blockcopy vm1 vdb "$file" --format qcow2 --bandwidth 1 --buf-size 65536 --transient-job >/dev/null
host_wait_cycle
used=$(truth_du "$file")
host_wait_cycle
expect_between "while it runs, du of the file" "$used" \
    vm1/virt_backing-vdb/disk_allocation-mirror truth_du "$file"
expect_value "while it runs, the device's size" "$(truth_device_size "$device")" \
    vm1/virt_backing-vda/disk_physical-mirror
expect_success "the copies still run" not job_ready vm1

host_virsh blockjob vm1 vda --bandwidth 1000
host_virsh blockjob vm1 vdb --bandwidth 1000
wait_until 40 job_ready vm1 2
host_wait_cycle
expect_device ready mirror
expect_file ready mirror
expect_growth "the device's image" 2 vm1/virt_backing-vda/disk_allocation-mirror
expect_growth "the file" 2 vm1/virt_backing-vdb/disk_allocation-mirror
for disk in vda vdb; do
    expect_layer "the source meanwhile" "vm1/virt_backing-$disk" layer0 \
        "$(truth_virtual_size qcow2 "$HOST_DIR/$disk.top")" \
        "$(truth_du "$HOST_DIR/$disk.top")" "$(truth_length "$HOST_DIR/$disk.top")"
    expect_value "layers of $disk; a mirror is none" 2 "vm1/virt_backing-$disk/count-layers"
    host_virsh blockjob vm1 $disk --pivot
done

host_wait_cycle
expect_device "after the pivot" layer0
expect_file "after the pivot" layer0
for disk in vda vdb; do
    expect_value "after the pivot, layers of $disk" 1 "vm1/virt_backing-$disk/count-layers"
    for type in capacity allocation physical; do
        expect_series_absent "vm1/virt_backing-$disk/disk_$type-mirror"
        expect_series_absent "vm1/virt_backing-$disk/disk_$type-layer1"
    done
done
expect_quiet_log

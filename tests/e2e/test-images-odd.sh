#!/bin/bash
# Images that are not as others: of which QEMU writes parts of clusters, whose data lie in
# another file, that are a slice of a device, on file systems that don't count, and whose
# clusters were compressed. What is said of them is true, and what is not known is not said.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.5
host_create
trap test_end EXIT
mkdir "$HOST_DIR/ram"
mount -t ramfs vb-test "$HOST_DIR/ram"
host_on_cleanup umount --lazy "$HOST_DIR/ram"
host_make_tmpfs unlimited 0
host_make_tmpfs small 8M
host_start_libvirtd

# Subclusters; and an external data file.
extended=$(host_make_loop 64M)
qemu-img create -q -f qcow2 -o extended_l2=on,cluster_size=2M "$extended" 64M
data=$HOST_DIR/data.qcow2
qemu-img create -q -f qcow2 -o data_file="$HOST_DIR/small/data.raw" "$data" 64M

# Two images on one device.
sliced=$(host_make_loop 64M)
for offset in 0 32; do
    qemu-img create -q -f qcow2 "$HOST_DIR/part" 30M
    qemu-io -f qcow2 -c "write 0 $((20 - offset / 2))M" "$HOST_DIR/part" >/dev/null
    dd if="$HOST_DIR/part" of="$sliced" bs=1M seek=$offset conv=notrunc status=none
done

# Compressed, on a device that would do for all that is not.
largest=$(qemu-img measure --output=json -O qcow2 --size 64M | sed -nE 's/^ *"fully-allocated": ([0-9]+).*/\1/p')
compressed=$(host_make_loop "$largest")
for _ in {1..1024}; do
    head -c 59392 /dev/urandom
    head -c 6144 /dev/zero
done >"$HOST_DIR/source"
qemu-img convert -c -f raw -O qcow2 "$HOST_DIR/source" "$HOST_DIR/part"
dd if="$HOST_DIR/part" of="$compressed" bs=1M conv=notrunc status=none
sync

for name in ram unlimited; do
    host_make_image "$HOST_DIR/$name/a.raw" raw 16M
done
HOST_VM_DEVICES="<disk type='block' device='disk'><driver name='qemu' type='qcow2'/>
  <source dev='$sliced'><slices><slice type='storage' offset='33554432' size='31457280'/></slices></source>
  <target dev='vdf' bus='virtio'/></disk>" \
    host_start_vm vm1 "vda:qcow2:block:$extended" "vdb:qcow2:file:$data" "vdc:raw:file:$HOST_DIR/ram/a.raw" \
    "vdd:raw:file:$HOST_DIR/unlimited/a.raw" "vde:qcow2:block:$compressed"
host_start_collectd
disk=vm1/virt_backing

host_wait_cycle
expect_value "external data: allocation" "$(truth_du "$data")" $disk-vdb/disk_allocation-layer0
expect_no_series "$disk-vdb/disk_headroom-*"
expect_no_series "$disk-vdb/percent-*"
expect_value "ramfs: length" 16777216 $disk-vdc/disk_physical-layer0
expect_no_series "$disk-vdc/disk_headroom-*"
expect_no_series "$disk-vdd/disk_headroom-*"
expect_value "slice: capacity" $((30 << 20)) $disk-vdf/disk_capacity-layer0
for type in disk_allocation disk_physical disk_headroom percent; do
    expect_no_series "$disk-vdf/$type-*"
done
expect_value "left out of the totals" 2 hypervisor/virt_backing/count-unsized

host_write vm1 vda 0 64k
host_flush vm1 vda
host_wait_cycle
cat "$extended" >"$HOST_DIR/copy"
expect_value "a part of a cluster: allocation" "$(truth_image_end "$HOST_DIR/copy")" $disk-vda/disk_allocation-layer0

# Each write keeps the compressed cluster, of which it uses but a part.
for ((block = 0; block < 400; block += 2)); do
    host_qemu_io vm1 vde "write $((block * 64))k 64k" || true
done >"$HOST_DIR/out" 2>&1
expect_success "it met the end" grep -q 'No space left' "$HOST_DIR/out"
host_wait_cycle
expect_value "compressed, the device is full: headroom" 0 $disk-vde/disk_headroom-layer0

#!/bin/bash
# Headroom and percent of layers that are written to, as numbers.md has them. On a
# device: what is left behind the end of the image, or the capacity when the device
# is as large as qemu-img measure says that the image can become, unless it has an
# internal snapshot. In a file: what df says of its file system, or the capacity
# when the image fits; 0 on a full one and on one that is read-only, but not where
# a mount alone is: QEMU may have another one. A raw device and a drive that can't be
# written to have neither.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.5
host_create
trap test_end EXIT

# expect_room WHAT HEADROOM ALLOCATION WHOLE DISK [LAYER]: percent is the part that
# ALLOCATION is of WHOLE.
expect_room() {
    local layer=${6:-layer0}
    expect_value "$1: headroom" "$2" "vm1/virt_backing-$5/disk_headroom-$layer"
    expect_equal "$1: percent" "$(awk "BEGIN { printf \"%.6f\", 100 * $3 / $4 }")" \
        "$(printf %.6f "$(host_value "vm1/virt_backing-$5/percent-$layer")")"
}

expect_no_room() {
    expect_no_series "vm1/virt_backing-$1/disk_headroom-$2"
    expect_no_series "vm1/virt_backing-$1/percent-$2"
}

# The largest size of an image of that capacity with default options.
truth_largest() {
    qemu-img measure --output=json -O qcow2 --size "$1" |
        sed -nE 's/^ *"fully-allocated": ([0-9]+).*/\1/p'
}

# --- what QEMU can take and what it can't ---

host_make_tmpfs small 16M
host_make_tmpfs large 64M
host_make_tmpfs mount 4M
host_make_tmpfs fixed 4M
host_make_tmpfs over 4M
host_start_libvirtd

largest=$(truth_largest 32M)
short=$(host_make_loop $((largest - 512)))
enough=$(host_make_loop "$largest")
snapshot=$(host_make_loop "$largest")
raw=$(host_make_loop 8M)
base=$(host_make_loop 16M)
cdrom=$HOST_DIR/cdrom.iso
for device in "$short" "$enough" "$snapshot"; do
    host_make_image "$device" qcow2 32M
    qemu-io -f qcow2 -c 'write 0 1M' "$device" >/dev/null
done
qemu-img snapshot -c one "$snapshot"
host_make_image "$base" qcow2 32M
truncate -s 1M "$cdrom"
small=$HOST_DIR/small/image.qcow2
large=$HOST_DIR/large/image.qcow2
sparse=$HOST_DIR/large/sparse.raw
mounted=$HOST_DIR/mount/image.qcow2
fixed=$HOST_DIR/fixed/image.qcow2
top=$HOST_DIR/top.qcow2
host_make_image "$small" qcow2 32M
host_make_image "$large" qcow2 32M
host_make_image "$sparse" raw 128M
host_make_image "$mounted" qcow2 32M
host_make_image "$fixed" qcow2 32M
host_make_image "$top" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 0 6M' "$top" >/dev/null

host_start_vm vm1 "vda:qcow2:block:$short" "vdb:qcow2:block:$enough" "vdc:qcow2:block:$snapshot" \
    "vdd:raw:block:$raw" "vde:qcow2:file:$small" "vdf:qcow2:file:$large" "vdg:raw:file:$sparse" \
    "vdh:qcow2:file:$fixed" "vdi:qcow2:file:$top" "vdj:qcow2:file:$mounted" "hda:raw:cdrom:$cdrom" "hdb:raw:cdrom:"

# expect_device WHAT DEVICE DISK [LAYER]: what is left behind the image
expect_device() {
    local end size
    end=$(truth_image_end "$2")
    size=$(truth_device_size "$2")
    expect_room "$1" $((size - end)) "$end" "$size" "$3" "${4:-layer0}"
}

host_start_collectd
host_wait_cycle
expect_device "a device that is a sector too small" "$short" vda
expect_room "a device as large as the image can become" 33554432 \
    "$(truth_image_end "$enough")" "$(truth_device_size "$enough")" vdb
expect_device "the same with an internal snapshot" "$snapshot" vdc
expect_no_room vdd '*'
expect_room "a small file system" "$(truth_free "$small")" "$(truth_du "$small")" 33554432 vde
expect_room "a large file system" 33554432 "$(truth_du "$large")" 33554432 vdf
expect_room "a raw sparse file" "$(truth_free "$sparse")" "$(truth_du "$sparse")" 134217728 vdg
expect_no_room hda '*'
expect_no_room hdb '*'
expect_no_room vdi layer1

host_write vm1 vda 8M 4M
host_write vm1 vdb 8M 4M
host_write vm1 vde 8M 4M
host_write vm1 vdg 64M 4M
for disk in vda vdb vde vdg; do
    host_flush vm1 $disk
done
# A full file system; a mount that became read-only; a file system that is.
dd if=/dev/zero of="$HOST_DIR/large/filler" bs=64k status=none 2>"$HOST_DIR/dd.err" || true
mount -o remount,bind,ro "$HOST_DIR/mount"
expect_success "this mount is read-only" not touch "$HOST_DIR/mount/new"
expect_success "QEMU writes all the same" host_write vm1 vdj 0 1M
host_flush vm1 vdj
# An image that is open for writing keeps its file system from becoming read-only on
# demand, so one that is lies over it.
fixed_used=$(truth_du "$fixed")
cp "$fixed" "$HOST_DIR/over/"
mount -o remount,ro "$HOST_DIR/over"
mount --bind "$HOST_DIR/over" "$HOST_DIR/fixed"
host_on_cleanup umount --lazy "$HOST_DIR/fixed"
expect_success "it has room: $(truth_free "$fixed")" [ "$(truth_free "$fixed")" -gt 0 ]
host_wait_cycle
expect_device "4 MiB more" "$short" vda
expect_room "4 MiB more where they fit" 33554432 \
    "$(truth_image_end "$enough")" "$(truth_device_size "$enough")" vdb
expect_room "4 MiB more in a small file system" "$(truth_free "$small")" "$(truth_du "$small")" 33554432 vde
expect_equal "df of the full file system" 0 "$(truth_free "$large")"
expect_room "a full file system" 0 "$(truth_du "$large")" 33554432 vdf
expect_room "a read-only mount" "$(truth_free "$mounted")" "$(truth_du "$mounted")" 33554432 vdj
expect_room "a read-only file system" 0 "$fixed_used" 33554432 vdh

# --- images that jobs write to ---

host_make_image "$HOST_DIR/small/copy.qcow2" qcow2 32M
host_virsh blockcopy vm1 vdb "$HOST_DIR/small/copy.qcow2" --format qcow2 --reuse-external \
    --transient-job --bandwidth 1 --buf-size 65536 >/dev/null
host_virsh blockcommit vm1 vdi --active --bandwidth 1 >/dev/null
commit_seen() {
    host_value vm1/virt_backing-vdi/disk_headroom-layer1 >/dev/null
}
wait_until 40 commit_seen
host_virsh blockjob vm1 vdi --bandwidth 1000
host_virsh blockjob vm1 vdb --bandwidth 1000
wait_until 40 job_ready vm1 2
host_wait_cycle
expect_device "target of a commit" "$base" vdi layer1
expect_room "destination of a copy" "$(truth_free "$small")" \
    "$(truth_du "$HOST_DIR/small/copy.qcow2")" 33554432 vdb mirror
host_virsh blockjob vm1 vdb --abort
host_virsh blockjob vm1 vdi --pivot
host_wait_cycle
expect_device "after the pivot" "$base" vdi
for type in disk_headroom percent; do
    expect_series_absent "vm1/virt_backing-vdb/$type-mirror"
    expect_series_absent "vm1/virt_backing-vdi/$type-layer1"
done
expect_quiet_log

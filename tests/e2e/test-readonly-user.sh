#!/bin/bash
# collectd as a user who may use libvirt's read-only socket and nothing more: all
# is reported, save the length of qcow2 files in a folder that this user can't
# search, and the end of images on devices that it can't read: of those what QEMU
# has written is known, and no more, until it may be read. A raw file's length is
# known even there. The log has one line of all images that may not be read.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.3

requires_plugin
requires_root
requires_loop
requires_program setpriv
test_start_host
[ "$HOST_MODE" = system ] || skip "needs a system daemon with a read-only socket"

hidden=$HOST_DIR/hidden
mkdir -m 0700 "$hidden"
host_make_image "$HOST_DIR/seen.qcow2" qcow2 6M
host_make_image "$hidden/base.raw" raw 4M
host_make_image "$hidden/top.qcow2" qcow2 5M "$hidden/base.raw" raw
qemu-io -f raw -c 'write 0 1M' "$hidden/base.raw" >/dev/null
device=$(host_make_loop 8M)
host_on_cleanup chmod "$(stat -c %a "$device")" "$device"
chmod 0600 "$device"
host_make_image "$device" qcow2 32M
host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/seen.qcow2" "vdb:qcow2:file:$hidden/top.qcow2" \
    "vdc:qcow2:block:$device"

export HOST_COLLECTD_USER=nobody
host_start_collectd 'InactiveInterval 1'
host_wait_cycle

expect_equal "user and groups of collectd" "$(id -u nobody) $(id -g nobody) -" \
    "$(ps -o uid=,gid=,supgid= -p "$HOST_COLLECTD_PID" | tr -s ' ' | sed 's/^ //')"
expect_equal "capabilities of collectd" 0000000000000000 \
    "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$HOST_COLLECTD_PID/status")"
expect_success "the folder is hidden from that user" \
    [ "$(setpriv --reuid=nobody --clear-groups stat "$hidden/top.qcow2" 2>&1 | grep -c 'denied')" -eq 1 ]
expect_log 1 ' virt_backing: connected to .*-sock-ro$'

expect_layer "seen qcow2" vm1/virt_backing-vda layer0 \
    6291456 "$(truth_du "$HOST_DIR/seen.qcow2")" "$(truth_length "$HOST_DIR/seen.qcow2")"
expect_layer "hidden qcow2" vm1/virt_backing-vdb layer0 5242880 "$(truth_du "$hidden/top.qcow2")" -
expect_no_series vm1/virt_backing-vdb/disk_physical-layer0
expect_layer "hidden raw" vm1/virt_backing-vdb layer1 \
    "$(truth_length "$hidden/base.raw")" "$(truth_du "$hidden/base.raw")" "$(truth_length "$hidden/base.raw")"
expect_value "layers" 2 vm1/virt_backing-vdb/count-layers

expect_layer "device, nothing written" vm1/virt_backing-vdc layer0 \
    33554432 - "$(truth_device_size "$device")"
host_write vm1 vdc 10M 3M
host_flush vm1 vdc
host_wait_cycle
expect_layer "device, 3 MiB written" vm1/virt_backing-vdc layer0 \
    33554432 "$(truth_image_end "$device")" "$(truth_device_size "$device")"
expect_no_series 'vm1/virt_backing-vd[bc]/disk_headroom-*'
expect_success "headroom of the image that can be read" \
    host_value vm1/virt_backing-vda/disk_headroom-layer0

chmod 0644 "$device"
headroom_seen() {
    host_value vm1/virt_backing-vdc/disk_headroom-layer0 >/dev/null
}
wait_until 40 headroom_seen
host_wait_cycle
expect_layer "device that may be read" vm1/virt_backing-vdc layer0 \
    33554432 "$(truth_image_end "$device")" "$(truth_device_size "$device")"
expect_value "headroom of it" $(($(truth_device_size "$device") - $(truth_image_end "$device"))) \
    vm1/virt_backing-vdc/disk_headroom-layer0

host_stop_collectd
expect_log 1 '\[warning\] virt_backing: the metadata of image .* are not known: permission denied'
expect_log 1 '\[(error|warning)\] virt_backing: '
expect_quiet_stderr

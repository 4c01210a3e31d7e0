#!/bin/bash
# What happens while libvirtd is away is told when it is back, though its events are
# lost: a watermark that was crossed, and a commit that was done. Each once.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

device=$(host_make_loop 64M)
middle=$HOST_DIR/middle.qcow2
host_make_image "$device" qcow2 128M
host_make_image "$HOST_DIR/base.qcow2" qcow2 48M
host_make_image "$middle" qcow2 - "$HOST_DIR/base.qcow2" qcow2
qemu-io -f qcow2 -c 'write 0 8M' "$middle" >/dev/null
host_make_image "$HOST_DIR/top.qcow2" qcow2 - "$middle" qcow2
host_make_filling_vm vm1 "$device"
# So slow that it has not crossed anything before libvirtd is away.
host_virsh blkdeviotune vm1 vda --total-bytes-sec 300K --live >/dev/null
host_start_vm vm2 "vda:qcow2:file:$HOST_DIR/top.qcow2"
host_start_collectd 'WatermarkFree "60M"'
expect_watermark "armed" vm1 "$device" $((4 << 20))

host_virsh blockcommit vm2 vda --base "$HOST_DIR/base.qcow2" --top "$middle" --bytes --bandwidth 65536 >/dev/null
host_wait_fresh vm2/virt_backing-vda/block_job-commit
host_virsh blockjob vm2 vda --bytes --bandwidth 1048576
host_virsh resume vm1 >/dev/null
host_kill_libvirtd

is_crossed() {
    [ "$(truth_image_end "$device")" -gt $((5 << 20)) ]
}
is_committed() {
    [ "$(truth_du "$HOST_DIR/base.qcow2")" -gt $((8 << 20)) ]
}
wait_until 40 is_crossed
wait_until 40 is_committed
expect_equal "told so far" "" "$(alarm_messages vm1/virt_backing-vda/disk_headroom-layer0)"
host_start_libvirtd
expect_said "crossed while nobody could tell" vm1/virt_backing-vda/disk_headroom-layer0 \
    "WARNING vm1: vda layer0 \\(.*, $device\\) is over its watermark by .*"
expect_said "done while nobody could tell" vm2/virt_backing-vda/block_job-commit \
    "OKAY vm2: the commit of vda is complete"
host_wait_cycle
host_wait_cycle
expect_equal "all that was told" 2 "$(log_count Notification)"

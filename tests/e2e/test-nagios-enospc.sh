#!/bin/bash
# What an admin sees in Nagios when a guest fills a thin device until ENOSPC: the layer
# is WARNING when it is over its watermark, the disk CRITICAL when the machine is paused;
# the first is OK when the device has grown, the second not before the machine runs
# again; and each says which layer.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_nagios
# What is seen between two cycles is told by events alone.
export HOST_INTERVAL=5
test_start_host

service=virt_backing-vda/disk_headroom-layer0
errors=virt_backing-vda/count-errors
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 32M
host_make_filling_vm vm1 "$device"
host_virsh blkdeviotune vm1 vda --total-bytes-sec 300K --live >/dev/null

start_nagios 3600
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA=$(nagios_collectd_conf) host_start_collectd 'WatermarkFree "5M"'
expect_watermark "armed" vm1 "$device" $((3 << 20))
index=$(layer_index vm1 "$device")

host_virsh resume vm1 >/dev/null
wait_until 40 log_has "severity = WARNING, .* is over its watermark by "
# Until all has been looked at.
host_virsh suspend vm1 >/dev/null
expect_service "over its watermark" vm1 "$service" 1
expect_success "what it says: $(service_output vm1 "$service")" test_match \
    "vm1: vda layer0 .vda.$index., $device. is over its watermark by .*" "$(service_output vm1 "$service")"
host_virsh resume vm1 >/dev/null
expect_service "no space left" vm1 "$errors" 2
wait_until 40 output_says "$errors" 'vm1 is paused: '
expect_success "what it says: $(service_output vm1 "$errors")" test_match \
    "vm1 is paused: vda layer0 .vda.$index., $device.: no space left. Make room, then resume it" \
    "$(service_output vm1 "$errors")"

# Room alone ends no pause, whoever tells of the room.
host_grow_loop "$device" 64M
host_virsh blockresize vm1 vda 32M
expect_service "room" vm1 "$service" 0
host_wait_cycle
expect_service "room, and still paused" vm1 "$errors" 2
host_virsh resume vm1 >/dev/null
expect_service "resumed" vm1 "$errors" 0
host_wait_cycle
expect_service "and a cycle later" vm1 "$service" 0

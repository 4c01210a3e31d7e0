#!/bin/bash
# With WatermarkPercent the service of disk_headroom is asked for in percent: its WARNING
# stays when no result has come for long, also where many bytes are left, and it is OK
# when the device has grown.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_nagios
export HOST_INTERVAL=0.5
test_start_host

# The example with its service in percent in place of that in bytes.
in_percent() {
    awk 'BEGIN { RS = ""; ORS = "\n\n" }
        !/virt_backing-passive\n.*vm1\n.*virt_backing-vda\/disk_headroom-layer0\n/ || /\n#-/' |
        sed 's/^#-//'
}

service=virt_backing-vda/disk_headroom-layer0
device=$(host_make_loop 32M)
host_make_image "$device" qcow2 128M
host_start_vm vm1 "vda:qcow2:block:$device"

start_nagios 3 in_percent
expect_equal "services of that name" 1 \
    "$(grep -cE "^ *service_description +$service" "$HOST_DIR/nagios/objects.cfg")"
: >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA="Timeout 4
$(nagios_collectd_conf)" host_start_collectd 'WatermarkPercent 20'
host_wait_cycle
host_write vm1 vda 0 14M
host_write vm1 vda 14M 13M
expect_service "over its watermark" vm1 "$service" 1
expect_steadily "over its watermark" 1 "$service"
host_grow_loop "$device" 64M
expect_service "device grown" vm1 "$service" 0
expect_steadily "device grown" 0 "$service"

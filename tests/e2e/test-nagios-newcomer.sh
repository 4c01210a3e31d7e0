#!/bin/bash
# A newcomer copies the two snippets of README.md's section Alarms, fills a disk, and sees
# WARNING, CRITICAL and OK in Nagios, each naming the right layer. What alarms stays so
# when no result has come for long, and Nagios asks.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_nagios
export HOST_INTERVAL=0.5
test_start_host

# Print an indented block of the section, the first of which a line fits: snippet REGEX
snippet() {
    awk -v wanted="$1" '
        /^## / { inside = $0 == "## Alarms" }
        inside && /^    / { block = block substr($0, 5) "\n"; next }
        inside && block ~ wanted { printf "%s", block; exit }
        { block = "" }' "$TEST_TOP/README.md"
}

# All of the example but its services, then those of the README.
with_snippet() {
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/\n *service_description/'
    snippet 'define service' | nagios_fitted
}

headroom=virt_backing-vda/disk_headroom-layer0
errors=virt_backing-vda/count-errors
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 32M
# The guest begins at the start of the disk. So slow that the next alarm is far from one.
qemu-io -f qcow2 -c 'write 20M 5M' "$device" >/dev/null
host_make_filling_vm vm1 "$device"
host_virsh blkdeviotune vm1 vda --total-bytes-sec 64K --live >/dev/null

start_nagios 3 with_snippet
expect_equal "services of the snippet" 2 "$(grep -c "^ *service_description" "$HOST_DIR/nagios/objects.cfg")"
alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA='Timeout 4' host_configure_collectd
{
    echo "PluginDir \"$(collectd_folder)\""
    snippet '<Plugin virt_backing>' | nagios_fitted
} >>"$HOST_DIR/collectd.conf"
host_launch_collectd
host_wait_cycle
index=$(layer_index vm1 "$device")
layer="vda layer0 .vda.$index., $device."

expect_service "with room" vm1 "$headroom" 0
host_virsh resume vm1 >/dev/null
wait_until 40 log_has "severity = WARNING, .*message = vm1: $layer is over its watermark by "
host_virsh suspend vm1 >/dev/null
expect_service "over its watermark" vm1 "$headroom" 1
expect_steadily "over its watermark" 1 "$headroom"

host_virsh blkdeviotune vm1 vda --total-bytes-sec 400K --live >/dev/null
host_virsh resume vm1 >/dev/null
expect_service "no space left" vm1 "$errors" 2
expect_success "what was told: $(grep -F "$errors;2;" "$HOST_DIR/nagios/nagios.log" | head -n 1)" \
    grep -q "$errors;2;vm1 is paused: $layer: no space left" "$HOST_DIR/nagios/nagios.log"
expect_service "no room" vm1 "$headroom" 2
expect_steadily "no space left" 2 "$errors"
expect_service "no room, and asked for since" vm1 "$headroom" 2

host_grow_loop "$device" 64M
host_virsh blockresize vm1 vda 32M
expect_service "room" vm1 "$headroom" 0
host_virsh resume vm1 >/dev/null
expect_service "resumed" vm1 "$errors" 0
expect_steadily "resumed" 0 "$errors"
expect_service "and there is room" vm1 "$headroom" 0

#!/bin/bash
# notify-nagios at a collectd for many: what the plugin tells on a hypervisor travels by the
# network plugin, and the receiver's exec plugin hands it to Nagios. A machine fills a thin
# device, is paused, gets room and runs again, and the command file has each of it, once.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"
# shellcheck source-path=SCRIPTDIR source=nagios.sh
. "$(dirname "$0")/nagios.sh"

requires_plugin
requires_loop
requires_network
[ -e "$(collectd_folder)/exec.so" ] || skip "collectd has no exec plugin"
# What is seen between two cycles is told by events alone.
export HOST_INTERVAL=5
test_start_host
# shellcheck disable=SC2034 # read by host_configure_collectd
HOST_NAME=hv1
hypervisor=$HOST_DIR
port=$(free_udp_port)

# The lines for collectd.conf that notify-nagios has in its head.
exec_conf() {
    sed -n '/^#   LoadPlugin exec/,/^#   <\/Plugin>/s/^#   //p' "$HOST_DIR/nagios/notify-nagios"
}

# All that comes by the command file, in "commands": Nagios' part.
start_reader() {
    mkdir "$HOST_DIR/nagios"
    nagios_fitted <"$TEST_TOP/integrations/nagios/notify-nagios" >"$HOST_DIR/nagios/notify-nagios"
    chmod 0755 "$HOST_DIR/nagios/notify-nagios"
    mkfifo "$HOST_DIR/nagios/nagios.cmd"
    chown -R nobody:"$(id -gn nobody)" "$HOST_DIR/nagios"
    host_detached cat <>"$HOST_DIR/nagios/nagios.cmd" >"$commands" &
    host_on_cleanup host_end_pid $!
}

# The receiver has no plugin, but what it passes on.
host_add central
central=$HOST_DIR
commands=$HOST_DIR/commands
start_reader
host_start_keeper
echo "hv1: change-me" >"$HOST_DIR/network.passwd"
HOST_PLUGIN_DIR='' HOST_COLLECTD_EXTRA="$(receiver_conf "$port")
$(exec_conf)" host_start_collectd

host_switch "$hypervisor"
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 32M
host_make_filling_vm vm1 "$device"
host_virsh blkdeviotune vm1 vda --total-bytes-sec 1M --live >/dev/null
HOST_COLLECTD_EXTRA=$(sender_conf "$port") host_start_collectd 'WatermarkFree "5M"'
expect_watermark "armed" vm1 "$device" $((3 << 20))
layer="vda layer0 .vda\\[$(layer_index vm1 "$device")\\], $device."

# told SERVICE CODE REGEX: how often Nagios was told that of vm1
told() {
    grep -cxE "\\[[0-9]{10}\\] PROCESS_SERVICE_CHECK_RESULT;vm1;virt_backing-vda/$1;$2;$3" "$commands" || true
}

was_told() {
    [ "$(told "$@")" -gt 0 ]
}

# expect_told WHAT SERVICE CODE REGEX
expect_told() {
    host_poll 30 was_told "${@:2}" || true
    expect_equal "$1: results $3 of $2" 1 "$(told "${@:2}")"
}

host_virsh resume vm1 >/dev/null
expect_told "over its watermark" disk_headroom-layer0 1 "vm1: $layer is over its watermark by .*"
expect_told "no space left" count-errors 2 "vm1 is paused: $layer: no space left\\. Make room, then resume it"
host_grow_loop "$device" 64M
host_virsh blockresize vm1 vda 32M
expect_told "room" disk_headroom-layer0 0 "vm1: $layer has room again: .*"
host_virsh resume vm1 >/dev/null
expect_told "resumed" count-errors 0 "vm1 runs again after the error of $layer"
expect_quiet_log

host_switch "$central"
expect_equal "other commands" "" "$(grep -vE ";virt_backing-vda/(disk_headroom-layer0|count-errors);" "$commands" || true)"
expect_quiet_log

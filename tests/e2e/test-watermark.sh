#!/bin/bash
# A guest fills a thin device until ENOSPC: told of the disk, in this order, are the
# watermark, the threshold on its series, and the pause; then the device is grown, which
# ends the first two, and the machine resumed, which ends the last. Each once, each with
# the right layer.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

series=vm1/virt_backing-vda/disk_headroom-layer0
errors=vm1/virt_backing-vda/count-errors
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 32M
host_make_filling_vm vm1 "$device"
# speed BYTES: that the guest writes in a second. Between any two of what is to be told
# there is to be a cycle.
speed() {
    host_virsh blkdeviotune vm1 vda --total-bytes-sec "$1" --live >/dev/null
}
speed 1M

alarm_rules >"$HOST_DIR/thresholds.conf"
HOST_COLLECTD_EXTRA='Include "'$HOST_DIR'/thresholds.conf"' host_start_collectd 'WatermarkFree "4M"'
expect_watermark "armed" vm1 "$device" $((4 << 20))
expect_value "the series of it" $(((4 << 20) + 173)) vm1/virt_backing-vda/disk_threshold-layer0
index=$(layer_index vm1 "$device")
name="vda layer0 \\(vda\\[$index\\], $device\\)"

host_virsh resume vm1 >/dev/null
expect_said "watermark" $series "WARNING vm1: $name is over its watermark by [0-9.]+ [KM]iB: [0-9.]+ MiB of 8.0 MiB left"
speed 200K
expect_alarm "by the rules" WARNING $series 2
expect_alarm "by the rules" FAILURE $series
speed 2M
wait_until 40 prints "paused (I/O error)" host_virsh domstate vm1 --reason
expect_said "pause" $errors "FAILURE vm1 is paused: $name: no space left. Make room, then resume it"
host_wait_fresh $errors
expect_value "errors that stand" 1 $errors

host_grow_loop "$device" 64M
host_virsh blockresize vm1 vda 32M
expect_said "grown" $series "OKAY vm1: $name has room again: [0-9.]+ MiB of 64.0 MiB left"
host_wait_cycle
host_wait_cycle
expect_equal "and still paused" "FAILURE vm1" "$(alarm_messages $errors | cut -c 1-11)"
expect_value "errors that stand" 1 $errors
host_virsh resume vm1 >/dev/null
expect_said "resumed" $errors "OKAY vm1 runs again after the error of $name"
expect_soon "the machine" running host_virsh domstate vm1
host_wait_cycle
expect_series_absent $errors

# Rules are looked at in collectd's own time: which OKAY comes first is not said.
told=$(alarm_messages $series | sed -E 's/ Host vm1, plugin .*/ rule/; s/ vm1: .*/ watermark/')
expect_equal "what was told of the layer, in order" "OKAY rule
WARNING watermark
WARNING rule
FAILURE rule" "$(head -n 4 <<<"$told")"
expect_equal "and then" "OKAY rule
OKAY watermark" "$(tail -n +5 <<<"$told" | LC_ALL=C sort)"
# The pause comes last of what the plugin tells; a rule may come behind it.
expect_equal "the pause is the last" "WARNING disk_headroom
FAILURE count" "$(host_collectd_log |
    sed -nE 's/.*severity = (WARNING|FAILURE), host = vm1, .*type = ([a-z_]+), .*message = vm1.*/\1 \2/p')"
expect_log 0 '\[(error|warning)\] virt_backing'
expect_quiet_stderr

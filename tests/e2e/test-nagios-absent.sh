#!/bin/bash
# integrations/nagios/check-series where a series is not reported: OK when the machine is
# off, and when it answers and nothing is written there; UNKNOWN when it does not answer,
# or libvirtd does not, or the value is not known. A paused machine is never OK.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
requires_loop
requires_program collectd-nagios
export HOST_INTERVAL=0.5
test_start_host

errors=virt_backing-vda/count-errors
headroom=virt_backing-vda/disk_headroom-layer0

# check HOST SERIES WARNING CRITICAL: prints "STATUS TEXT"
check() {
    local text status=0
    text=$("$TEST_TOP/integrations/nagios/check-series" "$HOST_DIR/csv/sock" "$@") || status=$?
    echo "$status $text"
}

check_fits() {
    CHECKED=$(check "${@:2}")
    test_match "$1" "$CHECKED"
}

# expect_check WHAT REGEX SERIES [WARNING CRITICAL]: what the check says of vm1, in the end
expect_check() {
    local what=$1 regex=$2
    set -- vm1 "$3" "${4:-1048576:}" "${5:-65536:}"
    host_poll 40 check_fits "$regex" "$@" || true
    expect_success "$what: $CHECKED" test_match "$regex" "$CHECKED"
}

# start_collectd OPTION-LINE...
start_collectd() {
    mkdir -p "$HOST_DIR/csv"
    HOST_COLLECTD_EXTRA="LoadPlugin unixsock
<Plugin unixsock>
  SocketFile \"$HOST_DIR/csv/sock\"
  DeleteSocket true
</Plugin>" host_start_collectd "$@"
    host_wait_cycle
}

device=$(host_make_loop 4M)
host_make_image "$device" qcow2 32M
host_make_filling_vm vm1 "$device"
start_collectd
expect_check "with room" "0 OKAY: vm1 $headroom is 3\.[0-9] MiB, with limits at 1048576: and 65536: \| ?value=[0-9.]+;.*" "$headroom"
expect_check "below its limit" "1 WARNING: vm1 $headroom is 3\.[0-9] MiB, with limits at 4194304: and 65536: \| ?value=.*" \
    "$headroom" 4194304: 65536:
host_virsh resume vm1 >/dev/null
expect_check "no space left" "2 CRITICAL: vm1 $errors is 1, with limits at 0 and 0 \| ?value=1\..*" "$errors" 0 0
expect_check "nobody writes there" '0 OKAY: .* is not reported: nothing is written there' \
    virt_backing-vda/disk_headroom-layer1
expect_check "no error" '0 OKAY: .* is not reported: no error stands' virt_backing-vdb/count-errors 0 0

# libvirtd is gone; the plugin goes on to say since when nobody answers.
late='3 UNKNOWN: .*: vm1 has not answered for [0-9]+ seconds'
host_stop_libvirtd
expect_check "no libvirtd, and paused" "$late" "$errors" 0 0
expect_check "no libvirtd" "$late" "$headroom"
expect_check "no libvirtd" "$late" virt_backing/count-errors 0 0
before=$(host_value vm1/virt_backing/duration-stale)
host_wait_fresh vm1/virt_backing/duration-stale
host_wait_fresh vm1/virt_backing/duration-stale
expect_seconds "it goes on to be reported, and grows" \
    "$before + 0.4" 60 "$(host_value vm1/virt_backing/duration-stale)"
host_start_libvirtd
expect_check "libvirtd is back" '2 CRITICAL: .*' "$errors" 0 0

stuck_stop vm1
expect_check "it hangs, and is paused" "$late" "$errors" 0 0
expect_check "it hangs" "$late" "$headroom"
stuck_continue vm1
expect_check "it answers" '2 CRITICAL: .*' "$errors" 0 0

host_destroy_vm vm1
off='0 OKAY: .* is not reported: vm1 does not run here'
expect_check "off" "$off" "$errors" 0 0
expect_check "off" "$off" "$headroom"
host_stop_collectd
expect_check "no collectd" '3 ERROR: .*' "$headroom"

# Where the plugin instance has more than the disk in it, duration-stale has it, too.
host_start_vm vm1
start_collectd 'PluginInstanceFormat "name disk"'
expect_check "named by the machine" '[012] [A-Z]+: .*' virt_backing-vm1-vda/disk_headroom-layer0
stuck_stop vm1
expect_check "named by the machine, it hangs" "$late" virt_backing-vm1-vda/disk_headroom-layer0
expect_check "named by the machine, it hangs" "$late" virt_backing-vm1/count-errors 0 0
stuck_continue vm1
expect_check "a name that was shortened" '3 UNKNOWN: .*: its name does not tell of which machine it is' \
    virt_backing-vm1-vda-0123abcd/disk_headroom-layer0
host_stop_collectd

# A user who may not read the device does not know how far the image can grow.
if [ "$HOST_MODE" = system ]; then
    HOST_COLLECTD_USER=nobody start_collectd
    host_write vm1 vda 0 64K
    expect_check "headroom is not known" '3 UNKNOWN: .* is not known' "$headroom"
    expect_check "percent is" '[012] [A-Z]+: .*' virt_backing-vda/percent-layer0 80 95
fi

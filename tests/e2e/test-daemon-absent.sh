#!/bin/bash
# libvirtd may be away when collectd starts, be restarted, be gone for a while or
# crash. The log gets one line at each change of state and none in between,
# stderr gets nothing, the read callback never fails, and the plugin is connected
# again within one interval of libvirtd's return.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"

export HOST_INTERVAL=0.5
# The sign that intervals pass, whatever becomes of virt_backing.
export HOST_COLLECTD_EXTRA='LoadPlugin uptime'
HOST_MARK=hypervisor/uptime/uptime

requires_plugin
test_start_host

image=$HOST_DIR/a.raw
series=vm1/virt_backing-vda/disk_capacity-layer0
host_make_image "$image" raw 5M
host_start_vm vm1 "vda:raw:file:$image"

# expect_lines UP DOWN BROKEN: what the log has had of each in all
expect_lines() {
    expect_log "$1" ' virt_backing: connected to '
    expect_log "$2" ' virt_backing: no connection to .*; trying again in each interval$'
    expect_log "$3" ' virt_backing: the connection to .* broke: '
    expect_log $(($1 + $2 + $3)) ' virt_backing: '
}

wait_intervals() {
    local i
    for ((i = 0; i < $1; i++)); do
        host_wait_fresh "$HOST_MARK"
    done
}

# expect_return LINES: soon after libvirtd answers (it is tried in each interval, and a
# busy machine may take some) the log has so many lines of a connection
expect_return() {
    local start
    start=$(host_now)
    wait_until 40 test_connections "$1"
    expect_success "connected soon" [ $(($(host_now) - start)) -le 8000 ]
    host_wait_fresh "$series"
    expect_value "capacity" "$(truth_length "$image")" "$series"
}

test_connections() {
    [ "$(log_count ' virt_backing: connected to ')" -eq "$1" ]
}

host_stop_libvirtd
host_start_collectd
wait_intervals 6
expect_lines 0 1 0
expect_no_series '*/virt_backing*'

host_start_libvirtd
expect_return 1
expect_lines 1 1 0

host_restart_libvirtd
expect_return 2
expect_lines 2 1 1

host_stop_libvirtd
wait_intervals 6
host_wait_cycle
expect_series_absent "$series"
expect_series_absent hypervisor/virt_backing/count-domains
expect_lines 2 1 2
host_start_libvirtd
expect_return 3

host_kill_libvirtd
wait_intervals 6
expect_lines 3 1 3
host_start_libvirtd
expect_return 4
expect_lines 4 1 3

expect_log 0 'read-function.*failed|suspend'
expect_quiet_stderr

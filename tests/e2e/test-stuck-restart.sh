#!/bin/bash
# collectd is started while a VM does not answer, and ended while everything hangs:
# the others are reported within three cycles, and the end takes less than two
# seconds.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
export HOST_INTERVAL=1
test_start_host

# end_of_collectd WHAT
end_of_collectd() {
    local before after
    before=$(host_now)
    host_stop_collectd
    after=$(host_now)
    expect_seconds "$1: seconds" 0 30 "$(awk "BEGIN { print ($after - $before) / 1000 }")"
    expect_equal "$1: collectd's status" 0 "$HOST_COLLECTD_STATUS"
}

stuck_start_vms "$HOST_DIR" vm1 vm2 vm3
stuck_stop vm1 vm2
host_start_collectd 'Timeout 0.5'
wait_until 40 stuck_value $self/count-stalled 2
host_wait_cycle
expect_value "vm3 is fresh" 0 vm3/virt_backing/duration-stale
expect_series_absent vm1/virt_backing-vda/disk_capacity-layer0
end_of_collectd "two VMs hang"

stuck_continue vm1 vm2
host_start_collectd 'Timeout 30'
host_wait_cycle
stuck_stop vm1 vm2 vm3
sleep 1.5
end_of_collectd "in the first call that hangs"

stuck_continue vm1 vm2 vm3
host_start_collectd 'Timeout 0.5'
host_wait_cycle
stuck_stop vm3
stuck_stop_daemon
wait_until 40 log_has 'libvirt does not list its domains'
end_of_collectd "libvirt does not answer"
stuck_continue_daemon

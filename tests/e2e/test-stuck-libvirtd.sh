#!/bin/bash
# libvirtd itself stops to answer, goes on, is killed while a call hangs on a VM,
# and is restarted: the plugin recovers by itself, with few lines, and the stuck
# VM stays out until it answers.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"

requires_plugin
export HOST_INTERVAL=0.5
test_start_host

stuck_start_vms "$HOST_DIR" vm1 vm2
host_start_collectd 'Timeout 1'
host_wait_cycle

stuck_stop_daemon
wait_until 40 log_has 'libvirt does not list its domains'
sleep 3
host_wait_fresh vm1/virt_backing/duration-stale
expect_seconds "vm1 is stale" 2 60 "$(host_value vm1/virt_backing/duration-stale)"
stuck_continue_daemon
host_wait_fresh vm1/virt_backing-vda/disk_capacity-layer0
wait_until 40 log_has 'libvirt lists its domains again'
expect_log 1 'libvirt does not list its domains'
expect_log 0 'domain .* does not answer'

stuck_stop vm2
wait_until 40 log_has 'domain "vm2" does not answer'
host_kill_libvirtd
wait_until 40 log_has 'the connection to .* broke|no connection to'
host_start_libvirtd
host_wait_fresh vm1/virt_backing-vda/disk_capacity-layer0
expect_soon "stalled, after libvirtd is back" 1 host_value $self/count-stalled
stuck_continue vm2
host_wait_fresh vm2/virt_backing-vda/disk_capacity-layer0
wait_until 40 stuck_value $self/count-stalled 0
expect_log 2 'connected to'

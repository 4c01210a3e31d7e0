#!/bin/bash
# Two hypervisors send to a third collectd, encrypted: each value arrives as it was and
# when it was, and so do notifications. That collectd has types.db and virt_backing.db,
# but no plugin.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=notify.sh
. "$(dirname "$0")/notify.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"

requires_plugin
requires_loop
requires_network
export HOST_INTERVAL=0.5
test_start_host
# shellcheck disable=SC2034 # read by host_configure_collectd
HOST_NAME=hv1
first=$HOST_DIR
port=$(free_udp_port)
start_receiver "$port"
receiver=$HOST_DIR

# start_sender VM DISK: with one machine
start_sender() {
    host_start_vm "$@"
    HOST_COLLECTD_EXTRA=$(sender_conf "$port") host_start_collectd 'WatermarkFree "4M"'
    host_wait_cycle
}

host_switch "$first"
device=$(host_make_loop 8M)
host_make_image "$device" qcow2 64M
start_sender vm1 "vda:qcow2:block:$device"

host_add hv2
second=$HOST_DIR
host_start_libvirtd
# All its digits are needed.
large=$(((1 << 51) + 512))
"${HOST_AS[@]}" qemu-img create -q -f qcow2 -o cluster_size=2M "$HOST_DIR/large.qcow2" $large
start_sender vm2 "vda:qcow2:file:$HOST_DIR/large.qcow2"
expect_value "a large disk" $large vm2/virt_backing-vda/disk_capacity-layer0

host_switch "$first"
host_write vm1 vda 0 5M
expect_alarm "where a watermark was passed" WARNING vm1/virt_backing-vda/disk_headroom-layer0
host_wait_cycle
host_stop_collectd
host_switch "$second"
host_stop_collectd

host_switch "$receiver"
expect_alarm "at the receiver" WARNING vm1/virt_backing-vda/disk_headroom-layer0
host_poll 40 same_samples "$first" "$second" || true
host_stop_collectd
expect_equal "what was sent and not received, or otherwise" "" "$(samples_differ "$first" "$second")"
expect_equal "hosts" "hv1 hv2 vm1 vm2" "$(host_series | cut -d/ -f1 | sort -u | xargs)"
expect_quiet_log

#!/bin/bash
# Two hypervisors have a machine of the same name. By name, one series at the receiver has
# the values of both; with the hypervisor's name before it, or by UUID, there are two.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"

requires_plugin
requires_network
export HOST_INTERVAL=0.3
test_start_host
# shellcheck disable=SC2034 # read by host_configure_collectd
HOST_NAME=hv1
first=$HOST_DIR
port=$(free_udp_port)
start_receiver "$port"
receiver=$HOST_DIR
host_add hv2
second=$HOST_DIR
host_start_libvirtd

declare -A uuid=()
# start_machine DIR SIZE
start_machine() {
    host_switch "$1"
    host_make_image "$HOST_DIR/a.qcow2" qcow2 "$2"
    host_start_vm vm1 "vda:qcow2:file:$HOST_DIR/a.qcow2"
    uuid[$1]=$(host_virsh domuuid vm1)
}

# send OPTION-LINE: both send for a while; what they say of capacity is in $capacities,
# as "HOST SIZES" a line
send() {
    local dir host
    for dir in "$first" "$second"; do
        host_switch "$dir"
        rm -rf "$HOST_DIR/csv"
        HOST_COLLECTD_EXTRA=$(sender_conf "$port") host_start_collectd "$1"
    done
    for dir in "$first" "$second"; do
        host_switch "$dir"
        host_wait_cycle
        host_stop_collectd
    done
    host_switch "$receiver"
    host_poll 40 same_samples "$first" "$second" || true
    capacities=$(host_series '*/virt_backing-vda/disk_capacity-layer0' | while IFS=/ read -r host _; do
        echo "$host $(series_values "$host/virt_backing-vda/disk_capacity-layer0" | sort -nu | xargs)"
    done)
    rm -rf "$HOST_DIR"/csv/*
}

small=$((32 << 20)) large=$((48 << 20))
start_machine "$first" $small
start_machine "$second" $large

send 'HostnameFormat name'
expect_equal "by name" "vm1 $small $large" "$capacities"
send 'HostnameFormat "hostname name"'
expect_equal "by hypervisor and name" "hv1:vm1 $small"$'\n'"hv2:vm1 $large" "$capacities"
send 'HostnameFormat uuid'
expect_equal "by UUID" "$(printf '%s\n' "${uuid[$first]} $small" "${uuid[$second]} $large" | sort)" "$capacities"

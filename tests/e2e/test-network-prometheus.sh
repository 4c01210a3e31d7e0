#!/bin/bash
# Two hypervisors send to a third collectd, encrypted, and a Prometheus with the project's
# configuration scrapes that one: machines by their names, each hypervisor's own figures by
# its name; and when one of them is gone, the alert says which.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=network.sh
. "$(dirname "$0")/network.sh"
# shellcheck source-path=SCRIPTDIR source=prometheus.sh
. "$(dirname "$0")/prometheus.sh"

requires_plugin
requires_network
requires_prometheus
test_start_host
# shellcheck disable=SC2034 # read by host_configure_collectd
HOST_NAME=hv1
first=$HOST_DIR
port=$(free_udp_port)
scrape=$(free_tcp_port)
# What was sent may lie on a busy machine for longer than the two intervals, of a second
# here, after which collectd lets go of it: then the first hypervisor would be gone, too.
HOST_COLLECTD_EXTRA="Timeout 8
$(prometheus_collectd_conf "$scrape")" start_receiver "$port"
receiver=$HOST_DIR

# start_sender VM: with one machine
start_sender() {
    "${HOST_AS[@]}" qemu-img create -q -f qcow2 "$HOST_DIR/$1.qcow2" 16M
    host_start_vm "$1" "vda:qcow2:file:$HOST_DIR/$1.qcow2"
    HOST_COLLECTD_EXTRA=$(sender_conf "$port") host_start_collectd
    host_wait_cycle
}

host_switch "$first"
start_sender vm1
host_add hv2
second=$HOST_DIR
host_start_libvirtd
start_sender vm2
host_switch "$receiver"
start_prometheus "$scrape"

capacity=collectd_virt_backing_disk_capacity
expect_prometheus "machines" "disk=vda,domain=vm1,layer=layer0 $(truth_virtual_size qcow2 "$first/vm1.qcow2")
disk=vda,domain=vm2,layer=layer0 $(truth_virtual_size qcow2 "$second/vm2.qcow2")" "$capacity"
expect_prometheus "hypervisors" "host=hv1,type=domains 1
host=hv2,type=domains 1" 'collectd_virt_backing_count{type="domains"}'
expect_soon "alerts" "" prometheus_alerts

host_switch "$second"
host_stop_collectd
host_switch "$receiver"
wait_until 60 alert_fires VirtBackingHostGone critical
expect_equal "who is gone" hv2 "$(prometheus_ask alerts |
    jq -r '.alerts[] | select(.labels.alertname == "VirtBackingHostGone" and .state == "firing") | .labels.host' | xargs)"
expect_prometheus "who is left" "disk=vda,domain=vm1,layer=layer0 $(truth_virtual_size qcow2 "$first/vm1.qcow2")" "$capacity"

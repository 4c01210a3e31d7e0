#!/bin/bash
# A Prometheus with the files of integrations/prometheus and a collectd with its snippet:
# series have the labels that the rules count on, and the values that stat and qemu-img say;
# they end soon after their machine; and alerts fire for what is so, and for nothing else.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=hang.sh
. "$(dirname "$0")/hang.sh"
# shellcheck source-path=SCRIPTDIR source=prometheus.sh
. "$(dirname "$0")/prometheus.sh"

requires_plugin
requires_loop
requires_prometheus
test_start_host

base=$HOST_DIR/base.qcow2
top=$HOST_DIR/top.qcow2
odd='vm:2 "x\y"'
device=$(host_make_loop 16M)
host_make_image "$base" qcow2 64M
qemu-io -f qcow2 -c 'write 0 3M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" qcow2
host_make_image "$device" qcow2 32M
mkdir "$HOST_DIR/pool"
chown --reference="$HOST_DIR" "$HOST_DIR/pool"
host_make_image "$HOST_DIR/pool/volume" raw 8M
# It may have a name of any bytes, for which Prometheus would take nothing at all.
truncate -s 3M "$HOST_DIR/pool/"$'latin \xe4'
host_virsh pool-define-as images dir --target "$HOST_DIR/pool" >/dev/null
host_virsh pool-start images >/dev/null
host_start_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:block:$device"
host_start_vm "$odd" "vda:raw:file:$HOST_DIR/pool/volume"

port=$(free_tcp_port)
HOST_COLLECTD_EXTRA="LoadPlugin cpu
$(prometheus_collectd_conf "$port")" host_start_collectd \
    'StoragePool "images"' 'Volumes true' 'BlockDevice "hidden:vda"' 'IgnoreSelected true'
start_prometheus "$port"
host_wait_cycle

# prefixed NAME: what collectd makes of a type
prefixed() {
    echo "collectd_virt_backing_$1"
}

# expect_series WHAT LABELS VALUE NAME: all labels but job and instance, sorted
expect_series() {
    expect_prometheus "$1" "$2 $3" "$(prefixed "$4")" "$2"
}

expect_series "allocation of the top" disk=vda,domain=vm1,layer=layer0 \
    "$(truth_du "$top")" disk_allocation
expect_series "allocation of the base" disk=vda,domain=vm1,layer=layer1 \
    "$(truth_du "$base")" disk_allocation
expect_series "length of the base" disk=vda,domain=vm1,layer=layer1 \
    "$(truth_length "$base")" disk_physical
expect_series "the device" disk=vdb,domain=vm1,layer=layer0 \
    "$(truth_device_size "$device")" disk_physical
expect_series "the end of its image" disk=vdb,domain=vm1,layer=layer0 \
    "$(truth_image_end "$device")" disk_allocation
expect_series "an odd name" "disk=vda,domain=$odd,layer=layer0" \
    "$(truth_length "$HOST_DIR/pool/volume")" disk_capacity
expect_series "a volume" host=hypervisor,layer=layer0,volume=images-volume \
    "$(truth_length "$HOST_DIR/pool/volume")" disk_capacity
expect_success "a volume whose name is no UTF-8" host_poll 40 prometheus_has \
    "$(prefixed disk_capacity){volume=~\"images-latin _-[0-9a-f]{8}\"} == $((3 << 20))"
expect_series "a pool" host=hypervisor,pool=images,type=capacity \
    "$(host_virsh pool-info --bytes images | sed -n 's/^Capacity: *//p')" bytes
expect_series "promised to guests" host=hypervisor,type=capacity $(($(truth_virtual_size qcow2 "$top") + \
    $(truth_virtual_size qcow2 "$device") + $(truth_length "$HOST_DIR/pool/volume"))) bytes
taken=$(($(truth_du "$top") + $(truth_du "$base") + $(truth_image_end "$device") + $(truth_du "$HOST_DIR/pool/volume")))
expect_series "taken of the storage" host=hypervisor,type=allocation $taken bytes
wait_until 40 prometheus_has "instance:virt_backing_allocation:bytes == $taken"
expect_success "thin-provisioning ratio" host_poll 40 prometheus_has instance:virt_backing_provisioning:ratio
expect_series "layers of a disk" disk=vda,domain=vm1,type=layers 2 count
expect_series "machines" host=hypervisor,type=domains 2 count
expect_series "layers of the host" host=hypervisor,type=layers 4 count
expect_series "a machine that answers" domain=vm1,type=stale 0 duration_seconds

others='{job="virt_backing", __name__!~"up|ALERTS.*|scrape_.*|collectd_virt_backing_.*"}'
expect_equal "what else the job takes of collectd" "" "$(prometheus_value "$others")"
labels='{__name__=~"collectd_virt_backing_.*", virt_backing=~".+"}'
expect_equal "labels of collectd's that are left" "" "$(prometheus_value "$labels")"

# 16 MiB are less than 512. The pool's file system has more, or is not limited.
wait_until 40 alert_fires VirtBackingNearlyFull critical vm1 vdb
alerts_of_vdb() {
    prometheus_alerts | awk '$1 == "VirtBackingNearlyFull" && $4 == "vdb" { print $2 }' | xargs
}
# other_alerts REGEX: those that are not like that
other_alerts() {
    prometheus_alerts | grep -v "$1"
}
expect_soon "alerts about vm1's vdb" "critical warning" alerts_of_vdb
expect_soon "other kinds of alerts" "" other_alerts '^VirtBackingNearlyFull '

# Its device fails, and the machine is paused.
for name in failing hidden; do
    failing=$(host_make_loop 4M)
    host_make_image "$failing" qcow2 32M
    host_make_filling_vm $name "$failing" stop
    host_break_loop "$failing"
    host_virsh resume $name >/dev/null
done
wait_until 40 alert_fires VirtBackingIOErrors critical failing vda
# Also where the disk is not reported.
wait_until 40 alert_fires VirtBackingIOErrors critical hidden -
expect_prometheus "errors that no disk has" "domain=hidden,type=errors 1" \
    "$(prefixed count){type=\"errors\"}" domain=hidden,type=errors
expect_prometheus "hosts" "host=hypervisor 1" "group by (host) ({job=\"virt_backing\", host!=\"\"})"

# A machine that hangs has no sizes, and so no other alert.
stuck_stop vm1
wait_until 40 alert_fires VirtBackingDomainStalled warning vm1
wait_until 40 alert_fires VirtBackingDomainStalled critical vm1
wait_until 40 not alert_fires VirtBackingNearlyFull critical vm1 vdb
stuck_continue vm1
wait_until 40 alert_fires VirtBackingNearlyFull critical vm1 vdb
stalled_alerts() {
    prometheus_alerts | grep Stalled
}
expect_soon "alerts of a machine that hangs, after it" "" stalled_alerts

# Its series end with the machine, not five minutes later.
host_destroy_vm "$odd"
wait_until 40 prometheus_has "$(prefixed count){domain=~\"vm:2.*\"}" 0
wait_until 40 alert_fires VirtBackingDomainGone info "$odd" -

host_stop_libvirtd
wait_until 40 alert_fires VirtBackingGone critical - -
expect_equal "collectd answers" "VirtBackingGone critical - - 1" "$(prometheus_alerts | grep 'Gone critical')"
host_stop_collectd
wait_until 40 alert_fires VirtBackingGone critical - - 0

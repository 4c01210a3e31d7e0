#!/bin/bash
# The dashboards of integrations/grafana on a real Prometheus, while VMs write and a commit
# runs: each query of each panel has data, the variables have what is there, and what
# panels say is what stat and qemu-img say. A commit is seen: the layer that it writes to
# grows, then a layer is gone.
#
# PICTURES=FOLDER draws the panels that are in the README.
# limit: 300

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"
# shellcheck source-path=SCRIPTDIR source=prometheus.sh
. "$(dirname "$0")/prometheus.sh"
# shellcheck source-path=SCRIPTDIR source=grafana.sh
. "$(dirname "$0")/grafana.sh"
# shellcheck source-path=SCRIPTDIR source=picture.sh
. "$(dirname "$0")/picture.sh"

requires_plugin
requires_loop
requires_prometheus
test_start_host

# vm1's vda: three images, of which the active one is on a device that is smaller than the
# disk. The disks of vm2.test have a base in common.
base=$HOST_DIR/base.qcow2
middle=$HOST_DIR/middle.qcow2
top=$(host_make_loop 32M)
data=$(host_make_loop 24M)
shared=$HOST_DIR/shared.qcow2
host_make_image "$base" qcow2 64M
host_make_image "$middle" qcow2 - "$base" qcow2
host_make_image "$top" qcow2 - "$middle" qcow2
host_make_image "$data" qcow2 64M
host_make_image "$shared" qcow2 64M
qemu-io -f qcow2 -c 'write 0 6M' "$base" >/dev/null
qemu-io -f qcow2 -c 'write 0 5M' "$shared" >/dev/null
for name in one two; do
    host_make_image "$HOST_DIR/$name.qcow2" qcow2 - "$shared" qcow2
done
mkdir "$HOST_DIR/pool"
chown --reference="$HOST_DIR" "$HOST_DIR/pool"
host_virsh pool-define-as images dir --target "$HOST_DIR/pool" >/dev/null
host_virsh pool-start images >/dev/null
qemu-io -f qcow2 -c 'write 16M 40M' "$middle" >/dev/null
qemu-io -f qcow2 -c 'write 0 2M' "$top" >/dev/null
host_start_vm vm1 "vda:qcow2:block:$top" "vdb:qcow2:block:$data"
host_start_vm vm2.test "vda:qcow2:file:$HOST_DIR/one.qcow2" "vdb:qcow2:file:$HOST_DIR/two.qcow2"

port=$(free_tcp_port)
HOST_COLLECTD_EXTRA=$(prometheus_collectd_conf "$port") host_start_collectd \
    'StoragePool "images"' 'BlockDevice "hidden:vda"' 'IgnoreSelected true'
start_prometheus "$port"
begin=$(date +%s)

# panel_value DASHBOARD TITLE REFID: of a query that has one series
panel_value() {
    prometheus_value "$(grafana_query "$@")" | sed 's/.* //'
}

# expect_panel WHAT VALUE DASHBOARD TITLE REFID: it comes to say so within a few cycles
expect_panel() {
    expect_soon "$1" "$2" panel_value "${@:3}"
}

# The end of an image in use, as QEMU has written it.
image_end() {
    host_flush vm1 "$1"
    truth_image_end "$2"
}

# A guest that writes.
for offset in 0 1M 2M 3M; do
    host_write vm1 vdb $offset 1M
    host_wait_fresh vm1/virt_backing-vdb/count-layers
done
grafana_choose .+ vm1 vdb
end=$(image_end vdb "$data")
expect_panel "taken by vdb" "$end" machine "Taken of the storage" A
expect_panel "promised by vdb" "$(truth_virtual_size qcow2 "$data")" machine "Promised to the guest" A
expect_panel "room of vdb" $(($(truth_device_size "$data") - end)) machine "Least headroom" A
expect_panel "room of vdb, in the fleet" $(($(truth_device_size "$data") - end)) fleet "Worst headroom first" A
grafana_choose .+ vm1 vda
taken=$(($(image_end vda "$top") + $(truth_du "$middle") + $(truth_du "$base")))
expect_panel "taken by the chain" $taken machine "Taken of the storage" A
expect_panel "images" 3 machine "Images" A
expect_panel "promised by all" $((4 * 67108864)) fleet "Promised and taken" A
expect_panel "taken by all" $((taken + end + $(truth_du "$shared") + $(truth_du "$HOST_DIR/one.qcow2") + \
    $(truth_du "$HOST_DIR/two.qcow2"))) fleet "Promised and taken" B

expect_soon "hosts" "$PROMETHEUS_TARGET" grafana_choices fleet host
expect_soon "domains" "vm1 vm2.test" grafana_choices fleet domain
expect_soon "disks of vm1" "vda vdb" grafana_choices machine disk
grafana_choose .+ vm2.test vda
expect_soon "disks of vm2" "vda vdb" grafana_choices machine disk
grafana_choose "127\\\\.0\\\\.0\\\\.1:$port" "(vm1|vm2\\\\.test)" vda
expect_soon "the fleet with chosen ones" 1 grafana_count range "$(grafana_query fleet Images A)" 10
expect_soon "deepest chains of chosen ones" 2 grafana_count now "$(grafana_query fleet "Deepest chains" A)" 10

# It goes on writing until the test removes a file, so that its room will end some time.
go_on_writing() {
    local block=64
    while [ -e "$HOST_DIR/writes" ]; do
        host_write vm1 vdb $((64 * block))k 64k
        block=$((block + 1))
        sleep 0.5
    done
}
touch "$HOST_DIR/writes"
go_on_writing &
writer=$!

# So slow that it still runs when a busy machine has answered all.
host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 262144 --bytes >/dev/null
wait_until 40 prometheus_has 'collectd_virt_backing_block_job{type="commit"}'
wait_until 60 prometheus_has layer:virt_backing_full:seconds
grafana_choose .+ .+ .+
expect_dashboard fleet 60
expect_soon "labels of the fleet's table" "disk domain instance layer" grafana_labels fleet "Worst headroom first"
expect_soon "labels of its pools" "host instance pool" grafana_labels fleet "Storage pools, least room first"
expect_panel "room of a pool, by its capacity" "$(host_virsh pool-info --bytes images | sed -n 's/^Capacity: *//p')" \
    fleet "Storage pools, least room first" C
grafana_choose .+ vm1 vda
expect_dashboard machine 60
expect_soon "labels of the machine's table" layer grafana_labels machine "vda: layers now"
rm "$HOST_DIR/writes"
expect_success "the guest could write" wait $writer
host_virsh blockjob vm1 vda --bandwidth 4
wait_until 40 job_ended vm1 vda

# The graph of layers, from the beginning on: a value a second of one layer, oldest first.
layer_values() {
    prometheus_ask query_range "query=$(grafana_query machine "vda: allocation, layer by layer" A)" \
        "start=$begin" "end=$(date +%s)" step=1 |
        jq -r --arg layer "$1" '.result[] | select(.metric.layer == $layer) | .values[][1]'
}
expect_panel "images after the commit" 2 machine "Images" A
expect_success "the base grew step by step" [ "$(layer_values layer2 | uniq | wc -l)" -gt 4 ]
expect_success "the base never shrank" test_match '[0-9]+' "$(layer_values layer2 | rises)"
wait_until 40 prometheus_has 'collectd_virt_backing_disk_allocation{domain="vm1", disk="vda"}' 2
newest_value() {
    layer_values "$1" | tail -n 1
}
expect_soon "layer1 is the base now" "$(truth_du "$base")" newest_value layer1
taken=$(($(image_end vda "$top") + $(truth_du "$base")))
expect_panel "taken by the shorter chain" $taken machine "Taken of the storage" A

# A machine that is paused by an error of a disk that is not reported.
failing=$(host_make_loop 4M)
host_make_image "$failing" qcow2 32M
host_make_filling_vm hidden "$failing" stop
host_break_loop "$failing"
expect_panel "no errors" 0 fleet "I/O errors" A
host_virsh resume hidden >/dev/null
wait_until 40 prometheus_has 'collectd_virt_backing_count{type="errors"}'
grafana_choose .+ .+ vda
expect_panel "errors of no disk, in a choice of disks" 1 fleet "I/O errors" A

[ -n "${PICTURES:-}" ] || exit 0
# What comes after the commit is to be seen, too.
sleep 8
end=$(date +%s)
draw() {
    picture_draw "$1" "$2" "$begin" "$end" "$PICTURES/$3.png"
}
draw machine "vda: allocation, layer by layer" layers
draw machine "vda: room, and what jobs may still write" room
grafana_choose .+ .+ .+
draw fleet "Least headroom over time" headroom
draw fleet "Promised and taken" promised
draw fleet "Disks by depth of their chain" chains

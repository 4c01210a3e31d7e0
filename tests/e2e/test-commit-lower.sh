#!/bin/bash
# Live commit of a lower layer: the base grows from cycle to cycle, and is at
# the end what du says of it; then the layers move up.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

base=$HOST_DIR/base.qcow2
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
disk=vm1/virt_backing-vda

host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 1M' "$base" >/dev/null
host_make_image "$middle" qcow2 56M "$base" qcow2
qemu-io -f qcow2 -c 'write 8M 40M' "$middle" >/dev/null
host_make_image "$top" qcow2 64M "$middle" qcow2
qemu-io -f qcow2 -c 'write 0 2M' "$top" >/dev/null

# expect_file_layer WHAT LAYER FILE
expect_file_layer() {
    expect_layer "$1" "$disk" "$2" \
        "$(truth_virtual_size qcow2 "$3")" "$(truth_du "$3")" "$(truth_length "$3")"
}

host_start_vm vm1 "vda:qcow2:file:$top"
host_start_collectd
host_wait_cycle
expect_file_layer "before, base" layer2 "$base"

host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bandwidth 1 >/dev/null
for round in 1 2 3; do
    used=$(truth_du "$base")
    length=$(truth_length "$base")
    host_wait_cycle
    expect_between "$round, du of the base" "$used" "$disk/disk_allocation-layer2" truth_du "$base"
    expect_between "$round, length of the base" "$length" "$disk/disk_physical-layer2" truth_length "$base"
    expect_file_layer "$round, top" layer0 "$top"
    expect_file_layer "$round, middle" layer1 "$middle"
    expect_value "$round, layers" 3 "$disk/count-layers"
done
wait_until 40 has_grown 3 "$disk/disk_allocation-layer2"
expect_success "the commit still runs" not job_ended vm1 vda
expect_growth "the base" 3 "$disk/disk_allocation-layer2"
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ended vm1 vda

host_wait_cycle
expect_file_layer "after, top" layer0 "$top"
expect_file_layer "after, base" layer1 "$base"
expect_series_absent "$disk/disk_allocation-layer2"
expect_value "after, layers" 2 "$disk/count-layers"
expect_no_series "$disk/*-mirror"
expect_quiet_log

#!/bin/bash
# Active commit with pivot: the base, which libvirt calls the mirror of that
# job, stays a layer of the chain and grows; there is no mirror. After the
# pivot it is layer 0. As the target of the commit it has headroom, also where
# collectd is restarted before the pivot.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
export HOST_INTERVAL=0.3
test_start_host

base=$HOST_DIR/base.qcow2
top=$HOST_DIR/top.qcow2
disk=vm1/virt_backing-vda

host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 1M' "$base" >/dev/null
host_make_image "$top" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 8M 3M' "$top" >/dev/null

# expect_file_layer WHAT LAYER FILE
expect_file_layer() {
    expect_layer "$1" "$disk" "$2" \
        "$(truth_virtual_size qcow2 "$3")" "$(truth_du "$3")" "$(truth_length "$3")"
}

# uses FILE BYTES: so many at least
uses() {
    [ "$(truth_du "$1")" -ge "$2" ]
}

host_start_vm vm1 "vda:qcow2:file:$top"
host_start_collectd
host_wait_cycle
host_virsh blockcommit vm1 vda --active --base "$base" >/dev/null
wait_until 40 job_ready vm1

# In this state the job goes on to copy what the guest writes.
for megabyte in 20 24 28; do
    used=$(truth_du "$base")
    host_write vm1 vda ${megabyte}M 1M
    host_flush vm1 vda
    wait_until 40 uses "$base" $((used + 1048576))
    host_wait_cycle
    expect_file_layer "ready, base" layer1 "$base"
done
expect_growth "the base" 3 "$disk/disk_allocation-layer1"
expect_file_layer "ready, top" layer0 "$top"
expect_value "ready, layers" 2 "$disk/count-layers"

# Nobody but libvirt's XML says that the base is written to when collectd starts
# now.
expect_value "ready, the base's headroom" 50331648 "$disk/disk_headroom-layer1"
host_stop_collectd
rm -r "$HOST_DIR/csv"
host_start_collectd
host_wait_cycle
expect_value "collectd restarted, the base's headroom" 50331648 "$disk/disk_headroom-layer1"

host_virsh blockjob vm1 vda --pivot
host_wait_cycle
expect_file_layer "after the pivot, base" layer0 "$base"
expect_value "after the pivot, layers" 1 "$disk/count-layers"
for type in capacity allocation physical; do
    expect_series_absent "$disk/disk_$type-layer1"
done
expect_no_series "$disk/*-mirror"
expect_quiet_log

#!/bin/bash
# Live commit into a qcow2 base on a block device: the allocation of the base is
# the end of its image from the start, grows from cycle to cycle, and is the end
# of the image when the commit is done.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_loop
export HOST_INTERVAL=0.3
test_start_host

base=$(host_make_loop 16M)
middle=$HOST_DIR/middle.qcow2
top=$HOST_DIR/top.qcow2
disk=vm1/virt_backing-vda

host_make_image "$base" qcow2 48M
qemu-io -f qcow2 -c 'write 0 1M' "$base" >/dev/null
host_make_image "$middle" qcow2 - "$base" qcow2
qemu-io -f qcow2 -c 'write 8M 4M' "$middle" >/dev/null
host_make_image "$top" qcow2 - "$middle" qcow2

host_start_vm vm1 "vda:qcow2:file:$top"
host_start_collectd
host_wait_cycle
expect_layer "before, base" "$disk" layer2 \
    "$(truth_virtual_size qcow2 "$base")" "$(truth_image_end "$base")" "$(truth_device_size "$base")"

host_virsh blockcommit vm1 vda --base "$base" --top "$middle" --bytes --bandwidth 131072 >/dev/null
wait_until 40 has_grown 3 "$disk/disk_allocation-layer2"
host_virsh blockjob vm1 vda --bandwidth 1000
wait_until 40 job_ended vm1 vda
host_wait_cycle
expect_growth "the base" 3 "$disk/disk_allocation-layer2"
expect_layer "after, base" "$disk" layer1 "$(truth_virtual_size qcow2 "$base")" \
    "$(truth_image_end "$base")" "$(truth_device_size "$base")"
expect_value "after, layers" 2 "$disk/count-layers"
expect_quiet_log

#!/bin/bash
# VMs that are powered off where the images can't be read (LocalImages false, as
# behind a remote connection): the chain is followed through the storage volumes of
# two pools, and their sizes are libvirt's. An image that no pool has ends what is
# known of the chain: how long it is nobody says then.

# shellcheck source-path=SCRIPTDIR source=functions.sh
. "$(dirname "$0")/functions.sh"
# shellcheck source-path=SCRIPTDIR source=samples.sh
. "$(dirname "$0")/samples.sh"

requires_plugin
requires_program strace
export HOST_INTERVAL=0.3
test_start_host

for pool in one two; do
    mkdir "$HOST_DIR/$pool"
    chown --reference="$HOST_DIR" "$HOST_DIR/$pool"
done
mkdir "$HOST_DIR/none"
base=$HOST_DIR/two/base.raw
middle=$HOST_DIR/one/middle.qcow2
top=$HOST_DIR/two/top.qcow2
hidden=$HOST_DIR/none/hidden.qcow2
seen=$HOST_DIR/one/seen.qcow2
host_make_image "$base" raw 8M
qemu-io -f raw -c 'write 0 1M' "$base" >/dev/null
host_make_image "$middle" qcow2 24M "$base" raw
qemu-io -f qcow2 -c 'write 8M 2M' "$middle" >/dev/null
host_make_image "$top" qcow2 32M "$middle" qcow2
qemu-io -f qcow2 -c 'write 0 3M' "$top" >/dev/null
host_make_image "$hidden" qcow2 4M
host_make_image "$seen" qcow2 5M "$hidden" qcow2
for pool in one two; do
    host_virsh pool-define-as "$pool" dir --target "$HOST_DIR/$pool" >/dev/null
    host_virsh pool-start "$pool" >/dev/null
done
host_define_vm vm1 "vda:qcow2:file:$top" "vdb:qcow2:file:$seen" "vdc:qcow2:file:$hidden"

export HOST_COLLECTD_WRAPPER="strace -D -f --seccomp-bpf -qq -e trace=open,openat,stat,newfstatat,statx -e signal=none -o $HOST_DIR/trace"
host_start_collectd 'LocalImages false' 'InactiveDomains true' 'InactiveInterval 1'
host_wait_cycle

expect_file() {
    expect_layer "$1" "$2" "$3" "$(truth_virtual_size "$4" "$5")" "$(truth_du "$5")" "$(truth_length "$5")"
}

expect_all() {
    expect_value "layers of the chain" 3 vm1/virt_backing-vda/count-layers
    expect_file "top, in pool two" vm1/virt_backing-vda layer0 qcow2 "$top"
    expect_file "middle, in pool one" vm1/virt_backing-vda layer1 qcow2 "$middle"
    expect_file "base, in pool two" vm1/virt_backing-vda layer2 raw "$base"
    expect_file "on an image in no pool" vm1/virt_backing-vdb layer0 qcow2 "$seen"
    expect_file "in no pool" vm1/virt_backing-vdc layer0 qcow2 "$hidden"
    expect_no_series 'vm1/virt_backing-vd[bc]/*-layer1'
    expect_no_series 'vm1/virt_backing-vd[bc]/count-layers'
}
expect_all
host_wait_cycle
host_wait_cycle
expect_all
expect_quiet_log
host_stop_collectd
expect_equal "images that were looked at" "" "$(grep -E '\.(qcow2|raw)"' "$HOST_DIR/trace" || true)"
expect_steady "the chain" vm1/virt_backing-vda/disk_capacity-layer2
